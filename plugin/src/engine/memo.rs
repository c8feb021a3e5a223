//! A cache of the last answers. A group's second request often equals its first (nothing was played
//! in the last beat), and a loop repeats its phrases.

use third_stream_model::roll::edits::Edits;

use super::Question;

/// Capacity: both directions of the groups of a 16-bar loop, twice (some 200 KiB).
const KEPT: usize = 16;

/// Answers by question; the oldest is evicted first.
#[derive(Debug, Default)]
pub(super) struct Memo {
    answers: Vec<(Question, Edits)>,
    oldest: usize,
}

impl Memo {
    pub(super) fn get(&self, asked: &Question) -> Option<Edits> {
        let mut answers = self.answers.iter();
        answers
            .find(|(question, _)| question == asked)
            .map(|(_, edits)| *edits)
    }

    pub(super) fn put(&mut self, asked: &Question, edits: &Edits) {
        let answer = (*asked, *edits);
        if self.answers.len() < KEPT {
            self.answers.push(answer);
        } else {
            self.answers[self.oldest] = answer;
            self.oldest = (self.oldest + 1) % KEPT;
        }
    }
}
