//! The residual blocks of a pass: Winograd's tiles from layer to layer.

use std::marker::PhantomData;

use pulp::Simd;
use rayon::prelude::*;

use super::arena::{Aligned, Layout, Scratch, Threads};
use super::grid::{Dilated, Grid, Kind, Mirrored, Zeros};
use super::norm::{Field, Norm, NormAdd};
use super::packed::Packed;
use super::pass::{Pass, of_block};
use super::tile::{LANES, Product};
use super::winograd::{self, POINTS};

/// Values of the points of a block of channels: all grids of these layers have as many tiles.
const BLOCK: usize = Mirrored::BLOCK;
const _: () = assert!(Zeros::BLOCK == BLOCK && Dilated::BLOCK == BLOCK);

/// Residual blocks, ready.
pub(super) struct Residual<'a, C> {
    /// The layers of each block.
    pub(super) blocks: &'a [[Packed; 2]],
    /// Scales and offsets of a block's layer.
    pub(super) constants: C,
    /// The kinds of the layers, which repeat.
    pub(super) kinds: [Kind; 4],
    /// The images between the blocks.
    pub(super) kept: &'a Layout,
    /// The images within them.
    pub(super) work: &'a Layout,
}

/// What residual blocks write to.
pub(super) struct Memory<'a> {
    /// What goes in and comes out.
    pub(super) kept: &'a mut [f32],
    /// The points of a layer's input and of the next one's.
    pub(super) points: &'a mut [Aligned; 2],
    pub(super) scratch: &'a Threads,
}

impl<S: Simd, const N: usize, const V: usize> Pass<S, N, V> {
    /// The residual blocks.
    pub(super) fn residual<'a, C>(self, net: &Residual<'a, C>, memory: Memory<'_>)
    where
        C: Fn([usize; 2]) -> &'a [Vec<f32>; 2] + Sync,
    {
        let Memory {
            kept,
            points,
            scratch,
        } = memory;
        let (kept_plane, layers) = (net.kept.plane, 2 * net.blocks.len());
        let [mut now, mut next] = points.each_mut().map(|points| &mut points[..]);
        chunks_of(kept, kept_plane, now, BLOCK, |_, plane, points| {
            self.tiles(net.kinds[0], plane, net.kept.field, points);
        });
        for layer in 0..layers {
            let (kind, coming) = (net.kinds[layer % 4], net.kinds[(layer + 1) % 4]);
            let (adds, last) = (layer % 2 == 1, layer + 1 == layers);
            let constants = (net.constants)([layer / 2, layer % 2]);
            let packed = &net.blocks[layer / 2][layer % 2];
            let (kept_len, next_len) = (Self::BLOCKS * kept_plane, Self::BLOCKS * BLOCK);
            chunks_of(kept, kept_len, next, next_len, |panel, kept, next| {
                let mut scratch = scratch.own();
                let Scratch { points, plane } = &mut *scratch;
                let weights = &packed.weights[panel * packed.panel..][..packed.panel];
                self.sums::<Mirrored>(weights, &packed.taps[0], now, points);
                let planes = kept.chunks_exact_mut(kept_plane);
                let blocks = planes.zip(next.chunks_exact_mut(BLOCK)).enumerate();
                for (block, (kept, next)) in blocks {
                    let field = net.work.field;
                    self.pixels(kind, &points[block * BLOCK..], plane, field);
                    let constants = of_block(constants, panel * Self::BLOCKS + block);
                    if adds {
                        let kept_field = net.kept.field;
                        self.0.vectorize(NormAdd::<N> {
                            plane,
                            field,
                            constants,
                            kept,
                            kept_field,
                        });
                        if !last {
                            self.tiles(coming, kept, kept_field, next);
                        }
                    } else {
                        let plane = &mut **plane;
                        self.0.vectorize(Norm::<N> {
                            plane,
                            field,
                            constants,
                        });
                        self.tiles(coming, plane, field, next);
                    }
                }
            });
            std::mem::swap(&mut now, &mut next);
        }
    }

    /// The points of the tiles of a block's image.
    fn tiles(self, kind: Kind, plane: &[f32], field: Field, points: &mut [f32]) {
        match kind {
            Kind::Mirrored => self.tiles_of::<Mirrored>(plane, field, points),
            Kind::Zeros => self.tiles_of::<Zeros>(plane, field, points),
            Kind::Dilated => self.tiles_of::<Dilated>(plane, field, points),
        }
    }

    fn tiles_of<G: Grid>(self, plane: &[f32], field: Field, points: &mut [f32]) {
        let first = field.first - G::MARGIN * (field.row + 1);
        self.0.vectorize(winograd::Input::<G, N> {
            plane: &plane[first * LANES..],
            row: field.row,
            points,
            grid: PhantomData,
        });
    }

    /// The pixels of a block's image from the sums of its tiles' points.
    fn pixels(self, kind: Kind, points: &[f32], plane: &mut [f32], field: Field) {
        match kind {
            Kind::Mirrored => self.pixels_of::<Mirrored>(points, plane, field),
            Kind::Zeros => self.pixels_of::<Zeros>(points, plane, field),
            Kind::Dilated => self.pixels_of::<Dilated>(points, plane, field),
        }
    }

    fn pixels_of<G: Grid>(self, points: &[f32], plane: &mut [f32], field: Field) {
        self.0.vectorize(winograd::Output::<G, N> {
            points,
            plane: &mut plane[field.first * LANES..],
            row: field.row,
            grid: PhantomData,
        });
    }

    /// The sums of the points of a panel with these weights.
    pub(super) fn sums<G: Grid>(
        self,
        weights: &[f32],
        taps: &[usize],
        from: &[f32],
        to: &mut [f32],
    ) {
        for (point, weights) in weights.chunks_exact(weights.len() / POINTS).enumerate() {
            let first = point * G::TILES * LANES;
            let product = Product {
                a: &from[first..],
                taps,
                weights,
                step: LANES,
                block: G::BLOCK,
            };
            self.product::<LANES, LANES>(G::TILES, product, &mut to[first..]);
        }
    }
}

/// Shares the chunks of two at once out to the threads of the current pool.
fn chunks_of(
    first: &mut [f32],
    first_len: usize,
    second: &mut [f32],
    second_len: usize,
    work: impl Fn(usize, &mut [f32], &mut [f32]) + Sync,
) {
    if rayon::current_num_threads() == 1 {
        let first = first.chunks_exact_mut(first_len);
        let both = first.zip(second.chunks_exact_mut(second_len)).enumerate();
        both.for_each(|(index, (first, second))| work(index, first, second));
    } else {
        let first = first.par_chunks_exact_mut(first_len);
        let second = second.par_chunks_exact_mut(second_len);
        let both = first.zip(second).enumerate();
        both.for_each(|(index, (first, second))| work(index, first, second));
    }
}
