//! Options of a transfer beside the phrase: how free its tune is, how rich its harmony, which take,
//! and what has been decided already.

use crate::family::arranger::sampler::{FREEDOM, PASSES};
use crate::roll::notes::NoteRoll;

/// Options of a transfer beside the phrase and the direction. The CycleGAN heeds none of them but
/// [`Wish::held`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wish {
    /// Which take, 1..=16: another number is another answer to the same phrase.
    pub variation: u8,
    /// How free the tune is: 0 is as played, 1 is free.
    pub freedom: f32,
    /// Up to how many pitch classes of each half bar the network is told, 2..=4: fewer leave more
    /// room for other harmony.
    pub pitch_classes: u8,
    /// Passes of the network, 1 or more: fewer take less time, and leave chords less complete.
    pub passes: u8,
    /// True if a phrase of one voice stays one, near its own register.
    pub one_voice: bool,
    /// The rows in which a note is held over from before the phrase, row 0 in the lowest bit: it
    /// begins at step 0 of the phrase, but cannot be edited any more.
    pub held: u128,
    /// The steps that have been decided, one bit each (bit k is step k): what begins there sounds
    /// as [`Wish::played`] has it, whatever the answer.
    pub decided: u64,
    /// The notes that begin in the steps of [`Wish::decided`], as they sound at full amount.
    pub played: NoteRoll,
}

/// The first question about a phrase, while its last beat was still to be played. The answer to the
/// whole phrase goes on from that draw, so that it takes [`Wish::passes`] less those of this one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Earlier {
    /// The phrase as far as it was known.
    pub phrase: NoteRoll,
    /// The wish for its answer.
    pub wish: Wish,
}

impl Default for Wish {
    fn default() -> Self {
        Self {
            variation: 1,
            freedom: FREEDOM,
            pitch_classes: 3,
            passes: PASSES,
            one_voice: true,
            held: 0,
            decided: 0,
            played: NoteRoll::EMPTY,
        }
    }
}

impl Wish {
    /// The options that a network heeds which only hears the phrase.
    #[must_use]
    pub fn of_the_phrase(&self) -> Self {
        Self {
            held: self.held,
            ..Self::default()
        }
    }
}
