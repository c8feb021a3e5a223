//! The piano roll of a phrase: 64 steps × 84 pitches, one bit a cell.
//!
//! Pure and of fixed size: nothing here allocates except [`picture`], so the audio thread may
//! use all of it. The geometry is that of the paper (Brunner et al. 2018): four bar slots of
//! 16 steps, pitches 24..=107.

pub mod edits;
pub mod guard;
pub mod heard;
pub mod midi;
pub mod notes;
pub mod picture;
pub mod quantise;
pub mod swing;

use std::fmt;

/// Steps in a bar slot: one step is a 16th note.
pub const STEPS_PER_SLOT: usize = 16;
/// Bar slots in a phrase.
pub const SLOTS: usize = 4;
/// Steps in a phrase.
pub const STEPS: usize = STEPS_PER_SLOT * SLOTS;
/// Pitches (rows) in a roll.
pub const PITCHES: usize = 84;
/// Cells in a roll.
pub const CELLS: usize = STEPS * PITCHES;
/// The MIDI key of row 0.
pub const LOWEST_KEY: u8 = 24;
/// The MIDI key of the last row.
pub const HIGHEST_KEY: u8 = LOWEST_KEY + PITCHES as u8 - 1;

/// One bit for each pitch of a step, row 0 in the lowest bit.
type Step = u128;
const ALL_PITCHES: Step = (1 << PITCHES) - 1;

/// The row of a MIDI key, or `None` outside 24..=107.
pub const fn row_of_key(key: u8) -> Option<usize> {
    if key >= LOWEST_KEY && key <= HIGHEST_KEY {
        Some((key - LOWEST_KEY) as usize)
    } else {
        None
    }
}

/// The MIDI key of a row.
pub const fn key_of_row(row: usize) -> u8 {
    LOWEST_KEY + row as u8
}

/// A phrase as bits: which pitch sounds at which step.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Roll {
    steps: [Step; STEPS],
}

impl Default for Roll {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl Roll {
    /// The roll in which nothing sounds.
    pub const EMPTY: Self = Self { steps: [0; STEPS] };

    /// A roll from one bit set for each step; bits above the 84 rows are dropped.
    pub fn from_steps(mut steps: [u128; STEPS]) -> Self {
        for step in &mut steps {
            *step &= ALL_PITCHES;
        }
        Self { steps }
    }

    /// The bit set of each step, row 0 in the lowest bit.
    pub const fn steps(&self) -> &[u128; STEPS] {
        &self.steps
    }

    /// A roll from probabilities (or other values), step-major, `CELLS` long: the cells above
    /// `threshold` sound.
    pub fn from_values(values: &[f32], threshold: f32) -> Self {
        let mut roll = Self::EMPTY;
        for (step, row) in values.chunks_exact(PITCHES).take(STEPS).enumerate() {
            for (pitch, value) in row.iter().enumerate() {
                roll.set(step, pitch, *value > threshold);
            }
        }
        roll
    }

    /// Writes the roll as 0.0 and 1.0, step-major, into `values` (`CELLS` long).
    pub fn write_values(&self, values: &mut [f32]) {
        for (step, row) in values.chunks_exact_mut(PITCHES).take(STEPS).enumerate() {
            for (pitch, value) in row.iter_mut().enumerate() {
                *value = if self.get(step, pitch) { 1.0 } else { 0.0 };
            }
        }
    }

    /// True if `row` sounds at `step`. Both must be in range.
    #[inline]
    pub const fn get(&self, step: usize, row: usize) -> bool {
        self.steps[step] >> row & 1 == 1
    }

    /// Sets one cell. Both indices must be in range.
    #[inline]
    pub const fn set(&mut self, step: usize, row: usize, sounds: bool) {
        if sounds {
            self.steps[step] |= 1 << row;
        } else {
            self.steps[step] &= !(1 << row);
        }
    }

    /// Makes `row` sound from step `start` up to but not including `end` (cut at the phrase end).
    pub fn fill(&mut self, row: usize, start: usize, end: usize) {
        for step in start..end.min(STEPS) {
            self.set(step, row, true);
        }
    }

