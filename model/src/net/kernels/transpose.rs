//! Planes of channels to rows of channels: the operands of sums over pixels.

use super::isa::{Isa, vectorised};
use super::unit::{join, rounded};

const BLOCK: usize = 16;

/// Units of a row of `channels`: whole vectors, and an odd number of them (see
/// [`super::plane::spread`]).
pub(super) fn row_units(channels: usize) -> usize {
    super::plane::spread(channels)
}

/// Transposes `channels` planes of `len` f32 (as bits), `step` apart, to `rows`: row `q` holds place
/// `q · every` of each channel; where a unit is a pair, with the place after it (0 after the
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
            vectorised(isa, || {
                for q in (0..here).rev() {
                    let at = (start + q) / every * width + first;
                    let wanted = (start + q).is_multiple_of(every);
                    let own = &mut block[q];
                    if isa.pack() == 2 {
                        for value in own.iter_mut() {
                            *value = rounded(f32::from_bits(*value));
                        }
                    }
                    if wanted {
                        let out = &mut rows[at..at + BLOCK];
                        for ((out, own), next) in out.iter_mut().zip(&*own).zip(&next) {
                            *out = if isa.pack() == 2 {
                                join(*own, *next)
                            } else {
                                *own
                            };
                        }
                    }
                    next = *own;
                }
            });
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
