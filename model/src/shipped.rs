//! The weights that come with the programs: one file for each genre pair, from `weights/`.
//!
//! A program that never asks for them does not carry them.

use crate::genre::Pair;

/// The safetensors file of `pair`, as [`crate::transfer::Transfer::from_bytes`] reads it.
pub fn weights(pair: Pair) -> &'static [u8] {
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
    fn each_pair_has_weights_of_its_own() {
        for pair in Pair::ALL {
            let transfer = Transfer::from_bytes(weights(pair)).unwrap();
            assert_eq!(transfer.pair(), pair);
        }
    }
}
