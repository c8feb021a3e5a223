//! The arranger's training state as the loop drives it, and its weights file.

use std::collections::BTreeMap;

use candle_core::Tensor;
use serde_json::Value;

use super::batch::MaskedPhrase;
use super::state::ArrangerState;
use crate::evaluate::examples::picture;
use crate::family::arranger::sampler::SamplerSettings;
use crate::family::arranger::{Attributes, Palette, Styles};
use crate::genre::Genre;
use crate::roll::notes::NoteRoll;
use crate::train::run::{AnyError, Learner, numbers};
use crate::weights::{self, ArrangerHeader, FamilyHeader, Header};

/// A training state with what its weights file says of it.
pub struct ArrangerLearner {
    /// The network, its running mean and its optimiser.
    pub state: ArrangerState,
    /// The recipe's name.
    pub recipe: String,
    /// The run's seed.
    pub seed: u64,
    /// [`Data::hash`](crate::data::Data::hash) of what it learns from.
    pub data: String,
    /// The commit of the code, for the header.
    pub commit: String,
    /// The palettes of its genres, for the weights file.
    pub palettes: Vec<(Genre, Palette)>,
    /// Phrases that the run's page shows before and after, each with the genre that it is arranged
    /// to.
    pub shown: Vec<(Genre, NoteRoll)>,
}

impl Learner for ArrangerLearner {
    type Batch = Vec<MaskedPhrase>;

    fn learn(
        &mut self,
        step: u64,
        batch: &Vec<MaskedPhrase>,
        rate: f64,
    ) -> Result<Vec<(&'static str, f32)>, AnyError> {
        Ok(self.state.run(step, batch, rate)?.named())
    }

    fn tensors(&self) -> Result<BTreeMap<String, Tensor>, AnyError> {
        let mut tensors = self.state.tensors()?;
        tensors.extend(weights::palette_tensors(&self.palettes)?);
        Ok(tensors)
    }

    fn restore(&mut self, tensors: &BTreeMap<String, Tensor>) -> Result<(), AnyError> {
        self.state.restore(tensors)?;
        // Some may be of weights that the run began with, which nothing else has.
        let palettes = weights::palettes_among(|name| tensors.get(name))?;
        if !palettes.is_empty() {
            self.palettes = palettes;
        }
        Ok(())
    }

    fn weights(&self, done: u64, scores: Option<&Value>) -> Result<Vec<u8>, AnyError> {
        let genres = self.state.genres().iter();
        let header = Header {
            recipe: self.recipe.clone(),
            steps: done,
            seed: self.seed,
            data: self.data.clone(),
            commit: self.commit.clone(),
            scores: scores.map(numbers).unwrap_or_default(),
            ..Header::new(FamilyHeader::Arranger(ArrangerHeader {
                network: self.state.settings().network,
                genres: genres.map(ToString::to_string).collect(),
            }))
        };
        Ok(weights::write_arranger(
            &header,
            &self.state.kept(),
            &self.palettes,
        )?)
    }

    fn pictures(&self) -> Result<Vec<String>, AnyError> {
        let arranger = self.state.arranger()?;
        let mut pictures = Vec::new();
        for (target, before) in &self.shown {
            let palette = self.palettes.iter().find(|(genre, _)| genre == target);
            let attributes = palette.map(|(_, palette)| palette.choose(before, 1));
            let settings = SamplerSettings {
                attributes: attributes.unwrap_or(Attributes::UNTOLD),
                ..SamplerSettings::default()
            };
            let styles = Styles::of_column(self.state.column(*target));
            let after = arranger.arrange(before, &styles, &settings)?;
            pictures.push(picture(&format!("to {target}"), before, &after.notes)?);
        }
        Ok(pictures)
    }
}
