//! The f32 micro-kernel in plain loops, for any CPU; the compiler's vectors do the rest.
#![expect(
    unsafe_code,
    reason = "the same raw pointers as the other micro-kernels"
)]

use super::product::{Kernel, Tile, by_size};

const LANES: usize = 8;

/// The kernel for a tile without any instruction set asked for.
pub(super) fn plain(rows: usize, vectors: usize) -> Kernel {
    by_size!(plain_tile, rows, vectors, [1 2 3 4 5 6])
}

/// The portable tile, compiled for AVX2 with fused multiply-add.
#[cfg(target_arch = "x86_64")]
pub(super) fn avx2(rows: usize, vectors: usize) -> Kernel {
    by_size!(avx2_tile, rows, vectors, [1 2 3 4 5 6])
}

/// # Safety
/// See [`Kernel`].
unsafe fn plain_tile<const ROWS: usize, const VECTORS: usize>(tile: &Tile<'_>) {
    // Fused where the baseline has the instruction; elsewhere `mul_add` would be a library call.
    const FUSED: bool = cfg!(any(target_arch = "aarch64", target_feature = "fma"));
    // SAFETY: as the caller promises.
    unsafe { tile_of::<ROWS, VECTORS, FUSED>(tile) }
}

/// # Safety
/// See [`Kernel`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn avx2_tile<const ROWS: usize, const VECTORS: usize>(tile: &Tile<'_>) {
    // SAFETY: as the caller promises.
    unsafe { tile_of::<ROWS, VECTORS, true>(tile) }
}

#[inline(always)]
unsafe fn tile_of<const ROWS: usize, const VECTORS: usize, const FUSED: bool>(tile: &Tile<'_>) {
    let mut sums = [[[0.0_f32; LANES]; VECTORS]; ROWS];
    let mut a = tile.a;
    for &tap in tile.taps {
        // SAFETY: `Product::check` has seen that `a` holds `ROWS` units at each depth of each
        // tap and `b` all vectors of columns under each tap; every unit is an f32 here.
        unsafe {
            let mut b = tile.b.add(tap);
            for _ in 0..tile.depth {
                let right = b.cast::<[[f32; LANES]; VECTORS]>().read();
                for (r, sums) in sums.iter_mut().enumerate() {
                    let left = a.add(r).cast::<f32>().read();
                    for (sums, right) in sums.iter_mut().zip(&right) {
                        for (sum, right) in sums.iter_mut().zip(right) {
                            *sum = if FUSED {
                                left.mul_add(*right, *sum)
                            } else {
                                left * right + *sum
                            };
                        }
                    }
                }
                a = a.add(tile.a_step);
                b = b.add(tile.b_step);
            }
        }
    }
    // Through memory, once: an array that is indexed in a loop would live there all along.
    let sums = std::hint::black_box(sums);
    for (r, sums) in sums.iter().enumerate() {
        for (sums, lanes) in sums.iter().zip(tile.columns) {
            let mut at = r * tile.width + lanes.at as usize;
            for (lane, sum) in sums.iter().enumerate() {
                if lanes.mask >> lane & 1 == 1 {
                    // SAFETY: `Product::check` has seen that the lanes lie inside the result.
                    unsafe {
                        let c = tile.c.add(at);
                        *c = if tile.add { *c + sum } else { *sum };
                    }
                    at += 1;
                }
            }
        }
    }
}
