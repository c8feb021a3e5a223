//! The numbers of a style, and one step of learning them.
//!
//! The loss, the masks and the disturbance are those that the network was trained with; only the
//! new column of each norm is changed. It takes the place of the column of no genre.

use candle_core::{Device, Result, Tensor, Var};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::music::Music;
use crate::data::rolls::evenly_spaced;
use crate::data::weighted::{key_by_chance, random};
use crate::family::arranger::harmony::HarmonyInput;
use crate::family::arranger::{
    ArrangerConfig, Attributes, Canvas, NO_GENRE, Network, NormColumn, tune,
};
use crate::genre::Genre;
use crate::nn::adam::{self, Adam};
use crate::nn::ops::{Precision, with_precision};
use crate::roll::notes::NoteRoll;
use crate::roll::{PITCHES, Roll, STEPS};
use crate::train::arranger::batch::MaskedPhrase;
use crate::train::arranger::loss::LossTerms;
use crate::train::arranger::state::{condition, terms};
use crate::train::recipe::arranger::{ArrangerRecipe, ArrangerSettings};

/// The learning rate of the first step; it falls in a line.
const RATE: f64 = 1e-2;
/// The learning rate that is left at the end.
const LEAST: f64 = 1e-4;
/// Phrases that a loss is measured on, at most.
const MEASURED: usize = 96;
/// Pitch classes of a half bar that are shown where a loss is measured.
const CLASSES: usize = 3;

/// How a style is learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StylePlan {
    /// Steps in all.
    pub steps: u64,
    /// Phrases in a step.
    pub batch: usize,
    /// The seed of what is drawn.
    pub seed: u64,
}

/// A style that is being learned.
pub struct StyleFit<'m> {
    network: Network,
    genres: Vec<(Genre, usize)>,
    music: &'m Music,
    plan: StylePlan,
    settings: ArrangerSettings,
    near: Genre,
    columns: Vec<Var>,
    adam: Adam,
    taken: u64,
}

impl<'m> StyleFit<'m> {
    /// Begins with the numbers of the genre that is best on the music that is learned from.
    /// `genres` are those that the network knows, with their columns; its weights are on the CPU
    /// and no variables.
    ///
    /// # Errors
    /// If there is no genre, or the network fails.
    pub fn new(
        network: Network,
        genres: Vec<(Genre, usize)>,
        music: &'m Music,
        plan: StylePlan,
    ) -> Result<Self> {
        let optimiser = adam::Settings {
            betas: (0.9, 0.999),
            decay: 0.0,
            largest_norm: 0.0,
        };
        let shape = *network.config();
        let mut lesson = Self {
            network,
            genres,
            music,
            plan,
            settings: ArrangerSettings {
                network: shape,
                no_genre: 0.0,
                no_tune: 0.0,
                no_harmony: 0.0,
                no_attributes: 0.0,
                ..ArrangerRecipe::usual().settings
            },
            near: Genre::Jazz,
            columns: Vec::new(),
            adam: Adam::new([], optimiser)?,
            taken: 0,
        };
        let losses = lesson.losses_of_genres(&music.learned)?;
        let best = losses.iter().min_by(|(_, a), (_, b)| a.total_cmp(b));
        let Some((near, _)) = best else {
            candle_core::bail!("the network knows no genre to begin with");
        };
        lesson.near = *near;
        let column = lesson.genres.iter().find(|(genre, _)| genre == near);
        let column = column.map_or(0, |(_, column)| *column);
        for layer in lesson.network.columns(column)?.layers() {
            lesson
                .columns
                .push(Var::new(layer.as_slice(), &Device::Cpu)?);
        }
        let named = lesson.columns.iter().enumerate();
        let named = named.map(|(layer, column)| (format!("{layer:03}"), column.clone()));
        lesson.adam = Adam::new(named, optimiser)?;
        Ok(lesson)
    }

    /// The shape of the network.
    pub const fn shape(&self) -> ArrangerConfig {
        *self.network.config()
    }

    /// The genre whose numbers it began with.
    pub const fn near(&self) -> Genre {
        self.near
    }

    /// Steps that were taken.
    pub const fn taken(&self) -> u64 {
        self.taken
    }

