//! The training state and one step of it: two generators, their discriminators, the optimisers
//! and the past fakes.
//!
//! A step is the authors': first the generators learn from the discriminators and the cycle,
//! then the discriminators from real phrases and from the fakes made before that. Domains: `D_B`
//! judges what generator A→B makes, and real phrases of B; `D_A` the other way round.

use std::collections::BTreeMap;

use candle_core::{DType, Device, Result, Tensor, Var};

use super::adam::{self, Adam};
use super::batch::Batch;
use super::guide::Guide;
use super::losses;
use super::past::Past;
use super::recipe::{Mixed, Recipe};
use crate::genre::Direction;
use crate::net::init::{Normal, Store, Variables};
use crate::net::ops::{Precision, with_precision};
use crate::net::{self, Discriminator, Generator, rolls_of_tensor};
use crate::roll::edits::THRESHOLD;
use crate::roll::{PITCHES, Roll, STEPS};

/// Apart from the run's seed, so that no two uses of it draw the same numbers.
const NOISE: u64 = 0x6e6f_6973_6500;

/// The figures of one step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Losses {
    /// Both generators: adversarial (with the mixed part) and λ × cycle.
    pub generators: f32,
    /// λ × cycle, both ways.
    pub cycle: f32,
    /// All discriminators.
    pub discriminators: f32,
    /// Sounding cells of the fakes over those of their sources, A→B and B→A.
    pub density: [f32; 2],
    /// Changed cells over the source's sounding cells, A→B and B→A.
    pub changed: [f32; 2],
}

impl Losses {
    /// The figures with their names, for reports.
    pub fn named(&self) -> Vec<(&'static str, f32)> {
        vec![
            ("generators", self.generators),
            ("cycle", self.cycle),
            ("discriminators", self.discriminators),
            ("density_ab", self.density[0]),
            ("density_ba", self.density[1]),
            ("changed_ab", self.changed[0]),
            ("changed_ba", self.changed[1]),
        ]
    }
}

/// A discriminator with its variables.
struct Judge {
    network: Discriminator,
    variables: Variables,
}

/// Everything that training changes.
pub struct State {
    recipe: Recipe,
    seed: u64,
    device: Device,
    generators: [Generator; 2],
    generator_variables: [Variables; 2],
    /// The running means of the generators, where the recipe keeps them.
    averages: Option<[(Generator, Variables); 2]>,
    generator_adam: Adam,
    /// D_A and D_B, then D_A,m and D_B,m where the recipe has them.
    judges: Vec<Judge>,
    judge_adam: Adam,
    past: Past,
    guide: Option<Guide>,
}

impl State {
    /// Networks with the initial weights of `seed`, no step taken.
    pub fn new(recipe: &Recipe, seed: u64, device: &Device) -> Result<Self> {
        let generator = |index: u64| -> Result<(Generator, Variables)> {
            let store = Store::new(seed.wrapping_mul(8).wrapping_add(index));
            let network = Generator::new(&recipe.generator, &store.builder(device))?;
            Ok((network, store.variables()))
        };
        let (ab, ab_variables) = generator(0)?;
        let (ba, ba_variables) = generator(1)?;
        let generator_variables = [ab_variables, ba_variables];
        let averages = (recipe.average > 0.0)
            .then(|| Ok::<_, candle_core::Error>([generator(0)?, generator(1)?]))
            .transpose()?;
        let judges = (0..if recipe.mixed == Mixed::None { 2 } else { 4 })
            .map(|index| {
                let store = Store::new(seed.wrapping_mul(8).wrapping_add(2 + index));
                let network = Discriminator::new(&recipe.discriminator, &store.builder(device))?;
                Ok(Judge {
                    network,
                    variables: store.variables(),
                })
            })
            .collect::<Result<Vec<_>>>()?;
        let learned = |name: &str| !name.ends_with("singular");
        Ok(Self {
            generator_adam: Adam::new(
                named(&generator_variables, "generator", |_| true),
                recipe.largest_change,
            )?,
            judge_adam: Adam::new(
                named(
                    judges.iter().map(|judge| &judge.variables),
                    "discriminator",
                    learned,
                ),
                recipe.largest_change,
            )?,
            past: Past::new(
                recipe.past_fakes,
                recipe.straight_through > 0.0 && !recipe.soft_judged,
            ),
            recipe: recipe.clone(),
            seed,
            device: device.clone(),
            generators: [ab, ba],
            generator_variables,
            averages,
            judges,
            guide: None,
        })
    }

