//! The guide: a classifier that knows nothing but real music, whose gradient leads the
//! generators towards the target genre.
//!
//! The discriminators learn to see through the generators, by whatever betrays them; the guide
//! stays as it is and says only which genre a phrase is. It is taught with cells flipped at
//! random, and shown the fakes with cells flipped too, so that it cannot be won over by single
//! cells. Its loss vanishes where it is convinced, and leaves the rest to the cycle.
//!
//! The paper (section 2.5 there) has such a classifier as judge only. Ours has the first judge's
//! shape and learns from the same pieces and more: where a generator was guided, the second judge
//! is the independent one.

use std::collections::HashMap;

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
        let mut flipped = Vec::with_capacity(rolls * STEPS * PITCHES);
        for _ in 0..rolls {
            let rate = draw.next_uniform() * MOST_FLIPPED;
            let cells = (0..STEPS * PITCHES).map(|_| f32::from(draw.next_uniform() < rate));
            flipped.extend(cells);
        }
        let flipped = Tensor::from_vec(flipped, fakes.shape(), &self.device)?;
        // x where a cell stays, 1 - x where it is flipped.
        let shown = ((fakes * flipped.affine(-2.0, 1.0)?)? + flipped)?;
        let target: u32 = match direction {
            Direction::AToB => 1,
            Direction::BToA => 0,
        };
        let logits = self.network.logits(&Patches::scaled(&shown)?)?;
        cross_entropy(&logits, &Tensor::full(target, rolls, &self.device)?)
    }
}

/// Flips cells at a random rate.
pub(super) fn flip(roll: &mut Roll, draw: &mut Normal) {
    let rate = draw.next_uniform() * MOST_FLIPPED;
    for step in 0..STEPS {
        for row in 0..PITCHES {
            if draw.next_uniform() < rate {
                roll.set(step, row, !roll.get(step, row));
            }
        }
    }
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
    fn flips_are_few_and_differ() {
        let mut draw = Normal::new(7);
        let mut flips = [0; 40].map(|_: u32| {
            let mut roll = Roll::EMPTY;
            flip(&mut roll, &mut draw);
            roll.count()
        });
        flips.sort_unstable();
        let most = (STEPS * PITCHES) as f64 * MOST_FLIPPED;
        assert!(flips[0] < 15 && flips[39] > 25 && f64::from(flips[39]) < most * 1.5);
    }
}
