//! The life of a request: it is sent, its answers come in time, late or never, and those of an
//! older generation count for nothing. What is done with an answer is the mode's own.
//!
//! Only in offline rendering is anything waited for, at most [`LONGEST_WAIT`]; after a wait that
//! ended without an answer there is no other until one comes.

use std::time::{Duration, Instant};

use third_stream_model::genre::Direction;
use third_stream_model::roll::notes::NoteRoll;

use crate::link::{
    Answer, AudioEnd, Counted, LONGEST_WAIT, Request, Response, Taste, WeightsId, Wish,
};

/// Which networks are asked, how, and until when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    /// Seconds until the answer is needed.
    pub(super) seconds: f64,
    pub(super) weights: WeightsId,
    pub(super) taste: Taste,
    /// Whether the host renders offline: then there is always room for a request, and time for
    /// its answer.
    pub(super) offline: bool,
}

/// What is asked, in every direction alike.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    /// As [`Request::group`].
    pub(super) group: u32,
    pub(super) answer: Answer,
    /// As [`Request::place`].
    pub(super) place: usize,
    pub(super) roll: &'a NoteRoll,
}

/// Who keeps the answers of one generation.
pub(super) trait Inbox {
    /// Takes in an answer, good or bad.
    fn take(&mut self, response: &Response);
}

/// The requests of one generation.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pending {
    generation: u32,
    /// A wait has ended without an answer: no more waiting until one comes.
    gave_up: bool,
}

impl Pending {
    pub(super) const fn new() -> Self {
        Self {
            generation: 0,
            gave_up: false,
        }
    }

    /// Begins a new generation: nothing that is out counts any more.
    pub(super) fn renew(&mut self, link: &AudioEnd) {
        self.generation = link.renew();
    }

    /// Sends a request for each wish, by [`Direction::index`]; without one a direction is not asked
    /// about. Returns where one was sent: what was not sent will not be answered. A bounce waits for
    /// room; what comes meanwhile goes to `inbox`.
    pub(super) fn send(
        &mut self,
        asked: Asked,
        terms: &Terms,
        wishes: &[Option<Wish>; 2],
        link: &AudioEnd,
        inbox: &mut impl Inbox,
    ) -> [bool; 2] {
        let seconds = terms.seconds.clamp(0.0, 3600.0);
        let deadline = Instant::now() + Duration::from_secs_f64(seconds);
        let mut sent = [false; 2];
        for direction in Direction::BOTH {
            let Some(wish) = wishes[direction.index()] else {
                continue;
            };
            let request = Request {
                instance: link.instance(),
                generation: self.generation,
                place: asked.place,
                group: asked.group,
                answer: asked.answer,
                deadline,
                weights: terms.weights,
                direction,
                roll: *asked.roll,
                wish,
            };
            let is_sent = self.send_one(&request, terms.offline, link, inbox);
            sent[direction.index()] = is_sent;
            if !is_sent {
                link.count(Counted::NoRoom);
            }
        }
        sent
    }

    fn send_one(
        &mut self,
        request: &Request,
        offline: bool,
        link: &AudioEnd,
        inbox: &mut impl Inbox,
    ) -> bool {
        if !offline || self.gave_up {
            return link.ask(*request);
        }
        let sent = link.ask_offline(*request, |response| self.take(response, inbox));
        self.gave_up = !sent;
        sent
    }

    /// Takes in answers that are there, at most so many.
    pub(super) fn receive(&mut self, most: usize, link: &AudioEnd, inbox: &mut impl Inbox) {
        for response in link.answers(most) {
            self.take(&response, inbox);
        }
    }

    /// Offline rendering: takes in answers until `is_open` says no, or too long.
    pub(super) fn wait<I: Inbox>(
        &mut self,
        link: &AudioEnd,
        inbox: &mut I,
        is_open: impl Fn(&I) -> bool,
    ) {
        let begin = Instant::now();
        while !self.gave_up && is_open(inbox) {
            let left = LONGEST_WAIT.saturating_sub(begin.elapsed());
            match link.wait_offline(left) {
                Some(response) => self.take(&response, inbox),
                None => self.gave_up = true,
            }
        }
    }

    fn take(&mut self, response: &Response, inbox: &mut impl Inbox) {
        self.gave_up = false;
        if response.generation == self.generation {
            inbox.take(response);
        }
    }
}