    /// One more step; the loss of its phrases before it. What is drawn depends on the seed and on
    /// how many steps were taken.
    ///
    /// # Errors
    /// If the network fails.
    pub fn step(&mut self) -> Result<f32> {
        let mut rng = random(self.plan.seed, self.taken, b"style");
        let examples: Vec<MaskedPhrase> =
            (0..self.plan.batch).map(|_| self.draw(&mut rng)).collect();
        let done = self.taken as f64 / self.plan.steps.max(1) as f64;
        let rate = RATE * (1.0 - done).max(0.0) + LEAST;
        let loss = with_precision(self.precision(), || {
            let columns: Vec<Tensor> = self.columns.iter().map(|v| v.as_tensor().clone()).collect();
            let network = self.network.restyled(&columns)?;
            let loss = of_column(&network, &examples, NO_GENRE)?.total()?;
            self.adam.step(&[loss.backward()?], rate)?;
            loss.to_scalar()
        })?;
        self.taken += 1;
        Ok(loss)
    }

    /// The numbers as they are now.
    ///
    /// # Errors
    /// candle's: shapes that do not fit, no memory on the device.
    pub fn columns(&self) -> Result<NormColumn> {
        let mut values = Vec::new();
        for column in &self.columns {
            values.extend(column.to_vec1::<f32>()?);
        }
        let columns = NormColumn::of_values(self.network.config(), &values);
        columns.ok_or_else(|| candle_core::Error::msg("columns of another shape"))
    }

    /// The loss of these phrases in each genre that the network knows.
    ///
    /// # Errors
    /// If the network fails.
    pub fn losses_of_genres(&self, phrases: &[NoteRoll]) -> Result<Vec<(Genre, f32)>> {
        let losses = self.genres.iter().map(|(genre, column)| {
            let loss = self.loss(&self.network, phrases, *column)?;
            Ok((*genre, loss))
        });
        losses.collect()
    }

    /// The loss of these phrases in a style with these numbers.
    ///
    /// # Errors
    /// If the network fails.
    pub fn loss_of(&self, columns: &NormColumn, phrases: &[NoteRoll]) -> Result<f32> {
        let columns = columns.layers().iter();
        let columns = columns.map(|column| Tensor::new(column.as_slice(), &Device::Cpu));
        let network = self
            .network
            .restyled(&columns.collect::<Result<Vec<_>>>()?)?;
        self.loss(&network, phrases, NO_GENRE)
    }

    /// The mean loss, everything hidden, tune and harmony shown as they are.
    fn loss(&self, network: &Network, phrases: &[NoteRoll], column: usize) -> Result<f32> {
        let examples = evenly_spaced(phrases.len(), MEASURED).into_iter();
        let examples = examples.map(|place| whole(&phrases[place], network.config().harmony));
        let examples: Vec<MaskedPhrase> = examples.collect();
        let mut sum = 0.0;
        for chunk in examples.chunks(self.plan.batch.max(1)) {
            let loss: f32 = with_precision(self.precision(), || {
                of_column(network, chunk, column)?.total()?.to_scalar()
            })?;
            sum += loss * chunk.len() as f32;
        }
        Ok(sum / examples.len().max(1) as f32)
    }

    fn draw(&self, rng: &mut ChaCha8Rng) -> MaskedPhrase {
        let phrase = self.music.learned[rng.random_range(0..self.music.learned.len())];
        let by = key_by_chance(phrase.sounding(), self.settings.transpose, rng);
        MaskedPhrase::draw(phrase.transpose(by), self.near, &self.settings, rng)
    }

    const fn precision(&self) -> Precision {
        if self.settings.bf16 {
            Precision::Bf16
        } else {
            Precision::Full
        }
    }
}

/// A phrase of which everything but tune and harmony is hidden.
fn whole(target: &NoteRoll, harmony: HarmonyInput) -> MaskedPhrase {
    MaskedPhrase {
        canvas: Canvas {
            shown: NoteRoll::EMPTY,
            hidden: Roll::from_steps([(1 << PITCHES) - 1; STEPS]),
            tune: tune::tune(target),
            harmony: harmony.of(target.sounding(), CLASSES),
        },
        target: *target,
        genre: None,
        freedom: 0.0,
        attributes: Attributes::of(target),
    }
}

/// The loss of some examples in the style of a column.
fn of_column(network: &Network, examples: &[MaskedPhrase], column: usize) -> Result<LossTerms> {
    let condition = condition(network.config(), examples, |_| column, &Device::Cpu)?;
    terms(network, examples, &condition)
}
