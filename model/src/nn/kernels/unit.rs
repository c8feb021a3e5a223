//! The 4-byte unit that all packed operands are made of: an f32, or two bf16.

/// Bits of `value` rounded to bf16 (nearest, ties to even) in the upper half; the lower half is
/// of no use. A NaN stays a NaN.
#[inline(always)]
pub(super) fn rounded(value: f32) -> u32 {
    let bits = value.to_bits();
    let nearest = bits.wrapping_add(0x7fff + ((bits >> 16) & 1));
    // Rounding up could turn a NaN into an infinity or a zero.
    if value.is_nan() {
        bits | 0x0040_0000
    } else {
        nearest
    }
}

/// The unit of two rounded values, the first in the lower half.
#[inline(always)]
pub(super) fn join(first: u32, second: u32) -> u32 {
    (first >> 16) | (second & 0xffff_0000)
}

/// The unit of two values as bf16.
#[inline(always)]
pub(super) fn pair(first: f32, second: f32) -> u32 {
    join(rounded(first), rounded(second))
}
