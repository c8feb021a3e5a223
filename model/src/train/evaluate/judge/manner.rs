//! The second guide's shape: a perceptron over a phrase's manner, which is counted by tensor
//! operations, so that it has a gradient.
//!
//! The manner is what the second judge's profile is, as far as it has a gradient: where in the bar
//! notes start, how long they sound, how many at once, their intervals, the leaps of the outer
//! lines, and the harmony. Which notes are the outer lines is found outside the gradient.

use candle_core::{Device, Result, Tensor};
use candle_nn::VarBuilder;

use super::perceptron::Perceptron;
use crate::roll::{PITCHES, STEPS, STEPS_PER_SLOT};

/// Notes as long as this or longer are counted, one group between each two.
const LENGTHS: [usize; 9] = [1, 2, 3, 4, 5, 7, 9, 13, 17];
/// The largest number of notes told apart that start together, and that sound together.
const TOGETHER: [usize; 2] = [6, 8];
/// Melodic intervals from an octave down to an octave up.
const LEAPS: usize = 25;
/// Numbers of pitch classes in a beat that are told apart.
const CLASSES: usize = 7;
/// Length of a manner.
const COUNTS: usize = 3 * STEPS_PER_SLOT
    + LENGTHS.len()
    + TOGETHER[0]
    + TOGETHER[1]
    + 1
    + 2 * 12
    + 2 * LEAPS
    + 6
    + CLASSES
    + 3
    + 3;

/// A perceptron over the manner.
pub(in crate::train) struct Manner {
    perceptron: Perceptron,
    tables: Tables,
}

impl Manner {
    /// Makes or finds the weights in `weights`.
    pub(super) fn new(weights: &VarBuilder<'_>) -> Result<Self> {
        Ok(Self {
            perceptron: Perceptron::new(COUNTS, weights)?,
            tables: Tables::new(weights.device())?,
        })
    }

    /// The manner of cells (rolls, 1, steps, pitches) from 0 to 1: (rolls, counts).
    pub(super) fn of(&self, cells: &Tensor) -> Result<Tensor> {
        manner(cells, &self.tables)
    }

    /// Two logits a roll, the pair's first genre first, of what [`Self::of`] says.
    pub(super) fn logits(&self, manner: &Tensor) -> Result<Tensor> {
        self.perceptron.logits(manner)
    }
}

/// What pitches are to each other and to the octave.
struct Tables {
    /// The interval within the octave of each pair of pitches, upwards: (pitches², 12)
    up: Tensor,
    /// The leap from each pitch to each: (pitches², leaps)
    leaps: Tensor,
    /// The class of each pitch: (pitches, 12)
    classes: Tensor,
    /// How high each pitch is, in octaves: (1, 1, pitches)
    octaves: Tensor,
}

impl Tables {
    fn new(device: &Device) -> Result<Self> {
        let up = |interval: i32| (interval > 0).then_some(interval as usize % 12);
        let leap = |interval: i32| Some((interval + 12).clamp(0, LEAPS as i32 - 1) as usize);
        let classes = (0..PITCHES).flat_map(|row| (0..12).map(move |class| (row, class)));
        let classes = classes.map(|(row, class)| f32::from(u8::from(row % 12 == class)));
        let octaves = (0..PITCHES).map(|row| row as f32 / 12.0);
        Ok(Self {
            up: grouped(12, up, device)?,
            leaps: grouped(LEAPS, leap, device)?,
            classes: Tensor::from_iter(classes, device)?.reshape((PITCHES, 12))?,
            octaves: Tensor::from_iter(octaves, device)?.reshape((1, 1, PITCHES))?,
        })
    }
}

/// An outer line: its cells, and for each step the next in which it starts a note.
struct Line {
    /// (rolls, steps, pitches)
    cells: Tensor,
    /// (rolls, steps, steps)
    next: Tensor,
}

