//! The training state as the loop drives it, and its weights file.

use std::collections::BTreeMap;

use candle_core::Tensor;
use serde_json::Value;

use crate::genre::{Direction, Pair};
use crate::roll::Roll;
use crate::roll::edits::THRESHOLD;
use crate::weights::{self, CycleGanHeader, FamilyHeader, Header};

use super::state::CycleGanState;
use crate::data::batch::Batch;
use crate::evaluate::examples::picture;
use crate::train::run::{AnyError, Learner, numbers};

/// A training state with what its weights file says of it.
pub struct PairLearner {
    /// The networks, their optimisers and past fakes.
    pub state: CycleGanState,
    /// The genre pair.
    pub pair: Pair,
    /// [`Data::hash`](crate::data::Data::hash) of what it learns from.
    pub data: String,
    /// The commit of the code, for the header.
    pub commit: String,
    /// Phrases of each genre that the run's page shows before and after.
    pub shown: [Vec<Roll>; 2],
}

impl Learner for PairLearner {
    type Batch = Batch;

    fn learn(
        &mut self,
        step: u64,
        batch: &Batch,
        rate: f64,
    ) -> Result<Vec<(&'static str, f32)>, AnyError> {
        Ok(self.state.run(step, batch, rate)?.named())
    }

    fn tensors(&self) -> Result<BTreeMap<String, Tensor>, AnyError> {
        Ok(self.state.tensors()?)
    }

    fn restore(&mut self, tensors: &BTreeMap<String, Tensor>) -> Result<(), AnyError> {
        Ok(self.state.restore(tensors)?)
    }

    fn weights(&self, done: u64, scores: Option<&Value>) -> Result<Vec<u8>, AnyError> {
        let recipe = self.state.recipe();
        let header = Header {
            recipe: recipe.name.clone(),
            steps: done,
            seed: self.state.seed(),
            data: self.data.clone(),
            commit: self.commit.clone(),
            scores: scores.map(numbers).unwrap_or_default(),
            ..Header::new(FamilyHeader::CycleGan(CycleGanHeader {
                pair: self.pair.to_string(),
                generator: recipe.settings.generator,
                threshold: [THRESHOLD; 2],
            }))
        };
        let [ab, ba] = self.state.generator_tensors();
        Ok(weights::write(&header, [&ab, &ba])?)
    }

    fn pictures(&self) -> Result<Vec<String>, AnyError> {
        let mut pictures = Vec::new();
        for direction in Direction::BOTH {
            let before = &self.shown[direction.index()];
            let after = self.state.translate(before, direction)?;
            let target = self.pair.target(direction);
            for (before, after) in before.iter().zip(&after) {
                pictures.push(picture(
                    &format!("to {target}"),
                    &(*before).into(),
                    &(*after).into(),
                )?);
            }
        }
        Ok(pictures)
    }
}
