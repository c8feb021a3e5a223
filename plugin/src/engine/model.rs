//! What the worker runs: the trained networks, or a test's stand-in.

use std::num::NonZeroU32;
use std::panic::{AssertUnwindSafe, catch_unwind};

use third_stream_model::genre::{Direction, Pair};
use third_stream_model::roll::edits::Edits;
use third_stream_model::roll::notes::NoteRoll;

use crate::link::{WeightsId, Wish};

/// Why there are no edits.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ModelError {
    /// There are no networks for the pair.
    #[error("no weights for {0}: choose another pair")]
    NoWeights(Pair),
    /// The user's own weights cannot be used; the plugin's can.
    #[error("{text}")]
    Own {
        /// Their number, as in [`WeightsId::own`].
        number: NonZeroU32,
        /// Why, in words.
        text: String,
    },
    /// The weights cannot be used.
    #[error("the weights cannot be used: {0}")]
    Weights(String),
    /// The forward pass failed.
    #[error("the forward pass failed: {0}")]
    Pass(String),
    /// Nobody waits for the answer any more.
    #[error("nobody waits for the answer any more")]
    Unwanted,
}

/// Says between two passes whether somebody still waits for the answer.
pub type Wanted<'a> = &'a (dyn Fn() -> bool + Sync);

/// What is asked of a [`Model`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Question {
    /// Which networks.
    pub weights: WeightsId,
    /// Towards which end of the knob.
    pub direction: Direction,
    /// What it hears.
    pub roll: NoteRoll,
    /// What is wanted beside.
    pub wish: Wish,
}

/// Both networks of one or more pairs. It is made on the worker and never leaves it.
///
/// ```compile_fail,E0277
/// fn moves<T: Send + ?Sized>() {}
/// moves::<dyn third_stream::engine::Model>();
/// ```
pub trait Model {
    /// What it runs on, as the editor shows it.
    fn device(&self) -> &str;

    /// The edits that lead from the question's phrase towards the direction's target;
    /// [`ModelError::Unwanted`] where it was left because nobody waits for them any more.
    fn edits(&mut self, asked: &Question, wanted: Wanted<'_>) -> Result<Edits, ModelError>;

    /// Whether these networks heed more of a [`Wish`] than what is held over. If not, questions
    /// that differ in it have one answer.
    fn heeds_wishes(&self, _weights: WeightsId) -> bool {
        false
    }

    /// How many questions it answers in the time of one: so many are put to it at once where they
    /// wait.
    fn at_once(&self) -> usize {
        1
    }

    /// The answers to some questions, in their order. A panic is an answer, too.
    fn answers(&mut self, questions: &[(Question, Wanted<'_>)]) -> Vec<Result<Edits, ModelError>> {
        let questions = questions.iter();
        questions
            .map(|(asked, wanted)| caught(|| self.edits(asked, wanted)))
            .collect()
    }

    /// One pass before any question, so that the first answer is as quick as the others.
    fn warm_up(&mut self) -> Result<(), ModelError> {
        let silence = Question {
            weights: WeightsId::shipped(Pair::JAZZ_CLASSIC),
            direction: Direction::AToB,
            roll: NoteRoll::EMPTY,
            wish: Wish::default(),
        };
        self.edits(&silence, &|| true).map(|_| ())
    }
}

/// Runs `work`; a panic in it becomes an error.
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
