//! How a judge is trained: softmax cross-entropy, Adam 2e-4 with β1 0.5 as in the paper, both
//! genres half of each batch, each phrase in a random key; the weights with the best validation
//! accuracy are kept.
//!
//! The batch is 64 instead of the paper's 16: as accurate after as many phrases, in a quarter of
//! the optimiser's time.

use candle_core::{Device, Result, Tensor, Var};
use candle_nn::{AdamW, Optimizer, ParamsAdamW, loss::cross_entropy};

use super::profile::Profile;
use super::{JudgeError, Network, Shape};
use crate::genre::Pair;
use crate::net::init::{Normal, Store};
use crate::roll::Roll;
use crate::train::batch::{Batch, Drawing, Sampler};
use crate::train::data::{Data, Split};
use crate::train::evaluate::{style::share, subset};
use crate::train::guide::through_window;

/// Phrases of each genre in a batch.
const HALF_BATCH: usize = 32;
/// Steps between two looks at the validation phrases.
const LOOK: u64 = 50;
/// Validation phrases of each genre that are looked at during training.
const LOOKED_AT: usize = 500;
/// Phrases of each genre from which the profile's mean and spread are taken.
const STANDARD: usize = 2000;

/// What a judge learns from.
pub struct Lesson {
    /// The pair.
    pub(super) pair: Pair,
    /// The music, of which training and validation phrases are used.
    pub(super) music: Data,
    /// Whether phrases are seen through windows (see [`crate::train::guide`]).
    pub(super) windows: bool,
}

impl Lesson {
    /// The part of a corpus that a shape learns from: of ten pieces seven teach the first judge
    /// and three the second. The guide, which judges nothing, learns from all.
    pub fn new(data: &Data, pair: Pair, shape: Shape) -> std::result::Result<Self, JudgeError> {
        let music = data.with_training_pieces(|piece| match shape {
            Shape::Patches => piece % 10 < 7,
            Shape::Profile => piece % 10 >= 7,
            Shape::Guide => true,
        });
        for genre in [pair.a, pair.b] {
            for split in [Split::Train, Split::Validation] {
                if music.phrases(genre, split).rolls.is_empty() {
                    return Err(JudgeError::NoPhrases { split, genre, pair });
                }
            }
        }
        let windows = shape == Shape::Guide;
        Ok(Self {
            pair,
            music,
            windows,
        })
    }

    /// Phrases of both genres.
    pub(super) fn phrases(&self, split: Split) -> [&[Roll]; 2] {
        [self.pair.a, self.pair.b].map(|genre| &self.music.phrases(genre, split).rolls[..])
    }

    /// Draws of `size` phrases of each genre in all keys.
    fn sampler(&self, seed: u64, size: usize) -> Result<Sampler<'_>> {
        let drawing = Drawing {
            seed,
            size,
            transpose: 6,
        };
        Sampler::new(&self.music, self.pair, &[], drawing).map_err(candle_core::Error::wrap)
    }
}

/// The phrases of a batch, the first genre first.
fn both(batch: Batch) -> Vec<Roll> {
    let mut rolls = batch.a;
    rolls.extend(batch.b);
    rolls
}

/// Where the training is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Steps done.
    pub step: u64,
    /// Steps in all.
    pub steps: u64,
    /// Mean cross-entropy of the last batch.
    pub loss: f64,
    /// The best validation accuracy so far, the mean of both recalls.
    pub accuracy: f64,
}

/// How long and how fast a judge learns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// Steps, each with a batch of 64 phrases.
    pub steps: u64,
    /// Learning rate.
    pub rate: f64,
    /// Weight decay.
    pub decay: f64,
}

impl Pace {
    /// What suits a shape.
    pub const fn of(shape: Shape) -> Self {
        match shape {
            Shape::Patches => Self {
                steps: 600,
                rate: 2e-4,
                decay: 0.0,
            },
            Shape::Guide => Self {
                steps: 1000,
                rate: 2e-4,
                decay: 0.0,
            },
            Shape::Profile => Self {
                steps: 1500,
                rate: 1e-3,
                decay: 1e-2,
            },
        }
    }
}

