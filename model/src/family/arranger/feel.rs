//! Straight and swung eighths of a tune: jazz plays the second eighth of a beat late, on its
//! fourth sixteenth where there are sixteen steps to a bar, and other genres on the third.

use crate::roll::STEPS;
use crate::roll::notes::{GridNote, NoteRoll};

/// Steps of a beat.
const BEAT: usize = 4;
/// The second eighth of a beat, and where swing puts it.
const STRAIGHT: usize = 2;
const SWUNG: usize = 3;

/// How the eighths of a tune are to be played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Feel {
    /// As they are.
    #[default]
    AsPlayed,
    /// Pairs of eighths swing.
    Swung,
    /// Swung eighths become straight, where the tune swings.
    Straight,
}

impl Feel {
    /// The tune with this feel: one voice in, one voice out, with as many notes. Beats in which
    /// other sixteenths begin stay as they are.
    pub fn of_tune(self, tune: &NoteRoll) -> NoteRoll {
        let (from, to) = match self {
            Self::AsPlayed => return *tune,
            Self::Swung => (STRAIGHT, SWUNG),
            // A dotted rhythm now and then is no swing.
            Self::Straight if beats(tune, SWUNG) <= 2 * beats(tune, STRAIGHT) => return *tune,
            Self::Straight => (SWUNG, STRAIGHT),
        };
        let mut notes: Vec<GridNote> = tune.notes().collect();
        for index in 0..notes.len() {
            let start = usize::from(notes[index].start);
            let beat = start - start % BEAT;
            if start % BEAT != from || !is_pair(tune, beat, from) {
                continue;
            }
            let end = notes[index].end();
            // It ends where it did, and has a step at least.
            notes[index].start = (beat + to) as u8;
            notes[index].length = end.saturating_sub(beat + to).max(1) as u8;
            // The note before it ends where it begins, if it did so before.
            let Some(before) = index.checked_sub(1).map(|before| &mut notes[before]) else {
                continue;
            };
            if before.end() == start || before.end() > beat + to {
                before.length = (beat + to) as u8 - before.start;
            }
        }
        notes.into_iter().collect()
    }
}

/// Whether of the offbeat sixteenths of a beat only `place` has an onset.
fn is_pair(tune: &NoteRoll, beat: usize, place: usize) -> bool {
    let begins = |offset: usize| tune.onsets().steps()[beat + offset] != 0;
    (1..BEAT).all(|offset| begins(offset) == (offset == place))
}

/// Beats in which only `place` of the offbeat sixteenths has an onset.
fn beats(tune: &NoteRoll, place: usize) -> usize {
    let beats = (0..STEPS).step_by(BEAT);
    beats.filter(|beat| is_pair(tune, *beat, place)).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roll::notes::tests::any_notes;
    use proptest::prelude::*;

    fn line(notes: &[(u8, u8)]) -> NoteRoll {
        let note = |(index, (start, length)): (usize, &(u8, u8))| GridNote {
            start: *start,
            row: 40 + index as u8,
            length: *length,
        };
        notes.iter().enumerate().map(note).collect()
    }

    #[test]
    fn pairs_of_eighths_swing_and_come_back() {
        let straight = line(&[(0, 2), (2, 2), (4, 2), (6, 2), (8, 4), (12, 2), (14, 8)]);
        let swung = line(&[(0, 3), (3, 1), (4, 3), (7, 1), (8, 4), (12, 3), (15, 7)]);
        assert_eq!(Feel::Swung.of_tune(&straight), swung);
        assert_eq!(Feel::Straight.of_tune(&swung), straight);
        assert_eq!(Feel::AsPlayed.of_tune(&swung), swung);
    }

    #[test]
    fn sixteenths_and_a_dotted_note_among_eighths_stay() {
        let runs = line(&[(0, 1), (1, 1), (2, 1), (3, 1), (4, 2), (6, 1), (7, 1)]);
        assert_eq!(Feel::Swung.of_tune(&runs), runs);
        let dotted = line(&[(0, 3), (3, 1), (4, 2), (6, 2)]);
        assert_eq!(Feel::Straight.of_tune(&dotted), dotted);
    }

    proptest! {
        #[test]
        fn a_tune_keeps_its_notes_within_a_step(phrase in any_notes()) {
            let tune = super::super::skeleton::tune(&phrase);
            for feel in [Feel::Swung, Feel::Straight] {
                let felt = feel.of_tune(&tune);
                prop_assert_eq!(felt.count(), tune.count());
                for (felt, note) in felt.notes().zip(tune.notes()) {
                    prop_assert_eq!(felt.row, note.row);
                    prop_assert!(felt.start.abs_diff(note.start) <= 1);
                }
                for step in felt.sounding().steps() {
                    prop_assert!(step.count_ones() <= 1);
                }
            }
        }
    }
}
