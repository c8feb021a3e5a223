//! The training state and one step of it: two generators, their discriminators, the optimisers
//! and the replay buffer.
//!
//! A step is the authors': first the generators learn from the discriminators and the cycle,
//! then the discriminators from real phrases and from the fakes made before that. Domains: `D_B`
//! judges what generator A→B makes, and real phrases of B; `D_A` the other way round.

use std::collections::BTreeMap;

use candle_core::{Device, Result, Tensor, Var};

mod discriminators;

use discriminators::{TrainedDiscriminator, discriminator_losses, generator_adversarial_loss};

use super::losses;
use super::replay::ReplayBuffer;
use crate::data::batch::Batch;
use crate::family::cyclegan::{Discriminator, Generator, rolls_of_tensor, tensor_of_rolls};
use crate::genre::Direction;
use crate::nn::adam::{self, Adam};
use crate::nn::init::{Normal, Store, Variables};
use crate::nn::ops::{Precision, side_by_side, with_precision};
use crate::roll::edits::THRESHOLD;
use crate::roll::{PITCHES, Roll, STEPS};
use crate::train::recipe::cyclegan::{CycleGanRecipe, Mixed};

/// Apart from the run's seed, so that no two uses of it draw the same numbers.
const NOISE: u64 = 0x6e6f_6973_6500;

/// The figures of one step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CycleGanLosses {
    /// Both generators: the sum of the three terms that follow, each as weighted.
    pub generators: f32,
    /// Adversarial loss, with the mixed discriminators where they are in the loss.
    pub adversarial: f32,
    /// λ × cycle, both ways.
    pub cycle: f32,
    /// The identity loss, both ways; 0 where the recipe has none.
    pub identity: f32,
    /// All discriminators.
    pub discriminators: f32,
    /// Sounding cells of the fakes over those of their sources, A→B and B→A.
    pub density: [f32; 2],
    /// Changed cells over the source's sounding cells, A→B and B→A.
    pub changed: [f32; 2],
}

impl CycleGanLosses {
    /// Takes the density and the changes of `fakes` beside their `sources`.
    fn compare(&mut self, sources: [&Tensor; 2], fakes: &[Tensor; 2]) -> Result<()> {
        for (index, (source, fake)) in sources.into_iter().zip(fakes).enumerate() {
            let cells = source.sum_all()?.to_scalar::<f32>()?.max(1.0);
            self.density[index] = fake.sum_all()?.to_scalar::<f32>()? / cells;
            self.changed[index] = (fake - source)?.abs()?.sum_all()?.to_scalar::<f32>()? / cells;
        }
        Ok(())
    }

    /// The figures with their names, for reports.
    pub fn named(&self) -> Vec<(&'static str, f32)> {
        vec![
            ("generators", self.generators),
            ("adversarial", self.adversarial),
            ("cycle", self.cycle),
            ("identity", self.identity),
            ("discriminators", self.discriminators),
            ("density_ab", self.density[0]),
            ("density_ba", self.density[1]),
            ("changed_ab", self.changed[0]),
            ("changed_ba", self.changed[1]),
        ]
    }
}

/// Everything that training changes.
pub struct CycleGanState {
    recipe: CycleGanRecipe,
    seed: u64,
    device: Device,
    generators: [Generator; 2],
    generator_variables: [Variables; 2],
    /// Exponential moving averages (EMA) of the generators' weights, where the recipe keeps them.
    ema: Option<[(Generator, Variables); 2]>,
    generator_adam: Adam,
    /// D_A and D_B, then D_A,m and D_B,m where the recipe has them.
    discriminators: Vec<TrainedDiscriminator>,
    discriminator_adam: Adam,
    replay: ReplayBuffer,
}

