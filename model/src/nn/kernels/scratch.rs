//! Runs work on all images of a batch, each with a scratch buffer.

use rayon::prelude::*;

/// Calls `work` with the index and slice of each chunk of `out` and a scratch of `len` zeros at
/// first, later what an earlier call left there. On a pool of one thread it runs in place.
pub(in crate::nn) fn for_each_chunk<S: Send>(
    out: &mut [f32],
    chunk: usize,
    scratch: impl Fn() -> S + Sync + Send,
    work: impl Fn(usize, &mut [f32], &mut S) + Sync,
) {
    if rayon::current_num_threads() == 1 {
        let mut scratch = scratch();
        for (i, out) in out.chunks_exact_mut(chunk).enumerate() {
            work(i, out, &mut scratch);
        }
    } else {
        out.par_chunks_exact_mut(chunk)
            .enumerate()
            .for_each_init(scratch, |scratch, (i, out)| work(i, out, scratch));
    }
}
