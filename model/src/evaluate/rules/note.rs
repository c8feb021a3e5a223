//! The notes of a roll, to be moved one by one: a note is a run of sounding cells.

use crate::roll::{PITCHES, Roll, STEPS};

/// A run of sounding cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Note {
    /// Its row.
    pub(super) row: usize,
    /// Its first step.
    pub(super) start: usize,
    /// The step behind its last.
    pub(super) end: usize,
}

/// The notes of a roll by row and then by time.
pub(super) fn notes(roll: &Roll) -> Vec<Note> {
    let mut notes = Vec::new();
    for row in 0..PITCHES {
        let mut start = None;
        for step in 0..=STEPS {
            let sounds = step < STEPS && roll.get(step, row);
            match (sounds, start) {
                (true, None) => start = Some(step),
                (false, Some(from)) => {
                    let (start_step, end) = (from, step);
                    notes.push(Note {
                        row,
                        start: start_step,
                        end,
                    });
                    start = None;
                }
                _ => {}
            }
        }
    }
    notes
}

/// The roll of notes. One that would touch the next of its row ends a step earlier, if it is
/// long enough, so that both stay notes.
pub(super) fn roll(mut notes: Vec<Note>) -> Roll {
    notes.sort_unstable();
    let mut roll = Roll::EMPTY;
    for (index, note) in notes.iter().enumerate() {
        let next = notes.get(index + 1).filter(|next| next.row == note.row);
        let room = next.map_or(STEPS, |next| next.start.saturating_sub(1));
        let end = note.end.min(room).max(note.start + 1);
        roll.fill(note.row, note.start, end);
    }
    roll
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roll::tests::any_roll;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn notes_are_all_there_is(x in any_roll()) {
            prop_assert_eq!(roll(notes(&x)), x);
            prop_assert_eq!(notes(&x).len() as u32, x.onsets().count());
        }
    }

    #[test]
    fn a_repeated_note_stays_repeated() {
        let note = |start, end| Note { row: 3, start, end };
        let repeated = roll(vec![note(4, 6), note(0, 4)]);
        assert_eq!(notes(&repeated), [note(0, 3), note(4, 6)]);
    }
}
