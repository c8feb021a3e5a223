//! The residual layers' convolution in training: forward and both gradients of a batch, by the
//! same Winograd filtering as the transfer's.
//!
//! | pass | tiles | products at each point |
//! |---|---|---|
//! | forward | 4 × 6 | tiles × weights, summed over input channels |
//! | input's gradient | 4 × 6; of mirrored images 5 × 6, with the border, which is then folded back | tiles × weights, summed over output channels |
//! | kernel's gradient | 4 × 6 | output's gradient × input, summed over tiles and images |
//!
//! Images come and go in planes of channels, as candle has them. Each stays within
//! [`ERROR`](super::ERROR) of the definition, as a share of the result's deviation (tests).
//! Results do not depend on the number of threads: work is cut by image, and sums over images
//! into groups of fixed size.

use std::marker::PhantomData;

use pulp::Simd;
use rayon::prelude::*;

use super::Level;
use super::arena::Aligned;
use super::grid::{Dilated, Grid, HEIGHT, Kind, Mirrored, WIDTH, Whole, Zeros};
use super::pass::{Pass, with_pass};
use super::tile::{LANES, Product, outer};
use super::winograd::{self, POINTS};
use crate::nn::kernels::{Border, Geometry, for_each_chunk};

/// Fewer channels leave too many lanes idle.
const LEAST_CHANNELS: usize = 32;
/// Images whose products are summed in one go.
const GROUP: usize = 4;
/// Pixels of a channel.
const PIXELS: usize = HEIGHT * WIDTH;

impl Kind {
    const ALL: [Self; 3] = [Self::Mirrored, Self::Zeros, Self::Dilated];

    /// The kind of a residual layer; none of other convolutions.
    fn of(geometry: &Geometry) -> Option<Self> {
        let channels = [geometry.channels_in, geometry.channels_out];
        let is = |kind: &Self| *geometry == residual(*kind, channels);
        Self::ALL.into_iter().find(is)
    }
}

/// True if a convolution is a residual layer's, with enough channels.
pub(in crate::nn) fn supports(geometry: &Geometry) -> bool {
    geometry.channels_in.min(geometry.channels_out) >= LEAST_CHANNELS
        && Kind::of(geometry).is_some()
}

/// The geometry of a residual layer with these channels in and out.
const fn residual(kind: Kind, [channels_in, channels_out]: [usize; 2]) -> Geometry {
    let (border, dilation) = match kind {
        Kind::Mirrored => (Border::Reflect, 1),
        Kind::Zeros => (Border::Zero, 1),
        Kind::Dilated => (Border::Zero, 2),
    };
    Geometry {
        channels_in,
        channels_out,
        height: HEIGHT,
        width: WIDTH,
        kernel_height: 3,
        kernel_width: 3,
        stride: 1,
        dilation,
        before: dilation,
        after: dilation,
        border,
    }
}

/// As [`crate::nn::kernels::forward`], for a geometry that is [taken](supports).
pub(in crate::nn) fn forward(
    level: Level,
    geometry: &Geometry,
    x: &[f32],
    kernel: &[f32],
) -> Vec<f32> {
    let (depth, rows) = (geometry.channels_in, geometry.channels_out);
    let place = |row: usize, k: usize| (row * depth + k) * 9;
    let weights = with_pass!(level, weights([depth, rows], place, kernel, false));
    match Kind::of(geometry) {
        Some(Kind::Zeros) => with_pass!(level, convolve::<Zeros>([depth, rows], &weights, x)),
        Some(Kind::Dilated) => with_pass!(level, convolve::<Dilated>([depth, rows], &weights, x)),
        _ => with_pass!(level, convolve::<Mirrored>([depth, rows], &weights, x)),
    }
}

