//! Which weights of a run are best: validation phrases through the generators as they are,
//! judged as the evaluation does.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::json;

use crate::genre::{Direction, Pair};
use crate::roll::Roll;

use super::learner::PairLearner;
use super::state::CycleGanState;
use crate::classify::judge::{GenreClassifier, JudgeError, Progress};
use crate::data::{Corpus, CorpusSelection, Data, DataError, Split};
use crate::evaluate::translator::{TranslateError, Translator};
use crate::evaluate::{DENSITY_GUARD, NOTES_GUARD, Scores, validate};
use crate::train::run::{AnyError, Scored};

impl Translator for CycleGanState {
    fn translate(&self, rolls: &[Roll], direction: Direction) -> Result<Vec<Roll>, TranslateError> {
        Ok(CycleGanState::translate(self, rolls, direction)?)
    }
}

/// A judge with the phrases that it is asked about.
pub struct CycleGanValidation {
    judge: GenreClassifier,
    phrases: [Vec<Roll>; 2],
}

/// A validation that cannot be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PanelError {
    /// The music cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The judge can be neither found nor trained.
    #[error(transparent)]
    GenreClassifier(#[from] JudgeError),
    /// Too little music for a validation split.
    #[error(
        "no {0} phrase is left for validation: a tenth of the files are kept for it, so at \
         least ten are needed; train without with --validate-every 0"
    )]
    NoPhrase(crate::genre::Genre),
}

impl CycleGanValidation {
    /// The judge of `pair`, from the folder `judges` or newly trained and kept there, and up to
    /// `most` validation phrases of each genre. `cache` is as in [`Data::read`].
    ///
    /// # Errors
    /// The music cannot be read, the judge neither found nor trained, or no validation phrase is
    /// left.
    pub fn new(
        judges: &Path,
        pair: Pair,
        (corpus, selection): (&Corpus, CorpusSelection),
        most: usize,
        cache: Option<&Path>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Self, PanelError> {
        /// The seed of the evaluation's judge, so that both share the file.
        const SEED: u64 = 1;
        // Only the pair's genres: that is what a kept judge was trained on.
        let data = Data::read(corpus, &[pair.a, pair.b], selection, cache)?;
        let judge = GenreClassifier::kept(judges, pair, (&data, SEED), false, progress)?;
        let phrases = |genre| {
            let phrases = &data.phrases(genre, Split::Validation).rolls;
            let phrases = phrases.subset(most).map_err(DataError::Rolls)?;
            if phrases.is_empty() {
                return Err(PanelError::NoPhrase(genre));
            }
            Ok(phrases)
        };
        Ok(Self {
            judge,
            phrases: [phrases(pair.a)?, phrases(pair.b)?],
        })
    }

    /// Scores the generators as they are.
    ///
    /// # Errors
    /// The generators or the judge fail.
    pub fn score(&self, learner: &PairLearner) -> Result<Scored, AnyError> {
        let [a, b] = &self.phrases;
        let scores = validate(&learner.state, [a, b], &self.judge)?;
        Ok(Scored {
            score: scores.rank() as f32,
            details: json!(BTreeMap::from(scores.named())),
            alarms: alarms(&scores),
        })
    }
}

/// Signs of a mode collapse of the generators.
fn alarms(scores: &Scores) -> Vec<String> {
    /// Fewer different outputs than this share of the inputs.
    const DISTINCT: f64 = 0.9;
    /// Less than this comes back from the other genre.
    const CYCLE: f64 = 0.5;
    let mut alarms = Vec::new();
    if scores.density_error() > 0.0 {
        let [ab, ba] = scores.density;
        let [least, most] = DENSITY_GUARD;
        alarms.push(format!(
            "the outputs sound {ab:.2} and {ba:.2} times as many cells as their sources, expected \
             {least} to {most}"
        ));
    }
    if scores.notes_error() > 0.0 {
        let [ab, ba] = scores.notes;
        let [least, most] = NOTES_GUARD;
        alarms.push(format!(
            "the outputs have {ab:.2} and {ba:.2} times as many notes as their sources, expected \
             {least} to {most}"
        ));
    }
    if scores.distinct < DISTINCT {
        alarms.push(format!(
            "only {:.2} as many different outputs as inputs, expected at least {DISTINCT}",
            scores.distinct
        ));
    }
    if scores.cycle_f1 < CYCLE {
        alarms.push(format!(
            "only {:.2} of the onsets come back from the other genre, expected at least {CYCLE}",
            scores.cycle_f1
        ));
    }
    alarms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collapse_is_named_and_health_is_not() {
        let healthy = Scores {
            s_over_ceiling: 0.8,
            cycle_f1: 0.9,
            chroma: 0.9,
            density: [0.9, 1.1],
            notes: [0.8, 1.3],
            distinct: 1.0,
            harmonic: 0.85,
        };
        assert_eq!(alarms(&healthy), Vec::<String>::new());
        let collapsed = Scores {
            cycle_f1: 0.1,
            density: [0.2, 1.0],
            notes: [0.9, 1.9],
            distinct: 0.3,
            ..healthy
        };
        insta::assert_snapshot!(alarms(&collapsed).join("\n"), @r"
        the outputs sound 0.20 and 1.00 times as many cells as their sources, expected 0.85 to 1.15
        the outputs have 0.90 and 1.90 times as many notes as their sources, expected 0.7 to 1.4
        only 0.30 as many different outputs as inputs, expected at least 0.9
        only 0.10 of the onsets come back from the other genre, expected at least 0.5
        ");
    }
}
