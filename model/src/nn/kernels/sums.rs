//! Sums over a channel, for the instance norm: in lanes, whose order is fixed for each
//! instruction set.

use super::isa::Isa;

/// Lanes of the sums in plain loops.
const LANES: usize = 16;

/// Calls `avx512::$name` where the CPU has AVX-512, otherwise `$plain`.
macro_rules! of_isa {
    ($isa:expr, $name:ident($($argument:expr),+), $plain:expr) => {
        match $isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 | Isa::Avx512Bf16 => {
                assert!($isa.is_present(), "this CPU lacks {:?}", $isa);
                #[expect(
                    unsafe_code,
                    reason = "the CPU has been asked for the instructions above"
                )]
                // SAFETY: the CPU has AVX-512.
                unsafe {
                    avx512::$name($($argument),+)
                }
            }
            _ => $plain,
        }
    };
}

/// Σ x.
pub(crate) fn sum(isa: Isa, x: &[f32]) -> f32 {
    of_isa!(isa, sum(x), in_lanes(x, x, |_, x| x))
}

/// Σ (x − mean)².
pub(crate) fn squares(isa: Isa, x: &[f32], mean: f32) -> f32 {
    let square = |_: f32, x: f32| (x - mean) * (x - mean);
    of_isa!(isa, squares(x, mean), in_lanes(x, x, square))
}

/// Σ d and Σ d · (x − mean).
pub(crate) fn sums(isa: Isa, d: &[f32], x: &[f32], mean: f32) -> (f32, f32) {
    let plain = || {
        (
            in_lanes(d, x, |d, _| d),
            in_lanes(d, x, |d, x| d * (x - mean)),
        )
    };
    of_isa!(isa, sums(d, x, mean), plain())
}

fn in_lanes(a: &[f32], b: &[f32], f: impl Fn(f32, f32) -> f32) -> f32 {
    let mut lanes = [0.0; LANES];
    for (a, b) in a.chunks(LANES).zip(b.chunks(LANES)) {
        for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += f(*a, *b);
        }
    }
    lanes.iter().sum()
}

#[cfg(target_arch = "x86_64")]
mod avx512 {
    use std::arch::x86_64::{
        __m512, _mm512_add_ps, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_reduce_add_ps,
        _mm512_set1_ps, _mm512_setzero_ps, _mm512_sub_ps,
    };

    /// Vectors summed side by side, so that one addition need not wait for the last.
    const ROWS: usize = 4;

    #[target_feature(enable = "avx512f")]
    fn load(values: &[f32; 16]) -> __m512 {
        #[expect(unsafe_code, reason = "a vector load")]
        // SAFETY: 16 values.
        unsafe {
            _mm512_loadu_ps(values.as_ptr())
        }
    }

    /// The last values, filled up with `filler`.
    #[target_feature(enable = "avx512f")]
    fn load_rest(values: &[f32], filler: f32) -> __m512 {
        let mut all = [filler; 16];
        all[..values.len()].copy_from_slice(values);
        load(&all)
    }

    #[target_feature(enable = "avx512f")]
    fn total(rows: [__m512; ROWS]) -> f32 {
        let [a, b, c, d] = rows;
        _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(a, b), _mm512_add_ps(c, d)))
    }

    #[target_feature(enable = "avx512f")]
    pub(super) fn sum(x: &[f32]) -> f32 {
        let mut sums = [_mm512_setzero_ps(); ROWS];
        let (blocks, rest) = x.as_chunks::<{ 16 * ROWS }>();
        for block in blocks {
            for (x, sum) in block.as_chunks().0.iter().zip(&mut sums) {
                *sum = _mm512_add_ps(*sum, load(x));
            }
        }
        for x in rest.chunks(16) {
            sums[0] = _mm512_add_ps(sums[0], load_rest(x, 0.0));
        }
        total(sums)
    }

    #[target_feature(enable = "avx512f")]
    pub(super) fn squares(x: &[f32], mean: f32) -> f32 {
        let mut sums = [_mm512_setzero_ps(); ROWS];
        let middle = _mm512_set1_ps(mean);
        let (blocks, rest) = x.as_chunks::<{ 16 * ROWS }>();
        for block in blocks {
            for (x, sum) in block.as_chunks().0.iter().zip(&mut sums) {
                let x = _mm512_sub_ps(load(x), middle);
                *sum = _mm512_fmadd_ps(x, x, *sum);
            }
        }
        for x in rest.chunks(16) {
            let x = _mm512_sub_ps(load_rest(x, mean), middle);
            sums[0] = _mm512_fmadd_ps(x, x, sums[0]);
        }
        total(sums)
    }

    #[target_feature(enable = "avx512f")]
    pub(super) fn sums(d: &[f32], x: &[f32], mean: f32) -> (f32, f32) {
        let mut sums = [_mm512_setzero_ps(); ROWS];
        let mut products = [_mm512_setzero_ps(); ROWS];
        let middle = _mm512_set1_ps(mean);
        let (blocks, rest) = d.as_chunks::<{ 16 * ROWS }>();
        let (x_blocks, x_rest) = x.as_chunks::<{ 16 * ROWS }>();
        for (d, x) in blocks.iter().zip(x_blocks) {
            let vectors = d.as_chunks().0.iter().zip(x.as_chunks().0);
            for ((d, x), (sum, product)) in vectors.zip(sums.iter_mut().zip(&mut products)) {
                let (d, x) = (load(d), _mm512_sub_ps(load(x), middle));
                *sum = _mm512_add_ps(*sum, d);
                *product = _mm512_fmadd_ps(d, x, *product);
            }
        }
        for (d, x) in rest.chunks(16).zip(x_rest.chunks(16)) {
            let (d, x) = (load_rest(d, 0.0), _mm512_sub_ps(load_rest(x, mean), middle));
            sums[0] = _mm512_add_ps(sums[0], d);
            products[0] = _mm512_fmadd_ps(d, x, products[0]);
        }
        (total(sums), total(products))
    }
}
