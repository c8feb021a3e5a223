//! The network's input: a phrase with some cells hidden, its tune and its harmony.

use crate::roll::notes::NoteRoll;
use crate::roll::{Roll, STEPS};

/// Half bars of a phrase: each has a harmony.
pub const HALF_BARS: usize = STEPS / 8;

/// The lengths that the network gives notes, in steps.
pub const LENGTHS: [u8; 10] = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32];

/// The place in [`LENGTHS`] of the length that is nearest to `steps` (1 or more) on a logarithmic
/// scale; of two that are as near, the shorter.
pub fn length_class(steps: usize) -> usize {
    let steps = (steps.clamp(1, 32) as f64).ln();
    let distance = |length: &u8| (f64::from(*length).ln() - steps).abs();
    let mut nearest = 0;
    for (class, length) in LENGTHS.iter().enumerate() {
        if distance(length) < distance(&LENGTHS[nearest]) {
            nearest = class;
        }
    }
    nearest
}

/// Pitch classes of each half bar ([`harmony`](super::harmony)): bit k is the pitch class k semitones above C.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Harmony(pub [u16; HALF_BARS]);

/// The network's input for a phrase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Canvas {
    /// The notes that are shown: those that begin in a cell that is not hidden.
    pub shown: NoteRoll,
    /// The cells of which the network is to say whether a note begins there.
    pub hidden: Roll,
    /// The tune.
    pub tune: NoteRoll,
    /// The harmony.
    pub harmony: Harmony,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_go_to_the_nearest_class() {
        let classes: Vec<usize> = (1..=32).map(length_class).collect();
        // By the prototype's rule: numpy's argmin of |ln LENGTHS - ln n|.
        let expected = [
            0, 1, 2, 3, 4, 4, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7, 7, 7, 8, 8, 8, 8, 8, 8, 8, 8, 9, 9,
            9, 9, 9,
        ];
        assert_eq!(classes, expected);
        assert_eq!(length_class(64), 9);
    }
}
