//! The network: a U-Net whose instance norms get their scales and offsets from the style.
//!
//! | layer | kernel | size | channels |
//! |---|---|---|---|
//! | `input` | 7×7 | 64 × 84 | 9 → n |
//! | `down1`, `down2` | 3×3, stride 2 | 32 × 42, 16 × 21 | n → 2n → 4n |
//! | `residual…` | 3×3 twice, the first with dilation 2 in every second block | 16 × 21 | 4n |
//! | `up1` | 3×3, transposed | 32 × 42 | 4n → 2n |
//! | `up2` | 3×3, transposed, of `up1` and `down1` | 64 × 84 | 4n → n |
//! | `output` | 5×5 with bias, of `up2` and `input` | 64 × 84 | 2n → 11 |
//!
//! Every layer but the last has an instance norm, of which a linear function of the condition
//! makes scale - 1 and offset, and a ReLU. Borders are zeros.

#[cfg(feature = "train")]
mod trained;

use candle_core::{Result, Tensor};
use candle_nn::{Init, VarBuilder};

use super::NormColumn;
use super::config::{ArrangerConfig, LOGITS, PLANES};
use super::inference;
use crate::nn::inference::Level;
use crate::nn::ops::{self, Activation, Padding};

/// The deviation of the norms' initial weights.
const DEVIATION: f64 = 0.02;
/// The column of the norms that says that no genre is told.
pub const NO_GENRE: usize = 3;
/// The initial logit of an onset: notes begin in few cells.
const RARE: f64 = -4.0;

/// A convolution's kernel, uniform within 1/√(inputs) of zero at first, as PyTorch draws it.
fn kernel(vb: &VarBuilder<'_>, shape: [usize; 4]) -> Result<Tensor> {
    let inputs: usize = shape[1..].iter().product();
    let up = 1.0 / (inputs as f64).sqrt();
    vb.get_with_hints(&shape, "kernel", Init::Uniform { lo: -up, up })
}

/// Instance norm with scale and offset from the condition, then an activation.
#[derive(Clone, Debug)]
struct Norm {
    /// (2 · channels, condition): of the scales - 1, then of the offsets.
    weight: Tensor,
    /// (2 · channels).
    bias: Tensor,
    activation: Activation,
}

impl Norm {
    fn new(
        vb: &VarBuilder<'_>,
        [channels, condition]: [usize; 2],
        activation: Activation,
    ) -> Result<Self> {
        let vb = vb.pp("norm");
        let weight = Init::Randn {
            mean: 0.0,
            stdev: DEVIATION,
        };
        Ok(Self {
            weight: vb.get_with_hints((2 * channels, condition), "weight", weight)?,
            bias: vb.get_with_hints(2 * channels, "bias", Init::Const(0.0))?,
            activation,
        })
    }

    /// The layer with `column` (2 · channels) in place of that of no genre.
    fn restyled(&self, column: &Tensor) -> Result<Self> {
        let after = self.weight.dim(1)? - NO_GENRE - 1;
        let before = self.weight.narrow(1, 0, NO_GENRE)?;
        let after = self.weight.narrow(1, NO_GENRE + 1, after)?;
        Ok(Self {
            weight: Tensor::cat(&[&before, &column.unsqueeze(1)?, &after], 1)?,
            ..self.clone()
        })
    }

    /// `x` (batch, channels, height, width), `condition` (batch, condition).
    fn forward(&self, x: &Tensor, condition: &Tensor) -> Result<Tensor> {
        let both = condition.matmul(&self.weight.t()?)?;
        let both = both.broadcast_add(&self.bias)?;
        let channels = x.dim(1)?;
        let scale = (both.narrow(1, 0, channels)? + 1.0)?.contiguous()?;
        let offset = both.narrow(1, channels, channels)?.contiguous()?;
        ops::norm_activation(x, &scale, &offset, self.activation)
    }
}

/// How a layer's convolution goes over its image.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// Same size, with this dilation in pixels.
    Dilated(usize),
    /// To half the size.
    Down,
    /// Transposed, to twice the size.
    Up,
}

/// Convolution, norm, activation.
#[derive(Clone, Debug)]
struct Layer {
    /// (out, in, rows, columns); where it is transposed (in, out, rows, columns).
    kernel: Tensor,
    norm: Norm,
    way: Way,
}

impl Layer {
    fn new(
        vb: &VarBuilder<'_>,
        size: usize,
        ([from, to], condition): ([usize; 2], usize),
        way: Way,
        activation: Activation,
    ) -> Result<Self> {
        let shape = match way {
            Way::Up => [from, to, size, size],
            Way::Down | Way::Dilated(_) => [to, from, size, size],
        };
        Ok(Self {
            kernel: kernel(vb, shape)?,
            norm: Norm::new(vb, [to, condition], activation)?,
            way,
        })
    }

