//! The last few answers. A group's second request is often the same as its first (nothing was
//! played in the last beat), and a loop brings the same phrases round and round.

use third_stream_model::roll::edits::Edits;

use super::Question;

/// Answers kept: both directions of the groups of a 16-bar loop, twice over (some 150 KiB).
const KEPT: usize = 16;

/// Answers by what was asked; the oldest makes room.
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
