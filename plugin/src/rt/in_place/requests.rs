//! Requests that are out. An answer counts from its musical time on, one beat after it was asked
//! for, and not earlier even if it is there: so the output does not depend on how fast the
//! machine is. Only where nothing could be played before (a project was just loaded) does it
//! count as soon as it comes.

#![expect(
    clippy::disallowed_types,
    reason = "made once, when an instance is activated"
)]

use std::time::{Duration, Instant};

use third_stream_model::genre::Direction;
use third_stream_model::roll::edits::Edits;
use third_stream_model::roll::heard::Heard;

use crate::link::{
    Answer, AudioEnd, COUNTS, Counted, LONGEST_WAIT, Request, Response, Taste, WeightsId,
};
use crate::memory::Memory;

/// Phrases that can be out at once: two directions each, as many as the link holds.
const FLIGHTS: usize = 8;
/// Of these, so many are left for what is about to be played.
const SPARE: usize = 4;
/// As soon as it comes.
pub(super) const AT_ONCE: f64 = f64::NEG_INFINITY;

/// A phrase that the networks were asked about.
#[derive(Clone, Debug)]
struct Flight {
    /// 0: nothing is out.
    ticket: u32,
    phrase: usize,
    /// From when on it counts, in unwrapped beats.
    due: f64,
    heard: Heard,
    edits: [Edits; 2],
    filled: [bool; 2],
    /// Whether the answer of each direction has come, good or bad.
    come: [bool; 2],
    /// Whether it was not there when it began to count.
    overdue: bool,
}

/// All requests of one generation.
#[derive(Debug)]
pub(super) struct Requests {
    flights: Box<[Flight]>,
    generation: u32,
    ticket: u32,
    /// A wait has ended without an answer: no more waiting until one comes.
    gave_up: bool,
}

/// When an answer is wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    /// From when on it counts, in unwrapped beats, or [`AT_ONCE`].
    pub(super) due: f64,
    /// Seconds until it is needed.
    pub(super) seconds: f64,
    /// Which weights.
    pub(super) weights: WeightsId,
    /// What is wanted of them.
    pub(super) taste: Taste,
    /// Whether the host renders offline.
    pub(super) offline: bool,
}

