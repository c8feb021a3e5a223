//! The model that the worker runs: the trained networks, or a test double.

use std::num::NonZeroU32;
use std::panic::{AssertUnwindSafe, catch_unwind};

use third_stream_model::genre::{Direction, Pair};
use third_stream_model::roll::edits::Edits;
use third_stream_model::roll::notes::NoteRoll;
use third_stream_model::transfer::Earlier;

use crate::link::{WeightsId, Wish};

/// Why a question has no edits.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ModelError {
    /// No networks for the pair.
    #[error("no weights for {0}: choose another pair")]
    NoWeights(Pair),
    /// User weights that cannot be used; the plugin's still can.
    #[error("{text}")]
    Own {
        /// Number of the weights, as in [`WeightsId::own`].
        number: NonZeroU32,
        /// The reason.
        text: String,
    },
    /// The weights cannot be used.
    #[error("the weights cannot be used: {0}")]
    Weights(String),
    /// The forward pass failed.
    #[error("the forward pass failed: {0}")]
    Pass(String),
    /// The question is stale.
    #[error("nobody waits for the answer any more")]
    Unwanted,
}

/// Asks, between two passes, whether the answer is still wanted.
pub type Wanted<'a> = &'a (dyn Fn() -> bool + Sync);

/// A question to a [`Model`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Question {
    /// The networks to be used.
    pub weights: WeightsId,
    /// The direction of the transfer.
    pub direction: Direction,
    /// The phrase.
    pub roll: NoteRoll,
    /// The wishes for the answer.
    pub wish: Wish,
    /// The first question about the phrase, whose draw the answer goes on from.
    pub earlier: Option<Earlier>,
}

/// The networks of one or more pairs. Created on the worker and never moved from it.
///
/// ```compile_fail,E0277
/// fn moves<T: Send + ?Sized>() {}
/// moves::<dyn third_stream::engine::Model>();
/// ```
pub trait Model {
    /// Device name for the editor.
    fn device(&self) -> &str;

    /// The edits that move the phrase towards the direction's target; [`ModelError::Unwanted`]
    /// where the question became stale.
    fn edits(&mut self, asked: &Question, wanted: Wanted<'_>) -> Result<Edits, ModelError>;

    /// True if the answer depends on all of a [`Wish`]; otherwise only on the notes held over, and
    /// questions that differ in the rest share an answer.
    fn heeds_wishes(&self, _weights: WeightsId) -> bool {
        false
    }

    /// Number of questions that it answers in the time of one: the worker batches as many.
    fn at_once(&self) -> usize {
        1
    }

    /// Answers to several questions, in order. A panic is an error.
    fn answers(&mut self, questions: &[(Question, Wanted<'_>)]) -> Vec<Result<Edits, ModelError>> {
        let questions = questions.iter();
        questions
            .map(|(asked, wanted)| caught(|| self.edits(asked, wanted)))
            .collect()
    }

    /// One pass before the first question, so that its answer is not slower than the others.
    fn warm_up(&mut self) -> Result<(), ModelError> {
        let silence = Question {
            weights: WeightsId::shipped(Pair::JAZZ_CLASSIC),
            direction: Direction::AToB,
            roll: NoteRoll::EMPTY,
            wish: Wish::default(),
            earlier: None,
        };
        self.edits(&silence, &|| true).map(|_| ())
    }
}

/// Runs `work` and turns a panic into an error.
pub(crate) fn caught<T>(work: impl FnOnce() -> Result<T, ModelError>) -> Result<T, ModelError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "unknown".into());
        Err(ModelError::Pass(format!("panic: {text}")))
    })
}
