//! A recipe: what a training run does, in one small file. Those of the CycleGAN are here, those of
//! the arranger in [`crate::train::arranger::recipe`].

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub mod library;

use crate::genre::{Genre, Pair};
use crate::net::{DiscriminatorConfig, GeneratorConfig};

/// A family of networks, each with its own settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// One network for all genres that fills in a phrase around its tune and harmony.
    Arranger,
    /// Two generators for a pair of genres, as in the paper.
    Cyclegan,
}

impl Family {
    /// The family of a recipe: one without the field is the CycleGAN's.
    pub fn of(recipe: &Value) -> Self {
        match recipe.pointer("/family/arranger") {
            Some(_) => Self::Arranger,
            None => Self::Cyclegan,
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Arranger => "arranger",
            Self::Cyclegan => "cyclegan",
        })
    }
}

impl FromStr for Family {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        [Self::Arranger, Self::Cyclegan]
            .into_iter()
            .find(|family| family.to_string() == name)
            .ok_or_else(|| format!("unknown family {name:?}: expected arranger or cyclegan"))
    }
}

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

/// How far a phrase that went there and back is from itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CycleLoss {
    /// Mean absolute difference of the probabilities, as in the paper.
    L1,
    /// Binary cross-entropy on the logits.
    CrossEntropy,
}

/// Everything that a run depends on besides the data, the pair and the seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// The recipe's name, for headers and cards.
    pub name: String,
    /// Both generators.
    pub generator: GeneratorConfig,
    /// All discriminators.
    pub discriminator: DiscriminatorConfig,
    /// Training steps.
    pub steps: u64,
    /// Phrases of each genre in a step.
    pub batch: usize,
    /// The generators' learning rate.
    pub learning_rate: f64,
    /// The largest root mean square of Adam's change of a tensor, in learning rates: after quiet
    /// steps one large gradient would otherwise move every weight by sixteen of them. 0: no limit,
    /// as in the paper.
    pub largest_change: f32,
    /// The discriminators' learning rate as a multiple of the generators'.
    pub discriminator_rate: f64,
    /// The step from which the rate falls linearly to 0 at the last.
    pub decay_from: u64,
    /// λ, the weight of the cycle loss.
    pub cycle_weight: f64,
    /// Its form.
    pub cycle_loss: CycleLoss,
    /// With cross-entropy, the share of each target that is the other value: a network that is
    /// no surer than that keeps learning from its cells. Paper: 0.
    pub smoothing: f64,
    /// The weight of the identity loss, which asks a generator to leave its target genre's phrases
    /// alone; it falls linearly to 0 at `decay_from`. Paper: 0.
    pub identity_weight: f64,
    /// The weight of the density loss, which keeps the number of sounding cells. Paper: 0.
    pub density_weight: f64,
    /// The ratio of sounding cells, up or down, that the density loss leaves free: genres differ
    /// in it. 1: none.
    pub density_free: f64,
    /// The weight of the onset loss, which keeps the number of notes, as the density loss does
    /// that of sounding cells: without it a generator learns to please the discriminators with
    /// single added steps. Paper: 0.
    pub onset_weight: f64,
    /// The ratio of notes, up or down, that the onset loss leaves free. 1: none.
    pub onset_free: f64,
    /// The weight of what sounds further than a beat and a fifth from every note of the source.
    /// Paper: 0.
    pub reach_weight: f64,
    /// The weight of semitones that sound at once, more than in the source and in real jazz.
    /// Paper: 0.
    pub cluster_weight: f64,
    /// The weight of the guide (see [`crate::train::guide`]): a classifier of real music that
    /// leads the generators to the target genre. 0: none, as in the paper.
    pub guide_weight: f64,
    /// The weight of the second guide, which counts rhythms, lengths, chords, intervals and
    /// harmonies wherever they lie. 0: none.
    pub manner_weight: f64,
    /// γ, the weight of the mixed discriminators.
    pub mixed_weight: f64,
    /// Their part in the training.
    pub mixed: Mixed,
    /// Their real music.
    pub mixed_music: MixedMusic,
    /// σ_D of the noise |N(0, σ²)| on the discriminators' inputs.
    pub noise: f64,
    /// Past batches of fakes that the discriminators may see again; 0: only the newest.
    pub past_fakes: usize,
    /// The weight of mixtures in the discriminators' loss: of a real and a generated phrase added
    /// in shares of λ and 1 − λ they have to tell λ. So their gradient leads from the generated
    /// towards the real also between rolls, which are all ones and zeros. Paper: 0.
    pub mixtures: f64,
    /// Show the discriminators of the pair also real phrases of the other genre as not theirs, so
    /// that they go on telling genres apart and not only real from generated. Paper: no.
    pub counterexamples: bool,
    /// Binarise the generators' output before it is judged or sent back (straight through), with
    /// the gradient of sigmoid(logit / width): a wide one lets cells change that the network is
    /// sure of, and keeps those near the threshold from outweighing them. 0: no binarisation, as
    /// in the paper.
    pub straight_through: f64,
    /// The discriminators see probabilities, as in the paper, also where the cycle goes through
    /// binary rolls.
    pub soft_judged: bool,
    /// The weights that are kept, validated and shipped are a running mean of the trained ones,
    /// with this share of the old at each step. 0: the trained ones themselves, as in the paper.
    pub average: f64,
    /// Phrases are moved by up to this many semitones.
    pub transpose: u8,
    /// Multiply in bf16 where the CPU does that faster; weights, sums and optimiser stay f32.
    pub bf16: bool,
}

impl Recipe {
    /// Our recipe (`ours`): the paper's CycleGAN with an input–output skip, binary rolls in the
    /// loop, and discriminators that are kept even between rolls and on their genre.
    pub fn ours() -> Self {
        Self::embedded("ours")
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
        match (self.mixed, self.mixed_music) {
            (Mixed::None, _) => Vec::new(),
            (_, MixedMusic::Pair) => vec![pair.a, pair.b],
            (_, MixedMusic::All) => Genre::ALL.to_vec(),
        }
    }
}
