//! The measures that stand first in a report, the same for any way to move music. No classifier in
//! them is frozen before the network learns, so that none can be fooled.
//!
//! | figure | what it is | for real music of the target | for the source untouched |
//! |---|---|---|---|
//! | [`stranger`] | how well outputs are told from real music of the target genre | 0.5 | near 1 |
//! | [`Kept`] | recognised, tune kept, chroma | near 0 | 1 |
//! | `notes_of_target` | notes of a phrase, to those of the target's | 1 | |
//! | [`Overlap`] | histograms beside the target's | 1 | |
//! | [`Faults`] | counts beside the target's | | |

mod bench;

use serde::{Deserialize, Serialize};

use super::EvaluateError;
use super::faults::Faults;
use super::histograms::Overlap;
use super::kept::Kept;
use crate::classify::stranger::{Panel, PhraseSample, Stranger, stranger};
use crate::data::rolls::evenly_spaced;
use crate::roll::notes::NoteRoll;

pub use bench::{MeasureSettings, Method, bench, collection};

/// The figures of one direction of one way to move music.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Number of outputs.
    pub phrases: usize,
    /// How well strangers tell the outputs from real music of the target genre.
    pub stranger: Stranger,
    /// Share of the sources that is kept.
    pub kept: Kept,
    /// Notes of an output to those of a real phrase.
    pub notes_of_target: f64,
    /// Overlap of the outputs' histograms with those of real phrases.
    pub overlap: Overlap,
    /// Faults in the outputs.
    pub faults: Faults,
}

/// Measures `outputs` of as many `sources` beside `real` phrases of the target genre. Of the larger
/// sample, the strangers hear as many phrases as the smaller has, at even distances.
///
/// # Errors
/// A classifier fails.
pub fn measure(
    sources: &[NoteRoll],
    outputs: &PhraseSample,
    real: &PhraseSample,
    panel: Panel,
) -> Result<Figures, EvaluateError> {
    if sources.len() != outputs.phrases.len() {
        let (got, sent) = (outputs.phrases.len(), sources.len());
        let why = format!("{got} phrases came back for {sent}");
        return Err(EvaluateError::Translate(why.into()));
    }
    let both = outputs.phrases.len().min(real.phrases.len());
    Ok(Figures {
        phrases: outputs.phrases.len(),
        stranger: stranger(&outputs.subset(both), &real.subset(both), panel)?,
        kept: Kept::measure(sources, &outputs.phrases),
        notes_of_target: notes(&outputs.phrases) / notes(&real.phrases),
        overlap: Overlap::measure(&outputs.phrases, &real.phrases),
        faults: Faults::measure(&outputs.phrases),
    })
}

/// Notes of a phrase, on average.
fn notes(phrases: &[NoteRoll]) -> f64 {
    super::figures::mean(phrases.iter().map(|phrase| f64::from(phrase.count())))
}

impl PhraseSample {
    /// At most `most` phrases at even distances.
    #[must_use]
    pub fn subset(&self, most: usize) -> Self {
        self.at(&evenly_spaced(self.phrases.len(), most))
    }

    /// The phrases at these places.
    fn at(&self, places: &[usize]) -> Self {
        Self {
            phrases: places.iter().map(|place| self.phrases[*place]).collect(),
            pieces: places.iter().map(|place| self.pieces[*place]).collect(),
        }
    }
}

/// The measures of both directions of a pair.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measures {
    /// The genre pair.
    pub pair: String,
    /// The phrases' split.
    pub split: String,
    /// Hash of the music.
    pub data: String,
    /// The strangers that were asked.
    pub panel: Panel,
    /// The directions.
    pub directions: Vec<MeasuredDirection>,
}

/// The measures of one direction.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MeasuredDirection {
    /// The genre that it starts from.
    pub source: String,
    /// The genre that it leads to.
    pub target: String,
    /// Faults in real music of the target genre.
    pub real: Faults,
    /// The ways to move music, then the baselines.
    pub rows: Vec<Row>,
}

/// One way to move music.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Its name; the baselines are `identity`, `random target`, `rules` and `tunes`.
    pub name: String,
    /// True if it is a baseline.
    pub baseline: bool,
    /// Its figures.
    #[serde(flatten)]
    pub figures: Figures,
}
