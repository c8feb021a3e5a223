//! The paper's classifier C: five convolutions without bias, each with its stride as wide as its
//! kernel, so that each is a reshape and one matrix product.
//!
//! Sizes (steps × pitches × channels): 64×84×1 → 64×7×64 → 16×7×128 → 8×7×256 → 1×7×512 → 2
//! logits; 1,154,816 weights beside the instance norms. Leaky ReLU 0.2 throughout, instance norm
//! from the second to the fourth, input −1 and 1.
//!
//! Between the layers a tensor is (channels, rolls, steps, octaves), so that patches are gathered
//! in runs of seven values and a layer is one matrix product for the whole batch.

use candle_core::{Result, Tensor};
use candle_nn::{Init, VarBuilder};

use crate::nn::ops::{Activation, norm_activation};
use crate::roll::{PITCHES, STEPS};

/// Rows that the first convolution joins.
const OCTAVE: usize = 12;
/// Octaves in a roll.
const OCTAVES: usize = PITCHES / OCTAVE;
/// Channels after the first convolution.
const FIRST: usize = 64;
/// Steps joined by, and channels after, the second to the fourth convolution.
const LAYERS: [(usize, usize); 3] = [(4, 128), (2, 256), (8, 512)];
const SLOPE: f64 = 0.2;
const WEIGHT: Init = Init::Randn {
    mean: 0.0,
    stdev: 0.02,
};
const SCALE: Init = Init::Randn {
    mean: 1.0,
    stdev: 0.02,
};

/// A convolution over steps with its instance norm.
struct Layer {
    steps: usize,
    weight: Tensor,
    scale: Tensor,
    offset: Tensor,
}

/// The paper's classifier.
pub(super) struct Patches {
    first: Tensor,
    layers: Vec<Layer>,
    last: Tensor,
}

impl Patches {
    /// Makes or finds the weights in `weights`.
    pub(super) fn new(weights: &VarBuilder<'_>) -> Result<Self> {
        let first = weights.get_with_hints((FIRST, OCTAVE), "conv1.weight", WEIGHT)?;
        let mut layers = Vec::new();
        let mut channels = FIRST;
        for ((steps, out), number) in LAYERS.into_iter().zip(2..) {
            let weights = weights.pp(format!("conv{number}"));
            layers.push(Layer {
                steps,
                weight: weights.get_with_hints((out, channels * steps), "weight", WEIGHT)?,
                scale: weights.get_with_hints(out, "scale", SCALE)?,
                offset: weights.get_with_hints(out, "offset", Init::Const(0.0))?,
            });
            channels = out;
        }
        Ok(Self {
            first,
            layers,
            last: weights.get_with_hints((channels * OCTAVES, 2), "conv5.weight", WEIGHT)?,
        })
    }

    /// The input, −1 and 1: (rolls, 64, 84) of cells (rolls, 1, 64, 84) from 0 to 1.
    pub(super) fn scaled(cells: &Tensor) -> Result<Tensor> {
        cells.affine(2.0, -1.0)?.squeeze(1)
    }

    /// Two logits a roll, the pair's first genre first.
    pub(super) fn logits(&self, input: &Tensor) -> Result<Tensor> {
        let rolls = input.dim(0)?;
        let octaves = input.reshape((rolls * STEPS * OCTAVES, OCTAVE))?;
        let x = self.first.matmul(&octaves.t()?)?;
        let leaky = ((x.relu()? * (1.0 - SLOPE))? + (x * SLOPE)?)?;
        let mut x = leaky.reshape((FIRST, rolls, STEPS, OCTAVES))?;
        for layer in &self.layers {
            let (channels, _, steps, _) = x.dims4()?;
            let steps = steps / layer.steps;
            let patches = x
                .reshape((channels, rolls, steps, layer.steps, OCTAVES))?
                .permute((0, 3, 1, 2, 4))?
                .reshape((channels * layer.steps, rolls * steps * OCTAVES))?;
            let y = layer.weight.matmul(&patches)?;
            // One instance is one channel of one roll.
            let out = y.dim(0)?;
            let each = |tensor: &Tensor| {
                let tensor = tensor.unsqueeze(1)?.broadcast_as((out, rolls))?;
                tensor.flatten_all()?.contiguous()
            };
            let (scale, offset) = (each(&layer.scale)?, each(&layer.offset)?);
            let y = y.reshape((1, out * rolls, steps, OCTAVES))?;
            let y = norm_activation(&y, &scale, &offset, Activation::LeakyRelu(SLOPE as f32))?;
            x = y.reshape((out, rolls, steps, OCTAVES))?;
        }
        let x = x.transpose(0, 1)?.contiguous()?;
        x.flatten_from(1)?.matmul(&self.last)
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;
    use crate::family::cyclegan::tensor_of_rolls;
    use crate::nn::init::Store;
    use crate::roll::Roll;

    fn input(rolls: &[Roll]) -> Tensor {
        Patches::scaled(&tensor_of_rolls(rolls, &Device::Cpu).unwrap()).unwrap()
    }

    #[test]
    fn it_has_the_paper_s_size() {
        let store = Store::new(1);
        let network = Patches::new(&store.builder(&Device::Cpu)).unwrap();
        let count = |norms: bool| -> usize {
            let variables = store.variables();
            let norm = |name: &str| name.ends_with("scale") || name.ends_with("offset");
            let chosen = variables.iter().filter(|(name, _)| norm(name) == norms);
            chosen.map(|(_, var)| var.elem_count()).sum()
        };
        assert_eq!(count(false), 1_154_816);
        assert_eq!(count(true), 2 * (128 + 256 + 512));
        let mut roll = Roll::EMPTY;
        roll.fill(30, 0, 9);
        let input = input(&[roll, Roll::EMPTY, roll]);
        assert_eq!(network.logits(&input).unwrap().dims(), [3, 2]);
    }

    /// A convolution whose stride is its kernel must see each cell once and in its place.
    #[test]
    fn a_phrase_is_judged_alone_and_in_order() {
        let network = Patches::new(&Store::new(2).builder(&Device::Cpu)).unwrap();
        let logits = |rolls: &[Roll]| {
            network
                .logits(&input(rolls))
                .unwrap()
                .to_vec2::<f32>()
                .unwrap()
        };
        let (mut early, mut late) = (Roll::EMPTY, Roll::EMPTY);
        early.fill(40, 0, 4);
        late.fill(40, 32, 36);
        // Matrices of another size are added up in another order.
        let near = |x: &[f32], y: &[f32]| x.iter().zip(y).all(|(x, y)| (x - y).abs() < 1e-4);
        let together = logits(&[early, late]);
        assert!(near(&together[0], &logits(&[early])[0]));
        assert!(near(&together[1], &logits(&[late])[0]));
        assert!(!near(&together[0], &together[1]));
    }
}
