//! Which weights of a run are best: the loss on phrases that are not learned from, hidden and
//! disturbed each time in the same way.

use std::collections::BTreeMap;

use serde_json::json;

use super::batch::MaskedPhrase;
use super::state::ArrangerState;
use crate::data::weighted::random;
use crate::data::{Data, DataError, Split};
use crate::genre::Genre;
use crate::train::cyclegan::validation::PanelError;
use crate::train::recipe::arranger::ArrangerSettings;
use crate::train::run::{AnyError, Scored};

/// The seed of what is hidden: the same for all runs, so that their losses can be compared.
const SEED: u64 = 1;
/// Phrases at a time.
const CHUNK: usize = 16;

/// Validation phrases of each genre, with what is hidden of them.
pub struct ArrangerValidation {
    genres: Vec<(Genre, Vec<MaskedPhrase>)>,
}

impl ArrangerValidation {
    /// Up to `most` validation phrases of each of `genres`. The network is told the genre and shown
    /// tune and harmony, disturbed as in training.
    ///
    /// # Errors
    /// If a genre has none, or its phrases cannot be read.
    pub fn new(
        data: &Data,
        genres: &[Genre],
        settings: &ArrangerSettings,
        most: usize,
    ) -> Result<Self, PanelError> {
        let settings = ArrangerSettings {
            no_genre: 0.0,
            no_tune: 0.0,
            no_harmony: 0.0,
            no_attributes: 0.0,
            ..*settings
        };
        let panel = |&genre: &Genre| {
            let phrases = &data.phrases(genre, Split::Validation).rolls;
            let phrases = phrases.subset_notes(most).map_err(DataError::Rolls)?;
            if phrases.is_empty() {
                return Err(PanelError::NoPhrase(genre));
            }
            let examples = phrases.into_iter().zip(0..).map(|(phrase, place)| {
                let mut rng = random(SEED, place, b"validation");
                MaskedPhrase::draw(phrase, genre, &settings, &mut rng)
            });
            Ok((genre, examples.collect()))
        };
        Ok(Self {
            genres: genres.iter().map(panel).collect::<Result<_, _>>()?,
        })
    }

    /// The loss of the weights as they are: of each genre, and the mean over the genres with its
    /// two terms. The score is the loss below zero.
    ///
    /// # Errors
    /// If the network fails.
    pub fn score(&self, state: &ArrangerState) -> Result<Scored, AnyError> {
        let mut details = BTreeMap::new();
        let mut mean = [0.0; 2];
        for (genre, examples) in &self.genres {
            let mut of_genre = [0.0; 2];
            for chunk in examples.chunks(CHUNK) {
                let share = chunk.len() as f64 / examples.len() as f64;
                for (sum, term) in of_genre.iter_mut().zip(state.loss(chunk)?) {
                    *sum += share * f64::from(term);
                }
            }
            for (sum, term) in mean.iter_mut().zip(of_genre) {
                *sum += term / self.genres.len() as f64;
            }
            details.insert(genre.to_string(), of_genre.iter().sum::<f64>());
        }
        let [onset, length] = mean;
        for (name, value) in [
            ("loss", onset + length),
            ("onset", onset),
            ("length", length),
        ] {
            details.insert(name.to_owned(), value);
        }
        Ok(Scored {
            score: -(onset + length) as f32,
            details: json!(details),
            alarms: Vec::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::super::batch::tests::data;
    use super::*;
    use crate::train::recipe::arranger::ArrangerRecipe;

    #[test]
    fn the_score_is_the_loss_and_the_same_every_time() {
        let genres = [Genre::Jazz, Genre::Pop];
        let (data, settings) = (data(&genres), ArrangerRecipe::smoke().settings);
        let panel = || ArrangerValidation::new(&data, &genres, &settings, 10).unwrap();
        let state = ArrangerState::new(&settings, &genres, 1, &Device::Cpu).unwrap();
        let scored = panel().score(&state).unwrap();
        assert_eq!(scored, panel().score(&state).unwrap());
        let detail = |name: &str| scored.details[name].as_f64().unwrap();
        let mean = f64::midpoint(detail("jazz"), detail("pop"));
        assert!((detail("loss") - mean).abs() < 1e-9);
        assert!((detail("onset") + detail("length") - mean).abs() < 1e-9);
        assert_eq!(scored.score, -detail("loss") as f32);
        let other = ArrangerState::new(&settings, &genres, 2, &Device::Cpu).unwrap();
        assert_ne!(scored.score, panel().score(&other).unwrap().score);
        let missing = ArrangerValidation::new(&data, &[Genre::Classic], &settings, 10).err();
        assert!(matches!(
            missing,
            Some(PanelError::NoPhrase(Genre::Classic))
        ));
    }
}
