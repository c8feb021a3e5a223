//! A recipe: what a training run does, in one small file.

use serde::{Deserialize, Serialize};

use crate::genre::{Genre, Pair};
use crate::net::{DiscriminatorConfig, GeneratorConfig};

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
    /// The weight of the density loss, which keeps the number of sounding cells. Paper: 0.
    pub density_weight: f64,
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
    /// Binarise the generators' output before it is judged or sent back, with the gradient of
    /// the probability (straight through).
    pub straight_through: bool,
    /// Phrases are moved by up to this many semitones.
    pub transpose: u8,
    /// Multiply in bf16 where the CPU does that faster; weights, sums and optimiser stay f32.
    pub bf16: bool,
}

impl Recipe {
    /// Our recipe (`ours`): the paper's full model with the mixed discriminators in the loss,
    /// straight-through binarisation, spectral norm, and a skip from input to output.
    pub fn ours() -> Self {
        Self {
            name: "ours".into(),
            generator: GeneratorConfig {
                base_channels: 32,
                residual_blocks: 6,
                skip: 2.0,
            },
            discriminator: DiscriminatorConfig {
                base_channels: 32,
                spectral_norm: true,
            },
            steps: 4000,
            batch: 16,
            learning_rate: 5e-5,
            largest_change: 1.0,
            discriminator_rate: 1.0,
            decay_from: 2500,
            cycle_weight: 10.0,
            cycle_loss: CycleLoss::CrossEntropy,
            density_weight: 5.0,
            mixed_weight: 1.0,
            mixed: Mixed::InLoss,
            mixed_music: MixedMusic::All,
            noise: 0.1,
            past_fakes: 50,
            straight_through: true,
            transpose: 6,
            bf16: true,
        }
    }

    /// The paper's models (`paper/base`, `paper/partial`, `paper/full`) as the authors released
    /// them, with their best σ_D for jazz and classic (Table VII).
    fn paper(name: &str, mixed: Mixed, mixed_music: MixedMusic, noise: f64) -> Self {
        Self {
            name: format!("paper/{name}"),
            generator: GeneratorConfig::PAPER,
            discriminator: DiscriminatorConfig {
                base_channels: 64,
                spectral_norm: false,
            },
            steps: 70_100,
            discriminator_rate: 1.0,
            decay_from: 7010,
            cycle_loss: CycleLoss::L1,
            density_weight: 0.0,
            learning_rate: 2e-4,
            largest_change: 0.0,
            mixed,
            mixed_music,
            noise,
            past_fakes: if mixed == Mixed::None { 0 } else { 50 },
            straight_through: false,
            transpose: 0,
            bf16: false,
            ..Self::ours()
        }
    }

    /// A recipe by name: `ours`, `paper/base`, `paper/partial`, `paper/full`, `smoke`.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "ours" => Some(Self::ours()),
            "paper/base" => Some(Self::paper("base", Mixed::None, MixedMusic::Pair, 1.0)),
            "paper/partial" => Some(Self::paper(
                "partial",
                Mixed::Released,
                MixedMusic::Pair,
                0.0,
            )),
            "paper/full" => Some(Self::paper("full", Mixed::Released, MixedMusic::All, 0.01)),
            "smoke" => Some(Self::smoke()),
            _ => None,
        }
    }

    /// A tiny network for a few steps: to see that everything runs.
    pub fn smoke() -> Self {
        Self {
            name: "smoke".into(),
            generator: GeneratorConfig {
                base_channels: 2,
                residual_blocks: 1,
                skip: 2.0,
            },
            discriminator: DiscriminatorConfig {
                base_channels: 2,
                spectral_norm: true,
            },
            steps: 20,
            batch: 2,
            decay_from: 10,
            past_fakes: 4,
            bf16: false,
            ..Self::ours()
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
