//! Guards: limits that the user sets on edits, for the tune, the key, the density.
//!
//! [`Facts`] say what a guard needs to know of a source phrase; [`Guard`] is what the user has set,
//! and may change at every step. A guard only ever leaves edits out, so the input is still the
//! input at amount 0, and edits still only grow with the amount. Nothing here allocates.

mod key;
mod melody;

use super::edits::{Change, Edit, Edits, level};
use super::notes::{GridNote, NoteRoll};
use super::{PITCHES, Roll};

/// Settings of the guards. The default leaves no edit out.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Guard {
    /// The tune of the source is never edited, and nothing is added above it.
    pub melody_lock: bool,
    /// 0..=1: added notes outside the source's key need ever more confidence; at 1 there are
    /// none. What is kept, replaced or removed is not asked for its key.
    pub scale: f32,
    /// −1..=1: below 0 added notes, above 0 removed notes need ever more confidence; at −1
    /// nothing is added, at 1 nothing is removed.
    pub density: f32,
}

/// Facts about a source phrase that the guards need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    source: NoteRoll,
    /// The tune, whole notes.
    tune: Roll,
    /// The cells in which the melody lock lets nothing new sound: the tune and all above it.
    closed: Roll,
    /// The rows in the source's key.
    scale: u128,
}

impl Default for Facts {
    fn default() -> Self {
        Self::of(&NoteRoll::EMPTY)
    }
}

impl Facts {
    /// The facts of a source phrase. Some ten thousand operations on bits; allocates nothing.
    pub fn of(source: &NoteRoll) -> Self {
        Self::with(source, &melody::notes(source))
    }

    /// The facts of a source phrase of which `tune`, some of its notes, is the tune, whether or
    /// not it is the top line.
    pub fn of_tune(source: &NoteRoll, tune: &NoteRoll) -> Self {
        Self::with(source, tune.sounding())
    }

    fn with(source: &NoteRoll, tune: &Roll) -> Self {
        Self {
            source: *source,
            tune: *tune,
            closed: melody::closed(source, tune),
            scale: key::rows(source.sounding()),
        }
    }

    /// Becomes the facts of another source phrase, in two parts for who has little time: this
    /// finds the tune, [`Facts::set_limits`] the rest. Until then they are good for nothing.
    pub fn set_source(&mut self, source: &NoteRoll) {
        self.source = *source;
        self.tune = melody::notes(source);
    }

    /// The second part of [`Facts::set_source`]. After both they are as by [`Facts::of`].
    pub fn set_limits(&mut self) {
        self.closed = melody::closed(&self.source, &self.tune);
        self.scale = key::rows(self.source.sounding());
    }

    /// The source phrase.
    pub const fn source(&self) -> &NoteRoll {
        &self.source
    }

    /// The notes of the tune, as the lock holds them.
    pub const fn melody(&self) -> &Roll {
        &self.tune
    }

    /// True if an edit of this source is applied at `amount` (0..=1) under `guard`.
    pub fn applies(&self, edit: Edit, amount: f32, guard: &Guard) -> bool {
        let left = |taken: f32| level(1.0 - taken.clamp(0.0, 1.0));
        let most = level(amount).min(match edit.change {
            Change::Add { .. } if self.scale >> edit.row & 1 == 1 => left(-guard.density),
            Change::Add { .. } => left(-guard.density).min(left(guard.scale)),
            Change::Remove => left(guard.density),
            Change::Replace { .. } => u16::MAX,
        });
        edit.from <= most && !(guard.melody_lock && self.is_locked(edit))
    }

    /// The source with the edits of `amount` that `guard` leaves.
    #[must_use]
    pub fn apply(&self, edits: &Edits, amount: f32, guard: &Guard) -> NoteRoll {
        edits.apply_where(&self.source, |edit| self.applies(edit, amount, guard))
    }

    /// The edits of this source that the melody lock leaves.
    #[must_use]
    pub fn unlocked(&self, edits: &Edits) -> Edits {
        edits.filtered(|edit| !self.is_locked(edit))
    }

    /// True if an edit takes a note of the tune away, or would sound in it or above it.
    fn is_locked(&self, edit: Edit) -> bool {
        let (start, row) = (usize::from(edit.start), usize::from(edit.row));
        let closed = |note: GridNote| {
            let mut steps = usize::from(note.start)..note.end();
            steps.any(|step| self.closed.get(step, row))
        };
        edit.takes() && self.tune.get(start, row) || edit.note().is_some_and(closed)
    }
}

/// All rows whose pitch class is in the set (bit 0: C).
pub(crate) const fn rows_of_classes(classes: u16) -> u128 {
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
