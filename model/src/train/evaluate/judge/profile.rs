//! The second judge: a profile of rhythm, texture, intervals and harmony, and a small
//! multilayer perceptron over it.
//!
//! It looks at nothing that the paper's classifier looks at in the same way: no cell has a place
//! of its own, and a transposed phrase has the same profile. So it is fooled by other things.

use candle_core::{Device, Result, Tensor};
use candle_nn::VarBuilder;

use super::perceptron::Perceptron;
use super::traits::{TRAITS, traits};
use crate::roll::Roll;

/// A perceptron over the profile.
pub(in crate::train) struct Profile(Perceptron);

impl Profile {
    /// Makes or finds the weights in `weights`.
    pub(super) fn new(weights: &VarBuilder<'_>) -> Result<Self> {
        Perceptron::new(TRAITS, weights).map(Self)
    }

    /// The input of some rolls: (rolls, [`TRAITS`]).
    pub(super) fn input(rolls: &[Roll], device: &Device) -> Result<Tensor> {
        let values: Vec<f32> = rolls.iter().flat_map(traits).collect();
        Tensor::from_vec(values, (rolls.len(), TRAITS), device)
    }

    /// Two logits a roll, the pair's first genre first.
    pub(super) fn logits(&self, input: &Tensor) -> Result<Tensor> {
        self.0.logits(input)
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
        let [mean, inverse] = Perceptron::standard(&input).unwrap();
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
