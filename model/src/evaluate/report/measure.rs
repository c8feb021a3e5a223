//! How a report is made.

use std::collections::BTreeMap;
use std::io;

use super::{
    AlsoJudge, DirectionFigures, JudgeFigures, JudgedFigures, JudgedRow, JudgedStyle,
    JudgedTransfer, Recall, Recalls, Report, ReportSettings, Total, spread,
};
use crate::classify::judge::GenreClassifier;
use crate::classify::style::{self, SourceShares};
use crate::data::Data;
use crate::data::rolls::evenly_spaced;
use crate::evaluate::EvaluateError;
use crate::evaluate::figures::Texture;
use crate::evaluate::round_trip::{Predictions, RoundTrip};
use crate::evaluate::rules::Rules;
use crate::evaluate::translator::{Identity, RandomTarget, Translator};
use crate::genre::Direction;
use crate::roll::Roll;
use crate::weights::Header;

/// Generators to be evaluated.
#[derive(Clone, Copy)]
pub struct EvaluatedModel<'a> {
    /// Their name. Models with the same name are seeds of one recipe.
    pub name: &'a str,
    /// Header of their weights file.
    pub header: Option<&'a Header>,
    /// The generators.
    pub translator: &'a dyn Translator,
}

/// A collection that is measured by itself: real playing, say, where the networks and the judges
/// learned from something else.
#[derive(Clone, Debug, PartialEq)]
pub struct Also {
    /// The collection.
    name: String,
    /// Its phrases of the pair's first and second genre; one may have none.
    phrases: [Vec<Roll>; 2],
}

impl Also {
    /// The phrases of a collection, as many and of the split as the settings say; `None` where
    /// the corpus has none.
    ///
    /// # Errors
    /// The file of the rolls cannot be read.
    pub fn find(data: &Data, settings: &ReportSettings, name: &str) -> io::Result<Option<Self>> {
        let Some(source) = data.sources().iter().position(|source| source == name) else {
            return Ok(None);
        };
        let phrases = Direction::BOTH.map(|direction| {
            let all = data.phrases(settings.pair.source(direction), settings.split);
            let own = |place: &usize| usize::from(all.sources[*place]) == source;
            let own: Vec<usize> = (0..all.rolls.len()).filter(own).collect();
            let chosen = evenly_spaced(own.len(), settings.phrases);
            all.rolls.read(chosen.into_iter().map(|place| own[place]))
        });
        let [a, b] = phrases;
        let phrases = [a?, b?];
        let any = phrases.iter().any(|rolls| !rolls.is_empty());
        Ok(any.then(|| Self {
            name: name.to_owned(),
            phrases,
        }))
    }

    /// Phrases of both genres.
    pub fn count(&self) -> usize {
        self.phrases.iter().map(Vec::len).sum()
    }
}

/// Collections that are measured by themselves, with the judge that is asked about them: one that
/// knows such music, where that of the other phrases does not.
#[derive(Clone, Copy)]
pub struct Aside<'a> {
    /// The collections.
    pub collections: &'a [Also],
    /// Its judge.
    pub judge: &'a GenreClassifier,
}

/// The evaluated phrases of one genre.
struct Chosen {
    rolls: Vec<Roll>,
    sources: Vec<String>,
}

fn chosen(data: &Data, settings: &ReportSettings, direction: Direction) -> io::Result<Chosen> {
    let phrases = data.phrases(settings.pair.source(direction), settings.split);
    let places = evenly_spaced(phrases.rolls.len(), settings.phrases);
    let source = |place: &usize| data.sources()[usize::from(phrases.sources[*place])].clone();
    Ok(Chosen {
        sources: places.iter().map(source).collect(),
        rolls: phrases.rolls.read(places)?,
    })
}

/// Phrases that every row is measured on.
struct Bench<'a> {
    settings: &'a ReportSettings,
    phrases: [Chosen; 2],
    aside: Aside<'a>,
    judge: &'a GenreClassifier,
}

