//! The whole evaluation of a pair of generators, beside its baselines.
//!
//! The field names are the keys of the JSON file: they are read by other tools and stay.

mod markdown;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::figures::{Content, Texture};
use super::judge::{Judge, Record};
use super::style::{self, Shares};
use super::translator::{Identity, RandomTarget, Translator};
use super::{EvaluateError, Journey, places};
use crate::genre::{Direction, Pair};
use crate::roll::Roll;
use crate::train::data::{Data, Split};

/// What is evaluated.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The genre pair.
    pub pair: Pair,
    /// The phrases' split.
    pub split: Split,
    /// Phrases of each genre at most; taken at even distances, so that every piece has its part.
    pub phrases: usize,
    /// Seed of the random target phrases.
    pub seed: u64,
}

/// Everything that is known about a pair of generators.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The genre pair.
    pub pair: String,
    /// The phrases' split.
    pub split: String,
    /// Hash of the music.
    pub data: String,
    /// Seed of the random target phrases.
    pub seed: u64,
    /// How real phrases of each genre look.
    pub real: BTreeMap<String, Texture>,
    /// The judges, with their recall of each genre's evaluated phrases.
    pub judges: Vec<JudgeFigures>,
    /// The model and its baselines.
    pub rows: Vec<Row>,
}

/// A judge and how far it can be believed here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JudgeFigures {
    /// What it is and was trained on.
    pub record: Record,
    /// Share of each genre's evaluated phrases that it calls so.
    pub recall: BTreeMap<String, f64>,
    /// Mean of the recalls.
    pub accuracy: f64,
    /// The S of transfers that it takes for real music of the target genre.
    pub ceiling: f64,
}

/// One translator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Its name; the baselines are `identity` and `random target`.
    pub name: String,
    /// S of both directions together, by judge.
    pub total: BTreeMap<String, Total>,
    /// The figures of each direction.
    pub directions: Vec<DirectionFigures>,
}

/// S of both directions together.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Total {
    /// S in total.
    pub s: f64,
    /// As a share of the ceiling.
    pub s_over_ceiling: f64,
    /// Harmonic mean of that (at most 1) and the cycle onset F1.
    pub harmonic: f64,
}

/// One direction of one translator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DirectionFigures {
    /// The genre that it starts from.
    pub source: String,
    /// The genre that it leads to.
    pub target: String,
    /// All phrases.
    pub all: Figures,
    /// How the outputs look.
    pub output: Texture,
    /// By the collection that the source phrase comes from.
    pub by_source: BTreeMap<String, Figures>,
}

/// Style and content of some phrases.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Number of phrases.
    pub phrases: usize,
    /// What the judges say, by judge.
    pub style: BTreeMap<String, Style>,
    /// What is left of the source.
    pub content: Content,
}

/// What one judge says of one direction.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Style {
    /// Shares called the source genre, of x, x̂ and x̃.
    pub p_source: Shares,
    /// S of the direction.
    pub s: f64,
}

impl Figures {
    fn measure(
        journey: &Journey,
        judges: &[Judge],
        direction: Direction,
    ) -> Result<Self, EvaluateError> {
        let mut style = BTreeMap::new();
        for judge in judges {
            let p_source = journey.shares(judge, direction)?;
            let s = p_source.strength();
            style.insert(judge.record().shape.to_string(), Style { p_source, s });
        }
        Ok(Self {
            phrases: journey.source.len(),
            style,
            content: journey.content(),
        })
    }
}

/// The evaluated phrases of one genre.
struct Chosen {
    rolls: Vec<Roll>,
    sources: Vec<String>,
}

fn chosen(data: &Data, settings: &Settings, direction: Direction) -> Chosen {
    let phrases = data.phrases(settings.pair.source(direction), settings.split);
    let places = places(phrases.rolls.len(), settings.phrases);
    let source = |place: &usize| data.sources()[usize::from(phrases.sources[*place])].clone();
    Chosen {
        rolls: places.iter().map(|place| phrases.rolls[*place]).collect(),
        sources: places.iter().map(source).collect(),
    }
}

