//! Instance norm of a block of channels, with what follows it, while the block is in the cache.

use pulp::{Simd, WithSimd};

use super::tile::LANES;

const EPSILON: f32 = 1e-5;

/// The pixels of a block that count: `height` rows of `width` (a multiple of three), the first
/// one pixel `first` of the plane, rows `row` pixels apart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) first: usize,
    pub(crate) row: usize,
}

impl Field {
    /// The range of row `y` in a plane, in values.
    #[inline(always)]
    pub(crate) const fn line(&self, y: usize) -> std::ops::Range<usize> {
        let start = (self.first + y * self.row) * LANES;
        start..start + self.width * LANES
    }
}

/// max(0, norm(x)), in place.
pub(crate) struct Norm<'a, const N: usize> {
    pub(crate) plane: &'a mut [f32],
    pub(crate) field: Field,
    /// Scale and offset of the block's channels.
    pub(crate) constants: [&'a [f32]; 2],
}

impl<const N: usize> WithSimd for Norm<'_, N> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let line = line::<S, N>(simd, self.plane, self.field, self.constants);
        for y in 0..self.field.height {
            let (values, _) = S::as_mut_simd_f32s(&mut self.plane[self.field.line(y)]);
            for pixel in values.as_chunks_mut::<N>().0 {
                for (value, [gain, shift]) in pixel.iter_mut().zip(line) {
                    let normed = simd.mul_add_e_f32s(*value, gain, shift);
                    *value = simd.max_f32s(normed, simd.splat_f32s(0.0));
                }
            }
        }
    }
}

/// max(0, kept + norm(x)), to where `kept` is.
pub(crate) struct NormAdd<'a, const N: usize> {
    pub(crate) plane: &'a [f32],
    pub(crate) field: Field,
    pub(crate) constants: [&'a [f32]; 2],
    pub(crate) kept: &'a mut [f32],
    pub(crate) kept_field: Field,
}

impl<const N: usize> WithSimd for NormAdd<'_, N> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let line = line::<S, N>(simd, self.plane, self.field, self.constants);
        for y in 0..self.field.height {
            let (values, _) = S::as_simd_f32s(&self.plane[self.field.line(y)]);
            let (kept, _) = S::as_mut_simd_f32s(&mut self.kept[self.kept_field.line(y)]);
            let (values, kept) = (values.as_chunks::<N>().0, kept.as_chunks_mut::<N>().0);
            for (pixel, kept) in values.iter().zip(kept) {
                for ((value, kept), [gain, shift]) in pixel.iter().zip(kept).zip(line) {
                    let normed = simd.mul_add_e_f32s(*value, gain, shift);
                    *kept = simd.max_f32s(simd.add_f32s(normed, *kept), simd.splat_f32s(0.0));
                }
            }
        }
    }
}

/// The gain and the shift that the norm comes to for each channel.
#[inline(always)]
fn line<S: Simd, const N: usize>(
    simd: S,
    plane: &[f32],
    field: Field,
    constants: [&[f32]; 2],
) -> [[S::f32s; 2]; N] {
    let share = simd.splat_f32s(1.0 / (field.height * field.width) as f32);
    let zero = simd.splat_f32s(0.0);
    let total = total::<S, N>(simd, plane, field, |_, sum, x| simd.add_f32s(sum, x));
    let mut mean = total;
    for mean in &mut mean {
        *mean = simd.mul_f32s(*mean, share);
    }
    let squares = self::total::<S, N>(simd, plane, field, |n, sum, x| {
        let away = simd.sub_f32s(x, mean[n]);
        simd.mul_add_e_f32s(away, away, sum)
    });
    let [scale, offset] = constants;
    let (scale, _) = S::as_simd_f32s(&scale[..LANES]);
    let (offset, _) = S::as_simd_f32s(&offset[..LANES]);
    let mut line = [[zero; 2]; N];
    for (n, line) in line.iter_mut().enumerate() {
        let variance = simd.mul_add_e_f32s(squares[n], share, simd.splat_f32s(EPSILON));
        let deviation = simd.sqrt_f32s(variance);
        let gain = simd.div_f32s(scale[n], deviation);
        let shift = simd.sub_f32s(offset[n], simd.mul_f32s(mean[n], gain));
        *line = [gain, shift];
    }
    line
}

/// A sum over all pixels, three at a time so that no addition waits for the one before.
#[inline(always)]
fn total<S: Simd, const N: usize>(
    simd: S,
    plane: &[f32],
    field: Field,
    add: impl Fn(usize, S::f32s, S::f32s) -> S::f32s,
) -> [S::f32s; N] {
    let mut sums = [[simd.splat_f32s(0.0); N]; 3];
    for y in 0..field.height {
        let (values, _) = S::as_simd_f32s(&plane[field.line(y)]);
        for three in values.as_chunks::<N>().0.as_chunks::<3>().0 {
            for (sums, pixel) in sums.iter_mut().zip(three) {
                for (n, (sum, x)) in sums.iter_mut().zip(pixel).enumerate() {
                    *sum = add(n, *sum, *x);
                }
            }
        }
    }
    let [a, b, c] = sums;
    let mut total = a;
    for (n, total) in total.iter_mut().enumerate() {
        *total = simd.add_f32s(simd.add_f32s(a[n], b[n]), c[n]);
    }
    total
}
