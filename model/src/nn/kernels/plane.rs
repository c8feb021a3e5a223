//! Images laid out in planes of units with padded rows, one plane for each phase of the stride.

use super::geometry::{Border, Geometry};
use super::isa::{Isa, for_each_isa};
use super::pack::Tap;
use super::product::SLACK;
use super::unit::{join, rounded};

/// Units to give a plane that needs `len`: an odd number of cache lines, so that equal places of
/// neighbouring planes do not fall on the same lines of the cache.
pub(super) fn spread(len: usize) -> usize {
    (len.div_ceil(16) | 1) * 16
}

/// The layout of the images that go into a convolution.
///
/// Phase (`py`, `px`) of stride `s` holds the padded rows `py + s·i` and columns `px + s·j`, so
/// that each tap reads one phase at a constant offset.
#[derive(Clone, Copy)]
pub(super) struct Planes {
    pub(super) geometry: Geometry,
    /// Units of a row.
    pub(super) row: usize,
    /// Units of a plane.
    pub(super) plane: usize,
    /// Planes of a phase: units of depth.
    pub(super) depth: usize,
    /// Neighbouring columns, not channels, share a unit: where there is only one channel.
    pub(super) by_position: bool,
    isa: Isa,
}

impl Planes {
    pub(super) fn new(geometry: Geometry, isa: Isa) -> Self {
        let row = geometry.padded_width().div_ceil(geometry.stride);
        let rows = geometry.padded_height().div_ceil(geometry.stride);
        Self {
            geometry,
            row,
            plane: spread(rows * row),
            depth: geometry.channels_in.div_ceil(isa.pack()),
            by_position: isa.pack() == 2 && geometry.channels_in == 1 && geometry.dilation == 1,
            isa,
        }
    }

    /// Units of all planes of an image, with what may be read past them.
    pub(super) fn len(&self) -> usize {
        let phases = self.geometry.stride * self.geometry.stride;
        // A tap's offset may carry the last vector beyond the last plane.
        (phases * self.depth + 1) * self.plane + SLACK
    }

    /// First unit of phase (`py`, `px`).
    pub(super) fn phase(&self, py: usize, px: usize) -> usize {
        (py * self.geometry.stride + px) * self.depth * self.plane
    }

    /// The taps of the kernel.
    pub(super) fn taps(&self) -> Vec<Tap> {
        let Geometry {
            stride,
            dilation,
            kernel_width,
            ..
        } = self.geometry;
        let mut taps = Vec::new();
        for (py, px) in phases(stride) {
            for ty in 0..self.geometry.taps_down(py) {
                let across = self.geometry.taps_across(px);
                for tx in (0..across).step_by(1 + usize::from(self.by_position)) {
                    let first = (py + ty * stride) * kernel_width + px + tx * stride;
                    let second = self.by_position && tx + 1 < across;
                    taps.push(Tap {
                        offset: self.phase(py, px) + (ty * self.row + tx) * dilation,
                        first,
                        second: second.then_some(first + stride),
                    });
                }
            }
        }
        taps
    }

    /// Lays `image` out in `planes`, which hold zeros or another image of the same layout.
    pub(super) fn fill(&self, image: &[f32], planes: &mut [u32]) {
        fill(self.isa, self, image, planes);
    }

    #[inline(always)]
    fn fill_inlined(&self, image: &[f32], planes: &mut [u32]) {
        let Geometry {
            height,
            width,
            stride,
            ..
        } = self.geometry;
        // Whole channels are converted and split at once: the rows are too short for vectors.
        let mut flat = vec![0; height * width];
        let mut split = vec![0; height * width];
        if self.by_position {
            planes.fill(0);
        }
        for unit in 0..self.depth {
            self.convert(image, unit, &mut flat);
            split_columns(&flat, width, stride, &mut split);
            for y in 0..self.geometry.padded_height() {
                if let Some(source) = self.geometry.source_row(y) {
                    self.place(&split, source, unit, y, planes);
                }
            }
        }
        if self.by_position {
            join_neighbours(planes);
        }
    }

