//! What the user keeps the network from: the melody, the key, the density.
//!
//! [`Facts`] say what a guard needs to know of a source roll; [`Guard`] is what the user has set,
//! and may change at every step. A guard only ever takes edits away, so the input is still the
//! input at amount 0, and edits still only grow with the amount. Nothing here allocates.

mod key;
mod melody;

use super::edits::{Edits, level};
use super::{PITCHES, Roll, STEPS};

/// What the user has set. The default takes no edit away.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Guard {
    /// The melody of the source is never edited, and nothing is added above it.
    pub melody_lock: bool,
    /// 0..=1: added notes outside the source's key need ever more confidence; at 1 there are
    /// none. What is kept or removed is not asked for its key.
    pub scale: f32,
    /// −1..=1: below 0 added cells, above 0 removed cells need ever more confidence; at −1
    /// nothing is added, at 1 nothing is removed.
    pub density: f32,
}

/// What guards need to know of a source roll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    source: Roll,
    /// Cells that the melody lock keeps as they are.
    locked: Roll,
    /// The rows in the source's key.
    scale: u128,
}

impl Default for Facts {
    fn default() -> Self {
        Self::of(&Roll::EMPTY)
    }
}

impl Facts {
    /// The facts of a source roll. Some ten thousand operations on bits; allocates nothing.
    pub fn of(source: &Roll) -> Self {
        Self {
            source: *source,
            locked: melody::locked(source),
            scale: key::rows(source),
        }
    }

    /// The source roll.
    pub const fn source(&self) -> &Roll {
        &self.source
    }

    /// The cells that the melody lock keeps as they are, sounding or not.
    pub const fn locked(&self) -> &Roll {
        &self.locked
    }

    /// The notes of the melody, as the lock holds them.
    #[must_use]
    pub fn melody(&self) -> Roll {
        let (source, locked) = (self.source.steps(), self.locked.steps());
        Roll::from_steps(std::array::from_fn(|step| source[step] & locked[step]))
    }

    /// The cells of `step` that are edited at `amount` under `guard`, row 0 in the lowest bit.
    pub fn mask(&self, edits: &Edits, step: usize, amount: f32, guard: &Guard) -> u128 {
        let most = level(amount);
        let left = |taken: f32| most.min(level(1.0 - taken.clamp(0.0, 1.0)));
        let (add, remove) = (left(-guard.density), left(guard.density));
        let outside = add.min(left(guard.scale));
        let source = self.source.steps()[step];
        let more = edits.mask_at(step, add);
        // Mostly they are the same.
        let or = |level| {
            if level == add {
                more
            } else {
                edits.mask_at(step, level)
            }
        };
        let added = or(outside) | more & self.scale;
        let mask = added & !source | or(remove) & source;
        if guard.melody_lock {
            mask & !self.locked.steps()[step]
        } else {
            mask
        }
    }

    /// The source with the edits of `amount` that `guard` leaves.
    #[must_use]
    pub fn apply(&self, edits: &Edits, amount: f32, guard: &Guard) -> Roll {
        let mut steps = *self.source.steps();
        for (step, bits) in steps.iter_mut().enumerate().take(STEPS) {
            *bits ^= self.mask(edits, step, amount, guard);
        }
        Roll::from_steps(steps)
    }
}

/// All rows whose pitch class is in the set (bit 0: C).
const fn rows_of_classes(classes: u16) -> u128 {
    let mut rows = 0;
    let mut row = 0;
    while row < PITCHES {
        // Row 0 is a C.
        if classes >> (row % 12) & 1 == 1 {
            rows |= 1 << row;
        }
        row += 1;
    }
    rows
}

#[cfg(test)]
mod tests;
