//! Transposed convolution (3×3, stride 2, padding 1, output padding 1) as the adjoint of the
//! convolution that halves height and width: its forward pass is that one's input gradient.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor};

use super::conv::{forward, input_gradient, kernel_gradient};
use super::lower::Geometry;
use super::{Padding, values, with_values};

pub(super) struct ConvTranspose;

/// The geometry of the convolution that leads back: from (out, 2·height, 2·width).
fn geometry(x: &[usize], kernel: &[usize]) -> Geometry {
    Geometry::new(
        (kernel[1], 2 * x[2], 2 * x[3]),
        (kernel[2], kernel[3]),
        2,
        Padding::Zero(1),
    )
}

impl CustomOp2 for ConvTranspose {
    fn name(&self) -> &'static str {
        "conv-transpose"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        kernel: &CpuStorage,
        kernel_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let geometry = geometry(x_layout.dims(), kernel_layout.dims());
        let (batch, channels) = (x_layout.dims()[0], x_layout.dims()[1]);
        let x = values(x, x_layout)?;
        let y = input_gradient(geometry, channels, x, values(kernel, kernel_layout)?);
        let shape = (batch, geometry.channels, geometry.height, geometry.width);
        Ok((CpuStorage::F32(y), shape.into()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        kernel: &Tensor,
        _y: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let geometry = geometry(x.dims(), kernel.dims());
        let channels = x.dim(1)?;
        with_values(dy, |dy| {
            let dx = x.track_op().then(|| {
                let dx = with_values(kernel, |kernel| Ok(forward(geometry, channels, dy, kernel)))?;
                Tensor::from_vec(dx, x.shape(), x.device())
            });
            let dkernel = kernel.track_op().then(|| {
                let dkernel = with_values(x, |x| Ok(kernel_gradient(geometry, channels, dy, x)))?;
                Tensor::from_vec(dkernel, kernel.shape(), x.device())
            });
            Ok((dx.transpose()?, dkernel.transpose()?))
        })
    }
}
