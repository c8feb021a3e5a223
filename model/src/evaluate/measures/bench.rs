//! Ways to move music side by side, and the baselines that stand beside them.

use std::collections::BTreeMap;

use super::{Figures, MeasuredDirection, Measures, Row, measure};
use crate::classify::stranger::{Panel, PhraseSample, halves};
use crate::data::rolls::evenly_spaced;
use crate::data::{Data, Split};
use crate::evaluate::EvaluateError;
use crate::evaluate::arrange::{Arrange, ByCells};
use crate::evaluate::faults::Faults;
use crate::evaluate::rules::Rules;
use crate::evaluate::translator::Identity;
use crate::family::arranger::tune;
use crate::genre::{Direction, Genre, Pair};
use crate::nn::init::{Normal, hash};
use crate::roll::notes::NoteRoll;

/// Settings of a measurement.
#[derive(Clone, Copy, Debug)]
pub struct MeasureSettings {
    /// The genre pair, in both directions.
    pub pair: Pair,
    /// The phrases' split.
    pub split: Split,
    /// Phrases of each genre at most.
    pub phrases: usize,
    /// The strangers; their seed is that of the random target phrases too.
    pub panel: Panel,
}

/// A way to move music, with its name.
#[derive(Clone, Copy)]
pub struct Method<'a> {
    /// The name in the tables.
    pub name: &'a str,
    /// The way.
    pub way: &'a dyn Arrange,
    /// Sources of its own, by genre, in place of those of the split: it is measured only in the
    /// directions that start from a genre which has some.
    pub sources: Option<&'a BTreeMap<Genre, PhraseSample>>,
}

/// The phrases of one collection in a split, by genre; genres that have none are left out.
///
/// # Errors
/// If the phrases cannot be read.
pub fn collection(
    data: &Data,
    settings: &MeasureSettings,
    name: &str,
) -> Result<BTreeMap<Genre, PhraseSample>, EvaluateError> {
    let mut found = BTreeMap::new();
    let Some(source) = data.sources().iter().position(|source| source == name) else {
        return Ok(found);
    };
    for genre in [settings.pair.a, settings.pair.b] {
        let sources = &data.phrases(genre, settings.split).sources;
        let own = (0..sources.len()).filter(|place| usize::from(sources[*place]) == source);
        let own: Vec<usize> = own.collect();
        if !own.is_empty() {
            let sample = all(data, settings, genre)?.at(&own);
            found.insert(genre, sample.subset(settings.phrases));
        }
    }
    Ok(found)
}

/// Measures `methods` and the baselines in both directions of the pair. `progress` hears of each
/// row before it is measured.
///
/// # Errors
/// A transfer or a classifier fails, or a genre has no phrases.
pub fn bench(
    data: &Data,
    settings: &MeasureSettings,
    methods: &[Method],
    progress: &mut dyn FnMut(&str),
) -> Result<Measures, EvaluateError> {
    let mut directions = Vec::new();
    for direction in Direction::BOTH {
        let source = settings.pair.source(direction);
        let target = settings.pair.target(direction);
        let [from, to] = [source, target].map(|genre| all(data, settings, genre));
        let (from, to) = (from?, to?);
        if from.phrases.is_empty() || to.phrases.is_empty() {
            let empty = if from.phrases.is_empty() {
                direction
            } else {
                direction.reverse()
            };
            return Err(EvaluateError::NoPhrases(["first", "second"][empty.index()]));
        }
        let way = Way {
            settings,
            between: [source, target],
            sources: from.subset(settings.phrases),
            real: to.subset(settings.phrases),
            pool: to,
        };
        directions.push(way.measure(methods, progress)?);
    }
    Ok(Measures {
        pair: settings.pair.to_string(),
        split: settings.split.to_string(),
        data: data.hash().to_owned(),
        panel: settings.panel,
        directions,
    })
}

/// All phrases of a genre in the split, with their pieces.
fn all(
    data: &Data,
    settings: &MeasureSettings,
    genre: Genre,
) -> Result<PhraseSample, EvaluateError> {
    let phrases = data.phrases(genre, settings.split);
    let notes = phrases.rolls.read_notes(0..phrases.rolls.len());
    let piece = |piece: &u32| {
        let genre = hash(genre.name().bytes(), 0);
        hash(piece.to_le_bytes(), genre)
    };
    Ok(PhraseSample {
        phrases: notes.map_err(EvaluateError::Rolls)?,
        pieces: phrases.piece_of.iter().map(piece).collect(),
    })
}