impl Requests {
    /// No requests. Allocates about 90 KiB.
    #[expect(
        clippy::disallowed_macros,
        reason = "made once, when an instance is activated"
    )]
    pub(super) fn new() -> Self {
        let flight = Flight {
            ticket: 0,
            phrase: 0,
            due: AT_ONCE,
            heard: Heard::default(),
            edits: [Edits::NONE; 2],
            filled: [false; 2],
            come: [false; 2],
            overdue: false,
        };
        Self {
            flights: vec![flight; FLIGHTS].into_boxed_slice(),
            generation: 0,
            ticket: 0,
            gave_up: false,
        }
    }

    /// Begins a new generation: nothing that is out counts any more.
    pub(super) fn renew(&mut self, memory: &mut Memory, link: &AudioEnd) {
        self.generation = link.renew();
        for flight in self.flights.iter_mut().filter(|flight| flight.ticket != 0) {
            memory.refuse(flight.phrase, flight.ticket);
            flight.ticket = 0;
        }
    }

    /// Whether there is room for a request that nobody is in a hurry for.
    pub(super) fn has_spare(&self) -> bool {
        self.flights.iter().filter(|f| f.ticket != 0).count() + SPARE < FLIGHTS
    }

    /// Asks for both directions of a phrase as it now is, unless that was done. False: there is
    /// no room.
    pub(super) fn ask(
        &mut self,
        phrase: usize,
        wanted: Wanted,
        memory: &mut Memory,
        link: &AudioEnd,
    ) -> bool {
        let heard = memory.heard(phrase);
        if memory.asked(phrase, &heard) {
            return true;
        }
        if wanted.offline && self.vacant().is_none() {
            self.make_room(memory, link);
        }
        let Some(place) = self.vacant() else {
            link.count(Counted::NoRoom);
            return false;
        };
        let Some(flight) = self.flights.get_mut(place) else {
            return false;
        };
        let ticket = self.ticket.wrapping_add(1).max(1);
        self.ticket = ticket;
        flight.ticket = ticket;
        flight.phrase = phrase;
        flight.due = wanted.due;
        flight.heard = heard;
        flight.filled = [false; 2];
        flight.come = [false; 2];
        flight.overdue = false;
        memory.ask(phrase, ticket, &heard);
        let seconds = wanted.seconds.clamp(0.0, 3600.0);
        let deadline = Instant::now() + Duration::from_secs_f64(seconds);
        let mut sent = 0;
        for direction in Direction::BOTH {
            let request = Request {
                instance: link.instance(),
                generation: self.generation,
                group: ticket,
                answer: Answer::Second,
                deadline,
                weights: wanted.weights,
                direction,
                roll: heard.notes,
                wish: wanted.taste.wish(heard.held),
            };
            if self.send(&request, wanted.offline, memory, link) {
                sent += 1;
                continue;
            }
            link.count(Counted::NoRoom);
            if let Some(flight) = self.flights.get_mut(place) {
                // What was not sent will not be answered: do not wait for it.
                flight.come[direction.index()] = true;
                if flight.due == AT_ONCE || sent == 0 && direction == Direction::BOTH[1] {
                    flight.settle(memory);
                }
            }
        }
        sent > 0
    }

    /// Sends a request; a bounce waits for room. False: it was not sent.
    fn send(
        &mut self,
        request: &Request,
        offline: bool,
        memory: &mut Memory,
        link: &AudioEnd,
    ) -> bool {
        if !offline || self.gave_up {
            return link.ask(*request);
        }
        let sent = link.ask_offline(*request, |response| self.take(response, memory));
        self.gave_up = !sent;
        sent
    }

    /// A place for another request.
    fn vacant(&self) -> Option<usize> {
        self.flights.iter().position(|flight| flight.ticket == 0)
    }

    /// Offline rendering: waits for the answers that count as soon as they come, as in playback
    /// they would have done.
    fn make_room(&mut self, memory: &mut Memory, link: &AudioEnd) {
        for place in 0..FLIGHTS {
            let flight = self.flights.get(place).filter(|flight| flight.ticket != 0);
            if flight.is_some_and(|flight| flight.due == AT_ONCE) {
                self.count(place, true, memory, link);
            }
        }
    }

    /// Takes in answers that are there, at most so many.
    pub(super) fn receive(&mut self, most: usize, memory: &mut Memory, link: &AudioEnd) {
        for response in link.answers(most) {
            self.take(&response, memory);
        }
    }

    /// When the next answer is due.
    pub(super) fn next(&self) -> Option<f64> {
        let out = self.flights.iter().filter(|flight| flight.ticket != 0);
        let due = out.map(|flight| flight.due).filter(|due| *due > AT_ONCE);
        due.min_by(f64::total_cmp)
    }

    /// The time of the next answer has come: it counts, or as soon as it comes.
    pub(super) fn take_up(&mut self, offline: bool, memory: &mut Memory, link: &AudioEnd) {
        self.receive(usize::MAX, memory, link);
        let next = self.next();
        let place = self
            .flights
            .iter()
            .position(|flight| flight.ticket != 0 && Some(flight.due) == next);
        if let Some(place) = place {
            self.count(place, offline, memory, link);
        }
    }

    /// The unwrapped clock jumps by so many beats.
    pub(super) fn shift(&mut self, beats: f64) {
        for flight in &mut self.flights {
            flight.due += beats;
        }
    }

    /// The song has stopped: all answers count as soon as they come.
    pub(super) fn hurry(&mut self, memory: &mut Memory) {
        for flight in self.flights.iter_mut().filter(|flight| flight.ticket != 0) {
            flight.due = AT_ONCE;
            flight.settle(memory);
        }
    }

    /// Whether an answer about a phrase is out that counts as soon as it comes.
    pub(super) fn is_expected(&self, phrase: usize) -> bool {
        let mut out = self.flights.iter().filter(|flight| flight.ticket != 0);
        out.any(|flight| flight.phrase == phrase && flight.due == AT_ONCE)
    }

    /// Whether an answer about a phrase is out that does not count yet.
    pub(super) fn is_early(&self, phrase: usize) -> bool {
        let mut out = self.flights.iter().filter(|flight| flight.ticket != 0);
        out.any(|flight| flight.phrase == phrase && flight.due > AT_ONCE)
    }

    /// Whether an answer about a phrase was asked for in time and has not come. Only to be counted.
    pub(super) fn is_overdue(&self, phrase: usize) -> bool {
        let mut out = self.flights.iter().filter(|flight| flight.ticket != 0);
        COUNTS && out.any(|flight| flight.phrase == phrase && flight.overdue)
    }

    /// Offline rendering: waits for what is to count about a phrase as soon as it comes.
    pub(super) fn wait(&mut self, phrase: usize, memory: &mut Memory, link: &AudioEnd) {
        for place in 0..FLIGHTS {
            let flight = self.flights.get(place).filter(|flight| flight.ticket != 0);
            if flight.is_some_and(|flight| flight.phrase == phrase && flight.due == AT_ONCE) {
                self.count(place, true, memory, link);
            }
        }
    }

    /// From now on the answer of a flight counts.
    fn count(&mut self, place: usize, wait: bool, memory: &mut Memory, link: &AudioEnd) {
        let Some(flight) = self.flights.get_mut(place) else {
            return;
        };
        let in_time = flight.due > AT_ONCE;
        flight.due = AT_ONCE;
        flight.settle(memory);
        flight.overdue |= COUNTS && (in_time || wait);
        let begin = Instant::now();
        let out = |flights: &[Flight]| flights.get(place).is_some_and(|f| f.ticket != 0);
        while wait && !self.gave_up && out(&self.flights) {
            let left = LONGEST_WAIT.saturating_sub(begin.elapsed());
            match link.wait_offline(left) {
                Some(response) => self.take(&response, memory),
                None => self.gave_up = true,
            }
        }
    }

    fn take(&mut self, response: &Response, memory: &mut Memory) {
        self.gave_up = false;
        if response.generation != self.generation {
            return;
        }
        let asked = |flight: &&mut Flight| flight.ticket != 0 && flight.ticket == response.group;
        let Some(flight) = self.flights.iter_mut().find(asked) else {
            return;
        };
        let direction = response.direction.index();
        flight.come[direction] = true;
        if let Ok(edits) = &response.outcome {
            flight.edits[direction] = *edits;
            flight.filled[direction] = true;
        }
        if flight.due == AT_ONCE {
            flight.settle(memory);
        }
    }
}

impl Flight {
    /// Hands the memory what has come; when all has, the flight is over.
    fn settle(&mut self, memory: &mut Memory) {
        for direction in Direction::BOTH {
            let index = direction.index();
            if std::mem::take(&mut self.filled[index]) {
                let edits = &self.edits[index];
                memory.take(self.phrase, self.ticket, &self.heard, direction, edits);
            }
        }
        if self.come == [true; 2] {
            if memory.waits(self.phrase) {
                memory.refuse(self.phrase, self.ticket);
            }
            self.ticket = 0;
        }
    }
}
