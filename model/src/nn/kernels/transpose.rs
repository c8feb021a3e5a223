//! Planes of channels to rows of channels: the operands of sums over pixels.

use super::isa::{Isa, for_each_isa};
use super::unit::{join, rounded};

const BLOCK: usize = 16;

/// Units of a row of `channels`: whole vectors, and an odd number of them (see
/// [`super::plane::spread`]).
pub(super) fn row_units(channels: usize) -> usize {
    super::plane::spread(channels)
}

/// Transposes `channels` planes of `len` f32 (as bits), `step` apart, to `rows`: row `q` holds
/// place `q · every` of each channel; where a unit is a pair, with the place after it (0 after the
/// last).
pub(super) fn transpose(
    isa: Isa,
    (values, step): (&[u32], usize),
    (channels, len): (usize, usize),
    every: usize,
    rows: &mut [u32],
) {
    let width = row_units(channels);
    let blocks = len.div_ceil(BLOCK);
    let mut block = [[0_u32; BLOCK]; BLOCK];
    for first in (0..channels).step_by(BLOCK) {
        let count = BLOCK.min(channels - first);
        let mut next = [0_u32; BLOCK];
        for start in (0..blocks).rev().map(|i| i * BLOCK) {
            let here = BLOCK.min(len - start);
            if count == BLOCK && here == BLOCK {
                transpose_block(isa, &values[first * step + start..], step, &mut block);
            } else {
                block = [[0; BLOCK]; BLOCK];
                for c in 0..count {
                    let plane = &values[(first + c) * step + start..][..here];
                    for (row, value) in block.iter_mut().zip(plane) {
                        row[c] = *value;
                    }
                }
            }
            let place = Place {
                // `every` is 1 or 2 and divides the block.
                first: start / every * width + first,
                width,
                every,
                pairs: isa.pack() == 2,
            };
            write_rows(isa, &mut block[..here], place, &mut next, rows);
        }
    }
}

/// Where the rows of a block go.
#[derive(Clone, Copy)]
struct Place {
    first: usize,
    width: usize,
    every: usize,
    pairs: bool,
}

for_each_isa! {
    /// Writes the rows of a block, last first; `next` is the rounded row after it, and then that
    /// after the block before.
    fn write_rows(
        block: &mut [[u32; BLOCK]],
        place: Place,
        next: &mut [u32; BLOCK],
        rows: &mut [u32],
    ) {
        if place.pairs {
            for value in block.as_flattened_mut() {
                *value = rounded(f32::from_bits(*value));
            }
        }
        for (q, own) in block.iter().enumerate().rev() {
            if place.every == 1 || q % 2 == 0 {
                let at = place.first + q / place.every * place.width;
                let out = rows[at..].first_chunk_mut::<BLOCK>().expect("rows are whole vectors");
                *out = *own;
                if place.pairs {
                    for (out, next) in out.iter_mut().zip(&*next) {
                        *out = join(*out, *next);
                    }
                }
            }
            *next = *own;
        }
    }
}

fn transpose_block(isa: Isa, values: &[u32], step: usize, block: &mut [[u32; BLOCK]; BLOCK]) {
    assert!(
        values.len() >= (BLOCK - 1) * step + BLOCK,
        "a whole block of values"
    );
    match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 | Isa::Avx512Bf16 => {
            #[expect(unsafe_code, reason = "vector instructions")]
            // SAFETY: the block lies inside `values`, and the kernels of this instruction set
            // have checked that the CPU has it.
            unsafe {
                super::avx512::transpose(values.as_ptr(), step, block);
            }
        }
        _ => {
            for (c, plane) in values.chunks(step).take(BLOCK).enumerate() {
                for (row, value) in block.iter_mut().zip(plane) {
                    row[c] = *value;
                }
            }
        }
    }
}
