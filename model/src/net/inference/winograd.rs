//! Winograd's minimal filtering F(4×4, 3×3) (Lavin and Gray 2015, arXiv 1509.09308) for the 3×3
//! convolutions of the residual blocks: 36 products give 16 outputs that would take 144.
//!
//! An image of 16 × 21 is cut into 4 × 6 tiles of 4 × 4 outputs; the last column of tiles is
//! used in one of its columns only. Each tile's 6 × 6 inputs, mirrored at the border, become 36
//! values; for each of these *points* one matrix product of tiles with weights sums over the
//! channels; and 36 sums become 4 × 4 outputs. The transformed weights are computed in f64.

use pulp::{Simd, WithSimd};

use super::tile::LANES;

/// Height and width of the images.
pub(super) const HEIGHT: usize = 16;
/// Width of the images.
pub(super) const WIDTH: usize = 21;
const ACROSS: usize = WIDTH.div_ceil(4);
/// Tiles of an image.
pub(super) const TILES: usize = HEIGHT / 4 * ACROSS;
/// Points of a tile.
pub(super) const POINTS: usize = 36;
/// Values of one block of channels: of each point all tiles.
pub(super) const BLOCK: usize = POINTS * TILES * LANES;

/// The matrix G that a 3×3 kernel is multiplied with from both sides.
const G: [[f64; 3]; 6] = [
    [1.0 / 4.0, 0.0, 0.0],
    [-1.0 / 6.0, -1.0 / 6.0, -1.0 / 6.0],
    [-1.0 / 6.0, 1.0 / 6.0, -1.0 / 6.0],
    [1.0 / 24.0, 1.0 / 12.0, 1.0 / 6.0],
    [1.0 / 24.0, -1.0 / 12.0, 1.0 / 6.0],
    [0.0, 0.0, 1.0],
];

/// G · kernel · Gᵀ.
pub(super) fn kernel(kernel: &[f32]) -> [f32; POINTS] {
    let mut half = [[0.0; 3]; 6];
    for (half, g) in half.iter_mut().zip(&G) {
        for (x, half) in half.iter_mut().enumerate() {
            *half = (0..3).map(|y| g[y] * f64::from(kernel[3 * y + x])).sum();
        }
    }
    let mut points = [0.0; POINTS];
    for (point, value) in points.iter_mut().enumerate() {
        let (half, g) = (&half[point / 6], &G[point % 6]);
        *value = half.iter().zip(g).map(|(a, b)| a * b).sum::<f64>() as f32;
    }
    points
}

/// The place that the mirrored border shows at `i`, which counts from -1; beyond the mirrored
/// line, where only outputs that nobody uses look, the last one.
const fn mirrored(i: usize, len: usize) -> usize {
    match i {
        0 => 1,
        i if i <= len => i - 1,
        i if i == len + 1 => len - 2,
        _ => len - 1,
    }
}

const ROWS: [usize; HEIGHT + 2] = {
    let mut rows = [0; HEIGHT + 2];
    let mut i = 0;
    while i < rows.len() {
        rows[i] = mirrored(i, HEIGHT);
        i += 1;
    }
    rows
};
const COLUMNS: [usize; 4 * ACROSS + 2] = {
    let mut columns = [0; 4 * ACROSS + 2];
    let mut i = 0;
    while i < columns.len() {
        columns[i] = mirrored(i, WIDTH);
        i += 1;
    }
    columns
};

/// Turns a block of channels into the points of its tiles.
pub(super) struct Input<'a, const N: usize> {
    /// The block's pixels.
    pub(super) plane: &'a [f32],
    /// Pixels from one row of the plane to the next.
    pub(super) row: usize,
    /// The block's [`BLOCK`] values.
    pub(super) points: &'a mut [f32],
}

