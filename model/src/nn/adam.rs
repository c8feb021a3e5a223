//! Adam (Kingma & Ba 2014, arXiv 1412.6980) and AdamW (Loshchilov & Hutter 2019, arXiv
//! 1711.05101), with their moments in the checkpoint.
//!
//! candle's AdamW keeps its moments to itself and makes a dozen temporary tensors for each
//! variable; this one changes moments and weights in place.

use std::collections::BTreeMap;

use candle_core::backprop::GradStore;
use candle_core::{CpuStorage, InplaceOp2, InplaceOp3, Layout, Result, Tensor, Var};

const EPSILON: f64 = 1e-8;

/// How an optimiser steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Settings {
    /// β₁ and β₂: the shares of the old in the two moments.
    pub(crate) betas: (f32, f32),
    /// The share of each weight that is taken off it at each step, in learning rates.
    pub(crate) decay: f32,
    /// The largest norm of all gradients together; longer ones are shortened to it. 0: no limit.
    pub(crate) largest_norm: f64,
}

impl Settings {
    /// As the CycleGAN's authors have them.
    pub(crate) const CYCLEGAN: Self = Self {
        betas: (0.5, 0.999),
        decay: 0.0,
        largest_norm: 0.0,
    };
}

/// The optimiser of one group of variables.
pub(crate) struct Adam {
    slots: BTreeMap<String, Slot>,
    /// Steps taken, for the bias correction.
    taken: u64,
    settings: Settings,
}

struct Slot {
    variable: Var,
    mean: Var,
    square: Var,
}

impl Adam {
    /// An optimiser that has taken no step.
    pub(crate) fn new(
        variables: impl IntoIterator<Item = (String, Var)>,
        settings: Settings,
    ) -> Result<Self> {
        let slots = variables
            .into_iter()
            .map(|(name, variable)| {
                let (mean, square) = (
                    Var::from_tensor(&variable.zeros_like()?)?,
                    Var::from_tensor(&variable.zeros_like()?)?,
                );
                Ok((
                    name,
                    Slot {
                        variable,
                        mean,
                        square,
                    },
                ))
            })
            .collect::<Result<_>>()?;
        Ok(Self {
            slots,
            taken: 0,
            settings,
        })
    }

    /// One step along the gradients, each of which is in one of the stores; variables without one
    /// stay. Returns the norm of all gradients before it is limited; 0 where it is not limited.
    pub(crate) fn step(&mut self, gradients: &[GradStore], rate: f64) -> Result<f64> {
        self.taken += 1;
        let Settings {
            betas,
            largest_norm,
            ..
        } = self.settings;
        let corrections = (
            1.0 - f64::from(betas.0).powf(self.taken as f64),
            1.0 - f64::from(betas.1).powf(self.taken as f64),
        );
        let mut found = Vec::with_capacity(self.slots.len());
        for slot in self.slots.values() {
            let mut stores = gradients.iter();
            if let Some(gradient) = stores.find_map(|store| store.get(&slot.variable)) {
                found.push((slot, gradient.contiguous()?));
            }
        }
        let norm = if largest_norm > 0.0 {
            norm(found.iter().map(|(_, gradient)| gradient))?
        } else {
            0.0
        };
        let step = Step {
            rate,
            corrections,
            shortened: if norm > largest_norm {
                (largest_norm / norm) as f32
            } else {
                1.0
            },
            settings: self.settings,
        };
        for (slot, gradient) in found {
            slot.step(&gradient, &step)?;
        }
        Ok(norm)
    }

    /// Steps taken.
    pub(crate) const fn taken(&self) -> u64 {
        self.taken
    }

    /// The moments, named `mean.…` and `square.…`.
    pub(crate) fn tensors(&self) -> impl Iterator<Item = (String, Tensor)> + '_ {
        self.slots.iter().flat_map(|(name, slot)| {
            [
                (format!("mean.{name}"), slot.mean.as_tensor().clone()),
                (format!("square.{name}"), slot.square.as_tensor().clone()),
            ]
        })
    }

    /// Takes back what [`Adam::tensors`] gave (through `find`), after `taken` steps.
    pub(crate) fn restore(
        &mut self,
        taken: u64,
        find: impl Fn(&str) -> Result<Tensor>,
    ) -> Result<()> {
        for (name, slot) in &self.slots {
            slot.mean.set(&find(&format!("mean.{name}"))?)?;
            slot.square.set(&find(&format!("square.{name}"))?)?;
        }
        self.taken = taken;
        Ok(())
    }
}

