//! The arranger's first layer. Most cells of a canvas are 0, so windows without a cell are left
//! out. The planes of place are the same always, so what they add is computed once; those of tune
//! and harmony are the same in all passes of an answer, so what they add is kept from pass to pass.

use pulp::{Simd, WithSimd};

use super::PreparedArranger;
use super::arena::{FULL, IMAGE, line};
use crate::family::arranger::PLANES;
use crate::family::arranger::encoding::{self, DRAWN};
use crate::nn::inference::arena::{Aligned, INPUT};
use crate::nn::inference::packed::Packed;
use crate::nn::inference::pass::Pass;
use crate::nn::inference::share::chunks;
use crate::nn::inference::tile::LANES;
use crate::roll::{CELLS, PITCHES, Roll, STEPS};

/// Planes that change from pass to pass: the first of those that a canvas decides.
pub(super) const CHANGING: usize = 3;
/// Rows and columns of the kernel.
const SIZE: usize = 7;

/// Contribution of the position planes to each pixel, from weights in panels of `lanes` lanes.
pub(super) fn place(layer: &Packed, lanes: usize) -> Aligned {
    let mut values = vec![0.0; (PLANES - DRAWN) * CELLS];
    encoding::write_place(&mut values);
    let mut images = vec![0.0; (PLANES - DRAWN) * IMAGE];
    let planes = values.chunks_exact(CELLS);
    for (values, image) in planes.zip(images.chunks_exact_mut(IMAGE)) {
        for (step, values) in values.chunks_exact(PITCHES).enumerate() {
            image[line(step)].copy_from_slice(values);
        }
    }
    let panels = layer.weights.chunks_exact(layer.panel);
    let mut sums = Aligned::zeros(panels.len() * lanes / LANES * FULL.plane);
    for (weights, sums) in panels.zip(sums.chunks_exact_mut(lanes / LANES * FULL.plane)) {
        let weights = &weights[DRAWN * SIZE * SIZE * lanes..];
        for cell in 0..CELLS {
            let (step, row) = (cell / PITCHES, cell % PITCHES);
            let pixel = FULL.field.line(step).start + row * LANES;
            for (tap, weights) in weights.chunks_exact(SIZE * lanes).enumerate() {
                let at = tap / SIZE * IMAGE + (step + tap % SIZE) * INPUT.field.row + row;
                for (value, weights) in images[at..].iter().zip(weights.chunks_exact(lanes)) {
                    for (block, weights) in weights.chunks_exact(LANES).enumerate() {
                        let sums = &mut sums[block * FULL.plane + pixel..][..LANES];
                        for (sum, weight) in sums.iter_mut().zip(weights) {
                            *sum += value * weight;
                        }
                    }
                }
            }
        }
    }
    sums
}

/// Writes the cells of a roll into an input image.
pub(super) fn draw(roll: &Roll, image: &mut [f32]) {
    for (step, cells) in roll.steps().iter().enumerate() {
        let halves = [*cells as u64, (*cells >> (PITCHES / 2)) as u64];
        let values = image[line(step)].chunks_exact_mut(PITCHES / 2);
        for (half, values) in halves.into_iter().zip(values) {
            for (row, value) in values.iter_mut().enumerate() {
                *value = (half >> row & 1) as f32;
            }
        }
    }
}

/// Some of the planes that a canvas decides.
#[derive(Clone, Copy)]
pub(super) struct Planes<'a> {
    /// The number of the first.
    pub(super) first: usize,
    /// The cells of each.
    pub(super) cells: &'a [Roll],
    /// The images of all planes.
    pub(super) images: &'a [f32],
}

/// A row of the kernel that meets a cell: where it begins in the images, and in the weights.
#[derive(Clone, Copy, Default)]
struct Tap {
    at: usize,
    weights: usize,
}