/// Constant for half of the steps, then linearly down, as the paper's decay.
fn rate(pace: &Pace, step: u64) -> f64 {
    let left = (pace.steps - step) as f64 / (pace.steps as f64 / 2.0);
    pace.rate * left.min(1.0)
}

/// Trains `network`, whose variables are in `store`. Gives it back with the weights that were
/// best on the validation phrases and its recall of both genres there.
pub(super) fn teach(
    network: Network,
    store: &Store,
    lesson: &Lesson,
    pace: &Pace,
    seed: u64,
    progress: &mut dyn FnMut(Progress),
) -> Result<(Network, [f64; 2])> {
    let looked_at = lesson
        .phrases(Split::Validation)
        .map(|rolls| subset(rolls, LOOKED_AT));
    let variables = store.variables();
    if matches!(network, Network::Profile(_)) {
        let rolls = both(lesson.sampler(seed, STANDARD)?.batch(0));
        let [mean, inverse] = Profile::standard(&Profile::input(&rolls, &Device::Cpu)?)?;
        variables["traits.mean"].set(&mean)?;
        variables["traits.inverse_spread"].set(&inverse)?;
    }
    let learned = variables
        .iter()
        .filter(|(name, _)| !name.starts_with("traits."));
    let learned: Vec<Var> = learned.map(|(_, variable)| variable.clone()).collect();
    let mut adam = AdamW::new(
        learned.clone(),
        ParamsAdamW {
            lr: pace.rate,
            beta1: 0.5,
            weight_decay: pace.decay,
            ..ParamsAdamW::default()
        },
    )?;

    let labels: Vec<u32> = [0, 1]
        .into_iter()
        .flat_map(|genre| [genre; HALF_BATCH])
        .collect();
    let labels = Tensor::new(labels, &Device::Cpu)?;
    let sampler = lesson.sampler(seed, HALF_BATCH)?;
    let mut best = (0.0, Vec::new());
    for step in 0..pace.steps {
        let mut rolls = both(sampler.batch(step));
        if lesson.windows {
            let mut draw = Normal::new(seed ^ step.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            for roll in &mut rolls {
                *roll = through_window(roll, &mut draw);
            }
        }
        let loss = cross_entropy(&network.logits(&rolls)?, &labels)?;
        adam.set_learning_rate(rate(pace, step));
        adam.backward_step(&loss)?;
        let done = step + 1;
        if done % LOOK == 0 || done == pace.steps {
            let recalls = recalls(&network, looked_at.each_ref().map(Vec::as_slice))?;
            let accuracy = f64::midpoint(recalls[0], recalls[1]);
            if accuracy > best.0 {
                let copy = |variable: &Var| variable.copy();
                best = (accuracy, learned.iter().map(copy).collect::<Result<_>>()?);
            }
            progress(Progress {
                step: done,
                steps: pace.steps,
                loss: f64::from(loss.to_scalar::<f32>()?),
                accuracy: best.0,
            });
        }
    }
    for (variable, value) in learned.iter().zip(&best.1) {
        variable.set(value)?;
    }
    let recalls = recalls(&network, lesson.phrases(Split::Validation))?;
    Ok((network, recalls))
}

/// The share of each genre's phrases that are called so.
fn recalls(network: &Network, rolls: [&[Roll]; 2]) -> Result<[f64; 2]> {
    let first = share(&network.says_first(rolls[0])?);
    let second = 1.0 - share(&network.says_first(rolls[1])?);
    Ok([first, second])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_falls_to_nothing() {
        let pace = Pace::of(Shape::Patches);
        assert_eq!(rate(&pace, 0), 2e-4);
        assert_eq!(rate(&pace, pace.steps / 2), 2e-4);
        assert!(rate(&pace, pace.steps - 1) < 1e-6);
    }
}
