//! Instance norm and the activation after it, in one pass over each channel.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::{values, with_values};
use crate::net::kernels::{Isa, Precision, vectorised};

/// The ε of the instance norm, as in the authors' code.
pub(super) const EPSILON: f32 = 1e-5;
/// Values added at once: the sums are kept in this many lanes, so their order is fixed.
const LANES: usize = 64;
/// Channels that one task of the pool takes at least.
const TASK: usize = 16;

/// What follows the instance norm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activation {
    /// Nothing.
    None,
    /// max(0, x).
    Relu,
    /// x where positive, this share of x elsewhere.
    LeakyRelu(f32),
}

impl Activation {
    /// The slope for negative values.
    pub(super) const fn slope(self) -> f32 {
        match self {
            Self::None => 1.0,
            Self::Relu => 0.0,
            Self::LeakyRelu(slope) => slope,
        }
    }
}

pub(super) struct NormActivation {
    pub(super) activation: Activation,
}

impl CustomOp3 for NormActivation {
    fn name(&self) -> &'static str {
        "norm-activation"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        layout: &Layout,
        scale: &CpuStorage,
        scale_layout: &Layout,
        offset: &CpuStorage,
        offset_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let dims = layout.dims();
        let (channels, pixels) = (dims[1], dims[2] * dims[3]);
        let x = values(x, layout)?;
        let (scale, offset) = (values(scale, scale_layout)?, values(offset, offset_layout)?);
        let (isa, slope) = (Isa::of(Precision::Full), self.activation.slope());
        let mut y = vec![0.0; x.len()];
        y.par_chunks_exact_mut(pixels)
            .zip(x.par_chunks_exact(pixels))
            .enumerate()
            .with_min_len(TASK)
            .for_each(|(index, (y, x))| {
                let (scale, offset) = (scale[index % channels], offset[index % channels]);
                vectorised(isa, || forward_channel(y, x, scale, offset, slope));
            });
        Ok((CpuStorage::F32(y), layout.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        scale: &Tensor,
        _offset: &Tensor,
        y: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (_, channels, height, width) = x.dims4()?;
        let pixels = height * width;
        let (isa, slope) = (Isa::of(Precision::Full), self.activation.slope());
        let mut dx = vec![0.0; x.elem_count()];
        let sums: Vec<(f32, f32)> = with_values(x, |x| {
            with_values(scale, |scale| {
                with_values(y, |y| {
                    with_values(dy, |dy| {
                        Ok(dx
                            .par_chunks_exact_mut(pixels)
                            .zip(x.par_chunks_exact(pixels))
                            .zip(y.par_chunks_exact(pixels))
                            .zip(dy.par_chunks_exact(pixels))
                            .enumerate()
                            .with_min_len(TASK)
                            .map(|(index, (((dx, x), y), dy))| {
                                let scale = scale[index % channels];
                                vectorised(isa, || {
                                    for ((dx, y), dy) in dx.iter_mut().zip(y).zip(dy) {
                                        *dx = if *y > 0.0 { *dy } else { slope * dy };
                                    }
                                    backward_channel(dx, x, scale)
                                })
                            })
                            .collect())
                    })
                })
            })
        })?;
        let (mut dscale, mut doffset) = (vec![0.0; channels], vec![0.0; channels]);
        for (index, (scale, offset)) in sums.into_iter().enumerate() {
            dscale[index % channels] += scale;
            doffset[index % channels] += offset;
        }
        let tensor = |values: Vec<f32>, like: &Tensor| {
            Tensor::from_vec(values, like.shape(), like.device()).map(Some)
        };
        Ok((
            tensor(dx, x)?,
            tensor(dscale, scale)?,
            tensor(doffset, scale)?,
        ))
    }
}

/// The norm and the activation of one channel.
#[inline(always)]
fn forward_channel(y: &mut [f32], x: &[f32], scale: f32, offset: f32, slope: f32) {
    let (mean, inverse) = statistics(x);
    let gain = scale * inverse;
    let shift = offset - mean * gain;
    for (y, x) in y.iter_mut().zip(x) {
        let value = x * gain + shift;
        *y = if value > 0.0 { value } else { slope * value };
    }
}

/// Turns the gradient after the norm, in `d`, into the gradient before it; returns this
/// channel's gradients of scale and offset.
#[inline(always)]
fn backward_channel(d: &mut [f32], x: &[f32], scale: f32) -> (f32, f32) {
    let pixels = x.len() as f32;
    let (mean, inverse) = statistics(x);
    let total = sum(d, d, |d, _| d);
    let product = sum(d, x, |d, x| d * (x - mean)) * inverse;
    let (mean_d, mean_product) = (total / pixels, product / pixels * inverse);
    for (d, x) in d.iter_mut().zip(x) {
        *d = scale * inverse * (*d - mean_d - (x - mean) * mean_product);
    }
    (product, total)
}

/// Mean and 1/√(variance + ε).
#[inline(always)]
fn statistics(x: &[f32]) -> (f32, f32) {
    let pixels = x.len() as f32;
    let mean = sum(x, x, |x, _| x) / pixels;
    let variance = sum(x, x, |x, _| (x - mean) * (x - mean)) / pixels;
    (mean, 1.0 / (variance + EPSILON).sqrt())
}

/// The sum of `f` over pairs of values, in lanes so that it can be vectorised.
#[inline(always)]
fn sum(a: &[f32], b: &[f32], f: impl Fn(f32, f32) -> f32) -> f32 {
    let mut lanes = [0.0f32; LANES];
    let (a, a_rest) = a.as_chunks::<LANES>();
    let (b, b_rest) = b.as_chunks::<LANES>();
    for (a, b) in a.iter().zip(b) {
        for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += f(*a, *b);
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| f(*a, *b)).sum();
    lanes.iter().sum::<f32>() + rest
}