impl<const N: usize> WithSimd for Input<'_, N> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (plane, _) = S::as_simd_f32s(self.plane);
        let (plane, _) = plane.as_chunks::<N>();
        let (points, _) = S::as_mut_simd_f32s(&mut self.points[..BLOCK]);
        let (points, _) = points.as_chunks_mut::<N>();
        for tile in 0..TILES {
            let (top, left) = (tile / ACROSS * 4, tile % ACROSS * 4);
            for n in 0..N {
                let mut half = [[simd.splat_f32s(0.0); 6]; 6];
                for (i, half) in half.iter_mut().enumerate() {
                    let row = &plane[ROWS[top + i] * self.row..][..WIDTH];
                    let mut d = [simd.splat_f32s(0.0); 6];
                    for (j, d) in d.iter_mut().enumerate() {
                        *d = row[COLUMNS[left + j]][n];
                    }
                    *half = input_line(simd, d);
                }
                for j in 0..6 {
                    let column = input_line(simd, column(simd, &half, j));
                    for (i, value) in column.into_iter().enumerate() {
                        points[(6 * i + j) * TILES + tile][n] = value;
                    }
                }
            }
        }
    }
}

/// Column `j`. (`half.map(…)` would be a call for each.)
#[inline(always)]
fn column<S: Simd, const W: usize>(simd: S, half: &[[S::f32s; W]; 6], j: usize) -> [S::f32s; 6] {
    let mut column = [simd.splat_f32s(0.0); 6];
    for (value, row) in column.iter_mut().zip(half) {
        *value = row[j];
    }
    column
}

/// Bᵀ · d.
#[inline(always)]
fn input_line<S: Simd>(simd: S, d: [S::f32s; 6]) -> [S::f32s; 6] {
    let times = |factor: f32, a, b| simd.mul_add_e_f32s(simd.splat_f32s(factor), a, b);
    let (add, sub) = (|a, b| simd.add_f32s(a, b), |a, b| simd.sub_f32s(a, b));
    let (even, odd) = (times(-4.0, d[2], d[4]), times(-4.0, d[1], d[3]));
    let (near, far) = (sub(d[4], d[2]), sub(d[3], d[1]));
    [
        times(4.0, d[0], times(-5.0, d[2], d[4])),
        add(even, odd),
        sub(even, odd),
        times(2.0, far, near),
        times(-2.0, far, near),
        times(4.0, d[1], times(-5.0, d[3], d[5])),
    ]
}

/// Turns the sums of a block's tiles into pixels, rows of [`WIDTH`].
pub(super) struct Output<'a, const N: usize> {
    /// The block's [`BLOCK`] sums.
    pub(super) points: &'a [f32],
    /// The block's pixels.
    pub(super) plane: &'a mut [f32],
}

impl<const N: usize> WithSimd for Output<'_, N> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (points, _) = S::as_simd_f32s(&self.points[..BLOCK]);
        let (points, _) = points.as_chunks::<N>();
        let (plane, _) = S::as_mut_simd_f32s(self.plane);
        let (plane, _) = plane.as_chunks_mut::<N>();
        for tile in 0..TILES {
            let (top, left) = (tile / ACROSS * 4, tile % ACROSS * 4);
            let columns = (WIDTH - left).min(4);
            for n in 0..N {
                let mut half = [[simd.splat_f32s(0.0); 4]; 6];
                for (i, half) in half.iter_mut().enumerate() {
                    let mut m = [simd.splat_f32s(0.0); 6];
                    for (j, m) in m.iter_mut().enumerate() {
                        *m = points[(6 * i + j) * TILES + tile][n];
                    }
                    *half = output_line(simd, m);
                }
                for j in 0..columns {
                    let column = output_line(simd, column(simd, &half, j));
                    for (i, value) in column.into_iter().enumerate() {
                        plane[(top + i) * WIDTH + left + j][n] = value;
                    }
                }
            }
        }
    }
}

/// Aᵀ · m.
#[inline(always)]
fn output_line<S: Simd>(simd: S, m: [S::f32s; 6]) -> [S::f32s; 4] {
    let times = |factor: f32, a, b| simd.mul_add_e_f32s(simd.splat_f32s(factor), a, b);
    let (add, sub) = (|a, b| simd.add_f32s(a, b), |a, b| simd.sub_f32s(a, b));
    let (near, far) = (add(m[1], m[2]), add(m[3], m[4]));
    let (slope, steep) = (sub(m[1], m[2]), sub(m[3], m[4]));
    [
        add(add(m[0], near), far),
        times(2.0, steep, slope),
        times(4.0, far, near),
        add(times(8.0, steep, slope), m[5]),
    ]
}
