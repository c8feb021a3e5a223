//! The directions in which Live asks the networks.
//!
//! A knob at rest on one side needs that direction only, half the work. Near the middle, and for a
//! while after a move, both are requested; a move also requests the other direction of all that has
//! not sounded ([`super::answers`]). All of this is counted in beats, so it is the same on any
//! machine and for any block size.

use third_stream_model::genre::Direction;

/// Distance from the middle within which the knob may soon cross it.
const NEAR: f32 = 0.25;
/// Beats without a move after which the knob is at rest.
const STILL: f64 = 16.0;

/// The knob, and the time of its last move.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sides {
    knob: f32,
    /// In unwrapped beats.
    moved: f64,
}

impl Sides {
    pub(super) const fn new() -> Self {
        Self {
            knob: 0.0,
            moved: f64::NEG_INFINITY,
        }
    }

    /// Play starts with the knob at `knob`.
    pub(super) const fn start(&mut self, knob: f32) {
        self.knob = knob;
        self.moved = f64::NEG_INFINITY;
    }

    /// Follows the knob at `now` (unwrapped beats); true if it has moved.
    #[expect(clippy::float_cmp, reason = "any change is a move")]
    pub(super) fn follow(&mut self, now: f64, knob: f32) -> bool {
        let moves = knob != self.knob;
        if moves {
            self.knob = knob;
            self.moved = now;
        }
        moves
    }

    /// The directions to be requested at `now`, by [`Direction::index`].
    pub(super) fn wanted(&self, now: f64) -> [bool; 2] {
        let both = self.knob.abs() < NEAR || now - self.moved < STILL;
        let (towards, _) = Direction::of_knob(self.knob);
        let mut wanted = [both; 2];
        if let Some(wanted) = wanted.get_mut(towards.index()) {
            *wanted = true;
        }
        wanted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_knob_that_stands_still_asks_for_its_side() {
        let mut sides = Sides::new();
        sides.start(0.5);
        assert_eq!(sides.wanted(0.0), [true, false]);
        assert!(!sides.follow(3.0, 0.5));
        sides.start(-1.0);
        assert_eq!(sides.wanted(0.0), [false, true]);
    }

    #[test]
    fn one_near_the_middle_or_just_moved_asks_for_both() {
        let mut sides = Sides::new();
        sides.start(-0.2);
        assert_eq!(sides.wanted(40.0), [true; 2]);
        assert!(sides.follow(41.0, -0.9));
        assert_eq!(sides.wanted(56.9), [true; 2]);
        assert_eq!(sides.wanted(57.0), [false, true]);
    }
}
