//! The queue of a question's steps: write its page, then send a request for each direction. They
//! are spaced in time, so that no block does more than one.

use super::Ask;
use third_stream_model::genre::Direction;

/// Interval between two steps, in beats: some 5 ms.
const APART: f64 = 1.0 / 64.0;
/// Capacity: a page and two directions, for two answers of six groups.
const ROOM: usize = 36;

/// A step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unsent {
    /// Time, in unwrapped beats.
    at: f64,
    pub(super) ask: Ask,
    /// Direction of the request to be sent; `None` for the page.
    pub(super) direction: Option<Direction>,
}

/// Steps in order of time, in a ring.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    requests: [Option<Unsent>; ROOM],
    first: usize,
    count: usize,
}

impl Queue {
    pub(super) const EMPTY: Self = Self {
        requests: [None; ROOM],
        first: 0,
        count: 0,
    };

    /// Time of the next step, in unwrapped beats.
    pub(super) fn next(&self) -> Option<f64> {
        let next = self.requests.get(self.first)?.as_ref()?;
        (self.count > 0).then_some(next.at)
    }

    /// Appends a request in a direction, or the page; false if the queue is full.
    pub(super) fn push(&mut self, ask: &Ask, direction: Option<Direction>) -> bool {
        if self.count == ROOM {
            return false;
        }
        let place = |number: usize| (self.first + number) % ROOM;
        let last = self.count.checked_sub(1).map(place);
        let last = last.and_then(|last| self.requests.get(last)?.as_ref());
        let after = last.map_or(ask.now, |last| last.at.max(ask.now));
        let end = place(self.count);
        if let Some(free) = self.requests.get_mut(end) {
            *free = Some(Unsent {
                at: after + APART,
                ask: *ask,
                direction,
            });
            self.count += 1;
        }
        true
    }

    /// Takes the next step.
    pub(super) fn pop(&mut self) -> Option<Unsent> {
        let next = self.requests.get_mut(self.first)?.take()?;
        self.first = (self.first + 1) % ROOM;
        self.count -= 1;
        Some(next)
    }
}
