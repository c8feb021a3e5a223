//! Micro-kernels for AVX-512: f32 and bf16 pairs.
#![expect(unsafe_code, reason = "vector instructions on raw pointers")]

use std::arch::x86_64::{
    __m512bh, __m512i, _mm512_add_ps, _mm512_castpd_ps, _mm512_castps_pd, _mm512_castps_si512,
    _mm512_castsi512_ps, _mm512_dpbf16_ps, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_loadu_si512,
    _mm512_mask_storeu_ps, _mm512_maskz_compress_ps, _mm512_maskz_loadu_ps, _mm512_set1_epi32,
    _mm512_setzero_ps, _mm512_shuffle_f32x4, _mm512_storeu_ps, _mm512_unpackhi_pd,
    _mm512_unpackhi_ps, _mm512_unpacklo_pd, _mm512_unpacklo_ps,
};
use std::mem::transmute;

use super::product::{Kernel, Tile, by_size};

/// The f32 kernel for a tile.
pub(super) fn full(rows: usize, vectors: usize) -> Kernel {
    by_size!(full_tile, rows, vectors, [1 2 3 4 5 6 7 8 9 10 11 12])
}

/// The bf16 kernel for a tile.
pub(super) fn brief(rows: usize, vectors: usize) -> Kernel {
    by_size!(brief_tile, rows, vectors, [1 2 3 4 5 6 7 8 9 10 11 12])
}

macro_rules! tile {
    ($name:ident, $features:literal, |$sum:ident, $a:ident, $b:ident| $multiply:expr) => {
        /// # Safety
        /// See [`Kernel`].
        #[target_feature(enable = $features)]
        unsafe fn $name<const ROWS: usize, const VECTORS: usize>(tile: &Tile<'_>) {
            let mut sums = [[_mm512_setzero_ps(); VECTORS]; ROWS];
            let mut a = tile.a;
            for &tap in tile.taps {
                // SAFETY: `Product::check` has seen that `a` holds `ROWS` units at each depth of
                // each tap and `b` all vectors of columns under each tap.
                unsafe {
                    let mut b = tile.b.add(tap);
                    for _ in 0..tile.depth {
                        let mut right = [_mm512_castps_si512(_mm512_setzero_ps()); VECTORS];
                        for (v, right) in right.iter_mut().enumerate() {
                            *right = _mm512_loadu_si512(b.add(16 * v).cast());
                        }
                        for (r, sums) in sums.iter_mut().enumerate() {
                            let $a = _mm512_set1_epi32(a.add(r).read().cast_signed());
                            for ($sum, $b) in sums.iter_mut().zip(right) {
                                *$sum = $multiply;
                            }
                        }
                        a = a.add(tile.a_step);
                        b = b.add(tile.b_step);
                    }
                }
            }
            // Through memory, once: an array that is indexed in a loop would live there all along.
            let mut done = [[[0.0_f32; 16]; VECTORS]; ROWS];
            for (r, sums) in sums.iter().enumerate() {
                for (v, sum) in sums.iter().enumerate() {
                    // SAFETY: 16 places for 16 lanes.
                    unsafe { _mm512_storeu_ps(done[r][v].as_mut_ptr(), *sum) };
                }
            }
            for (r, done) in done.iter().enumerate() {
                for (done, lanes) in done.iter().zip(tile.columns) {
                    let count = lanes.mask.count_ones();
                    let mask = ((1_u32 << count) - 1) as u16;
                    // SAFETY: `Product::check` has seen that the lanes lie inside the result.
                    unsafe {
                        let c = tile.c.add(r * tile.width + lanes.at as usize);
                        let sum = _mm512_loadu_ps(done.as_ptr());
                        let mut sum = _mm512_maskz_compress_ps(lanes.mask as u16, sum);
                        if tile.add {
                            sum = _mm512_add_ps(sum, _mm512_maskz_loadu_ps(mask, c));
                        }
                        _mm512_mask_storeu_ps(c, mask, sum);
                    }
                }
            }
        }
    };
}

tile!(full_tile, "avx512f", |sum, a, b| _mm512_fmadd_ps(
    _mm512_castsi512_ps(a),
    _mm512_castsi512_ps(b),
    *sum
));
tile!(
    brief_tile,
    "avx512f,avx512bf16",
    // SAFETY (of the transmutes): both types are 64 bytes in which every bit pattern is valid.
    |sum, a, b| _mm512_dpbf16_ps(
        *sum,
        transmute::<__m512i, __m512bh>(a),
        transmute::<__m512i, __m512bh>(b)
    )
);
const _: () = assert!(size_of::<__m512i>() == size_of::<__m512bh>());

/// Transposes 16 rows of 16 values, `step` apart.
///
/// # Safety
/// All 16 rows must be readable, and the CPU must have AVX-512F.
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn transpose(values: *const u32, step: usize, out: &mut [[u32; 16]; 16]) {
    let mut v = [_mm512_setzero_ps(); 16];
    for (r, v) in v.iter_mut().enumerate() {
        // SAFETY: the caller promises the row.
        *v = unsafe { _mm512_loadu_ps(values.add(r * step).cast()) };
    }
    // Each round swaps what lies off the diagonal in blocks of 1, 2, 4 and 8.
    let mut w = v;
    for i in 0..8 {
        w[2 * i] = _mm512_unpacklo_ps(v[2 * i], v[2 * i + 1]);
        w[2 * i + 1] = _mm512_unpackhi_ps(v[2 * i], v[2 * i + 1]);
    }
    for i in 0..4 {
        for j in 0..2 {
            let (a, b) = (
                _mm512_castps_pd(w[4 * i + j]),
                _mm512_castps_pd(w[4 * i + 2 + j]),
            );
            v[4 * i + 2 * j] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, b));
            v[4 * i + 2 * j + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, b));
        }
    }
    // Now `v[4i + k]` holds, in 128-bit lane `l`, column `4l + k` of rows `4i..4i + 4`.
    for k in 0..4 {
        let low = [
            _mm512_shuffle_f32x4::<0x88>(v[k], v[4 + k]),
            _mm512_shuffle_f32x4::<0xdd>(v[k], v[4 + k]),
        ];
        let high = [
            _mm512_shuffle_f32x4::<0x88>(v[8 + k], v[12 + k]),
            _mm512_shuffle_f32x4::<0xdd>(v[8 + k], v[12 + k]),
        ];
        for odd in 0..2 {
            let (first, second) = (
                _mm512_shuffle_f32x4::<0x88>(low[odd], high[odd]),
                _mm512_shuffle_f32x4::<0xdd>(low[odd], high[odd]),
            );
            // SAFETY: `out` has 16 rows of 16.
            unsafe {
                _mm512_storeu_ps(out[4 * odd + k].as_mut_ptr().cast(), first);
                _mm512_storeu_ps(out[4 * (odd + 2) + k].as_mut_ptr().cast(), second);
            }
        }
    }
}