/// The highest and the lowest line of cells (rolls, steps, pitches), without a gradient.
fn lines(cells: &Tensor) -> Result<[Line; 2]> {
    let device = cells.device();
    let rolls = cells.dim(0)?;
    let values = cells.detach().to_device(&Device::Cpu)?.flatten_all()?;
    let values: Vec<f32> = values.to_vec1()?;
    let line = |end: fn(&[f32]) -> Option<usize>| -> Result<Line> {
        let mut of_line = vec![0.0f32; values.len()];
        let mut next = vec![0.0f32; rolls * STEPS * STEPS];
        for (roll, steps) in values.chunks_exact(STEPS * PITCHES).enumerate() {
            let mut last = None;
            for (step, sounding) in steps.chunks_exact(PITCHES).enumerate() {
                let Some(row) = end(sounding) else { continue };
                of_line[(roll * STEPS + step) * PITCHES + row] = 1.0;
                let held = step > 0 && steps[(step - 1) * PITCHES + row] > 0.5;
                if !held && let Some(last) = last.replace(step) {
                    next[(roll * STEPS + last) * STEPS + step] = 1.0;
                }
            }
        }
        Ok(Line {
            cells: Tensor::from_vec(of_line, (rolls, STEPS, PITCHES), device)?,
            next: Tensor::from_vec(next, (rolls, STEPS, STEPS), device)?,
        })
    };
    Ok([
        line(|row| row.iter().rposition(|cell| *cell > 0.5))?,
        line(|row| row.iter().position(|cell| *cell > 0.5))?,
    ])
}

/// For each pair of pitches (low, high) the group that `group` puts it in: (pitches², groups).
fn grouped(groups: usize, group: impl Fn(i32) -> Option<usize>, device: &Device) -> Result<Tensor> {
    let mut table = vec![0.0f32; PITCHES * PITCHES * groups];
    for low in 0..PITCHES {
        for high in 0..PITCHES {
            if let Some(group) = group(high as i32 - low as i32) {
                table[(low * PITCHES + high) * groups + group] = 1.0;
            }
        }
    }
    Tensor::from_vec(table, (PITCHES * PITCHES, groups), device)
}

/// Shares of each row's sum, which is at least one wherever there is anything to count: an empty
/// phrase must not have a steep gradient.
fn shares(counts: &Tensor) -> Result<Tensor> {
    counts.broadcast_div(&counts.sum_keepdim(1)?.maximum(1.0)?)
}

/// How many of the numbers (rolls, n) are near `from`, `from` + 1, …, `most` or more.
fn histogram(numbers: &Tensor, from: usize, most: usize) -> Result<Tensor> {
    let numbers = numbers.clamp(0.0, most as f64)?;
    let groups = (from..=most).map(|number| {
        let near = (1.0 - (&numbers - number as f64)?.abs()?)?;
        near.relu()?.sum_keepdim(1)
    });
    shares(&Tensor::cat(&groups.collect::<Result<Vec<_>>>()?, 1)?)
}

/// The cells of each step `by` steps earlier; nothing sounds after the end.
fn later(x: &Tensor, by: usize) -> Result<Tensor> {
    x.narrow(1, by, STEPS - by)?.pad_with_zeros(1, 0, by)
}

