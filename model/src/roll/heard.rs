//! A phrase as it was heard: what the networks are asked about, and how it swings.

use super::Roll;
use super::notes::NoteRoll;
use super::swing::Swing;

/// A phrase as it was heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// Its notes on the grid.
    pub notes: NoteRoll,
    /// The rows in which a note is held over from before the phrase, row 0 in the lowest bit. It
    /// begins at step 0 of [`Heard::notes`], but was struck earlier, so it is not edited.
    pub held: u128,
    /// Where its players put the second and fourth 16ths of a beat.
    pub swing: Swing,
}

impl Heard {
    /// A phrase from its sounding cells, the cells in which notes begin, and its swing.
    pub fn new(sounding: Roll, onsets: Roll, swing: Swing) -> Self {
        Self {
            notes: NoteRoll::new(sounding, onsets),
            held: sounding.steps()[0] & !onsets.steps()[0],
            swing,
        }
    }
}