impl CycleGanState {
    /// Networks with the initial weights of `seed`, no step taken.
    ///
    /// # Errors
    /// candle's: shapes that do not fit, no memory on the device.
    pub fn new(recipe: &CycleGanRecipe, seed: u64, device: &Device) -> Result<Self> {
        let settings = &recipe.settings;
        let generator = |index: u64| -> Result<(Generator, Variables)> {
            let store = Store::new(seed.wrapping_mul(8).wrapping_add(index));
            let network = Generator::new(&settings.generator, &store.builder(device))?;
            Ok((network, store.variables()))
        };
        let (ab, ab_variables) = generator(0)?;
        let (ba, ba_variables) = generator(1)?;
        let generator_variables = [ab_variables, ba_variables];
        let ema = (settings.ema_decay > 0.0)
            .then(|| Ok::<_, candle_core::Error>([generator(0)?, generator(1)?]))
            .transpose()?;
        let discriminators = (0..if settings.mixed == Mixed::None { 2 } else { 4 })
            .map(|index| {
                let store = Store::new(seed.wrapping_mul(8).wrapping_add(2 + index));
                let network = Discriminator::new(&settings.discriminator, &store.builder(device))?;
                Ok(TrainedDiscriminator {
                    network,
                    variables: store.variables(),
                })
            })
            .collect::<Result<Vec<_>>>()?;
        let learned = |name: &str| !name.ends_with("singular");
        Ok(Self {
            generator_adam: Adam::new(
                named(&generator_variables, "generator", |_| true),
                adam::Settings::CYCLEGAN,
            )?,
            discriminator_adam: Adam::new(
                named(
                    discriminators.iter().map(|one| &one.variables),
                    "discriminator",
                    learned,
                ),
                adam::Settings::CYCLEGAN,
            )?,
            replay: ReplayBuffer::new(settings.replay_buffer, settings.ste_width > 0.0),
            recipe: recipe.clone(),
            seed,
            device: device.clone(),
            generators: [ab, ba],
            generator_variables,
            ema,
            discriminators,
        })
    }

    /// The recipe that this state was made for.
    pub const fn recipe(&self) -> &CycleGanRecipe {
        &self.recipe
    }

    /// The seed of the run.
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// One training step (counted from 0) at the generators' learning rate `rate`.
    ///
    /// # Errors
    /// candle's: shapes that do not fit, no memory on the device.
    pub fn run(&mut self, step: u64, batch: &Batch, rate: f64) -> Result<CycleGanLosses> {
        let precision = if self.recipe.settings.bf16 {
            Precision::Bf16
        } else {
            Precision::Full
        };
        with_precision(precision, || self.step(step, batch, rate))
    }

