//! How much memory a generator and its passes take, from its shape alone: what loading asks for
//! before anything is made. [`super::PreparedGenerator::new`] and [`Arena::new`] have the same
//! sizes from the same places; `model/tests/short_of_memory.rs` holds them against what is
//! allocated.

use super::Level;
use super::arena::{Aligned, Arena};
use super::packed::Size;
use super::tile::LANES;
use super::winograd;

/// Blocks of a panel.
pub(crate) const fn panel(level: Level) -> usize {
    level.panel() / LANES
}

/// Blocks of the images at full, half and low resolution.
pub(crate) fn blocks(level: Level, base: usize) -> [usize; 3] {
    let blocks = |channels: usize| channels.div_ceil(level.panel()) * panel(level);
    [base, 2 * base, 4 * base].map(blocks)
}

/// Bytes of the memory of passes through a generator with `base` channels in its first layer, of
/// one pass at a time that is shared by `threads` threads.
pub fn arena(level: Level, base: usize, threads: usize) -> usize {
    Arena::bytes(blocks(level, base), panel(level), threads)
}

/// Bytes of the laid-out weights of a generator with `base` channels in its first layer.
pub fn weights(level: Level, base: usize, residual_blocks: usize) -> usize {
    of_layers(level, base, residual_blocks, winograd::POINTS)
}

/// As [`weights`], with residual layers kept as kernels, as an arranger's are.
pub fn kernels(level: Level, base: usize, residual_blocks: usize) -> usize {
    of_layers(level, base, residual_blocks, winograd::PLACES)
}

/// With `deep` weights for each pair of channels of a residual layer.
fn of_layers(level: Level, base: usize, residual_blocks: usize, deep: usize) -> usize {
    let size = |channels_in, channels_out| Size {
        panel: level.panel(),
        channels_in,
        channels_out,
    };
    // By weights for each pair of channels and taps for each block of input channels.
    let layer = |from: usize, to, weights, taps| {
        let blocks = (from * base).div_ceil(LANES);
        size(from * base, to * base).bytes(blocks * LANES * weights, blocks * taps)
    };
    let input = size(1, base).bytes(49, 7);
    let down = layer(1, 2, 9, 9) + layer(2, 4, 9, 9);
    let residual = 2 * residual_blocks * layer(4, 4, deep, 1);
    let up = layer(4, 2, 9, 9) + layer(2, 1, 9, 9);
    let output = Aligned::bytes(base.div_ceil(LANES) * 49 * LANES);
    input + down + residual + up + output
}
