//! A small multilayer perceptron over standardised figures of a phrase.

use candle_core::{Result, Tensor};
use candle_nn::{Init, VarBuilder, ops::leaky_relu};

/// Neurons of the two hidden layers.
const HIDDEN: [usize; 2] = [128, 64];
const SLOPE: f64 = 0.1;

/// A layer with bias.
struct Layer {
    weight: Tensor,
    bias: Tensor,
}

/// The perceptron, with the mean and spread of each figure in the training phrases.
pub(super) struct Perceptron {
    mean: Tensor,
    inverse_spread: Tensor,
    layers: Vec<Layer>,
}

impl Perceptron {
    /// Makes or finds the weights for `figures` figures in `weights`; those named `traits.*` are
    /// not learned.
    pub(super) fn new(figures: usize, weights: &VarBuilder<'_>) -> Result<Self> {
        let mut layers = Vec::new();
        let mut width = figures;
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
        let fixed = |name, value| weights.get_with_hints(figures, name, Init::Const(value));
        Ok(Self {
            mean: fixed("traits.mean", 0.0)?,
            inverse_spread: fixed("traits.inverse_spread", 1.0)?,
            layers,
        })
    }

    /// Mean and inverse spread of each figure of an input (phrases, figures); a figure that never
    /// changes counts for nothing.
    pub(super) fn standard(input: &Tensor) -> Result<[Tensor; 2]> {
        let mean = input.mean(0)?;
        let variance = input.broadcast_sub(&mean)?.sqr()?.mean(0)?;
        let inverse: Vec<f32> = variance
            .to_vec1::<f32>()?
            .into_iter()
            .map(|v| if v > 1e-10 { v.sqrt().recip() } else { 0.0 })
            .collect();
        let inverse = Tensor::from_vec(inverse, variance.dims1()?, input.device())?;
        Ok([mean, inverse])
    }

    /// Two logits for each phrase of an input (phrases, figures).
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
