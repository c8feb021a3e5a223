//! The gradient of a convolution with respect to its input: also the forward pass of the
//! transposed convolution.

use super::geometry::{Border, Geometry};
use super::isa::{Isa, for_each_isa};
use super::pack::{Strides, Tap, pack};
use super::plane::{copy_row, join_neighbours, join_rows, phases, round_row, spread};
use super::product::{Lanes, Left, Product, SLACK, grid};
use super::scratch::for_each_chunk;

/// The gradient of the input, given that of the output.
///
/// # Panics
/// If a slice does not fit the geometry or this CPU lacks `isa`.
pub fn input_gradient(geometry: &Geometry, isa: Isa, dy: &[f32], kernel: &[f32]) -> Vec<f32> {
    assert_eq!(
        kernel.len(),
        geometry.kernel_len(),
        "kernel of {geometry:?}"
    );
    let batch = dy.len() / geometry.out_len();
    let planes = Planes::new(*geometry, isa);
    let parts: Vec<Part> = phases(geometry.stride)
        .map(|phase| planes.part(phase, kernel))
        .collect();
    let mut ends = vec![0];
    for part in &parts {
        ends.push(ends[ends.len() - 1] + geometry.channels_in * part.rows.len * part.columns.len);
    }
    // With stride 1 and zeros beyond the border the only phase is the image.
    let direct = geometry.stride == 1 && geometry.border == Border::Zero;
    let raw_len = if direct { 0 } else { ends[parts.len()] };
    let padded_len = geometry.channels_in * geometry.padded_height() * geometry.padded_width();
    let padded_len = if geometry.border == Border::Reflect {
        padded_len
    } else {
        0
    };
    let mut dx = vec![0.0; batch * geometry.in_len()];
    for_each_chunk(
        &mut dx,
        geometry.in_len(),
        || {
            (
                vec![0; planes.len()],
                vec![0.0; raw_len],
                vec![0.0; padded_len],
            )
        },
        |i, dx, (b, raw, padded)| {
            planes.fill(&dy[i * geometry.out_len()..][..geometry.out_len()], b);
            for (part, &start) in parts.iter().zip(&ends) {
                let out = if direct { &mut *dx } else { &mut raw[start..] };
                part.run(&planes, b, out);
            }
            match geometry.border {
                Border::Zero if direct => {}
                Border::Zero => weave(isa, geometry, &parts, &ends, raw, dx),
                Border::Reflect if geometry.stride == 1 => fold(isa, geometry, raw, dx),
                Border::Reflect => {
                    weave(isa, geometry, &parts, &ends, raw, padded);
                    fold(isa, geometry, padded, dx);
                }
            }
        },
    );
    dx
}

/// A range of rows or columns of one phase: `first`, `first + 1`, …
#[derive(Clone, Copy)]
struct Range {
    first: usize,
    len: usize,
}

impl Range {
    /// The places of `phase` in what is wanted of an axis: all of it, or without its padding.
    fn new(geometry: &Geometry, phase: usize, len: usize) -> Self {
        let (from, to) = match geometry.border {
            Border::Zero => (geometry.before, geometry.before + len),
            Border::Reflect => (0, geometry.before + len + geometry.after),
        };
        let place = |at: usize| (at + geometry.stride - 1 - phase) / geometry.stride;
        Self {
            first: place(from),
            len: place(to) - place(from),
        }
    }

    fn end(self) -> usize {
        self.first + self.len
    }
}

/// The layout of the output's gradient: rows with a gap of zeros that the taps may reach into
/// from both sides, zero rows above and below.
struct Planes {
    geometry: Geometry,
    isa: Isa,
    row: usize,
    above: usize,
    gap: usize,
    plane: usize,
    depth: usize,
    by_position: bool,
}

impl Planes {
    fn new(geometry: Geometry, isa: Isa) -> Self {
        let (height, width) = (geometry.out_height(), geometry.out_width());
        let (mut above, mut below, mut gap) = (0, 0, 0);
        let mut row = width;
        for phase in 0..geometry.stride {
            let reach = |taps: usize| (taps.max(1) - 1) * geometry.dilation;
            let down = reach(geometry.taps_down(phase));
            let across = reach(geometry.taps_across(phase));
            let rows = Range::new(&geometry, phase, geometry.height);
            let columns = Range::new(&geometry, phase, geometry.width);
            above = above.max(down.saturating_sub(rows.first));
            below = below.max(rows.end().saturating_sub(height));
            gap = gap.max(across.saturating_sub(columns.first));
            gap = gap.max(columns.end().saturating_sub(width));
            row = row.max(columns.len);
        }
        row = row.max(width + gap);
        Self {
            geometry,
            isa,
            row,
            above,
            gap,
            plane: spread(gap + (above + height + below) * row),
            depth: geometry.channels_out.div_ceil(isa.pack()),
            by_position: isa.pack() == 2 && geometry.channels_out == 1 && geometry.dilation == 1,
        }
    }

    fn len(&self) -> usize {
        (self.depth + 1) * self.plane + SLACK
    }

    fn fill(&self, dy: &[f32], planes: &mut [u32]) {
        fill(self.isa, self, dy, planes);
    }

    #[inline(always)]
    fn fill_inlined(&self, dy: &[f32], planes: &mut [u32]) {
        let (height, width) = (self.geometry.out_height(), self.geometry.out_width());
        if self.by_position {
            planes.fill(0);
        }
        // Whole channels are converted at once: the rows are too short for vectors.
        let mut flat = vec![0; height * width];
        for unit in 0..self.depth {
            let size = height * width;
            let channel = |channel: usize| &dy[channel * size..][..size];
            if self.isa.pack() == 1 {
                copy_row(channel(unit), &mut flat);
            } else if 2 * unit + 1 < self.geometry.channels_out {
                join_rows(channel(2 * unit), channel(2 * unit + 1), &mut flat);
            } else {
                round_row(channel(2 * unit), &mut flat, self.by_position);
            }
            for (y, row) in flat.chunks_exact(width).enumerate() {
                let at = unit * self.plane + self.gap + (self.above + y) * self.row;
                planes[at..at + width].copy_from_slice(row);
            }
        }
        if self.by_position {
            join_neighbours(planes);
        }
    }

