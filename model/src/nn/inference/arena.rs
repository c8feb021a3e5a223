//! Everything that a pass writes to, allocated once.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::grid::{Grid, HEIGHT, Mirrored, WIDTH};
use super::norm::Field;
use super::tile::LANES;

/// Values of a cache line.
const LINE: usize = 16;

/// Values that begin at a cache line: a vector that lies across two costs two loads.
#[derive(Debug)]
pub(crate) struct Aligned {
    values: Vec<f32>,
    start: usize,
    len: usize,
}

impl Aligned {
    /// `len` zeros.
    pub(crate) fn zeros(len: usize) -> Self {
        let values = vec![0.0; len + LINE];
        let start = values.as_ptr().align_offset(LINE * size_of::<f32>());
        // An allocator that cannot say costs speed, not correctness.
        let start = start.min(LINE);
        Self { values, start, len }
    }

    /// Bytes of `len` zeros.
    pub(crate) const fn bytes(len: usize) -> usize {
        (len + LINE) * size_of::<f32>()
    }
}

impl Deref for Aligned {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.values[self.start..self.start + self.len]
    }
}

impl DerefMut for Aligned {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.values[self.start..self.start + self.len]
    }
}

/// How an image lies in its planes: the pixels that count, and the border around them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    pub(crate) field: Field,
    /// Values of a plane: of one block of channels.
    pub(crate) plane: usize,
    /// True if the border shows the image mirrored; else it stays zero.
    pub(crate) mirrored: bool,
}

impl Layout {
    /// Rows, columns, and the border before and after them.
    pub(crate) const fn new(height: usize, width: usize, before: usize, after: usize) -> Self {
        let row = before + width + after;
        let field = Field {
            height,
            width,
            first: before * row + before,
            row,
        };
        Self {
            field,
            plane: (before + height + after) * row * LANES,
            mirrored: before == MARGIN,
        }
    }
}

/// The network's input, of a single channel: [`MARGIN`] mirrored pixels on each side.
pub(crate) const INPUT: Layout = Layout::new(64, 84, MARGIN, MARGIN);
/// The mirrored border of the 7×7 convolutions.
pub(crate) const MARGIN: usize = 3;
/// Images that a strided convolution reads: zeros before them.
pub(crate) const FULL_DOWN: Layout = Layout::new(64, 84, 1, 0);
pub(crate) const HALF_DOWN: Layout = Layout::new(32, 42, 1, 0);
/// Images that a transposed convolution reads: zeros after them.
pub(crate) const LOW: Layout = Layout::new(HEIGHT, WIDTH, 0, 1);
pub(crate) const HALF_UP: Layout = Layout::new(32, 42, 0, 1);
/// The image that the last convolution reads.
pub(crate) const FULL_UP: Layout = Layout::new(64, 84, MARGIN, MARGIN);
/// An image of a residual layer on its way through the norm.
pub(crate) const BARE: Layout = Layout::new(HEIGHT, WIDTH, 0, 0);

/// Scratch memory of one thread in a residual layer.
#[derive(Debug)]
pub(crate) struct Scratch {
    /// The sums of a panel.
    pub(crate) points: Aligned,
    /// A block's pixels.
    pub(crate) plane: Aligned,
    /// A panel's weights as points, where the layer keeps them as kernels.
    pub(crate) weights: Aligned,
}

/// Values of a thread's scratch, by the blocks of a panel.
const fn scratch(panel_blocks: usize) -> [usize; 3] {
    [panel_blocks * Mirrored::BLOCK, BARE.plane, 0]
}

/// The scratch of each thread.
#[derive(Debug)]
pub(crate) struct Threads {
    /// The lock is never waited for.
    each: Vec<Mutex<Scratch>>,
    lengths: [usize; 3],
}

impl Threads {
    /// No scratch yet; `sizes` are the values in the parts of each.
    pub(crate) const fn new(lengths: [usize; 3]) -> Self {
        Self {
            each: Vec::new(),
            lengths,
        }
    }

    /// Bytes of the scratch of `threads` threads.
    pub(crate) fn bytes(lengths: [usize; 3], threads: usize) -> usize {
        // A list that grows has room for up to twice as many, and for four at first.
        let list = (2 * threads + 4) * size_of::<Mutex<Scratch>>();
        threads * bytes(&lengths) + list
    }

    /// Makes sure that each of `threads` threads has its scratch.
    pub(crate) fn grow(&mut self, threads: usize) {
        while self.each.len() < threads {
            let [points, plane, weights] = self.lengths.map(Aligned::zeros);
            self.each.push(Mutex::new(Scratch {
                points,
                plane,
                weights,
            }));
        }
    }

    /// This thread's scratch memory.
    pub(crate) fn own(&self) -> MutexGuard<'_, Scratch> {
        let index = rayon::current_thread_index().unwrap_or(0);
        let own = self.each[index % self.each.len()].lock();
        own.unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bytes of parts with these numbers of values.
pub(crate) fn bytes(lengths: &[usize]) -> usize {
    lengths.iter().copied().map(Aligned::bytes).sum()
}

/// The memory of one pass at a time.
#[derive(Debug)]
pub struct Arena {
    pub(crate) input: Aligned,
    pub(crate) full_down: Aligned,
    pub(crate) half_down: Aligned,
    pub(crate) low: Aligned,
    /// The points of the layer's input and of the next one's.
    pub(crate) points: [Aligned; 2],
    pub(crate) half_up: Aligned,
    pub(crate) full_up: Aligned,
    pub(crate) scratch: Threads,
}

/// Values of each of an arena's parts, in the order of its fields.
const fn lengths([full, half, low]: [usize; 3]) -> [usize; 8] {
    [
        INPUT.plane / LANES,
        full * FULL_DOWN.plane,
        half * HALF_DOWN.plane,
        low * LOW.plane,
        low * Mirrored::BLOCK,
        low * Mirrored::BLOCK,
        half * HALF_UP.plane,
        full * FULL_UP.plane,
    ]
}

impl Arena {
    /// Memory for images with these numbers of blocks at full, half and low resolution.
    pub(crate) fn new(blocks: [usize; 3], panel_blocks: usize) -> Self {
        let [input, full_down, half_down, low, a, b, half_up, full_up] =
            lengths(blocks).map(Aligned::zeros);
        Self {
            input,
            full_down,
            half_down,
            low,
            points: [a, b],
            half_up,
            full_up,
            scratch: Threads::new(scratch(panel_blocks)),
        }
    }

    /// Bytes of such an arena whose passes are shared by `threads` threads.
    pub(crate) fn bytes(blocks: [usize; 3], panel_blocks: usize, threads: usize) -> usize {
        bytes(&lengths(blocks)) + Threads::bytes(scratch(panel_blocks), threads)
    }
}