/// Evaluates `models` and the baselines on the phrases of `data`, and on collections aside by
/// themselves. `progress` hears of phrases done, with the row's name.
///
/// # Errors
/// The generators or the judge fail, or a genre has no phrases.
pub fn evaluate(
    data: &Data,
    aside: Aside,
    settings: &ReportSettings,
    judge: &GenreClassifier,
    models: &[EvaluatedModel],
    progress: &mut dyn FnMut(&str, usize),
) -> Result<Report, EvaluateError> {
    let pair = settings.pair;
    let [ab, ba] = Direction::BOTH
        .map(|direction| chosen(data, settings, direction).map_err(EvaluateError::Rolls));
    let bench = Bench {
        settings,
        phrases: [ab?, ba?],
        aside,
        judge,
    };
    let [a, b] = [pair.a, pair.b].map(|genre| data.phrases(genre, settings.split).rolls.clone());
    let (random, rules) = (RandomTarget::new(a, b, settings.seed), Rules::new(pair));
    let baselines: [(&str, &dyn Translator); 3] = [
        ("identity", &Identity),
        ("random target", &random),
        ("rules", &rules),
    ];
    let mut rows = Vec::new();
    for (index, model) in models.iter().enumerate() {
        let name = row_name(models, index);
        rows.push(JudgedRow {
            measured: bench.measure(model.translator, &mut |count| progress(&name, count))?,
            name,
            baseline: false,
            weights: model.header.cloned(),
        });
    }
    for (name, translator) in baselines {
        rows.push(JudgedRow {
            measured: bench.measure(translator, &mut |count| progress(name, count))?,
            name: name.to_owned(),
            baseline: true,
            weights: None,
        });
    }
    let real = Direction::BOTH.map(|direction| {
        let texture = Texture::measure(&bench.phrases[direction.index()].rolls);
        (pair.source(direction).to_string(), texture)
    });
    // Every row has the same sources, so that the recalls can be read off any of them.
    let any = &rows[models.len()].measured.directions;
    Ok(Report {
        pair: pair.to_string(),
        split: settings.split.to_string(),
        data: data.hash().to_owned(),
        seed: settings.seed,
        real: BTreeMap::from(real),
        judge: believed(judge, any),
        also_judge: (!aside.collections.is_empty()).then(|| AlsoJudge {
            record: aside.judge.record().clone(),
            also_source: recalls(any, |direction| &direction.also_source),
        }),
        groups: spread::groups(models, &rows),
        rows,
    })
}

/// The name of a model's row: its own, numbered where others have the same.
pub fn row_name(models: &[EvaluatedModel], index: usize) -> String {
    let name = models[index].name;
    let same = |models: &[EvaluatedModel]| models.iter().filter(|model| model.name == name).count();
    if same(models) == 1 {
        name.to_owned()
    } else {
        format!("{name} #{}", same(&models[..=index]))
    }
}

/// How far a judge can be believed, from what it says of any row's sources.
fn believed(judge: &GenreClassifier, directions: &[DirectionFigures]) -> JudgeFigures {
    let recall: BTreeMap<_, _> = directions
        .iter()
        .map(|direction| {
            (
                direction.source.clone(),
                direction.all.style.p_source.source,
            )
        })
        .collect();
    let sum: f64 = recall.values().sum();
    JudgeFigures {
        record: judge.record().clone(),
        recall,
        accuracy: sum / 2.0,
        ceiling: sum - 1.0,
        by_source: recalls(directions, |direction| &direction.by_source),
    }
}

/// The recalls of collections; genres that have none are left out.
fn recalls(
    directions: &[DirectionFigures],
    of: fn(&DirectionFigures) -> &BTreeMap<String, JudgedFigures>,
) -> Recalls {
    let known = directions
        .iter()
        .filter(|direction| !of(direction).is_empty());
    let genres = known.map(|direction| {
        let recalls = of(direction).iter().map(|(collection, figures)| {
            let recall = Recall {
                phrases: figures.phrases,
                recall: figures.style.p_source.source,
            };
            (collection.clone(), recall)
        });
        (direction.source.clone(), recalls.collect())
    });
    genres.collect()
}

