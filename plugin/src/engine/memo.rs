//! The last few answers. A group's second request often has the same roll as its first (nothing
//! was played in the last beat), and a loop brings the same rolls round and round.

use third_stream_model::genre::{Direction, Pair};
use third_stream_model::roll::{Roll, edits::Edits};

/// Answers kept: both directions of the groups of a 16-bar loop, twice over (some 200 KiB).
const KEPT: usize = 16;

/// Answers by what was asked; the oldest makes room.
#[derive(Debug, Default)]
pub(super) struct Memo {
    answers: Vec<(Pair, Direction, Roll, Edits)>,
    oldest: usize,
}

impl Memo {
    pub(super) fn get(&self, pair: Pair, direction: Direction, roll: &Roll) -> Option<Edits> {
        let same = |answer: &&(Pair, Direction, Roll, Edits)| {
            answer.0 == pair && answer.1 == direction && answer.2 == *roll
        };
        self.answers.iter().find(same).map(|answer| answer.3)
    }

    pub(super) fn put(&mut self, pair: Pair, direction: Direction, roll: &Roll, edits: &Edits) {
        let answer = (pair, direction, *roll, *edits);
        if self.answers.len() < KEPT {
            self.answers.push(answer);
        } else {
            self.answers[self.oldest] = answer;
            self.oldest = (self.oldest + 1) % KEPT;
        }
    }
}
