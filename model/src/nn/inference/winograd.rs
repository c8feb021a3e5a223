//! Winograd's minimal filtering F(4×4, 3×3) (Lavin and Gray 2015, arXiv 1509.09308) for the 3×3
//! convolutions of the residual blocks: 36 products give 16 outputs that would take 144.
//!
//! An image of 16 × 21 is cut into 4 × 6 tiles of 4 × 4 outputs ([`Grid`]); the last column of
//! tiles is used in one of its columns only. Each tile's 6 × 6 inputs become 36 values; for each of
//! these *points* one matrix product of tiles with weights sums over the channels; and 36 sums
//! become 4 × 4 outputs. The transformed weights are computed in f64.

use std::marker::PhantomData;

use pulp::{Simd, WithSimd};

use super::grid::Grid;
use super::tile::LANES;

/// Points of a tile.
pub(crate) const POINTS: usize = 36;
/// Places of a kernel.
pub(crate) const PLACES: usize = 9;

/// The matrix G that a 3×3 kernel is multiplied with from both sides.
const G: [[f64; 3]; 6] = [
    [1.0 / 4.0, 0.0, 0.0],
    [-1.0 / 6.0, -1.0 / 6.0, -1.0 / 6.0],
    [-1.0 / 6.0, 1.0 / 6.0, -1.0 / 6.0],
    [1.0 / 24.0, 1.0 / 12.0, 1.0 / 6.0],
    [1.0 / 24.0, -1.0 / 12.0, 1.0 / 6.0],
    [0.0, 0.0, 1.0],
];

/// Matrices for a 5×5 kernel and 2 × 2 outputs with the same tile size: inputs are transformed as
/// for F(4×4, 3×3).
const WIDE: [[f64; 5]; 6] = [
    [1.0 / 4.0, 0.0, 0.0, 0.0, 0.0],
    [-1.0 / 6.0; 5],
    [-1.0 / 6.0, 1.0 / 6.0, -1.0 / 6.0, 1.0 / 6.0, -1.0 / 6.0],
    [1.0 / 24.0, 1.0 / 12.0, 1.0 / 6.0, 1.0 / 3.0, 2.0 / 3.0],
    [1.0 / 24.0, -1.0 / 12.0, 1.0 / 6.0, -1.0 / 3.0, 2.0 / 3.0],
    [0.0, 0.0, 0.0, 0.0, 1.0],
];

/// The points of a 3×3 kernel.
pub(crate) fn kernel(kernel: &[f32]) -> [f32; POINTS] {
    points(&G, kernel)
}

/// The points of a 5×5 kernel.
pub(crate) fn wide_kernel(kernel: &[f32]) -> [f32; POINTS] {
    points(&WIDE, kernel)
}

/// g · kernel · gᵀ.
fn points<const K: usize>(g: &[[f64; K]; 6], kernel: &[f32]) -> [f32; POINTS] {
    let mut half = [[0.0; K]; 6];
    for (half, g) in half.iter_mut().zip(g) {
        for (x, half) in half.iter_mut().enumerate() {
            *half = (0..K).map(|y| g[y] * f64::from(kernel[K * y + x])).sum();
        }
    }
    let mut points = [0.0; POINTS];
    for (point, value) in points.iter_mut().enumerate() {
        let (half, g) = (&half[point / 6], &g[point % 6]);
        *value = half.iter().zip(g).map(|(a, b)| a * b).sum::<f64>() as f32;
    }
    points
}

/// Turns a block of channels into the points of its tiles.
pub(crate) struct Input<'a, G, const N: usize> {
    /// The block's pixels.
    pub(crate) plane: &'a [f32],
    /// Pixels from one row of the plane to the next.
    pub(crate) row: usize,
    /// The block's [`Grid::BLOCK`] values.
    pub(crate) points: &'a mut [f32],
    pub(crate) grid: PhantomData<G>,
}

