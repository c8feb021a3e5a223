//! The generator (paper section III-B; layers as in the authors' code).
//!
//! Differences from the authors' TensorFlow code: strided convolutions pad both sides alike
//! (TensorFlow pads one side more, a shift of half a step), and `skip` may add the input to the
//! output's logits, so that the identity is the default and the network learns edits.

use candle_core::{Result, Tensor};
use candle_nn::{Init, VarBuilder};
use serde::{Deserialize, Serialize};

use crate::nn::inference::{Level, PreparedGenerator, Weights};
use crate::nn::ops::{self, Activation, Padding};

/// The shape of a generator.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct GeneratorConfig {
    /// Channels of the first layer; the inner layers have two and four times as many. Paper: 64.
    pub base_channels: usize,
    /// Residual blocks. Paper: 10.
    pub residual_blocks: usize,
    /// α in logits + α·(2x − 1). Paper: 0.
    pub skip: f32,
}

impl GeneratorConfig {
    /// A generator of this size.
    pub const fn new(base_channels: usize, residual_blocks: usize, skip: f32) -> Self {
        Self {
            base_channels,
            residual_blocks,
            skip,
        }
    }

    /// The paper's generator: 12.5 M weights.
    pub const PAPER: Self = Self::new(64, 10, 0.0);

    /// The layers that have a kernel and a norm; one more has only a kernel.
    pub const fn layers(&self) -> usize {
        5 + 2 * self.residual_blocks
    }

    /// Its weights: all values of its kernels and norms.
    pub const fn weights(&self) -> usize {
        let (base, blocks) = (self.base_channels, self.residual_blocks);
        let kernels = 2 * 49 * base + 9 * (20 + 32 * blocks) * base * base;
        kernels + (20 + 16 * blocks) * base
    }
}

/// The deviation of the initial weights, as in the authors' code.
pub(super) const DEVIATION: f64 = 0.02;

/// A convolution's kernel under `name`.
pub(super) fn kernel(vb: &VarBuilder<'_>, name: &str, shape: [usize; 4]) -> Result<Tensor> {
    vb.get_with_hints(
        &shape,
        name,
        Init::Randn {
            mean: 0.0,
            stdev: DEVIATION,
        },
    )
}

/// Instance norm with learned scale and offset, then an activation.
#[derive(Clone, Debug)]
pub(super) struct Norm {
    scale: Tensor,
    offset: Tensor,
    activation: Activation,
}

impl Norm {
    pub(super) fn new(
        vb: &VarBuilder<'_>,
        channels: usize,
        activation: Activation,
    ) -> Result<Self> {
        let scale = Init::Randn {
            mean: 1.0,
            stdev: DEVIATION,
        };
        Ok(Self {
            scale: vb.get_with_hints(channels, "scale", scale)?,
            offset: vb.get_with_hints(channels, "offset", Init::Const(0.0))?,
            activation,
        })
    }

    /// This generator with constants in place of variables.
    pub(super) fn frozen(&self) -> Self {
        let (scale, offset) = (self.scale.detach(), self.offset.detach());
        Self {
            scale,
            offset,
            activation: self.activation,
        }
    }

    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        ops::norm_activation(x, &self.scale, &self.offset, self.activation)
    }
}

/// Convolution, instance norm, activation.
#[derive(Clone, Debug)]
struct Layer {
    kernel: Tensor,
    stride: usize,
    padding: Padding,
    norm: Norm,
}

impl Layer {
    fn new(
        vb: &VarBuilder<'_>,
        shape: [usize; 4],
        stride: usize,
        padding: Padding,
        activation: Activation,
    ) -> Result<Self> {
        let norm = Norm::new(vb, shape[0], activation)?;
        Ok(Self {
            kernel: kernel(vb, "kernel", shape)?,
            stride,
            padding,
            norm,
        })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.norm
            .forward(&ops::conv2d(x, &self.kernel, self.stride, self.padding)?)
    }
}

/// Transposed convolution to twice the size, instance norm, ReLU.
#[derive(Clone, Debug)]
struct Upsample {
    kernel: Tensor,
    norm: Norm,
}

impl Upsample {
    fn new(vb: &VarBuilder<'_>, from: usize, to: usize) -> Result<Self> {
        let norm = Norm::new(vb, to, Activation::Relu)?;
        Ok(Self {
            kernel: kernel(vb, "kernel", [from, to, 3, 3])?,
            norm,
        })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.norm.forward(&ops::conv_transpose2d(x, &self.kernel)?)
    }
}

/// Two layers, the input added, then ReLU (the authors' code has it after the sum).
#[derive(Clone, Debug)]
struct Residual {
    first: Layer,
    second: Layer,
}

impl Residual {
    fn new(vb: &VarBuilder<'_>, channels: usize) -> Result<Self> {
        let layer = |name, activation| {
            let shape = [channels, channels, 3, 3];
            Layer::new(&vb.pp(name), shape, 1, Padding::Reflect(1), activation)
        };
        Ok(Self {
            first: layer("first", Activation::Relu)?,
            second: layer("second", Activation::None)?,
        })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        ops::add_relu(x, &self.second.forward(&self.first.forward(x)?)?)
    }
}

/// One direction of a genre pair: a roll to the probability of each cell.
#[derive(Clone, Debug)]
pub struct Generator {
    config: GeneratorConfig,
    encoder: [Layer; 3],
    residual: Vec<Residual>,
    decoder: [Upsample; 2],
    output: Tensor,
}

