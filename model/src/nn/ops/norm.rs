//! Instance norm and the activation after it, in one pass over each channel.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::{values, with_values};
use crate::nn::kernels::{Isa, Precision, for_each_isa, sums};

/// The ε of the instance norm, as in the authors' code.
pub(super) const EPSILON: f32 = 1e-5;
/// Channels that one task of the pool takes at least.
const TASK: usize = 16;

/// Activation after the instance norm.
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
        let pixels = dims[2] * dims[3];
        let x = values(x, layout)?;
        let (scale, offset) = (values(scale, scale_layout)?, values(offset, offset_layout)?);
        let count = constants(dims, scale_layout.dims())?;
        constants(dims, offset_layout.dims())?;
        let (isa, slope) = (Isa::of(Precision::Full), self.activation.slope());
        let mut y = vec![0.0; x.len()];
        y.par_chunks_exact_mut(pixels)
            .zip(x.par_chunks_exact(pixels))
            .enumerate()
            .with_min_len(TASK)
            .for_each(|(index, (y, x))| {
                let constants = [scale[index % count], offset[index % count], slope];
                forward_channel(isa, y, x, constants);
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
        let [dx, dscale, doffset] = self.gradients(x, scale, y, dy)?;
        Ok((Some(dx), Some(dscale), Some(doffset)))
    }
}

impl NormActivation {
    /// The gradients of input, scale and offset, given input, scale and output and the gradient of
    /// that.
    pub(super) fn gradients(
        &self,
        x: &Tensor,
        scale: &Tensor,
        y: &Tensor,
        dy: &Tensor,
    ) -> Result<[Tensor; 3]> {
        let (_, _, height, width) = x.dims4()?;
        let (pixels, count) = (height * width, scale.elem_count());
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
                                let scale = scale[index % count];
                                backward_channel(isa, dx, [x, y, dy], [scale, slope])
                            })
                            .collect())
                    })
                })
            })
        })?;
        let (mut dscale, mut doffset) = (vec![0.0; count], vec![0.0; count]);
        for (index, (scale, offset)) in sums.into_iter().enumerate() {
            dscale[index % count] += scale;
            doffset[index % count] += offset;
        }
        let tensor =
            |values: Vec<f32>, like: &Tensor| Tensor::from_vec(values, like.shape(), like.device());
        Ok([
            tensor(dx, x)?,
            tensor(dscale, scale)?,
            tensor(doffset, scale)?,
        ])
    }
}

/// How many scales or offsets of this shape there are for images (batch, channels, height,
/// width): one for each channel, or for each channel of each image.
fn constants(image: &[usize], shape: &[usize]) -> Result<usize> {
    match (image, shape) {
        ([_, channels, ..], [count]) if count == channels => Ok(*count),
        ([batch, channels, ..], [images, count]) if count == channels && images == batch => {
            Ok(images * count)
        }
        _ => candle_core::bail!("a norm of {image:?} has constants of {shape:?}"),
    }
}

/// The norm and the activation of one channel.
fn forward_channel(isa: Isa, y: &mut [f32], x: &[f32], [scale, offset, slope]: [f32; 3]) {
    let (mean, inverse) = statistics(isa, x);
    let gain = scale * inverse;
    line(isa, y, x, [gain, offset - mean * gain, slope]);
}

/// Writes the gradient before the norm to `dx`, given the norm's input and output and the
/// gradient of that; returns this channel's gradients of scale and offset.
fn backward_channel(
    isa: Isa,
    dx: &mut [f32],
    [x, y, dy]: [&[f32]; 3],
    [scale, slope]: [f32; 2],
) -> (f32, f32) {
    let pixels = x.len() as f32;
    let (mean, inverse) = statistics(isa, x);
    gate(isa, dx, y, dy, slope);
    let (total, product) = sums::sums(isa, dx, x, mean);
    let product = product * inverse;
    let means = [total / pixels, product / pixels * inverse];
    centre(isa, dx, x, mean, means, scale * inverse);
    (product, total)
}

/// Mean and 1/√(variance + ε).
fn statistics(isa: Isa, x: &[f32]) -> (f32, f32) {
    let pixels = x.len() as f32;
    let mean = sums::sum(isa, x) / pixels;
    (
        mean,
        1.0 / (sums::squares(isa, x, mean) / pixels + EPSILON).sqrt(),
    )
}

for_each_isa! {
    /// gain · x + shift, negative values times the slope.
    fn line(y: &mut [f32], x: &[f32], constants: [f32; 3]) {
        let [gain, shift, slope] = constants;
        for (y, x) in y.iter_mut().zip(x) {
            let value = x * gain + shift;
            *y = value * if value > 0.0 { 1.0 } else { slope };
        }
    }

    /// `dy`, times the slope where `y` is not positive.
    pub(super) fn gate(dx: &mut [f32], y: &[f32], dy: &[f32], slope: f32) {
        // The factor, not the product, depends on the sign: so no branch is needed.
        for ((dx, y), dy) in dx.iter_mut().zip(y).zip(dy) {
            *dx = dy * if *y > 0.0 { 1.0 } else { slope };
        }
    }

    /// Takes the part of a gradient away that the norm's own mean and variance undo.
    fn centre(d: &mut [f32], x: &[f32], mean: f32, means: [f32; 2], gain: f32) {
        for (d, x) in d.iter_mut().zip(x) {
            *d = gain * (*d - means[0] - (x - mean) * means[1]);
        }
    }
}
