//! A phrase as whole notes: where each begins and how long it sounds.
//!
//! [`Roll`] says which cells sound; [`NoteRoll`] says besides where notes begin, so that a pitch
//! that is struck twice is two notes. Pure and of fixed size: nothing here allocates.

use super::{ALL_PITCHES, PITCHES, Roll, STEPS};

/// One note of a phrase on the grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GridNote {
    /// First step, 0..64.
    pub start: u8,
    /// Row, 0..84 (MIDI key less 24).
    pub row: u8,
    /// Steps that it sounds, 1..=64.
    pub length: u8,
}

impl GridNote {
    /// A note from step `start` in row `row` that sounds `length` steps.
    pub const fn new(start: u8, row: u8, length: u8) -> Self {
        Self { start, row, length }
    }

    /// The first step after the note, at most 64.
    pub const fn end(&self) -> usize {
        let end = self.start as usize + self.length as usize;
        if end < STEPS { end } else { STEPS }
    }
}

/// Which cells sound and in which a note begins.
///
/// Each sounding cell belongs to one note: it is an onset, or the cell one step before it sounds.
/// A note that is held over from before the phrase begins again at step 0.
///
/// ```
/// use third_stream_model::roll::notes::{GridNote, NoteRoll};
///
/// let struck_twice = [0, 4].map(|start| GridNote { start, row: 36, length: 4 });
/// let roll: NoteRoll = struck_twice.into_iter().collect();
/// assert_eq!((roll.count(), roll.sounding().count()), (2, 8));
/// assert_eq!(roll.notes().next(), Some(struck_twice[0]));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct NoteRoll {
    sounding: Roll,
    onsets: Roll,
}

impl From<Roll> for NoteRoll {
    /// The notes of a roll of which only the sounding cells are known: each run of cells is one.
    fn from(roll: Roll) -> Self {
        Self {
            sounding: roll,
            onsets: roll.onsets(),
        }
    }
}

impl FromIterator<GridNote> for NoteRoll {
    /// The roll of some notes, [added](NoteRoll::add) in their order.
    fn from_iter<T: IntoIterator<Item = GridNote>>(notes: T) -> Self {
        let mut roll = Self::EMPTY;
        for note in notes {
            roll.add(note);
        }
        roll
    }
}

impl NoteRoll {
    /// The roll in which nothing sounds.
    pub const EMPTY: Self = Self {
        sounding: Roll::EMPTY,
        onsets: Roll::EMPTY,
    };

    /// A roll from its sounding cells and those in which notes begin. An onset that does not sound
    /// is none, and a run of cells without an onset at its head gets one.
    pub fn new(sounding: Roll, onsets: Roll) -> Self {
        let heads = sounding.onsets();
        let onsets = std::array::from_fn(|step| {
            onsets.steps()[step] & sounding.steps()[step] | heads.steps()[step]
        });
        Self {
            sounding,
            onsets: Roll::from_steps(onsets),
        }
    }

    /// Draws the steps from `from` on anew, as [`NoteRoll::new`] does, from their sounding cells
    /// and those in which notes begin. The step before must have been drawn.
    pub fn redraw(&mut self, from: usize, sounding: &[u128], onsets: &[u128]) {
        let before = from.checked_sub(1).map(|step| self.sounding.steps[step]);
        let mut before = before.unwrap_or(0);
        let given = sounding.iter().zip(onsets);
        for (step, (sounding, onsets)) in (from..STEPS).zip(given) {
            let sounding = sounding & ALL_PITCHES;
            self.sounding.steps[step] = sounding;
            self.onsets.steps[step] = onsets & sounding | sounding & !before;
            before = sounding;
        }
    }

    /// The cells that sound.
    pub const fn sounding(&self) -> &Roll {
        &self.sounding
    }

    /// The cells in which a note begins.
    pub const fn onsets(&self) -> &Roll {
        &self.onsets
    }

    /// True if nothing sounds.
    pub fn is_empty(&self) -> bool {
        self.sounding.is_empty()
    }

    /// Number of notes.
    pub fn count(&self) -> u32 {
        self.onsets.count()
    }

    /// The note that begins at `start` in `row`, if one does. Both must be in range.
    pub fn note_at(&self, start: usize, row: usize) -> Option<GridNote> {
        self.onsets.get(start, row).then(|| {
            let held = (start + 1..STEPS)
                .take_while(|step| self.continues(*step, row))
                .count();
            GridNote::new(start as u8, row as u8, held as u8 + 1)
        })
    }

