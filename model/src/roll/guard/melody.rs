//! The melody: the notes that are the highest where they begin.

use crate::roll::Roll;

/// The cells that have to stay as they are so that the melody does: its notes, the cells just
/// before and after them (a sounding neighbour would lengthen the note), and all silent cells
/// above the line. While the melody rests, the line stays at its last pitch.
pub(super) fn locked(source: &Roll) -> Roll {
    let notes = notes(source);
    let notes = notes.steps();
    let around = |step: Option<usize>| step.and_then(|at| notes.get(at)).unwrap_or(&0);
    // For the rests before the first note of the melody.
    let mut line = notes.iter().find_map(|step| highest(*step));
    Roll::from_steps(std::array::from_fn(|step| {
        line = highest(notes[step]).or(line);
        let above = line.map_or(0, |row| !0 << row) & !source.steps()[step];
        notes[step] | around(step.checked_sub(1)) | around(Some(step + 1)) | above
    }))
}

/// The notes of the melody, whole.
fn notes(source: &Roll) -> Roll {
    let onsets = source.onsets();
    let mut held = 0;
    Roll::from_steps(std::array::from_fn(|step| {
        let (sounding, begin) = (source.steps()[step], onsets.steps()[step]);
        let top = highest(sounding).map_or(0, |row| 1 << row);
        held = held & sounding & !begin | begin & top;
        held
    }))
}

/// The highest row of a step.
fn highest(cells: u128) -> Option<usize> {
    (cells != 0).then(|| (u128::BITS - 1 - cells.leading_zeros()) as usize)
}