    /// Makes every pitch silent from step `start` up to but not including `end`.
    pub fn clear(&mut self, start: usize, end: usize) {
        for step in start..end.min(STEPS) {
            self.steps[step] = 0;
        }
    }

    /// The cells of the steps of `steps` (bit k is step k), silence in the others.
    #[must_use]
    pub fn within(&self, steps: u64) -> Self {
        let mut roll = *self;
        for (step, cells) in roll.steps.iter_mut().enumerate() {
            if steps >> step & 1 == 0 {
                *cells = 0;
            }
        }
        roll
    }

    /// Number of sounding cells.
    pub fn count(&self) -> u32 {
        self.steps.iter().map(|step| step.count_ones()).sum()
    }

    /// True if nothing sounds.
    pub fn is_empty(&self) -> bool {
        self.steps.iter().all(|step| *step == 0)
    }

    /// The roll whose cells are those that differ between the two.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        Self {
            steps: std::array::from_fn(|i| self.steps[i] ^ other.steps[i]),
        }
    }

    /// Cells that start to sound: silent one step before, or at step 0.
    #[must_use]
    pub fn onsets(&self) -> Self {
        Self {
            steps: std::array::from_fn(|i| {
                self.steps[i] & !if i == 0 { 0 } else { self.steps[i - 1] }
            }),
        }
    }

    /// The roll moved by `semitones`; what leaves the 84 rows is lost.
    #[must_use]
    pub fn transpose(&self, semitones: i32) -> Self {
        let by = semitones.unsigned_abs();
        if by as usize >= PITCHES {
            return Self::EMPTY;
        }
        let shift = |step: Step| {
            if semitones >= 0 {
                step << by
            } else {
                step >> by
            }
        };
        Self {
            steps: std::array::from_fn(|i| shift(self.steps[i]) & ALL_PITCHES),
        }
    }
}

impl fmt::Debug for Roll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Roll\n{}", picture::draw(self))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) fn any_roll() -> impl Strategy<Value = Roll> {
        proptest::collection::vec((0..STEPS, 0..PITCHES, 1..9usize), 0..60).prop_map(|notes| {
            let mut roll = Roll::EMPTY;
            for (start, row, length) in notes {
                roll.fill(row, start, start + length);
            }
            roll
        })
    }

    #[test]
    fn keys_and_rows_agree_at_the_borders() {
        assert_eq!(row_of_key(23), None);
        assert_eq!(row_of_key(24), Some(0));
        assert_eq!(row_of_key(107), Some(83));
        assert_eq!(row_of_key(108), None);
        assert_eq!(key_of_row(83), 107);
    }

    proptest! {
        #[test]
        fn values_round_trip(roll in any_roll()) {
            let mut values = vec![0.5; CELLS];
            roll.write_values(&mut values);
            prop_assert_eq!(Roll::from_values(&values, 0.5), roll);
        }

        #[test]
        fn transposing_there_and_back_loses_only_what_left(roll in any_roll(), by in -90..90i32) {
            let back = roll.transpose(by).transpose(-by);
            for step in 0..STEPS {
                for row in 0..PITCHES {
                    let stays = (0..PITCHES as i32).contains(&(row as i32 + by));
                    prop_assert_eq!(back.get(step, row), stays && roll.get(step, row));
                }
            }
        }

        #[test]
        fn a_roll_is_its_onsets_extended(roll in any_roll()) {
            let onsets = roll.onsets();
            let mut again = Roll::EMPTY;
            for row in 0..PITCHES {
                for step in 0..STEPS {
                    let held = step > 0 && again.get(step - 1, row) && roll.get(step, row);
                    again.set(step, row, onsets.get(step, row) || held);
                }
            }
            prop_assert_eq!(again, roll);
        }

        #[test]
        fn difference_is_its_own_inverse(a in any_roll(), b in any_roll()) {
            prop_assert_eq!(a.difference(&b).difference(&b), a);
        }
    }
}
