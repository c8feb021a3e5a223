//! The judge: the paper's classifier, which says which genre of a pair a phrase is.
//!
//! It hears the training phrases in all keys and both genres equally often, is never trained on
//! what a network writes, and may choose checkpoints.

mod lesson;
mod patches;
mod record;

use candle_core::{DType, Device, Result, Tensor};

use crate::data::Split;
use crate::data::rolls::Rolls;
use crate::family::cyclegan::tensor_of_rolls;
use crate::nn::init::Store;
use crate::roll::Roll;

pub use lesson::{FitConfig, FitData, Progress};
use patches::Patches;
use record::VERSION;
pub use record::{JudgeError, JudgeRecord};

/// Phrases judged at a time.
const CHUNK: usize = 64;

/// True if each phrase is of the pair's first genre.
fn is_first_genre(network: &Patches, rolls: &[Roll]) -> Result<Vec<bool>> {
    let mut predictions = Vec::with_capacity(rolls.len());
    for chunk in rolls.chunks(CHUNK) {
        let input = Patches::scaled(&tensor_of_rolls(chunk, &Device::Cpu)?)?;
        let logits = network.logits(&input)?.to_vec2::<f32>()?;
        predictions.extend(logits.iter().map(|pair| pair[0] > pair[1]));
    }
    Ok(predictions)
}

/// A trained classifier. It runs on the CPU, on the current rayon pool.
pub struct GenreClassifier {
    network: Patches,
    store: Store,
    record: JudgeRecord,
}

impl GenreClassifier {
    /// Trains a judge; the same arguments give the same judge.
    ///
    /// # Errors
    /// candle's: shapes that do not fit, no memory on the device.
    pub fn train(
        lesson: &FitData,
        pace: &FitConfig,
        seed: u64,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Self> {
        let store = Store::new(seed);
        let network = Patches::new(&store.builder(&Device::Cpu))?;
        let (network, recalls) = lesson::teach(network, &store, lesson, pace, seed, progress)?;
        let record = JudgeRecord {
            version: VERSION,
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

    /// Metadata: pair, music, seed and recalls.
    pub fn record(&self) -> &JudgeRecord {
        &self.record
    }

    /// True if each phrase is of the pair's first genre.
    ///
    /// # Errors
    /// candle's: shapes that do not fit, no memory on the device.
    pub fn is_first_genre(&self, rolls: &[Roll]) -> Result<Vec<bool>> {
        is_first_genre(&self.network, rolls)
    }

    /// The weights by name.
    fn tensors(&self) -> Vec<(String, Tensor)> {
        let variables = self.store.variables().into_iter();
        variables
            .map(|(name, var)| (name, var.as_detached_tensor()))
            .collect()
    }

    /// A judge from its weights.
    fn from_tensors(record: JudgeRecord, tensors: Vec<(String, Tensor)>) -> Result<Self> {
        let store = Store::new(record.seed);
        let network = Patches::new(&store.builder(&Device::Cpu))?;
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
pub(crate) mod tests;
