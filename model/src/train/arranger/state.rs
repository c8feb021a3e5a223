//! The training state of the arranger and one step of it: the network, its running mean, the
//! optimiser.

use std::collections::{BTreeMap, HashMap};

use candle_core::backprop::GradStore;
use candle_core::{Device, Result, Tensor, Var};

use super::batch::MaskedPhrase;
use super::loss::{LossTerms, Targets, arranger_loss};
use crate::family::arranger::{
    ATTRIBUTES, Arranger, ArrangerConfig, Canvas, NO_GENRE, Network, column_share, encoding,
};
use crate::genre::Genre;
use crate::nn::adam::{self, Adam};
use crate::nn::init::{Store, Variables};
use crate::nn::ops::{Precision, with_precision};
use crate::roll::Roll;
use crate::roll::notes::NoteRoll;
use crate::train::recipe::arranger::ArrangerSettings;

/// The figures of one step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ArrangerLosses {
    /// The loss of the onsets, with its weight.
    pub onset: f32,
    /// The loss of the lengths, with its weight.
    pub length: f32,
    /// The norm of all gradients before it is limited.
    pub gradient_norm: f32,
}

impl ArrangerLosses {
    /// The figures with their names, for reports.
    pub fn named(&self) -> Vec<(&'static str, f32)> {
        vec![
            ("loss", self.onset + self.length),
            ("onset", self.onset),
            ("length", self.length),
            ("gradient_norm", self.gradient_norm),
        ]
    }
}

/// Everything that training changes.
pub struct ArrangerState {
    settings: ArrangerSettings,
    genres: Vec<Genre>,
    device: Device,
    network: Network,
    variables: Variables,
    /// The running mean, which is validated and kept.
    mean: Network,
    means: Variables,
    adam: Adam,
}

impl ArrangerState {
    /// A network with the initial weights of `seed`, no step taken. `genres` are those that
    /// it learns to tell apart, at most three, in the order of its norms' columns.
    ///
    /// # Errors
    /// candle's: shapes that do not fit, no memory on the device.
    pub fn new(
        settings: &ArrangerSettings,
        genres: &[Genre],
        seed: u64,
        device: &Device,
    ) -> Result<Self> {
        let network = || -> Result<(Network, Variables)> {
            let store = Store::new(seed);
            let network = Network::new(&settings.network, &store.builder(device))?;
            Ok((network, store.variables()))
        };
        let ((network, variables), (mean, means)) = (network()?, network()?);
        Ok(Self {
            adam: Adam::new(named(&variables), settings.optimiser())?,
            settings: *settings,
            genres: genres.to_vec(),
            device: device.clone(),
            network,
            variables,
            mean,
            means,
        })
    }

    /// Settings of the run.
    pub const fn settings(&self) -> &ArrangerSettings {
        &self.settings
    }

    /// The genres in the order of the norms' columns.
    pub fn genres(&self) -> &[Genre] {
        &self.genres
    }

    /// Begins with these weights instead. Those of a network without attributes heed none at first.
    ///
    /// # Errors
    /// A tensor is missing or has another shape.
    pub fn load(&mut self, weights: &HashMap<String, Tensor>) -> Result<()> {
        for (name, variable) in self.variables.iter().chain(&self.means) {
            match weights.get(name) {
                Some(weight) => {
                    let weight = weight.to_device(&self.device)?;
                    variable.set(&widened(&weight, variable.as_tensor())?)?;
                }
                None => candle_core::bail!("the weights have no tensor {name}"),
            }
        }
        Ok(())
    }

    /// One training step (counted from 0) at the learning rate `rate`.
    ///
    /// # Errors
    /// candle's: shapes that do not fit, no memory on the device.
    pub fn run(&mut self, step: u64, batch: &[MaskedPhrase], rate: f64) -> Result<ArrangerLosses> {
        let precision = self.precision();
        with_precision(precision, || {
            let (terms, gradients) = self.gradients(batch)?;
            let norm = self.adam.step(&[gradients], rate)?;
            self.update_ema(step)?;
            Ok(ArrangerLosses {
                onset: terms.onset.to_scalar()?,
                length: terms.length.to_scalar()?,
                gradient_norm: norm as f32,
            })
        })
    }

    /// The loss of the running mean on some examples: onsets, lengths.
    ///
    /// # Errors
    /// candle's: shapes that do not fit, no memory on the device.
    pub fn loss(&self, examples: &[MaskedPhrase]) -> Result<[f32; 2]> {
        let LossTerms { onset, length } = self.terms(&self.mean, examples)?;
        Ok([onset.to_scalar()?, length.to_scalar()?])
    }

    /// The running mean as it arranges phrases.
    ///
    /// # Errors
    /// If its weights cannot be read from the device.
    pub fn arranger(&self) -> Result<Arranger> {
        Arranger::new(self.mean.clone(), self.device.clone())
    }

    /// The norms' column of a genre; that of no genre where it has none.
    pub fn column(&self, genre: Genre) -> usize {
        let known = self.genres.iter().position(|column| *column == genre);
        known.unwrap_or(NO_GENRE)
    }

    const fn precision(&self) -> Precision {
        if self.settings.bf16 {
            Precision::Bf16
        } else {
            Precision::Full
        }
    }

