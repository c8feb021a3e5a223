//! The edits of a phrase: the whole notes by which the network's output differs from the input,
//! each with the amount from which it is applied.
//!
//! Amount `a` applies the first share `a` of the edits, the surest first. So the output at 0 is
//! the input, at 1 the network's, the set only grows between, and no note is ever half there.

mod between;

use super::notes::{GridNote, NoteRoll};
use super::{STEPS, STEPS_PER_SLOT};

/// The probability above which a cell sounds in the network's output, as in the paper's code.
pub const THRESHOLD: f32 = 0.5;
/// Edits that one answer holds at most; the least sure beyond that are left out.
pub const CAPACITY: usize = 512;
/// Steps at the head of each bar slot that may play by another answer than its rest.
pub const LEAD_STEPS: usize = 4;

/// Full amount in the scale of [`Edit::from`].
const FULL: u16 = u16::MAX;

/// Kind of an edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A note begins that is not in the source; its length in steps, 1..=64.
    Add {
        /// Steps that it sounds.
        length: u8,
    },
    /// The source note is not struck.
    Remove,
    /// The source note sounds at another step or for another time.
    Replace {
        /// First step, 0..64.
        start: u8,
        /// Steps that it sounds, 1..=64.
        length: u8,
    },
}

/// One whole note that is added, removed or replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The amount from which it is applied: 1..=65535, where 65535 is full amount.
    pub from: u16,
    /// First step of the note: the source's, or the one that is added.
    pub start: u8,
    /// Its row, 0..84.
    pub row: u8,
    /// Its kind.
    pub change: Change,
}

impl Edit {
    const BLANK: Self = Self {
        from: 0,
        start: 0,
        row: 0,
        change: Change::Remove,
    };

    /// The step at which it is decided: where the earlier of its notes begins.
    pub const fn step(self) -> usize {
        match self.change {
            Change::Replace { start, .. } if start < self.start => start as usize,
            _ => self.start as usize,
        }
    }

    /// True if the source note at its start and row is taken away (and perhaps replaced).
    pub const fn takes(self) -> bool {
        !matches!(self.change, Change::Add { .. })
    }

    /// The note that it strikes.
    pub const fn note(self) -> Option<GridNote> {
        let (start, length) = match self.change {
            Change::Add { length } => (self.start, length),
            Change::Replace { start, length } => (start, length),
            Change::Remove => return None,
        };
        let row = self.row;
        Some(GridNote { start, row, length })
    }
}

/// The edits of a phrase, in the order of the steps at which they are decided.
///
/// About 4 KiB by value, whatever their number; [`Edits::copy_from`] copies no more than there is.
#[derive(Clone, Copy)]
pub struct Edits {
    edits: [Edit; CAPACITY],
    /// Where the edits of each step begin; the last entry is their number.
    first: [u16; STEPS + 1],
}

impl Edits {
    /// No edit at all: the output is the input at every amount.
    pub const NONE: Self = Self {
        edits: [Edit::BLANK; CAPACITY],
        first: [0; STEPS + 1],
    };

    /// At most [`CAPACITY`] edits, sorted by step. Their order within a step stays.
    fn in_order(edits: &(impl Iterator<Item = Edit> + Clone)) -> Self {
        let mut ordered = Self::NONE;
        let mut count = 0;
        for step in 0..STEPS {
            ordered.first[step] = count as u16;
            for edit in edits.clone().filter(|edit| edit.step() == step) {
                if count < CAPACITY {
                    ordered.edits[count] = edit;
                    count += 1;
                }
            }
        }
        ordered.first[STEPS] = count as u16;
        ordered
    }

    /// Becomes `other`.
    pub fn copy_from(&mut self, other: &Self) {
        self.first = other.first;
        let count = self.count();
        self.edits[..count].copy_from_slice(other.all());
    }

    /// Those of them that `keep` wants.
    #[must_use]
    pub fn filtered(&self, keep: impl Fn(Edit) -> bool) -> Self {
        let kept = self.all().iter().copied();
        Self::in_order(&kept.filter(|edit| keep(*edit)))
    }

    /// Number of edits at full amount.
    pub const fn count(&self) -> usize {
        self.first[STEPS] as usize
    }

    /// All of them.
    pub fn all(&self) -> &[Edit] {
        &self.edits[..self.count()]
    }