impl Bench<'_> {
    /// All figures of a translator.
    fn measure(
        &self,
        translator: &dyn Translator,
        progress: &mut dyn FnMut(usize),
    ) -> Result<JudgedTransfer, EvaluateError> {
        let mut directions = Vec::new();
        for direction in Direction::BOTH {
            directions.push(self.direction(translator, direction, progress)?);
        }
        let cycle = super::super::figures::mean(
            directions
                .iter()
                .map(|figures| figures.all.content.cycle_onset_f1),
        );
        let styles = [0, 1].map(|at: usize| directions[at].all.style);
        let shares = styles.map(|style| style.p_source);
        let s_over_ceiling = style::of_ceiling(&shares);
        let [first, second] = styles.map(|style| style.s_soft);
        let total = Total {
            s: style::total(&shares),
            s_over_ceiling,
            harmonic: style::harmonic(s_over_ceiling.min(1.0), cycle),
            s_soft: first.zip(second).map(|(a, b)| f64::midpoint(a, b)),
        };
        Ok(JudgedTransfer { total, directions })
    }

    fn direction(
        &self,
        translator: &dyn Translator,
        direction: Direction,
        progress: &mut dyn FnMut(usize),
    ) -> Result<DirectionFigures, EvaluateError> {
        let Chosen { rolls, sources } = &self.phrases[direction.index()];
        let way = Way {
            translator,
            direction,
        };
        let travelled = way.travel(rolls, self.judge, progress)?;
        let mut by_source = BTreeMap::new();
        for source in sources {
            if !by_source.contains_key(source) {
                let part = travelled.part(|place| sources[place] == *source);
                by_source.insert(source.clone(), part.figures());
            }
        }
        let mut also_source = BTreeMap::new();
        for also in self.aside.collections {
            let rolls = &also.phrases[direction.index()];
            if !rolls.is_empty() {
                let travelled = way.travel(rolls, self.aside.judge, progress)?;
                also_source.insert(also.name.clone(), travelled.figures());
            }
        }
        Ok(DirectionFigures {
            source: self.settings.pair.source(direction).to_string(),
            target: self.settings.pair.target(direction).to_string(),
            all: travelled.figures(),
            output: Texture::measure(&travelled.trip.output),
            by_source,
            also_source,
        })
    }
}

/// There and back with one translator.
#[derive(Clone, Copy)]
struct Way<'a> {
    translator: &'a dyn Translator,
    direction: Direction,
}

impl Way<'_> {
    fn travel(
        self,
        rolls: &[Roll],
        judge: &GenreClassifier,
        progress: &mut dyn FnMut(usize),
    ) -> Result<Travelled, EvaluateError> {
        let trip = RoundTrip::of(self.translator, rolls, self.direction, progress)?;
        let predictions = trip.predictions(judge, self.direction)?;
        Ok(Travelled { trip, predictions })
    }
}

/// A round trip with the judge's predictions.
struct Travelled {
    trip: RoundTrip,
    predictions: Predictions,
}

impl Travelled {
    fn part(&self, belongs: impl Fn(usize) -> bool) -> Self {
        Self {
            trip: self.trip.part(&belongs),
            predictions: self.predictions.part(&belongs),
        }
    }

    fn figures(&self) -> JudgedFigures {
        let (p_source, soft) = (self.predictions.shares(), self.predictions.soft_shares());
        JudgedFigures {
            phrases: self.trip.source.len(),
            style: JudgedStyle {
                p_source,
                s: p_source.strength(),
                p_source_soft_back: soft.map(|soft| soft.back),
                s_soft: soft.as_ref().map(SourceShares::strength),
            },
            content: self.trip.content(),
        }
    }
}
