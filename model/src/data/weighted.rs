//! Weighted draws of phrases, and what every batch is drawn with: random numbers that depend on
//! the seed and the step alone, and a key by chance.

use std::io;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::rolls::Rolls;
use crate::data::Phrases;
use crate::roll::notes::NoteRoll;
use crate::roll::{PITCHES, Roll};

/// The random numbers for one `purpose` (at most 16 bytes) at a step: those that are drawn for
/// other purposes with the same seed and step are others.
pub(crate) fn random(seed: u64, step: u64, purpose: &[u8]) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&step.to_le_bytes());
    for (byte, letter) in key[16..].iter_mut().zip(purpose) {
        *byte = *letter;
    }
    ChaCha8Rng::from_seed(key)
}

/// Semitones by which a phrase with these `cells` is moved by chance: up by at most `most` and
/// down by at most one less, so that 6 gives all twelve keys once, and only so far that no note is
/// lost.
pub(crate) fn key_by_chance(cells: &Roll, most: u8, rng: &mut ChaCha8Rng) -> i32 {
    let used = cells.steps().iter().fold(0, |all, step| all | step);
    if most == 0 || used == 0 {
        return 0;
    }
    let room_above = used.leading_zeros() - (u128::BITS - PITCHES as u32);
    let below = u32::from(most - 1).min(used.trailing_zeros());
    let above = u32::from(most).min(room_above);
    let by = rng.random_range(0..=below + above);
    by.cast_signed() - below.cast_signed()
}

/// Phrases with their weights as running sums.
#[derive(Clone, Debug)]
pub(crate) struct WeightedDraw<'d> {
    rolls: &'d Rolls,
    sums: Vec<f64>,
}

impl<'d> WeightedDraw<'d> {
    /// `None` where there is nothing to draw.
    pub(crate) fn new(phrases: &'d Phrases) -> Option<Self> {
        let mut sum = 0.0;
        let sums = phrases.weights.iter().map(|weight| {
            sum += f64::from(*weight);
            sum
        });
        let sums: Vec<f64> = sums.collect();
        (sum > 0.0).then_some(Self {
            rolls: &phrases.rolls,
            sums,
        })
    }

    /// One phrase, as often as its weight says.
    pub(crate) fn draw(&self, rng: &mut ChaCha8Rng) -> io::Result<NoteRoll> {
        let last = self.rolls.len() - 1;
        let target = rng.random::<f64>() * self.sums[last];
        let place = self.sums.partition_point(|sum| *sum <= target);
        self.rolls.notes(place.min(last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn all_twelve_keys_are_drawn() {
        let mut roll = Roll::EMPTY;
        roll.fill(40, 0, 4);
        let mut rng = random(1, 1, b"test");
        let keys: std::collections::BTreeSet<i32> = (0..300)
            .map(|_| key_by_chance(&roll, 6, &mut rng))
            .collect();
        assert!(keys.into_iter().eq(-5..=6));
    }

    proptest! {
        #[test]
        fn moving_loses_no_note(
            notes in proptest::collection::vec((0..64usize, 0..PITCHES), 0..40),
            most in 0..13u8,
            seed: u64,
        ) {
            let mut roll = Roll::EMPTY;
            for (start, row) in notes {
                roll.fill(row, start, start + 3);
            }
            let by = key_by_chance(&roll, most, &mut random(seed, 0, b"test"));
            prop_assert_eq!(roll.transpose(by).count(), roll.count());
        }
    }
}
