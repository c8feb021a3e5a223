//! The one inner loop of all convolutions: a tile of sums that stays in registers.
//!
//! Rows are places (pixels, or tiles of a Winograd layer), lanes are output channels. For each
//! depth one value of each row is spread over the lanes and multiplied with a vector of weights,
//! so weights stream through once and nothing is shuffled.

use pulp::{Simd, WithSimd};

/// Channels of a block: planes hold 16 channels of each pixel side by side, whatever the
/// instruction set, so that only the weights' layout depends on it.
pub(crate) const LANES: usize = 16;

/// One product: `c[row][lane] = Σ a[tap + row · STEP + k] · weights[tap][k][lane]`.
///
/// `N` vectors make a block of [`LANES`], `V` vectors a panel of output channels; `DEPTH` values
/// are used from each tap on.
#[derive(Clone, Copy)]
pub(crate) struct Product<'a> {
    /// The values under the first row.
    pub(crate) a: &'a [f32],
    /// Where each tap's values begin.
    pub(crate) taps: &'a [usize],
    /// The panel's weights, in the order in which they are used.
    pub(crate) weights: &'a [f32],
    /// Values from one row of the result to the next.
    pub(crate) step: usize,
    /// Values from one block of the result to the next.
    pub(crate) block: usize,
}

struct Tile<
    'a,
    const R: usize,
    const N: usize,
    const V: usize,
    const STEP: usize,
    const DEPTH: usize,
> {
    product: Product<'a>,
    c: &'a mut [f32],
}

impl<const R: usize, const N: usize, const V: usize, const STEP: usize, const DEPTH: usize> WithSimd
    for Tile<'_, R, N, V, STEP, DEPTH>
{
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Product {
            a,
            taps,
            weights,
            step,
            block,
        } = self.product;
        let mut sums = [[simd.splat_f32s(0.0); V]; R];
        let (vectors, _) = S::as_simd_f32s(weights);
        let (weights, _) = vectors.as_chunks::<V>();
        for (&tap, weights) in taps.iter().zip(weights.chunks_exact(DEPTH)) {
            let a = &a[tap..][..(R - 1) * STEP + DEPTH];
            for (k, weights) in weights.iter().enumerate() {
                for (r, sums) in sums.iter_mut().enumerate() {
                    let value = simd.splat_f32s(a[r * STEP + k]);
                    for (sum, weight) in sums.iter_mut().zip(weights) {
                        *sum = simd.mul_add_e_f32s(value, *weight, *sum);
                    }
                }
            }
        }
        for (r, sums) in sums.iter().enumerate() {
            let (blocks, _) = sums.as_chunks::<N>();
            for (b, sums) in blocks.iter().enumerate() {
                let c = &mut self.c[b * block + r * step..][..LANES];
                let (c, _) = S::as_mut_simd_f32s(c);
                c.copy_from_slice(sums);
            }
        }
    }
}

/// Registers of vectors. WebAssembly names none; the processors behind it have 16 at least.
const fn registers<S: Simd>() -> usize {
    if cfg!(target_arch = "wasm32") {
        16
    } else {
        S::REGISTER_COUNT
    }
}

/// Computes `rows` rows (a multiple of three) into `c`, as many at a time as fit the registers.
#[inline(always)]
pub(crate) fn product<
    S: Simd,
    const N: usize,
    const V: usize,
    const STEP: usize,
    const DEPTH: usize,
>(
    simd: S,
    rows: usize,
    product: Product<'_>,
    c: &mut [f32],
) {
    debug_assert!(rows.is_multiple_of(3), "{rows} rows");
    let most = if S::IS_SCALAR {
        3
    } else {
        registers::<S>() * 3 / 4 / V
    };
    let mut done = 0;
    while done < rows {
        let product = Product {
            a: &product.a[done * STEP..],
            ..product
        };
        let c = &mut c[done * product.step..];
        macro_rules! tile {
            ($rows:literal) => {{
                simd.vectorize(Tile::<$rows, N, V, STEP, DEPTH> { product, c });
                done += $rows;
            }};
        }
        match (rows - done).min(most) {
            12.. => tile!(12),
            9.. => tile!(9),
            6.. => tile!(6),
            _ => tile!(3),
        }
    }
}

/// Sums [`LANES`] rows whose values lie side by side, one value of depth at each tap.
#[inline(always)]
pub(crate) fn outer<S: Simd, const N: usize, const V: usize>(
    simd: S,
    product: Product<'_>,
    c: &mut [f32],
) {
    macro_rules! tiles {
        ($rows:literal) => {
            for first in (0..LANES).step_by($rows) {
                let product = Product {
                    a: &product.a[first..],
                    ..product
                };
                let c = &mut c[first * product.step..];
                simd.vectorize(Tile::<$rows, N, V, 1, 1> { product, c });
            }
        };
    }
    if registers::<S>() * 3 / 4 / V >= 8 {
        tiles!(8);
    } else {
        tiles!(4);
    }
}
