//! One forward pass. Each layer is cut into panels of output channels, which threads share out;
//! a panel's sums are always computed in the same order, so their number does not show.

use std::marker::PhantomData;
use std::sync::{Mutex, PoisonError};

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::Prepared;
use super::arena::{
    Arena, BARE, FULL_DOWN, FULL_UP, HALF_DOWN, HALF_UP, INPUT, LOW, Layout, MARGIN, Scratch,
};
use super::grid::{Grid, Mirrored};
use super::norm::{Norm, NormAdd};
use super::packed::Packed;
use super::tile::{LANES, Product, product};
use super::winograd::{self, POINTS};

/// Values of the points of a block of channels.
const BLOCK: usize = Mirrored::BLOCK;

/// The kind of vectors: `N` of them make a block, `V` a panel.
#[derive(Clone, Copy)]
pub(super) struct Pass<S, const N: usize, const V: usize>(pub(super) S);

impl<S: Simd, const N: usize, const V: usize> Pass<S, N, V> {
    /// Blocks of a panel.
    pub(super) const BLOCKS: usize = V / N;

    /// The logits `y` of the cells `x`.
    pub(super) fn run(self, net: &Prepared, arena: &mut Arena, x: &[f32], y: &mut [f32]) {
        arena.grow(rayon::current_num_threads());
        mirrored_input(x, &mut arena.input);
        let input = &*arena.input;
        self.panels(
            &net.input,
            &FULL_DOWN,
            &mut arena.full_down,
            |weights, to| {
                for line in 0..FULL_DOWN.field.height {
                    let product = Product {
                        a: &input[line * INPUT.field.row..],
                        taps: &net.input.taps[0],
                        weights,
                        step: LANES,
                        block: FULL_DOWN.plane,
                    };
                    let c = &mut to[FULL_DOWN.field.line(line).start..];
                    self.product::<1, 7>(FULL_DOWN.field.width, product, c);
                }
            },
        );
        let from = &*arena.full_down;
        self.panels(
            &net.down[0],
            &HALF_DOWN,
            &mut arena.half_down,
            |weights, to| {
                self.strided(
                    &net.down[0].taps[0],
                    [&FULL_DOWN, &HALF_DOWN],
                    weights,
                    from,
                    to,
                );
            },
        );
        let from = &*arena.half_down;
        self.panels(&net.down[1], &LOW, &mut arena.low, |weights, to| {
            self.strided(&net.down[1].taps[0], [&HALF_DOWN, &LOW], weights, from, to);
        });
        self.residual(net, arena);
        let from = &*arena.low;
        self.panels(&net.up[0], &HALF_UP, &mut arena.half_up, |weights, to| {
            self.transposed(&net.up[0].taps, [&LOW, &HALF_UP], weights, from, to);
        });
        let from = &*arena.half_up;
        self.panels(&net.up[1], &FULL_UP, &mut arena.full_up, |weights, to| {
            self.transposed(&net.up[1].taps, [&HALF_UP, &FULL_UP], weights, from, to);
        });
        let from = &*arena.full_up;
        let planes = &from[..net.output.len() / (49 * LANES) * FULL_UP.plane];
        chunks(y, FULL_UP.field.width, |line, y| {
            self.0.vectorize(Last::<N> {
                planes,
                weights: &net.output,
                line,
                y,
            });
        });
        for (y, x) in y.iter_mut().zip(x) {
            *y += net.skip * (2.0 * x - 1.0);
        }
    }

    fn product<const STEP: usize, const DEPTH: usize>(
        self,
        rows: usize,
        values: Product<'_>,
        c: &mut [f32],
    ) {
        product::<S, N, V, STEP, DEPTH>(self.0, rows, values, c);
    }

    /// A layer whose panels `convolve` makes, with its norm and ReLU.
    fn panels(
        self,
        layer: &Packed,
        layout: &Layout,
        to: &mut [f32],
        convolve: impl Fn(&[f32], &mut [f32]) + Sync,
    ) {
        chunks(to, Self::BLOCKS * layout.plane, |panel, to| {
            convolve(&layer.weights[panel * layer.panel..][..layer.panel], to);
            for (block, plane) in to.chunks_exact_mut(layout.plane).enumerate() {
                let constants = constants(layer, panel * Self::BLOCKS + block);
                let field = layout.field;
                let values = &mut *plane;
                self.0.vectorize(Norm::<N> {
                    plane: values,
                    field,
                    constants,
                });
                if layout.mirrored {
                    mirror_plane(plane);
                }
            }
        });
    }

