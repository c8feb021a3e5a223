//! The arranger's recipe: `{"name": …, "family": {"arranger": {…}}}`.

use serde::{Deserialize, Serialize};

use crate::family::arranger::ArrangerConfig;
use crate::genre::Genre;
use crate::nn::adam;
use crate::train::recipe::library;
use crate::train::schedule::{Fall, Schedule};

/// The recipe's name and its settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "File", into = "File")]
pub struct ArrangerRecipe {
    /// The recipe's name, for headers and cards.
    pub name: String,
    /// Everything that a run depends on besides the data, the genres and the seed.
    pub settings: ArrangerSettings,
}

/// The form of the file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    family: Family,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Family {
    Arranger(ArrangerSettings),
}

impl From<File> for ArrangerRecipe {
    fn from(file: File) -> Self {
        let Family::Arranger(settings) = file.family;
        Self {
            name: file.name,
            settings,
        }
    }
}

impl From<ArrangerRecipe> for File {
    fn from(recipe: ArrangerRecipe) -> Self {
        Self {
            name: recipe.name,
            family: Family::Arranger(recipe.settings),
        }
    }
}

/// Everything that a run depends on besides the data, the genres and the seed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArrangerSettings {
    /// The network.
    pub network: ArrangerConfig,
    /// Training steps.
    pub steps: u64,
    /// Phrases in a step.
    pub batch: usize,
    /// The learning rate between its rise and its fall.
    pub learning_rate: f64,
    /// Steps over which the rate rises.
    pub warm_up: u64,
    /// The share of the steps, the last ones, in which the rate falls to 2 %.
    pub decay: f64,
    /// β₁ and β₂ of AdamW.
    pub betas: (f64, f64),
    /// AdamW's weight decay.
    pub weight_decay: f64,
    /// The largest norm of all gradients together; longer ones are shortened to it.
    pub gradient_norm: f64,
    /// The weights that are kept are a running mean of the trained ones, with this share of the
    /// old at each step, and less at first.
    pub ema_decay: f64,
    /// How often phrases of each genre are drawn; alike where not all three are there.
    pub shares: GenreShares,
    /// Phrases are moved by up to this many semitones.
    pub transpose: u8,
    /// The chance that the network is not told a phrase's genre.
    pub no_genre: f64,
    /// The chance that it is not shown the tune.
    pub no_tune: f64,
    /// The chance that it is not shown the harmony.
    pub no_harmony: f64,
    /// The chance that it is not told the attributes.
    #[serde(default)]
    pub no_attributes: f64,
    /// The chance that the tune is undisturbed; otherwise it is with any strength.
    pub true_tune: f64,
    /// The chance of each pitch class of the harmony to be left out.
    pub harmony_dropped: f64,
    /// The chance of each other pitch class to be put in.
    pub harmony_invented: f64,
    /// Multiply in bf16 where the CPU does that faster; weights, sums and optimiser stay f32.
    pub bf16: bool,
}

/// How often phrases of each genre are drawn, relative to each other.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenreShares {
    /// Jazz.
    pub jazz: f64,
    /// Classical music.
    pub classic: f64,
    /// Pop.
    pub pop: f64,
}

impl GenreShares {
    /// The share of a genre.
    pub const fn of(&self, genre: Genre) -> f64 {
        match genre {
            Genre::Jazz => self.jazz,
            Genre::Classic => self.classic,
            Genre::Pop => self.pop,
        }
    }
}

impl ArrangerRecipe {
    /// The recipe that is trained by when none is named.
    pub fn usual() -> Self {
        Self::embedded("arranger")
    }

    /// A tiny network for a few steps: to see that everything runs.
    pub fn smoke() -> Self {
        Self::embedded("arranger-smoke")
    }

    fn embedded(name: &str) -> Self {
        let found = library::find_value(name);
        match found.map(|(value, _)| serde_json::from_value(value)) {
            Ok(Ok(recipe)) => recipe,
            // A test reads them all.
            Ok(Err(error)) => unreachable!("{error}"),
            Err(error) => unreachable!("{error}"),
        }
    }
}

impl ArrangerSettings {
    /// The learning rate over the steps.
    pub fn schedule(&self) -> Schedule {
        /// The share of the rate below which it does not fall.
        const LEAST: f64 = 0.02;
        let falling = (self.steps as f64 * self.decay.clamp(0.0, 1.0)).round() as u64;
        Schedule {
            rate: self.learning_rate,
            warm_up: self.warm_up,
            decay_from: self.steps.saturating_sub(falling),
            steps: self.steps,
            fall: Fall::Cosine(LEAST),
        }
    }

    /// How the optimiser steps.
    pub(crate) const fn optimiser(&self) -> adam::Settings {
        adam::Settings {
            betas: (self.betas.0 as f32, self.betas.1 as f32),
            decay: self.weight_decay as f32,
            largest_norm: self.gradient_norm,
        }
    }

    /// How often each of `genres` is drawn, relative to each other.
    pub fn shares_of(&self, genres: &[Genre]) -> Vec<f64> {
        let all = Genre::ALL.iter().all(|genre| genres.contains(genre));
        let share = |genre: &Genre| if all { self.shares.of(*genre) } else { 1.0 };
        genres.iter().map(share).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipe_round_trips_in_the_form_of_its_file() {
        let usual = ArrangerRecipe::usual();
        let value = serde_json::to_value(&usual).unwrap();
        assert_eq!(value["family"]["arranger"]["betas"][1], 0.98);
        assert_eq!(
            serde_json::from_value::<ArrangerRecipe>(value).unwrap(),
            usual
        );
    }

    #[test]
    fn genres_are_drawn_alike_where_not_all_are_there() {
        let settings = ArrangerRecipe::usual().settings;
        assert_eq!(settings.shares_of(&Genre::ALL), [0.4, 0.4, 0.2]);
        assert_eq!(settings.shares_of(&[Genre::Jazz, Genre::Pop]), [1.0, 1.0]);
    }

    #[test]
    fn the_rate_falls_over_its_share_of_the_steps_whatever_their_number() {
        let settings = ArrangerSettings {
            steps: 300,
            decay: 0.5,
            ..ArrangerRecipe::usual().settings
        };
        let schedule = settings.schedule();
        assert_eq!(schedule.decay_from, 150);
        assert_eq!(schedule.rate(299), settings.learning_rate * 0.02);
    }
}