fn manner(cells: &Tensor, tables: &Tables) -> Result<Tensor> {
    let x = cells.squeeze(1)?;
    let rolls = x.dim(0)?;
    let held = x.narrow(1, 0, STEPS - 1)?.pad_with_zeros(1, 1, 0)?;
    let onsets = (&x * (1.0 - held)?)?;
    let lines = lines(&x)?;
    let starts = [
        onsets.clone(),
        (&onsets * &lines[0].cells)?,
        (&onsets * &lines[1].cells)?,
    ];
    let mut counts = Vec::new();
    for starts in &starts {
        let bars = starts.reshape((rolls, STEPS / STEPS_PER_SLOT, STEPS_PER_SLOT, PITCHES))?;
        counts.push(shares(&bars.sum(3)?.sum(1)?)?);
    }
    counts.push(lengths(&x, &onsets)?);
    counts.push(histogram(&onsets.sum(2)?, 1, TOGETHER[0])?);
    counts.push(histogram(&x.sum(2)?, 0, TOGETHER[1])?);

    // Each step counts once, however many intervals its notes make: a single cluster has more of
    // them than a bar of chords.
    let notes = x.sum_keepdim(2)?.detach();
    let others = (&notes - 1.0)?.maximum(1.0)?;
    let pairs = ((&notes * &others)? * 0.5)?.maximum(1.0)?;
    let bass = (&x * &lines[1].cells)?;
    for (low, intervals) in [(&x, pairs), (&bass, others)] {
        let low = low.broadcast_div(&intervals)?;
        let together = low.transpose(1, 2)?.contiguous()?.matmul(&x)?;
        counts.push(shares(&together.flatten_from(1)?.matmul(&tables.up)?)?);
    }
    for (starts, line) in starts[1..].iter().zip(&lines) {
        let next = line.next.matmul(starts)?;
        let pairs = starts.transpose(1, 2)?.contiguous()?.matmul(&next)?;
        counts.push(shares(&pairs.flatten_from(1)?.matmul(&tables.leaps)?)?);
    }
    counts.extend(harmony(&x, &tables.classes)?);
    counts.extend(register(&x, &onsets, &tables.octaves)?);
    Tensor::cat(&counts, 1)
}

/// The shares of notes by their length.
fn lengths(x: &Tensor, onsets: &Tensor) -> Result<Tensor> {
    let mut still = onsets.clone();
    let mut length = 1;
    let mut at_least = Vec::new();
    for least in LENGTHS {
        while length < least {
            still = (still * later(x, length)?)?;
            length += 1;
        }
        at_least.push(still.sum(2)?.sum_keepdim(1)?);
    }
    let at_least = Tensor::cat(&at_least, 1)?;
    let longer = at_least.narrow(1, 1, LENGTHS.len() - 1)?;
    shares(&(&at_least - longer.pad_with_zeros(1, 0, 1)?)?)
}

/// How pitch classes stand to each other, how many a beat holds, and how alike the harmony is one
/// beat, half a bar and a bar later.
fn harmony(x: &Tensor, classes: &Tensor) -> Result<[Tensor; 3]> {
    const BEATS: usize = STEPS / 4;
    let rolls = x.dim(0)?;
    let beats = x.reshape((rolls, BEATS, 4, PITCHES))?.sum(2)?;
    let beats = beats.reshape((rolls * BEATS, PITCHES))?.matmul(classes)?;
    let beats = beats.reshape((rolls, BEATS, 12))?;

    let all = shares(&beats.sum(1)?)?;
    let apart = (1..=6).map(|apart| {
        let rest = all.narrow(1, apart, 12 - apart)?;
        let turned = Tensor::cat(&[&rest, &all.narrow(1, 0, apart)?], 1)?;
        (&all * turned)?.sum_keepdim(1)
    });
    let apart = Tensor::cat(&apart.collect::<Result<Vec<_>>>()?, 1)?;
    // A class that sounds for a step is nearly there, one that sounds for a beat wholly.
    let there = (1.0 - (&beats * -3.0)?.exp()?)?.sum(2)?;
    let sizes = histogram(&there, 0, CLASSES - 1)?;

    let length = (beats.sqr()?.sum(2)? + 1.0)?.sqrt()?;
    let alike = [1, 2, 4].map(|apart| {
        let pair = |tensor: &Tensor| -> Result<[Tensor; 2]> {
            let span = BEATS - apart;
            Ok([tensor.narrow(1, 0, span)?, tensor.narrow(1, apart, span)?])
        };
        let ([now, then], [a, b]) = (pair(&beats)?, pair(&length)?);
        (((now * then)?.sum(2)? / (a * b)?)?).mean_keepdim(1)
    });
    let [one, two, four] = alike;
    Ok([apart, sizes, Tensor::cat(&[one?, two?, four?], 1)?])
}

