//! The gradient of a convolution with respect to its kernel.

use rayon::prelude::*;

use super::geometry::Geometry;
use super::isa::{Isa, for_each_isa};
use super::plane::{Planes, copy_row, join_neighbours, phases, round_row};
use super::product::{Lanes, Left, Product, SLACK, grid};
use super::transpose::{row_units, transpose};

/// Images whose gradients are summed in one go. Fixed, so that the sum does not depend on the
/// number of threads.
const GROUP: usize = 8;

/// The gradient of the kernel, given the input and the gradient of the output.
///
/// # Panics
/// If a slice does not fit the geometry or this CPU lacks `isa`.
pub fn weight_gradient(geometry: &Geometry, isa: Isa, x: &[f32], dy: &[f32]) -> Vec<f32> {
    assert_eq!(
        x.len() / geometry.in_len(),
        dy.len() / geometry.out_len(),
        "images in and out of {geometry:?}"
    );
    let images: Vec<_> = x
        .chunks_exact(geometry.in_len())
        .zip(dy.chunks_exact(geometry.out_len()))
        .collect();
    let group = |images: &[(&[f32], &[f32])]| {
        let mut work = Work::new(*geometry, isa);
        for (x, dy) in images {
            work.add(x, dy);
        }
        work.sums
    };
    let groups: Vec<Vec<f32>> = if rayon::current_num_threads() == 1 {
        images.chunks(GROUP).map(group).collect()
    } else {
        images.par_chunks(GROUP).map(group).collect()
    };
    let mut groups = groups.into_iter();
    let mut sums = groups
        .next()
        .unwrap_or_else(|| vec![0.0; geometry.kernel_len()]);
    for group in groups {
        sums.iter_mut()
            .zip(group)
            .for_each(|(sum, value)| *sum += value);
    }
    // The sums lie by position first, the kernel's positions are innermost.
    let pairs = geometry.channels_out * geometry.channels_in;
    let positions = geometry.kernel_height * geometry.kernel_width;
    let mut kernel = vec![0.0; sums.len()];
    for (at, kernel) in kernel.chunks_exact_mut(positions).enumerate() {
        for (position, kernel) in kernel.iter_mut().enumerate() {
            *kernel = sums[position * pairs + at];
        }
    }
    kernel
}

/// The buffers of a group of images, and its sums: `[position][out][in]`.
///
/// Pixels are numbered along the padded rows of the input's planes; the output's gradient is laid
/// out with rows of the same length, zero where there is no output, so that a tap is a constant
/// shift here too. Where one side has a single channel, the taps of a kernel row take its place
/// as the rows of the product.
struct Work {
    geometry: Geometry,
    isa: Isa,
    /// The input's planes: units of the only channel, or f32 to be transposed.
    planes: Planes,
    image: Vec<u32>,
    /// Transposed input of each phase.
    x: Vec<u32>,
    /// Rows in `x` for one phase.
    x_rows: usize,
    /// Output gradient in rows of the planes' length, after `front` zeros.
    flat: Vec<u32>,
    front: usize,
    flat_step: usize,
    /// Transposed output gradient.
    dy: Vec<u32>,
    columns: Vec<Lanes>,
    taps: Vec<f32>,
    sums: Vec<f32>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Single {
    None,
    In,
    Out,
}

fn single(geometry: &Geometry) -> Single {
    match (geometry.channels_in, geometry.channels_out) {
        // The taps of a row do not lie side by side.
        _ if geometry.dilation > 1 => Single::None,
        (1, _) => Single::In,
        (_, 1) => Single::Out,
        _ => Single::None,
    }
}

impl Work {
    fn new(geometry: Geometry, isa: Isa) -> Self {
        let single = single(&geometry);
        let planes = Planes::new(
            geometry,
            if single == Single::In {
                isa
            } else {
                isa.full()
            },
        );
        let (inputs, outputs) = (geometry.channels_in, geometry.channels_out);
        let x_rows = match single {
            Single::None => planes.plane + reach(&geometry, &planes) + 2,
            Single::Out => planes.plane / isa.pack() + 1,
            Single::In => 0,
        };
        let phases = geometry.stride * geometry.stride;
        let front = if single == Single::Out {
            reach(&geometry, &planes)
        } else {
            0
        };
        let flat_step = front + planes.plane;
        let wide = if single == Single::In {
            outputs
        } else {
            inputs
        };
        Self {
            geometry,
            isa,
            planes,
            image: vec![0; planes.len()],
            x: vec![0; phases * x_rows * row_units(inputs) + SLACK],
            x_rows,
            flat: vec![0; outputs * flat_step + SLACK],
            front,
            flat_step,
            dy: vec![0; (planes.plane / isa.pack() + 1) * row_units(outputs) + SLACK],
            columns: grid(1, wide, wide, isa),
            taps: vec![0.0; geometry.kernel_width * wide],
            sums: vec![0.0; geometry.kernel_len()],
        }
    }

    /// Adds the gradient of one image.
    fn add(&mut self, x: &[f32], dy: &[f32]) {
        self.planes.fill(x, &mut self.image);
        let single = single(&self.geometry);
        self.flatten(dy, single == Single::Out);
        if single != Single::Out {
            let (planes, shape) = ((&self.flat[..], self.flat_step), self.geometry.channels_out);
            transpose(
                self.isa,
                planes,
                (shape, self.used()),
                self.isa.pack(),
                &mut self.dy,
            );
        }
        if single != Single::In {
            let every = if single == Single::Out {
                self.isa.pack()
            } else {
                1
            };
            for (py, px) in phases(self.geometry.stride) {
                let planes = (&self.image[self.planes.phase(py, px)..], self.planes.plane);
                let shape = (self.geometry.channels_in, self.planes.plane);
                let start = self.x_start(py, px);
                transpose(self.isa, planes, shape, every, &mut self.x[start..]);
            }
        }
        match single {
            Single::None => self.multiply(),
            Single::In | Single::Out => self.multiply_single(single),
        }
    }