    /// All notes, by start and then from the lowest row.
    pub fn notes(&self) -> impl Iterator<Item = GridNote> + '_ {
        (0..STEPS).flat_map(move |start| {
            let mut left = self.onsets.steps()[start];
            std::iter::from_fn(move || {
                let row = left.trailing_zeros() as usize;
                left &= left.wrapping_sub(1);
                if row < PITCHES {
                    self.note_at(start, row)
                } else {
                    None
                }
            })
        })
    }

    /// Adds a note: it cuts the note of its row that sounds where it begins, and is cut by the
    /// next one that begins there. A note that begins in the same cell is replaced. What lies
    /// outside the phrase is left out.
    pub fn add(&mut self, note: GridNote) {
        let (start, row) = (usize::from(note.start), usize::from(note.row));
        if start >= STEPS || row >= PITCHES {
            return;
        }
        self.silence(start, row);
        self.onsets.set(start, row, true);
        self.sounding.set(start, row, true);
        for step in start + 1..note.end() {
            if self.onsets.get(step, row) {
                return;
            }
            self.sounding.set(step, row, true);
        }
    }

    /// Removes the note that begins at `start` in `row`, if one does. Both must be in range.
    pub fn remove(&mut self, start: usize, row: usize) {
        if self.onsets.get(start, row) {
            self.silence(start, row);
        }
    }

    /// The roll moved by `semitones`; notes that leave the 84 rows are lost.
    #[must_use]
    pub fn transpose(&self, semitones: i32) -> Self {
        Self {
            sounding: self.sounding.transpose(semitones),
            onsets: self.onsets.transpose(semitones),
        }
    }

    /// The notes that begin in the steps of `steps` (bit k is step k), whole.
    #[must_use]
    pub fn beginning_in(&self, steps: u64) -> Self {
        let inside = |note: &GridNote| steps >> note.start & 1 == 1;
        self.notes().filter(inside).collect()
    }

    /// True if a note is held at `step` in `row`, and does not begin there.
    fn continues(&self, step: usize, row: usize) -> bool {
        self.sounding.get(step, row) && !self.onsets.get(step, row)
    }

    /// Ends the note that sounds at `start` in `row` before that step.
    fn silence(&mut self, start: usize, row: usize) {
        self.onsets.set(start, row, false);
        self.sounding.set(start, row, false);
        for step in start + 1..STEPS {
            if !self.continues(step, row) {
                return;
            }
            self.sounding.set(step, row, false);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) fn any_notes() -> impl Strategy<Value = NoteRoll> {
        let note = (0..STEPS as u8, 0..PITCHES as u8, 1..20u8);
        let note = note.prop_map(|(start, row, length)| GridNote { start, row, length });
        proptest::collection::vec(note, 0..60).prop_map(|notes| notes.into_iter().collect())
    }

    fn note(start: u8, row: u8, length: u8) -> GridNote {
        GridNote { start, row, length }
    }

    #[test]
    fn a_repeated_pitch_is_two_notes() {
        let roll: NoteRoll = [note(0, 30, 4), note(4, 30, 4)].into_iter().collect();
        assert!(roll.notes().eq([note(0, 30, 4), note(4, 30, 4)]));
        assert_eq!(NoteRoll::from(*roll.sounding()).count(), 1);
    }

    #[test]
    fn a_new_note_cuts_the_one_before_and_is_cut_by_the_one_after() {
        let notes = [note(0, 30, 8), note(6, 30, 8), note(2, 30, 8)];
        let roll: NoteRoll = notes.into_iter().collect();
        assert!(
            roll.notes()
                .eq([note(0, 30, 2), note(2, 30, 4), note(6, 30, 8)])
        );
    }

    #[test]
    fn notes_end_with_the_phrase() {
        let roll: NoteRoll = [note(62, 5, 9)].into_iter().collect();
        assert!(roll.notes().eq([note(62, 5, 2)]));
    }

    proptest! {
        #[test]
        fn a_roll_is_its_notes(roll in any_notes()) {
            prop_assert_eq!(roll.notes().collect::<NoteRoll>(), roll);
            prop_assert_eq!(NoteRoll::new(*roll.sounding(), *roll.onsets()), roll);
            let mut again = NoteRoll::from(Roll::from_steps([!0; STEPS]));
            for from in [0, 40] {
                let (sounding, onsets) = (roll.sounding().steps(), roll.onsets().steps());
                again.redraw(from, &sounding[from..], &onsets[from..]);
            }
            prop_assert_eq!(again, roll);
            prop_assert_eq!(roll.notes().count(), roll.count() as usize);
        }

        #[test]
        fn removing_every_note_leaves_nothing(roll in any_notes()) {
            let mut left = roll;
            for note in roll.notes() {
                left.remove(usize::from(note.start), usize::from(note.row));
            }
            prop_assert!(left.is_empty() && left.count() == 0);
        }
    }
}
