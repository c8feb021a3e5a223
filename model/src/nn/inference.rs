//! The generator's forward pass on the CPU for the transfer: weights laid out once, no allocation
//! after the first pass, the same numbers for any number of threads.
//!
//! | layers | how |
//! |---|---|
//! | residual, 3×3 | Winograd F(4×4, 3×3), norm, sum and the next layer's tiles in one go |
//! | strided, transposed, first | direct, in register tiles (`tile`) |
//! | last, to one channel | direct, with the input's channels as lanes |
//!
//! Images are kept in blocks of 16 channels, each pixel's side by side. The vectors are those of
//! [`pulp`], whose tokens prove that the CPU has the instructions; nothing here is `unsafe`.
//!
//! Winograd's sums are rounded otherwise than the definition's. With f32 operands a residual
//! layer stays within [`ERROR`] of the definition, as a share of the output's deviation; the
//! tests hold it and the whole network to that. Training has the residual layers' convolutions from
//! here (`conv_grad`), all else from [`super::kernels`].

pub(crate) mod arena;
pub(super) mod conv_grad;
pub(crate) mod grid;
mod level;
pub(crate) mod norm;
pub(crate) mod packed;
pub(crate) mod pass;
pub(crate) mod residual;
pub(crate) mod room;
pub(crate) mod share;
pub(crate) mod tile;
pub(crate) mod winograd;

pub use arena::Arena;
pub use level::Level;
pub use packed::Weights;
pub use room::{arena as arena_bytes, kernels as kernels_bytes, weights as weights_bytes};
pub use share::undivided;

use arena::{Aligned, FULL_DOWN, HALF_DOWN, HALF_UP, INPUT, LOW};
use grid::{Grid, Mirrored};
use packed::{Packed, Size};
use pass::{Pass, with_pass};
use tile::LANES;

/// Bound on the error of a residual layer's output, as a share of its deviation.
pub const ERROR: f32 = 5e-5;

/// A generator whose weights are laid out for one instruction set.
#[derive(Debug)]
pub struct PreparedGenerator {
    level: Level,
    base: usize,
    skip: f32,
    input: Packed,
    down: [Packed; 2],
    residual: Vec<[Packed; 2]>,
    up: [Packed; 2],
    /// Indexed by block, kernel position, lane.
    output: Aligned,
}

impl PreparedGenerator {
    /// Lays out the weights of a generator with `base` channels in its first layer: its layers in
    /// order (first, two down, two a residual block, two up), then the last layer's kernel.
    ///
    /// # Panics
    /// If the weights are not those of such a generator.
    pub fn new(level: Level, base: usize, skip: f32, layers: &[Weights], output: &[f32]) -> Self {
        let size = |channels_in, channels_out| Size {
            panel: level.panel(),
            channels_in,
            channels_out,
        };
        let [input, down1, down2, residual @ .., up1, up2] = layers else {
            panic!("{} layers", layers.len());
        };
        let deep = size(4 * base, 4 * base);
        let (residual, _) = residual.as_chunks::<2>();
        let residual = residual
            .iter()
            .map(|pair| {
                pair.each_ref()
                    .map(|layer| Packed::residual(deep, Mirrored::BLOCK, layer))
            })
            .collect();
        let mut last = Aligned::zeros(base.div_ceil(LANES) * 49 * LANES);
        for (channel, kernel) in output.chunks_exact(49).enumerate() {
            for (place, value) in kernel.iter().enumerate() {
                last[(channel / LANES * 49 + place) * LANES + channel % LANES] = *value;
            }
        }
        Self {
            level,
            base,
            skip,
            input: Packed::input(size(1, base), [0, INPUT.field.row], input),
            down: [
                Packed::direct(size(base, 2 * base), (&FULL_DOWN, &[[0, base]]), 1, down1),
                Packed::direct(
                    size(2 * base, 4 * base),
                    (&HALF_DOWN, &[[0, 2 * base]]),
                    1,
                    down2,
                ),
            ],
            residual,
            up: [
                Packed::transposed(size(4 * base, 2 * base), (&LOW, &[[0, 4 * base]]), up1),
                Packed::transposed(size(2 * base, base), (&HALF_UP, &[[0, 2 * base]]), up2),
            ],
            output: last,
        }
    }

    /// The instruction set that the weights are laid out for.
    pub const fn level(&self) -> Level {
        self.level
    }

    /// Memory for this generator's passes.
    pub fn arena(&self) -> Arena {
        Arena::new(room::blocks(self.level, self.base), room::panel(self.level))
    }

    /// Bytes of [`Self::arena`] once `threads` threads have shared a pass.
    pub fn arena_bytes(&self, threads: usize) -> usize {
        room::arena(self.level, self.base, threads)
    }

    /// The logits `y` of the cells `x` of one roll (64 steps × 84 pitches each), computed by the
    /// current rayon pool.
    ///
    /// # Panics
    /// If a slice is not a roll's, or the arena is another generator's.
    pub fn logits(&self, arena: &mut Arena, x: &[f32], y: &mut [f32]) {
        let cells = INPUT.field.height * INPUT.field.width;
        assert_eq!((x.len(), y.len()), (cells, cells), "cells of a roll");
        let level = self.level;
        with_pass!(level, run(self, arena, x, y));
    }

    /// The probabilities `y` of the cells `x`: the sigmoid of [`Self::logits`].
    pub fn probabilities(&self, arena: &mut Arena, x: &[f32], y: &mut [f32]) {
        self.logits(arena, x, y);
        for y in y {
            *y = 1.0 / (1.0 + (-*y).exp());
        }
    }
}

#[cfg(test)]
mod tests;