/// As [`crate::nn::kernels::input_gradient`], for a geometry that is [taken](supports).
pub(in crate::nn) fn input_gradient(
    level: Level,
    geometry: &Geometry,
    dy: &[f32],
    kernel: &[f32],
) -> Vec<f32> {
    let (depth, rows) = (geometry.channels_out, geometry.channels_in);
    let place = |row: usize, k: usize| (k * rows + row) * 9;
    let weights = with_pass!(level, weights([depth, rows], place, kernel, true));
    match Kind::of(geometry) {
        Some(Kind::Zeros) => with_pass!(level, convolve::<Zeros>([depth, rows], &weights, dy)),
        Some(Kind::Dilated) => with_pass!(level, convolve::<Dilated>([depth, rows], &weights, dy)),
        _ => with_pass!(level, convolve::<Whole>([depth, rows], &weights, dy)),
    }
}

/// As [`crate::nn::kernels::weight_gradient`], for a geometry that is [taken](supports).
pub(in crate::nn) fn weight_gradient(
    level: Level,
    geometry: &Geometry,
    x: &[f32],
    dy: &[f32],
) -> Vec<f32> {
    let channels = [geometry.channels_in, geometry.channels_out];
    let [len_in, len_out] = channels.map(|channels| GROUP * channels * PIXELS);
    let group = |(x, dy)| match Kind::of(geometry) {
        Some(Kind::Zeros) => with_pass!(level, kernel_gradient::<Zeros>(channels, x, dy)),
        Some(Kind::Dilated) => with_pass!(level, kernel_gradient::<Dilated>(channels, x, dy)),
        _ => with_pass!(level, kernel_gradient::<Mirrored>(channels, x, dy)),
    };
    let groups: Vec<Vec<f32>> = if rayon::current_num_threads() == 1 {
        x.chunks(len_in)
            .zip(dy.chunks(len_out))
            .map(group)
            .collect()
    } else {
        let groups = x.par_chunks(len_in).zip(dy.par_chunks(len_out));
        groups.map(group).collect()
    };
    let mut groups = groups.into_iter();
    let mut sum = groups
        .next()
        .unwrap_or_else(|| vec![0.0; geometry.kernel_len()]);
    for group in groups {
        for (sum, value) in sum.iter_mut().zip(group) {
            *sum += value;
        }
    }
    sum
}

/// Scratch memory of a thread.
struct Work {
    plane: Aligned,
    points: Aligned,
    sums: Aligned,
    out: Aligned,
}

impl<S: Simd, const N: usize, const V: usize> Pass<S, N, V> {
    /// Lanes of a panel.
    const PANEL: usize = Self::BLOCKS * LANES;

    /// The points of kernels in panels of `rows`, each of all `depth` channels; `place` says
    /// where the kernel of a row and a channel begins, turned round where `turned`.
    fn weights(
        self,
        [depth, rows]: [usize; 2],
        place: impl Fn(usize, usize) -> usize,
        kernel: &[f32],
        turned: bool,
    ) -> Aligned {
        let point = depth.next_multiple_of(LANES) * Self::PANEL;
        let mut weights = Aligned::zeros(rows.div_ceil(Self::PANEL) * POINTS * point);
        let mut points = [[0.0; LANES]; POINTS];
        for first in (0..rows).step_by(LANES) {
            let panel = first / Self::PANEL * POINTS * point + first % Self::PANEL;
            for k in 0..depth {
                let mut taps = [[0.0; LANES]; 9];
                for row in first..rows.min(first + LANES) {
                    let nine = &kernel[place(row, k)..][..9];
                    for (tap, lanes) in taps.iter_mut().enumerate() {
                        lanes[row - first] = nine[if turned { 8 - tap } else { tap }];
                    }
                }
                let (taps, points) = (&taps, &mut points);
                self.0.vectorize(winograd::Kernel { taps, points });
                for (p, values) in points.iter().enumerate() {
                    let at = panel + p * point + k * Self::PANEL;
                    weights[at..at + LANES].copy_from_slice(values);
                }
            }
        }
        weights
    }

