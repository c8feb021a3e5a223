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
                Some((sample, &earlier.phrase))
            }
            None => None,
        };
        let begun = first
            .as_ref()
            .map(|(sample, phrase)| Begun { sample, phrase });
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

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::convert::Infallible;

    use third_stream_model::genre::{Direction, Pair};
    use third_stream_model::roll::CELLS;
    use third_stream_model::roll::notes::GridNote;
    use third_stream_model::transfer::Earlier;

    use super::*;
    use crate::link::{Answer, WeightsId};

    /// The phrase of a group, with the notes of its last beat or without.
    fn phrase(group: u8, answer: Answer) -> NoteRoll {
        let own = GridNote::new(group % 60, 40 + group / 60, 1);
        let notes = [own, GridNote::new(60, 43, 2)];
        let known = answer.index() + 1;
        notes.into_iter().take(known).collect()
    }

    fn question(group: u8, answer: Answer) -> Question {
        let wish = |answer: Answer| Wish {
            passes: answer.passes(),
            ..Wish::default()
        };
        let earlier = Earlier {
            phrase: phrase(group, Answer::First),
            wish: wish(Answer::First),
        };
        Question {
            weights: WeightsId::shipped(Pair::JAZZ_CLASSIC),
            direction: Direction::AToB,
            roll: phrase(group, answer),
            wish: wish(answer),
            earlier: (answer == Answer::Second).then_some(earlier),
        }
    }

    /// A draw: every note an octave higher, and those of the draw that it goes on from.
    fn draw(phrase: &NoteRoll, begun: Option<Begun<'_>>) -> Sample {
        let higher = phrase.notes().map(|note| GridNote {
            row: note.row + 12,
            ..note
        });
        let begun = begun.iter().flat_map(|begun| begun.sample.notes.notes());
        Sample {
            notes: higher.chain(begun).collect(),
            confidence: vec![0.9; CELLS],
        }
    }

    #[test]
    fn a_first_draw_is_made_once_while_it_is_kept_and_again_after_with_the_same_answer() {
        let draws = Draws::default();
        let passes = RefCell::new(Vec::new());
        let ask = |question: &Question| {
            let draw = |(phrase, wish): (&NoteRoll, &Wish), begun: Option<Begun<'_>>| {
                let done = begun.map_or(0, |_| FEW_PASSES);
                passes.borrow_mut().push(wish.passes - done);
                Ok::<_, Infallible>(draw(phrase, begun))
            };
            let Ok(edits) = draws.edits(question, draw);
            (edits, passes.take())
        };
        let (_, first) = ask(&question(0, Answer::First));
        assert_eq!(first, [4]);
        let (kept, four) = ask(&question(0, Answer::Second));
        assert_eq!(four, [4]);
        for group in 1..=KEPT {
            ask(&question(group as u8, Answer::First));
        }
        let (again, eight) = ask(&question(0, Answer::Second));
        assert_eq!(eight, [4, 4]);
        assert_eq!(again, kept);
        assert_ne!(kept.count(), 0);
        // One that goes on from nothing takes them all.
        let alone = Question {
            earlier: None,
            ..question(0, Answer::Second)
        };
        assert_eq!(ask(&alone).1, [8]);
    }

    #[test]
    fn a_draw_that_was_left_is_not_kept() {
        let draws = Draws::default();
        let left = draws.edits(&question(0, Answer::First), |_, _| Err("unwanted"));
        assert_eq!(left, Err("unwanted"));
        let drawn = Cell::new(0);
        let Ok(_) = draws.edits(&question(0, Answer::Second), |(phrase, _), begun| {
            drawn.set(drawn.get() + 1);
            Ok::<_, Infallible>(draw(phrase, begun))
        });
        assert_eq!(drawn.get(), 2);
    }
}