/// Sounding pitches and onsets a step, and the spread of all pitches in octaves.
fn register(x: &Tensor, onsets: &Tensor, octaves: &Tensor) -> Result<[Tensor; 3]> {
    let sum = |x: &Tensor| x.sum(2)?.sum_keepdim(1);
    let all = sum(x)?.maximum(1.0)?;
    let mean = (sum(&x.broadcast_mul(octaves)?)? / &all)?;
    let square = (sum(&x.broadcast_mul(&octaves.sqr()?)?)? / &all)?;
    let spread = ((square - mean.sqr()?)?.relu()? + 0.01)?.sqrt()?;
    Ok([
        (all / STEPS as f64)?,
        (sum(onsets)? / STEPS as f64)?,
        spread,
    ])
}

#[cfg(test)]
mod tests {
    use super::super::traits::traits;
    use super::*;
    use crate::net::tensor_of_rolls;
    use crate::roll::Roll;
    use crate::roll::tests::any_roll;
    use proptest::prelude::*;

    fn of(roll: &Roll) -> Vec<f32> {
        let cells = tensor_of_rolls(&[*roll], &Device::Cpu).unwrap();
        let tables = Tables::new(&Device::Cpu).unwrap();
        manner(&cells, &tables)
            .unwrap()
            .squeeze(0)
            .unwrap()
            .to_vec1()
            .unwrap()
    }

    proptest! {
        /// Up to the harmony every count is also one of the profile's traits, which are counted
        /// note by note, but for the intervals, which it counts step by step.
        #[test]
        fn it_counts_as_the_profile_does(roll in any_roll()) {
            let (manner, traits) = (of(&roll), traits(&roll));
            prop_assert_eq!(manner.len(), COUNTS);
            // The profile has two traits of repetition after the rhythm.
            let rhythm = 3 * STEPS_PER_SLOT;
            let intervals = rhythm + LENGTHS.len() + TOGETHER[0] + TOGETHER[1] + 1;
            let leaps = intervals + 2 * 12;
            let same = (0..rhythm).map(|at| (at, at))
                .chain((rhythm..intervals).chain(leaps..leaps + 2 * LEAPS + 6).map(|at| (at, at + 2)));
            for (ours, theirs) in same {
                let (ours, theirs) = (manner[ours], traits[theirs]);
                prop_assert!((ours - theirs).abs() < 1e-4, "{} for {}", ours, theirs);
            }
        }
    }

    #[test]
    fn a_cluster_is_one_step_s_harmony() {
        let mut roll = Roll::EMPTY;
        roll.fill(20, 0, 9);
        roll.fill(27, 0, 9);
        for row in 40..50 {
            roll.fill(row, 20, 21);
        }
        let at = 3 * STEPS_PER_SLOT + LENGTHS.len() + TOGETHER[0] + TOGETHER[1] + 1;
        let fifths = of(&roll)[at + 7];
        // Nine steps of a fifth, and one of 45 intervals of which three are fifths.
        assert!(
            (fifths - (9.0 + 3.0 / 45.0) / 10.0).abs() < 1e-4,
            "{fifths}"
        );
    }

    #[test]
    fn every_cell_has_a_gradient() {
        let mut roll = Roll::EMPTY;
        for (row, start) in [(20, 0), (24, 0), (27, 4), (60, 8)] {
            roll.fill(row, start, start + 6);
        }
        let cells = tensor_of_rolls(&[roll, Roll::EMPTY], &Device::Cpu).unwrap();
        let cells = candle_core::Var::from_tensor(&cells).unwrap();
        let tables = Tables::new(&Device::Cpu).unwrap();
        let manner = manner(cells.as_tensor(), &tables).unwrap();
        let gradients = manner.sqr().unwrap().sum_all().unwrap().backward().unwrap();
        let gradient = gradients.get(&cells).unwrap().get(0).unwrap();
        let gradient: Vec<f32> = gradient.flatten_all().unwrap().to_vec1().unwrap();
        assert!(gradient.iter().all(|value| value.is_finite()));
        let flat = gradient.iter().filter(|value| **value == 0.0).count();
        assert!(flat < gradient.len() / 10, "{flat} of {}", gradient.len());
    }
}
