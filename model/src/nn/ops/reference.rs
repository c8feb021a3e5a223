//! The operations from candle's own: for devices other than the CPU, and as the reference in tests.

use candle_core::{D, Result, Tensor};

use super::norm::EPSILON;
use super::{Activation, Padding};

/// Mirrors `size` rows and columns at each border, without the border itself.
///
/// # Errors
/// candle's: shapes that do not fit, no memory on the device.
pub fn reflect_pad(x: &Tensor, size: usize) -> Result<Tensor> {
    let (_, _, height, width) = x.dims4()?;
    let mirrored = |count: usize| -> Result<Tensor> {
        let last = count as i64 - 1;
        let index: Vec<u32> = (-(size as i64)..=last + size as i64)
            .map(|at| (last - (last - at.abs()).abs()) as u32)
            .collect();
        Tensor::new(index, x.device())
    };
    x.index_select(&mirrored(height)?, 2)?
        .index_select(&mirrored(width)?, 3)
}

/// See [`super::conv2d`].
///
/// # Errors
/// candle's: shapes that do not fit, no memory on the device.
pub fn conv2d(x: &Tensor, kernel: &Tensor, stride: usize, padding: Padding) -> Result<Tensor> {
    match padding {
        Padding::Zero(size) => x.conv2d(kernel, size, stride, 1, 1),
        Padding::Reflect(size) => reflect_pad(x, size)?.conv2d(kernel, 0, stride, 1, 1),
    }
}

/// See [`super::dilated_conv2d`].
///
/// # Errors
/// candle's: shapes that do not fit, no memory on the device.
pub fn dilated_conv2d(x: &Tensor, kernel: &Tensor, dilation: usize) -> Result<Tensor> {
    let size = dilation * (kernel.dim(2)? - 1) / 2;
    x.conv2d(kernel, size, 1, dilation, 1)
}

/// See [`super::conv_transpose2d`].
///
/// # Errors
/// candle's: shapes that do not fit, no memory on the device.
pub fn conv_transpose2d(x: &Tensor, kernel: &Tensor) -> Result<Tensor> {
    x.conv_transpose2d(kernel, 1, 1, 2, 1)
}

/// See [`super::add_relu`].
///
/// # Errors
/// candle's: shapes that do not fit, no memory on the device.
pub fn add_relu(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    (a + b)?.relu()
}

/// See [`super::norm_activation`].
///
/// # Errors
/// candle's: shapes that do not fit, no memory on the device.
pub fn norm_activation(
    x: &Tensor,
    scale: &Tensor,
    offset: &Tensor,
    activation: Activation,
) -> Result<Tensor> {
    let (_, channels, height, width) = x.dims4()?;
    let flat = x.flatten_from(2)?;
    let centred = flat.broadcast_sub(&flat.mean_keepdim(D::Minus1)?)?;
    let variance = centred.sqr()?.mean_keepdim(D::Minus1)?;
    let normal = centred.broadcast_div(&(variance + f64::from(EPSILON))?.sqrt()?)?;
    let y = normal
        .broadcast_mul(&scale.reshape(((), channels, 1))?)?
        .broadcast_add(&offset.reshape(((), channels, 1))?)?
        .reshape(((), channels, height, width))?;
    match activation {
        Activation::None => Ok(y),
        Activation::Relu => y.relu(),
        Activation::LeakyRelu(slope) => y.maximum(&(&y * f64::from(slope))?),
    }
}
