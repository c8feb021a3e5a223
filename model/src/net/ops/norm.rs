//! Instance norm and the activation after it, in one pass over each channel.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::{values, with_values};

/// The ε of the instance norm, as in the authors' code.
pub(super) const EPSILON: f32 = 1e-5;
/// Values added at once: the sums are kept in this many lanes, so their order is fixed.
const LANES: usize = 16;
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
        let slope = self.activation.slope();
        let mut y = vec![0.0; x.len()];
        y.par_chunks_exact_mut(pixels)
            .zip(x.par_chunks_exact(pixels))
            .enumerate()
            .with_min_len(TASK)
            .for_each(|(index, (y, x))| {
                let (mean, inverse) = statistics(x);
                let gain = scale[index % channels] * inverse;
                let shift = offset[index % channels] - mean * gain;
                for (y, x) in y.iter_mut().zip(x) {
                    let value = x * gain + shift;
                    *y = if value > 0.0 { value } else { slope * value };
                }
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
        let slope = self.activation.slope();
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
                                for ((dx, y), dy) in dx.iter_mut().zip(y).zip(dy) {
                                    *dx = if *y > 0.0 { *dy } else { slope * dy };
                                }
                                backward_channel(dx, x, scale[index % channels])
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

/// Turns the gradient after the norm, in `d`, into the gradient before it; returns this
/// channel's gradients of scale and offset.
fn backward_channel(d: &mut [f32], x: &[f32], scale: f32) -> (f32, f32) {
    let pixels = x.len() as f32;
    let (mean, inverse) = statistics(x);
    let sum = sum_by(d.len(), |i| d[i]);
    let product = sum_by(d.len(), |i| d[i] * (x[i] - mean)) * inverse;
    let (mean_d, mean_product) = (sum / pixels, product / pixels * inverse);
    for (d, x) in d.iter_mut().zip(x) {
        *d = scale * inverse * (*d - mean_d - (x - mean) * mean_product);
    }
    (product, sum)
}

/// Mean and 1/√(variance + ε).
fn statistics(x: &[f32]) -> (f32, f32) {
    let pixels = x.len() as f32;
    let mean = sum_by(x.len(), |i| x[i]) / pixels;
    let variance = sum_by(x.len(), |i| (x[i] - mean) * (x[i] - mean)) / pixels;
    (mean, 1.0 / (variance + EPSILON).sqrt())
}

/// The sum of `f(0..count)`, in lanes so that it can be vectorised.
#[inline(always)]
fn sum_by(count: usize, f: impl Fn(usize) -> f32) -> f32 {
    let mut lanes = [0.0f32; LANES];
    let whole = count / LANES * LANES;
    for start in (0..whole).step_by(LANES) {
        for (lane, sum) in lanes.iter_mut().enumerate() {
            *sum += f(start + lane);
        }
    }
    lanes.iter().sum::<f32>() + (whole..count).map(f).sum::<f32>()
}
