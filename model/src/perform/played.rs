//! Decided steps of a window: the notes by which its earlier steps sound, as the networks
//! are told when they are asked about the rest.

use std::ops::Range;

use super::{Performer, SlotPart};
use crate::genre::Direction;
use crate::roll::STEPS_PER_SLOT;
use crate::roll::edits::Edit;
use crate::roll::notes::{GridNote, NoteRoll};

impl Performer {
    /// Adds to `played` what begins in the steps `steps` (of 0..16) of slot `slot`, which belong to
    /// `part`: by its answer in `direction` at full amount, or else as in `source`. `source` and
    /// `played` are of the window whose first slot is `first`; the slot must lie in it.
    pub fn write_played(
        &self,
        (slot, part, steps): (i64, SlotPart, Range<usize>),
        direction: Direction,
        (first, source): (i64, &NoteRoll),
        played: &mut NoteRoll,
    ) {
        let Ok(slots) = usize::try_from(slot - first) else {
            return;
        };
        let base = slots * STEPS_PER_SLOT;
        let Some((page, begin)) = self.grid.page_at(slot, part, direction) else {
            let steps = base + steps.start..base + steps.end;
            for step in steps {
                each_row(source.onsets().steps().get(step), |row| {
                    if let Some(note) = source.note_at(step, row) {
                        played.add(note);
                    }
                });
            }
            return;
        };
        let edits = page.edits(direction);
        let mut add = |note: GridNote| {
            let start = (usize::from(note.start) - begin + base) as u8;
            played.add(GridNote { start, ..note });
        };
        for step in begin + steps.start..begin + steps.end {
            let source = page.facts.source();
            each_row(source.onsets().steps().get(step), |row| {
                let note = source.note_at(step, row);
                if let Some(note) = note.filter(|_| edits.taking(step, row).is_none()) {
                    add(note);
                }
            });
        }
        for note in edits.all().iter().copied().filter_map(Edit::note) {
            if (begin + steps.start..begin + steps.end).contains(&usize::from(note.start)) {
                add(note);
            }
        }
    }
}

/// Calls `found` with each row of a step.
fn each_row(rows: Option<&u128>, mut found: impl FnMut(usize)) {
    let mut left = rows.copied().unwrap_or(0);
    while left != 0 {
        found(left.trailing_zeros() as usize);
        left &= left - 1;
    }
}
