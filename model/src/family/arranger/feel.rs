//! Swung eighths of a tune played straight: jazz plays the second eighth of a beat late, on its
//! fourth sixteenth where there are sixteen steps to a bar, and other genres on the third.

use crate::roll::STEPS;
use crate::roll::notes::{GridNote, NoteRoll};

/// Steps of a beat.
const BEAT: usize = 4;
/// The second eighth of a beat, and where swing puts it.
const STRAIGHT: usize = 2;
const SWUNG: usize = 3;

/// The tune with straight eighths, where it swings more often than not: one voice in, one voice
/// out, with as many notes, none of which moves by more than a step. Beats in which other
/// sixteenths begin stay as they are.
pub(crate) fn straightened(tune: &NoteRoll) -> NoteRoll {
    // A dotted rhythm now and then is no swing.
    if beats(tune, SWUNG) <= 2 * beats(tune, STRAIGHT) {
        return *tune;
    }
    let mut notes: Vec<GridNote> = tune.notes().collect();
    for index in 0..notes.len() {
        let start = usize::from(notes[index].start);
        let beat = start - start % BEAT;
        if start % BEAT != SWUNG || !is_pair(tune, beat, SWUNG) {
            continue;
        }
        let end = notes[index].end();
        let to = beat + STRAIGHT;
        notes[index].start = to as u8;
        notes[index].length = (end - to) as u8;
        // The note before it ends where it begins.
        if let Some(before) = index.checked_sub(1).map(|before| &mut notes[before])
            && before.end() > to
        {
            before.length = to as u8 - before.start;
        }
    }
    notes.into_iter().collect()
}

/// True if of the offbeat sixteenths of a beat only `place` has an onset.
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
        let note = |(index, (start, length)): (usize, &(u8, u8))| {
            GridNote::new(*start, 40 + index as u8, *length)
        };
        notes.iter().enumerate().map(note).collect()
    }

    #[test]
    fn swung_eighths_become_straight() {
        let swung = line(&[(0, 3), (3, 1), (4, 3), (7, 1), (8, 4), (12, 3), (15, 7)]);
        let straight = line(&[(0, 2), (2, 2), (4, 2), (6, 2), (8, 4), (12, 2), (14, 8)]);
        assert_eq!(straightened(&swung), straight);
        assert_eq!(straightened(&straight), straight);
    }

    #[test]
    fn sixteenths_and_a_dotted_note_among_eighths_stay() {
        let runs = line(&[(0, 1), (1, 1), (2, 1), (3, 1), (4, 2), (6, 1), (7, 1)]);
        assert_eq!(straightened(&runs), runs);
        let dotted = line(&[(0, 3), (3, 1), (4, 2), (6, 2)]);
        assert_eq!(straightened(&dotted), dotted);
    }

    proptest! {
        #[test]
        fn a_tune_keeps_its_notes_within_a_step(phrase in any_notes()) {
            let tune = super::super::tune::tune(&phrase);
            let straight = straightened(&tune);
            prop_assert_eq!(straight.count(), tune.count());
            for (straight, note) in straight.notes().zip(tune.notes()) {
                prop_assert_eq!(straight.row, note.row);
                prop_assert!(straight.start.abs_diff(note.start) <= 1);
            }
            for step in straight.sounding().steps() {
                prop_assert!(step.count_ones() <= 1);
            }
        }
    }
}
