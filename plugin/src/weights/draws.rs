//! Draws of first answers, which second answers go on from. A draw that is not there any more is
//! made again: what is kept changes no answer.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use third_stream_model::family::arranger::sampler::{Begun, FEW_PASSES, Sample};
use third_stream_model::roll::edits::Edits;
use third_stream_model::roll::notes::NoteRoll;
use third_stream_model::transfer::Wish;

use crate::engine::Question;

/// Maximum number: 64 instances in both directions, some 30 kB each.
const KEPT: usize = 128;

/// Draws by question, oldest first.
#[derive(Debug, Default)]
pub(super) struct Draws(Mutex<VecDeque<(Question, Arc<Sample>)>>);

impl Draws {
    /// The answer to a question. `draw` fills in a phrase, from a draw that has begun or from
    /// nothing.
    pub(super) fn edits<E>(
        &self,
        asked: &Question,
        draw: impl Fn((&NoteRoll, &Wish), Option<Begun<'_>>) -> Result<Sample, E>,
    ) -> Result<Edits, E> {
        let first = match &asked.earlier {
            Some(earlier) => {
                let first = Question {
                    roll: earlier.phrase,
                    wish: earlier.wish,
                    earlier: None,
                    ..*asked
                };
                let sample = match self.get(&first) {
                    Some(sample) => sample,
                    None => Arc::new(draw((&first.roll, &first.wish), None)?),
                };
                Some((sample, earlier.known(&asked.roll)))
            }
            None => None,
        };
        let begun = first.as_ref().map(|(sample, known)| Begun {
            sample,
            known: *known,
        });
        let sample = Arc::new(draw((&asked.roll, &asked.wish), begun)?);
        if asked.wish.passes == FEW_PASSES {
            self.keep(asked, &sample);
        }
        Ok(sample.edits(&asked.roll, asked.wish.held))
    }

    fn get(&self, asked: &Question) -> Option<Arc<Sample>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter().rev().find(|(question, _)| question == asked);
        found.map(|(_, sample)| Arc::clone(sample))
    }

    fn keep(&self, asked: &Question, sample: &Arc<Sample>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back((*asked, Arc::clone(sample)));
    }
}
