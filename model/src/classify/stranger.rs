//! The stranger test: a classifier that has never seen the network learns to tell its outputs
//! from real music of the target genre, and is asked about others of both (the classifier
//! two-sample test, Lopez-Paz and Oquab 2017). 0.5: they cannot be told apart.
//!
//! A judge that was frozen before a network learned can be fooled by it; a stranger cannot, for
//! it learns from the outputs themselves. Each seed divides the pieces in two; a stranger that
//! learns from one half is asked about the other and the other way round, so that every phrase is
//! asked about once. The figure is the mean over seeds: by itself one stranger is off by some
//! hundredths.

pub(crate) mod halves;
mod lesson;
mod network;
mod pool;

use candle_core::Result;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use self::halves::part;
use self::lesson::{Both, teach};
use crate::nn::init::Normal;
use crate::nn::ops::{Precision, with_precision};
use crate::roll::notes::NoteRoll;

/// Phrases with the piece that each comes from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PhraseSample {
    /// The phrases.
    pub phrases: Vec<NoteRoll>,
    /// A number for the piece of each. Two samples with a number in common share that piece.
    pub pieces: Vec<u64>,
}

/// The strangers that are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Panel {
    /// Divisions of the pieces, each with one stranger on each half.
    pub seeds: usize,
    /// Seed of the first.
    pub seed: u64,
    /// Steps that each learns at most, with 32 phrases each.
    pub steps: usize,
}

impl Default for Panel {
    fn default() -> Self {
        Self {
            seeds: 5,
            seed: 1,
            steps: 300,
        }
    }
}

/// How well strangers tell outputs from real music, 0.5 (by chance) to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stranger {
    /// The accuracy, the mean over seeds. Each accuracy is the mean of both kinds' shares.
    pub mean: f64,
    /// The least of a seed.
    pub least: f64,
    /// The most of a seed.
    pub most: f64,
    /// The accuracy of all seeds' strangers together: the sign of the mean of their scores.
    pub together: f64,
    /// Phrases of each kind.
    pub phrases: usize,
}

/// Asks a panel of strangers. The samples should be of equal size. The same arguments give the
/// same figures on any number of threads of the current rayon pool.
///
/// # Errors
/// candle's: shapes that do not fit, no memory on the device.
pub fn stranger(outputs: &PhraseSample, real: &PhraseSample, panel: Panel) -> Result<Stranger> {
    let all = Both {
        phrases: [outputs.phrases.clone(), real.phrases.clone()],
        pieces: [outputs.pieces.clone(), real.pieces.clone()],
    };
    if all.lacks() || panel.seeds == 0 {
        candle_core::bail!("a stranger needs phrases of both kinds and a seed");
    }
    // Each seed's division of the pieces, and the two halves to learn from.
    let seeds: Vec<u64> = (0..panel.seeds as u64)
        .map(|number| number_seed(panel.seed, number))
        .collect();
    let marks = seeds.iter().map(|seed| {
        let pieces = [&all.pieces[0][..], &all.pieces[1][..]];
        part(pieces, 0.5, &mut Normal::new(*seed))
    });
    let marks: Vec<[Vec<bool>; 2]> = marks.collect();
    let jobs: Vec<(usize, bool)> = (0..seeds.len())
        .flat_map(|at| [(at, false), (at, true)])
        .collect();
    let asked: Result<Vec<[Vec<f32>; 2]>> = jobs
        .par_iter()
        .map(|(at, half)| {
            with_precision(Precision::Bf16, || {
                let own = seeds[*at] ^ u64::from(*half);
                let network = teach(&all.part(&marks[*at], *half), panel.steps, own)?;
                let others = all.part(&marks[*at], !*half).phrases;
                Ok([network.scores(&others[0])?, network.scores(&others[1])?])
            })
        })
        .collect();
    let asked = asked?;
    let mut sums = all.phrases.each_ref().map(|kind| vec![0.0; kind.len()]);
    let mut accuracies = Vec::new();
    for (marks, halves) in marks.iter().zip(asked.chunks_exact(2)) {
        let scores = [0, 1].map(|kind| joined(&marks[kind], [&halves[0][kind], &halves[1][kind]]));
        accuracies.push(accuracy(&scores));
        for (sum, scores) in sums.iter_mut().zip(&scores) {
            sum.iter_mut()
                .zip(scores)
                .for_each(|(sum, score)| *sum += score);
        }
    }
    Ok(Stranger {
        mean: accuracies.iter().sum::<f64>() / accuracies.len() as f64,
        least: accuracies.iter().copied().fold(1.0, f64::min),
        most: accuracies.iter().copied().fold(0.0, f64::max),
        together: accuracy(&sums),
        phrases: outputs.phrases.len().min(real.phrases.len()),
    })
}

/// The seed of each division.
fn number_seed(seed: u64, number: u64) -> u64 {
    crate::nn::init::hash(number.to_le_bytes(), seed) & !1
}

/// The scores of one kind in its order: those that learned from the unmarked half were asked
/// about the marked one.
fn joined(marks: &[bool], halves: [&[f32]; 2]) -> Vec<f32> {
    let mut halves = halves.map(|half| half.iter().copied());
    let one = |mark: &bool| halves[usize::from(!*mark)].next().unwrap_or_default();
    marks.iter().map(one).collect()
}

/// The mean of both kinds' shares of right answers; a score of 0 is half right.
fn accuracy(scores: &[Vec<f32>; 2]) -> f64 {
    let right = |kind: &[f32], sign: f32| -> f64 {
        let each = kind
            .iter()
            .map(|score| match (score * sign).total_cmp(&0.0) {
                std::cmp::Ordering::Greater => 1.0,
                std::cmp::Ordering::Less => 0.0,
                std::cmp::Ordering::Equal => 0.5,
            });
        each.sum::<f64>() / kind.len().max(1) as f64
    };
    f64::midpoint(right(&scores[0], -1.0), right(&scores[1], 1.0))
}

#[cfg(test)]
mod tests;
