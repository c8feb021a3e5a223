//! The arranger's forward pass on the CPU: as the generator's, with zeros around images, skip
//! connections, and norms whose constants are folded once for a style.
//!
//! Images that a skip connection puts side by side lie side by side in memory: what comes up, then
//! what went down. So nothing is copied, and a layer that reads both has taps in both.

mod arena;
mod first;
mod last;
mod pass;

pub use arena::ArrangerArena;

use crate::family::arranger::{Canvas, LOGITS, NormColumn, PLANES};
use crate::nn::inference::Level;
use crate::nn::inference::arena::{Aligned, INPUT};
use crate::nn::inference::grid::{Grid, Mirrored};
use crate::nn::inference::packed::{Packed, Size, Weights};
use crate::nn::inference::pass::{Pass, with_pass};
use crate::nn::inference::room;
use crate::nn::inference::tile::LANES;
use crate::nn::inference::winograd;
use crate::roll::CELLS;

use arena::{FULL, HALF, IMAGE, IMAGES, LOWS};

/// Bytes of the memory of passes through an arranger with `base` channels in its first layer, of
/// one pass at a time that is shared by `threads` threads.
pub fn arena_bytes(level: Level, base: usize, threads: usize) -> usize {
    ArrangerArena::bytes(room::blocks(level, base), threads)
}

/// A layer's weights as the network has them.
#[derive(Clone, Debug)]
pub struct Layer {
    /// (out, in, rows, columns); of a transposed convolution (in, out, rows, columns).
    pub kernel: Vec<f32>,
    /// Weight of the norm: (2 · out, condition).
    pub weight: Vec<f32>,
    /// Bias of the norm: (2 · out).
    pub bias: Vec<f32>,
}

/// Scales and offsets of all norms for one condition, ready for a pass; in the order of the
/// layers.
#[derive(Clone, Debug, PartialEq)]
pub struct FoldedNorms(Vec<[Vec<f32>; 2]>);

impl FoldedNorms {
    /// Scales and offsets of a layer: the first, two down, those of the residual blocks.
    fn down(&self, layer: usize) -> &[Vec<f32>; 2] {
        &self.0[layer]
    }

    /// Scales and offsets of one of the last two layers.
    fn up(&self, layer: usize) -> &[Vec<f32>; 2] {
        &self.0[self.0.len() - 2 + layer]
    }
}

/// The linear function of the condition that makes a norm's constants.
#[derive(Debug)]
struct Linear {
    weight: Vec<f32>,
    bias: Vec<f32>,
}

/// An arranger whose weights are laid out for one instruction set.
#[derive(Debug)]
pub struct PreparedArranger {
    level: Level,
    base: usize,
    input: Packed,
    /// Contribution of the position planes to the first layer's pixels: an image for each block.
    place: Aligned,
    down: [Packed; 2],
    residual: Vec<[Packed; 2]>,
    up: [Packed; 2],
    output: Packed,
    bias: [f32; LOGITS],
    norms: Vec<Linear>,
}