    fn forward(&self, x: &Tensor, condition: &Tensor) -> Result<Tensor> {
        let y = match self.way {
            Way::Dilated(dilation) => ops::dilated_conv2d(x, &self.kernel, dilation)?,
            Way::Down => ops::conv2d(x, &self.kernel, 2, Padding::Zero(1))?,
            Way::Up => ops::conv_transpose2d(x, &self.kernel)?,
        };
        self.norm.forward(&y, condition)
    }
}

/// Two layers, their input added, then ReLU.
#[derive(Clone, Debug)]
struct Residual([Layer; 2]);

impl Residual {
    fn new(
        vb: &VarBuilder<'_>,
        (channels, condition): (usize, usize),
        dilation: usize,
    ) -> Result<Self> {
        let layer = |name, dilation, activation| {
            let (vb, way) = (vb.pp(name), Way::Dilated(dilation));
            Layer::new(&vb, 3, ([channels; 2], condition), way, activation)
        };
        Ok(Self([
            layer("first", dilation, Activation::Relu)?,
            layer("second", 1, Activation::None)?,
        ]))
    }

    fn forward(&self, x: &Tensor, condition: &Tensor) -> Result<Tensor> {
        let [first, second] = &self.0;
        let y = second.forward(&first.forward(x, condition)?, condition)?;
        ops::add_relu(x, &y)
    }
}

/// One network for all genres: a canvas and a condition to the logits of each cell.
#[derive(Clone, Debug)]
pub struct Network {
    config: ArrangerConfig,
    input: Layer,
    down: [Layer; 2],
    residual: Vec<Residual>,
    up: [Layer; 2],
    /// (11, 2n, 5, 5).
    output: Tensor,
    /// (1) and (10): of the onset and of the lengths.
    bias: [Tensor; 2],
}

impl Network {
    /// The network whose tensors `vb` holds or makes.
    ///
    /// # Errors
    /// If a tensor is missing or has another shape.
    pub fn new(config: &ArrangerConfig, vb: &VarBuilder<'_>) -> Result<Self> {
        let (base, condition) = (config.base_channels, config.condition());
        let layer = |name, size, channels, way| {
            let channels = (channels, condition);
            Layer::new(&vb.pp(name), size, channels, way, Activation::Relu)
        };
        let residual = |block: usize| {
            let vb = vb.pp(format!("residual{block}"));
            Residual::new(&vb, (4 * base, condition), 1 + block % 2)
        };
        let output = vb.pp("output");
        let bias =
            |name, count: usize, value| output.get_with_hints(count, name, Init::Const(value));
        Ok(Self {
            config: *config,
            input: layer("input", 7, [PLANES, base], Way::Dilated(1))?,
            down: [
                layer("down1", 3, [base, 2 * base], Way::Down)?,
                layer("down2", 3, [2 * base, 4 * base], Way::Down)?,
            ],
            residual: (0..config.residual_blocks)
                .map(residual)
                .collect::<Result<_>>()?,
            up: [
                layer("up1", 3, [4 * base, 2 * base], Way::Up)?,
                layer("up2", 3, [4 * base, base], Way::Up)?,
            ],
            output: kernel(&output, [LOGITS, 2 * base, 5, 5])?,
            bias: [
                bias("onset_bias", 1, RARE)?,
                bias("length_bias", LOGITS - 1, 0.0)?,
            ],
        })
    }

    /// The shape of this network.
    pub const fn config(&self) -> &ArrangerConfig {
        &self.config
    }

    /// The logits of each cell, (batch, 11, 64, 84): an onset, then each of the ten lengths.
    /// `planes` is (batch, 9, 64, 84) as [`super::encoding::planes`] makes it, `condition`
    /// (batch, [`ArrangerConfig::condition`]) as [`super::encoding::condition`] does.
    ///
    /// # Errors
    /// If the shapes are others.
    pub fn logits(&self, planes: &Tensor, condition: &Tensor) -> Result<Tensor> {
        let full = self.input.forward(planes, condition)?;
        let half = self.down[0].forward(&full, condition)?;
        let mut x = self.down[1].forward(&half, condition)?;
        for block in &self.residual {
            x = block.forward(&x, condition)?;
        }
        let x = self.up[0].forward(&x, condition)?;
        let x = self.up[1].forward(&Tensor::cat(&[&x, &half], 1)?, condition)?;
        let x = Tensor::cat(&[&x, &full], 1)?;
        let y = ops::dilated_conv2d(&x, &self.output, 1)?;
        let bias = Tensor::cat(&[&self.bias[0], &self.bias[1]], 0)?;
        y.broadcast_add(&bias.reshape((1, LOGITS, 1, 1))?)
    }

