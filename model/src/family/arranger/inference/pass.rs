//! One forward pass of the arranger. As the generator's, it is cut into panels of output channels,
//! the last layer into lines.

use pulp::Simd;

use super::arena::{ArrangerArena, FULL, HALF, IMAGE, IMAGES, LOW, LOWS};
use super::first::{CHANGING, Planes, draw};
use super::{FoldedNorms, PreparedArranger};
use crate::family::arranger::{Canvas, encoding};
use crate::nn::inference::grid::Kind;
use crate::nn::inference::pass::Pass;
use crate::nn::inference::residual::{Memory, Residual};
use crate::nn::inference::tile::LANES;
use crate::roll::{CELLS, PITCHES};

/// Every second block's first layer looks twice as far.
const KINDS: [Kind; 4] = [Kind::Zeros, Kind::Zeros, Kind::Dilated, Kind::Zeros];

impl<S: Simd, const N: usize, const V: usize> Pass<S, N, V> {
    /// The logits of a canvas in one style or two.
    pub(super) fn arrange(
        self,
        net: &PreparedArranger,
        arena: &mut ArrangerArena,
        canvas: &Canvas,
        styles: &mut [(&FoldedNorms, &mut [f32])],
    ) {
        arena.scratch.grow(rayon::current_num_threads());
        arena.lines.grow(rayon::current_num_threads());
        self.downwards(net, arena, canvas, styles);

        let norms: [&FoldedNorms; IMAGES] = [styles[0].0, styles[styles.len() - 1].0];
        let blocks = Residual {
            blocks: &net.residual,
            constants: |image: usize, [block, layer]: [usize; 2]| {
                norms[image].down(3 + 2 * block + layer)
            },
            kinds: KINDS,
            kernels: true,
            images: IMAGES,
            kept: &LOWS,
            work: &LOW,
        };
        let low = arena.low.len() - LOW.plane;
        let memory = Memory {
            kept: &mut arena.low[..low],
            points: &mut arena.points,
            scratch: &arena.scratch,
        };
        // Panels of one block each, as the weights are laid out.
        let block = Pass::<S, N, N>(self.0);
        block.residual(&blocks, memory, styles.len());

        for (image, (norms, logits)) in styles.iter_mut().enumerate() {
            self.upwards(net, arena, image, norms);
            // All logits fit a block: a panel of more would compute nothing in the rest.
            let full = &arena.styles[image].full;
            let to = (&arena.lines, &mut arena.last[..]);
            block.last(&net.output, full, &canvas.hidden, to);
            let values = arena.last.as_chunks::<LANES>().0;
            for (step, values) in values.chunks_exact(PITCHES).enumerate() {
                let hidden = |row: &usize| canvas.hidden.get(step, *row);
                for row in (0..PITCHES).filter(hidden) {
                    for (logit, (value, bias)) in values[row].iter().zip(net.bias).enumerate() {
                        logits[logit * CELLS + step * PITCHES + row] = value + bias;
                    }
                }
            }
        }
    }

    /// The layers before the residual blocks. Styles differ from the first norm on.
    fn downwards(
        self,
        net: &PreparedArranger,
        arena: &mut ArrangerArena,
        canvas: &Canvas,
        styles: &[(&FoldedNorms, &mut [f32])],
    ) {
        let cells = encoding::drawn_planes(canvas);
        for (roll, image) in cells.iter().zip(arena.input.chunks_exact_mut(IMAGE)) {
            draw(roll, image);
        }
        let images = &*arena.input;
        let (changing, staying) = cells.split_at(CHANGING);
        let planes = |first, cells| Planes {
            first,
            cells,
            images,
        };
        if arena.kept_cells.as_ref().is_none_or(|kept| kept != staying) {
            arena.kept_cells = staying.try_into().ok();
            self.first(net, planes(CHANGING, staying), &net.place, &mut arena.kept);
        }
        self.first(net, planes(0, changing), &arena.kept, &mut arena.first);
        for (image, (norms, _)) in styles.iter().enumerate() {
            let style = &mut arena.styles[image];
            let (full, half) = (style.full.len() / 2, style.half.len() / 2);

            let (from, to) = (&*arena.first, &mut style.full[full..]);
            let panel_len = Self::BLOCKS * FULL.plane;
            self.normed(norms.down(0), &FULL, to, |panel, to| {
                to.copy_from_slice(&from[panel * panel_len..][..panel_len]);
            });
            let (from, to) = (&style.full[full..], &mut style.half[half..]);
            let layer = &net.down[0];
            self.panels((layer, norms.down(1)), &HALF, to, |weights, to| {
                self.strided(&layer.taps[0], [&FULL, &HALF], weights, from, to);
            });
            let low = arena.low.len() - LOW.plane;
            let from = &style.half[half..];
            let to = &mut arena.low[image * LOW.plane..][..low];
            let layer = &net.down[1];
            self.panels((layer, norms.down(2)), &LOWS, to, |weights, to| {
                self.strided(&layer.taps[0], [&HALF, &LOWS], weights, from, to);
            });
        }
    }

    /// The transposed layers after them.
    fn upwards(
        self,
        net: &PreparedArranger,
        arena: &mut ArrangerArena,
        image: usize,
        norms: &FoldedNorms,
    ) {
        let style = &mut arena.styles[image];
        let (full, half) = (style.full.len() / 2, style.half.len() / 2);
        let (from, to) = (&arena.low[image * LOW.plane..], &mut style.half[..half]);
        let layer = &net.up[0];
        self.panels((layer, norms.up(0)), &HALF, to, |weights, to| {
            self.transposed(&layer.taps, [&LOWS, &HALF], weights, from, to);
        });
        let (from, to) = (&*style.half, &mut style.full[..full]);
        let layer = &net.up[1];
        self.panels((layer, norms.up(1)), &FULL, to, |weights, to| {
            self.transposed(&layer.taps, [&HALF, &FULL], weights, from, to);
        });
    }
}