    /// Those that are decided at `step` (0..64).
    pub fn decided_at(&self, step: usize) -> &[Edit] {
        let of_step = self.first.get(step).zip(self.first.get(step + 1));
        let range = of_step.map(|(first, end)| usize::from(*first)..usize::from(*end));
        range
            .and_then(|range| self.edits.get(range))
            .unwrap_or_default()
    }

    /// The edit that takes the source note which begins at `start` in `row`, if one does.
    pub fn taking(&self, start: usize, row: usize) -> Option<&Edit> {
        let takes = |edit: &&Edit| {
            edit.takes() && (usize::from(edit.start), usize::from(edit.row)) == (start, row)
        };
        // A replaced note may be decided earlier, but in the same part of its slot.
        let mut steps = part_start(start)..=start;
        steps.find_map(|step| self.decided_at(step).iter().find(takes))
    }

    /// These edits as far as all that they touch begins in the steps of `steps` (bit k is step
    /// k); a note that they strike ends with the steps that follow its start without a gap.
    #[must_use]
    pub fn within(&self, steps: u64) -> Self {
        let inside = |step: u8| steps >> step & 1 == 1;
        let cut = |start: u8, length: u8| length.min((steps >> start).trailing_ones() as u8);
        let kept = self.all().iter().filter_map(|edit| {
            let change = match edit.change {
                Change::Add { length } => Change::Add {
                    length: cut(edit.start, length),
                },
                Change::Replace { start, .. } if !inside(start) => return None,
                Change::Replace { start, length } => Change::Replace {
                    start,
                    length: cut(start, length),
                },
                Change::Remove => Change::Remove,
            };
            inside(edit.start).then_some(Edit { change, ..*edit })
        });
        Self::in_order(&kept)
    }

    /// `source` with the edits of `amount` (0..=1) applied.
    ///
    /// ```
    /// use third_stream_model::roll::CELLS;
    /// use third_stream_model::roll::edits::Edits;
    /// use third_stream_model::roll::notes::{GridNote, NoteRoll};
    ///
    /// let roll = |row| -> NoteRoll {
    ///     [GridNote { start: 0, row, length: 4 }].into_iter().collect()
    /// };
    /// let (played, answer) = (roll(36), roll(40));
    /// let edits = Edits::between(&played, &answer, &[0.5; CELLS], 0);
    /// assert_eq!(edits.apply(&played, 0.0), played);
    /// assert_eq!(edits.apply(&played, 1.0), answer);
    /// ```
    #[must_use]
    pub fn apply(&self, source: &NoteRoll, amount: f32) -> NoteRoll {
        let level = level(amount);
        self.apply_where(source, |edit| edit.from <= level)
    }

    /// `source` with those edits applied that are asked for.
    pub(super) fn apply_where(
        &self,
        source: &NoteRoll,
        applies: impl Fn(Edit) -> bool,
    ) -> NoteRoll {
        let mut roll = *source;
        for edit in self.all().iter().filter(|edit| edit.takes()) {
            if applies(*edit) {
                roll.remove(usize::from(edit.start), usize::from(edit.row));
            }
        }
        for edit in self.all().iter().filter(|edit| applies(**edit)) {
            if let Some(note) = edit.note() {
                roll.add(note);
            }
        }
        roll
    }
}

/// The first step of the part of its bar slot that `step` is in: the head or the rest.
const fn part_start(step: usize) -> usize {
    let slot = step - step % STEPS_PER_SLOT;
    if step % STEPS_PER_SLOT < LEAD_STEPS {
        slot
    } else {
        slot + LEAD_STEPS
    }
}

/// The amount in the scale of [`Edit::from`]; NaN counts as 0.
pub(super) fn level(amount: f32) -> u16 {
    (amount.clamp(0.0, 1.0) * f32::from(FULL)).round() as u16
}

impl PartialEq for Edits {
    fn eq(&self, other: &Self) -> bool {
        self.first == other.first && self.all() == other.all()
    }
}

impl Eq for Edits {}

impl Default for Edits {
    fn default() -> Self {
        Self::NONE
    }
}

impl std::fmt::Debug for Edits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.all()).finish()
    }
}

#[cfg(test)]
pub(crate) mod tests;
