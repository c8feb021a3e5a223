//! Adam (Kingma & Ba 2014, arXiv 1412.6980), with its moments in the checkpoint.
//!
//! candle's AdamW keeps its moments to itself and makes a dozen temporary tensors for each
//! variable; this one changes moments and weights in place.

use std::collections::BTreeMap;

use candle_core::backprop::GradStore;
use candle_core::{CpuStorage, InplaceOp2, InplaceOp3, Layout, Result, Tensor, Var};

/// β₁ and β₂ of the paper's training.
const BETAS: (f32, f32) = (0.5, 0.999);
const EPSILON: f64 = 1e-8;

/// The optimiser of one group of variables.
pub(super) struct Adam {
    slots: BTreeMap<String, Slot>,
    /// Steps taken, for the bias correction.
    taken: u64,
    /// See [`Recipe::largest_change`](super::recipe::Recipe::largest_change).
    largest_change: f32,
}

struct Slot {
    variable: Var,
    mean: Var,
    square: Var,
}

impl Adam {
    /// An optimiser that has taken no step.
    pub(super) fn new(
        variables: impl IntoIterator<Item = (String, Var)>,
        largest_change: f32,
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
            largest_change,
        })
    }

    /// One step along the gradients, each of which is in one of the stores; variables without one
    /// stay.
    pub(super) fn step(&mut self, gradients: &[GradStore], rate: f64) -> Result<()> {
        self.taken += 1;
        let corrections = (
            1.0 - f64::from(BETAS.0).powf(self.taken as f64),
            1.0 - f64::from(BETAS.1).powf(self.taken as f64),
        );
        for slot in self.slots.values() {
            let mut stores = gradients.iter();
            if let Some(gradient) = stores.find_map(|store| store.get(&slot.variable)) {
                slot.step(
                    &gradient.contiguous()?,
                    rate,
                    corrections,
                    self.largest_change,
                )?;
            }
        }
        Ok(())
    }

    /// Steps taken.
    pub(super) const fn taken(&self) -> u64 {
        self.taken
    }

    /// The moments, named `mean.…` and `square.…`.
    pub(super) fn tensors(&self) -> impl Iterator<Item = (String, Tensor)> + '_ {
        self.slots.iter().flat_map(|(name, slot)| {
            [
                (format!("mean.{name}"), slot.mean.as_tensor().clone()),
                (format!("square.{name}"), slot.square.as_tensor().clone()),
            ]
        })
    }

    /// Takes back what [`Adam::tensors`] gave (through `find`), after `taken` steps.
    pub(super) fn restore(
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

impl Slot {
    fn step(
        &self,
        gradient: &Tensor,
        rate: f64,
        corrections: (f64, f64),
        largest_change: f32,
    ) -> Result<()> {
        if gradient.device().is_cpu() {
            average(&self.mean, gradient, BETAS.0)?;
            let square = Moment {
                beta: BETAS.1,
                squared: true,
            };
            self.square.inplace_op2(gradient, &square)?;
            let update = Update {
                rate: rate as f32,
                corrections,
                largest_change,
            };
            return self.variable.inplace_op3(&self.mean, &self.square, &update);
        }
        average(&self.mean, gradient, BETAS.0)?;
        average(&self.square, &gradient.sqr()?, BETAS.1)?;
        let root = ((self.square.as_tensor() / corrections.1)?.sqrt()? + EPSILON)?;
        let change = ((self.mean.as_tensor() / corrections.0)? / root)?;
        let size = change.sqr()?.mean_all()?.to_scalar::<f32>()?.sqrt();
        let scale = rate * f64::from(limit(size, largest_change));
        self.variable
            .set(&(self.variable.as_tensor() - (change * scale)?)?)
    }
}

/// Moves the running mean `mean` towards `value`: `share` of the old, the rest of the new.
pub(super) fn average(mean: &Var, value: &Tensor, share: f32) -> Result<()> {
    if value.device().is_cpu() {
        let op = Moment {
            beta: share,
            squared: false,
        };
        return mean.inplace_op2(value, &op);
    }
    let share = f64::from(share);
    mean.set(&((mean.as_tensor() * share)? + (value * (1.0 - share))?)?)
}

/// The factor that brings a change of this size (root mean square) under the limit.
fn limit(size: f32, largest: f32) -> f32 {
    if largest > 0.0 && size > largest {
        largest / size
    } else {
        1.0
    }
}

/// A running mean of gradients or of their squares.
struct Moment {
    beta: f32,
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
            let new = if self.squared {
                gradient * gradient
            } else {
                *gradient
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
    largest_change: f32,
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
        let changes = || {
            means
                .iter()
                .zip(squares)
                .map(|(mean, square)| change(mean, square))
        };
        let size = if self.largest_change > 0.0 {
            let sum: f64 = changes().map(|change| f64::from(change * change)).sum();
            (sum / means.len().max(1) as f64).sqrt() as f32
        } else {
            0.0
        };
        let rate = self.rate * limit(size, self.largest_change);
        for (weight, change) in slice_mut(s1, l1)?.iter_mut().zip(changes()) {
            *weight -= rate * change;
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
        let mut adam = Adam::new([("w".to_owned(), ours.clone())], 0.0).unwrap();
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

    #[test]
    fn a_sudden_gradient_moves_no_further_than_the_limit() {
        let after = |limit| {
            let variable = Var::new(&[0f32; 8], &Device::Cpu).unwrap();
            let mut adam = Adam::new([("w".to_owned(), variable.clone())], limit).unwrap();
            let mut before = 0.0;
            for gradient in [0.001, -0.001].repeat(200).into_iter().chain([10.0]) {
                before = variable.to_vec1::<f32>().unwrap()[0];
                let loss = (variable.as_tensor() * gradient)
                    .unwrap()
                    .sum_all()
                    .unwrap();
                adam.step(&[loss.backward().unwrap()], 1e-3).unwrap();
            }
            (variable.to_vec1::<f32>().unwrap()[0] - before).abs()
        };
        assert!(after(0.0) > 5e-3, "{}", after(0.0));
        assert!((after(1.0) - 1e-3).abs() < 1e-5, "{}", after(1.0));
    }
}