    /// The same with a guide, which the recipe's `guide_weight` asks for.
    #[must_use]
    pub fn guided(self, guide: Guide) -> Self {
        Self {
            guide: Some(guide),
            ..self
        }
    }

    /// The recipe that this state was made for.
    pub const fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// The seed of the run.
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// One training step (counted from 0) at the generators' learning rate `rate`.
    pub fn run(&mut self, step: u64, batch: &Batch, rate: f64) -> Result<Losses> {
        let precision = if self.recipe.bf16 {
            Precision::Brief
        } else {
            Precision::Full
        };
        with_precision(precision, || self.step(step, batch, rate))
    }

    fn step(&mut self, step: u64, batch: &Batch, rate: f64) -> Result<Losses> {
        let mut draw = Normal::new(self.seed ^ NOISE ^ step.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let tensor = |rolls: &[Roll]| net::tensor_of_rolls(rolls, &self.device);
        let (a, b) = (tensor(&batch.a)?, tensor(&batch.b)?);
        let noise = self.noise(batch.a.len(), &mut draw)?;
        let noise = noise.as_ref();

        let logits = [
            self.generators[0].logits(&a)?,
            self.generators[1].logits(&b)?,
        ];
        let width = self.recipe.straight_through;
        let fake = |logits: &Tensor| {
            if width > 0.0 {
                losses::straight_through(logits, width)
            } else {
                candle_nn::ops::sigmoid(logits)
            }
        };
        let fakes = [fake(&logits[0])?, fake(&logits[1])?];
        let same = |logits: &Tensor, x: &Tensor| {
            losses::cycle(logits, x, self.recipe.cycle_loss, self.recipe.smoothing)
        };
        let cycle_a = same(&self.generators[1].logits(&fakes[0])?, &a)?;
        let cycle_b = same(&self.generators[0].logits(&fakes[1])?, &b)?;
        let cycle = ((cycle_a + cycle_b)? * self.recipe.cycle_weight)?;
        let binary = fakes;
        let fakes = if self.recipe.soft_judged {
            [
                candle_nn::ops::sigmoid(&logits[0])?,
                candle_nn::ops::sigmoid(&logits[1])?,
            ]
        } else {
            binary.clone()
        };
        let mut loss = (self.deception(&fakes, noise)? + &cycle)?;
        if self.recipe.density_weight > 0.0 {
            let density = |fake, source| losses::density(fake, source, self.recipe.density_free);
            let density = (density(&binary[0], &a)? + density(&binary[1], &b)?)?;
            loss = (loss + (density * self.recipe.density_weight)?)?;
        }
        if self.recipe.onset_weight > 0.0 {
            let onsets = |fake, source| losses::onsets(fake, source, self.recipe.onset_free);
            let onsets = (onsets(&binary[0], &a)? + onsets(&binary[1], &b)?)?;
            loss = (loss + (onsets * self.recipe.onset_weight)?)?;
        }
        if let Some(guide) = &self.guide {
            let towards_b = guide.loss(&binary[0], Direction::AToB, &mut draw)?;
            let towards_a = guide.loss(&binary[1], Direction::BToA, &mut draw)?;
            loss = (loss + ((towards_b + towards_a)? * self.recipe.guide_weight)?)?;
        }
        let weight = self.identity_weight(step);
        if weight > 0.0 {
            let same_b = same(&self.generators[0].logits(&b)?, &b)?;
            let same_a = same(&self.generators[1].logits(&a)?, &a)?;
            loss = (loss + ((same_a + same_b)? * weight)?)?;
        }
        self.generator_adam.step(&loss.backward()?, rate)?;
        self.average(step)?;

        let fakes = fakes.map(|fake| fake.detach());
        let mut figures = Losses {
            generators: loss.to_scalar()?,
            cycle: cycle.to_scalar()?,
            ..Self::figures([&a, &b], &binary)?
        };
        let seen = self.past.exchange(fakes, &mut draw)?;
        let mixed = tensor(&batch.mixed)?;
        let rate = rate * self.recipe.discriminator_rate;
        figures.discriminators =
            self.learn_to_judge([&a, &b, &mixed], &seen, noise, rate, &mut draw)?;
        Ok(figures)
    }

    /// The identity loss's weight at `step`.
    fn identity_weight(&self, step: u64) -> f64 {
        let gone = step as f64 / self.recipe.decay_from.max(1) as f64;
        self.recipe.identity_weight * (1.0 - gone).max(0.0)
    }

    /// Takes the generators' new weights into their running means, which are short at first.
    fn average(&self, step: u64) -> Result<()> {
        let Some(averages) = &self.averages else {
            return Ok(());
        };
        let share = (1.0 + step as f64) / (10.0 + step as f64);
        let share = self.recipe.average.min(share) as f32;
        for ((_, means), variables) in averages.iter().zip(&self.generator_variables) {
            for (name, mean) in means {
                adam::average(mean, variables[name].as_tensor(), share)?;
            }
        }
        Ok(())
    }

    /// |N(0, σ²)| for a batch: one tensor a step, shared by all discriminators' inputs.
    fn noise(&self, batch: usize, draw: &mut Normal) -> Result<Option<Tensor>> {
        if self.recipe.noise == 0.0 {
            return Ok(None);
        }
        let values: Vec<f32> = (0..batch * STEPS * PITCHES)
            .map(|_| (draw.next_normal() * self.recipe.noise).abs() as f32)
            .collect();
        Tensor::from_vec(values, (batch, 1, STEPS, PITCHES), &self.device).map(Some)
    }

    /// How far the fakes are from passing: the adversarial part of the generators' loss.
    fn deception(&self, fakes: &[Tensor; 2], noise: Option<&Tensor>) -> Result<Tensor> {
        let mut loss = Tensor::zeros((), DType::F32, &self.device)?;
        for (index, judge) in self.judges.iter().enumerate() {
            let weight = match index {
                0 | 1 => 1.0,
                _ if self.recipe.mixed == Mixed::InLoss => self.recipe.mixed_weight,
                _ => continue,
            };
            let fake = noisy(&fakes[generator_judged_by(index).index()], noise)?;
            let scores = judge.network.frozen().forward(&fake)?;
            loss = (loss + (losses::adversarial(&scores, 1.0)? * weight)?)?;
        }
        Ok(loss)
    }

    /// One step of all discriminators; returns their loss. `real` is A, B and the mixed music.
    fn learn_to_judge(
        &mut self,
        real: [&Tensor; 3],
        fakes: &[Tensor; 2],
        noise: Option<&Tensor>,
        rate: f64,
        draw: &mut Normal,
    ) -> Result<f32> {
        let mut loss = Tensor::zeros((), DType::F32, &self.device)?;
        for (index, judge) in self.judges.iter().enumerate() {
            let (real_phrases, weight) = match index {
                0 | 1 => (real[index], 1.0),
                _ => (real[2], self.recipe.mixed_weight),
            };
            let fake = &fakes[generator_judged_by(index).index()];
            let mut shown = vec![noisy(real_phrases, noise)?, noisy(fake, noise)?];
            if index < 2 && self.recipe.counterexamples {
                shown.push(noisy(real[1 - index], noise)?);
            }
            let scores = judge.network.forward(&Tensor::cat(&shown, 0)?)?;
            let judged = losses::discriminator(&scores, real_phrases.dim(0)?)?;
            loss = (loss + (judged * weight)?)?;
            if self.recipe.mixtures > 0.0 {
                let mixed = self.mixtures(&judge.network, real_phrases, fake, draw)?;
                loss = (loss + (mixed * (weight * self.recipe.mixtures))?)?;
            }
        }
        self.judge_adam.step(&loss.backward()?, rate)?;
        for judge in &self.judges {
            for (name, value) in judge.network.iterate()? {
                judge.variables[name].set(&value)?;
            }
        }
        loss.to_scalar()
    }

    /// How far a discriminator is from telling the shares in which phrases are mixed.
    fn mixtures(
        &self,
        judge: &Discriminator,
        real: &Tensor,
        fake: &Tensor,
        draw: &mut Normal,
    ) -> Result<Tensor> {
        let shares: Vec<f32> = (0..real.dim(0)?)
            .map(|_| draw.next_uniform() as f32)
            .collect();
        let shares = Tensor::new(shares, &self.device)?;
        let mixed = {
            let shares = shares.reshape(((), 1, 1, 1))?;
            (fake + (real - fake)?.broadcast_mul(&shares)?)?
        };
        losses::shares(&judge.forward(&mixed)?, &shares)
    }

    fn figures(sources: [&Tensor; 2], fakes: &[Tensor; 2]) -> Result<Losses> {
        let mut figures = Losses::default();
        for (index, (source, fake)) in sources.into_iter().zip(fakes).enumerate() {
            let cells = source.sum_all()?.to_scalar::<f32>()?.max(1.0);
            figures.density[index] = fake.sum_all()?.to_scalar::<f32>()? / cells;
            figures.changed[index] = (fake - source)?.abs()?.sum_all()?.to_scalar::<f32>()? / cells;
        }
        Ok(figures)
    }

    /// The probabilities of each cell after the transfer, as the networks (or their running
    /// means, where the recipe keeps them) are now:
    /// (rolls, 1, 64, 84).
    pub fn probabilities(&self, rolls: &[Roll], direction: Direction) -> Result<Tensor> {
        let x = net::tensor_of_rolls(rolls, &self.device)?;
        match &self.averages {
            Some(averages) => averages[direction.index()].0.forward(&x),
            None => self.generators[direction.index()].forward(&x),
        }
    }

    /// The rolls after the transfer, as the networks are now.
    pub fn translate(&self, rolls: &[Roll], direction: Direction) -> Result<Vec<Roll>> {
        rolls_of_tensor(&self.probabilities(rolls, direction)?, THRESHOLD)
    }

    /// The weights that are kept of both generators, A→B first.
    pub fn generator_tensors(&self) -> [BTreeMap<String, Tensor>; 2] {
        let kept = match &self.averages {
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

    fn mean_variables(&self) -> impl Iterator<Item = &Variables> {
        let averages = self.averages.iter().flatten();
        averages.map(|(_, variables)| variables)
    }

    /// Everything that the next step depends on besides its number.
    pub fn tensors(&self) -> Result<BTreeMap<String, Tensor>> {
        let plain = |(name, variable): (String, Var)| (name, variable.as_tensor().clone());
        let judges = self.judges.iter().map(|judge| &judge.variables);
        let mut tensors: BTreeMap<String, Tensor> =
            named(&self.generator_variables, "generator", |_| true)
                .map(plain)
                .collect();
        tensors.extend(named(judges, "discriminator", |_| true).map(plain));
        tensors.extend(named(self.mean_variables(), "average", |_| true).map(plain));
        tensors.extend(self.generator_adam.tensors());
        tensors.extend(self.judge_adam.tensors());
        tensors.extend(self.past.tensors());
        let taken = self.generator_adam.taken();
        tensors.insert("taken".into(), Tensor::new(&[taken as u32], &Device::Cpu)?);
        Ok(tensors)
    }

    /// Takes back what [`State::tensors`] gave.
    pub fn restore(&mut self, tensors: &BTreeMap<String, Tensor>) -> Result<()> {
        let find = |name: &str| match tensors.get(name) {
            Some(tensor) => tensor.to_device(&self.device),
            None => candle_core::bail!("the checkpoint has no tensor {name}"),
        };
        let judges = self.judges.iter().map(|judge| &judge.variables);
        for (name, variable) in named(&self.generator_variables, "generator", |_| true)
            .chain(named(judges, "discriminator", |_| true))
            .chain(named(self.mean_variables(), "average", |_| true))
        {
            variable.set(&find(&name)?)?;
        }
        let taken = u64::from(find("taken")?.to_vec1::<u32>()?[0]);
        self.generator_adam.restore(taken, find)?;
        self.judge_adam.restore(taken, find)?;
        self.past.restore(|name| tensors.get(name).cloned());
        Ok(())
    }
}

/// Which generator's fakes a discriminator judges: D_A and D_A,m those of B→A.
const fn generator_judged_by(index: usize) -> Direction {
    if index.is_multiple_of(2) {
        Direction::BToA
    } else {
        Direction::AToB
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

fn noisy(x: &Tensor, noise: Option<&Tensor>) -> Result<Tensor> {
    match noise {
        Some(noise) => x + noise,
        None => Ok(x.clone()),
    }
}

#[cfg(test)]
mod tests;