impl<G: Grid, const N: usize> WithSimd for Input<'_, G, N> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (plane, _) = S::as_simd_f32s(self.plane);
        let (plane, _) = plane.as_chunks::<N>();
        let (points, _) = S::as_mut_simd_f32s(&mut self.points[..G::BLOCK]);
        let (points, _) = points.as_chunks_mut::<N>();
        for tile in 0..G::TILES {
            let (rows, columns) = (G::ROWS[tile / G::ACROSS], G::COLUMNS[tile % G::ACROSS]);
            for n in 0..N {
                let from = |y: usize, x: usize| {
                    let row = &plane[rows[y] * self.row..][..G::FROM];
                    row[columns[x]][n]
                };
                turn(simd, from, |point, value| {
                    points[point * G::TILES + tile][n] = value;
                });
            }
        }
    }
}

/// Turns a tile of 6 × 6 inputs into its points: Bᵀ · d · B.
#[inline(always)]
pub(crate) fn turn<S: Simd>(
    simd: S,
    from: impl Fn(usize, usize) -> S::f32s,
    mut to: impl FnMut(usize, S::f32s),
) {
    let mut half = [[simd.splat_f32s(0.0); 6]; 6];
    for (y, half) in half.iter_mut().enumerate() {
        let mut d = [simd.splat_f32s(0.0); 6];
        for (x, d) in d.iter_mut().enumerate() {
            *d = from(y, x);
        }
        *half = input_line(simd, d);
    }
    for j in 0..6 {
        let column = input_line(simd, column(simd, &half, j));
        for (i, value) in column.into_iter().enumerate() {
            to(6 * i + j, value);
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

/// Turns the sums of a block's tiles into pixels.
pub(crate) struct Output<'a, G, const N: usize> {
    /// The block's [`Grid::BLOCK`] sums.
    pub(crate) points: &'a [f32],
    /// The block's pixels, from the first that counts.
    pub(crate) plane: &'a mut [f32],
    /// Pixels from one row of the plane to the next.
    pub(crate) row: usize,
    pub(crate) grid: PhantomData<G>,
}

impl<G: Grid, const N: usize> WithSimd for Output<'_, G, N> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (points, _) = S::as_simd_f32s(&self.points[..G::BLOCK]);
        let (points, _) = points.as_chunks::<N>();
        let (plane, _) = S::as_mut_simd_f32s(self.plane);
        let (plane, _) = plane.as_chunks_mut::<N>();
        for tile in 0..G::TILES {
            let rows = G::ROWS_OUT[tile / G::ACROSS];
            let columns = G::COLUMNS_OUT[tile % G::ACROSS];
            for n in 0..N {
                let mut half = [[simd.splat_f32s(0.0); 4]; 6];
                for (i, half) in half.iter_mut().enumerate() {
                    let mut m = [simd.splat_f32s(0.0); 6];
                    for (j, m) in m.iter_mut().enumerate() {
                        *m = points[(6 * i + j) * G::TILES + tile][n];
                    }
                    *half = output_line(simd, m);
                }
                for (j, x) in columns.into_iter().enumerate() {
                    if x >= G::TO {
                        continue;
                    }
                    let column = output_line(simd, column(simd, &half, j));
                    for (y, value) in rows.into_iter().zip(column) {
                        plane[y * self.row + x][n] = value;
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

/// Values of a block's weights as [`Kernels`] writes them, by blocks of input channels.
pub(crate) const fn turned(blocks: usize) -> usize {
    // Points are an odd number of cache lines apart, so that they do not share few places in the
    // cache.
    POINTS / 2 * (blocks * LANES + 1) * LANES
}

/// Turns a block's kernels into half of its weights, those of three rows of points from row
/// `FIRST`: of each point those of all input channels.
pub(crate) struct Kernels<'a, const N: usize, const FIRST: usize> {
    /// Indexed by input channel, kernel position ([`PLACES`]), lane.
    pub(crate) kernels: &'a [f32],
    /// [`turned`] values.
    pub(crate) points: &'a mut [f32],
}

impl<const N: usize, const FIRST: usize> WithSimd for Kernels<'_, N, FIRST> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let point = self.points.len() / (POINTS / 2) / LANES;
        let (kernels, _) = S::as_simd_f32s(self.kernels);
        let (kernels, _) = kernels.as_chunks::<N>().0.as_chunks::<PLACES>();
        let (points, _) = S::as_mut_simd_f32s(self.points);
        let (points, _) = points.as_chunks_mut::<N>();
        assert!(kernels.len() <= point, "more channels than points have");
        for (channel, kernel) in kernels.iter().enumerate() {
            for n in 0..N {
                let mut half = [[simd.splat_f32s(0.0); 3]; 6];
                for x in 0..3 {
                    let column = [kernel[x][n], kernel[3 + x][n], kernel[6 + x][n]];
                    let column = kernel_vectors(simd, column);
                    for (half, value) in half.iter_mut().zip(column) {
                        half[x] = value;
                    }
                }
                for (i, half) in half[FIRST..FIRST + 3].iter().enumerate() {
                    for (j, value) in kernel_vectors(simd, *half).into_iter().enumerate() {
                        points[(6 * i + j) * point + channel][n] = value;
                    }
                }
            }
        }
    }
}

/// G · k.
#[inline(always)]
fn kernel_vectors<S: Simd>(simd: S, k: [S::f32s; 3]) -> [S::f32s; 6] {
    let times = |factor: f32, a| simd.mul_f32s(simd.splat_f32s(factor), a);
    let plus = |factor: f32, a, b| simd.mul_add_e_f32s(simd.splat_f32s(factor), a, b);
    let ends = times(-1.0 / 6.0, simd.add_f32s(k[0], k[2]));
    let wide = plus(1.0 / 6.0, k[2], times(1.0 / 24.0, k[0]));
    [
        times(0.25, k[0]),
        plus(-1.0 / 6.0, k[1], ends),
        plus(1.0 / 6.0, k[1], ends),
        plus(1.0 / 12.0, k[1], wide),
        plus(-1.0 / 12.0, k[1], wide),
        k[2],
    ]
}

/// Turns 16 kernels into their points, as [`kernel`] does one, in f32.
pub(crate) struct Kernel<'a> {
    /// The kernels' values, indexed by kernel position, lane.
    pub(crate) taps: &'a [[f32; LANES]; 9],
    /// The kernels' values, indexed by point, lane.
    pub(crate) points: &'a mut [[f32; LANES]; POINTS],
}

impl WithSimd for Kernel<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for lane in 0..LANES {
            let mut half = [[0.0; 3]; 6];
            for x in 0..3 {
                let taps = &self.taps;
                let column = [taps[x][lane], taps[3 + x][lane], taps[6 + x][lane]];
                for (half, value) in half.iter_mut().zip(kernel_line(column)) {
                    half[x] = value;
                }
            }
            for (i, half) in half.into_iter().enumerate() {
                for (j, value) in kernel_line(half).into_iter().enumerate() {
                    self.points[6 * i + j][lane] = value;
                }
            }
        }
    }
}

