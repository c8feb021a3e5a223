//! How a judge is trained: softmax cross-entropy, Adam 2e-4 with β1 0.5 as in the paper, both
//! genres half of each batch, each phrase in a random key; the weights with the best validation
//! accuracy are kept.
//!
//! The batch is 64 instead of the paper's 16: as accurate after as many phrases, in a quarter of
//! the optimiser's time.

use candle_core::{Device, Result, Tensor, Var};
use candle_nn::{AdamW, Optimizer, ParamsAdamW, loss::cross_entropy};

use super::patches::Patches;
use super::{CHUNK, JudgeError, is_first_genre};
use crate::classify::style::share;
use crate::data::batch::{Batch, Drawing, PairSampler};
use crate::data::rolls::Rolls;
use crate::data::{Data, Split};
use crate::family::cyclegan::tensor_of_rolls;
use crate::genre::Pair;
use crate::nn::init::Store;
use crate::roll::Roll;

/// Phrases of each genre in a batch.
const HALF_BATCH: usize = 32;
/// Steps between two looks at the validation phrases.
const LOOK: u64 = 50;
/// Validation phrases of each genre that are looked at during training.
const LOOKED_AT: usize = 500;

/// Training and validation phrases of both genres.
pub struct FitData {
    /// The pair.
    pub(super) pair: Pair,
    /// The music, of which training and validation phrases are used.
    pub(super) music: Data,
}

impl FitData {
    /// The part of a corpus that the judge learns from: seven of ten pieces.
    ///
    /// # Errors
    /// One of the genres has no training or validation phrase, or the file of the rolls cannot be
    /// read.
    pub fn new(data: &Data, pair: Pair) -> std::result::Result<Self, JudgeError> {
        let music = data.with_training_pieces(|piece| piece % 10 < 7);
        for genre in [pair.a, pair.b] {
            for split in [Split::Train, Split::Validation] {
                if music.phrases(genre, split).rolls.is_empty() {
                    return Err(JudgeError::NoPhrases { split, genre, pair });
                }
            }
        }
        Ok(Self { pair, music })
    }

    /// Phrases of both genres.
    pub(super) fn phrases(&self, split: Split) -> [&Rolls; 2] {
        [self.pair.a, self.pair.b].map(|genre| &self.music.phrases(genre, split).rolls)
    }

    /// Draws of `size` phrases of each genre in all keys.
    fn sampler(&self, seed: u64, size: usize) -> Result<PairSampler<'_>> {
        let drawing = Drawing {
            seed,
            size,
            transpose: 6,
        };
        PairSampler::new(&self.music, self.pair, &[], drawing).map_err(candle_core::Error::wrap)
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
pub struct FitConfig {
    /// Steps, each with a batch of 64 phrases.
    pub steps: u64,
    /// Learning rate.
    pub rate: f64,
}

impl FitConfig {
    /// As long as its validation accuracy rises.
    pub const USUAL: Self = Self {
        steps: 600,
        rate: 2e-4,
    };
}

/// Constant for half of the steps, then linearly down, as the paper's decay.
fn rate(pace: &FitConfig, step: u64) -> f64 {
    let left = (pace.steps - step) as f64 / (pace.steps as f64 / 2.0);
    pace.rate * left.min(1.0)
}

/// Trains `network`, whose variables are in `store`. Gives it back with the weights that were
/// best on the validation phrases and its recall of both genres there.
pub(super) fn teach(
    network: Patches,
    store: &Store,
    lesson: &FitData,
    pace: &FitConfig,
    seed: u64,
    progress: &mut dyn FnMut(Progress),
) -> Result<(Patches, [f64; 2])> {
    let [a, b] = lesson.phrases(Split::Validation);
    let looked_at: [Rolls; 2] = [a.subset(LOOKED_AT)?.into(), b.subset(LOOKED_AT)?.into()];
    let learned: Vec<Var> = store.variables().into_values().collect();
    let mut adam = AdamW::new(
        learned.clone(),
        ParamsAdamW {
            lr: pace.rate,
            beta1: 0.5,
            weight_decay: 0.0,
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
        let rolls = both(sampler.batch(step)?);
        let input = Patches::scaled(&tensor_of_rolls(&rolls, &Device::Cpu)?)?;
        let loss = cross_entropy(&network.logits(&input)?, &labels)?;
        adam.set_learning_rate(rate(pace, step));
        adam.backward_step(&loss)?;
        let done = step + 1;
        if done % LOOK == 0 || done == pace.steps {
            let recalls = recalls(&network, looked_at.each_ref())?;
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
fn recalls(network: &Patches, rolls: [&Rolls; 2]) -> Result<[f64; 2]> {
    let first = |rolls: &Rolls| -> Result<f64> {
        let mut said = Vec::with_capacity(rolls.len());
        for some in rolls.chunks(CHUNK) {
            said.extend(is_first_genre(network, &some?)?);
        }
        Ok(share(&said))
    };
    Ok([first(rolls[0])?, 1.0 - first(rolls[1])?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_falls_to_nothing() {
        let pace = FitConfig::USUAL;
        assert_eq!(rate(&pace, 0), 2e-4);
        assert_eq!(rate(&pace, pace.steps / 2), 2e-4);
        assert!(rate(&pace, pace.steps - 1) < 1e-6);
    }
}