/// Evaluates `model` (its name and the generators) and the baselines; without a model the
/// baselines alone. `progress` hears of phrases done, with the row's name.
pub fn evaluate(
    data: &Data,
    settings: &Settings,
    judges: &[Judge],
    model: Option<(&str, &dyn Translator)>,
    progress: &mut dyn FnMut(&str, usize),
) -> Result<Report, EvaluateError> {
    let pair = settings.pair;
    let genre = |direction| pair.source(direction).to_string();
    let phrases = Direction::BOTH.map(|direction| chosen(data, settings, direction));
    let [a, b] = [pair.a, pair.b].map(|genre| data.phrases(genre, settings.split).rolls.clone());
    let random = RandomTarget::new(a, b, settings.seed);
    let baselines: [(&str, &dyn Translator); 2] =
        [("identity", &Identity), ("random target", &random)];
    let mut rows = Vec::new();
    for (name, translator) in model.into_iter().chain(baselines) {
        rows.push(row(name, translator, settings, &phrases, judges, progress)?);
    }
    let real = Direction::BOTH.map(|direction| {
        let texture = Texture::measure(&phrases[direction.index()].rolls);
        (genre(direction), texture)
    });
    // Every row has the same sources, so that the recalls can be read off any of them.
    let sources = rows
        .last()
        .map(|row: &Row| &row.directions[..])
        .unwrap_or_default();
    let judges = judges.iter().map(|judge| {
        let of = |figures: &DirectionFigures| {
            figures.all.style[judge.record().shape.name()]
                .p_source
                .source
        };
        let recall: BTreeMap<_, _> = sources
            .iter()
            .map(|figures| (figures.source.clone(), of(figures)))
            .collect();
        let sum: f64 = recall.values().sum();
        JudgeFigures {
            record: judge.record().clone(),
            recall,
            accuracy: sum / 2.0,
            ceiling: sum - 1.0,
        }
    });
    Ok(Report {
        pair: pair.to_string(),
        split: settings.split.to_string(),
        data: data.hash().to_owned(),
        seed: settings.seed,
        real: BTreeMap::from(real),
        judges: judges.collect(),
        rows,
    })
}

fn row(
    name: &str,
    translator: &dyn Translator,
    settings: &Settings,
    phrases: &[Chosen; 2],
    judges: &[Judge],
    progress: &mut dyn FnMut(&str, usize),
) -> Result<Row, EvaluateError> {
    let mut directions = Vec::new();
    for direction in Direction::BOTH {
        let Chosen { rolls, sources } = &phrases[direction.index()];
        let journey = Journey::of(translator, rolls, direction, &mut |count| {
            progress(name, count);
        })?;
        let mut by_source = BTreeMap::new();
        for source in sources {
            if !by_source.contains_key(source) {
                let part = journey.part(|place| sources[place] == *source);
                let figures = Figures::measure(&part, judges, direction)?;
                by_source.insert(source.clone(), figures);
            }
        }
        directions.push(DirectionFigures {
            source: settings.pair.source(direction).to_string(),
            target: settings.pair.target(direction).to_string(),
            all: Figures::measure(&journey, judges, direction)?,
            output: Texture::measure(&journey.output),
            by_source,
        });
    }
    let cycle = directions
        .iter()
        .map(|figures| figures.all.content.cycle_onset_f1)
        .sum::<f64>();
    let total = judges.iter().map(|judge| {
        let name = judge.record().shape.name();
        let shares = [0, 1].map(|at: usize| directions[at].all.style[name].p_source);
        let s_over_ceiling = style::of_ceiling(&shares);
        let total = Total {
            s: style::total(&shares),
            s_over_ceiling,
            harmonic: style::harmonic(s_over_ceiling.min(1.0), cycle / 2.0),
        };
        (name.to_owned(), total)
    });
    Ok(Row {
        name: name.to_owned(),
        total: total.collect(),
        directions,
    })
}

#[cfg(test)]
mod tests;
