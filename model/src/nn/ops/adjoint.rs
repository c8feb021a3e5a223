//! Transposed convolution (3×3, stride 2, padding 1, output padding 1) as the adjoint of the
//! convolution that halves height and width: its forward pass is that one's input gradient.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor};

use super::conv::{conv_gradients, geometry};
use super::{Padding, values};
use crate::nn::kernels::{Geometry, Isa, forward, input_gradient, weight_gradient};

pub(super) struct ConvTranspose {
    pub(super) isa: Isa,
}

/// The geometry of the convolution that leads back: from (out, 2·height, 2·width).
fn back(x: &[usize], kernel: &[usize]) -> Geometry {
    geometry(
        [kernel[1], 2 * x[2], 2 * x[3]],
        kernel,
        [2, 1],
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
        let geometry = back(x_layout.dims(), kernel_layout.dims());
        let (x, kernel) = (values(x, x_layout)?, values(kernel, kernel_layout)?);
        let y = input_gradient(&geometry, self.isa, x, kernel);
        let batch = x_layout.dims()[0];
        let shape = (batch, geometry.channels_in, geometry.height, geometry.width);
        Ok((CpuStorage::F32(y), shape.into()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        kernel: &Tensor,
        _y: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        self.gradients(x, kernel, dy, [x.track_op(), kernel.track_op()])
    }
}

impl ConvTranspose {
    /// The gradients of input and kernel, those that are wanted.
    pub(super) fn gradients(
        &self,
        x: &Tensor,
        kernel: &Tensor,
        dy: &Tensor,
        wanted: [bool; 2],
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let geometry = back(x.dims(), kernel.dims());
        conv_gradients(
            [x, kernel, dy],
            wanted,
            |dy, kernel| forward(&geometry, self.isa, dy, kernel),
            |dy, x| weight_gradient(&geometry, self.isa, dy, x),
        )
    }
}
