//! The life of a request: sent, then answered in time, late or never; answers of an older
//! generation are ignored. The use of an answer is the mode's own.
//!
//! Only offline rendering waits, at most [`LONGEST_WAIT`]; after a wait without an answer there is
//! no other until one comes.

use std::time::{Duration, Instant};

use third_stream_model::genre::Direction;

use crate::link::{
    Answer, AudioEnd, Counted, LONGEST_WAIT, Request, Response, Sheet, Taste, WeightsId,
};

/// How and by when the networks are asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    /// Seconds until the answer is needed.
    pub(super) seconds: f64,
    pub(super) weights: WeightsId,
    pub(super) taste: Taste,
    /// The host renders offline: there is always room for a request, and time for its answer.
    pub(super) offline: bool,
}

/// A request, except its phrase and its wish.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    /// As [`Request::group`].
    pub(super) group: u32,
    pub(super) answer: Answer,
    /// As [`Request::place`].
    pub(super) place: usize,
    pub(super) direction: Direction,
}

/// Receiver of the answers of one generation.
pub(super) trait Inbox {
    /// Takes an answer, good or bad.
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

    /// Starts a new generation: all pending requests become stale.
    pub(super) fn renew(&mut self, link: &AudioEnd) {
        self.generation = link.renew();
    }

    /// Sends a request after `write` has filled in roll and wish. False if there is no room; it
    /// will not be answered. A bounce waits for room, and `inbox` gets the answers that come
    /// meanwhile.
    pub(super) fn send(
        &mut self,
        asked: Asked,
        terms: &Terms,
        link: &AudioEnd,
        inbox: &mut impl Inbox,
        write: impl FnOnce(&mut Request),
    ) -> bool {
        let sheet = self.sheet(terms, link, inbox);
        let sent = sheet.is_some_and(|mut sheet| {
            write(&mut sheet);
            self.post(sheet, asked, terms, link)
        });
        self.sent(sent, terms, link)
    }

    /// A sheet for a request, with the content of an older one.
    pub(super) fn sheet(
        &mut self,
        terms: &Terms,
        link: &AudioEnd,
        inbox: &mut impl Inbox,
    ) -> Option<Sheet<Request>> {
        if !terms.offline || self.gave_up {
            return link.sheet();
        }
        link.sheet_offline(|response| {
            self.take(response, inbox);
        })
    }

    /// Sends a sheet with roll and wish filled in.
    pub(super) fn post(
        self,
        mut sheet: Sheet<Request>,
        asked: Asked,
        terms: &Terms,
        link: &AudioEnd,
    ) -> bool {
        let seconds = terms.seconds.clamp(0.0, 3600.0);
        sheet.instance = link.instance();
        sheet.generation = self.generation;
        sheet.place = asked.place;
        sheet.group = asked.group;
        sheet.answer = asked.answer;
        sheet.deadline = Instant::now() + Duration::from_secs_f64(seconds);
        sheet.weights = terms.weights;
        sheet.direction = asked.direction;
        link.send(sheet)
    }

    /// Counts a request that was not sent; returns `sent`.
    pub(super) fn sent(&mut self, sent: bool, terms: &Terms, link: &AudioEnd) -> bool {
        if !sent {
            self.gave_up |= terms.offline;
            link.count(Counted::NoRoom);
        }
        sent
    }

    /// Receives the available responses, at most `most`.
    pub(super) fn receive(&mut self, most: usize, link: &AudioEnd, inbox: &mut impl Inbox) {
        if link.has_mail() {
            link.answers(most, |response| self.take(response, inbox));
        }
    }

    /// Offline rendering: receives responses until `is_open` returns false, or the wait is too
    /// long.
    pub(super) fn wait<I: Inbox>(
        &mut self,
        link: &AudioEnd,
        inbox: &mut I,
        is_open: impl Fn(&I) -> bool,
    ) {
        let begin = Instant::now();
        while !self.gave_up && is_open(inbox) {
            let left = LONGEST_WAIT.saturating_sub(begin.elapsed());
            let taken = link.wait_offline(left, |response| self.take(response, inbox));
            self.gave_up |= taken.is_none();
        }
    }

    /// True if the response is of this generation.
    fn take(&mut self, response: &Response, inbox: &mut impl Inbox) -> bool {
        self.gave_up = false;
        let counts = response.generation == self.generation;
        if counts {
            inbox.take(response);
        }
        counts
    }
}
