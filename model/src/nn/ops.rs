//! The networks' operations, each with its backward pass.
//!
//! On the CPU they are candle custom operations over [`super::kernels`]; on other devices they are
//! built from candle's own (`composed`, [`mod@reference`]), which tests compare with.
//! They run on the current rayon pool and start no thread of their own; results do not depend on
//! the number of threads.

mod adjoint;
mod composed;
mod conv;
mod elementwise;
pub mod gradients;
mod norm;
pub mod reference;

pub use super::kernels::Precision;
pub use norm::Activation;

use std::cell::Cell;

use candle_core::{CpuStorage, DType, Device, Layout, Result, Storage, Tensor};
use rayon::prelude::*;

use super::kernels::Isa;

thread_local! {
    static PRECISION: Cell<Precision> = const { Cell::new(Precision::Full) };
}

/// Calls `f`; the convolutions that it makes on this thread's CPU, and their backward passes
/// whenever they run, multiply with `precision`. Elsewhere they use [`Precision::Full`].
pub fn with_precision<R>(precision: Precision, f: impl FnOnce() -> R) -> R {
    struct Restore(Precision);
    impl Drop for Restore {
        fn drop(&mut self) {
            PRECISION.set(self.0);
        }
    }
    let _restore = Restore(PRECISION.replace(precision));
    f()
}

/// Maps items with `f`, in this thread's precision and on the CPU side by side on the
/// current rayon pool. The order of the results is that of the items; what each is does not depend
/// on the pool.
pub fn side_by_side<T: Sync, R: Send>(
    device: &Device,
    items: &[T],
    f: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    if !device.is_cpu() {
        return items.iter().map(f).collect();
    }
    let precision = PRECISION.get();
    let each = items.par_iter();
    each.map(|item| with_precision(precision, || f(item)))
        .collect()
}

/// The instruction set of the precision asked for.
fn isa() -> Isa {
    Isa::of(PRECISION.get())
}

/// The kind of number that other devices than the CPU multiply in the precision asked for.
fn kind() -> DType {
    match PRECISION.get() {
        Precision::Full => DType::F32,
        Precision::Bf16 => DType::BF16,
    }
}

/// True if our kernels compute with a tensor, which is on the CPU.
fn has_kernels(x: &Tensor) -> bool {
    #[cfg(test)]
    if COMPOSED.get() {
        return false;
    }
    x.device().is_cpu()
}

#[cfg(test)]
thread_local! {
    static COMPOSED: Cell<bool> = const { Cell::new(false) };
}

/// Calls `f`, which computes on this thread's CPU with the operations of other devices.
#[cfg(test)]
pub(crate) fn as_on_other_devices<R>(f: impl FnOnce() -> R) -> R {
    COMPOSED.set(true);
    let made = f();
    COMPOSED.set(false);
    made
}

/// Padding of a convolution's input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// Zeros, this many on each side.
    Zero(usize),
    /// The input mirrored at its border (the border itself once), this many on each side.
    Reflect(usize),
}

/// Convolution without bias: `x` (batch, in, height, width), `kernel` (out, in, rows, columns).
///
/// # Errors
/// candle's: shapes that do not fit, no memory on the device.
pub fn conv2d(x: &Tensor, kernel: &Tensor, stride: usize, padding: Padding) -> Result<Tensor> {
    convolve(x, kernel, [stride, 1], padding)
}

/// Dilated convolution: `dilation` pixels between the kernel's taps (odd and square), with zeros
/// around that keep the size.
///
/// # Errors
/// candle's: shapes that do not fit, no memory on the device.
pub fn dilated_conv2d(x: &Tensor, kernel: &Tensor, dilation: usize) -> Result<Tensor> {
    let size = dilation * (kernel.dim(2)? - 1) / 2;
    convolve(x, kernel, [1, dilation], Padding::Zero(size))
}

/// A convolution with a stride and a dilation.
fn convolve(
    x: &Tensor,
    kernel: &Tensor,
    [stride, dilation]: [usize; 2],
    padding: Padding,
) -> Result<Tensor> {
    if has_kernels(x) {
        let isa = isa();
        let conv = conv::Conv {
            stride,
            dilation,
            padding,
            isa,
        };
        x.apply_op2(kernel, conv)
    } else {
        composed::conv2d(x, kernel, [stride, dilation], padding, kind())
    }
}

/// Transposed convolution that doubles height and width: `x` (batch, in, height, width),
/// `kernel` (in, out, 3, 3), stride 2, padding 1, output padding 1.
///
/// # Errors
/// candle's: shapes that do not fit, no memory on the device.
pub fn conv_transpose2d(x: &Tensor, kernel: &Tensor) -> Result<Tensor> {
    if has_kernels(x) {
        x.apply_op2(kernel, adjoint::ConvTranspose { isa: isa() })
    } else {
        composed::conv_transpose2d(x, kernel, kind())
    }
}

/// Instance norm (over height and width, ε = 1e-5) with `scale` and `offset`, both (channels) or
/// (batch, channels), then the activation.
///
/// # Errors
/// candle's: shapes that do not fit, no memory on the device.
pub fn norm_activation(
    x: &Tensor,
    scale: &Tensor,
    offset: &Tensor,
    activation: Activation,
) -> Result<Tensor> {
    if has_kernels(x) {
        x.apply_op3(scale, offset, norm::NormActivation { activation })
    } else {
        reference::norm_activation(x, scale, offset, activation)
    }
}

/// max(0, `a` + `b`) of tensors of the same shape.
///
/// # Errors
/// candle's: shapes that do not fit, no memory on the device.
pub fn add_relu(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    if has_kernels(a) && a.shape() == b.shape() {
        a.apply_op2(b, elementwise::AddRelu)
    } else {
        reference::add_relu(a, b)
    }
}

/// `x` where it is positive, `slope` (positive) times `x` elsewhere.
///
/// # Errors
/// candle's: shapes that do not fit, no memory on the device.
pub fn leaky_relu(x: &Tensor, slope: f32) -> Result<Tensor> {
    if has_kernels(x) {
        x.apply_op1(elementwise::LeakyRelu { slope })
    } else {
        candle_nn::ops::leaky_relu(x, f64::from(slope))
    }
}

/// The contiguous values of a CPU storage.
fn values<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    let all = storage.as_slice::<f32>()?;
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&all[start..end]),
        None => candle_core::bail!("a custom operation needs a contiguous tensor"),
    }
}

/// Calls `f` with the values of a tensor on the CPU.
fn with_values<R>(tensor: &Tensor, f: impl FnOnce(&[f32]) -> Result<R>) -> Result<R> {
    let tensor = tensor.contiguous()?;
    let (storage, layout) = tensor.storage_and_layout();
    match &*storage {
        Storage::Cpu(storage) => f(values(storage, layout)?),
        _ => candle_core::bail!("a custom operation's backward pass needs a tensor on the CPU"),
    }
}

#[cfg(test)]
mod tests;
