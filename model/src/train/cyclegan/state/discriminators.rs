//! The generators' adversarial loss and the discriminators' own: side by side, as
//! each has its own variables.

use candle_core::backprop::GradStore;
use candle_core::{DType, Error, Result, Tensor};

use crate::family::cyclegan::Discriminator;
use crate::genre::Direction;
use crate::nn::init::Variables;
use crate::nn::ops::side_by_side;
use crate::train::cyclegan::losses;
use crate::train::recipe::cyclegan::{CycleGanSettings, Mixed};

/// A discriminator with its variables.
pub(super) struct TrainedDiscriminator {
    pub(super) network: Discriminator,
    pub(super) variables: Variables,
}

/// How far the fakes are from passing: the adversarial part of the generators' loss.
pub(super) fn generator_adversarial_loss(
    discriminators: &[TrainedDiscriminator],
    settings: &CycleGanSettings,
    fakes: &[Tensor; 2],
    noise: Option<&Tensor>,
) -> Result<Tensor> {
    let asked: Vec<_> = discriminators
        .iter()
        .enumerate()
        .filter_map(|(index, discriminator)| {
            let weight = match index {
                0 | 1 => 1.0,
                _ if settings.mixed == Mixed::InLoss => settings.terms.mixed,
                _ => return None,
            };
            let fake = &fakes[generator_judged_by(index).index()];
            Some((discriminator, fake, weight))
        })
        .collect();
    let parts = side_by_side(
        fakes[0].device(),
        &asked,
        |(discriminator, fake, weight)| {
            let scores = discriminator
                .network
                .frozen()
                .forward(&noisy(fake, noise)?)?;
            losses::adversarial(&scores, 1.0)? * *weight
        },
    );
    let zero = Tensor::zeros((), DType::F32, fakes[0].device())?;
    parts.into_iter().try_fold(zero, |loss, part| loss + part?)
}

/// The discriminators' loss and the gradients of each. `real` is A, B and the mixed music.
pub(super) fn discriminator_losses(
    discriminators: &[TrainedDiscriminator],
    settings: &CycleGanSettings,
    real: [&Tensor; 3],
    fakes: &[Tensor; 2],
    noise: Option<&Tensor>,
) -> Result<(f32, Vec<GradStore>)> {
    let shown: Vec<_> = discriminators
        .iter()
        .enumerate()
        .map(|(index, discriminator)| {
            let (phrases, weight) = match index {
                0 | 1 => (real[index], 1.0),
                _ => (real[2], settings.terms.mixed),
            };
            let fake = &fakes[generator_judged_by(index).index()];
            (&discriminator.network, phrases, fake, weight)
        })
        .collect();
    let learned = side_by_side(real[0].device(), &shown, |(network, real, fake, weight)| {
        let both = Tensor::cat(&[noisy(real, noise)?, noisy(fake, noise)?], 0)?;
        let loss = losses::discriminator(&network.forward(&both)?, real.dim(0)?)?;
        let loss = (loss * *weight)?;
        let gradients = loss.backward()?;
        Ok::<_, Error>((loss, gradients))
    });
    let mut sum = Tensor::zeros((), DType::F32, real[0].device())?;
    let mut gradients = Vec::new();
    for learned in learned {
        let (loss, store) = learned?;
        sum = (sum + loss)?;
        gradients.push(store);
    }
    Ok((sum.to_scalar()?, gradients))
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
