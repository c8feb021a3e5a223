//! The tune of a phrase: with its [harmony](super::harmony) what the arranger keeps.

use crate::roll::notes::{GridNote, NoteRoll};
use crate::roll::{PITCHES, Roll, STEPS};

/// The tune: the notes that are the highest sounding where they begin and lie no lower than the
/// phrase's median pitch. A note ends where a higher one begins to sound.
pub fn tune(phrase: &NoteRoll) -> NoteRoll {
    let median = median_row(phrase.sounding());
    let mut notes = Vec::new();
    let mut active: Option<GridNote> = None;
    for step in 0..STEPS {
        let sounding = phrase.sounding().steps()[step];
        let top = (sounding != 0).then(|| sounding.ilog2() as usize);
        let begins = top.filter(|row| *row >= median && phrase.onsets().get(step, *row));
        if let Some(row) = begins {
            notes.extend(active.take());
            active = Some(GridNote::new(step as u8, row as u8, 1));
        } else if let Some(mut note) = active.take() {
            if top == Some(usize::from(note.row)) {
                note.length += 1;
                active = Some(note);
            } else {
                notes.push(note);
            }
        }
    }
    notes.into_iter().chain(active).collect()
}

/// The row below which less than half of the sounding cells lie.
fn median_row(sounding: &Roll) -> usize {
    let mut cells = [0u32; PITCHES];
    for step in sounding.steps() {
        let mut left = *step;
        while left != 0 {
            cells[left.trailing_zeros() as usize] += 1;
            left &= left - 1;
        }
    }
    let total: u32 = cells.iter().sum();
    let mut below = 0;
    let low = cells.iter().take_while(|count| {
        below += **count;
        2 * below < total
    });
    low.count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roll::notes::tests::any_notes;
    use proptest::prelude::*;

    #[test]
    fn the_tune_is_the_top_line_above_the_accompaniment() {
        // A held bass, chords off the beat, and a line above them that rests and comes back.
        let phrase: NoteRoll = [
            GridNote::new(0, 10, 32),
            GridNote::new(2, 30, 2),
            GridNote::new(2, 34, 2),
            GridNote::new(0, 50, 2),
            GridNote::new(2, 52, 6),
            GridNote::new(8, 30, 4),
            GridNote::new(16, 55, 4),
            GridNote::new(18, 40, 8),
            GridNote::new(20, 54, 4),
            GridNote::new(22, 60, 1),
        ]
        .into_iter()
        .collect();
        let expected = [
            GridNote::new(0, 50, 2),
            GridNote::new(2, 52, 6),
            GridNote::new(8, 30, 4),
            GridNote::new(16, 55, 4),
            GridNote::new(20, 54, 2),
            GridNote::new(22, 60, 1),
        ];
        // The chord at 8 is the highest there, but lies below the median unless the bass is long.
        assert!(tune(&phrase).notes().eq(expected));
    }

    proptest! {
        #[test]
        fn the_tune_is_one_voice_of_the_phrase(phrase in any_notes()) {
            let tune = tune(&phrase);
            for step in 0..STEPS {
                let (line, all) = (tune.sounding().steps()[step], phrase.sounding().steps()[step]);
                prop_assert!(line.count_ones() <= 1);
                prop_assert_eq!(line & !all, 0);
                prop_assert_eq!(tune.onsets().steps()[step] & !phrase.onsets().steps()[step], 0);
            }
        }
    }
}
