//! The weights that come with the programs, from `weights/`.
//!
//! A program that never asks for a file does not carry it.

use crate::genre::Pair;

/// The arranger, which plays by default: one network for all genres, as
/// [`crate::transfer::Transfer::from_bytes`] reads it.
pub const fn arranger() -> &'static [u8] {
    include_bytes!("../../weights/arranger.safetensors")
}

/// The CycleGAN's generators of `pair`.
pub fn cyclegan(pair: Pair) -> &'static [u8] {
    match pair {
        Pair::JAZZ_POP => include_bytes!("../../weights/jazz-pop.safetensors"),
        Pair::CLASSIC_POP => include_bytes!("../../weights/classic-pop.safetensors"),
        // The default; a pair of other genres cannot be named.
        _ => include_bytes!("../../weights/jazz-classic.safetensors"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfer::Transfer;

    #[test]
    fn the_arranger_plays_between_all_genres_and_a_cyclegan_in_its_pair() {
        let transfer = Transfer::from_bytes(arranger()).unwrap();
        assert_eq!(transfer.header().pairs(), Pair::ALL);
        assert!(arranger().len() < 8 << 20, "8 MiB at most");
        for pair in Pair::ALL {
            let transfer = Transfer::from_bytes(cyclegan(pair)).unwrap();
            assert_eq!(transfer.header().pairs(), [pair]);
        }
    }
}
