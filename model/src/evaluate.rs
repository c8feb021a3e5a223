//! Evaluation: style never without content, and never without the baselines.
//!
//! | module | what it is |
//! |---|---|
//! | [`content`], [`chroma`] | what is left of a phrase: pure functions on rolls |
//! | [`texture`] | how a phrase looks, whatever it was made from |
//! | [`measures`] | the figures that stand first, the same for any way to move music |
//! | [`kept`] | is the source recognised, and its tune there? |
//! | [`histograms`], [`faults`] | what is wrong, beside real music |
//! | [`arrange`] | any way to move music, as the measures see it |
//! | [`figures`] | these over many phrases |
//! | [`translator`] | a pair of generators, and the baselines |
//! | [`rules`] | the baseline that knows some music |
//! | [`round_trip`] | phrases on their way there and back |
//! | [`examples`] | phrases before and after, to be heard and looked at |
//! | [`report`] | everything in tables, as JSON, Markdown and one HTML page |

pub mod arrange;
pub mod chroma;
pub mod content;
pub mod examples;
pub mod faults;
pub mod figures;
pub mod histograms;
pub mod kept;
pub mod measures;
pub mod report;
pub mod round_trip;
pub mod rules;
pub mod texture;
pub mod translator;

use serde::{Deserialize, Serialize};

use crate::classify::judge::GenreClassifier;
use crate::classify::style::{self, SourceShares};
use crate::genre::Direction;
use crate::roll::Roll;

use figures::Content;
use round_trip::RoundTrip;
use translator::{TranslateError, Translator};

/// Why an evaluation stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluateError {
    /// The generators failed.
    #[error("the generators failed: {0}")]
    Translate(#[source] TranslateError),
    /// A judge or a stranger failed.
    #[error("a classifier failed: {0}")]
    GenreClassifier(#[from] candle_core::Error),
    /// There is nothing to evaluate.
    #[error("no phrases of the pair's {0} genre to evaluate: expected a corpus (--data) with both")]
    NoPhrases(&'static str),
    /// A phrase cannot be read.
    #[error(transparent)]
    Rolls(std::io::Error),
    /// A phrase cannot be drawn.
    #[error("a phrase cannot be drawn: {0}")]
    Picture(String),
}

/// Validation scores, by which a checkpoint is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// S in total as a share of the judge's ceiling on the same phrases.
    pub s_over_ceiling: f64,
    /// Cycle onset F1, the mean of both directions.
    pub cycle_f1: f64,
    /// Chroma cosine of source and output, the mean of both directions.
    pub chroma: f64,
    /// Sounding cells of the outputs to those of the sources, for each direction.
    pub density: [f64; 2],
    /// Notes of the outputs to those of the sources, for each direction.
    pub notes: [f64; 2],
    /// Different outputs to different sources, the lower of both directions.
    pub distinct: f64,
    /// Harmonic mean of `s_over_ceiling` (at most 1) and `cycle_f1`.
    pub harmonic: f64,
}

/// Outputs thinner or denser than this are not chosen.
pub const DENSITY_GUARD: [f64; 2] = [0.85, 1.15];

/// Nor are outputs with fewer or more notes than this: the judges are fooled by a shower of
/// short notes that hardly changes the density. Wide, for genres differ in their notes a bar.
pub const NOTES_GUARD: [f64; 2] = [0.7, 1.4];

impl Scores {
    /// How far the density of a direction lies outside of [`DENSITY_GUARD`]; 0 inside.
    pub fn density_error(&self) -> f64 {
        outside(self.density, DENSITY_GUARD)
    }

    /// How far the notes of a direction lie outside of [`NOTES_GUARD`]; 0 inside.
    pub fn notes_error(&self) -> f64 {
        outside(self.notes, NOTES_GUARD)
    }

    /// The scores with their names, as metrics and weights files keep them.
    pub fn named(&self) -> [(String, f64); 10] {
        [
            ("rank", self.rank()),
            ("s_over_ceiling", self.s_over_ceiling),
            ("cycle_f1", self.cycle_f1),
            ("harmonic", self.harmonic),
            ("chroma", self.chroma),
            ("density_ab", self.density[0]),
            ("density_ba", self.density[1]),
            ("notes_ab", self.notes[0]),
            ("notes_ba", self.notes[1]),
            ("distinct", self.distinct),
        ]
        .map(|(name, score)| (name.to_owned(), score))
    }

    /// One number to choose by, higher is better: `harmonic` within both guards, below 0 and
    /// falling outside of them.
    pub fn rank(&self) -> f64 {
        match self.density_error().max(self.notes_error()) {
            0.0 => self.harmonic,
            error => self.harmonic - 1.0 - error,
        }
    }
}

/// How far the worse of two ratios lies outside of a range; 0 inside.
fn outside(ratios: [f64; 2], [least, most]: [f64; 2]) -> f64 {
    let error = |ratio: f64| (least - ratio).max(ratio - most).max(0.0);
    error(ratios[0]).max(error(ratios[1]))
}

/// Scores a pair of generators on phrases of both genres, the first genre first. Quick with 64
/// phrases of each: two passes over each phrase.
///
/// # Errors
/// The generators or the judge fail, or a genre has no phrases.
pub fn validate(
    translator: &dyn Translator,
    phrases: [&[Roll]; 2],
    judge: &GenreClassifier,
) -> Result<Scores, EvaluateError> {
    let mut shares = [SourceShares::default(); 2];
    let mut content = [Content::default(); 2];
    for direction in Direction::BOTH {
        let at = direction.index();
        let trip = RoundTrip::of(translator, phrases[at], direction, &mut |_| ())?;
        shares[at] = trip.predictions(judge, direction)?.shares();
        content[at] = trip.content();
    }
    Ok(scores(&shares, &content))
}

/// The scores of both directions' figures.
fn scores(shares: &[SourceShares; 2], content: &[Content; 2]) -> Scores {
    let mean = |of: fn(&Content) -> f64| f64::midpoint(of(&content[0]), of(&content[1]));
    let s_over_ceiling = style::of_ceiling(shares);
    let cycle_f1 = mean(|content| content.cycle_onset_f1);
    Scores {
        s_over_ceiling,
        cycle_f1,
        chroma: mean(|content| content.chroma_cosine),
        density: content.map(|content| content.density_ratio),
        notes: content.map(|content| content.notes_ratio),
        distinct: content[0].distinct_outputs.min(content[1].distinct_outputs),
        harmonic: style::harmonic(s_over_ceiling.min(1.0), cycle_f1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(harmonic: f64, density: [f64; 2]) -> Scores {
        Scores {
            s_over_ceiling: harmonic,
            cycle_f1: harmonic,
            chroma: 1.0,
            density,
            notes: [1.0; 2],
            distinct: 1.0,
            harmonic,
        }
    }

    #[test]
    fn density_comes_before_style() {
        let thin = with(0.9, [0.7, 1.0]);
        let thinner = with(0.9, [0.6, 1.0]);
        let kept = with(0.1, [0.9, 1.1]);
        assert!(kept.rank() > thin.rank() && thin.rank() > thinner.rank());
        assert_eq!(kept.rank(), 0.1);
        let shower = Scores {
            notes: [1.0, 1.9],
            ..kept
        };
        assert!(shower.rank() < 0.0 && shower.rank() < thinner.rank());
    }
}
