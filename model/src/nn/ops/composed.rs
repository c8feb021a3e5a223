//! The convolutions for other devices than the CPU, from candle's plain convolution alone.
//!
//! candle's own gradient of a convolution, and its transposed convolution, run on a GPU as one
//! thread an output cell, many times slower than the matrix products of its plain convolution.
//! Here both gradients and the transposed convolution are plain convolutions, in bf16 where that
//! precision is asked for; the weights and all sums between layers stay f32.

use candle_core::backend::BackendStorage;
use candle_core::{
    CpuStorage, CudaStorage, CustomOp2, DType, Layout, MetalStorage, Result, Shape, Storage, Tensor,
};

use super::{Padding, reference};

/// See [`super::conv2d`], with a stride and a dilation; the products are of values of this kind.
pub(super) fn conv2d(
    x: &Tensor,
    kernel: &Tensor,
    [stride, dilation]: [usize; 2],
    padding: Padding,
    kind: DType,
) -> Result<Tensor> {
    let (x, padding) = match padding {
        Padding::Zero(size) => (x.clone(), size),
        Padding::Reflect(size) => (reference::reflect_pad(x, size)?, 0),
    };
    let (x, kernel) = (x.contiguous()?, kernel.contiguous()?);
    let value = plain(
        kind,
        &x.detach(),
        &kernel.detach(),
        [padding, stride, dilation],
    )?;
    let conv = Conv {
        value,
        stride,
        dilation,
        padding,
        kind,
    };
    x.apply_op2(&kernel, conv)
}

/// candle's convolution with values of this kind and f32 around it; `shape` is padding, stride
/// and dilation.
fn plain(kind: DType, x: &Tensor, kernel: &Tensor, shape: [usize; 3]) -> Result<Tensor> {
    let [padding, stride, dilation] = shape;
    x.to_dtype(kind)?
        .conv2d(&kernel.to_dtype(kind)?, padding, stride, dilation, 1)?
        .to_dtype(DType::F32)
}

/// See [`super::conv_transpose2d`].
pub(super) fn conv_transpose2d(x: &Tensor, kernel: &Tensor, kind: DType) -> Result<Tensor> {
    let (x, kernel) = (spread(x, 2)?, turned(kernel)?);
    conv2d(&x, &kernel, [1, 1], Padding::Zero(1), kind)
}

/// A convolution whose value is there already; it adds the backward pass.
struct Conv {
    value: Tensor,
    stride: usize,
    dilation: usize,
    padding: usize,
    kind: DType,
}

impl Conv {
    /// The gradient of the input.
    fn input_gradient(&self, x: &Tensor, kernel: &Tensor, dy: &Tensor) -> Result<Tensor> {
        let (_, _, height, width) = x.dims4()?;
        let reach = self.dilation * (kernel.dim(2)? - 1);
        let dy = spread(dy, self.stride)?;
        let shape = [reach - self.padding, 1, self.dilation];
        let dx = plain(self.kind, &dy, &turned(kernel)?, shape)?;
        fitted(&fitted(&dx, 2, height)?, 3, width)
    }

    /// The gradient of the kernel: a convolution in which batch and channels change places.
    fn kernel_gradient(&self, x: &Tensor, kernel: &Tensor, dy: &Tensor) -> Result<Tensor> {
        let (_, _, rows, columns) = kernel.dims4()?;
        let x = x.transpose(0, 1)?.contiguous()?;
        let dy = dy.transpose(0, 1)?.contiguous()?;
        let dkernel = plain(
            self.kind,
            &x,
            &dy,
            [self.padding, self.dilation, self.stride],
        )?;
        fitted(&fitted(&dkernel, 2, rows)?, 3, columns)?.transpose(0, 1)
    }
}

/// The first `size` places of a dimension, zeros where it is shorter.
fn fitted(x: &Tensor, dim: usize, size: usize) -> Result<Tensor> {
    let there = x.dim(dim)?;
    if there < size {
        x.pad_with_zeros(dim, 0, size - there)
    } else {
        x.narrow(dim, 0, size)
    }
}

/// Every cell followed by `stride` − 1 zeros, in both directions.
fn spread(x: &Tensor, stride: usize) -> Result<Tensor> {
    if stride == 1 {
        return x.contiguous();
    }
    let (batch, channels, height, width) = x.dims4()?;
    x.reshape((batch, channels, height, 1, width, 1))?
        .pad_with_zeros(3, 0, stride - 1)?
        .pad_with_zeros(5, 0, stride - 1)?
        .reshape((batch, channels, height * stride, width * stride))
}

/// The kernel of the opposite way: turned by half a turn, inputs and outputs exchanged.
fn turned(kernel: &Tensor) -> Result<Tensor> {
    kernel.flip(&[2, 3])?.transpose(0, 1)?.contiguous()
}

impl CustomOp2 for Conv {
    fn name(&self) -> &'static str {
        "composed-conv"
    }

    fn cpu_fwd(
        &self,
        _x: &CpuStorage,
        _x_layout: &Layout,
        _kernel: &CpuStorage,
        _kernel_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        match &*self.value.storage_and_layout().0 {
            Storage::Cpu(value) => Ok((value.clone(), self.value.shape().clone())),
            _ => candle_core::bail!("the convolution's value is on another device"),
        }
    }

    fn cuda_fwd(
        &self,
        _x: &CudaStorage,
        _x_layout: &Layout,
        _kernel: &CudaStorage,
        _kernel_layout: &Layout,
    ) -> Result<(CudaStorage, Shape)> {
        let (storage, layout) = self.value.storage_and_layout();
        match &*storage {
            Storage::Cuda(value) => Ok((value.try_clone(layout)?, self.value.shape().clone())),
            _ => candle_core::bail!("the convolution's value is on another device"),
        }
    }

    fn metal_fwd(
        &self,
        _x: &MetalStorage,
        _x_layout: &Layout,
        _kernel: &MetalStorage,
        _kernel_layout: &Layout,
    ) -> Result<(MetalStorage, Shape)> {
        let (storage, layout) = self.value.storage_and_layout();
        match &*storage {
            Storage::Metal(value) => Ok((value.try_clone(layout)?, self.value.shape().clone())),
            _ => candle_core::bail!("the convolution's value is on another device"),
        }
    }

    fn bwd(
        &self,
        x: &Tensor,
        kernel: &Tensor,
        _y: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let dy = dy.detach().contiguous()?;
        let (fixed_x, fixed_kernel) = (x.detach(), kernel.detach());
        let dx = x.track_op();
        let dx = dx.then(|| self.input_gradient(&fixed_x, &fixed_kernel, &dy));
        let dkernel = kernel.track_op();
        let dkernel = dkernel.then(|| self.kernel_gradient(&fixed_x, &fixed_kernel, &dy));
        Ok((dx.transpose()?, dkernel.transpose()?))
    }
}