/// The norm of all gradients together.
fn norm<'a>(gradients: impl Iterator<Item = &'a Tensor>) -> Result<f64> {
    let mut sum = 0.0;
    for gradient in gradients {
        let values = gradient.flatten_all()?.to_vec1::<f32>()?;
        sum += values.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>();
    }
    Ok(sum.sqrt())
}

/// Constants of a step, shared by all variables.
struct Step {
    rate: f64,
    /// By which the two moments are divided.
    corrections: (f64, f64),
    /// By which the gradients are multiplied.
    shortened: f32,
    settings: Settings,
}

impl Slot {
    fn step(&self, gradient: &Tensor, step: &Step) -> Result<()> {
        let (betas, corrections) = (step.settings.betas, step.corrections);
        if gradient.device().is_cpu() {
            for (moment, beta, squared) in
                [(&self.mean, betas.0, false), (&self.square, betas.1, true)]
            {
                let op = Moment {
                    beta,
                    shortened: step.shortened,
                    squared,
                };
                moment.inplace_op2(gradient, &op)?;
            }
            let update = Update {
                rate: step.rate as f32,
                corrections,
                kept: 1.0 - step.rate as f32 * step.settings.decay,
            };
            return self.variable.inplace_op3(&self.mean, &self.square, &update);
        }
        let gradient = (gradient * f64::from(step.shortened))?;
        update_ema(&self.mean, &gradient, betas.0)?;
        update_ema(&self.square, &gradient.sqr()?, betas.1)?;
        let root = ((self.square.as_tensor() / corrections.1)?.sqrt()? + EPSILON)?;
        let change = ((self.mean.as_tensor() / corrections.0)? / root)?;
        let kept = 1.0 - step.rate * f64::from(step.settings.decay);
        let weights = (self.variable.as_tensor() * kept)?;
        self.variable.set(&(weights - (change * step.rate)?)?)
    }
}

/// One step of an exponential moving average (EMA): `share` of the old `mean`, the rest of `value`.
pub(crate) fn update_ema(mean: &Var, value: &Tensor, share: f32) -> Result<()> {
    if value.device().is_cpu() {
        let op = Moment {
            beta: share,
            shortened: 1.0,
            squared: false,
        };
        return mean.inplace_op2(value, &op);
    }
    let share = f64::from(share);
    mean.set(&((mean.as_tensor() * share)? + (value * (1.0 - share))?)?)
}

/// A running mean of gradients or of their squares.
struct Moment {
    beta: f32,
    /// By which each gradient is multiplied first.
    shortened: f32,
    squared: bool,
}

impl InplaceOp2 for Moment {
    fn name(&self) -> &'static str {
        "adam-moment"
    }

    fn cpu_fwd(
        &self,
        s1: &mut CpuStorage,
        l1: &Layout,
        s2: &CpuStorage,
        l2: &Layout,
    ) -> Result<()> {
        let beta = self.beta;
        let gradient = slice(s2, l2)?;
        for (moment, gradient) in slice_mut(s1, l1)?.iter_mut().zip(gradient) {
            let gradient = gradient * self.shortened;
            let new = if self.squared {
                gradient * gradient
            } else {
                gradient
            };
            *moment = beta * *moment + (1.0 - beta) * new;
        }
        Ok(())
    }
}

/// The change of the weights from the two moments.
struct Update {
    rate: f32,
    corrections: (f64, f64),
    /// The share of each weight that stays without a change.
    kept: f32,
}

impl InplaceOp3 for Update {
    fn name(&self) -> &'static str {
        "adam-update"
    }

    fn cpu_fwd(
        &self,
        s1: &mut CpuStorage,
        l1: &Layout,
        s2: &CpuStorage,
        l2: &Layout,
        s3: &CpuStorage,
        l3: &Layout,
    ) -> Result<()> {
        let (means, squares) = (slice(s2, l2)?, slice(s3, l3)?);
        let factors = self.corrections;
        let factors = ((1.0 / factors.0) as f32, (1.0 / factors.1) as f32);
        let change = |mean: &f32, square: &f32| {
            mean * factors.0 / ((square * factors.1).sqrt() + EPSILON as f32)
        };
        let changes = means
            .iter()
            .zip(squares)
            .map(|(mean, square)| change(mean, square));
        for (weight, change) in slice_mut(s1, l1)?.iter_mut().zip(changes) {
            *weight = *weight * self.kept - self.rate * change;
        }
        Ok(())
    }
}

