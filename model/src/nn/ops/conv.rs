//! Convolution over the CPU kernels.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor};

use super::{Padding, values, with_values};
use crate::nn::inference::{Level, conv_grad};
use crate::nn::kernels::{self, Border, Geometry, Isa};

pub(super) struct Conv {
    pub(super) stride: usize,
    pub(super) dilation: usize,
    pub(super) padding: Padding,
    pub(super) isa: Isa,
}

/// The geometry of a convolution of images (in, height, width) with a kernel
/// (out, in, rows, columns), stride and dilation.
pub(super) fn geometry(
    image: [usize; 3],
    kernel: &[usize],
    [stride, dilation]: [usize; 2],
    padding: Padding,
) -> Geometry {
    let (border, size) = match padding {
        Padding::Zero(size) => (Border::Zero, size),
        Padding::Reflect(size) => (Border::Reflect, size),
    };
    Geometry {
        channels_in: image[0],
        channels_out: kernel[0],
        height: image[1],
        width: image[2],
        kernel_height: kernel[2],
        kernel_width: kernel[3],
        stride,
        dilation,
        before: size,
        after: size,
        border,
    }
}

impl Conv {
    fn geometry(&self, x: &[usize], kernel: &[usize]) -> Geometry {
        let steps = [self.stride, self.dilation];
        geometry([x[1], x[2], x[3]], kernel, steps, self.padding)
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
        let (x, kernel) = (values(x, x_layout)?, values(kernel, kernel_layout)?);
        let y = if conv_grad::supports(&geometry) {
            conv_grad::forward(Level::of(self.isa), &geometry, x, kernel)
        } else {
            kernels::forward(&geometry, self.isa, x, kernel)
        };
        let (height, width) = (geometry.out_height(), geometry.out_width());
        let shape = (x_layout.dims()[0], geometry.channels_out, height, width);
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

impl Conv {
    /// The gradients of input and kernel, those that are wanted.
    pub(super) fn gradients(
        &self,
        x: &Tensor,
        kernel: &Tensor,
        dy: &Tensor,
        wanted: [bool; 2],
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let geometry = self.geometry(x.dims(), kernel.dims());
        let winograd = conv_grad::supports(&geometry).then(|| Level::of(self.isa));
        conv_gradients(
            [x, kernel, dy],
            wanted,
            |dy, kernel| match winograd {
                Some(level) => conv_grad::input_gradient(level, &geometry, dy, kernel),
                None => kernels::input_gradient(&geometry, self.isa, dy, kernel),
            },
            |dy, x| match winograd {
                Some(level) => conv_grad::weight_gradient(level, &geometry, x, dy),
                None => kernels::weight_gradient(&geometry, self.isa, x, dy),
            },
        )
    }
}

/// The gradients of a convolution's input and kernel, those that are `wanted`: `of_x` has the
/// gradient of the output and the kernel, `of_kernel` the gradient of the output and the input.
pub(super) fn conv_gradients(
    [x, kernel, dy]: [&Tensor; 3],
    wanted: [bool; 2],
    of_x: impl Fn(&[f32], &[f32]) -> Vec<f32>,
    of_kernel: impl Fn(&[f32], &[f32]) -> Vec<f32>,
) -> Result<(Option<Tensor>, Option<Tensor>)> {
    with_values(dy, |dy| {
        let dx = wanted[0].then(|| {
            let dx = with_values(kernel, |kernel| Ok(of_x(dy, kernel)))?;
            Tensor::from_vec(dx, x.shape(), x.device())
        });
        let dkernel = wanted[1].then(|| {
            let dkernel = with_values(x, |x| Ok(of_kernel(dy, x)))?;
            Tensor::from_vec(dkernel, kernel.shape(), x.device())
        });
        Ok((dx.transpose()?, dkernel.transpose()?))
    })
}
