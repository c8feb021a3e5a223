//! The shape of the arranger's network and of its input.

use serde::{Deserialize, Serialize};

use super::LENGTHS;
use super::attributes::ATTRIBUTES;
use super::harmony::HarmonyInput;

/// Planes of cells that the network is given: see [`super::encoding`].
pub const PLANES: usize = 9;
/// Numbers that condition the norms, without attributes: see [`super::encoding::condition`].
const CONDITION: usize = 6;
/// Logits of each cell: whether a note begins there, then one for each of [`LENGTHS`].
pub const LOGITS: usize = 1 + LENGTHS.len();

/// The shape of an arranger, and what its input says of the harmony.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArrangerConfig {
    /// Channels of the first layer; the inner layers have two and four times as many.
    pub base_channels: usize,
    /// Residual blocks; every second one looks twice as far.
    pub residual_blocks: usize,
    /// What the plane of the harmony says; files that name none have the strongest pitch classes.
    #[serde(default)]
    pub harmony: HarmonyInput,
    /// True if the norms depend on a phrase's [`Attributes`](super::Attributes), too.
    #[serde(default)]
    pub attributes: bool,
}

impl Default for ArrangerConfig {
    /// 2.1 M weights.
    fn default() -> Self {
        Self::new(32, 6)
    }
}

impl ArrangerConfig {
    /// A network of this size, whose input has triads and attributes.
    pub const fn new(base_channels: usize, residual_blocks: usize) -> Self {
        Self {
            base_channels,
            residual_blocks,
            harmony: HarmonyInput::Triads,
            attributes: true,
        }
    }

    /// Numbers that condition the norms: see [`super::encoding::condition`].
    pub const fn condition(&self) -> usize {
        CONDITION + if self.attributes { ATTRIBUTES } else { 0 }
    }

    /// The layers that have a kernel and a norm; one more has a kernel and a bias.
    pub const fn layers(&self) -> usize {
        5 + 2 * self.residual_blocks
    }

    /// Its weights: all values of its kernels, its norms and the last layer's bias.
    pub const fn weights(&self) -> usize {
        let (base, blocks) = (self.base_channels, self.residual_blocks);
        let inner = 9 * (22 + 32 * blocks) * base * base;
        let outer = 49 * PLANES * base + 25 * LOGITS * 2 * base + LOGITS;
        let normed = (10 + 8 * blocks) * base;
        inner + outer + 2 * normed * (self.condition() + 1)
    }
}
