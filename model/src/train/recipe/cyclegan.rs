//! The CycleGAN's recipe: `{"name": …, "family": {"cyclegan": {…}}}`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::library;
use crate::family::cyclegan::{DiscriminatorConfig, GeneratorConfig};
use crate::genre::{Genre, Pair};

/// Which extra discriminators there are (paper section III-C), and whether the generators learn
/// from them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mixed {
    /// None: the paper's base model.
    None,
    /// Trained, but without influence on the generators, as in the authors' code.
    Released,
    /// In the generators' loss, as the paper means them.
    InLoss,
}

/// Which music the mixed discriminators take as real.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MixedMusic {
    /// Both genres of the pair: the paper's partial model.
    Pair,
    /// All three genres: the paper's full model.
    All,
}

/// The recipe's name and its settings: `{"name": …, "family": {"cyclegan": {…}}}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "File")]
pub struct CycleGanRecipe {
    /// The recipe's name, for headers and cards.
    pub name: String,
    /// Everything that a run depends on besides the data, the pair and the seed.
    pub settings: CycleGanSettings,
}

/// The form of the file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    family: Settled,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Settled {
    Cyclegan(CycleGanSettings),
}

impl From<CycleGanRecipe> for File {
    fn from(recipe: CycleGanRecipe) -> Self {
        Self {
            name: recipe.name,
            family: Settled::Cyclegan(recipe.settings),
        }
    }
}

/// Settings of frozen guides and of what stood with them. A run that was trained by them cannot
/// go on without.
const REMOVED: [&str; 4] = [
    "guide_weight",
    "manner_weight",
    "mixtures",
    "counterexamples",
];

impl TryFrom<Value> for CycleGanRecipe {
    type Error = String;

    fn try_from(recipe: Value) -> Result<Self, String> {
        let settings = recipe.pointer("/family/cyclegan").unwrap_or(&recipe);
        let removed = REMOVED
            .into_iter()
            .filter(|name| settings.get(name).is_some());
        let removed: Vec<&str> = removed.collect();
        if !removed.is_empty() {
            return Err(format!(
                "it has the settings {}, but training with frozen guides was removed: take the \
                 recipe cyclegan, or go on with the version that began the run",
                removed.join(", ")
            ));
        }
        let File { name, family } =
            serde_json::from_value(recipe).map_err(|why| why.to_string())?;
        let Settled::Cyclegan(settings) = family;
        Ok(Self { name, settings })
    }
}

/// Everything that a run depends on besides the data, the pair and the seed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CycleGanSettings {
    /// Both generators.
    pub generator: GeneratorConfig,
    /// All discriminators.
    pub discriminator: DiscriminatorConfig,
    /// Training steps.
    pub steps: u64,
    /// Phrases of each genre in a step.
    pub batch: usize,
    /// The learning rate of generators and discriminators.
    pub learning_rate: f64,
    /// The step from which the rate falls linearly to 0 at the last.
    pub decay_from: u64,
    /// The weights of the terms of the loss.
    pub terms: LossWeights,
    /// The part of the mixed discriminators in the training.
    pub mixed: Mixed,
    /// Their real music.
    pub mixed_music: MixedMusic,
    /// σ_D of the noise |N(0, σ²)| on the discriminators' inputs.
    pub noise: f64,
    /// Past batches of fakes that the discriminators may see again; 0: only the newest.
    pub replay_buffer: usize,
    /// Binarise the generators' output before it is judged or sent back (straight through), with
    /// the gradient of sigmoid(logit / width): a wide one lets cells change that the network is
    /// sure of, and keeps those near the threshold from outweighing them. 0: no binarisation, as
    /// in the paper.
    pub ste_width: f64,
    /// The weights that are kept, validated and shipped are a running mean of the trained ones,
    /// with this share of the old at each step. 0: the trained ones themselves, as in the paper.
    pub ema_decay: f64,
    /// Phrases are moved by up to this many semitones. Paper: 0.
    pub transpose: u8,
    /// Multiply in bf16 where the CPU does that faster; weights, sums and optimiser stay f32.
    pub bf16: bool,
}

/// The weights of the terms of the loss.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LossWeights {
    /// λ of the cycle loss.
    pub cycle: f64,
    /// γ of the mixed discriminators.
    pub mixed: f64,
    /// Weight of the identity loss, which asks a generator to leave its target genre's phrases
    /// alone; it falls linearly to 0 at `decay_from`. Paper: 0.
    pub identity: f64,
}

impl CycleGanRecipe {
    /// The recipe `cyclegan`: the paper's partial model with mixed discriminators in the loss,
    /// binary rolls in the loop, an input–output skip, spectral norm, a decaying identity loss and
    /// phrases in all keys.
    pub fn usual() -> Self {
        Self::embedded("cyclegan")
    }

    /// A tiny network for a few steps: to see that everything runs.
    pub fn smoke() -> Self {
        Self::embedded("smoke")
    }

    fn embedded(name: &str) -> Self {
        match library::find(name) {
            Ok(named) => named.recipe,
            // A test reads them all.
            Err(error) => unreachable!("{error}"),
        }
    }

    /// The genres that the mixed discriminators take as real music, for `pair`.
    pub fn mixed_genres(&self, pair: Pair) -> Vec<Genre> {
        match (self.settings.mixed, self.settings.mixed_music) {
            (Mixed::None, _) => Vec::new(),
            (_, MixedMusic::Pair) => vec![pair.a, pair.b],
            (_, MixedMusic::All) => Genre::ALL.to_vec(),
        }
    }
}
