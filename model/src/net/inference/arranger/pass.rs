//! One forward pass of the arranger. As the generator's, it is cut into panels of output channels,
//! the last layer into lines.

use pulp::Simd;

use super::super::arena::INPUT;
use super::super::grid::Kind;
use super::super::pass::{Pass, chunks};
use super::super::residual::{Memory, Residual};
use super::super::tile::{LANES, Product};
use super::arena::{Arena, FULL, HALF, IMAGE, LOW, line};
use super::{Norms, Prepared};
use crate::family::arranger::{Canvas, encoding};
use crate::roll::{CELLS, PITCHES, Roll};

/// Every second block's first layer looks twice as far.
const KINDS: [Kind; 4] = [Kind::Zeros, Kind::Zeros, Kind::Dilated, Kind::Zeros];

impl<S: Simd, const N: usize, const V: usize> Pass<S, N, V> {
    /// The logits of a canvas.
    pub(super) fn arrange(
        self,
        net: &Prepared,
        arena: &mut Arena,
        canvas: &Canvas,
        norms: &Norms,
        logits: &mut [f32],
    ) {
        arena.scratch.grow(rayon::current_num_threads());
        let images = arena.input.chunks_exact_mut(IMAGE);
        for (roll, image) in encoding::drawn_planes(canvas).iter().zip(images) {
            draw(roll, image);
        }
        let [input, down1, down2, residual @ .., up1, up2] = &norms.0[..] else {
            return;
        };
        let (full, half) = (arena.full.len() / 2, arena.half.len() / 2);

        let image = &*arena.input;
        let to = &mut arena.full[full..];
        self.panels((&net.input, input), &FULL, to, |weights, to| {
            for line in 0..FULL.field.height {
                let product = Product {
                    a: &image[line * INPUT.field.row..],
                    taps: &net.input.taps[0],
                    weights,
                    step: LANES,
                    block: FULL.plane,
                };
                let c = &mut to[FULL.field.line(line).start..];
                self.product::<1, 7>(FULL.field.width, product, c);
            }
        });
        let (from, to) = (&arena.full[full..], &mut arena.half[half..]);
        let layer = &net.down[0];
        self.panels((layer, down1), &HALF, to, |weights, to| {
            self.strided(&layer.taps[0], [&FULL, &HALF], weights, from, to);
        });
        let (from, to) = (&arena.half[half..], &mut arena.low[..]);
        let layer = &net.down[1];
        self.panels((layer, down2), &LOW, to, |weights, to| {
            self.strided(&layer.taps[0], [&HALF, &LOW], weights, from, to);
        });

        let blocks = Residual {
            blocks: &net.residual,
            constants: |[block, layer]: [usize; 2]| &residual[2 * block + layer],
            kinds: KINDS,
            kept: &LOW,
            work: &LOW,
        };
        let memory = Memory {
            kept: &mut arena.low,
            points: &mut arena.points,
            scratch: &arena.scratch,
        };
        let block = Pass::<S, N, N>(self.0);
        block.residual(&blocks, memory);

        let (from, to) = (&*arena.low, &mut arena.half[..half]);
        let layer = &net.up[0];
        self.panels((layer, up1), &HALF, to, |weights, to| {
            self.transposed(&layer.taps, [&LOW, &HALF], weights, from, to);
        });
        let (from, to) = (&*arena.half, &mut arena.full[..full]);
        let layer = &net.up[1];
        self.panels((layer, up2), &FULL, to, |weights, to| {
            self.transposed(&layer.taps, [&HALF, &FULL], weights, from, to);
        });

        // All logits fit a block: a panel of more would compute nothing in the rest.
        let (from, layer) = (&*arena.full, &net.output);
        let line = FULL.field.width * LANES;
        chunks(&mut arena.last, line, |line, to| {
            let product = Product {
                a: &from[line * FULL.field.row * LANES..],
                taps: &layer.taps[0],
                weights: &layer.weights,
                step: LANES,
                block: 0,
            };
            block.product::<LANES, LANES>(FULL.field.width, product, to);
        });
        for (cell, values) in arena.last.as_chunks::<LANES>().0.iter().enumerate() {
            for (logit, (value, bias)) in values.iter().zip(net.bias).enumerate() {
                logits[logit * CELLS + cell] = value + bias;
            }
        }
    }
}

/// Writes the cells of a roll into an input image.
fn draw(roll: &Roll, image: &mut [f32]) {
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
