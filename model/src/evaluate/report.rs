//! The whole evaluation of one genre pair, beside the baselines: the measures of all ways to move
//! music, and the judge's figures of pairs of generators.
//!
//! The field names are the keys of the JSON file: they are read by other tools and stay.

mod html;
mod markdown;
mod measure;
mod plots;
mod spread;
mod tables;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::figures::{Content, Texture};
use super::measures::Measures;
use crate::classify::judge::JudgeRecord;
use crate::classify::style::SourceShares;
use crate::data::Split;
use crate::genre::{Direction, Pair};
use crate::weights::Header;

pub use html::page;
pub use measure::{Also, Aside, EvaluatedModel, evaluate, row_name};

/// Settings of an evaluation.
#[derive(Clone, Copy, Debug)]
pub struct ReportSettings {
    /// The genre pair.
    pub pair: Pair,
    /// The phrases' split.
    pub split: Split,
    /// Phrases of each genre at most; taken at even distances, so that every piece has its part.
    pub phrases: usize,
    /// Seed of the random target phrases.
    pub seed: u64,
}

/// Everything that is known about the ways to move music between the genres of a pair.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// The measures of all of them.
    pub measures: Measures,
    /// The judge's figures for pairs of generators, and the cycle's; `None` where
    /// there are none.
    #[serde(flatten)]
    pub judged: Option<Report>,
}

/// The judge's report on the generators of a pair.
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
    /// The judge, with its recall of each genre's evaluated phrases.
    pub judge: JudgeFigures,
    /// The judge of the collections that are measured by themselves; `None` without those.
    pub also_judge: Option<AlsoJudge>,
    /// The models, then the baselines.
    pub rows: Vec<JudgedRow>,
    /// Models of several seeds together.
    pub groups: Vec<Group>,
}

/// A judge and how far it can be believed here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JudgeFigures {
    /// Metadata of the judge's file.
    pub record: JudgeRecord,
    /// Share of each genre's evaluated phrases that it calls so.
    pub recall: BTreeMap<String, f64>,
    /// Mean of the recalls.
    pub accuracy: f64,
    /// The S of transfers that it takes for real music of the target genre.
    pub ceiling: f64,
    /// The recall by genre and collection.
    pub by_source: Recalls,
}

/// A judge of the collections that are measured by themselves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlsoJudge {
    /// Metadata of the judge's file.
    pub record: JudgeRecord,
    /// The recall by genre and collection.
    pub also_source: Recalls,
}

/// Recalls by genre and collection.
pub type Recalls = BTreeMap<String, BTreeMap<String, Recall>>;

/// How many real phrases of a collection a judge calls by their genre.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recall {
    /// Number of phrases.
    pub phrases: usize,
    /// Share of them that is called by its genre.
    pub recall: f64,
}

/// One translator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JudgedRow {
    /// Its name; the baselines are `identity`, `random target` and `rules`.
    pub name: String,
    /// True if it is a baseline.
    pub baseline: bool,
    /// Header of its weights file.
    pub weights: Option<Header>,
    /// Its figures.
    #[serde(flatten)]
    pub measured: JudgedTransfer,
}

/// Models of one recipe and several seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Prefix of its rows' names.
    pub name: String,
    /// The names of its rows.
    pub rows: Vec<String>,
    /// The mean of every figure over the rows.
    pub mean: JudgedTransfer,
    /// The least of every figure by itself.
    pub least: JudgedTransfer,
    /// The most of every figure by itself.
    pub most: JudgedTransfer,
}

/// The figures of one translator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JudgedTransfer {
    /// S of both directions together.
    pub total: Total,
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
    /// S in total with the paper's soft x̃; `None` where nothing is soft.
    pub s_soft: Option<f64>,
}

/// One direction of one translator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DirectionFigures {
    /// The genre that it starts from.
    pub source: String,
    /// The genre that it leads to.
    pub target: String,
    /// All phrases.
    pub all: JudgedFigures,
    /// How the outputs look.
    pub output: Texture,
    /// By the collection that the source phrase comes from.
    pub by_source: BTreeMap<String, JudgedFigures>,
    /// Collections measured by themselves, whatever the selection of the corpus, and judged by
    /// [`Report::also_judge`]; no part of `all`.
    pub also_source: BTreeMap<String, JudgedFigures>,
}

/// Style and content of some phrases.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JudgedFigures {
    /// Number of phrases.
    pub phrases: usize,
    /// Style by the judge.
    pub style: JudgedStyle,
    /// Content metrics.
    pub content: Content,
}

/// Style of one direction by the judge.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct JudgedStyle {
    /// Shares called the source genre, of x, x̂ and x̃.
    pub p_source: SourceShares,
    /// S of the direction.
    pub s: f64,
    /// Share of the paper's soft x̃ called the source genre; `None` where nothing is soft.
    pub p_source_soft_back: Option<f64>,
    /// S of the direction with it.
    pub s_soft: Option<f64>,
}

impl JudgedTransfer {
    /// The mean of a figure of the content over both directions.
    fn content(&self, of: fn(&Content) -> f64) -> f64 {
        super::figures::mean(self.directions.iter().map(|d| of(&d.all.content)))
    }

    /// The figures of a direction.
    fn direction(&self, direction: Direction) -> &DirectionFigures {
        &self.directions[direction.index()]
    }
}

#[cfg(test)]
mod tests;
