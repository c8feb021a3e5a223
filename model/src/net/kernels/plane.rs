//! Images laid out in planes of units with padded rows, one plane for each phase of the stride.

use super::geometry::{Border, Geometry};
use super::isa::{Isa, vectorised};
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
            by_position: isa.pack() == 2 && geometry.channels_in == 1,
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
                        offset: self.phase(py, px) + ty * self.row + tx,
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
        vectorised(self.isa, || self.fill_inlined(image, planes));
    }

    #[inline(always)]
    fn fill_inlined(&self, image: &[f32], planes: &mut [u32]) {
        let Geometry {
            height,
            width,
            stride,
            channels_in,
            ..
        } = self.geometry;
        let size = height * width;
        let mut line = vec![0; self.row * stride];
        if self.by_position {
            planes.fill(0);
        }
        for unit in 0..self.depth {
            let first = &image[unit * self.isa.pack() * size..][..size];
            let second = (self.isa.pack() == 2 && 2 * unit + 1 < channels_in)
                .then(|| &image[(2 * unit + 1) * size..][..size]);
            for y in 0..self.geometry.padded_height() {
                let Some(source) = self.geometry.source_row(y) else {
                    continue;
                };
                let of = source * width..(source + 1) * width;
                let inner = &mut line[self.geometry.before..][..width];
                match second {
                    Some(second) => join_rows(&first[of.clone()], &second[of], inner),
                    None if self.isa.pack() == 2 => round_row(&first[of], inner, self.by_position),
                    None => copy_row(&first[of], inner),
                }
                self.mirror(&mut line);
                for px in 0..stride {
                    let at = self.phase(y % stride, px) + unit * self.plane + y / stride * self.row;
                    let row = &mut planes[at..at + self.row];
                    match stride {
                        1 => row.copy_from_slice(&line),
                        2 => every_second(&line[px..], row),
                        _ => {
                            for (unit, value) in
                                row.iter_mut().zip(line[px..].iter().step_by(stride))
                            {
                                *unit = *value;
                            }
                        }
                    }
                }
            }
        }
        if self.by_position {
            join_neighbours(planes);
        }
    }

    /// Fills the padding at both ends of a line.
    #[inline(always)]
    fn mirror(&self, line: &mut [u32]) {
        if self.geometry.border == Border::Reflect {
            let (before, width) = (self.geometry.before, self.geometry.width);
            let after = before + width..self.geometry.padded_width();
            for x in (0..before).chain(after) {
                if let Some(source) = self.geometry.source_column(x) {
                    line[x] = line[before + source];
                }
            }
        }
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

#[inline(always)]
fn every_second(line: &[u32], row: &mut [u32]) {
    for (unit, two) in row.iter_mut().zip(line.chunks(2)) {
        *unit = two[0];
    }
}