    /// The part of the gradient that falls on one phase of the stride.
    fn part(&self, (py, px): (usize, usize), kernel: &[f32]) -> Part {
        let geometry = &self.geometry;
        let rows = Range::new(geometry, py, geometry.height);
        let columns = Range::new(geometry, px, geometry.width);
        let (stride, positions) = (
            geometry.stride,
            geometry.kernel_height * geometry.kernel_width,
        );
        let mut taps = Vec::new();
        for ty in 0..geometry.taps_down(py) {
            let across = geometry.taps_across(px);
            for tx in (0..across).step_by(1 + usize::from(self.by_position)) {
                let position = (py + ty * stride) * geometry.kernel_width + px + tx * stride;
                let second = self.by_position && tx + 1 < across;
                // The gradient lies mirrored: the further tap of a pair is the one to the left.
                let (reach, first, second) = if second {
                    (tx + 1, position + stride, Some(position))
                } else {
                    (tx, position, None)
                };
                let line = self.above + rows.first - ty * geometry.dilation;
                let offset = line * self.row + self.gap + columns.first;
                taps.push(Tap {
                    offset: offset - reach * geometry.dilation,
                    first,
                    second,
                });
            }
        }
        let strides = Strides {
            row: positions,
            channel: geometry.channels_in * positions,
        };
        let shape = (geometry.channels_in, geometry.channels_out);
        Part {
            rows,
            columns,
            phase: (py, px),
            kernel: pack(self.isa, kernel, strides, shape, &taps, self.by_position),
            offsets: taps.iter().map(|tap| tap.offset).collect(),
            lanes: grid(rows.len, columns.len, self.row, self.isa),
        }
    }
}

/// One phase of the input's gradient.
struct Part {
    rows: Range,
    columns: Range,
    phase: (usize, usize),
    kernel: Vec<u32>,
    offsets: Vec<usize>,
    lanes: Vec<Lanes>,
}

impl Part {
    fn run(&self, planes: &Planes, b: &[u32], out: &mut [f32]) {
        let product = Product {
            a: &self.kernel,
            left: Left::Panels,
            rows: planes.geometry.channels_in,
            b,
            step: planes.plane,
            taps: &self.offsets,
            depth: planes.depth,
            columns: &self.lanes,
            width: self.rows.len * self.columns.len,
            add: false,
        };
        product.run(planes.isa, out);
    }
}

for_each_isa! {
    fn fill(planes: &Planes, dy: &[f32], units: &mut [u32]) {
        planes.fill_inlined(dy, units);
    }

    /// Weaves the phases together: into the image, or into the padded image where the border
    /// reflects.
    fn weave(
        geometry: &Geometry,
        parts: &[Part],
        starts: &[usize],
        raw: &[f32],
        image: &mut [f32],
    ) {
        let (top, height, width) = match geometry.border {
            Border::Zero => (geometry.before, geometry.height, geometry.width),
            Border::Reflect => (0, geometry.padded_height(), geometry.padded_width()),
        };
        let stride = geometry.stride;
        let line = |part: usize, channel: usize, y: usize| {
            let Part { rows, columns, .. } = &parts[part];
            let row = channel * rows.len + y / stride - rows.first;
            &raw[starts[part] + row * columns.len..][..columns.len]
        };
        for channel in 0..geometry.channels_in {
            for y in 0..height {
                let out = &mut image[(channel * height + y) * width..][..width];
                let first = (y + top) % stride * stride;
                // Place in the image of a phase's first column.
                let start =
                    |part: usize| parts[part].columns.first * stride + parts[part].phase.1 - top;
                if stride == 2 && width.is_multiple_of(2) {
                    let even = usize::from(start(first) != 0);
                    let even_line = line(first + even, channel, y + top);
                    let odd_line = line(first + 1 - even, channel, y + top);
                    for ((out, even), odd) in out.chunks_exact_mut(2).zip(even_line).zip(odd_line) {
                        out[0] = *even;
                        out[1] = *odd;
                    }
                } else {
                    for part in first..first + stride {
                        let values = line(part, channel, y + top);
                        for (out, value) in out.iter_mut().skip(start(part)).step_by(stride).zip(values)
                        {
                            *out = *value;
                        }
                    }
                }
            }
        }
    }

    /// Adds what fell on the padding to the pixels that it mirrors.
    fn fold(geometry: &Geometry, padded: &[f32], image: &mut [f32]) {
        let Geometry {
            height,
            width,
            before,
            ..
        } = *geometry;
        let (padded_height, padded_width) = (geometry.padded_height(), geometry.padded_width());
        image.fill(0.0);
        for channel in 0..geometry.channels_in {
            let image = &mut image[channel * height * width..][..height * width];
            for y in 0..padded_height {
                let line = &padded[(channel * padded_height + y) * padded_width..][..padded_width];
                let Some(row) = geometry.source_row(y) else {
                    continue;
                };
                let out = &mut image[row * width..][..width];
                for (out, value) in out.iter_mut().zip(&line[before..]) {
                    *out += *value;
                }
                for x in (0..before).chain(before + width..padded_width) {
                    if let Some(column) = geometry.source_column(x) {
                        out[column] += line[x];
                    }
                }
            }
        }
    }
}