    /// The loss, and the gradients of the network's variables.
    fn gradients(&self, batch: &[MaskedPhrase]) -> Result<(LossTerms, GradStore)> {
        if !self.device.is_cpu() {
            let terms = self.terms(&self.network, batch)?;
            let gradients = terms.total()?.backward()?;
            return Ok((terms, gradients));
        }
        let condition = self.condition(batch)?;
        let (planes, targets) = batch_tensors(batch, &self.device)?;
        let (logits, trace) = self.network.trace(&planes, &condition)?;
        let logits = Var::from_tensor(&logits)?;
        let terms = arranger_loss(&logits, &targets)?;
        let mut gradients = terms.total()?.backward()?;
        // Without a hidden cell nothing is learned.
        if let Some(of_logits) = gradients.remove(&logits) {
            self.network.back(trace, &of_logits, &mut gradients)?;
        }
        Ok((terms, gradients))
    }

    fn terms(&self, network: &Network, examples: &[MaskedPhrase]) -> Result<LossTerms> {
        let condition = self.condition(examples)?;
        terms(network, examples, &condition)
    }

    /// The condition of the norms, (phrases, condition).
    fn condition(&self, told: &[MaskedPhrase]) -> Result<Tensor> {
        let column = |one: &MaskedPhrase| one.genre.map_or(NO_GENRE, |genre| self.column(genre));
        condition(&self.settings.network, told, column, &self.device)
    }

    /// Takes the new weights into their running mean, which is short at first.
    fn update_ema(&self, step: u64) -> Result<()> {
        let share = (1.0 + step as f64) / (20.0 + step as f64);
        let share = self.settings.ema_decay.min(share) as f32;
        for (name, mean) in &self.means {
            adam::update_ema(mean, self.variables[name].as_tensor(), share)?;
        }
        Ok(())
    }

    /// The kept weights by name, with the shapes of [`Network`].
    pub fn kept(&self) -> BTreeMap<String, Tensor> {
        let plain = |(name, v): (&String, &Var)| (name.clone(), v.as_tensor().clone());
        self.means.iter().map(plain).collect()
    }

    /// Everything that the next step depends on besides its number.
    ///
    /// # Errors
    /// candle's: shapes that do not fit, no memory on the device.
    pub fn tensors(&self) -> Result<BTreeMap<String, Tensor>> {
        let plain = |(name, variable): (String, Var)| (name, variable.as_tensor().clone());
        let mut tensors: BTreeMap<String, Tensor> = named(&self.variables).map(plain).collect();
        let means = self.means.iter();
        tensors.extend(means.map(|(name, v)| (format!("average.{name}"), v.as_tensor().clone())));
        tensors.extend(self.adam.tensors());
        let taken = Tensor::new(&[self.adam.taken() as u32], &Device::Cpu)?;
        tensors.insert("taken".into(), taken);
        Ok(tensors)
    }

    /// Takes back what [`ArrangerState::tensors`] gave.
    ///
    /// # Errors
    /// A tensor is missing or has another shape.
    pub fn restore(&mut self, tensors: &BTreeMap<String, Tensor>) -> Result<()> {
        let find = |name: &str| match tensors.get(name) {
            Some(tensor) => tensor.to_device(&self.device),
            None => candle_core::bail!("the checkpoint has no tensor {name}"),
        };
        for (name, variable) in named(&self.variables) {
            variable.set(&find(&name)?)?;
        }
        for (name, mean) in &self.means {
            mean.set(&find(&format!("average.{name}"))?)?;
        }
        let taken = u64::from(find("taken")?.to_vec1::<u32>()?[0]);
        self.adam.restore(taken, find)
    }
}

/// A norm's weight of a network without attributes with zeros for these; others as they are.
fn widened(weight: &Tensor, like: &Tensor) -> Result<Tensor> {
    match (weight.dims(), like.dims()) {
        ([rows, found], [_, expected]) if *expected == found + ATTRIBUTES => {
            let zeros = Tensor::zeros((*rows, ATTRIBUTES), weight.dtype(), weight.device())?;
            Tensor::cat(&[weight, &zeros], 1)
        }
        _ => Ok(weight.clone()),
    }
}

/// The condition of the norms for some examples, each in the style of a column: (examples,
/// condition).
pub(super) fn condition(
    config: &ArrangerConfig,
    examples: &[MaskedPhrase],
    column: impl Fn(&MaskedPhrase) -> usize,
    device: &Device,
) -> Result<Tensor> {
    let rows = examples.iter().flat_map(|one| {
        let style = column_share(column(one));
        encoding::condition(config, style, one.freedom, &one.attributes)
    });
    let rows: Vec<f32> = rows.collect();
    Tensor::from_vec(rows, (examples.len(), config.condition()), device)
}

/// The loss of a network on some examples under a condition (examples, condition), on its device.
pub(super) fn terms(
    network: &Network,
    examples: &[MaskedPhrase],
    condition: &Tensor,
) -> Result<LossTerms> {
    let (planes, targets) = batch_tensors(examples, condition.device())?;
    arranger_loss(&network.logits(&planes, condition)?, &targets)
}

/// The planes of some examples, and what is hidden of them.
fn batch_tensors(examples: &[MaskedPhrase], device: &Device) -> Result<(Tensor, Targets)> {
    let canvases: Vec<Canvas> = examples.iter().map(|one| one.canvas).collect();
    let targets: Vec<NoteRoll> = examples.iter().map(|one| one.target).collect();
    let hidden: Vec<Roll> = canvases.iter().map(|canvas| canvas.hidden).collect();
    let planes = encoding::planes(&canvases, device)?;
    Ok((planes, Targets::new(&targets, &hidden, device)?))
}

/// The network's variables under their names in a checkpoint.
fn named(variables: &Variables) -> impl Iterator<Item = (String, Var)> {
    let named = |(name, v): (&String, &Var)| (format!("network.{name}"), v.clone());
    variables.iter().map(named).collect::<Vec<_>>().into_iter()
}

#[cfg(test)]
mod tests;