    /// Convolves a batch of images of `depth` channels to one of `rows`.
    fn convolve<G: Grid>(self, [depth, rows]: [usize; 2], weights: &[f32], x: &[f32]) -> Vec<f32> {
        let blocks = depth.div_ceil(LANES);
        let taps: Vec<usize> = (0..blocks).map(|block| block * G::BLOCK).collect();
        let panel = POINTS * blocks * LANES * Self::PANEL;
        let work = || Work {
            plane: Aligned::zeros((HEIGHT + 2 * G::MARGIN + 2) * G::FROM * LANES),
            points: Aligned::zeros(blocks * G::BLOCK),
            sums: Aligned::zeros(Self::BLOCKS * G::BLOCK),
            out: Aligned::zeros(G::TILES / G::ACROSS * 4 * G::TO * LANES),
        };
        let mut y = vec![0.0; x.len() / (depth * PIXELS) * rows * PIXELS];
        for_each_chunk(&mut y, rows * PIXELS, work, |image, y, work| {
            let x = &x[image * depth * PIXELS..][..depth * PIXELS];
            let points = work.points.chunks_exact_mut(G::BLOCK);
            for (x, points) in x.chunks(LANES * PIXELS).zip(points) {
                load(x, &mut work.plane, G::FROM, G::MARGIN);
                self.points::<G>(&work.plane, points);
            }
            let panels = y.chunks_mut(Self::PANEL * PIXELS);
            for (y, weights) in panels.zip(weights.chunks_exact(panel)) {
                self.sums::<G>(weights, &taps, &work.points, (&mut work.sums, [1; 2]));
                let sums = work.sums.chunks_exact(G::BLOCK);
                for (y, points) in y.chunks_mut(LANES * PIXELS).zip(sums) {
                    let plane = &mut *work.out;
                    self.0.vectorize(winograd::Output::<G, N> {
                        points,
                        plane,
                        row: G::TO,
                        grid: PhantomData,
                    });
                    let border = usize::from(G::TO > WIDTH);
                    if border == 1 {
                        fold(plane, G::TO);
                    }
                    store(plane, y, G::TO, border);
                }
            }
        });
        y
    }

    fn points<G: Grid>(self, plane: &[f32], points: &mut [f32]) {
        self.0.vectorize(winograd::Input::<G, N> {
            plane,
            row: G::FROM,
            points,
            grid: PhantomData,
        });
    }

    /// The kernel's gradient of some images.
    fn kernel_gradient<G: Grid>(self, channels: [usize; 2], x: &[f32], dy: &[f32]) -> Vec<f32> {
        let [inputs, outputs] = channels;
        let images = x.len() / (inputs * PIXELS);
        let tiles = images * G::TILES;
        let mut plane = Aligned::zeros((HEIGHT + 2 * G::MARGIN) * G::FROM * LANES);
        let mut gradient = Aligned::zeros(PIXELS * LANES);
        let mut block = Aligned::zeros(G::BLOCK);
        // Layout: panel of input channels, point, tile, channel of the panel.
        let point = tiles * Self::PANEL;
        let mut from = Aligned::zeros(inputs.div_ceil(Self::PANEL) * POINTS * point);
        // Layout: block of output channels, image, point of the block.
        let mut to = Aligned::zeros(outputs.div_ceil(LANES) * images * G::BLOCK);
        for image in 0..images {
            let x = &x[image * inputs * PIXELS..][..inputs * PIXELS];
            for (b, x) in x.chunks(LANES * PIXELS).enumerate() {
                load(x, &mut plane, G::FROM, G::MARGIN);
                self.points::<G>(&plane, &mut block);
                let lane = b * LANES % Self::PANEL;
                let panel = &mut from[b * LANES / Self::PANEL * POINTS * point..];
                for (index, values) in block.chunks_exact(LANES).enumerate() {
                    let (p, tile) = (index / G::TILES, image * G::TILES + index % G::TILES);
                    panel[p * point + tile * Self::PANEL + lane..][..LANES].copy_from_slice(values);
                }
            }
            let dy = &dy[image * outputs * PIXELS..][..outputs * PIXELS];
            for (b, dy) in dy.chunks(LANES * PIXELS).enumerate() {
                load(dy, &mut gradient, WIDTH, 0);
                self.0.vectorize(winograd::Gradient::<G, N> {
                    plane: &gradient,
                    points: &mut to[(b * images + image) * G::BLOCK..][..G::BLOCK],
                    grid: PhantomData,
                });
            }
        }
        let tile = |tile: usize| tile / G::TILES * G::BLOCK + tile % G::TILES * LANES;
        let taps: Vec<usize> = (0..tiles).map(tile).collect();
        let mut sums = Aligned::zeros(POINTS * LANES * Self::PANEL);
        let mut kernel = vec![0.0; outputs * inputs * 9];
        for (panel, from) in from.chunks_exact(POINTS * point).enumerate() {
            for (block, to) in to.chunks_exact(images * G::BLOCK).enumerate() {
                let sums_of_point = sums.chunks_exact_mut(LANES * Self::PANEL);
                for (p, (weights, sums)) in from.chunks_exact(point).zip(sums_of_point).enumerate()
                {
                    let product = Product {
                        a: &to[p * G::TILES * LANES..],
                        taps: &taps,
                        weights,
                        step: Self::PANEL,
                        block: LANES,
                    };
                    outer::<S, N, V>(self.0, product, sums);
                }
                self.untransformed(&sums, [panel, block], channels, &mut kernel);
            }
        }
        kernel
    }

