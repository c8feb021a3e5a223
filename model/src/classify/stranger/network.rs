//! The stranger's network: three convolutions over the notes of a phrase, of which the mean and
//! the greatest value of each channel are left, and a linear layer.
//!
//! | layer | out (channels × steps × rows) | kernel, stride |
//! |---|---|---|
//! | input: sounding and onset of 2 × 2 cells, place in the bar and the beat, height | 12 × 32 × 42 | |
//! | convolution | 16 × 32 × 38 | 3 × 7, 1 |
//! | convolution | 32 × 16 × 18 | 3 × 5, 2 |
//! | convolution | 64 × 8 × 9 | 3 × 3, 2 |
//! | mean and greatest of each channel | 128 | |
//! | linear | 2 | |
//!
//! Batch norm and ReLU follow each convolution. Without the norm it learns slower and tells less.

use std::f32::consts::TAU;

use candle_core::{Device, Result, Tensor, Var};
use candle_nn::{Init, VarBuilder, init::DEFAULT_KAIMING_NORMAL};

use super::pool::pooled;
use crate::nn::ops::{Activation, Padding, add_relu, conv2d, norm_activation};
use crate::roll::notes::NoteRoll;
use crate::roll::{PITCHES, STEPS, STEPS_PER_SLOT};

/// Steps and pitches that one place of the input joins.
const FOLD: usize = 2;
/// Planes of the input that say what is played.
const PLAYED: usize = 2 * FOLD * FOLD;
/// Planes of the input: those, and four that say where.
const PLANES: usize = PLAYED + 4;
/// Steps of the input.
const HEIGHT: usize = STEPS / FOLD;
/// Rows of the input.
const WIDTH: usize = PITCHES / FOLD;
/// Output channels, rows and columns of the kernel, and stride of each convolution.
const LAYERS: [(usize, (usize, usize), usize); 3] =
    [(16, (3, 7), 1), (32, (3, 5), 2), (64, (3, 3), 2)];
/// Values that the linear layer reads: two of each channel.
pub(super) const READ: usize = 2 * LAYERS[2].0;
/// The ε of the batch norm.
const EPSILON: f64 = 1e-5;

/// A convolution with its batch norm.
struct Layer {
    kernel: Tensor,
    scale: Tensor,
    offset: Tensor,
    /// Mean and variance of each channel (1, channels, 1, 1), where phrases are scored.
    statistics: [Var; 2],
    stride: usize,
}

/// The stranger's network.
pub(super) struct Network {
    layers: Vec<Layer>,
    weight: Tensor,
    bias: Tensor,
}

impl Network {
    /// Makes the weights in `weights`.
    pub(super) fn new(weights: &VarBuilder<'_>) -> Result<Self> {
        let mut layers = Vec::new();
        let mut channels = PLANES;
        for ((out, (rows, columns), stride), number) in LAYERS.into_iter().zip(1..) {
            let weights = weights.pp(format!("conv{number}"));
            let statistics = |value: f64| {
                let each = Tensor::full(value as f32, (1, out, 1, 1), &Device::Cpu)?;
                Var::from_tensor(&each)
            };
            layers.push(Layer {
                kernel: weights.get_with_hints(
                    (out, channels, rows, columns),
                    "kernel",
                    DEFAULT_KAIMING_NORMAL,
                )?,
                scale: weights.get_with_hints(out, "scale", Init::Const(1.0))?,
                offset: weights.get_with_hints(out, "offset", Init::Const(0.0))?,
                statistics: [statistics(0.0)?, statistics(1.0)?],
                stride,
            });
            channels = out;
        }
        let none = Init::Const(0.0);
        Ok(Self {
            layers,
            weight: weights.get_with_hints((READ, 2), "linear.weight", none)?,
            bias: weights.get_with_hints(2, "linear.bias", none)?,
        })
    }

