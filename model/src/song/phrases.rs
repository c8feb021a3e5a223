//! Cutting a song into phrases of four bar slots.

use crate::roll::heard::Heard;
use crate::roll::swing::Swing;
use crate::roll::{Roll, STEPS, STEPS_PER_SLOT, row_of_key};

use super::{Grid, SongNote};

/// Four bar slots of a song (fewer at its end) and the notes that sound in them.
#[derive(Clone, Debug, PartialEq)]
pub struct Phrase {
    /// Its number; its slots are `4 index..4 index + 4` of the grid.
    pub index: usize,
    /// The selected notes, keys 24..=107, at the nearest step.
    pub heard: Heard,
    /// The notes that have a cell in the roll, as indices into the song's notes.
    pub notes: Vec<usize>,
}

impl Phrase {
    /// The cells that sound.
    pub const fn roll(&self) -> &Roll {
        self.heard.notes.sounding()
    }
}

/// A phrase while its notes are gathered.
#[derive(Default)]
struct Draft {
    sounding: Roll,
    onsets: Roll,
    /// When notes begin, in beats from the start of their slot.
    begins: Vec<f64>,
    notes: Vec<usize>,
}

/// The phrases of the notes that `select` picks, each until `end` (beats), up to the last in which
/// one sounds.
pub(super) fn cut(
    notes: &[SongNote],
    grid: &Grid,
    select: impl Fn(&SongNote) -> bool,
    end: impl Fn(&SongNote) -> f64,
) -> Vec<Phrase> {
    let mut drafts: Vec<Draft> = Vec::new();
    for (index, note) in notes.iter().enumerate() {
        let Some(row) = row_of_key(note.key) else {
            continue;
        };
        if !select(note) {
            continue;
        }
        let (start, end) = grid.note_steps(note.onset, end(note));
        let phrases = end.div_ceil(STEPS).max(drafts.len());
        drafts.resize_with(phrases, Draft::default);
        for (number, draft) in drafts.iter_mut().enumerate().skip(start / STEPS) {
            let first = number * STEPS;
            if end <= first {
                break;
            }
            let sounding = start.max(first)..end.min(first + STEPS);
            fill(&mut draft.sounding, grid, row, sounding);
            if start >= first && grid.has(start) {
                draft.onsets.set(start - first, row, true);
                let slot = grid.slots()[start / STEPS_PER_SLOT];
                draft.begins.push(note.onset - slot.start);
            }
            draft.notes.push(index);
        }
    }
    let phrase = |(index, draft): (usize, Draft)| Phrase {
        index,
        heard: Heard::new(
            draft.sounding,
            draft.onsets,
            Swing::of(draft.begins.into_iter()),
        ),
        notes: draft.notes,
    };
    drafts.into_iter().enumerate().map(phrase).collect()
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