impl PreparedArranger {
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
        // The second of two images begins in a panel of the layer that made it.
        let [full_blocks, half_blocks, low_blocks] = room::blocks(level, base);
        let both_full = [[0, full], [full_blocks, full]];
        let both_half = [[0, half], [half_blocks, half]];
        // Blocks are panels here: the sums of twice as many lanes hardly fit the registers.
        let deep = Size {
            panel: LANES,
            channels_in: low,
            channels_out: low_blocks * LANES,
        };
        let (residual, _) = residual.as_chunks::<2>();
        let residual = residual.iter().map(|pair| {
            pair.each_ref()
                .map(|layer| Packed::kernels(deep, IMAGES * Mirrored::BLOCK, layer))
        });
        let last = Size {
            panel: LANES,
            channels_in: 2 * full,
            channels_out: LOGITS,
        };
        let points = (&both_full[..], [2 * full_blocks, last::BLOCK]);
        let input = Packed::input(size(PLANES, full), [IMAGE, INPUT.field.row], input);
        Self {
            level,
            base,
            place: first::place(&input, level.panel()),
            input,
            down: [
                Packed::direct(size(full, half), (&FULL, &[[0, full]]), 1, down1),
                Packed::direct(size(half, low), (&HALF, &[[0, half]]), 1, down2),
            ],
            residual: residual.collect(),
            up: [
                Packed::transposed(size(low, half), (&LOWS, &[[0, low]]), up1),
                Packed::transposed(size(2 * half, full), (&HALF, &both_half), up2),
            ],
            output: Packed::filtered(last, points, &bare(output), (25, winograd::wide_kernel)),
            bias,
            norms,
        }
    }

    /// The instruction set that the weights are laid out for.
    pub const fn level(&self) -> Level {
        self.level
    }

    /// The norms' constants under a condition, as [`crate::family::arranger::encoding::condition`]
    /// makes it. `own` is a style of the user's own that comes beside, whole.
    ///
    /// # Panics
    /// If the condition or the style is one of another network.
    pub fn fold(&self, condition: &[f32], own: Option<&NormColumn>) -> FoldedNorms {
        let own = own.map(NormColumn::layers);
        assert!(
            own.is_none_or(|own| own.len() == self.norms.len()),
            "layers of a style"
        );
        let constants = self
            .norms
            .iter()
            .enumerate()
            .map(|(layer, Linear { weight, bias })| {
                let own = own.map(|own| &own[layer]);
                assert!(
                    own.is_none_or(|own| own.len() == bias.len()),
                    "channels of a style"
                );
                assert_eq!(weight.len(), bias.len() * condition.len(), "a condition");
                let rows = weight.chunks_exact(condition.len()).zip(bias).enumerate();
                let values = rows.map(|(place, (row, bias))| {
                    let products = row.iter().zip(condition).map(|(a, b)| a * b);
                    bias + products.sum::<f32>() + own.map_or(0.0, |own| own[place])
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
        FoldedNorms(constants.collect())
    }

    /// Memory for this arranger's passes.
    pub fn arena(&self) -> ArrangerArena {
        let blocks = room::blocks(self.level, self.base);
        ArrangerArena::new(blocks)
    }

    /// Bytes of [`Self::arena`] once `threads` threads have shared a pass.
    pub fn arena_bytes(&self, threads: usize) -> usize {
        arena_bytes(self.level, self.base, threads)
    }

    /// The logits of a canvas' hidden cells under `norms`, computed by the current rayon pool: 11
    /// planes of 64 steps × 84 pitches, an onset's and each of the ten lengths'. Those of other
    /// cells stay as they are.
    ///
    /// # Panics
    /// If `logits` has another length, or the arena or the norms are another arranger's.
    pub fn logits(
        &self,
        arena: &mut ArrangerArena,
        canvas: &Canvas,
        norms: &FoldedNorms,
        logits: &mut [f32],
    ) {
        self.run(arena, canvas, &mut [(norms, logits)]);
    }

    /// [`Self::logits`] of one canvas under two norms, each with its logits: faster than one by
    /// one, since the weights come from memory once.
    ///
    /// # Panics
    /// As [`Self::logits`].
    pub fn both(
        &self,
        arena: &mut ArrangerArena,
        canvas: &Canvas,
        norms: [&FoldedNorms; IMAGES],
        logits: [&mut [f32]; IMAGES],
    ) {
        let [one, other] = logits;
        self.run(arena, canvas, &mut [(norms[0], one), (norms[1], other)]);
    }

    fn run(
        &self,
        arena: &mut ArrangerArena,
        canvas: &Canvas,
        styles: &mut [(&FoldedNorms, &mut [f32])],
    ) {
        for (_, logits) in styles.iter() {
            assert_eq!(logits.len(), LOGITS * CELLS, "logits of a canvas");
        }
        let level = self.level;
        with_pass!(level, arrange(self, arena, canvas, styles));
    }
}

#[cfg(test)]
mod tests;