    /// Input tensor of some phrases: (phrases, 12, 32, 42).
    pub(super) fn input(phrases: &[NoteRoll]) -> Result<Tensor> {
        let places = places();
        let mut values = Vec::with_capacity(phrases.len() * PLANES * HEIGHT * WIDTH);
        for phrase in phrases {
            let start = values.len();
            values.resize(start + PLAYED * HEIGHT * WIDTH, 0.0f32);
            let played = &mut values[start..];
            for (kind, cells) in [phrase.sounding(), phrase.onsets()].into_iter().enumerate() {
                for (step, mut rows) in cells.steps().iter().copied().enumerate() {
                    while rows != 0 {
                        let row = rows.trailing_zeros() as usize;
                        rows &= rows - 1;
                        let plane = (kind * FOLD + step % FOLD) * FOLD + row % FOLD;
                        played[(plane * HEIGHT + step / FOLD) * WIDTH + row / FOLD] = 1.0;
                    }
                }
            }
            values.extend_from_slice(&places);
        }
        let shape = (phrases.len(), PLANES, HEIGHT, WIDTH);
        Tensor::from_vec(values, shape, &Device::Cpu)
    }

    /// A layer before its norm.
    fn convolved(&self, number: usize, x: &Tensor, kernel: &Tensor) -> Result<Tensor> {
        conv2d(x, kernel, self.layers[number].stride, Padding::Zero(1))
    }

    /// The values that the linear layer reads, (phrases, [`READ`]), with the batch's own mean and
    /// variance in each norm. These are kept for [`Self::scores`] if `keep` says so.
    pub(super) fn learning(&self, input: &Tensor, keep: bool) -> Result<Tensor> {
        let mut x = input.clone();
        for (number, layer) in self.layers.iter().enumerate() {
            let y = self.convolved(number, &x, &layer.kernel)?;
            let (phrases, channels, height, width) = y.dims4()?;
            // One channel of the whole batch is one instance.
            let y = y.transpose(0, 1)?.contiguous()?;
            if keep {
                let values = y.detach().flatten_all()?.to_vec1::<f32>()?;
                let each = values.chunks_exact(phrases * height * width);
                let (means, variances) = each.map(mean_and_variance).unzip();
                for (kept, new) in layer.statistics.iter().zip([means, variances]) {
                    let new: Vec<f32> = new;
                    kept.set(&Tensor::from_vec(new, (1, channels, 1, 1), y.device())?)?;
                }
            }
            let y = y.reshape((1, channels, phrases * height, width))?;
            let y = norm_activation(&y, &layer.scale, &layer.offset, Activation::Relu)?;
            let y = y.reshape((channels, phrases, height, width))?;
            x = y.transpose(0, 1)?.contiguous()?;
        }
        pooled(&x)
    }

    /// Forward pass for scoring: each phrase by itself, with the running mean and variance.
    pub(super) fn scoring(&self, input: &Tensor) -> Result<Tensor> {
        let mut x = input.detach();
        for (number, layer) in self.layers.iter().enumerate() {
            let [mean, variance] = &layer.statistics;
            let inverse = (variance.as_detached_tensor() + EPSILON)?.sqrt()?.recip()?;
            let channels = layer.scale.dim(0)?;
            let each = |tensor: &Tensor| tensor.detach().reshape((1, channels, 1, 1));
            let gain = (each(&layer.scale)? * inverse)?;
            let offset = (each(&layer.offset)? - (mean.as_detached_tensor() * &gain)?)?;
            let gain = gain.reshape((channels, 1, 1, 1))?;
            let kernel = layer.kernel.detach().broadcast_mul(&gain)?;
            let y = self.convolved(number, &x, &kernel)?;
            x = add_relu(&y, &offset.broadcast_as(y.shape())?.contiguous()?)?;
        }
        pooled(&x)
    }

    /// Two logits of each phrase from what [`Self::learning`] or [`Self::scoring`] gave: that it
    /// is an output, that it is real.
    pub(super) fn logits(&self, read: &Tensor) -> Result<Tensor> {
        read.matmul(&self.weight)?.broadcast_add(&self.bias)
    }

    /// How much more real than made each phrase looks to the network; below 0: made.
    pub(super) fn scores(&self, phrases: &[NoteRoll]) -> Result<Vec<f32>> {
        let mut scores = Vec::with_capacity(phrases.len());
        for chunk in phrases.chunks(64) {
            let read = self.scoring(&Self::input(chunk)?)?;
            let logits = self.logits(&read)?.to_vec2::<f32>()?;
            scores.extend(logits.iter().map(|pair| pair[1] - pair[0]));
        }
        Ok(scores)
    }

