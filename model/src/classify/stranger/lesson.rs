//! How one stranger learns: batches of outputs and real phrases in equal number, each in a random
//! key; softmax cross-entropy with smoothed labels, AdamW, a rate that falls to nothing along a
//! cosine. A fifth of the pieces is left out of the batches; the weights that were best on it are
//! kept, and it ends when they have not been bettered for a while.

use candle_core::{Device, Result, Tensor, Var};
use candle_nn::ops::log_softmax;
use candle_nn::{AdamW, Optimizer, ParamsAdamW};

use super::halves::{part, shuffle};
use super::network::{Network, READ};
use crate::data::rolls::evenly_spaced;
use crate::nn::init::{Normal, Store};
use crate::roll::notes::NoteRoll;

/// Phrases of each kind in a batch.
const HALF_BATCH: usize = 16;
/// Steps between two looks at the phrases left out.
const LOOK: usize = 25;
/// Looks without a better one after which it ends.
const PATIENCE: usize = 6;
/// Loss of the phrases left out at which there is nothing more to learn: all are told apart.
const TOLD: f64 = 0.08;
/// Share of the phrases that is left out of the batches.
const LEFT_OUT: f64 = 0.2;
/// Semitones up or down at most.
const KEYS: usize = 6;
const RATE: f64 = 4e-3;
const WARM_UP: f64 = 20.0;
const DECAY: f64 = 1e-2;
/// Share of values that the linear layer does not see.
const DROPPED: f64 = 0.3;
/// Label smoothing: a label is 1 less this.
const SMOOTH: f32 = 0.05;
/// Phrases of each kind of which the norms' means and variances are taken.
const STATISTICS: usize = 64;

/// Outputs and real phrases, with the piece that each comes from.
#[derive(Clone, Debug, Default)]
pub(super) struct Both {
    pub(super) phrases: [Vec<NoteRoll>; 2],
    pub(super) pieces: [Vec<u64>; 2],
}

impl Both {
    /// The phrases that are marked so.
    pub(super) fn part(&self, marks: &[Vec<bool>; 2], marked: bool) -> Self {
        fn chosen<T: Copy>(all: &[T], marks: &[bool], marked: bool) -> Vec<T> {
            let both = all.iter().zip(marks);
            let own = both.filter(|(_, mark)| **mark == marked);
            own.map(|(one, _)| *one).collect()
        }
        Self {
            phrases: [0, 1].map(|kind| chosen(&self.phrases[kind], &marks[kind], marked)),
            pieces: [0, 1].map(|kind| chosen(&self.pieces[kind], &marks[kind], marked)),
        }
    }

    fn pieces(&self) -> [&[u64]; 2] {
        self.pieces.each_ref().map(|kind| &kind[..])
    }

    /// True if a kind has no phrase.
    pub(super) fn lacks(&self) -> bool {
        self.phrases.iter().any(Vec::is_empty)
    }
}

