//! The second judge: a profile of rhythm, texture, intervals and harmony, and a small
//! multilayer perceptron over it.
//!
//! It looks at nothing that the paper's classifier looks at in the same way: no cell has a place
//! of its own, and a transposed phrase has the same profile. So it is fooled by other things.

use candle_core::{Device, Result, Tensor};
use candle_nn::{Init, VarBuilder, ops::leaky_relu};

use super::traits::{TRAITS, traits};
use crate::roll::Roll;

/// Neurons of the two hidden layers.
const HIDDEN: [usize; 2] = [128, 64];
const SLOPE: f64 = 0.1;

/// A layer with bias.
struct Layer {
    weight: Tensor,
    bias: Tensor,
}

/// The perceptron, with the mean and spread of each trait in the training phrases.
pub(super) struct Profile {
    mean: Tensor,
    inverse_spread: Tensor,
    layers: Vec<Layer>,
}

impl Profile {
    /// Makes or finds the weights in `weights`; those named `traits.*` are not learned.
    pub(super) fn new(weights: &VarBuilder<'_>) -> Result<Self> {
        let mut layers = Vec::new();
        let mut width = TRAITS;
        for (out, number) in HIDDEN.into_iter().chain([2]).zip(1..) {
            let weights = weights.pp(format!("layer{number}"));
            let init = Init::Randn {
                mean: 0.0,
                stdev: (2.0 / width as f64).sqrt(),
            };
            layers.push(Layer {
                weight: weights.get_with_hints((width, out), "weight", init)?,
                bias: weights.get_with_hints(out, "bias", Init::Const(0.0))?,
            });
            width = out;
        }
        Ok(Self {
            mean: weights.get_with_hints(TRAITS, "traits.mean", Init::Const(0.0))?,
            inverse_spread: weights.get_with_hints(
                TRAITS,
                "traits.inverse_spread",
                Init::Const(1.0),
            )?,
            layers,
        })
    }

    /// The input of some rolls: (rolls, [`TRAITS`]).
    pub(super) fn input(rolls: &[Roll], device: &Device) -> Result<Tensor> {
        let values: Vec<f32> = rolls.iter().flat_map(traits).collect();
        Tensor::from_vec(values, (rolls.len(), TRAITS), device)
    }

    /// Mean and inverse spread of each trait; a trait that never changes counts for nothing.
    pub(super) fn standard(input: &Tensor) -> Result<[Tensor; 2]> {
        let mean = input.mean(0)?;
        let variance = input.broadcast_sub(&mean)?.sqr()?.mean(0)?;
        let inverse: Vec<f32> = variance
            .to_vec1::<f32>()?
            .into_iter()
            .map(|v| if v > 1e-10 { v.sqrt().recip() } else { 0.0 })
            .collect();
        Ok([mean, Tensor::from_vec(inverse, TRAITS, input.device())?])
    }

    /// Two logits a roll, the pair's first genre first.
    pub(super) fn logits(&self, input: &Tensor) -> Result<Tensor> {
        // Far outliers (an empty roll, a generator gone wild) stay within the learned range.
        let standard = input
            .broadcast_sub(&self.mean)?
            .broadcast_mul(&self.inverse_spread)?;
        let mut x = standard.clamp(-4.0f32, 4.0f32)?;
        for (index, layer) in self.layers.iter().enumerate() {
            if index > 0 {
                x = leaky_relu(&x, SLOPE)?;
            }
            x = x.matmul(&layer.weight)?.broadcast_add(&layer.bias)?;
        }
        Ok(x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::init::Store;

    #[test]
    fn traits_are_standardised() {
        let mut rolls = [Roll::EMPTY; 9];
        for (length, roll) in rolls.iter_mut().enumerate() {
            roll.fill(20 + 3 * length, length, 4 + 5 * length);
        }
        let input = Profile::input(&rolls, &Device::Cpu).unwrap();
        let [mean, inverse] = Profile::standard(&input).unwrap();
        let standard = input.broadcast_sub(&mean).unwrap();
        let standard = standard.broadcast_mul(&inverse).unwrap();
        let spread = standard.sqr().unwrap().mean(0).unwrap();
        for spread in spread.to_vec1::<f32>().unwrap() {
            assert!(spread == 0.0 || (spread - 1.0).abs() < 1e-3, "{spread}");
        }
        let network = Profile::new(&Store::new(3).builder(&Device::Cpu)).unwrap();
        assert_eq!(network.logits(&input).unwrap().dims(), [9, 2]);
    }
}