    /// Running statistics: mean and variance of each layer.
    pub(super) fn statistics(&self) -> impl Iterator<Item = &Var> {
        self.layers.iter().flat_map(|layer| &layer.statistics)
    }
}

/// The planes that say where a place of the input is: two turn with the bar, one tells the halves
/// of a beat apart, one rises with the pitch.
fn places() -> Vec<f32> {
    let bar = |step: usize| TAU * (FOLD * step) as f32 / STEPS_PER_SLOT as f32;
    let planes: [&dyn Fn(usize, usize) -> f32; PLANES - PLAYED] = [
        &|step, _| bar(step).cos(),
        &|step, _| bar(step).sin(),
        &|step, _| if step % 2 == 0 { 1.0 } else { -1.0 },
        &|_, row| 2.0 * row as f32 / (WIDTH - 1) as f32 - 1.0,
    ];
    let cells = |plane: &dyn Fn(usize, usize) -> f32| -> Vec<f32> {
        let places = (0..HEIGHT).flat_map(|step| (0..WIDTH).map(move |row| (step, row)));
        places.map(|(step, row)| plane(step, row)).collect()
    };
    planes.into_iter().flat_map(cells).collect()
}

fn mean_and_variance(values: &[f32]) -> (f32, f32) {
    let count = values.len() as f64;
    let mean = values.iter().map(|value| f64::from(*value)).sum::<f64>() / count;
    let square = |value: &f32| (f64::from(*value) - mean).powi(2);
    let variance = values.iter().map(square).sum::<f64>() / count;
    (mean as f32, variance as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::init::Store;
    use crate::roll::notes::GridNote;

    fn phrase(start: u8) -> NoteRoll {
        let note = |row, length| GridNote { start, row, length };
        [note(30, 4), note(37, 2), note(60, 1)]
            .into_iter()
            .collect()
    }

    #[test]
    fn each_cell_has_one_place_in_the_input() {
        let input = Network::input(&[phrase(5)]).unwrap();
        let sum = |x: Tensor| x.sum_all().unwrap().to_scalar::<f32>().unwrap();
        assert_eq!(sum(input.narrow(1, 0, 4).unwrap()), 7.0);
        assert_eq!(sum(input.narrow(1, 4, 4).unwrap()), 3.0);
        assert!(sum(input.narrow(1, 8, 4).unwrap()).abs() < 1e-2);
        let at = |plane, step, row| {
            let cell = input.get(0).and_then(|x| x.get(plane));
            let cell = cell.and_then(|x| x.get(step)).and_then(|x| x.get(row));
            cell.unwrap().to_scalar::<f32>().unwrap()
        };
        // Step 5, row 37: odd and odd.
        assert_eq!([at(3, 2, 18), at(7, 2, 18), at(7, 3, 18)], [1.0, 1.0, 0.0]);
    }

    #[test]
    fn a_batch_that_gave_the_statistics_is_scored_as_it_was_learned() {
        let network = Network::new(&Store::new(3).builder(&Device::Cpu)).unwrap();
        let phrases: Vec<NoteRoll> = (0..20).map(|start| phrase(3 * start)).collect();
        let input = Network::input(&phrases).unwrap();
        let learned = network.learning(&input, true).unwrap();
        let scored = network.scoring(&input).unwrap();
        assert_eq!(learned.dims(), [20, READ]);
        let difference = (learned - &scored)
            .unwrap()
            .abs()
            .unwrap()
            .max_all()
            .unwrap();
        assert!(difference.to_scalar::<f32>().unwrap() < 1e-3);
        // Alone, a phrase has the score that it has among others.
        let alone = network.scoring(&input.narrow(0, 7, 1).unwrap()).unwrap();
        let difference = (alone - scored.narrow(0, 7, 1).unwrap()).unwrap();
        let difference = difference.abs().unwrap().max_all().unwrap();
        assert!(difference.to_scalar::<f32>().unwrap() < 1e-4);
    }
}
