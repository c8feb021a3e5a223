//! How a judge is trained: softmax cross-entropy, Adam 2e-4 with β1 0.5 as in the paper, both
//! genres half of each batch, each phrase in a random key; the weights with the best validation
//! accuracy are kept.
//!
//! The batch is 64 instead of the paper's 16: as accurate after as many phrases, in a quarter of
//! the optimiser's time.

use candle_core::{Device, Result, Tensor, Var};
use candle_nn::{AdamW, Optimizer, ParamsAdamW, loss::cross_entropy};
use rand::distr::{Distribution, weighted::WeightedIndex};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::profile::Profile;
use super::{JudgeError, Network, Shape};
use crate::genre::Pair;
use crate::net::init::Store;
use crate::roll::{PITCHES, Roll};
use crate::train::data::{Data, Split};
use crate::train::evaluate::{style::share, subset};

/// Phrases of each genre in a batch.
const HALF_BATCH: usize = 32;
/// Steps between two looks at the validation phrases.
const LOOK: u64 = 50;
/// Validation phrases of each genre that are looked at during training.
const LOOKED_AT: usize = 500;
/// Phrases of each genre from which the profile's mean and spread are taken.
const STANDARD: usize = 2000;
/// Semitones down and up by which a phrase may be moved.
const KEYS: (i32, i32) = (-5, 6);

/// The phrases of a pair, the first genre first.
pub struct Lesson<'a> {
    /// The pair.
    pub pair: Pair,
    /// Phrases to learn from.
    pub train: [Vec<&'a Roll>; 2],
    /// How often each of them is drawn, relative to the others.
    pub weights: [Vec<f32>; 2],
    /// Phrases that choose the weights.
    pub validation: [&'a [Roll]; 2],
    /// What the phrases are, for the record.
    pub hash: &'a str,
}

impl<'a> Lesson<'a> {
    /// The part of a corpus that a shape learns from: of ten pieces seven teach the first judge
    /// and three the second.
    pub fn of(data: &'a Data, pair: Pair, shape: Shape) -> std::result::Result<Self, JudgeError> {
        let mut lesson = Self {
            pair,
            train: [Vec::new(), Vec::new()],
            weights: [Vec::new(), Vec::new()],
            validation: [&[], &[]],
            hash: data.hash(),
        };
        for (at, genre) in [pair.a, pair.b].into_iter().enumerate() {
            let phrases = data.phrases(genre, Split::Train);
            for ((roll, weight), piece) in phrases
                .rolls
                .iter()
                .zip(&phrases.weights)
                .zip(&phrases.piece_of)
            {
                if (piece % 10 < 7) == (shape == Shape::Patches) {
                    lesson.train[at].push(roll);
                    lesson.weights[at].push(*weight);
                }
            }
            lesson.validation[at] = &data.phrases(genre, Split::Validation).rolls;
            let missing = |split: Split| JudgeError::NoPhrases { split, genre, pair };
            if lesson.train[at].is_empty() {
                return Err(missing(Split::Train));
            }
            if lesson.validation[at].is_empty() {
                return Err(missing(Split::Validation));
            }
        }
        Ok(lesson)
    }
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

/// The phrase in a random key, of those in which no cell is lost.
fn in_some_key(roll: &Roll, random: &mut impl Rng) -> Roll {
    let used = roll.steps().iter().fold(0, |used, step| used | step);
    let Some(top) = u128::checked_ilog2(used) else {
        return *roll;
    };
    let down = -(used.trailing_zeros() as i32);
    let up = PITCHES as i32 - 1 - top as i32;
    roll.transpose(random.random_range(KEYS.0.max(down)..=KEYS.1.min(up)))
}

/// Trains `network`, whose variables are in `store`. Gives it back with the weights that were
/// best on the validation phrases and its recall of both genres there.
pub(super) fn teach(
    network: Network,
    store: &Store,
    lesson: &Lesson<'_>,
    pace: &Pace,
    seed: u64,
    progress: &mut dyn FnMut(Progress),
) -> Result<(Network, [f64; 2])> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut draws = Vec::new();
    for weights in &lesson.weights {
        draws.push(WeightedIndex::new(weights).map_err(candle_core::Error::wrap)?);
    }
    let half = |genre: usize, random: &mut ChaCha8Rng, size: usize| -> Vec<Roll> {
        let draw = |_| lesson.train[genre][draws[genre].sample(random)];
        let drawn: Vec<&Roll> = (0..size).map(draw).collect();
        drawn
            .into_iter()
            .map(|roll| in_some_key(roll, random))
            .collect()
    };
    let looked_at = lesson.validation.map(|rolls| subset(rolls, LOOKED_AT));

    let variables = store.variables();
    if matches!(network, Network::Profile(_)) {
        let mut rolls = half(0, &mut random, STANDARD);
        rolls.extend(half(1, &mut random, STANDARD));
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
    let mut best = (0.0, Vec::new());
    for step in 0..pace.steps {
        let mut rolls = half(0, &mut random, HALF_BATCH);
        rolls.extend(half(1, &mut random, HALF_BATCH));
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
    let recalls = recalls(&network, lesson.validation)?;
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
    use crate::roll::tests::any_roll;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn another_key_loses_nothing(roll in any_roll(), seed: u64) {
            let moved = in_some_key(&roll, &mut ChaCha8Rng::seed_from_u64(seed));
            prop_assert_eq!(moved.count(), roll.count());
        }
    }

    #[test]
    fn a_phrase_over_all_rows_stays_in_its_key() {
        let mut roll = Roll::EMPTY;
        roll.fill(0, 0, 4);
        roll.fill(PITCHES - 1, 0, 4);
        assert_eq!(in_some_key(&roll, &mut ChaCha8Rng::seed_from_u64(1)), roll);
    }

    #[test]
    fn the_rate_falls_to_nothing() {
        let pace = Pace::of(Shape::Patches);
        assert_eq!(rate(&pace, 0), 2e-4);
        assert_eq!(rate(&pace, pace.steps / 2), 2e-4);
        assert!(rate(&pace, pace.steps - 1) < 1e-6);
    }
}