    /// The layers that have a norm, in order: first, two down, two a residual block, two up.
    fn layers(&self) -> impl Iterator<Item = &Layer> {
        let down = [&self.input].into_iter().chain(&self.down);
        let residual = self.residual.iter().flat_map(|block| &block.0);
        down.chain(residual).chain(&self.up)
    }

    /// The numbers that the norms have for a genre, by its column.
    ///
    /// # Errors
    /// If there is no such column, or the weights cannot be read from their device.
    pub fn columns(&self, column: usize) -> Result<NormColumn> {
        let mut values = Vec::new();
        for layer in self.layers() {
            let column = layer.norm.weight.narrow(1, column, 1)?;
            values.extend(column.flatten_all()?.to_vec1::<f32>()?);
        }
        let columns = NormColumn::of_values(&self.config, &values);
        columns.ok_or_else(|| candle_core::Error::msg("norms of another shape"))
    }

    /// The same network, to which "no genre" is a style of its own: `columns` has of each layer
    /// one tensor (2 · channels). They may be variables, of which its passes are functions.
    ///
    /// # Errors
    /// If the tensors are not as many, or have other shapes.
    pub fn restyled(&self, columns: &[Tensor]) -> Result<Self> {
        if columns.len() != self.config.layers() {
            candle_core::bail!("a style for {} layers", columns.len());
        }
        let mut network = self.clone();
        let down = [&mut network.input].into_iter().chain(&mut network.down);
        let residual = network.residual.iter_mut().flat_map(|block| &mut block.0);
        let layers = down.chain(residual).chain(&mut network.up);
        for (layer, column) in layers.zip(columns) {
            layer.norm = layer.norm.restyled(column)?;
        }
        Ok(network)
    }

    /// This network as the transfer runs it on the CPU: the weights as they are now, laid out for
    /// `level`.
    ///
    /// # Errors
    /// If the weights cannot be read from their device.
    pub fn prepared(&self, level: Level) -> Result<inference::PreparedArranger> {
        let values = |tensor: &Tensor| tensor.flatten_all()?.to_vec1::<f32>();
        let layers = self.layers().map(|Layer { kernel, norm, .. }| {
            Ok(inference::Layer {
                kernel: values(kernel)?,
                weight: values(&norm.weight)?,
                bias: values(&norm.bias)?,
            })
        });
        let [onset, lengths] = &self.bias;
        let mut bias = [0.0; LOGITS];
        let both = values(onset)?.into_iter().chain(values(lengths)?);
        bias.iter_mut()
            .zip(both)
            .for_each(|(to, value)| *to = value);
        Ok(inference::PreparedArranger::new(
            level,
            self.config.base_channels,
            layers.collect::<Result<_>>()?,
            values(&self.output)?,
            bias,
        ))
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;
    use crate::family::arranger::{Attributes, Canvas, encoding};
    use crate::nn::init::Store;

    #[test]
    fn the_default_network_has_the_weights_that_are_counted() {
        let (config, store) = (ArrangerConfig::default(), Store::new(0));
        Network::new(&config, &store.builder(&Device::Cpu)).unwrap();
        let variables = store.variables();
        let count: usize = variables.values().map(|v| v.elem_count()).sum();
        assert_eq!((count, config.weights()), (2_130_155, count));
        assert_eq!(variables.len(), 3 * config.layers() + 3);
    }

    #[test]
    fn a_new_network_says_that_notes_are_rare() {
        let config = ArrangerConfig::new(4, 2);
        let store = Store::new(1);
        let network = Network::new(&config, &store.builder(&Device::Cpu)).unwrap();
        let planes = encoding::planes(&[Canvas::default(); 2], &Device::Cpu).unwrap();
        let condition =
            encoding::condition(&config, [0.5, 0.5, 0.0, 0.0], 0.2, &Attributes::UNTOLD);
        let condition = Tensor::new(vec![condition.clone(), condition], &Device::Cpu).unwrap();
        let logits = network.logits(&planes, &condition).unwrap();
        assert_eq!(logits.dims(), [2, 11, 64, 84]);
        let mean = |logits: Tensor| logits.mean_all().unwrap().to_scalar::<f32>().unwrap();
        assert!((mean(logits.narrow(1, 0, 1).unwrap()) + 4.0).abs() < 1.0);
        assert!(mean(logits.narrow(1, 1, 10).unwrap()).abs() < 1.0);
    }
}
