//! The operations' gradients by themselves, for a way back that is written out: on the CPU alone.
//! candle's graph makes zeros for every gradient and adds to them, and keeps all that was made
//! until it ends.

use candle_core::{Result, Tensor};

use super::norm::NormActivation;
use super::{Activation, Padding, adjoint, conv, elementwise, isa, with_values};
use crate::nn::kernels::{Isa, Precision, sums};

/// The gradients of [`super::conv2d`] (and, with a dilation, [`super::dilated_conv2d`]) in input,
/// if it is `wanted`, and kernel.
///
/// # Errors
/// candle's: shapes that do not fit, no memory on the device.
pub fn conv2d(
    (x, kernel): (&Tensor, &Tensor),
    [stride, dilation]: [usize; 2],
    padding: Padding,
    dy: &Tensor,
    wanted: bool,
) -> Result<(Option<Tensor>, Option<Tensor>)> {
    let conv = conv::Conv {
        stride,
        dilation,
        padding,
        isa: isa(),
    };
    conv.gradients(x, kernel, dy, [wanted, true])
}

/// Those of [`super::conv_transpose2d`].
///
/// # Errors
/// candle's: shapes that do not fit, no memory on the device.
pub fn conv_transpose2d(
    (x, kernel): (&Tensor, &Tensor),
    dy: &Tensor,
    wanted: bool,
) -> Result<(Option<Tensor>, Option<Tensor>)> {
    adjoint::ConvTranspose { isa: isa() }.gradients(x, kernel, dy, [wanted, true])
}

/// Those of [`super::norm_activation`] in input, scale and offset; `y` is its output.
///
/// # Errors
/// candle's: shapes that do not fit, no memory on the device.
pub fn norm_activation(
    (x, scale, y): (&Tensor, &Tensor, &Tensor),
    activation: Activation,
    dy: &Tensor,
) -> Result<[Tensor; 3]> {
    NormActivation { activation }.gradients(x, scale, y, dy)
}

/// That of [`super::add_relu`] in either summand; `y` is its output.
///
/// # Errors
/// candle's: shapes that do not fit, no memory on the device.
pub fn add_relu(y: &Tensor, dy: &Tensor) -> Result<Tensor> {
    elementwise::gated(y, dy, 0.0)
}

/// The sum of each channel of `x` (batch, channels, height, width).
///
/// # Errors
/// candle's: shapes that do not fit, no memory on the device.
pub fn channel_sums(x: &Tensor) -> Result<Tensor> {
    let (_, channels, height, width) = x.dims4()?;
    let mut total = vec![0.0; channels];
    with_values(x, |x| {
        for (plane, values) in x.chunks_exact(height * width).enumerate() {
            total[plane % channels] += sums::sum(Isa::of(Precision::Full), values);
        }
        Ok(())
    })?;
    Tensor::from_vec(total, channels, x.device())
}
