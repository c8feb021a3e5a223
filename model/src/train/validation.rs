//! Which weights of a run are best: validation phrases through the generators as they are,
//! judged as the evaluation does.

use std::path::Path;

use serde_json::json;

use crate::genre::{Direction, Pair};
use crate::roll::Roll;

use super::data::{Corpus, Data, DataError, Selection, Split};
use super::evaluate::judge::{Judge, JudgeError, Progress, Shape};
use super::evaluate::translator::{TranslateError, Translator};
use super::evaluate::{subset, validate};
use super::learner::PairLearner;
use super::run::{AnyError, Scored};
use super::state::State;

impl Translator for State {
    fn translate(&self, rolls: &[Roll], direction: Direction) -> Result<Vec<Roll>, TranslateError> {
        Ok(State::translate(self, rolls, direction)?)
    }
}

/// A judge with the phrases that it is asked about.
pub struct Panel {
    judge: Judge,
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
    Judge(#[from] JudgeError),
    /// Too little music for a validation split.
    #[error(
        "no {0} phrase is left for validation: a tenth of the files are kept for it, so at \
         least ten are needed; train without with --validate-every 0"
    )]
    NoPhrase(crate::genre::Genre),
}

impl Panel {
    /// The judge of `pair`, from the folder `judges` or newly trained and kept there, and up to
    /// `most` validation phrases of each genre. `cache` is as in [`Data::read`].
    ///
    /// The judge is the one that the paper's figures come from; the evaluation has a second
    /// one, which never chooses anything.
    pub fn new(
        judges: &Path,
        pair: Pair,
        (corpus, selection): (&Corpus, Selection),
        most: usize,
        cache: Option<&Path>,
        progress: &mut dyn FnMut(Shape, Progress),
    ) -> Result<Self, PanelError> {
        /// The seed of the evaluation's judges, so that both share the files.
        const SEED: u64 = 1;
        // Only the pair's genres: that is what the kept judges were trained on.
        let data = Data::read(corpus, &[pair.a, pair.b], selection, cache)?;
        let mut both = Judge::both(judges, pair, &data, SEED, false, progress)?;
        let phrases = |genre| {
            let phrases = subset(&data.phrases(genre, Split::Validation).rolls, most);
            if phrases.is_empty() {
                return Err(PanelError::NoPhrase(genre));
            }
            Ok(phrases)
        };
        Ok(Self {
            judge: both.swap_remove(0),
            phrases: [phrases(pair.a)?, phrases(pair.b)?],
        })
    }

    /// Scores the generators as they are.
    pub fn score(&self, learner: &PairLearner) -> Result<Scored, AnyError> {
        let [a, b] = &self.phrases;
        let scores = validate(&learner.state, [a, b], &self.judge)?;
        Ok(Scored {
            score: scores.rank() as f32,
            details: json!({
                "rank": scores.rank(),
                "s_over_ceiling": scores.s_over_ceiling,
                "cycle_f1": scores.cycle_f1,
                "harmonic": scores.harmonic,
                "chroma": scores.chroma,
                "density_ab": scores.density[0],
                "density_ba": scores.density[1],
                "distinct": scores.distinct,
            }),
        })
    }
}
