//! The arranger's forward pass on the CPU: as the generator's, with zeros around images, skip
//! connections, and norms whose constants are folded once for a style.
//!
//! Images that a skip connection puts side by side lie side by side in memory: what comes up, then
//! what went down. So nothing is copied, and a layer that reads both has taps in both.

mod arena;
mod pass;

pub use arena::Arena;

use super::Level;
use super::arena::{Aligned, INPUT};
use super::packed::{Packed, Size, Weights};
use super::pass::{Pass, with_pass};
use super::room;
use super::tile::LANES;
use crate::family::arranger::{CONDITION, Canvas, LOGITS, PLANES};
use crate::roll::CELLS;

use arena::{FULL, HALF, IMAGE, LOW};

/// A layer's weights as the network has them.
#[derive(Clone, Debug)]
pub struct Layer {
    /// (out, in, rows, columns); of a transposed convolution (in, out, rows, columns).
    pub kernel: Vec<f32>,
    /// Of the norm: (2 · out, 6).
    pub weight: Vec<f32>,
    /// Of the norm: (2 · out).
    pub bias: Vec<f32>,
}

/// Scale and offset of every norm in one style, of its layers in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Norms(Vec<[Vec<f32>; 2]>);

/// The linear function of the condition that makes a norm's constants.
#[derive(Debug)]
struct Linear {
    weight: Vec<f32>,
    bias: Vec<f32>,
}

/// An arranger whose weights are laid out for one instruction set.
#[derive(Debug)]
pub struct Prepared {
    level: Level,
    base: usize,
    input: Packed,
    down: [Packed; 2],
    residual: Vec<[Packed; 2]>,
    up: [Packed; 2],
    output: Packed,
    bias: [f32; LOGITS],
    norms: Vec<Linear>,
}

impl Prepared {
    /// Lays out the weights of an arranger with `base` channels in its first layer: its layers in
    /// order (first, two down, two a residual block, two up), then the last layer's kernel and
    /// bias.
    ///
    /// # Panics
    /// If the weights are not those of such an arranger.
    pub fn new(
        level: Level,
        base: usize,
        layers: Vec<Layer>,
        output: Vec<f32>,
        bias: [f32; LOGITS],
    ) -> Self {
        let size = |channels_in, channels_out| Size {
            panel: level.panel(),
            channels_in,
            channels_out,
        };
        let mut norms = Vec::with_capacity(layers.len());
        let bare = |kernel| Weights {
            kernel,
            scale: Vec::new(),
            offset: Vec::new(),
        };
        let mut weights = Vec::with_capacity(layers.len());
        for layer in layers {
            let (weight, bias) = (layer.weight, layer.bias);
            norms.push(Linear { weight, bias });
            weights.push(bare(layer.kernel));
        }
        let [input, down1, down2, residual @ .., up1, up2] = &weights[..] else {
            panic!("{} layers", weights.len());
        };
        let (full, half, low) = (base, 2 * base, 4 * base);
        // Of two images the second begins a panel of the layer that made it.
        let [full_blocks, half_blocks, low_blocks] = room::blocks(level, base);
        let both_full = [[0, full], [full_blocks, full]];
        let both_half = [[0, half], [half_blocks, half]];
        // Blocks are panels here: all tiles of a block fit the registers, so weights, which are
        // many and used once, come in one stream.
        let deep = Size {
            panel: LANES,
            channels_in: low,
            channels_out: low_blocks * LANES,
        };
        let (residual, _) = residual.as_chunks::<2>();
        let residual = residual
            .iter()
            .map(|pair| pair.each_ref().map(|layer| Packed::residual(deep, layer)));
        let last = Size {
            panel: LANES,
            channels_in: 2 * full,
            channels_out: LOGITS,
        };
        Self {
            level,
            base,
            input: Packed::input(size(PLANES, full), [IMAGE, INPUT.field.row], input),
            down: [
                Packed::direct(size(full, half), (&FULL, &[[0, full]]), 1, down1),
                Packed::direct(size(half, low), (&HALF, &[[0, half]]), 1, down2),
            ],
            residual: residual.collect(),
            up: [
                Packed::transposed(size(low, half), (&LOW, &[[0, low]]), up1),
                Packed::transposed(size(2 * half, full), (&HALF, &both_half), up2),
            ],
            output: Packed::direct(last, (&FULL, &both_full), 2, &bare(output)),
            bias,
            norms,
        }
    }

    /// The instruction set that the weights are laid out for.
    pub const fn level(&self) -> Level {
        self.level
    }

    /// The norms' constants under a condition, as [`crate::family::arranger::encoding::condition`]
    /// makes it.
    pub fn fold(&self, condition: [f32; CONDITION]) -> Norms {
        let constants = self.norms.iter().map(|Linear { weight, bias }| {
            let rows = weight.chunks_exact(CONDITION).zip(bias);
            let values = rows.map(|(row, bias)| {
                let products = row.iter().zip(condition).map(|(a, b)| a * b);
                bias + products.sum::<f32>()
            });
            let channels = bias.len() / 2;
            let padded = channels.next_multiple_of(self.level.panel());
            let [mut scale, mut offset] = [(); 2].map(|()| vec![0.0; padded]);
            let both = scale[..channels].iter_mut();
            let both = both.chain(&mut offset[..channels]);
            both.zip(values).for_each(|(to, value)| *to = value);
            scale[..channels].iter_mut().for_each(|scale| *scale += 1.0);
            [scale, offset]
        });
        Norms(constants.collect())
    }

    /// Memory for this arranger's passes.
    pub fn arena(&self) -> Arena {
        let blocks = room::blocks(self.level, self.base);
        Arena::new(blocks, room::panel(self.level))
    }

    /// Bytes of [`Self::arena`] once so many threads have shared a pass.
    pub fn arena_bytes(&self, threads: usize) -> usize {
        let blocks = room::blocks(self.level, self.base);
        Arena::bytes(blocks, room::panel(self.level), threads)
    }

    /// The logits of a canvas' cells under `norms`, computed by the current rayon pool: 11 planes
    /// of 64 steps × 84 pitches, an onset's and each of the ten lengths'.
    ///
    /// # Panics
    /// If `logits` has another length, or the arena or the norms are another arranger's.
    pub fn logits(&self, arena: &mut Arena, canvas: &Canvas, norms: &Norms, logits: &mut [f32]) {
        assert_eq!(logits.len(), LOGITS * CELLS, "logits of a canvas");
        let level = self.level;
        with_pass!(level, arrange(self, arena, canvas, norms, logits));
    }
}

/// Values of the aligned parts of a length each.
fn zeros<const N: usize>(lengths: [usize; N]) -> [Aligned; N] {
    lengths.map(Aligned::zeros)
}

#[cfg(test)]
mod tests;
