//! How far from what is played a note may be added.
//!
//! A guide can be won over by the same few notes in every phrase, put where the music is not: a
//! pedal at the bottom of the keyboard, a flourish at its top. A musician who plays a phrase in
//! another style adds notes to what is there. So what sounds out of the source's reach costs.

use candle_core::{Result, Tensor};

use crate::roll::{PITCHES, Roll, STEPS};

/// Steps before and after: a beat.
const IN_TIME: usize = 4;
/// Semitones up and down: a fifth.
const IN_PITCH: usize = 7;

/// The cells within reach of a phrase's notes.
pub(super) fn reach(roll: &Roll) -> Roll {
    let within = (1u128 << PITCHES) - 1;
    let wide = roll
        .steps()
        .map(|step| (0..=IN_PITCH).fold(0, |wide, by| wide | (step << by & within) | step >> by));
    Roll::from_steps(std::array::from_fn(|step| {
        let times = step.saturating_sub(IN_TIME)..STEPS.min(step + IN_TIME + 1);
        wide[times].iter().fold(0, |all, wide| all | wide)
    }))
}

/// How many cells of each fake are out of its source's `reach`, as a share of the source's cells:
/// the mean over the phrases.
pub(super) fn beyond(fake: &Tensor, source: &Tensor, reach: &Tensor) -> Result<Tensor> {
    let cells = |x: &Tensor| x.flatten_from(1)?.sum(1);
    let out = cells(&(fake * (1.0 - reach)?)?)?;
    (out / (cells(source)? + 1.0)?)?.mean_all()
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;
    use crate::net::tensor_of_rolls;

    #[test]
    fn a_beat_and_a_fifth_around_each_note_are_within_reach() {
        let mut roll = Roll::EMPTY;
        roll.fill(40, 20, 24);
        roll.fill(80, 63, 64);
        let reach = reach(&roll);
        for (step, row, expected) in [
            (16, 33, true),
            (27, 47, true),
            (15, 40, false),
            (28, 40, false),
            (20, 32, false),
            (20, 48, false),
            (59, 83, true),
            (63, 73, true),
        ] {
            assert_eq!(reach.get(step, row), expected, "{step} {row}");
        }
        assert!(super::reach(&Roll::EMPTY).is_empty());
    }

    #[test]
    fn what_is_out_of_reach_costs_its_share_of_the_source() {
        let tensor = |roll: &Roll| tensor_of_rolls(&[*roll], &Device::Cpu).unwrap();
        let mut source = Roll::EMPTY;
        source.fill(40, 0, 9);
        let near = tensor(&reach(&source));
        let mut fake = source;
        fake.fill(44, 2, 8);
        let cost = |fake: &Roll| {
            let cost = beyond(&tensor(fake), &tensor(&source), &near).unwrap();
            cost.to_scalar::<f32>().unwrap()
        };
        assert_eq!(cost(&fake), 0.0);
        fake.fill(70, 30, 35);
        assert!((cost(&fake) - 0.5).abs() < 1e-6);
    }
}
