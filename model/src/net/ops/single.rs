//! Convolution to one channel, stride 1: lowering would copy the input once for each tap of the
//! kernel. Instead one matrix product gives each tap's image (taps × pixels), and the images are
//! added, shifted ("kn2row").

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::conv::add_in_order;
use super::lower::Geometry;
use super::matmul::{Matrix, multiply};
use super::{Padding, values, with_values};

pub(super) struct SingleConv {
    pub(super) padding: Padding,
}

impl SingleConv {
    fn geometry(&self, image: &[usize], kernel: &[usize]) -> Geometry {
        let image = (image[1], image[2], image[3]);
        Geometry::new(image, (kernel[2], kernel[3]), 1, self.padding)
    }
}

/// Calls `f` with (tap, input pixel, output pixel) for every product of the convolution, in a
/// fixed order.
fn for_each_product(geometry: &Geometry, mut f: impl FnMut(usize, usize, usize)) {
    let padding = geometry.padding.size() as isize;
    for ky in 0..geometry.kernel.0 {
        for kx in 0..geometry.kernel.1 {
            let tap = ky * geometry.kernel.1 + kx;
            for oy in 0..geometry.out_height {
                let y = (oy + ky) as isize - padding;
                let Some(y) = geometry.source(y, geometry.height) else {
                    continue;
                };
                for ox in 0..geometry.out_width {
                    let x = (ox + kx) as isize - padding;
                    if let Some(x) = geometry.source(x, geometry.width) {
                        f(tap, y * geometry.width + x, oy * geometry.out_width + ox);
                    }
                }
            }
        }
    }
}

impl CustomOp2 for SingleConv {
    fn name(&self) -> &'static str {
        "single-conv"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        kernel: &CpuStorage,
        kernel_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let geometry = self.geometry(x_layout.dims(), kernel_layout.dims());
        let (x, kernel) = (values(x, x_layout)?, values(kernel, kernel_layout)?);
        let taps = geometry.kernel.0 * geometry.kernel.1;
        let pixels = geometry.height * geometry.width;
        let batch = x_layout.dims()[0];
        let mut y = vec![0.0; batch * geometry.outputs()];
        y.par_chunks_exact_mut(geometry.outputs())
            .zip(x.par_chunks_exact(geometry.image()))
            .for_each_init(
                || vec![0.0; taps * pixels],
                |images, (y, x)| {
                    let shape = (taps, pixels, geometry.channels);
                    let kernel = Matrix::columns(kernel, taps);
                    multiply(shape, images, kernel, Matrix::rows(x, pixels), false);
                    for_each_product(&geometry, |tap, from, to| {
                        y[to] += images[tap * pixels + from];
                    });
                },
            );
        let shape = (batch, 1, geometry.out_height, geometry.out_width);
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
        let taps = geometry.kernel.0 * geometry.kernel.1;
        let pixels = geometry.height * geometry.width;
        let weights = geometry.channels * taps;
        let mut dx = vec![0.0; x.elem_count()];
        let dkernel = with_values(x, |x| {
            with_values(kernel, |kernel| {
                with_values(dy, |dy| {
                    let parts = dx
                        .par_chunks_exact_mut(geometry.image())
                        .zip(x.par_chunks_exact(geometry.image()))
                        .zip(dy.par_chunks_exact(geometry.outputs()))
                        .map_init(
                            || vec![0.0; taps * pixels],
                            |images, ((dx, x), dy)| {
                                images.fill(0.0);
                                for_each_product(&geometry, |tap, from, to| {
                                    images[tap * pixels + from] += dy[to];
                                });
                                let mut dkernel = vec![0.0; weights];
                                let images_t = Matrix::columns(images, pixels);
                                let x = Matrix::rows(x, pixels);
                                let shape = (geometry.channels, taps, pixels);
                                multiply(shape, &mut dkernel, x, images_t, false);
                                let shape = (geometry.channels, pixels, taps);
                                let kernel = Matrix::rows(kernel, taps);
                                multiply(shape, dx, kernel, Matrix::rows(images, pixels), false);
                                dkernel
                            },
                        )
                        .collect();
                    Ok(add_in_order(parts))
                })
            })
        })?;
        let dx = Tensor::from_vec(dx, x.shape(), x.device())?;
        Ok((
            Some(dx),
            Some(Tensor::from_vec(dkernel, kernel.shape(), x.device())?),
        ))
    }
}
