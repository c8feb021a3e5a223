//! The random numbers of a draw: each a function of the seed, the pass where there is one, and what
//! it is for, so that the order in which cells are visited does not matter.

use crate::roll::PITCHES;

/// The golden ratio in 64 bits, the step of SplitMix64 (Steele, Lea and Flood 2014).
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// Numbers for all passes, or for one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dice {
    key: u64,
}

impl Dice {
    pub(super) const fn new(seed: u64) -> Self {
        Self { key: mixed(seed) }
    }

    /// Those of a pass.
    pub(super) const fn of_pass(self, pass: u8) -> Self {
        Self {
            key: mixed(self.key ^ (pass as u64 + 1).wrapping_mul(STEP)),
        }
    }

    /// True if a row's block is hidden. 0 to below 1, as all of these.
    pub(super) fn of_block(self, block: usize, row: usize) -> f32 {
        self.number(1 << 32, block * PITCHES + row)
    }

    /// True if a note begins in a cell.
    pub(super) fn of_cell(self, step: usize, row: usize) -> f32 {
        self.number(2 << 32, step * PITCHES + row)
    }

    /// How long it is.
    pub(super) fn of_length(self, step: usize, row: usize) -> f32 {
        self.number(3 << 32, step * PITCHES + row)
    }

    fn number(self, purpose: u64, place: usize) -> f32 {
        let bits = mixed(self.key ^ (purpose + place as u64).wrapping_mul(STEP));
        (bits >> 40) as f32 / (1u64 << 24) as f32
    }
}

/// The output function of SplitMix64.
pub(super) const fn mixed(mut value: u64) -> u64 {
    value = value.wrapping_add(STEP);
    value = (value ^ value >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ value >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ value >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mixer_is_splitmix64() {
        // The first outputs of the published generator for the seed 0.
        assert_eq!(mixed(0), 0xe220_a839_7b1d_cdaf);
        assert_eq!(mixed(STEP), 0x6e78_9e6a_a1b9_65f4);
    }

    #[test]
    fn numbers_are_even_and_differ_by_pass_and_purpose() {
        let dice = Dice::new(7).of_pass(2);
        let cells = (0..64).flat_map(|step| (0..PITCHES).map(move |row| (step, row)));
        let numbers: Vec<f32> = cells.map(|(step, row)| dice.of_cell(step, row)).collect();
        let mean = numbers.iter().sum::<f32>() / numbers.len() as f32;
        assert!((mean - 0.5).abs() < 0.02, "{mean}");
        let low = numbers.iter().filter(|n| **n < 0.1).count();
        assert!(
            (400..680).contains(&low),
            "{low} of {} below 0.1",
            numbers.len()
        );
        assert_ne!(dice.of_cell(3, 4), dice.of_length(3, 4));
        assert_ne!(dice.of_cell(3, 4), Dice::new(7).of_pass(3).of_cell(3, 4));
        assert_ne!(dice.of_cell(3, 4), Dice::new(8).of_pass(2).of_cell(3, 4));
    }
}
