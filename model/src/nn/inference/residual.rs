//! The residual blocks of a pass: Winograd's tiles from layer to layer.

use std::marker::PhantomData;
use std::ops::Range;

use pulp::Simd;

use super::arena::{Aligned, Layout, Scratch, Threads};
use super::grid::{Dilated, Grid, Kind, Mirrored, Zeros};
use super::norm::{Field, Norm, NormAdd};
use super::packed::Packed;
use super::pass::{Pass, of_block};
use super::share::chunks_of;
use super::tile::{LANES, Product};
use super::winograd::{self, POINTS};

/// Values of the points of a block of channels: all grids of these layers have as many tiles.
const BLOCK: usize = Mirrored::BLOCK;
const _: () = assert!(Zeros::BLOCK == BLOCK && Dilated::BLOCK == BLOCK);

/// Residual blocks, ready.
pub(crate) struct Residual<'a, C> {
    /// The layers of each block.
    pub(crate) blocks: &'a [[Packed; 2]],
    /// Scales and offsets of an image in a block's layer.
    pub(crate) constants: C,
    /// The kinds of the layers, which repeat.
    pub(crate) kinds: [Kind; 4],
    /// True if the layers keep kernels, and each panel turns its own into points when it needs
    /// them: a quarter of what would come from memory.
    pub(crate) kernels: bool,
    /// How many images lie side by side: of each block of channels all of them.
    pub(crate) images: usize,
    /// The images between the blocks.
    pub(crate) kept: &'a Layout,
    /// The images within them.
    pub(crate) work: &'a Layout,
}

/// Memory that residual blocks write to.
pub(crate) struct Memory<'a> {
    /// Input, overwritten by the output.
    pub(crate) kept: &'a mut [f32],
    /// The points of a layer's input and of the next one's.
    pub(crate) points: &'a mut [Aligned; 2],
    pub(crate) scratch: &'a Threads,
}

impl<S: Simd, const N: usize, const V: usize> Pass<S, N, V> {
    /// The residual blocks, of the first `count` of the images.
    pub(crate) fn residual<'a, C>(self, net: &Residual<'a, C>, memory: Memory<'_>, count: usize)
    where
        C: Fn(usize, [usize; 2]) -> &'a [Vec<f32>; 2] + Sync,
    {
        let Memory {
            kept,
            points,
            scratch,
        } = memory;
        let (images, layers) = (net.images, 2 * net.blocks.len());
        let (block_len, points_len) = (net.kept.plane, images * BLOCK);
        let plane_len = block_len / images;
        let [mut now, mut next] = points.each_mut().map(|points| &mut points[..]);
        chunks_of(kept, block_len, now, points_len, |_, kept, points| {
            let planes = kept.chunks_exact(plane_len).take(count);
            for (plane, points) in planes.zip(points.chunks_exact_mut(BLOCK)) {
                self.tiles(net.kinds[0], plane, net.kept.field, points);
            }
        });
        for layer in 0..layers {
            let place = [layer / 2, layer % 2];
            let packed = &net.blocks[layer / 2][layer % 2];
            let kind = net.kinds[layer % 4];
            let coming = (layer + 1 < layers).then(|| net.kinds[(layer + 1) % 4]);
            let (kept_len, next_len) = (Self::BLOCKS * block_len, Self::BLOCKS * points_len);
            chunks_of(kept, kept_len, next, next_len, |panel, kept, next| {
                let mut scratch = scratch.own();
                let Scratch {
                    points,
                    plane,
                    weights: turned,
                } = &mut *scratch;
                let weights = &packed.weights[panel * packed.panel..][..packed.panel];
                let taps = &packed.taps[0];
                let sums = (&mut points[..], [images, count]);
                if net.kernels {
                    self.sums_of_kernels((weights, turned), taps, now, sums);
                } else {
                    self.sums::<Mirrored>(weights, taps, now, sums);
                }
                for block in 0..Self::BLOCKS {
                    for image in 0..count {
                        let at = block * images + image;
                        let constants = (net.constants)(image, place);
                        let constants = of_block(constants, panel * Self::BLOCKS + block);
                        let field = net.work.field;
                        self.pixels(kind, &points[at * BLOCK..], plane, field);
                        let kept = &mut kept[at * plane_len..][..plane_len];
                        let kept = (layer % 2 == 1).then_some((kept, net.kept.field));
                        let next = coming.zip(Some(&mut next[at * BLOCK..][..BLOCK]));
                        self.finish((&mut plane[..], field), constants, kept, next);
                    }
                }
            });
            std::mem::swap(&mut now, &mut next);
        }
    }

    /// Norm, sum and ReLU of a block, and the points of what comes out.
    fn finish(
        self,
        (plane, field): (&mut [f32], Field),
        constants: [&[f32]; 2],
        kept: Option<(&mut [f32], Field)>,
        next: Option<(Kind, &mut [f32])>,
    ) {
        let (plane, field): (&[f32], Field) = if let Some((kept, kept_field)) = kept {
            let sum = &mut *kept;
            self.0.vectorize(NormAdd::<N> {
                plane,
                field,
                constants,
                kept: sum,
                kept_field,
            });
            (&*kept, kept_field)
        } else {
            let values = &mut *plane;
            self.0.vectorize(Norm::<N> {
                plane: values,
                field,
                constants,
            });
            (&*plane, field)
        };
        if let Some((kind, points)) = next {
            self.tiles(kind, plane, field, points);
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

    /// The sums of the points of a panel with these weights, of the first `count` of `images`
    /// images, of which each block has the points side by side.
    pub(crate) fn sums<G: Grid>(
        self,
        weights: &[f32],
        taps: &[usize],
        from: &[f32],
        to: (&mut [f32], [usize; 2]),
    ) {
        self.sums_of::<G>(weights, taps, from, to, 0..POINTS);
    }

    /// [`Self::sums`] with kernels, half of whose points are made at a time: all of them and
    /// what they meet are more than a core's cache holds.
    fn sums_of_kernels(
        self,
        (kernels, turned): (&[f32], &mut [f32]),
        taps: &[usize],
        from: &[f32],
        (to, images): (&mut [f32], [usize; 2]),
    ) {
        const HALF: usize = POINTS / 2;
        self.0.vectorize(winograd::Kernels::<N, 0> {
            kernels,
            points: &mut *turned,
        });
        self.sums_of::<Mirrored>(turned, taps, from, (&mut *to, images), 0..HALF);
        self.0.vectorize(winograd::Kernels::<N, 3> {
            kernels,
            points: &mut *turned,
        });
        self.sums_of::<Mirrored>(turned, taps, from, (to, images), HALF..POINTS);
    }

    /// [`Self::sums`] of these points alone, whose weights these are.
    fn sums_of<G: Grid>(
        self,
        weights: &[f32],
        taps: &[usize],
        from: &[f32],
        (to, [images, count]): (&mut [f32], [usize; 2]),
        points: Range<usize>,
    ) {
        let len = weights.len() / points.len();
        for (point, weights) in points.zip(weights.chunks_exact(len)) {
            for image in 0..count {
                let first = image * G::BLOCK + point * G::TILES * LANES;
                let product = Product {
                    a: &from[first..],
                    taps,
                    weights,
                    step: LANES,
                    block: images * G::BLOCK,
                };
                self.product::<LANES, LANES>(G::TILES, product, &mut to[first..]);
            }
        }
    }
}
