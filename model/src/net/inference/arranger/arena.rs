//! Everything that the arranger's pass writes to, allocated once.

use super::super::arena::{Aligned, INPUT, Layout, Threads, bytes};
use super::super::grid::{Grid, HEIGHT, Mirrored, WIDTH};
use super::super::tile::LANES;
use super::zeros;
use crate::family::arranger::{PLANES, encoding};
use crate::roll::{CELLS, PITCHES, STEPS};

/// Values of an input plane with its border.
pub(super) const IMAGE: usize = INPUT.plane / LANES;
/// What the last layer reads: zeros around for a kernel of 5 × 5.
pub(super) const FULL: Layout = Layout::new(STEPS, PITCHES, 2, 2);
/// What strided and transposed convolutions read: zeros before and after.
pub(super) const HALF: Layout = Layout::new(STEPS / 2, PITCHES / 2, 1, 1);
/// What tiles are cut from: zeros as far as a dilated kernel's last tile reaches.
pub(super) const LOW: Layout = Layout::new(HEIGHT, WIDTH, 2, 5);

/// The memory of one pass at a time.
#[derive(Debug)]
pub struct Arena {
    /// Of each plane of a canvas the image; those of place stay.
    pub(super) input: Aligned,
    /// What came up, then what went down.
    pub(super) full: Aligned,
    pub(super) half: Aligned,
    pub(super) low: Aligned,
    /// The points of a residual layer's input and of the next one's.
    pub(super) points: [Aligned; 2],
    /// Of each cell its logits, in a block.
    pub(super) last: Aligned,
    pub(super) scratch: Threads,
}

/// Values of each of an arena's parts, in the order of its fields.
const fn lengths([full, half, low]: [usize; 3]) -> [usize; 7] {
    [
        PLANES * IMAGE,
        2 * full * FULL.plane,
        2 * half * HALF.plane,
        low * LOW.plane,
        low * Mirrored::BLOCK,
        low * Mirrored::BLOCK,
        CELLS * LANES,
    ]
}

impl Arena {
    /// Memory for images with these numbers of blocks at full, half and low resolution.
    pub(super) fn new(blocks: [usize; 3], panel_blocks: usize) -> Self {
        let [mut input, full, half, low, a, b, last] = zeros(lengths(blocks));
        let mut place = vec![0.0; (PLANES - encoding::DRAWN) * CELLS];
        encoding::write_place(&mut place);
        let images = input.chunks_exact_mut(IMAGE).skip(encoding::DRAWN);
        for (values, image) in place.chunks_exact(CELLS).zip(images) {
            for (step, values) in values.chunks_exact(PITCHES).enumerate() {
                image[line(step)].copy_from_slice(values);
            }
        }
        Self {
            input,
            full,
            half,
            low,
            points: [a, b],
            last,
            scratch: Threads::new(panel_blocks, &LOW),
        }
    }

    /// Bytes of such an arena whose passes so many threads share.
    pub(super) fn bytes(blocks: [usize; 3], panel_blocks: usize, threads: usize) -> usize {
        bytes(&lengths(blocks)) + Threads::bytes(panel_blocks, &LOW, threads)
    }
}

/// The range of a step in an input image.
pub(super) const fn line(step: usize) -> std::ops::Range<usize> {
    let start = INPUT.field.first + step * INPUT.field.row;
    start..start + PITCHES
}
