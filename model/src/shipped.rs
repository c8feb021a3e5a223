//! The weights that come with the programs, from `weights/`.
//!
//! A program that never asks for a file does not carry it.

/// The arranger, which plays by default: one network for all genres, as
/// [`crate::transfer::Transfer::from_bytes`] reads it.
pub const fn arranger() -> &'static [u8] {
    include_bytes!("../../weights/arranger.safetensors")
}

/// The name of [`cyclegan`] in the plugin's list; no weights of the user's own can have it.
pub const CYCLEGAN: &str = "CycleGAN (2018)";

/// The CycleGAN of Brunner et al. (2018) for
/// [`Pair::JAZZ_CLASSIC`](crate::genre::Pair::JAZZ_CLASSIC), two generators.
pub const fn cyclegan() -> &'static [u8] {
    include_bytes!("../../weights/cyclegan.safetensors")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::genre::Pair;
    use crate::transfer::Transfer;

    #[test]
    fn the_arranger_plays_between_all_genres_and_a_cyclegan_in_its_pair() {
        let transfer = Transfer::from_bytes(arranger()).unwrap();
        assert_eq!(transfer.header().pairs(), Pair::ALL);
        assert!(arranger().len() < 8 << 20, "8 MiB at most");
        let transfer = Transfer::from_bytes(cyclegan()).unwrap();
        assert_eq!(transfer.header().pairs(), [Pair::JAZZ_CLASSIC]);
    }
}