/// One direction.
struct Way<'a> {
    settings: &'a MeasureSettings,
    /// The genres that it starts from and leads to.
    between: [Genre; 2],
    sources: PhraseSample,
    /// Real phrases of the target genre.
    real: PhraseSample,
    /// All there are.
    pool: PhraseSample,
}

impl Way<'_> {
    fn measure(
        &self,
        methods: &[Method],
        progress: &mut dyn FnMut(&str),
    ) -> Result<MeasuredDirection, EvaluateError> {
        let [source, target] = self.between.map(|genre| genre.to_string());
        let mut heard = |name: &str| progress(&format!("{source}\u{2192}{target}: {name}"));
        let pair = self.settings.pair;
        let rules = Rules::new(pair);
        let identity = ByCells {
            translator: &Identity,
            pair,
        };
        let by_rule = ByCells {
            translator: &rules,
            pair,
        };
        let baselines = [
            Method {
                name: "identity",
                way: &identity,
                sources: None,
            },
            Method {
                name: "rules",
                way: &by_rule,
                sources: None,
            },
        ];
        let row = |name: &str, baseline: bool, figures| Row {
            name: name.to_owned(),
            baseline,
            figures,
        };
        let mut rows = Vec::new();
        for (number, method) in methods.iter().chain(&baselines).enumerate() {
            let sources = match method.sources {
                None => &self.sources,
                Some(own) => match own.get(&self.between[0]) {
                    None => continue,
                    Some(own) => own,
                },
            };
            heard(method.name);
            rows.push(row(
                method.name,
                number >= methods.len(),
                self.of(method.way, sources)?,
            ));
        }
        heard("tunes");
        rows.push(row("tunes", true, self.tunes()?));
        heard("random target");
        rows.push(row("random target", true, self.random()?));
        Ok(MeasuredDirection {
            real: Faults::measure(&self.real.phrases),
            source,
            target,
            rows,
        })
    }

    fn of(&self, way: &dyn Arrange, sources: &PhraseSample) -> Result<Figures, EvaluateError> {
        let [source, target] = self.between;
        let outputs = way.arrange(&sources.phrases, source, target);
        let outputs = PhraseSample {
            phrases: outputs.map_err(EvaluateError::Translate)?,
            pieces: sources.pieces.clone(),
        };
        measure(&sources.phrases, &outputs, &self.real, self.settings.panel)
    }

    /// The sources' tunes as outputs, beside those of the target genre: what strangers tell by the
    /// tune alone, which a transfer keeps.
    fn tunes(&self) -> Result<Figures, EvaluateError> {
        let of = |sample: &PhraseSample| PhraseSample {
            phrases: sample.phrases.iter().map(tune::tune).collect(),
            pieces: sample.pieces.clone(),
        };
        let (tunes, real) = (of(&self.sources), of(&self.real));
        measure(&tunes.phrases, &tunes, &real, self.settings.panel)
    }

    /// Real phrases of the target genre as outputs, beside others from other pieces: what the
    /// measures say of music that is right, and knows nothing of the source.
    fn random(&self) -> Result<Figures, EvaluateError> {
        let MeasureSettings { phrases, panel, .. } = *self.settings;
        let mut draw = Normal::new(panel.seed);
        let [marks, _] = halves::part([&self.pool.pieces[..], &[]], 0.5, &mut draw);
        let side = |marked: bool| {
            let places = (0..marks.len()).filter(|place| marks[*place] == marked);
            places.collect::<Vec<usize>>()
        };
        let (mut outputs, real) = (side(true), side(false));
        halves::shuffle(&mut outputs, &mut draw);
        outputs.truncate(phrases.min(self.sources.phrases.len()));
        let places = evenly_spaced(self.sources.phrases.len(), outputs.len());
        let sources: Vec<NoteRoll> = places.iter().map(|at| self.sources.phrases[*at]).collect();
        let real = self.pool.at(&real).subset(phrases);
        measure(&sources, &self.pool.at(&outputs), &real, panel)
    }
}

#[cfg(test)]
mod tests;
