//! The melody: the notes that are the highest where they begin.

use crate::roll::Roll;
use crate::roll::notes::NoteRoll;

/// The cells in which nothing new may sound so that the melody stays what it is: its notes, and
/// all silent cells above the line. While the melody rests, the line stays at its last pitch.
pub(super) fn closed(source: &NoteRoll, notes: &Roll) -> Roll {
    let (sounding, notes) = (source.sounding().steps(), notes.steps());
    // For the rests before the first note of the melody.
    let mut line = notes.iter().find_map(|step| highest(*step));
    Roll::from_steps(std::array::from_fn(|step| {
        line = highest(notes[step]).or(line);
        let above = line.map_or(0, |row| !0 << row) & !sounding[step];
        notes[step] | above
    }))
}

/// The notes of the melody, whole.
pub(super) fn notes(source: &NoteRoll) -> Roll {
    let mut held = 0;
    Roll::from_steps(std::array::from_fn(|step| {
        let sounding = source.sounding().steps()[step];
        let begin = source.onsets().steps()[step];
        let top = highest(sounding).map_or(0, |row| 1 << row);
        held = held & sounding & !begin | begin & top;
        held
    }))
}

/// The highest row of a step.
fn highest(cells: u128) -> Option<usize> {
    (cells != 0).then(|| (u128::BITS - 1 - cells.leading_zeros()) as usize)
}