    fn strided(
        self,
        taps: &[usize],
        [before, after]: [&Layout; 2],
        weights: &[f32],
        from: &[f32],
        to: &mut [f32],
    ) {
        for line in 0..after.field.height {
            let product = Product {
                a: &from[2 * line * before.field.row * LANES..],
                taps,
                weights,
                step: LANES,
                block: after.plane,
            };
            let c = &mut to[after.field.line(line).start..];
            self.product::<{ 2 * LANES }, LANES>(after.field.width, product, c);
        }
    }

    fn transposed(
        self,
        groups: &[Vec<usize>],
        [before, after]: [&Layout; 2],
        weights: &[f32],
        from: &[f32],
        to: &mut [f32],
    ) {
        let mut first = 0;
        for (phase, taps) in groups.iter().enumerate() {
            let weights = &weights[first..][..taps.len() * LANES * V * S::F32_LANES];
            first += weights.len();
            for line in 0..before.field.height {
                let product = Product {
                    a: &from[before.field.line(line).start..],
                    taps,
                    weights,
                    step: 2 * LANES,
                    block: after.plane,
                };
                let start = after.field.line(2 * line + phase / 2).start + phase % 2 * LANES;
                self.product::<LANES, LANES>(before.field.width, product, &mut to[start..]);
            }
        }
    }

    /// The residual blocks, on `arena.low`.
    fn residual(self, net: &Prepared, arena: &mut Arena) {
        let Arena {
            low,
            points,
            scratch,
            ..
        } = arena;
        let [mut now, mut next] = points.each_mut().map(|points| &mut points[..]);
        chunks_of(low, LOW.plane, now, BLOCK, |_, plane, points| {
            self.0.vectorize(winograd::Input::<_, N> {
                plane,
                row: LOW.field.row,
                points,
                grid: PhantomData::<Mirrored>,
            });
        });
        for [first, second] in &net.residual {
            for (layer, adds) in [(first, false), (second, true)] {
                let (kept, coming) = (Self::BLOCKS * LOW.plane, Self::BLOCKS * BLOCK);
                chunks_of(low, kept, next, coming, |panel, kept, next| {
                    let mut scratch = own(scratch);
                    let Scratch { points, plane } = &mut *scratch;
                    let weights = &layer.weights[panel * layer.panel..][..layer.panel];
                    self.sums::<Mirrored>(weights, &layer.taps[0], now, points);
                    let planes = kept.chunks_exact_mut(LOW.plane);
                    let blocks = planes.zip(next.chunks_exact_mut(BLOCK)).enumerate();
                    for (block, (kept, next)) in blocks {
                        let points = &points[block * BLOCK..];
                        let grid = PhantomData::<Mirrored>;
                        self.0.vectorize(winograd::Output::<_, N> {
                            points,
                            plane,
                            grid,
                        });
                        let constants = constants(layer, panel * Self::BLOCKS + block);
                        self.finish(plane, constants, adds.then_some(kept), next);
                    }
                });
                std::mem::swap(&mut now, &mut next);
            }
        }
    }

    /// The sums of the points of a panel with these weights.
    pub(super) fn sums<G: Grid>(
        self,
        weights: &[f32],
        taps: &[usize],
        from: &[f32],
        to: &mut [f32],
    ) {
        for (point, weights) in weights.chunks_exact(weights.len() / POINTS).enumerate() {
            let first = point * G::TILES * LANES;
            let product = Product {
                a: &from[first..],
                taps,
                weights,
                step: LANES,
                block: G::BLOCK,
            };
            self.product::<LANES, LANES>(G::TILES, product, &mut to[first..]);
        }
    }

    /// Norm, sum and ReLU of a block, and the points of what comes out.
    fn finish(
        self,
        plane: &mut [f32],
        constants: [&[f32]; 2],
        kept: Option<&mut [f32]>,
        points: &mut [f32],
    ) {
        let field = BARE.field;
        if let Some(kept) = kept {
            self.0.vectorize(NormAdd::<N> {
                plane,
                field,
                constants,
                kept,
                kept_field: LOW.field,
            });
            let row = LOW.field.row;
            let plane = &*kept;
            self.0.vectorize(winograd::Input::<_, N> {
                plane,
                row,
                points,
                grid: PhantomData::<Mirrored>,
            });
        } else {
            let row = field.row;
            self.0.vectorize(Norm::<N> {
                plane,
                field,
                constants,
            });
            self.0.vectorize(winograd::Input::<_, N> {
                plane,
                row,
                points,
                grid: PhantomData::<Mirrored>,
            });
        }
    }
}

