//! How many notes there were, are kept and are now: the same words wherever they are counted.

use std::fmt;

use crate::roll::row_of_key;

use super::{PartSelection, Song, Tally};

/// How many notes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Before.
    pub before: usize,
    /// After.
    pub after: usize,
    /// Before, and still there.
    pub kept: usize,
}

impl Counts {
    /// The notes that a selection picks: with what became of them, and those out of the roll's
    /// range, which stay.
    pub fn of(song: &Song, selection: &PartSelection, tally: Tally) -> Self {
        let notes = song.notes().iter();
        let before = notes.filter(|note| selection.contains(note));
        let outside = before.clone().filter(|note| row_of_key(note.key).is_none());
        let kept = tally.unchanged + tally.changed + outside.count();
        Self {
            before: before.count(),
            after: kept + tally.added,
            kept,
        }
    }

    /// Before and not after.
    pub const fn removed(self) -> usize {
        self.before - self.kept
    }

    /// After and not before.
    pub const fn added(self) -> usize {
        self.after - self.kept
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} pitched notes, {} of them kept, {} removed; {} added, {} now",
            self.before,
            self.kept,
            self.removed(),
            self.added(),
            self.after
        )
    }
}