/// G · k.
#[inline(always)]
fn kernel_line(k: [f32; 3]) -> [f32; 6] {
    let (ends, wide) = (
        (k[0] + k[2]) * (-1.0 / 6.0),
        k[0] * (1.0 / 24.0) + k[2] * (1.0 / 6.0),
    );
    let (middle, steep) = (k[1] * (1.0 / 6.0), k[1] * (1.0 / 12.0));
    [
        k[0] * 0.25,
        ends - middle,
        ends + middle,
        wide + steep,
        wide - steep,
        k[2],
    ]
}

/// Turns a block of the output's gradient into the points of its tiles: A · dy · Aᵀ.
pub(crate) struct Gradient<'a, G, const N: usize> {
    /// The block's pixels, rows of [`Grid::TO`].
    pub(crate) plane: &'a [f32],
    /// The block's [`Grid::BLOCK`] values.
    pub(crate) points: &'a mut [f32],
    pub(crate) grid: PhantomData<G>,
}

impl<G: Grid, const N: usize> WithSimd for Gradient<'_, G, N> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (plane, _) = S::as_simd_f32s(self.plane);
        let (plane, _) = plane.as_chunks::<N>();
        let (points, _) = S::as_mut_simd_f32s(&mut self.points[..G::BLOCK]);
        let (points, _) = points.as_chunks_mut::<N>();
        for tile in 0..G::TILES {
            let rows = G::ROWS_OUT[tile / G::ACROSS];
            let columns = G::COLUMNS_OUT[tile % G::ACROSS];
            for n in 0..N {
                // Six points across for each row.
                let mut half = [[simd.splat_f32s(0.0); 6]; 4];
                for (half, y) in half.iter_mut().zip(rows) {
                    let mut d = [simd.splat_f32s(0.0); 4];
                    let row = &plane[y * G::TO..][..G::TO];
                    for (d, x) in d.iter_mut().zip(columns) {
                        if let Some(pixel) = row.get(x) {
                            *d = pixel[n];
                        }
                    }
                    *half = gradient_line(simd, d);
                }
                for j in 0..6 {
                    let column =
                        gradient_line(simd, [half[0][j], half[1][j], half[2][j], half[3][j]]);
                    for (i, value) in column.into_iter().enumerate() {
                        points[(6 * i + j) * G::TILES + tile][n] = value;
                    }
                }
            }
        }
    }
}