/// A stranger that has learned, at most `steps` steps, to tell outputs from real phrases.
pub(super) fn teach(all: &Both, steps: usize, seed: u64) -> Result<Network> {
    let mut draw = Normal::new(seed);
    let marks = part(all.pieces(), LEFT_OUT, &mut draw);
    let (learned, left_out) = (all.part(&marks, false), all.part(&marks, true));
    if learned.lacks() || left_out.lacks() {
        candle_core::bail!(
            "{} outputs and {} real phrases are too few to learn from; expected 20 of each",
            all.phrases[0].len(),
            all.phrases[1].len()
        );
    }
    let store = Store::new(seed);
    let network = Network::new(&store.builder(&Device::Cpu))?;
    let variables: Vec<Var> = store.variables().into_values().collect();
    let mut adam = AdamW::new(
        variables.clone(),
        ParamsAdamW {
            weight_decay: DECAY,
            ..ParamsAdamW::default()
        },
    )?;
    let targets = targets()?;
    let mut batches = learned.phrases.each_ref().map(|kind| Batches::new(kind));
    let (mut best, mut kept, mut since) = (f64::INFINITY, Vec::new(), 0);
    let everything = || variables.iter().chain(network.statistics());
    let some = learned.phrases.iter().flat_map(|kind| {
        let places = evenly_spaced(kind.len(), STATISTICS).into_iter();
        places.map(|place| kind[place])
    });
    let some = Network::input(&some.collect::<Vec<NoteRoll>>())?;
    for step in 0..steps {
        let mut batch = batches[0].next(&mut draw);
        batch.extend(batches[1].next(&mut draw));
        let read = network.learning(&Network::input(&batch)?, false)?;
        let logits = network.logits(&(read * dropped(2 * HALF_BATCH, &mut draw)?)?)?;
        let loss = (log_softmax(&logits, 1)? * &targets)?.sum_all()?;
        adam.set_learning_rate(rate(step, steps));
        adam.backward_step(&(loss * (-1.0 / (2 * HALF_BATCH) as f64))?)?;
        if (step + 1) % LOOK != 0 && step + 1 != steps {
            continue;
        }
        network.learning(&some, true)?;
        let loss = loss_of(&network, &left_out)?;
        if loss < best {
            let copies = everything().map(|variable| variable.copy());
            (best, kept, since) = (loss, copies.collect::<Result<_>>()?, 0);
        } else {
            since += 1;
        }
        if since == PATIENCE || best < TOLD {
            break;
        }
    }
    for (variable, value) in everything().zip(&kept) {
        variable.set(value)?;
    }
    Ok(network)
}

/// Labels of the phrases of a batch.
fn targets() -> Result<Tensor> {
    let (yes, no) = (1.0 - SMOOTH, SMOOTH);
    let made = [[yes, no]; HALF_BATCH];
    let real = [[no, yes]; HALF_BATCH];
    let values = [made, real].as_flattened().as_flattened().to_vec();
    Tensor::from_vec(values, (2 * HALF_BATCH, 2), &Device::Cpu)
}

/// 0 for what is not seen, for the rest what keeps the sum.
fn dropped(phrases: usize, draw: &mut Normal) -> Result<Tensor> {
    let seen = 1.0 / (1.0 - DROPPED);
    let values = (0..phrases * READ).map(|_| {
        let drops = draw.next_uniform() < DROPPED;
        if drops { 0.0 } else { seen as f32 }
    });
    Tensor::from_vec(values.collect(), (phrases, READ), &Device::Cpu)
}

fn rate(step: usize, steps: usize) -> f64 {
    let warm = ((step + 1) as f64 / WARM_UP).min(1.0);
    let done = step as f64 / steps as f64;
    RATE * warm * 0.5 * (1.0 + (std::f64::consts::PI * done).cos())
}

/// The mean of both kinds' cross-entropy.
fn loss_of(network: &Network, both: &Both) -> Result<f64> {
    let mut total = 0.0;
    for (kind, sign) in both.phrases.iter().zip([1.0, -1.0]) {
        let scores = network.scores(kind)?;
        let losses = scores.iter().map(|score| {
            let wrong = sign * f64::from(*score);
            wrong.max(0.0) + (-wrong.abs()).exp().ln_1p()
        });
        total += losses.sum::<f64>() / kind.len() as f64 / 2.0;
    }
    Ok(total)
}

/// The phrases of one kind, drawn without one being drawn twice before all have been.
struct Batches<'a> {
    phrases: &'a [NoteRoll],
    order: Vec<usize>,
}

impl<'a> Batches<'a> {
    fn new(phrases: &'a [NoteRoll]) -> Self {
        let order = Vec::new();
        Self { phrases, order }
    }

    fn next(&mut self, draw: &mut Normal) -> Vec<NoteRoll> {
        let mut batch = Vec::with_capacity(2 * HALF_BATCH);
        while batch.len() < HALF_BATCH {
            let Some(place) = self.order.pop() else {
                self.order = (0..self.phrases.len()).collect();
                shuffle(&mut self.order, draw);
                continue;
            };
            let semitones = draw.next_below(2 * KEYS + 1) as i32 - KEYS as i32;
            batch.push(self.phrases[place].transpose(semitones));
        }
        batch
    }
}