impl<S: Simd, const N: usize, const V: usize> Pass<S, N, V> {
    /// Adds the planes from `first` on, with these cells and images, to `from` in the first
    /// layer's panels.
    pub(super) fn first(
        self,
        net: &PreparedArranger,
        planes: Planes<'_>,
        from: &[f32],
        to: &mut [f32],
    ) {
        let panel_len = Self::BLOCKS * FULL.plane;
        chunks(to, panel_len, |panel, to| {
            self.panel(
                net,
                planes,
                panel,
                &from[panel * panel_len..][..panel_len],
                to,
            );
        });
    }

    fn panel(
        self,
        net: &PreparedArranger,
        planes: Planes<'_>,
        panel: usize,
        from: &[f32],
        to: &mut [f32],
    ) {
        let weights = &net.input.weights[panel * net.input.panel..][..net.input.panel];
        let room = S::REGISTER_COUNT * 3 / 4 / V;
        if S::IS_SCALAR {
            self.segments::<3>(weights, planes, from, to);
        } else if room < 12 {
            self.segments::<6>(weights, planes, from, to);
        } else {
            self.segments::<12>(weights, planes, from, to);
        }
    }

    fn segments<const R: usize>(
        self,
        weights: &[f32],
        Planes {
            first,
            cells,
            images,
        }: Planes<'_>,
        from: &[f32],
        to: &mut [f32],
    ) {
        let window = (1_u128 << (R + SIZE - 1)) - 1;
        for step in 0..STEPS {
            for row in (0..PITCHES).step_by(R) {
                let (mut taps, mut count) = ([Tap::default(); DRAWN * SIZE], 0);
                for tap in 0..cells.len() * SIZE {
                    let (plane, y) = (tap / SIZE, tap % SIZE);
                    let Some(cells) = (step + y)
                        .checked_sub(SIZE / 2)
                        .and_then(|step| cells[plane].steps().get(step))
                    else {
                        continue;
                    };
                    if *cells << (SIZE / 2) >> row & window != 0 {
                        taps[count] = Tap {
                            at: (first + plane) * IMAGE + (step + y) * INPUT.field.row + row,
                            weights: (first * SIZE + tap) * SIZE,
                        };
                        count += 1;
                    }
                }
                let pixel = FULL.field.line(step).start + row * LANES;
                self.0.vectorize(Segment::<R, N, V> {
                    images,
                    taps: &taps[..count],
                    weights,
                    from: &from[pixel..],
                    to: &mut to[pixel..],
                });
            }
        }
    }
}

/// Some pixels of a line: what place adds, and the sums of the taps.
struct Segment<'a, const R: usize, const N: usize, const V: usize> {
    images: &'a [f32],
    taps: &'a [Tap],
    /// The panel's weights.
    weights: &'a [f32],
    from: &'a [f32],
    to: &'a mut [f32],
}

impl<const R: usize, const N: usize, const V: usize> WithSimd for Segment<'_, R, N, V> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let mut sums = [[simd.splat_f32s(0.0); V]; R];
        for (r, sums) in sums.iter_mut().enumerate() {
            for (b, sums) in sums.as_chunks_mut::<N>().0.iter_mut().enumerate() {
                let from = &self.from[b * FULL.plane + r * LANES..][..LANES];
                sums.copy_from_slice(S::as_simd_f32s(from).0);
            }
        }
        let (weights, _) = S::as_simd_f32s(self.weights);
        let (weights, _) = weights.as_chunks::<V>();
        for tap in self.taps {
            let a = &self.images[tap.at..][..R + SIZE - 1];
            for (k, weights) in weights[tap.weights..][..SIZE].iter().enumerate() {
                for (r, sums) in sums.iter_mut().enumerate() {
                    let value = simd.splat_f32s(a[r + k]);
                    for (sum, weight) in sums.iter_mut().zip(weights) {
                        *sum = simd.mul_add_e_f32s(value, *weight, *sum);
                    }
                }
            }
        }
        for (r, sums) in sums.iter().enumerate() {
            for (b, sums) in sums.as_chunks::<N>().0.iter().enumerate() {
                let to = &mut self.to[b * FULL.plane + r * LANES..][..LANES];
                S::as_mut_simd_f32s(to).0.copy_from_slice(sums);
            }
        }
    }
}