fn range(layout: &Layout) -> Result<std::ops::Range<usize>> {
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(start..end),
        None => candle_core::bail!("Adam needs contiguous tensors"),
    }
}

fn slice<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    Ok(&storage.as_slice::<f32>()?[range(layout)?])
}

fn slice_mut<'a>(storage: &'a mut CpuStorage, layout: &Layout) -> Result<&'a mut [f32]> {
    match storage {
        CpuStorage::F32(values) => Ok(&mut values[range(layout)?]),
        _ => candle_core::bail!("Adam needs f32 variables"),
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;
    use candle_nn::{AdamW, Optimizer, ParamsAdamW};

    use super::*;

    #[test]
    fn steps_agree_with_candle_s_adam() {
        let start = Tensor::new(&[1f32, -2.0, 3.0], &Device::Cpu).unwrap();
        let (ours, theirs) = (
            Var::from_tensor(&start).unwrap(),
            Var::from_tensor(&start).unwrap(),
        );
        let variables = [("w".to_owned(), ours.clone())];
        let mut adam = Adam::new(variables, Settings::CYCLEGAN).unwrap();
        let parameters = ParamsAdamW {
            lr: 2e-2,
            beta1: 0.5,
            beta2: 0.999,
            eps: 1e-8,
            weight_decay: 0.0,
        };
        let mut reference = AdamW::new(vec![theirs.clone()], parameters).unwrap();
        for _ in 0..5 {
            let loss = |v: &Var| v.as_tensor().sqr().unwrap().sum_all().unwrap();
            adam.step(&[loss(&ours).backward().unwrap()], 2e-2).unwrap();
            reference.backward_step(&loss(&theirs)).unwrap();
        }
        let (a, b) = (
            ours.to_vec1::<f32>().unwrap(),
            theirs.to_vec1::<f32>().unwrap(),
        );
        for (a, b) in a.iter().zip(&b) {
            assert!((a - b).abs() < 1e-5, "{a} {b}");
        }
    }

    /// Weights after some steps on a loss that pulls them to `target`, ours and candle's, with
    /// `shortened` gradients there.
    fn both(settings: Settings, shortened: f64) -> [Vec<f32>; 2] {
        let start = Tensor::new(&[1f32, -2.0, 3.0], &Device::Cpu).unwrap();
        let [ours, theirs] = [(), ()].map(|()| Var::from_tensor(&start).unwrap());
        let mut adam = Adam::new([("w".to_owned(), ours.clone())], settings).unwrap();
        let parameters = ParamsAdamW {
            lr: 2e-2,
            beta1: f64::from(settings.betas.0),
            beta2: f64::from(settings.betas.1),
            eps: 1e-8,
            weight_decay: f64::from(settings.decay),
        };
        let mut reference = AdamW::new(vec![theirs.clone()], parameters).unwrap();
        // A constant gradient, of norm √(1 + 4 + 9).
        let direction = Tensor::new(&[1f32, 2.0, -3.0], &Device::Cpu).unwrap();
        let loss = |v: &Var, by: f64| {
            let along = (v.as_tensor() * &direction).unwrap();
            (along.sum_all().unwrap() * by).unwrap()
        };
        for _ in 0..5 {
            let norm = adam
                .step(&[loss(&ours, 1.0).backward().unwrap()], 2e-2)
                .unwrap();
            if settings.largest_norm > 0.0 {
                assert!((norm - 14f64.sqrt()).abs() < 1e-6, "{norm}");
            }
            reference.backward_step(&loss(&theirs, shortened)).unwrap();
        }
        [ours, theirs].map(|v| v.to_vec1::<f32>().unwrap())
    }

    #[test]
    fn decay_and_shortened_gradients_agree_with_candle_s_adam() {
        let settings = Settings {
            betas: (0.9, 0.98),
            decay: 0.3,
            largest_norm: 0.0,
        };
        let limited = Settings {
            largest_norm: 1e-6,
            ..settings
        };
        let undecayed = Settings {
            decay: 0.0,
            ..settings
        };
        let close = |[a, b]: [Vec<f32>; 2]| a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-5);
        assert!(close(both(settings, 1.0)));
        // So short that ε counts, or the length of the gradient would make no difference.
        assert!(close(both(limited, 1e-6 / 14f64.sqrt())));
        assert!(!close([
            both(settings, 1.0)[0].clone(),
            both(undecayed, 1.0)[0].clone()
        ]));
        assert!(!close([
            both(settings, 1.0)[0].clone(),
            both(limited, 1.0)[0].clone()
        ]));
    }
}
