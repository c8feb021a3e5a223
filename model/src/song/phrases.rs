//! Cutting a song into phrases of four bar slots.

use crate::roll::{Roll, STEPS, row_of_key};

use super::{Grid, Note};

/// Four bar slots of a song (fewer at its end) and the notes that sound in them.
#[derive(Clone, Debug, PartialEq)]
pub struct Phrase {
    /// Its number; its slots are `4 index..4 index + 4` of the grid.
    pub index: usize,
    /// The selected notes, keys 24..=107, at the nearest step.
    pub roll: Roll,
    /// The notes that have a cell in the roll, as indices into the song's notes.
    pub notes: Vec<usize>,
}

/// The phrases of the notes that `select` picks, each until `end` (beats), up to the last in which
/// one sounds.
pub(super) fn cut(
    notes: &[Note],
    grid: &Grid,
    select: impl Fn(&Note) -> bool,
    end: impl Fn(&Note) -> f64,
) -> Vec<Phrase> {
    let mut phrases: Vec<Phrase> = Vec::new();
    for (index, note) in notes.iter().enumerate() {
        let Some(row) = row_of_key(note.key) else {
            continue;
        };
        if !select(note) {
            continue;
        }
        let (start, end) = grid.note_steps(note.onset, end(note));
        for number in start / STEPS..end.div_ceil(STEPS) {
            while phrases.len() <= number {
                phrases.push(Phrase {
                    index: phrases.len(),
                    roll: Roll::EMPTY,
                    notes: Vec::new(),
                });
            }
            let phrase = &mut phrases[number];
            let first = number * STEPS;
            fill(
                &mut phrase.roll,
                grid,
                row,
                start.max(first)..end.min(first + STEPS),
            );
            phrase.notes.push(index);
        }
    }
    phrases
}

/// Makes a row sound at a range of grid indices of one phrase, leaving out the steps that short
/// slots do not have.
fn fill(roll: &mut Roll, grid: &Grid, row: usize, range: std::ops::Range<usize>) {
    for index in range {
        if grid.has(index) {
            roll.set(index % STEPS, row, true);
        }
    }
}
