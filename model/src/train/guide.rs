//! The guide: a classifier that knows nothing but real music, whose gradient leads the
//! generators towards the target genre.
//!
//! The discriminators learn to see through the generators, by whatever betrays them; the guide
//! stays as it is and says only which genre a phrase is. It is taught with phrases seen through
//! a window of some steps and pitches with cells flipped at random, and shown the fakes in
//! the same way, so that it cannot be won over by single cells or by one pattern in a corner:
//! the style has to be everywhere. Its loss vanishes where it is convinced, and leaves the rest
//! to the cycle.
//!
//! The paper (section 2.5 there) has such a classifier as judge only. Ours has the first judge's
//! shape and learns from the same pieces and more: where a generator was guided, the second judge
//! is the independent one.

use std::collections::HashMap;
use std::ops::Range;

use candle_core::{DType, Device, Result, Tensor};
use candle_nn::VarBuilder;
use candle_nn::loss::cross_entropy;

use super::evaluate::judge::Judge;
use super::evaluate::judge::patches::Patches;
use crate::genre::Direction;
use crate::net::init::Normal;
use crate::roll::{PITCHES, Roll, STEPS};

/// Cells are flipped at a rate from 0 to this.
const MOST_FLIPPED: f64 = 0.01;
/// Steps of the shortest window.
const LEAST_STEPS: usize = 16;
/// Pitches of the narrowest window: three octaves.
const LEAST_PITCHES: usize = 36;

/// What is seen of a phrase: the cells inside, some of them flipped.
struct Window {
    steps: Range<usize>,
    pitches: Range<usize>,
    rate: f64,
}

impl Window {
    fn draw(draw: &mut Normal) -> Self {
        let mut part = |least: usize, whole: usize| {
            let length = least + draw.next_below(whole - least + 1);
            let start = draw.next_below(whole - length + 1);
            start..start + length
        };
        Self {
            steps: part(LEAST_STEPS, STEPS),
            pitches: part(LEAST_PITCHES, PITCHES),
            rate: draw.next_uniform() * MOST_FLIPPED,
        }
    }

    /// For each cell, step by step: whether it is seen and whether it is flipped.
    fn cells(self, draw: &mut Normal) -> impl Iterator<Item = (bool, bool)> {
        let places = (0..STEPS).flat_map(|step| (0..PITCHES).map(move |row| (step, row)));
        places.map(move |(step, row)| {
            let seen = self.steps.contains(&step) && self.pitches.contains(&row);
            (seen, draw.next_uniform() < self.rate)
        })
    }
}

/// A trained classifier whose weights stay.
pub struct Guide {
    network: Patches,
    device: Device,
}

impl Guide {
    /// From a judge of the shape `guide`.
    pub fn new(judge: &Judge, device: &Device) -> Result<Self> {
        let plain = |(name, tensor): (String, Tensor)| Ok((name, tensor.to_device(device)?));
        let weights: HashMap<String, Tensor> = judge
            .tensors()
            .into_iter()
            .map(plain)
            .collect::<Result<_>>()?;
        let weights = VarBuilder::from_tensors(weights, DType::F32, device);
        Ok(Self {
            network: Patches::new(&weights)?,
            device: device.clone(),
        })
    }

    /// How far the fakes of a direction are from being taken for their target genre: the
    /// cross-entropy, a mean over the phrases.
    pub(super) fn loss(
        &self,
        fakes: &Tensor,
        direction: Direction,
        draw: &mut Normal,
    ) -> Result<Tensor> {
        let rolls = fakes.dim(0)?;
        // What is shown of a cell x is a·x + b: x where it is seen, 1 − x where it is flipped.
        let [mut a, mut b] = [(); 2].map(|()| Vec::with_capacity(rolls * STEPS * PITCHES));
        for _ in 0..rolls {
            for (seen, flipped) in Window::draw(draw).cells(draw) {
                a.push(if seen {
                    1.0 - 2.0 * f32::from(flipped)
                } else {
                    0.0
                });
                b.push(f32::from(seen && flipped));
            }
        }
        let cells = |values| Tensor::from_vec(values, fakes.shape(), &self.device);
        let shown = ((fakes * cells(a)?)? + cells(b)?)?;
        let target: u32 = match direction {
            Direction::AToB => 1,
            Direction::BToA => 0,
        };
        let logits = self.network.logits(&Patches::scaled(&shown)?)?;
        cross_entropy(&logits, &Tensor::full(target, rolls, &self.device)?)
    }
}

/// The roll through a window.
pub(super) fn through_window(roll: &Roll, draw: &mut Normal) -> Roll {
    let mut shown = Roll::EMPTY;
    for (at, (seen, flipped)) in Window::draw(draw).cells(draw).enumerate() {
        let (step, row) = (at / PITCHES, at % PITCHES);
        shown.set(step, row, seen && roll.get(step, row) != flipped);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::tensor_of_rolls;
    use crate::train::evaluate::judge::{Shape, tests::Music};

    fn loss(guide: &Guide, cells: &Tensor, direction: Direction) -> Tensor {
        guide.loss(cells, direction, &mut Normal::new(4)).unwrap()
    }

    #[test]
    fn it_asks_for_the_target_genre_and_says_how() {
        let music = Music::new();
        let guide = Guide::new(&music.judge(Shape::Guide, 3), &Device::Cpu).unwrap();
        let [a, b] =
            [0, 1].map(|at: usize| tensor_of_rolls(&music.validation[at], &Device::Cpu).unwrap());
        let number = |tensor: Tensor| tensor.to_scalar::<f32>().unwrap();
        for direction in Direction::BOTH {
            let (source, target) = match direction {
                Direction::AToB => (&a, &b),
                Direction::BToA => (&b, &a),
            };
            let far = number(loss(&guide, source, direction));
            let near = number(loss(&guide, target, direction));
            assert!(near < far - 0.1, "{direction:?}: {near} {far}");
        }
        // A step down its gradient brings a phrase nearer.
        let cells = candle_core::Var::from_tensor(&a).unwrap();
        let before = loss(&guide, cells.as_tensor(), Direction::AToB);
        let gradients = before.backward().unwrap();
        let gradient = gradients.get(&cells).unwrap();
        let moved = (cells.as_tensor() - (gradient * 0.5).unwrap()).unwrap();
        assert!(number(loss(&guide, &moved, Direction::AToB)) < number(before));
    }

    #[test]
    fn a_window_shows_most_of_what_lies_in_it() {
        let mut draw = Normal::new(7);
        let mut full = Roll::EMPTY;
        (0..PITCHES).for_each(|row| full.fill(row, 0, STEPS));
        let (mut seen, mut sprinkled) = (0, 0);
        for _ in 0..40 {
            seen += through_window(&full, &mut draw).count();
            sprinkled += through_window(&Roll::EMPTY, &mut draw).count();
        }
        let cells = 40.0 * (STEPS * PITCHES) as f64;
        let (seen, sprinkled) = (f64::from(seen) / cells, f64::from(sprinkled) / cells);
        assert!((0.3..0.6).contains(&seen), "{seen}");
        assert!((0.001..0.004).contains(&sprinkled), "{sprinkled}");
    }
}
