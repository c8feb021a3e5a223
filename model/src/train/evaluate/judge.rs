//! The judges: three classifiers of different shape that say which genre of a pair a phrase is.
//!
//! They are trained on different pieces. The first has the shape of the paper's classifier and
//! may choose checkpoints; the others only stand in reports, so that a figure is not the judge's
//! own choice. All hear the training phrases in all keys and both genres equally often. The first
//! two have relatives among the guides (see [`crate::train::guide`]), the third has none.

mod lesson;
mod manner;
mod patches;
mod perceptron;
mod profile;
mod record;
mod traits;
mod words;

use std::fmt;

use candle_core::{DType, Device, Result, Tensor};
use candle_nn::VarBuilder;
use serde::{Deserialize, Serialize};

use crate::net::init::Store;
use crate::net::tensor_of_rolls;
use crate::roll::Roll;
use crate::train::data::Split;
use crate::train::rolls::Rolls;

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
    /// A linear classifier over chords, rhythms and turns of the melody.
    Words,
    /// The paper's classifier again, taught with parts of phrases: it guides generators while
    /// they train (see [`crate::train::guide`]) and judges nothing.
    Guide,
    /// A perceptron over what of a profile has a gradient: the second guide.
    Manner,
}

impl Shape {
    /// The shapes that judge: the one that chooses checkpoints, then those that never do.
    pub const JUDGES: [Self; 3] = [Self::Patches, Self::Profile, Self::Words];
    /// The shapes that guide, and never judge.
    pub const GUIDES: [Self; 2] = [Self::Guide, Self::Manner];

    /// The name in reports and files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Patches => "patches",
            Self::Profile => "profile",
            Self::Words => "words",
            Self::Guide => "guide",
            Self::Manner => "manner",
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

pub(in crate::train) enum Network {
    Patches(patches::Patches),
    Profile(profile::Profile),
    Words(words::Words),
    Manner(manner::Manner),
}

impl Network {
    /// Makes or finds the weights in `weights`.
    pub(in crate::train) fn new(shape: Shape, weights: &VarBuilder<'_>) -> Result<Self> {
        Ok(match shape {
            Shape::Patches | Shape::Guide => Self::Patches(patches::Patches::new(weights)?),
            Shape::Profile => Self::Profile(profile::Profile::new(weights)?),
            Shape::Words => Self::Words(words::Words::new(weights)?),
            Shape::Manner => Self::Manner(manner::Manner::new(weights)?),
        })
    }

    /// What the network sees of some rolls.
    fn input(&self, rolls: &[Roll]) -> Result<Tensor> {
        match self {
            Self::Profile(_) => profile::Profile::input(rolls, &Device::Cpu),
            Self::Words(_) => words::Words::input(rolls, &Device::Cpu),
            _ => self.input_of_cells(&tensor_of_rolls(rolls, &Device::Cpu)?),
        }
    }

    /// What it sees of cells (rolls, 1, 64, 84) from 0 to 1, with a gradient; only for guides and
    /// patches.
    fn input_of_cells(&self, cells: &Tensor) -> Result<Tensor> {
        match self {
            Self::Patches(_) => patches::Patches::scaled(cells),
            Self::Manner(network) => network.of(cells),
            Self::Profile(_) | Self::Words(_) => {
                candle_core::bail!("that shape sees rolls, not cells")
            }
        }
    }

    /// Two logits for each phrase of an input, the pair's first genre first.
    fn logits(&self, input: &Tensor) -> Result<Tensor> {
        match self {
            Self::Patches(network) => network.logits(input),
            Self::Profile(network) => network.logits(input),
            Self::Words(network) => network.logits(input),
            Self::Manner(network) => network.logits(input),
        }
    }

    /// The logits of cells (rolls, 1, 64, 84) from 0 to 1, with a gradient; only for guides and
    /// patches.
    pub(in crate::train) fn logits_of_cells(&self, cells: &Tensor) -> Result<Tensor> {
        self.logits(&self.input_of_cells(cells)?)
    }

    /// Whether each phrase is of the pair's first genre.
    fn says_first(&self, rolls: &[Roll]) -> Result<Vec<bool>> {
        let mut verdicts = Vec::with_capacity(rolls.len());
        for chunk in rolls.chunks(CHUNK) {
            let logits = self.logits(&self.input(chunk)?)?.to_vec2::<f32>()?;
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
            phrases: lesson.phrases(Split::Train).map(Rolls::len),
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