    /// Writes what the sums of the points of a panel of input channels and a block of output
    /// channels say to the kernel's gradient.
    fn untransformed(
        self,
        sums: &[f32],
        [panel, block]: [usize; 2],
        [inputs, outputs]: [usize; 2],
        kernel: &mut [f32],
    ) {
        let (rows, columns) = (block * LANES, panel * Self::PANEL);
        for row in rows..outputs.min(rows + LANES) {
            for first in (columns..inputs.min(columns + Self::PANEL)).step_by(LANES) {
                let at = (row - rows) * Self::PANEL + first - columns;
                let mut taps = [[0.0; LANES]; 9];
                self.0.vectorize(winograd::KernelGradient {
                    points: &sums[at..],
                    step: LANES * Self::PANEL,
                    taps: &mut taps,
                });
                let kernel = &mut kernel[(row * inputs + first) * 9..];
                let kernel = kernel.chunks_exact_mut(9).take(inputs - first);
                for (lane, nine) in kernel.take(LANES).enumerate() {
                    for (value, lanes) in nine.iter_mut().zip(&taps) {
                        *value = lanes[lane];
                    }
                }
            }
        }
    }
}

/// Lays up to a block of channels out side by side, in rows of `row` pixels with a margin of
/// zeros; what is missing of a block becomes zero.
fn load(channels: &[f32], plane: &mut [f32], row: usize, margin: usize) {
    for y in 0..HEIGHT {
        let line = &mut plane[((y + margin) * row + margin) * LANES..][..WIDTH * LANES];
        for (x, pixel) in line.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
            let values = channels[y * WIDTH + x..].iter().step_by(PIXELS);
            let mut lanes = pixel.iter_mut();
            for (lane, value) in lanes.by_ref().zip(values) {
                *lane = *value;
            }
            lanes.for_each(|lane| *lane = 0.0);
        }
    }
}

/// The way back.
fn store(plane: &[f32], channels: &mut [f32], row: usize, margin: usize) {
    for (lane, channel) in channels.chunks_exact_mut(PIXELS).enumerate() {
        for (y, line) in channel.chunks_exact_mut(WIDTH).enumerate() {
            let from = &plane[((y + margin) * row + margin) * LANES..][..WIDTH * LANES];
            for (value, pixel) in line.iter_mut().zip(from.as_chunks::<LANES>().0) {
                *value = pixel[lane];
            }
        }
    }
}

/// Adds the border of a pixel's width to the pixels that it mirrors.
fn fold(plane: &mut [f32], row: usize) {
    let mut add = |from: usize, to: usize| {
        for lane in 0..LANES {
            plane[to * LANES + lane] += plane[from * LANES + lane];
        }
    };
    for (from, to) in [(0, 2), (HEIGHT + 1, HEIGHT - 1)] {
        (0..WIDTH + 2).for_each(|x| add(from * row + x, to * row + x));
    }
    for y in 1..=HEIGHT {
        add(y * row, y * row + 2);
        add(y * row + WIDTH + 1, y * row + WIDTH - 1);
    }
}

#[cfg(test)]
mod tests;
