//! CPU kernels of the convolutions, written as *shifted matrix multiplies*.
//!
//! A convolution is a sum over its kernel's positions ("taps"): for each tap one matrix multiply
//! of a weight matrix with the image moved by a constant. Kept in planes with padded rows, "moved
//! by a constant" is a constant offset in memory, so nothing is copied for each tap as im2col
//! does, and one small register-blocked `product` serves the forward pass, both gradients, any
//! stride and any padding:
//!
//! | pass | rows | columns (vector lanes) | summed over |
//! |---|---|---|---|
//! | [`forward`] | output channels | pixels | taps, input channels |
//! | [`input_gradient`] | input channels | pixels | taps, output channels |
//! | [`weight_gradient`] | output channels | input channels | pixels, images; once per tap |
//!
//! Everything is stored in 4-byte `unit`s: an f32, or a pair of bf16 whose products are summed
//! in f32 by one instruction. So both precisions share every line but the innermost one.
//!
//! Results do not depend on the number of threads: work is cut by image, and sums over images are
//! cut into groups of fixed size.

mod forward;
mod geometry;
mod input_gradient;
mod isa;
mod pack;
mod plane;
mod product;
mod scratch;
pub(super) mod sums;
mod transpose;
mod unit;
mod weight_gradient;

#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;

pub use forward::forward;
pub use geometry::{Border, Geometry};
pub use input_gradient::input_gradient;
pub(super) use isa::for_each_isa;
pub use isa::{Isa, Precision};
pub(super) use scratch::for_each_chunk;
pub use weight_gradient::weight_gradient;

#[cfg(test)]
mod tests;
