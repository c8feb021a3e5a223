//! One forward pass. Each layer is cut into panels of output channels, which threads share out;
//! a panel's sums are always computed in the same order, so their number does not show.

use pulp::{Simd, WithSimd};

use super::PreparedGenerator;
use super::arena::{
    Arena, BARE, FULL_DOWN, FULL_UP, HALF_DOWN, HALF_UP, INPUT, LOW, Layout, MARGIN,
};
use super::grid::Kind;
use super::norm::Norm;
use super::packed::Packed;
use super::residual::{Memory, Residual};
use super::share::chunks;
use super::tile::{LANES, Product, product};

/// A call of a pass of a level's kind.
macro_rules! with_pass {
    ($level:ident, $call:ident $(::<$grid:ty>)? ($($argument:expr),*)) => {
        match $level {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512(simd) => Pass::<_, 1, 2>(simd).$call$(::<$grid>)?($($argument),*),
            #[cfg(target_arch = "x86_64")]
            Level::Avx2(simd) => Pass::<_, 2, 2>(simd).$call$(::<$grid>)?($($argument),*),
            #[cfg(target_arch = "aarch64")]
            Level::Neon(simd) => Pass::<_, 4, 4>(simd).$call$(::<$grid>)?($($argument),*),
            #[cfg(target_arch = "wasm32")]
            Level::Simd128(simd) => Pass::<_, 4, 4>(simd).$call$(::<$grid>)?($($argument),*),
            Level::Portable(simd) => Pass::<_, 16, 16>(simd).$call$(::<$grid>)?($($argument),*),
        }
    };
}
pub(crate) use with_pass;

/// The kind of vectors: `N` of them make a block, `V` a panel.
#[derive(Clone, Copy)]
pub(crate) struct Pass<S, const N: usize, const V: usize>(pub(crate) S);

impl<S: Simd, const N: usize, const V: usize> Pass<S, N, V> {
    /// Blocks of a panel.
    pub(crate) const BLOCKS: usize = V / N;

    /// The logits `y` of the cells `x`.
    pub(crate) fn run(self, net: &PreparedGenerator, arena: &mut Arena, x: &[f32], y: &mut [f32]) {
        arena.scratch.grow(rayon::current_num_threads());
        mirrored_input(x, &mut arena.input);
        let input = &*arena.input;
        self.panels(
            (&net.input, &net.input.constants),
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
            (&net.down[0], &net.down[0].constants),
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
        self.panels(
            (&net.down[1], &net.down[1].constants),
            &LOW,
            &mut arena.low,
            |weights, to| {
                self.strided(&net.down[1].taps[0], [&HALF_DOWN, &LOW], weights, from, to);
            },
        );
        let residual = Residual {
            blocks: &net.residual,
            constants: |_, [block, layer]: [usize; 2]| &net.residual[block][layer].constants,
            kinds: [Kind::Mirrored; 4],
            kernels: false,
            images: 1,
            kept: &LOW,
            work: &BARE,
        };
        let memory = Memory {
            kept: &mut arena.low,
            points: &mut arena.points,
            scratch: &arena.scratch,
        };
        self.residual(&residual, memory, 1);
        let from = &*arena.low;
        self.panels(
            (&net.up[0], &net.up[0].constants),
            &HALF_UP,
            &mut arena.half_up,
            |weights, to| {
                self.transposed(&net.up[0].taps, [&LOW, &HALF_UP], weights, from, to);
            },
        );
        let from = &*arena.half_up;
        self.panels(
            (&net.up[1], &net.up[1].constants),
            &FULL_UP,
            &mut arena.full_up,
            |weights, to| {
                self.transposed(&net.up[1].taps, [&HALF_UP, &FULL_UP], weights, from, to);
            },
        );
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

    pub(crate) fn product<const STEP: usize, const DEPTH: usize>(
        self,
        rows: usize,
        values: Product<'_>,
        c: &mut [f32],
    ) {
        product::<S, N, V, STEP, DEPTH>(self.0, rows, values, c);
    }

    /// A layer whose panels `convolve` makes, with its norm of these constants and ReLU.
    pub(crate) fn panels(
        self,
        (layer, constants): (&Packed, &[Vec<f32>; 2]),
        layout: &Layout,
        to: &mut [f32],
        convolve: impl Fn(&[f32], &mut [f32]) + Sync,
    ) {
        self.normed(constants, layout, to, |panel, to| {
            convolve(&layer.weights[panel * layer.panel..][..layer.panel], to);
        });
    }

    /// Images whose panels `make` makes, with a norm of these constants and ReLU.
    pub(crate) fn normed(
        self,
        constants: &[Vec<f32>; 2],
        layout: &Layout,
        to: &mut [f32],
        make: impl Fn(usize, &mut [f32]) + Sync,
    ) {
        chunks(to, Self::BLOCKS * layout.plane, |panel, to| {
            make(panel, to);
            for (block, plane) in to.chunks_exact_mut(layout.plane).enumerate() {
                let constants = of_block(constants, panel * Self::BLOCKS + block);
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

    /// A convolution that halves the size.
    pub(crate) fn strided(
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

    /// A transposed convolution that doubles the size.
    pub(crate) fn transposed(
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
}

/// Scale and offset of a block's channels.
pub(crate) fn of_block(constants: &[Vec<f32>; 2], block: usize) -> [&[f32]; 2] {
    let constants = constants.each_ref();
    constants.map(|values| &values[block * LANES..][..LANES])
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
    /// Indexed by block, kernel position, lane.
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
