//! Kernels of convolutions packed as the left operand of a product.

use super::isa::Isa;
use super::product::panels;
use super::unit::pair;

/// One tap as the products see it: the kernel position or positions whose weights share a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tap {
    /// Offset in the right operand, in units.
    pub(super) offset: usize,
    /// Index of the position in the kernel (row × columns + column).
    pub(super) first: usize,
    /// Position of the upper half of the unit, where positions and not channels are paired.
    pub(super) second: Option<usize>,
}

/// The axis of a kernel `[out, in, position]` that is summed over, and its strides.
#[derive(Clone, Copy)]
pub(super) struct Strides {
    /// Elements from one row of the product to the next.
    pub(super) row: usize,
    /// Elements from one summed channel to the next.
    pub(super) channel: usize,
}

/// Packs `kernel` in panels: of each panel, for each tap and unit of `channels`, its rows.
pub(super) fn pack(
    isa: Isa,
    kernel: &[f32],
    strides: Strides,
    (rows, channels): (usize, usize),
    taps: &[Tap],
    by_position: bool,
) -> Vec<u32> {
    let depth = if by_position {
        1
    } else {
        channels.div_ceil(isa.pack())
    };
    let mut packed = vec![0; rows * taps.len() * depth];
    for (first, count) in panels(rows, isa) {
        let panel = &mut packed[first * taps.len() * depth..][..count * taps.len() * depth];
        for r in 0..count {
            let kernel = &kernel[(first + r) * strides.row..];
            for k in 0..depth {
                for (t, tap) in taps.iter().enumerate() {
                    let at = |channel: usize, position: usize| {
                        kernel[channel * strides.channel + position]
                    };
                    panel[(t * depth + k) * count + r] = if isa.pack() == 1 {
                        at(k, tap.first).to_bits()
                    } else if by_position {
                        pair(
                            at(0, tap.first),
                            tap.second.map_or(0.0, |second| at(0, second)),
                        )
                    } else {
                        let upper = 2 * k + 1 < channels;
                        let upper = if upper { at(2 * k + 1, tap.first) } else { 0.0 };
                        pair(at(2 * k, tap.first), upper)
                    };
                }
            }
        }
    }
    packed
}
