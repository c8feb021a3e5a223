//! The judges: two classifiers of different shape that say which genre of a pair a phrase is.
//!
//! They are trained on different pieces. The first has the shape of the paper's classifier and
//! may choose checkpoints; the second only stands in reports, so that a figure is not the
//! judge's own choice. Both hear the training phrases in all keys and both genres equally often.

mod lesson;
pub(in crate::train) mod patches;
mod profile;
mod record;
mod traits;

use std::fmt;

use candle_core::{DType, Device, Result, Tensor};
use candle_nn::VarBuilder;
use serde::{Deserialize, Serialize};

use crate::net::init::Store;
use crate::roll::Roll;
use crate::train::data::Split;

pub use lesson::{Lesson, Pace, Progress};
use record::VERSION;
pub use record::{JudgeError, Record};

/// The shape of a judge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// The paper's classifier: convolutions over the cells.
    Patches,
    /// A perceptron over a profile that does not change with the key.
    Profile,
    /// The paper's classifier again, taught with parts of phrases: it guides generators while
    /// they train (see [`crate::train::guide`]) and judges nothing.
    Guide,
}

impl Shape {
    /// The shapes that judge: the one that chooses checkpoints, then the one that never does.
    pub const BOTH: [Self; 2] = [Self::Patches, Self::Profile];

    /// The name in reports and files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Patches => "patches",
            Self::Profile => "profile",
            Self::Guide => "guide",
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

enum Network {
    Patches(patches::Patches),
    Profile(profile::Profile),
}

impl Network {
    fn new(shape: Shape, weights: &VarBuilder<'_>) -> Result<Self> {
        Ok(match shape {
            Shape::Patches | Shape::Guide => Self::Patches(patches::Patches::new(weights)?),
            Shape::Profile => Self::Profile(profile::Profile::new(weights)?),
        })
    }

    fn logits(&self, rolls: &[Roll]) -> Result<Tensor> {
        match self {
            Self::Patches(network) => {
                network.logits(&patches::Patches::input(rolls, &Device::Cpu)?)
            }
            Self::Profile(network) => {
                network.logits(&profile::Profile::input(rolls, &Device::Cpu)?)
            }
        }
    }

    /// Whether each phrase is of the pair's first genre.
    fn says_first(&self, rolls: &[Roll]) -> Result<Vec<bool>> {
        let mut verdicts = Vec::with_capacity(rolls.len());
        for chunk in rolls.chunks(CHUNK) {
            let logits = self.logits(chunk)?.to_vec2::<f32>()?;
            verdicts.extend(logits.iter().map(|pair| pair[0] > pair[1]));
        }
        Ok(verdicts)
    }
}

/// Phrases judged at a time.
const CHUNK: usize = 64;

/// A trained classifier. It runs on the CPU, on the current rayon pool.
pub struct Judge {
    network: Network,
    store: Store,
    record: Record,
}

impl Judge {
    /// Trains a judge; the same arguments give the same judge.
    pub fn train(
        shape: Shape,
        lesson: &Lesson,
        pace: &Pace,
        seed: u64,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Self> {
        let store = Store::new(seed);
        let network = Network::new(shape, &store.builder(&Device::Cpu))?;
        let (network, recalls) = lesson::teach(network, &store, lesson, pace, seed, progress)?;
        let record = Record {
            version: VERSION,
            shape,
            pair: lesson.pair.to_string(),
            data: lesson.music.hash().to_owned(),
            seed,
            phrases: lesson.phrases(Split::Train).map(<[Roll]>::len),
            validation_recall: recalls,
        };
        Ok(Self {
            network,
            store,
            record,
        })
    }

    /// What the judge is and what it was trained on.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// Whether each phrase is of the pair's first genre.
    pub fn says_first(&self, rolls: &[Roll]) -> Result<Vec<bool>> {
        self.network.says_first(rolls)
    }

    /// The weights by name.
    pub(in crate::train) fn tensors(&self) -> Vec<(String, Tensor)> {
        let variables = self.store.variables().into_iter();
        variables
            .map(|(name, var)| (name, var.as_detached_tensor()))
            .collect()
    }

    /// A judge from its weights.
    fn from_tensors(record: Record, tensors: Vec<(String, Tensor)>) -> Result<Self> {
        let store = Store::new(record.seed);
        let network = Network::new(record.shape, &store.builder(&Device::Cpu))?;
        let variables = store.variables();
        if variables.len() != tensors.len() {
            candle_core::bail!("{} tensors where {} belong", tensors.len(), variables.len());
        }
        for (name, tensor) in tensors {
            match variables.get(&name) {
                Some(variable) if tensor.dtype() == DType::F32 => variable.set(&tensor)?,
                _ => candle_core::bail!("the tensor {name} does not belong there"),
            }
        }
        Ok(Self {
            network,
            store,
            record,
        })
    }
}

#[cfg(test)]
pub(in crate::train) mod tests;