    fn step(&mut self, step: u64, batch: &Batch, rate: f64) -> Result<CycleGanLosses> {
        let mut draw = Normal::new(self.seed ^ NOISE ^ step.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let tensor = |rolls: &[Roll]| tensor_of_rolls(rolls, &self.device);
        let (a, b) = (tensor(&batch.a)?, tensor(&batch.b)?);
        let noise = self.noise(batch.a.len(), &mut draw)?;
        let noise = noise.as_ref();

        let [ab, ba] = &self.generators;
        let both = Both(&self.device);
        let logits = both.try_map(&[(ab, &a), (ba, &b)], |(network, x)| network.logits(x))?;
        let settings = &self.recipe.settings;
        let width = settings.ste_width;
        let fake = |logits: &Tensor| {
            if width > 0.0 {
                losses::straight_through(logits, width)
            } else {
                candle_nn::ops::sigmoid(logits)
            }
        };
        let fakes = [fake(&logits[0])?, fake(&logits[1])?];
        let round = [(ba, &fakes[0], &a), (ab, &fakes[1], &b)];
        let [cycle_a, cycle_b] = both.try_map(&round, |(network, fake, x)| {
            losses::cycle(&network.logits(fake)?, x)
        })?;
        let cycle = ((cycle_a + cycle_b)? * settings.terms.cycle)?;
        let adversarial =
            generator_adversarial_loss(&self.discriminators, settings, &fakes, noise)?;
        let mut loss = (&adversarial + &cycle)?;
        let mut figures = CycleGanLosses {
            adversarial: adversarial.to_scalar()?,
            cycle: cycle.to_scalar()?,
            ..CycleGanLosses::default()
        };
        let weight = self.identity_weight(step);
        if weight > 0.0 {
            let [same_b, same_a] = both.try_map(&[(ab, &b), (ba, &a)], |(network, x)| {
                losses::cycle(&network.logits(x)?, x)
            })?;
            let identity = ((same_a + same_b)? * weight)?;
            figures.identity = identity.to_scalar()?;
            loss = (loss + identity)?;
        }
        figures.generators = loss.to_scalar()?;
        self.generator_adam.step(&[loss.backward()?], rate)?;
        self.update_ema(step)?;

        let fakes = fakes.map(|fake| fake.detach());
        figures.compare([&a, &b], &fakes)?;
        let seen = self.replay.exchange(fakes, &mut draw)?;
        let mixed = tensor(&batch.mixed)?;
        let real = [&a, &b, &mixed];
        let settings = &self.recipe.settings;
        let (loss, gradients) =
            discriminator_losses(&self.discriminators, settings, real, &seen, noise)?;
        figures.discriminators = loss;
        self.discriminator_adam.step(&gradients, rate)?;
        for discriminator in &self.discriminators {
            for (name, value) in discriminator.network.iterate()? {
                discriminator.variables[name].set(&value)?;
            }
        }
        Ok(figures)
    }

    /// The identity loss's weight at `step`.
    fn identity_weight(&self, step: u64) -> f64 {
        let gone = step as f64 / self.recipe.settings.decay_from.max(1) as f64;
        self.recipe.settings.terms.identity * (1.0 - gone).max(0.0)
    }

    /// Updates the EMA of the generators' weights; its decay is shorter in the first steps.
    fn update_ema(&self, step: u64) -> Result<()> {
        let Some(ema) = &self.ema else {
            return Ok(());
        };
        let share = (1.0 + step as f64) / (10.0 + step as f64);
        let share = self.recipe.settings.ema_decay.min(share) as f32;
        for ((_, means), variables) in ema.iter().zip(&self.generator_variables) {
            for (name, mean) in means {
                adam::update_ema(mean, variables[name].as_tensor(), share)?;
            }
        }
        Ok(())
    }

    /// |N(0, σ²)| for a batch: one tensor a step, shared by all discriminators' inputs.
    fn noise(&self, batch: usize, draw: &mut Normal) -> Result<Option<Tensor>> {
        if self.recipe.settings.noise == 0.0 {
            return Ok(None);
        }
        let values: Vec<f32> = (0..batch * STEPS * PITCHES)
            .map(|_| (draw.next_normal() * self.recipe.settings.noise).abs() as f32)
            .collect();
        Tensor::from_vec(values, (batch, 1, STEPS, PITCHES), &self.device).map(Some)
    }

    /// The probabilities of each cell after the transfer, as the networks (or their running
    /// means, where the recipe keeps them) are now:
    /// (rolls, 1, 64, 84).
    ///
    /// # Errors
    /// candle's: shapes that do not fit, no memory on the device.
    pub fn probabilities(&self, rolls: &[Roll], direction: Direction) -> Result<Tensor> {
        let x = tensor_of_rolls(rolls, &self.device)?;
        match &self.ema {
            Some(ema) => ema[direction.index()].0.forward(&x),
            None => self.generators[direction.index()].forward(&x),
        }
    }

    /// The rolls after the transfer, as the networks are now.
    ///
    /// # Errors
    /// candle's: shapes that do not fit, no memory on the device.
    pub fn translate(&self, rolls: &[Roll], direction: Direction) -> Result<Vec<Roll>> {
        rolls_of_tensor(&self.probabilities(rolls, direction)?, THRESHOLD)
    }

    /// The kept weights of both generators by name, A→B first, with the shapes of [`Generator`].
    pub fn generator_tensors(&self) -> [BTreeMap<String, Tensor>; 2] {
        let kept = match &self.ema {
            Some([(_, ab), (_, ba)]) => [ab, ba],
            None => self.generator_variables.each_ref(),
        };
        kept.map(|variables| {
            variables
                .iter()
                .map(|(name, v)| (name.clone(), v.as_tensor().clone()))
                .collect()
        })
    }

    fn ema_variables(&self) -> impl Iterator<Item = &Variables> {
        let ema = self.ema.iter().flatten();
        ema.map(|(_, variables)| variables)
    }

    /// Everything that the next step depends on besides its number.
    ///
    /// # Errors
    /// candle's: shapes that do not fit, no memory on the device.
    pub fn tensors(&self) -> Result<BTreeMap<String, Tensor>> {
        let plain = |(name, variable): (String, Var)| (name, variable.as_tensor().clone());
        let discriminators = self.discriminators.iter().map(|one| &one.variables);
        let mut tensors: BTreeMap<String, Tensor> =
            named(&self.generator_variables, "generator", |_| true)
                .map(plain)
                .collect();
        tensors.extend(named(discriminators, "discriminator", |_| true).map(plain));
        tensors.extend(named(self.ema_variables(), "average", |_| true).map(plain));
        tensors.extend(self.generator_adam.tensors());
        tensors.extend(self.discriminator_adam.tensors());
        tensors.extend(self.replay.tensors());
        let taken = self.generator_adam.taken();
        tensors.insert("taken".into(), Tensor::new(&[taken as u32], &Device::Cpu)?);
        Ok(tensors)
    }

    /// Takes back what [`CycleGanState::tensors`] gave.
    ///
    /// # Errors
    /// A tensor is missing or has another shape.
    pub fn restore(&mut self, tensors: &BTreeMap<String, Tensor>) -> Result<()> {
        let find = |name: &str| match tensors.get(name) {
            Some(tensor) => tensor.to_device(&self.device),
            None => candle_core::bail!("the checkpoint has no tensor {name}"),
        };
        let discriminators = self.discriminators.iter().map(|one| &one.variables);
        for (name, variable) in named(&self.generator_variables, "generator", |_| true)
            .chain(named(discriminators, "discriminator", |_| true))
            .chain(named(self.ema_variables(), "average", |_| true))
        {
            variable.set(&find(&name)?)?;
        }
        let taken = u64::from(find("taken")?.to_vec1::<u32>()?[0]);
        self.generator_adam.restore(taken, find)?;
        self.discriminator_adam.restore(taken, find)?;
        self.replay.restore(|name| tensors.get(name).cloned());
        Ok(())
    }
}

/// Runs both directions side by side.
struct Both<'a>(&'a Device);

impl Both<'_> {
    fn try_map<T: Sync>(
        &self,
        items: &[T; 2],
        f: impl Fn(&T) -> Result<Tensor> + Sync,
    ) -> Result<[Tensor; 2]> {
        let mut made = side_by_side(self.0, items, f).into_iter();
        let mut next = || {
            made.next()
                .unwrap_or_else(|| candle_core::bail!("one of two"))
        };
        Ok([next()?, next()?])
    }
}

/// The variables of several networks under `KIND.INDEX.NAME`.
fn named<'a>(
    networks: impl IntoIterator<Item = &'a Variables>,
    kind: &'static str,
    keep: impl Fn(&str) -> bool,
) -> impl Iterator<Item = (String, Var)> {
    networks
        .into_iter()
        .enumerate()
        .flat_map(move |(index, variables)| {
            let kept = variables.iter().filter(|(name, _)| keep(name));
            kept.map(|(name, v)| (format!("{kind}.{index}.{name}"), v.clone()))
                .collect::<Vec<_>>()
        })
}

#[cfg(test)]
mod tests;
