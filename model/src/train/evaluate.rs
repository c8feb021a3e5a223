//! Evaluation: style never without content, and never without the baselines.
//!
//! | module | what it is |
//! |---|---|
//! | [`content`], [`chroma`] | what is left of a phrase: pure functions on rolls |
//! | [`style`] | the paper's S and its ceiling |
//! | [`figures`] | these over many phrases |
//! | [`judge`] | the two genre classifiers |
//! | [`translator`] | a pair of generators, and the baselines |
//! | [`report`] | everything in one table, as JSON and as Markdown |

pub mod chroma;
pub mod content;
pub mod figures;
pub mod judge;
pub mod report;
pub mod style;
pub mod translator;

use serde::{Deserialize, Serialize};

use crate::genre::Direction;
use crate::roll::Roll;

use figures::Content;
use judge::Judge;
use style::Shares;
use translator::{TranslateError, Translator, translate_all};

/// Why an evaluation stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluateError {
    /// The generators failed.
    #[error("the generators failed: {0}")]
    Translate(#[source] TranslateError),
    /// A judge failed.
    #[error("a judge failed: {0}")]
    Judge(#[from] candle_core::Error),
    /// There is nothing to evaluate.
    #[error("no phrases of the pair's {0} genre to evaluate")]
    NoPhrases(&'static str),
}

/// Phrases with what became of them: x, x̂ and, through the binary x̂, x̃.
#[derive(Clone, Debug, PartialEq)]
pub struct Journey {
    /// The sources x.
    pub source: Vec<Roll>,
    /// The outputs x̂.
    pub output: Vec<Roll>,
    /// What came back through the other generator, x̃.
    pub back: Vec<Roll>,
}

impl Journey {
    /// Sends phrases through both generators, `direction` first; `progress` hears of each group
    /// of phrases, twice.
    pub fn of(
        translator: &dyn Translator,
        source: &[Roll],
        direction: Direction,
        progress: &mut dyn FnMut(usize),
    ) -> Result<Self, EvaluateError> {
        if source.is_empty() {
            let which = ["first", "second"][direction.index()];
            return Err(EvaluateError::NoPhrases(which));
        }
        let output = translate_all(translator, source, direction, &mut *progress)
            .map_err(EvaluateError::Translate)?;
        let back = translate_all(translator, &output, direction.reverse(), progress)
            .map_err(EvaluateError::Translate)?;
        Ok(Self {
            source: source.to_vec(),
            output,
            back,
        })
    }

    /// The phrases at the places that `belongs` says.
    #[must_use]
    pub fn part(&self, belongs: impl Fn(usize) -> bool) -> Self {
        let of = |rolls: &[Roll]| {
            let placed = rolls
                .iter()
                .enumerate()
                .filter(|(place, _)| belongs(*place));
            placed.map(|(_, roll)| *roll).collect()
        };
        Self {
            source: of(&self.source),
            output: of(&self.output),
            back: of(&self.back),
        }
    }

    /// What became of the content.
    pub fn content(&self) -> Content {
        Content::measure(&self.source, &self.output, &self.back)
    }

    /// The shares that a judge calls the source genre of `direction`.
    pub fn shares(&self, judge: &Judge, direction: Direction) -> Result<Shares, EvaluateError> {
        let verdicts = |rolls: &[Roll]| -> Result<Vec<bool>, EvaluateError> {
            let first = judge.says_first(rolls)?;
            let source_is_first = direction == Direction::AToB;
            Ok(first
                .into_iter()
                .map(|first| first == source_is_first)
                .collect())
        };
        Ok(Shares::of(
            &verdicts(&self.source)?,
            &verdicts(&self.output)?,
            &verdicts(&self.back)?,
        ))
    }
}

/// What a checkpoint is chosen by.
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
    /// Different outputs to different sources, the lower of both directions.
    pub distinct: f64,
    /// Harmonic mean of `s_over_ceiling` (at most 1) and `cycle_f1`.
    pub harmonic: f64,
}

/// Outputs thinner or denser than this are not chosen.
pub const DENSITY_GUARD: [f64; 2] = [0.85, 1.15];

impl Scores {
    /// How far the density of a direction lies outside of [`DENSITY_GUARD`]; 0 inside.
    pub fn density_error(&self) -> f64 {
        let [least, most] = DENSITY_GUARD;
        let outside = |ratio: f64| (least - ratio).max(ratio - most).max(0.0);
        outside(self.density[0]).max(outside(self.density[1]))
    }

    /// One number to choose by, higher is better: `harmonic` within the density guard, below 0
    /// and falling outside of it.
    pub fn rank(&self) -> f64 {
        match self.density_error() {
            0.0 => self.harmonic,
            error => self.harmonic - 1.0 - error,
        }
    }
}

/// Scores a pair of generators on phrases of both genres, the first genre first. Quick with 64
/// phrases of each: two passes over each phrase.
pub fn validate(
    translator: &dyn Translator,
    phrases: [&[Roll]; 2],
    judge: &Judge,
) -> Result<Scores, EvaluateError> {
    let mut shares = [Shares::default(); 2];
    let mut content = [Content::default(); 2];
    for direction in Direction::BOTH {
        let at = direction.index();
        let journey = Journey::of(translator, phrases[at], direction, &mut |_| ())?;
        shares[at] = journey.shares(judge, direction)?;
        content[at] = journey.content();
    }
    Ok(scores(&shares, &content))
}

/// The scores of both directions' figures.
fn scores(shares: &[Shares; 2], content: &[Content; 2]) -> Scores {
    let mean = |of: fn(&Content) -> f64| f64::midpoint(of(&content[0]), of(&content[1]));
    let s_over_ceiling = style::of_ceiling(shares);
    let cycle_f1 = mean(|content| content.cycle_onset_f1);
    Scores {
        s_over_ceiling,
        cycle_f1,
        chroma: mean(|content| content.chroma_cosine),
        density: content.map(|content| content.density_ratio),
        distinct: content[0].distinct_outputs.min(content[1].distinct_outputs),
        harmonic: style::harmonic(s_over_ceiling.min(1.0), cycle_f1),
    }
}

/// At most `most` of `count` places, at even distances, so that every piece has its part.
pub fn places(count: usize, most: usize) -> Vec<usize> {
    let taken = count.min(most);
    (0..taken).map(|place| place * count / taken).collect()
}

/// The phrases at the [`places`].
pub fn subset(rolls: &[Roll], most: usize) -> Vec<Roll> {
    places(rolls.len(), most)
        .into_iter()
        .map(|place| rolls[place])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use translator::Identity;

    fn with(harmonic: f64, density: [f64; 2]) -> Scores {
        Scores {
            s_over_ceiling: harmonic,
            cycle_f1: harmonic,
            chroma: 1.0,
            density,
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
    }

    #[test]
    fn no_phrases_is_an_error_that_says_which() {
        let error = Journey::of(&Identity, &[], Direction::BToA, &mut |_| ()).unwrap_err();
        insta::assert_snapshot!(error, @"no phrases of the pair's second genre to evaluate");
    }

    #[test]
    fn the_journey_goes_there_and_back() {
        /// Moves up on the way there and down on the way back, one short.
        struct Moves;
        impl Translator for Moves {
            fn translate(
                &self,
                rolls: &[Roll],
                to: Direction,
            ) -> Result<Vec<Roll>, TranslateError> {
                let by = [5, -4][to.index()];
                Ok(rolls.iter().map(|roll| roll.transpose(by)).collect())
            }
        }
        let mut roll = Roll::EMPTY;
        roll.fill(40, 0, 4);
        let journey = Journey::of(&Moves, &[roll], Direction::AToB, &mut |_| ()).unwrap();
        assert_eq!(journey.output, [roll.transpose(5)]);
        assert_eq!(journey.back, [roll.transpose(1)]);
        let back = Journey::of(&Moves, &[roll], Direction::BToA, &mut |_| ()).unwrap();
        assert_eq!(back.output, [roll.transpose(-4)]);
    }

    #[test]
    fn a_subset_is_spread_over_all() {
        assert_eq!(places(60, 3), [0, 20, 40]);
        assert_eq!(places(3, 60), [0, 1, 2]);
        assert!(places(0, 5).is_empty());
        assert_eq!(subset(&[Roll::EMPTY; 9], 4).len(), 4);
    }
}
