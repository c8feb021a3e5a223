//! Convolution by lowering and matrix products, image by image on the rayon pool.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::lower::Geometry;
use super::matmul::{Matrix, multiply};
use super::{Padding, values, with_values};

/// Into how many parts a batch is cut for the kernel's gradient. Fixed, and the parts are added
/// in order, so that the sum does not depend on the number of threads.
const PARTS: usize = 4;

pub(super) struct Conv {
    pub(super) stride: usize,
    pub(super) padding: Padding,
}

impl Conv {
    fn geometry(&self, image: &[usize], kernel: &[usize]) -> Geometry {
        let image = (image[1], image[2], image[3]);
        Geometry::new(image, (kernel[2], kernel[3]), self.stride, self.padding)
    }
}

impl CustomOp2 for Conv {
    fn name(&self) -> &'static str {
        "conv"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        kernel: &CpuStorage,
        kernel_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let geometry = self.geometry(x_layout.dims(), kernel_layout.dims());
        let (batch, out) = (x_layout.dims()[0], kernel_layout.dims()[0]);
        let y = forward(
            geometry,
            out,
            values(x, x_layout)?,
            values(kernel, kernel_layout)?,
        );
        let shape = (batch, out, geometry.out_height, geometry.out_width);
        Ok((CpuStorage::F32(y), shape.into()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        kernel: &Tensor,
        _y: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let geometry = self.geometry(x.dims(), kernel.dims());
        let out = kernel.dim(0)?;
        with_values(dy, |dy| {
            let dx = x.track_op().then(|| {
                let dx = with_values(kernel, |kernel| {
                    Ok(input_gradient(geometry, out, dy, kernel))
                })?;
                Tensor::from_vec(dx, x.shape(), x.device())
            });
            let dkernel = kernel.track_op().then(|| {
                let dkernel = with_values(x, |x| Ok(kernel_gradient(geometry, out, x, dy)))?;
                Tensor::from_vec(dkernel, kernel.shape(), x.device())
            });
            Ok((dx.transpose()?, dkernel.transpose()?))
        })
    }
}

/// `y` = `kernel` (out × depth) · lowered `x`.
pub(super) fn forward(geometry: Geometry, out: usize, x: &[f32], kernel: &[f32]) -> Vec<f32> {
    let (depth, outputs) = (geometry.depth(), geometry.outputs());
    let mut y = vec![0.0; x.len() / geometry.image() * out * outputs];
    y.par_chunks_exact_mut(out * outputs)
        .zip(x.par_chunks_exact(geometry.image()))
        .for_each_init(
            || vec![0.0; depth * outputs],
            |lowered, (y, x)| {
                geometry.lower(x, lowered);
                let kernel = Matrix::rows(kernel, depth);
                multiply(
                    (out, outputs, depth),
                    y,
                    kernel,
                    Matrix::rows(lowered, outputs),
                    false,
                );
            },
        );
    y
}

/// `dx` = raised `kernel`ᵀ · `dy`.
pub(super) fn input_gradient(
    geometry: Geometry,
    out: usize,
    dy: &[f32],
    kernel: &[f32],
) -> Vec<f32> {
    let (depth, outputs) = (geometry.depth(), geometry.outputs());
    let mut dx = vec![0.0; dy.len() / (out * outputs) * geometry.image()];
    dx.par_chunks_exact_mut(geometry.image())
        .zip(dy.par_chunks_exact(out * outputs))
        .for_each_init(
            || vec![0.0; depth * outputs],
            |lowered, (dx, dy)| {
                let kernel = Matrix::columns(kernel, depth);
                multiply(
                    (depth, outputs, out),
                    lowered,
                    kernel,
                    Matrix::rows(dy, outputs),
                    false,
                );
                geometry.raise(lowered, dx);
            },
        );
    dx
}

/// `dkernel` = the sum over the batch of `dy` · lowered `x`ᵀ.
pub(super) fn kernel_gradient(geometry: Geometry, out: usize, x: &[f32], dy: &[f32]) -> Vec<f32> {
    let (depth, outputs) = (geometry.depth(), geometry.outputs());
    let images: Vec<_> = x
        .chunks_exact(geometry.image())
        .zip(dy.chunks_exact(out * outputs))
        .collect();
    let parts: Vec<Vec<f32>> = images
        .par_chunks(images.len().div_ceil(PARTS).max(1))
        .map(|images| {
            let (mut sum, mut lowered) = (vec![0.0; out * depth], vec![0.0; depth * outputs]);
            for (x, dy) in images {
                geometry.lower(x, &mut lowered);
                let lowered = Matrix::columns(&lowered, outputs);
                multiply(
                    (out, depth, outputs),
                    &mut sum,
                    Matrix::rows(dy, outputs),
                    lowered,
                    true,
                );
            }
            sum
        })
        .collect();
    add_in_order(parts)
}

/// The sum of equally long vectors, from the first to the last.
pub(super) fn add_in_order(parts: Vec<Vec<f32>>) -> Vec<f32> {
    let mut parts = parts.into_iter();
    let mut sum = parts.next().unwrap_or_default();
    for part in parts {
        for (sum, value) in sum.iter_mut().zip(part) {
            *sum += value;
        }
    }
    sum
}
