//! How a phrase swings: where its players put the second and the fourth 16th of a beat.
//!
//! A swung eighth falls near the fourth 16th, a little early; swung 16ths fall on the second and
//! the fourth, a little late. Where enough notes of a phrase agree on that, the grid of what is
//! added and of Quantise follows them. Pure, of fixed size, without allocation.

use super::quantise::{STEPS_PER_BEAT, nearest_step};

/// Onsets of one kind that are looked at.
const MOST: usize = 128;
/// Fewer say nothing.
const ENOUGH: usize = 4;
/// An onset agrees with the median if it is at most so far (steps) from it.
const NEAR: f64 = 0.12;
/// Notes nearer (steps) than this to the straight grid are played straight.
const STRAIGHT: f64 = 0.15;
/// No step is moved farther (steps), so that each note stays nearest to its own.
const MOST_LATE: f64 = 0.45;
/// Parts of a step in which an offset is kept.
const PARTS: f64 = 1920.0;

/// How much later than on the straight grid the second and the fourth 16th of a beat sound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Swing {
    /// In 1920ths of a step.
    late: [i16; 2],
}

impl Swing {
    /// The straight grid.
    pub const STRAIGHT: Self = Self { late: [0; 2] };

    /// The swing of a phrase whose notes begin at these beats from a bar line.
    pub fn of(onsets: impl Iterator<Item = f64>) -> Self {
        let mut offsets = [[0.0; MOST]; 2];
        let mut counts = [0; 2];
        for onset in onsets {
            let step = nearest_step(onset);
            let Some(kind) = kind_of(step) else {
                continue;
            };
            if counts[kind] < MOST {
                offsets[kind][counts[kind]] = onset * STEPS_PER_BEAT - step as f64;
                counts[kind] += 1;
            }
        }
        let mut swing = Self::STRAIGHT;
        for ((late, offsets), count) in swing.late.iter_mut().zip(&mut offsets).zip(counts) {
            *late = agreed(&mut offsets[..count]).map_or(0, |late| (late * PARTS).round() as i16);
        }
        swing
    }

    /// How much later (steps, −0.45..=0.45) than on the straight grid `step`, counted from a bar
    /// line, sounds.
    pub fn late(&self, step: i64) -> f64 {
        kind_of(step).map_or(0.0, |kind| f64::from(self.late[kind]) / PARTS)
    }
}

/// 0 for the second 16th of a beat, 1 for the fourth.
const fn kind_of(step: i64) -> Option<usize> {
    match step.rem_euclid(4) {
        1 => Some(0),
        3 => Some(1),
        _ => None,
    }
}

/// The median, if there are enough, most are near it, and it is not straight.
fn agreed(offsets: &mut [f64]) -> Option<f64> {
    if offsets.len() < ENOUGH {
        return None;
    }
    let middle = offsets.len() / 2;
    let (_, median, _) = offsets.select_nth_unstable_by(middle, f64::total_cmp);
    let median = *median;
    let near = offsets
        .iter()
        .filter(|offset| (**offset - median).abs() <= NEAR);
    let most = near.count() * 4 >= offsets.len() * 3;
    (most && median.abs() > STRAIGHT).then_some(median.clamp(-MOST_LATE, MOST_LATE))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four bars with these onsets in each beat, each up to `loose` beats off.
    fn bars(beat: &[f64], loose: f64) -> Swing {
        let onsets = (0..16).flat_map(|at| {
            beat.iter().enumerate().map(move |(place, onset)| {
                let off = ((at * 7 + place * 3) % 5) as f64 / 2.0 - 1.0;
                f64::from(at as u8) + onset + off * loose
            })
        });
        Swing::of(onsets)
    }

    #[test]
    fn swung_eighths_fall_before_the_fourth_sixteenth() {
        let swing = bars(&[0.0, 2.0 / 3.0], 0.01);
        assert!((swing.late(3) + 1.0 / 3.0).abs() < 0.05, "{swing:?}");
        assert_eq!([0, 1, 2, 4].map(|step| swing.late(step)), [0.0; 4]);
        assert_eq!(swing.late(7), swing.late(3));
    }

    #[test]
    fn triplets_fall_after_the_second_and_before_the_fourth() {
        let swing = bars(&[0.0, 1.0 / 3.0, 2.0 / 3.0], 0.0);
        assert!((swing.late(1) - 1.0 / 3.0).abs() < 1e-3);
        assert!((swing.late(3) + 1.0 / 3.0).abs() < 1e-3);
    }

    #[test]
    fn swung_sixteenths_are_late_twice() {
        let swing = bars(&[0.0, 0.31, 0.5, 0.81], 0.01);
        assert!((0.18..0.3).contains(&swing.late(1)), "{swing:?}");
        assert!((0.18..0.3).contains(&swing.late(3)), "{swing:?}");
    }

    #[test]
    fn straight_playing_is_straight_however_loose() {
        assert_eq!(bars(&[0.0, 0.25, 0.5, 0.75], 0.0), Swing::STRAIGHT);
        assert_eq!(bars(&[0.0, 0.25, 0.5, 0.75], 0.03), Swing::STRAIGHT);
        assert_eq!(bars(&[0.0, 0.5], 0.02), Swing::STRAIGHT);
    }

    #[test]
    fn too_few_notes_or_none_that_agree_say_nothing() {
        assert_eq!(Swing::of(std::iter::empty()), Swing::STRAIGHT);
        assert_eq!(
            Swing::of([0.667, 1.667, 2.667].into_iter()),
            Swing::STRAIGHT
        );
        let mixed = (0..16).map(|at| f64::from(at) + if at % 2 == 0 { 0.667 } else { 0.75 });
        assert_eq!(Swing::of(mixed), Swing::STRAIGHT);
    }
}
