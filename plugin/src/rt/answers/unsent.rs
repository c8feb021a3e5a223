//! What is to be done for a question, one thing after the other: its page is written, then a
//! request is sent for each direction. Each is done a little after what is before it, so that no
//! block has to do more than one of them.

use super::Ask;
use third_stream_model::genre::Direction;

/// So long (beats) after what is before it each is sent: some 5 ms.
const APART: f64 = 1.0 / 64.0;
/// A page and both directions, of both answers of six groups.
const ROOM: usize = 36;

/// A thing that is to be done.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unsent {
    /// Unwrapped beats.
    at: f64,
    pub(super) ask: Ask,
    /// The direction of a request that is to be sent; `None` for the page.
    pub(super) direction: Option<Direction>,
}

/// What is to be done, in a ring, in its order.
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

    /// When the next is to be done, in unwrapped beats.
    pub(super) fn next(&self) -> Option<f64> {
        let next = self.requests.get(self.first)?.as_ref()?;
        (self.count > 0).then_some(next.at)
    }

    /// Puts a direction or the page of a question behind the others. False: there is no room.
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

    /// The next one.
    pub(super) fn pop(&mut self) -> Option<Unsent> {
        let next = self.requests.get_mut(self.first)?.take()?;
        self.first = (self.first + 1) % ROOM;
        self.count -= 1;
        Some(next)
    }
}
