//! The arranger's last layer: Winograd's F(2×2, 5×5), whose tiles' inputs are turned as those of
//! F(4×4, 3×3) are. 36 products give 4 outputs that would take 100.

use std::marker::PhantomData;

use pulp::{Simd, WithSimd};

use super::super::arena::{Scratch, Threads};
use super::super::grid::Grid;
use super::super::packed::Packed;
use super::super::pass::{Pass, chunks};
use super::super::tile::LANES;
use super::super::winograd;
use super::arena::FULL;
use crate::roll::PITCHES;

/// Tiles side by side.
const ACROSS: usize = PITCHES / 2;

/// A line of tiles: two lines of pixels, from six lines that begin with the margin.
pub(super) struct Line;

impl Grid for Line {
    const FROM: usize = PITCHES + 4;
    const MARGIN: usize = 2;
    const ROWS: &'static [[usize; 6]] = &[[0, 1, 2, 3, 4, 5]];
    const COLUMNS: &'static [[usize; 6]] = &columns();
}

const fn columns() -> [[usize; 6]; ACROSS] {
    let mut columns = [[0; 6]; ACROSS];
    let mut i = 0;
    while i < 6 * ACROSS {
        columns[i / 6][i % 6] = i / 6 * 2 + i % 6;
        i += 1;
    }
    columns
}

impl<S: Simd, const N: usize, const V: usize> Pass<S, N, V> {
    /// The last layer before its bias: of each pixel of the images a block.
    pub(super) fn last(self, layer: &Packed, images: &[f32], scratch: &Threads, to: &mut [f32]) {
        let row = FULL.field.row;
        chunks(to, 2 * PITCHES * LANES, |line, to| {
            let mut scratch = scratch.own();
            let Scratch {
                points,
                plane: sums,
            } = &mut *scratch;
            let planes = images.chunks_exact(FULL.plane);
            for (plane, points) in planes.zip(points.chunks_exact_mut(Line::BLOCK)) {
                self.0.vectorize(winograd::Input::<Line, N> {
                    plane: &plane[2 * line * row * LANES..],
                    row,
                    points,
                    grid: PhantomData,
                });
            }
            let out = (&mut sums[..], [1; 2]);
            self.sums::<Line>(&layer.weights, &layer.taps[0], points, out);
            self.0.vectorize(Pixels::<N> { points: sums, to });
        });
    }
}

/// Turns the sums of a line's tiles into pixels.
struct Pixels<'a, const N: usize> {
    /// Of each point all tiles.
    points: &'a [f32],
    /// Two lines.
    to: &'a mut [f32],
}

impl<const N: usize> WithSimd for Pixels<'_, N> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (points, _) = S::as_simd_f32s(self.points);
        let (points, _) = points.as_chunks::<N>();
        let (to, _) = S::as_mut_simd_f32s(self.to);
        let (to, _) = to.as_chunks_mut::<N>();
        for tile in 0..ACROSS {
            for n in 0..N {
                let mut half = [[simd.splat_f32s(0.0); 6]; 2];
                for i in 0..6 {
                    let mut m = [simd.splat_f32s(0.0); 6];
                    for (j, m) in m.iter_mut().enumerate() {
                        *m = points[(6 * i + j) * ACROSS + tile][n];
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