/// A · d.
#[inline(always)]
fn gradient_line<S: Simd>(simd: S, d: [S::f32s; 4]) -> [S::f32s; 6] {
    let times = |factor: f32, a, b| simd.mul_add_e_f32s(simd.splat_f32s(factor), a, b);
    let (even, odd) = (simd.add_f32s(d[0], d[2]), simd.add_f32s(d[1], d[3]));
    let wide = times(4.0, d[2], d[0]);
    let steep = times(4.0, d[3], d[1]);
    [
        d[0],
        simd.add_f32s(even, odd),
        simd.sub_f32s(even, odd),
        times(2.0, steep, wide),
        times(-2.0, steep, wide),
        d[3],
    ]
}

/// Turns the sums of the points of 16 kernels' gradients into those of their places.
pub(crate) struct KernelGradient<'a> {
    /// Sixteen values for each point.
    pub(crate) points: &'a [f32],
    /// Values from one point to the next.
    pub(crate) step: usize,
    /// The kernels' values, indexed by kernel position, lane.
    pub(crate) taps: &'a mut [[f32; LANES]; 9],
}

impl WithSimd for KernelGradient<'_> {
    type Output = ();

    #[inline(always)]
    #[expect(
        clippy::needless_range_loop,
        reason = "lanes and columns are the inner indices"
    )]
    fn with_simd<S: Simd>(self, _: S) {
        let mut points = [[0.0; LANES]; POINTS];
        for (p, values) in points.iter_mut().enumerate() {
            values.copy_from_slice(&self.points[p * self.step..][..LANES]);
        }
        for lane in 0..LANES {
            let mut half = [[0.0; 3]; 6];
            for (i, half) in half.iter_mut().enumerate() {
                let mut row = [0.0; 6];
                for (j, value) in row.iter_mut().enumerate() {
                    *value = points[6 * i + j][lane];
                }
                *half = kernel_gradient_line(row);
            }
            for x in 0..3 {
                let mut column = [0.0; 6];
                for (value, half) in column.iter_mut().zip(&half) {
                    *value = half[x];
                }
                let column = kernel_gradient_line(column);
                for (y, value) in column.into_iter().enumerate() {
                    self.taps[3 * y + x][lane] = value;
                }
            }
        }
    }
}

/// Gᵀ · u.
#[inline(always)]
fn kernel_gradient_line(u: [f32; 6]) -> [f32; 3] {
    let (near, far) = ((u[1] + u[2]) * (1.0 / 6.0), u[3] + u[4]);
    [
        u[0] * 0.25 - near + far * (1.0 / 24.0),
        (u[2] - u[1]) * (1.0 / 6.0) + (u[3] - u[4]) * (1.0 / 12.0),
        far * (1.0 / 6.0) - near + u[5],
    ]
}
