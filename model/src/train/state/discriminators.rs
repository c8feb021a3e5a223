//! What the discriminators say of fakes, and what they learn from real phrases: side by side, as
//! each has its own variables.

use candle_core::backprop::GradStore;
use candle_core::{DType, Error, Result, Tensor};

use crate::genre::Direction;
use crate::net::Discriminator;
use crate::net::init::{Normal, Variables};
use crate::net::ops::side_by_side;
use crate::train::losses;
use crate::train::recipe::{Mixed, Recipe};

/// A discriminator with its variables.
pub(super) struct Judge {
    pub(super) network: Discriminator,
    pub(super) variables: Variables,
}

/// What a discriminator is shown in a step.
struct Lesson<'a> {
    judge: &'a Judge,
    real: &'a Tensor,
    fake: &'a Tensor,
    /// Of the other genre, where the recipe has counterexamples.
    other: Option<&'a Tensor>,
    /// The shares in which phrases are mixed, where the recipe has mixtures.
    shares: Option<Tensor>,
    /// Of this discriminator's loss, and of its part with mixtures.
    weights: (f64, f64),
}

/// How far the fakes are from passing: the adversarial part of the generators' loss.
pub(super) fn deception(
    judges: &[Judge],
    recipe: &Recipe,
    fakes: &[Tensor; 2],
    noise: Option<&Tensor>,
) -> Result<Tensor> {
    let asked: Vec<_> = judges
        .iter()
        .enumerate()
        .filter_map(|(index, judge)| {
            let weight = match index {
                0 | 1 => 1.0,
                _ if recipe.mixed == Mixed::InLoss => recipe.mixed_weight,
                _ => return None,
            };
            Some((judge, &fakes[generator_judged_by(index).index()], weight))
        })
        .collect();
    let parts = side_by_side(fakes[0].device(), &asked, |(judge, fake, weight)| {
        let scores = judge.network.frozen().forward(&noisy(fake, noise)?)?;
        losses::adversarial(&scores, 1.0)? * *weight
    });
    let zero = Tensor::zeros((), DType::F32, fakes[0].device())?;
    parts.into_iter().try_fold(zero, |loss, part| loss + part?)
}

/// The discriminators' loss and the gradients of each. `real` is A, B and the mixed music.
pub(super) fn judgement(
    judges: &[Judge],
    recipe: &Recipe,
    real: [&Tensor; 3],
    fakes: &[Tensor; 2],
    noise: Option<&Tensor>,
    draw: &mut Normal,
) -> Result<(f32, Vec<GradStore>)> {
    let mut lessons = Vec::new();
    for (index, judge) in judges.iter().enumerate() {
        let (phrases, weight) = match index {
            0 | 1 => (real[index], 1.0),
            _ => (real[2], recipe.mixed_weight),
        };
        let mut shares = || {
            let shares: Vec<f32> = (0..phrases.dim(0)?)
                .map(|_| draw.next_uniform() as f32)
                .collect();
            Tensor::new(shares, phrases.device())
        };
        lessons.push(Lesson {
            judge,
            real: phrases,
            fake: &fakes[generator_judged_by(index).index()],
            other: (index < 2 && recipe.counterexamples).then(|| real[1 - index]),
            shares: (recipe.mixtures > 0.0).then(&mut shares).transpose()?,
            weights: (weight, weight * recipe.mixtures),
        });
    }
    let zero = Tensor::zeros((), DType::F32, real[0].device())?;
    let sum = |first: &Tensor, parts: &[Tensor]| {
        let mut parts = parts.iter();
        parts.try_fold(first.clone(), |sum, part| sum + part)
    };
    let learned = side_by_side(real[0].device(), &lessons, |lesson| {
        let parts = lesson.loss(noise)?;
        let gradients = sum(&zero, &parts)?.backward()?;
        Ok::<_, Error>((parts, gradients))
    });
    let mut loss = zero.clone();
    let mut gradients = Vec::new();
    for learned in learned {
        let (parts, store) = learned?;
        loss = sum(&loss, &parts)?;
        gradients.push(store);
    }
    Ok((loss.to_scalar()?, gradients))
}

impl Lesson<'_> {
    /// The terms of its loss, weighted: one, and one more with mixtures.
    fn loss(&self, noise: Option<&Tensor>) -> Result<Vec<Tensor>> {
        let mut shown = vec![noisy(self.real, noise)?, noisy(self.fake, noise)?];
        if let Some(other) = self.other {
            shown.push(noisy(other, noise)?);
        }
        let network = &self.judge.network;
        let scores = network.forward(&Tensor::cat(&shown, 0)?)?;
        let judged = losses::discriminator(&scores, self.real.dim(0)?)?;
        let mut parts = vec![(judged * self.weights.0)?];
        if let Some(shares) = &self.shares {
            let mixed = {
                let shares = shares.reshape(((), 1, 1, 1))?;
                (self.fake + (self.real - self.fake)?.broadcast_mul(&shares)?)?
            };
            let told = losses::shares(&network.forward(&mixed)?, shares)?;
            parts.push((told * self.weights.1)?);
        }
        Ok(parts)
    }
}

/// Which generator's fakes a discriminator judges: D_A and D_A,m those of B→A.
pub(super) const fn generator_judged_by(index: usize) -> Direction {
    if index.is_multiple_of(2) {
        Direction::BToA
    } else {
        Direction::AToB
    }
}

fn noisy(x: &Tensor, noise: Option<&Tensor>) -> Result<Tensor> {
    match noise {
        Some(noise) => x + noise,
        None => Ok(x.clone()),
    }
}