impl Generator {
    /// The generator whose tensors `vb` holds or makes.
    ///
    /// # Errors
    /// candle's: shapes that do not fit, no memory on the device.
    pub fn new(config: &GeneratorConfig, vb: &VarBuilder<'_>) -> Result<Self> {
        let base = config.base_channels;
        let down = |name, from, to| {
            Layer::new(
                &vb.pp(name),
                [to, from, 3, 3],
                2,
                Padding::Zero(1),
                Activation::Relu,
            )
        };
        let input = [base, 1, 7, 7];
        Ok(Self {
            config: *config,
            encoder: [
                Layer::new(
                    &vb.pp("input"),
                    input,
                    1,
                    Padding::Reflect(3),
                    Activation::Relu,
                )?,
                down("down1", base, 2 * base)?,
                down("down2", 2 * base, 4 * base)?,
            ],
            residual: (0..config.residual_blocks)
                .map(|block| Residual::new(&vb.pp(format!("residual{block}")), 4 * base))
                .collect::<Result<_>>()?,
            decoder: [
                Upsample::new(&vb.pp("up1"), 4 * base, 2 * base)?,
                Upsample::new(&vb.pp("up2"), 2 * base, base)?,
            ],
            output: kernel(vb, "output.kernel", [1, base, 7, 7])?,
        })
    }

    /// The shape of this generator.
    pub const fn config(&self) -> &GeneratorConfig {
        &self.config
    }

    /// The logits of each cell: (batch, 1, 64, 84) to the same shape.
    ///
    /// # Errors
    /// candle's: shapes that do not fit, no memory on the device.
    pub fn logits(&self, x: &Tensor) -> Result<Tensor> {
        let mut y = x.clone();
        for layer in &self.encoder {
            y = layer.forward(&y)?;
        }
        for block in &self.residual {
            y = block.forward(&y)?;
        }
        for layer in &self.decoder {
            y = layer.forward(&y)?;
        }
        let y = ops::conv2d(&y, &self.output, 1, Padding::Reflect(3))?;
        if self.config.skip == 0.0 {
            return Ok(y);
        }
        let skip = f64::from(self.config.skip);
        y + x.affine(2.0 * skip, -skip)?
    }

    /// This generator as the transfer runs it on the CPU: the weights as they are now, laid out
    /// for `level`.
    ///
    /// # Errors
    /// candle's: shapes that do not fit, no memory on the device.
    pub fn prepared(&self, level: Level) -> Result<PreparedGenerator> {
        let encoder = self
            .encoder
            .iter()
            .map(|layer| (&layer.kernel, &layer.norm));
        let residual = self.residual.iter().flat_map(|block| {
            [&block.first, &block.second].map(|layer| (&layer.kernel, &layer.norm))
        });
        let decoder = self
            .decoder
            .iter()
            .map(|layer| (&layer.kernel, &layer.norm));
        let values = |tensor: &Tensor| tensor.flatten_all()?.to_vec1::<f32>();
        let layers = encoder
            .chain(residual)
            .chain(decoder)
            .map(|(kernel, norm)| {
                Ok(Weights {
                    kernel: values(kernel)?,
                    scale: values(&norm.scale)?,
                    offset: values(&norm.offset)?,
                })
            })
            .collect::<Result<Vec<_>>>()?;
        let GeneratorConfig {
            base_channels,
            skip,
            ..
        } = self.config;
        let output = values(&self.output)?;
        Ok(PreparedGenerator::new(
            level,
            base_channels,
            skip,
            &layers,
            &output,
        ))
    }

    /// The probability of each cell: the sigmoid of [`Generator::logits`].
    ///
    /// # Errors
    /// candle's: shapes that do not fit, no memory on the device.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        candle_nn::ops::sigmoid(&self.logits(x)?)
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;
    use crate::family::cyclegan::tensor_of_rolls;
    use crate::nn::init::Store;
    use crate::roll::Roll;

    #[test]
    fn the_paper_s_generator_has_the_paper_s_size() {
        let store = Store::new(0);
        let vb = store.builder(&Device::Cpu);
        Generator::new(&GeneratorConfig::PAPER, &vb).unwrap();
        let (mut kernels, mut norms) = (0, 0);
        for (name, variable) in store.variables() {
            let count = variable.elem_count();
            if name.ends_with("kernel") {
                kernels += count;
            } else {
                norms += count;
            }
        }
        assert_eq!((kernels, norms), (12_540_032, 11_520));
        assert_eq!(GeneratorConfig::PAPER.weights(), kernels + norms);
        assert_eq!(
            GeneratorConfig::PAPER.layers() * 3 + 1,
            store.variables().len()
        );
    }

    #[test]
    fn a_strong_skip_makes_the_identity() {
        let config = GeneratorConfig::new(2, 1, 40.0);
        let store = Store::new(1);
        let generator = Generator::new(&config, &store.builder(&Device::Cpu)).unwrap();
        let mut roll = Roll::EMPTY;
        roll.fill(40, 3, 9);
        let x = tensor_of_rolls(&[roll], &Device::Cpu).unwrap();
        let y = generator.forward(&x).unwrap();
        assert_eq!(y.dims(), [1, 1, 64, 84]);
        assert_eq!(
            crate::family::cyclegan::rolls_of_tensor(&y, 0.5).unwrap(),
            [roll]
        );
    }
}
