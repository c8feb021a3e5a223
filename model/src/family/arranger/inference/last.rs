//! The arranger's last layer: Winograd's F(2×2, 5×5), whose tiles' inputs are turned as those of
//! F(4×4, 3×3) are. 36 products give 4 outputs that would take 100.

use pulp::{Simd, WithSimd};

use super::arena::FULL;
use crate::nn::inference::arena::{Scratch, Threads};
use crate::nn::inference::packed::Packed;
use crate::nn::inference::pass::Pass;
use crate::nn::inference::share::chunks;
use crate::nn::inference::tile::{LANES, Product};
use crate::nn::inference::winograd::{POINTS, turn};
use crate::roll::{PITCHES, Roll};

/// Tiles side by side.
const ACROSS: usize = PITCHES / 2;

/// Values of the points of a line's tiles in one block of channels.
pub(super) const BLOCK: usize = POINTS * ACROSS * LANES;

/// The tiles of a line that have hidden cells: their numbers, and how many they are.
fn wanted(hidden: &Roll, line: usize) -> ([usize; ACROSS], usize) {
    let cells = hidden.steps()[2 * line] | hidden.steps()[2 * line + 1];
    let (mut tiles, mut count) = ([0; ACROSS], 0);
    for tile in (0..ACROSS).filter(|tile| cells >> (2 * tile) & 3 != 0) {
        tiles[count] = tile;
        count += 1;
    }
    (tiles, count)
}

impl<S: Simd, const N: usize, const V: usize> Pass<S, N, V> {
    /// The last layer before its bias: of each pixel of the images a block. Only the tiles with
    /// hidden cells are made.
    pub(super) fn last(
        self,
        layer: &Packed,
        images: &[f32],
        hidden: &Roll,
        (scratch, to): (&Threads, &mut [f32]),
    ) {
        chunks(to, 2 * PITCHES * LANES, |line, to| {
            let (tiles, count) = wanted(hidden, line);
            if count == 0 {
                return;
            }
            let tiles = &tiles[..count];
            let mut scratch = scratch.own();
            let Scratch {
                points,
                plane: sums,
                ..
            } = &mut *scratch;
            let planes = images.chunks_exact(FULL.plane);
            for (plane, points) in planes.zip(points.chunks_exact_mut(BLOCK)) {
                self.0.vectorize(Points::<N> {
                    plane: &plane[2 * line * FULL.field.row * LANES..],
                    tiles,
                    to: points,
                });
            }
            let weights = layer.weights.chunks_exact(layer.weights.len() / POINTS);
            for (point, weights) in weights.enumerate() {
                let first = point * ACROSS * LANES;
                let product = Product {
                    a: &points[first..],
                    taps: &layer.taps[0],
                    weights,
                    step: LANES,
                    block: BLOCK,
                };
                // Rows come in threes; those behind the tiles are not used.
                let rows = count.next_multiple_of(3);
                self.product::<LANES, LANES>(rows, product, &mut sums[first..]);
            }
            self.0.vectorize(Pixels::<N> { sums, tiles, to });
        });
    }
}

/// Turns a line of tiles of a block of channels into points.
struct Points<'a, const N: usize> {
    /// The block's pixels from the line's margin on.
    plane: &'a [f32],
    tiles: &'a [usize],
    /// All tiles of each point, the innermost index.
    to: &'a mut [f32],
}

impl<const N: usize> WithSimd for Points<'_, N> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (plane, _) = S::as_simd_f32s(self.plane);
        let (plane, _) = plane.as_chunks::<N>();
        let (points, _) = S::as_mut_simd_f32s(&mut self.to[..BLOCK]);
        let (points, _) = points.as_chunks_mut::<N>();
        for (place, tile) in self.tiles.iter().enumerate() {
            for n in 0..N {
                let from = |y: usize, x: usize| plane[y * FULL.field.row + 2 * tile + x][n];
                turn(simd, from, |point, value| {
                    points[point * ACROSS + place][n] = value;
                });
            }
        }
    }
}

/// Turns a line's tiles into pixels.
struct Pixels<'a, const N: usize> {
    /// All tiles of each point, the innermost index.
    sums: &'a [f32],
    tiles: &'a [usize],
    /// Two lines.
    to: &'a mut [f32],
}

impl<const N: usize> WithSimd for Pixels<'_, N> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (sums, _) = S::as_simd_f32s(self.sums);
        let (sums, _) = sums.as_chunks::<N>();
        let (to, _) = S::as_mut_simd_f32s(self.to);
        let (to, _) = to.as_chunks_mut::<N>();
        for (place, tile) in self.tiles.iter().enumerate() {
            for n in 0..N {
                let mut half = [[simd.splat_f32s(0.0); 6]; 2];
                for i in 0..6 {
                    let mut m = [simd.splat_f32s(0.0); 6];
                    for (j, m) in m.iter_mut().enumerate() {
                        *m = sums[(6 * i + j) * ACROSS + place][n];
                    }
                    [half[0][i], half[1][i]] = pair(simd, m);
                }
                for (j, column) in half.into_iter().enumerate() {
                    for (i, value) in pair(simd, column).into_iter().enumerate() {
                        to[i * PITCHES + 2 * tile + j][n] = value;
                    }
                }
            }
        }
    }
}

/// Aᵀ · m for two outputs.
#[inline(always)]
fn pair<S: Simd>(simd: S, m: [S::f32s; 6]) -> [S::f32s; 2] {
    let (add, sub) = (|a, b| simd.add_f32s(a, b), |a, b| simd.sub_f32s(a, b));
    let near = add(m[1], m[2]);
    let far = add(m[3], m[4]);
    let slope = add(sub(m[1], m[2]), m[5]);
    let steep = simd.mul_add_e_f32s(simd.splat_f32s(2.0), sub(m[3], m[4]), slope);
    [add(m[0], add(near, far)), steep]
}
