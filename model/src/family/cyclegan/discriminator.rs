//! The discriminator (paper section III-B): a score for each patch of a roll.

use candle_core::{D, Result, Tensor};
use candle_nn::{Init, VarBuilder};
use serde::{Deserialize, Serialize};

use super::generator::{Norm, kernel};
use crate::nn::ops::{self, Activation, Padding};

/// The slope of the leaky ReLUs.
const SLOPE: f32 = 0.2;

/// The shape of a discriminator.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct DiscriminatorConfig {
    /// Channels of the first layer; the second has four times as many. Paper: 64.
    pub base_channels: usize,
    /// Divide each kernel by its largest singular value (Miyato et al. 2018, arXiv 1802.05957).
    /// Paper: no.
    pub spectral_norm: bool,
}

/// A kernel and, with spectral norm, the running estimate of its first left singular vector.
#[derive(Clone, Debug)]
struct Kernel {
    weight: Tensor,
    singular: Option<Tensor>,
}

impl Kernel {
    fn new(vb: &VarBuilder<'_>, shape: [usize; 4], spectral_norm: bool) -> Result<Self> {
        let weight = kernel(vb, "kernel", shape)?;
        let unit = Init::Randn {
            mean: 0.0,
            stdev: 1.0,
        };
        let singular = spectral_norm
            .then(|| vb.get_with_hints(shape[0], "singular", unit))
            .transpose()?;
        Ok(Self { weight, singular })
    }

    /// The kernel to convolve with: divided by its largest singular value, whose vectors count as
    /// constants in the gradient.
    fn normalised(&self) -> Result<Tensor> {
        let Some(singular) = &self.singular else {
            return Ok(self.weight.clone());
        };
        let matrix = self.weight.flatten_from(1)?;
        let left = unit(&singular.detach())?.unsqueeze(0)?;
        let right = unit(&left.matmul(&matrix.detach())?.squeeze(0)?)?.unsqueeze(1)?;
        let norm = left
            .matmul(&matrix.matmul(&right)?)?
            .reshape((1, 1, 1, 1))?;
        self.weight.broadcast_div(&norm)
    }

    /// The next estimate of the singular vector: one power iteration.
    fn iterate(&self) -> Result<Option<Tensor>> {
        let Some(singular) = &self.singular else {
            return Ok(None);
        };
        let matrix = self.weight.detach().flatten_from(1)?;
        let right = singular.detach().unsqueeze(0)?.matmul(&matrix)?;
        Ok(Some(unit(&matrix.matmul(&right.t()?)?.squeeze(1)?)?))
    }
}

/// A vector of length one.
fn unit(vector: &Tensor) -> Result<Tensor> {
    let length = (vector.sqr()?.sum(D::Minus1)?.sqrt()? + 1e-12)?;
    vector.broadcast_div(&length)
}

/// Tells a genre's rolls from generated ones.
#[derive(Clone, Debug)]
pub struct Discriminator {
    kernels: [Kernel; 3],
    norm: Norm,
}

impl Discriminator {
    /// The discriminator whose tensors `vb` holds or makes.
    ///
    /// # Errors
    /// candle's: shapes that do not fit, no memory on the device.
    pub fn new(config: &DiscriminatorConfig, vb: &VarBuilder<'_>) -> Result<Self> {
        let base = config.base_channels;
        let make = |name, shape| Kernel::new(&vb.pp(name), shape, config.spectral_norm);
        Ok(Self {
            kernels: [
                make("patch1", [base, 1, 7, 7])?,
                make("patch2", [4 * base, base, 7, 7])?,
                make("score", [1, 4 * base, 7, 7])?,
            ],
            norm: Norm::new(&vb.pp("norm"), 4 * base, Activation::LeakyRelu(SLOPE))?,
        })
    }

    /// The network with its tensors as constants: for the generators' loss, which needs no
    /// gradients of the discriminators.
    #[must_use]
    pub fn frozen(&self) -> Self {
        let mut frozen = self.clone();
        for kernel in &mut frozen.kernels {
            kernel.weight = kernel.weight.detach();
        }
        frozen.norm = frozen.norm.frozen();
        frozen
    }

    /// Patch scores: (batch, 1, 64, 84) to (batch, 1, 16, 21); 1 means real.
    ///
    /// # Errors
    /// candle's: shapes that do not fit, no memory on the device.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let [first, second, score] = &self.kernels;
        let y = ops::conv2d(x, &first.normalised()?, 2, Padding::Zero(3))?;
        let y = ops::leaky_relu(&y, SLOPE)?;
        let y = ops::conv2d(&y, &second.normalised()?, 2, Padding::Zero(3))?;
        ops::conv2d(
            &self.norm.forward(&y)?,
            &score.normalised()?,
            1,
            Padding::Zero(3),
        )
    }

    /// One power iteration for each kernel with spectral norm: (name of the variable, new value).
    ///
    /// # Errors
    /// candle's: shapes that do not fit, no memory on the device.
    pub fn iterate(&self) -> Result<Vec<(&'static str, Tensor)>> {
        let names = ["patch1.singular", "patch2.singular", "score.singular"];
        let mut next = Vec::new();
        for (name, kernel) in names.into_iter().zip(&self.kernels) {
            next.extend(kernel.iterate()?.map(|value| (name, value)));
        }
        Ok(next)
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};

    use super::*;
    use crate::nn::init::Store;

    #[test]
    fn patches_have_the_paper_s_shape_and_size() {
        let store = Store::new(0);
        let config = DiscriminatorConfig {
            base_channels: 64,
            spectral_norm: false,
        };
        let discriminator = Discriminator::new(&config, &store.builder(&Device::Cpu)).unwrap();
        let x = Tensor::zeros((1, 1, 64, 84), DType::F32, &Device::Cpu).unwrap();
        assert_eq!(discriminator.forward(&x).unwrap().dims(), [1, 1, 16, 21]);
        let count = |end: &str| -> usize {
            let variables = store.variables();
            variables
                .iter()
                .filter(|(n, _)| n.ends_with(end))
                .map(|(_, v)| v.elem_count())
                .sum()
        };
        assert_eq!(count("kernel"), 64 * 49 + 256 * 64 * 49 + 256 * 49);
    }

    #[test]
    fn spectral_norm_finds_the_largest_singular_value() {
        let store = Store::new(3);
        let vb = store.builder(&Device::Cpu);
        let mut kernel = Kernel::new(&vb, [4, 2, 3, 3], true).unwrap();
        // A matrix whose singular values are known: 3 and 1 on two axes.
        let mut values = vec![0.0f32; 4 * 18];
        values[0] = 3.0;
        values[18 + 1] = -1.0;
        kernel.weight = Tensor::from_vec(values, (4, 2, 3, 3), &Device::Cpu).unwrap();
        for _ in 0..40 {
            kernel.singular = kernel.iterate().unwrap();
        }
        let largest = kernel
            .normalised()
            .unwrap()
            .flatten_all()
            .unwrap()
            .max(0)
            .unwrap();
        assert!((largest.to_scalar::<f32>().unwrap() - 1.0).abs() < 1e-5);
    }
}
