//! Everything that the arranger's pass writes to, allocated once.

use super::first::CHANGING;
use super::last;
use crate::family::arranger::encoding::DRAWN;
use crate::nn::inference::arena::{Aligned, INPUT, Layout, Threads, bytes};
use crate::nn::inference::grid::{Grid, HEIGHT, Mirrored, WIDTH};
use crate::nn::inference::tile::LANES;
use crate::nn::inference::winograd::turned;
use crate::roll::{CELLS, PITCHES, Roll, STEPS};

/// Images of a pass: the number of styles of one canvas.
pub(super) const IMAGES: usize = 2;
/// Values of an input plane with its border.
pub(super) const IMAGE: usize = INPUT.plane / LANES;
/// Input layout of the last layer: zeros around for a kernel of 5 × 5.
pub(super) const FULL: Layout = Layout::new(STEPS, PITCHES, 2, 2);
/// Input layout of strided and transposed convolutions: zeros before and after.
pub(super) const HALF: Layout = Layout::new(STEPS / 2, PITCHES / 2, 1, 1);
/// Layout that tiles are cut from: zeros as far as a dilated kernel's last tile reaches.
pub(super) const LOW: Layout = Layout::new(HEIGHT, WIDTH, 2, 5);
/// Layout of all images side by side.
pub(super) const LOWS: Layout = Layout {
    plane: IMAGES * LOW.plane,
    ..LOW
};

/// The images of one style; of each what came up, then what went down.
#[derive(Debug)]
pub(super) struct Style {
    pub(super) full: Aligned,
    pub(super) half: Aligned,
}

/// The memory of one pass at a time.
#[derive(Debug)]
pub struct ArrangerArena {
    /// Image of each plane that a canvas decides.
    pub(super) input: Aligned,
    /// Contribution of tune, harmony and position to the first layer's pixels, for the cells below.
    pub(super) kept: Aligned,
    /// The cells of tune and harmony that `kept` is for.
    pub(super) kept_cells: Option<[Roll; DRAWN - CHANGING]>,
    /// The first layer before its norm.
    pub(super) first: Aligned,
    pub(super) styles: [Style; IMAGES],
    /// For each block, all images.
    pub(super) low: Aligned,
    /// The points of a residual layer's input and of the next one's.
    pub(super) points: [Aligned; 2],
    /// The logits of each cell, in a block.
    pub(super) last: Aligned,
    /// Scratch of the residual layers, one for each thread.
    pub(super) scratch: Threads,
    /// Scratch of the last layer, one for each thread.
    pub(super) lines: Threads,
}

/// Values of each of an arena's parts, in the order of its fields.
const fn lengths([full, half, low]: [usize; 3]) -> [usize; 11] {
    [
        DRAWN * IMAGE,
        full * FULL.plane,
        full * FULL.plane,
        2 * full * FULL.plane,
        2 * half * HALF.plane,
        2 * full * FULL.plane,
        2 * half * HALF.plane,
        // The last image's blocks end an image later than the first one's.
        low * LOWS.plane + LOW.plane,
        low * IMAGES * Mirrored::BLOCK,
        low * IMAGES * Mirrored::BLOCK,
        CELLS * LANES,
    ]
}

/// Values of a thread's scratch: of the residual layers, and of the last one.
const fn scratch([full, _, low]: [usize; 3]) -> [[usize; 3]; 2] {
    [
        [IMAGES * Mirrored::BLOCK, LOW.plane, turned(low)],
        [2 * full * last::BLOCK, last::BLOCK, 0],
    ]
}

impl ArrangerArena {
    /// Memory for images with these numbers of blocks at full, half and low resolution.
    pub(super) fn new(blocks: [usize; 3]) -> Self {
        let parts = lengths(blocks).map(Aligned::zeros);
        let [
            input,
            kept,
            first,
            full,
            half,
            other_full,
            other_half,
            low,
            a,
            b,
            last,
        ] = parts;
        let [scratch, lines] = scratch(blocks).map(Threads::new);
        let other = Style {
            full: other_full,
            half: other_half,
        };
        Self {
            input,
            kept,
            kept_cells: None,
            first,
            styles: [Style { full, half }, other],
            low,
            points: [a, b],
            last,
            scratch,
            lines,
        }
    }

    /// Bytes of such an arena whose passes are shared by `threads` threads.
    pub(super) fn bytes(blocks: [usize; 3], threads: usize) -> usize {
        let scratch = scratch(blocks).map(|lengths| Threads::bytes(lengths, threads));
        bytes(&lengths(blocks)) + scratch.iter().sum::<usize>()
    }
}

/// The range of a step in an input image.
pub(super) const fn line(step: usize) -> std::ops::Range<usize> {
    let start = INPUT.field.first + step * INPUT.field.row;
    start..start + PITCHES
}