    /// Makes the units of one plane, without padding.
    #[inline(always)]
    fn convert(&self, image: &[f32], unit: usize, flat: &mut [u32]) {
        let size = flat.len();
        let channel = |channel: usize| &image[channel * size..][..size];
        if self.isa.pack() == 1 {
            copy_row(channel(unit), flat);
        } else if 2 * unit + 1 < self.geometry.channels_in {
            join_rows(channel(2 * unit), channel(2 * unit + 1), flat);
        } else {
            round_row(channel(2 * unit), flat, self.by_position);
        }
    }

    /// Copies row `source` of a channel, split by [`split_columns`], to padded row `y`.
    #[inline(always)]
    fn place(&self, split: &[u32], source: usize, unit: usize, y: usize, planes: &mut [u32]) {
        let Geometry {
            height,
            width,
            stride,
            before,
            ..
        } = self.geometry;
        let start =
            |px: usize| self.phase(y % stride, px) + unit * self.plane + y / stride * self.row;
        let mut class = 0;
        for first in 0..stride {
            let len = (width + stride - 1 - first) / stride;
            let at = start((first + before) % stride) + (first + before) / stride;
            planes[at..at + len].copy_from_slice(&split[class + source * len..][..len]);
            if self.geometry.border == Border::Reflect {
                let after = before + width..self.geometry.padded_width();
                for x in (0..before).chain(after) {
                    if let Some(column) = self.geometry.source_column(x)
                        && column % stride == first
                    {
                        let value = split[class + source * len + column / stride];
                        planes[start(x % stride) + x / stride] = value;
                    }
                }
            }
            class += height * len;
        }
    }
}

/// Splits the columns of a plane by their place in the stride: first all rows of columns
/// 0, s, 2s, …, then of 1, 1 + s, …
#[inline(always)]
fn split_columns(flat: &[u32], width: usize, stride: usize, split: &mut [u32]) {
    if stride == 1 {
        split.copy_from_slice(flat);
    } else if stride == 2 && width.is_multiple_of(2) {
        let (even, odd) = split.split_at_mut(flat.len() / 2);
        for (([first, second], even), odd) in flat.as_chunks().0.iter().zip(even).zip(odd) {
            (*even, *odd) = (*first, *second);
        }
    } else {
        let columns = (0..stride).flat_map(|first| {
            flat.chunks_exact(width)
                .flat_map(move |row| row.iter().skip(first).step_by(stride))
        });
        for (split, value) in split.iter_mut().zip(columns) {
            *split = *value;
        }
    }
}

for_each_isa! {
    fn fill(planes: &Planes, image: &[f32], units: &mut [u32]) {
        planes.fill_inlined(image, units);
    }
}

/// All phases of a stride, rows first.
pub(super) fn phases(stride: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..stride).flat_map(move |py| (0..stride).map(move |px| (py, px)))
}

#[inline(always)]
pub(super) fn join_rows(first: &[f32], second: &[f32], units: &mut [u32]) {
    for ((unit, first), second) in units.iter_mut().zip(first).zip(second) {
        *unit = join(rounded(*first), rounded(*second));
    }
}

/// Rounded values: in the upper half where they are still to be joined, else in the lower.
#[inline(always)]
pub(super) fn round_row(values: &[f32], units: &mut [u32], upper: bool) {
    let shift = if upper { 0 } else { 16 };
    for (unit, value) in units.iter_mut().zip(values) {
        *unit = rounded(*value) >> shift;
    }
}

#[inline(always)]
pub(super) fn copy_row(values: &[f32], units: &mut [u32]) {
    for (unit, value) in units.iter_mut().zip(values) {
        *unit = value.to_bits();
    }
}

/// Makes pairs of rounded values and their right neighbours.
#[inline(always)]
pub(super) fn join_neighbours(units: &mut [u32]) {
    let mut left = 0;
    for unit in units.iter_mut().rev() {
        (left, *unit) = (*unit, join(*unit, left));
    }
}