/// Scale and offset of a block's channels.
fn constants(layer: &Packed, block: usize) -> [&[f32]; 2] {
    layer
        .constants
        .each_ref()
        .map(|values| &values[block * LANES..][..LANES])
}

/// The scratch of this thread.
fn own(scratch: &[Mutex<Scratch>]) -> std::sync::MutexGuard<'_, Scratch> {
    let index = rayon::current_thread_index().unwrap_or(0);
    let own = scratch[index % scratch.len()].lock();
    own.unwrap_or_else(PoisonError::into_inner)
}

/// Shares the chunks of `values` out to the threads of the current pool.
fn chunks(values: &mut [f32], len: usize, work: impl Fn(usize, &mut [f32]) + Sync) {
    if rayon::current_num_threads() == 1 {
        for (index, values) in values.chunks_exact_mut(len).enumerate() {
            work(index, values);
        }
    } else {
        let chunks = values.par_chunks_exact_mut(len).enumerate();
        chunks.for_each(|(index, values)| work(index, values));
    }
}

/// The same with the chunks of two at once.
fn chunks_of(
    first: &mut [f32],
    first_len: usize,
    second: &mut [f32],
    second_len: usize,
    work: impl Fn(usize, &mut [f32], &mut [f32]) + Sync,
) {
    if rayon::current_num_threads() == 1 {
        let first = first.chunks_exact_mut(first_len);
        let both = first.zip(second.chunks_exact_mut(second_len)).enumerate();
        both.for_each(|(index, (first, second))| work(index, first, second));
    } else {
        let first = first.par_chunks_exact_mut(first_len);
        let second = second.par_chunks_exact_mut(second_len);
        let both = first.zip(second).enumerate();
        both.for_each(|(index, (first, second))| work(index, first, second));
    }
}

/// Copies the cells into the input's image and mirrors them around it.
fn mirrored_input(x: &[f32], image: &mut [f32]) {
    let field = INPUT.field;
    for (y, cells) in x.chunks_exact(field.width).enumerate() {
        let row = &mut image[(y + MARGIN) * field.row..][..field.row];
        row[MARGIN..MARGIN + field.width].copy_from_slice(cells);
        mirror_ends(row, 1);
    }
    mirror_ends(image, field.row);
}

/// Mirrors a row of things of `size` values at both ends: pixels, or an image's rows.
fn mirror_ends(row: &mut [f32], size: usize) {
    let last = row.len() / size - 1;
    for i in 0..MARGIN {
        let from = (2 * MARGIN - i) * size;
        row.copy_within(from..from + size, i * size);
        let from = (last - 2 * MARGIN + i) * size;
        row.copy_within(from..from + size, (last - i) * size);
    }
}

/// Mirrors the border of a block's plane.
fn mirror_plane(plane: &mut [f32]) {
    let row = FULL_UP.field.row * LANES;
    for y in MARGIN..MARGIN + FULL_UP.field.height {
        mirror_ends(&mut plane[y * row..][..row], LANES);
    }
    mirror_ends(plane, row);
}

/// One line of the last convolution, 7×7 to a single channel: lanes are input channels, summed
/// at the end.
struct Last<'a, const N: usize> {
    planes: &'a [f32],
    /// Of each block, of each place of the kernel, a block.
    weights: &'a [f32],
    line: usize,
    y: &'a mut [f32],
}

impl<const N: usize> WithSimd for Last<'_, N> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        const AT_ONCE: usize = 12;
        let row = FULL_UP.field.row * LANES;
        let (weights, _) = S::as_simd_f32s(self.weights);
        let (weights, _) = weights.as_chunks::<N>();
        for (chunk, y) in self.y.as_chunks_mut::<AT_ONCE>().0.iter_mut().enumerate() {
            let mut sums = [simd.splat_f32s(0.0); AT_ONCE];
            let mut weights = weights.iter();
            for plane in self.planes.chunks_exact(FULL_UP.plane) {
                for ky in 0..7 {
                    let start = (self.line + ky) * row + chunk * AT_ONCE * LANES;
                    let (a, _) = S::as_simd_f32s(&plane[start..][..(AT_ONCE + 6) * LANES]);
                    let (a, _) = a.as_chunks::<N>();
                    for a in a.windows(AT_ONCE).take(7) {
                        let Some(weights) = weights.next() else { break };
                        for (sum, a) in sums.iter_mut().zip(a) {
                            for (a, weight) in a.iter().zip(weights) {
                                *sum = simd.mul_add_e_f32s(*a, *weight, *sum);
                            }
                        }
                    }
                }
            }
            for (y, sum) in y.iter_mut().zip(sums) {
                *y = simd.reduce_sum_f32s(sum);
            }
        }
    }
}