    /// Pixels up to the last output.
    fn used(&self) -> usize {
        (self.geometry.out_height() - 1) * self.planes.row + self.geometry.out_width()
    }

    fn x_start(&self, py: usize, px: usize) -> usize {
        (py * self.geometry.stride + px) * self.x_rows * row_units(self.geometry.channels_in)
    }

    /// Lays out the output's gradient: f32, or units where it stays as it is (`units`).
    fn flatten(&mut self, dy: &[f32], units: bool) {
        let (height, width) = (self.geometry.out_height(), self.geometry.out_width());
        let pairs = units && self.isa.pack() == 2;
        let place = FlatPlace {
            height,
            width,
            row: self.planes.row,
            front: self.front,
            step: self.flat_step,
        };
        flatten(self.isa, dy, place, pairs, &mut self.flat);
    }

    /// For each tap: output channels × input channels, summed over pixels.
    fn multiply(&mut self) {
        let (inputs, outputs) = (self.geometry.channels_in, self.geometry.channels_out);
        let depth = self.used().div_ceil(self.isa.pack());
        let size = inputs * outputs;
        for (py, px) in phases(self.geometry.stride) {
            for (tap, position) in taps(&self.geometry, &self.planes, py, px) {
                let product = Product {
                    a: &self.dy,
                    left: Left::Rows {
                        step: row_units(outputs),
                    },
                    rows: outputs,
                    b: &self.x[self.x_start(py, px)..],
                    step: self.isa.pack() * row_units(inputs),
                    taps: &[tap * row_units(inputs)],
                    depth,
                    columns: &self.columns,
                    width: inputs,
                    add: true,
                };
                product.run(self.isa, &mut self.sums[position * size..][..size]);
            }
        }
    }

    /// For each row of taps: taps × the channels of the other side, summed over pixels.
    fn multiply_single(&mut self, single: Single) {
        let Geometry {
            stride,
            kernel_width,
            ..
        } = self.geometry;
        let (inputs, outputs) = (self.geometry.channels_in, self.geometry.channels_out);
        let wide = inputs.max(outputs);
        for (py, px) in phases(stride) {
            let across = self.geometry.taps_across(px);
            for ty in 0..self.geometry.taps_down(py) {
                let (a, b, channels, pixels) = if single == Single::In {
                    let at = self.planes.phase(py, px) + ty * self.planes.row;
                    (&self.image[at..], &self.dy[..], outputs, self.used())
                } else {
                    // The gradient moves against the taps, so they come out backwards.
                    let back = ty * self.planes.row + across.saturating_sub(1);
                    let x = &self.x[self.x_start(py, px)..];
                    (
                        &self.flat[self.front - back..],
                        x,
                        inputs,
                        self.planes.plane,
                    )
                };
                let product = Product {
                    a,
                    left: Left::Rows {
                        step: self.isa.pack(),
                    },
                    rows: across,
                    b,
                    step: row_units(channels),
                    taps: &[0],
                    depth: pixels.div_ceil(self.isa.pack()),
                    columns: &self.columns,
                    width: wide,
                    add: false,
                };
                product.run(self.isa, &mut self.taps);
                for (r, taps) in self.taps.chunks_exact(wide).take(across).enumerate() {
                    let tx = if single == Single::In {
                        r
                    } else {
                        across - 1 - r
                    };
                    let position = (py + ty * stride) * kernel_width + px + tx * stride;
                    let sums = &mut self.sums[position * wide..][..wide];
                    sums.iter_mut()
                        .zip(taps)
                        .for_each(|(sum, value)| *sum += value);
                }
            }
        }
    }
}

/// The layout of the output's gradient.
#[derive(Clone, Copy)]
struct FlatPlace {
    height: usize,
    width: usize,
    row: usize,
    front: usize,
    step: usize,
}

for_each_isa! {
    fn flatten(dy: &[f32], place: FlatPlace, pairs: bool, flat: &mut [u32]) {
        if pairs {
            flat.fill(0);
        }
        for (line, values) in dy.chunks_exact(place.width).enumerate() {
            let (channel, y) = (line / place.height, line % place.height);
            let at = channel * place.step + place.front + y * place.row;
            let out = &mut flat[at..at + place.width];
            if pairs {
                round_row(values, out, true);
            } else {
                copy_row(values, out);
            }
        }
        if pairs {
            join_neighbours(flat);
        }
    }
}

/// How far the taps of a phase reach, in pixels.
fn reach(geometry: &Geometry, planes: &Planes) -> usize {
    let (down, across) = (geometry.taps_down(0), geometry.taps_across(0));
    ((down - 1) * planes.row + across - 1) * geometry.dilation
}

/// The taps of a phase: shift in pixels, and position in the kernel.
fn taps(
    geometry: &Geometry,
    planes: &Planes,
    py: usize,
    px: usize,
) -> impl Iterator<Item = (usize, usize)> + use<> {
    let (geometry, row) = (*geometry, planes.row);
    let stride = geometry.stride;
    (0..geometry.taps_down(py)).flat_map(move |ty| {
        (0..geometry.taps_across(px)).map(move |tx| {
            let position = (py + ty * stride) * geometry.kernel_width + px + tx * stride;
            ((ty * row + tx) * geometry.dilation, position)
        })
    })
}
