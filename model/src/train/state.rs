//! The training state and one step of it: two generators, their discriminators, the optimisers
//! and the past fakes.
//!
//! A step is the authors': first the generators learn from the discriminators and the cycle,
//! then the discriminators from real phrases and from the fakes made before that. Domains: `D_B`
//! judges what generator A→B makes, and real phrases of B; `D_A` the other way round.

use std::collections::BTreeMap;

use candle_core::{Device, Result, Tensor, Var};

mod discriminators;

use discriminators::{Judge, deception, judgement};

use super::adam::{self, Adam};
use super::batch::Batch;
use super::guide::Guide;
use super::losses;
use super::past::Past;
use super::reach::{beyond, reach};
use super::recipe::{Mixed, Recipe};
use crate::genre::Direction;
use crate::net::init::{Normal, Store, Variables};
use crate::net::ops::{Precision, side_by_side, with_precision};
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
    guides: Vec<Guide>,
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
                adam::Settings::cyclegan(recipe.largest_change),
            )?,
            judge_adam: Adam::new(
                named(
                    judges.iter().map(|judge| &judge.variables),
                    "discriminator",
                    learned,
                ),
                adam::Settings::cyclegan(recipe.largest_change),
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
            guides: Vec::new(),
        })
    }

    /// The same with guides, which the recipe's `guide_weight` and `manner_weight` ask for.
    #[must_use]
    pub fn guided(self, guides: Vec<Guide>) -> Self {
        Self { guides, ..self }
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

        let [ab, ba] = &self.generators;
        let both = Both(&self.device);
        let logits = both.try_map(&[(ab, &a), (ba, &b)], |(network, x)| network.logits(x))?;
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
        let round = [(ba, &fakes[0], &a), (ab, &fakes[1], &b)];
        let [cycle_a, cycle_b] =
            both.try_map(&round, |(network, fake, x)| same(&network.logits(fake)?, x))?;
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
        let mut loss = (deception(&self.judges, &self.recipe, &fakes, noise)? + &cycle)?;
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
        if self.recipe.reach_weight > 0.0 {
            let reach = |rolls: &[Roll]| tensor(&rolls.iter().map(reach).collect::<Vec<_>>());
            let beyond_a = beyond(&binary[0], &a, &reach(&batch.a)?)?;
            let beyond_b = beyond(&binary[1], &b, &reach(&batch.b)?)?;
            loss = (loss + ((beyond_a + beyond_b)? * self.recipe.reach_weight)?)?;
        }
        if self.recipe.cluster_weight > 0.0 {
            let clusters = (losses::clusters(&binary[0], &a)? + losses::clusters(&binary[1], &b)?)?;
            loss = (loss + (clusters * self.recipe.cluster_weight)?)?;
        }
        for guide in &self.guides {
            let towards_b = guide.loss(&binary[0], Direction::AToB, &mut draw)?;
            let towards_a = guide.loss(&binary[1], Direction::BToA, &mut draw)?;
            loss = ((loss + towards_b)? + towards_a)?;
        }
        let weight = self.identity_weight(step);
        if weight > 0.0 {
            let [same_b, same_a] = both.try_map(&[(ab, &b), (ba, &a)], |(network, x)| {
                same(&network.logits(x)?, x)
            })?;
            loss = (loss + ((same_a + same_b)? * weight)?)?;
        }
        self.generator_adam.step(&[loss.backward()?], rate)?;
        self.average(step)?;

        let fakes = fakes.map(|fake| fake.detach());
        let mut figures = Losses {
            generators: loss.to_scalar()?,
            cycle: cycle.to_scalar()?,
            ..Self::figures([&a, &b], &binary)?
        };
        let seen = self.past.exchange(fakes, &mut draw)?;
        let mixed = tensor(&batch.mixed)?;
        let real = [&a, &b, &mixed];
        let (loss, gradients) =
            judgement(&self.judges, &self.recipe, real, &seen, noise, &mut draw)?;
        figures.discriminators = loss;
        self.judge_adam
            .step(&gradients, rate * self.recipe.discriminator_rate)?;
        for judge in &self.judges {
            for (name, value) in judge.network.iterate()? {
                judge.variables[name].set(&value)?;
            }
        }
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

/// What is done for both directions, side by side.
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
