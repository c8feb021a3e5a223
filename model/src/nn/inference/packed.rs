//! The weights of a layer in the order in which the products use them.

use super::arena::{Aligned, Layout};
use super::tile::LANES;
use super::winograd;

/// A layer's weights as the network has them.
#[derive(Clone, Debug)]
pub struct Weights {
    /// (out, in, rows, columns); of a transposed convolution (in, out, rows, columns).
    pub kernel: Vec<f32>,
    /// Scale of the norm, one for each output channel.
    pub scale: Vec<f32>,
    /// Offset of the norm, one for each output channel.
    pub offset: Vec<f32>,
}

/// The lanes of a panel of output channels, and the channels that a layer has and gets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) panel: usize,
    pub(crate) channels_in: usize,
    pub(crate) channels_out: usize,
}

impl Size {
    pub(crate) const fn panels(&self) -> usize {
        self.channels_out.div_ceil(self.panel)
    }

    const fn blocks_in(&self) -> usize {
        self.channels_in.div_ceil(LANES)
    }

    /// Bytes of a layer of this size, by its weights for each output channel and its taps.
    pub(crate) const fn bytes(&self, weights: usize, taps: usize) -> usize {
        let channels_out = self.panels() * self.panel;
        let norm = 2 * channels_out * size_of::<f32>();
        let taps = taps * size_of::<usize>() + 4 * size_of::<Vec<usize>>();
        size_of::<Packed>() + Aligned::bytes(channels_out * weights) + norm + taps
    }
}

/// A layer, ready.
#[derive(Debug)]
pub(crate) struct Packed {
    /// One panel after another.
    pub(crate) weights: Aligned,
    /// Values of a panel.
    pub(crate) panel: usize,
    /// Where the taps begin: for each group (a phase of a transposed convolution) its own.
    pub(crate) taps: Vec<Vec<usize>>,
    /// Scale and offset; 0 for channels that fill the last panel up.
    pub(crate) constants: [Vec<f32>; 2],
}

/// The images that a layer reads: the layout of their planes, and of each its first block and its
/// channels.
pub(crate) type From<'a> = (&'a Layout, &'a [[usize; 2]]);

/// Turns a kernel into its points.
type Transform = fn(&[f32]) -> [f32; winograd::POINTS];

/// The blocks of some images, in their order.
fn blocks(images: &[[usize; 2]]) -> Vec<Block> {
    let (mut blocks, mut before) = (Vec::new(), 0);
    for [index, channels] in images {
        for first in (0..*channels).step_by(LANES) {
            blocks.push(Block {
                index: index + first / LANES,
                channel: before + first,
                count: (channels - first).min(LANES),
            });
        }
        before += channels;
    }
    blocks
}

/// A block of input channels: its number, its first channel, and how many it has.
struct Block {
    index: usize,
    channel: usize,
    count: usize,
}

/// A tap: its first input channel and how many it has, where it begins, and its place in the
/// kernel.
struct Tap {
    channel: usize,
    count: usize,
    at: usize,
    place: usize,
}

impl Tap {
    /// The value of channel `k` in the kernel that begins at `pair`; 0 where there is none.
    fn value(&self, k: usize, kernel: &[f32], pair: usize) -> f32 {
        if k < self.count {
            kernel[pair + self.place]
        } else {
            0.0
        }
    }
}

impl Packed {
    /// Groups of taps with `depth` weights each; `value` has the weight of an output channel, an
    /// input channel and a place.
    fn new(
        size: Size,
        depth: usize,
        groups: &[Vec<Tap>],
        weights: &Weights,
        value: impl Fn(usize, &Tap, usize) -> f32,
    ) -> Self {
        let taps: usize = groups.iter().map(Vec::len).sum();
        let panel = taps * depth * size.panel;
        let mut packed = Aligned::zeros(size.panels() * panel);
        let mut rows = packed.chunks_exact_mut(size.panel);
        for first in (0..size.panels()).map(|panel| panel * size.panel) {
            for tap in groups.iter().flatten() {
                for k in 0..depth {
                    let Some(row) = rows.next() else { break };
                    let channels = first..size.channels_out;
                    for (weight, out) in row.iter_mut().zip(channels) {
                        *weight = value(out, tap, k);
                    }
                }
            }
        }
        let constant = |values: &[f32]| {
            let mut padded = vec![0.0; size.panels() * size.panel];
            padded[..values.len()].copy_from_slice(values);
            padded
        };
        let at = |taps: &Vec<Tap>| taps.iter().map(|tap| tap.at).collect();
        Self {
            weights: packed,
            panel,
            taps: groups.iter().map(at).collect(),
            constants: [constant(&weights.scale), constant(&weights.offset)],
        }
    }

    /// The 7×7 convolution of images of single channels with `row` pixels a row, `image` from one
    /// to the next: a tap is a row of the kernel.
    pub(crate) fn input(size: Size, [image, row]: [usize; 2], weights: &Weights) -> Self {
        let tap = |channel: usize, y: usize| Tap {
            channel,
            count: 1,
            at: channel * image + y * row,
            place: 7 * y,
        };
        let channels = 0..size.channels_in;
        let taps = channels.flat_map(|channel| (0..7).map(move |y| tap(channel, y)));
        Self::new(size, 7, &[taps.collect()], weights, |out, tap, k| {
            weights.kernel[(out * size.channels_in + tap.channel) * 49 + tap.place + k]
        })
    }

    /// A convolution with a square kernel over such images. Its first tap lies at the first place
    /// of an image with a border of `border` pixels.
    pub(crate) fn direct(
        size: Size,
        (from, images): From<'_>,
        border: usize,
        weights: &Weights,
    ) -> Self {
        let (kernel, row) = (2 * border + 1, from.field.row);
        let first = from.field.first - border * (row + 1);
        let tap = |block: &Block, place: usize| Tap {
            channel: block.channel,
            count: block.count,
            at: block.index * from.plane + (first + place / kernel * row + place % kernel) * LANES,
            place,
        };
        let places = kernel * kernel;
        let mut taps = Vec::new();
        for block in blocks(images) {
            taps.extend((0..places).map(|place| tap(&block, place)));
        }
        Self::new(size, LANES, &[taps], weights, |out, tap, k| {
            let pair = out * size.channels_in + tap.channel + k;
            tap.value(k, &weights.kernel, pair * places)
        })
    }

    /// A transposed 3×3 convolution to twice the size, from such images: a group for each parity of
    /// the output's row and column, columns first.
    pub(crate) fn transposed(size: Size, (from, images): From<'_>, weights: &Weights) -> Self {
        // Even outputs see the kernel's middle; odd ones its end here, its start one further on.
        let along = |parity: usize| -> &[(usize, usize)] {
            if parity == 0 {
                &[(0, 1)]
            } else {
                &[(0, 2), (1, 0)]
            }
        };
        let group = |phase: usize| {
            let mut taps = Vec::new();
            for block in blocks(images) {
                for &(dy, ky) in along(phase / 2) {
                    for &(dx, kx) in along(phase % 2) {
                        taps.push(Tap {
                            channel: block.channel,
                            count: block.count,
                            at: block.index * from.plane + (dy * from.field.row + dx) * LANES,
                            place: 3 * ky + kx,
                        });
                    }
                }
            }
            taps
        };
        let groups: Vec<Vec<Tap>> = (0..4).map(group).collect();
        Self::new(size, LANES, &groups, weights, |out, tap, k| {
            let pair = (tap.channel + k) * size.channels_out + out;
            tap.value(k, &weights.kernel, pair * 9)
        })
    }

    /// A residual layer, of whose input's points those of a block are `step` values from the next.
    pub(crate) fn residual(size: Size, step: usize, weights: &Weights) -> Self {
        let image = [[0, size.channels_in]];
        let slots = [size.blocks_in(), step];
        Self::filtered(size, (&image, slots), weights, (9, winograd::kernel))
    }

    /// A residual layer whose panels are blocks, kept as kernels: of each panel, of each input
    /// channel, of each place the lanes. [`winograd::Kernels`] turns a panel into its points.
    pub(crate) fn kernels(size: Size, step: usize, weights: &Weights) -> Self {
        let taps = (0..size.blocks_in()).map(|slot| Tap {
            channel: 0,
            count: LANES,
            at: slot * step,
            place: 0,
        });
        let mut packed = Self::new(size, 0, &[taps.collect()], weights, |_, _, _| 0.0);
        packed.panel = size.blocks_in() * LANES * winograd::PLACES * size.panel;
        packed.weights = Aligned::zeros(size.panels() * packed.panel);
        let kernels = weights.kernel.as_chunks::<{ winograd::PLACES }>().0;
        for (pair, kernel) in kernels.iter().enumerate() {
            let (out, channel) = (pair / size.channels_in, pair % size.channels_in);
            let first = out / size.panel * packed.panel + out % size.panel;
            for (place, value) in kernel.iter().enumerate() {
                let row = channel * winograd::PLACES + place;
                packed.weights[first + row * size.panel] = *value;
            }
        }
        packed
    }

    /// A layer that is filtered by points: of each panel, of each point the weights of all blocks
    /// of input channels. Of the points there are so many blocks, and so many values from one to
    /// the next; a kernel has so many places and is turned into points so.
    pub(crate) fn filtered(
        size: Size,
        (images, [slots, step]): (&[[usize; 2]], [usize; 2]),
        weights: &Weights,
        (places, transform): (usize, Transform),
    ) -> Self {
        let taps = (0..slots).map(|slot| Tap {
            channel: 0,
            count: LANES,
            at: slot * step,
            place: 0,
        });
        // The kernels' points go to their places one kernel at a time: each is transformed once.
        let mut packed = Self::new(size, 0, &[taps.collect()], weights, |_, _, _| 0.0);
        let point = slots * LANES * size.panel;
        packed.panel = winograd::POINTS * point;
        packed.weights = Aligned::zeros(size.panels() * packed.panel);
        for out in 0..weights.kernel.len() / (size.channels_in * places) {
            for block in blocks(images) {
                for k in 0..block.count {
                    let pair = out * size.channels_in + block.channel + k;
                    let kernel = &weights.kernel[pair * places..][..places];
                    let row = block.index * LANES + k;
                    let first = out / size.panel * packed.panel + row * size.panel;
                    for (p, value) in transform(kernel).into_iter().enumerate() {
                        packed.weights[first + out % size.panel + p * point] = value;
                    }
                }
            }
        }
        packed
    }
}
