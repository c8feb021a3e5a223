//! Requests that are out, and the fixed musical times at which their answers are taken up.
//!
//! An answer is never used earlier than at its time, even if it is there, and never waited for
//! except offline: so the output does not depend on how fast the machine is.
//!
//! A direction that is asked for later than the other, because the knob was moved, counts from
//! [`NOTICE`] on, also for what is sounding by then; what begins before, on that side of the knob,
//! plays as it was played.

#![expect(
    clippy::disallowed_types,
    reason = "made once, when an instance is activated"
)]

mod turn;

use std::ops::Range;
use std::time::{Duration, Instant};

use third_stream_model::genre::Direction;
use third_stream_model::perform::{Part, Performer};
use third_stream_model::roll::edits::LEAD_STEPS;
use third_stream_model::roll::heard::Heard;
use third_stream_model::roll::{Roll, SLOTS, STEPS_PER_SLOT};

use super::NOTICE;
use super::groups::Closed;
use crate::link::{
    Answer, AudioEnd, Counted, LONGEST_WAIT, Request, Response, Taste, Weights, Wish,
};

/// Groups that can be out at once; the performer has two pages for each.
const FLIGHTS: usize = 6;
/// Times that can be noted at once: a lead and four slots for each group, and some to spare.
const LATCHES: usize = 32;

/// No time.
const NEVER: f64 = f64::INFINITY;

/// A group whose answers are asked for.
#[derive(Clone, Copy, Debug)]
struct Flight {
    group: u32,
    first: i64,
    last: i64,
    /// First slot of the window of each answer; `None` where it was not asked for.
    windows: [Option<i64>; 2],
    /// When each answer was asked for in each direction, in unwrapped beats; [`NEVER`] where it
    /// was not.
    asked: [[f64; 2]; 2],
    /// Whether each answer has come in each direction, good or bad, or is not waited for.
    come: [[bool; 2]; 2],
    /// The slots of the newest question's window in which something was heard, one bit each.
    heard: u8,
    /// Why its first beat played dry, if it did.
    dry_lead: Option<Counted>,
}

/// When a part of a slot takes up its answer.
#[derive(Clone, Copy, Debug)]
struct Latch {
    /// Unwrapped beats.
    at: f64,
    group: u32,
    slot: i64,
    part: Part,
}

/// All requests of one generation.
#[derive(Clone, Debug)]
pub(super) struct Answers {
    generation: u32,
    flights: [Option<Flight>; FLIGHTS],
    latches: [Option<Latch>; LATCHES],
    /// What each page of the performer is about.
    heard: Box<[Heard]>,
    late: u32,
    /// A wait has ended without an answer: no more waiting until one comes.
    gave_up: bool,
}

/// The circumstances of a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask {
    pub(super) answer: Answer,
    pub(super) group: u32,
    /// The group's first and (planned) last slot.
    pub(super) slots: (i64, i64),
    /// Unwrapped beats.
    pub(super) now: f64,
    /// Seconds until the answer is needed.
    pub(super) seconds: f64,
    pub(super) weights: Weights,
    pub(super) taste: Taste,
    /// Whether the host renders offline.
    pub(super) offline: bool,
    /// Which directions are asked for.
    pub(super) sides: [bool; 2],
}

impl Answers {
    /// No requests. Allocates some 30 KiB.
    #[expect(
        clippy::disallowed_macros,
        reason = "made once, when an instance is activated"
    )]
    pub(super) fn new() -> Self {
        Self {
            generation: 0,
            flights: [None; FLIGHTS],
            latches: [None; LATCHES],
            heard: vec![Heard::default(); 2 * FLIGHTS].into_boxed_slice(),
            late: 0,
            gave_up: false,
        }
    }

    /// Bars that played dry.
    pub(super) const fn late(&self) -> u32 {
        self.late
    }

    /// Play begins: bars are counted anew.
    pub(super) const fn count_anew(&mut self) {
        self.late = 0;
    }

    /// Begins a new generation: nothing that is out counts any more.
    pub(super) fn forget(&mut self, link: &AudioEnd) {
        self.generation = link.renew();
        self.flights = [None; FLIGHTS];
        self.latches = [None; LATCHES];
    }

    /// Whether the first answer of `group` is asked for.
    pub(super) fn asked(&self, group: u32) -> bool {
        self.flight(group)
            .is_some_and(|flight| flight.windows[Answer::First.index()].is_some())
    }

    /// First slot of the window of the group that slot `slot` belongs to, and of the group.
    pub(super) fn window_of(&self, slot: i64) -> Option<(i64, i64)> {
        let flight = self
            .flights
            .iter()
            .flatten()
            .find(|flight| (flight.first..=flight.last).contains(&slot))?;
        Some((flight.last - SLOTS as i64 + 1, flight.first))
    }

    /// Asks for the wanted directions.
    pub(super) fn ask(&mut self, ask: &Ask, link: &AudioEnd, performer: &mut Performer) {
        let place = place_of(ask.group);
        let (first, last) = ask.slots;
        let window = last - SLOTS as i64 + 1;
        let mut flight = self.flight(ask.group).copied().unwrap_or(Flight {
            group: ask.group,
            first,
            last,
            windows: [None; 2],
            asked: [[NEVER; 2]; 2],
            come: [[true; 2]; 2],
            heard: 0,
            dry_lead: None,
        });
        flight.last = last;
        flight.windows[ask.answer.index()] = Some(window);
        flight.asked[ask.answer.index()] = [NEVER; 2];
        let heard = performer.window(window, ask.now);
        let page = page_of(ask.group, ask.answer);
        performer.set_page(page, &heard);
        if let Some(kept) = self.heard.get_mut(page) {
            *kept = heard;
        }
        flight.heard = slots_with_notes(heard.notes.sounding());
        flight.come[ask.answer.index()] = [true; 2];
        if let Some(slot) = self.flights.get_mut(place) {
            *slot = Some(flight);
        }
        self.send_all(ask, &heard, link, performer);
    }

    /// Sends a question for each wanted direction.
    fn send_all(&mut self, ask: &Ask, heard: &Heard, link: &AudioEnd, performer: &mut Performer) {
        let (place, index) = (place_of(ask.group), ask.answer.index());
        let seconds = ask.seconds.clamp(0.0, 3600.0);
        let deadline = Instant::now() + Duration::from_secs_f64(seconds);
        for direction in Direction::BOTH {
            let at = direction.index();
            if !ask.sides[at] {
                continue;
            }
            if let Some(Some(flight)) = self.flights.get_mut(place) {
                flight.asked[index][at] = ask.now;
                flight.come[index][at] = false;
            }
            let request = Request {
                instance: link.instance(),
                generation: self.generation,
                group: ask.group,
                answer: ask.answer,
                deadline,
                weights: ask.weights,
                direction,
                roll: heard.notes,
                wish: self.wish(ask, heard, direction, performer),
            };
            if !self.send(&request, ask.offline, link, performer)
                && let Some(Some(flight)) = self.flights.get_mut(place)
            {
                // What was not sent will not be answered: do not wait for it.
                flight.come[index][at] = true;
                link.count(Counted::NoRoom);
            }
        }
    }

    /// What is wanted of an answer in `direction`, with what of its window is decided: the bars
    /// before the group, and for the second answer the group's first beat.
    fn wish(&self, ask: &Ask, heard: &Heard, direction: Direction, performer: &Performer) -> Wish {
        let (first, last) = ask.slots;
        let window = last - SLOTS as i64 + 1;
        let mut wish = ask.taste.wish(heard.held);
        let mut tell = |slot: i64, part: Part, steps: Range<usize>| {
            let place = (slot - window) as usize * STEPS_PER_SLOT;
            for step in steps.clone() {
                wish.decided |= 1 << (place + step);
            }
            let window = (window, &heard.notes);
            performer.write_played((slot, part, steps), direction, window, &mut wish.played);
        };
        // What is still to be answered is not decided.
        let open = |slot: i64, part: Part| {
            let latches = &mut self.latches.iter().flatten();
            latches.any(|latch| (latch.slot, latch.part) == (slot, part))
        };
        for slot in window..first {
            let lead = performer.lead(slot);
            if !open(slot, Part::Lead) {
                tell(slot, Part::Lead, 0..lead);
            }
            if !open(slot, Part::Main) {
                tell(slot, Part::Main, lead..STEPS_PER_SLOT);
            }
        }
        if ask.answer == Answer::Second && !open(first, Part::Lead) {
            tell(first, Part::Lead, 0..LEAD_STEPS);
        }
        wish
    }

    /// Sends a request; a bounce waits for room. False: it was not sent.
    fn send(
        &mut self,
        request: &Request,
        offline: bool,
        link: &AudioEnd,
        performer: &mut Performer,
    ) -> bool {
        if !offline || self.gave_up {
            return link.ask(*request);
        }
        let sent = link.ask_offline(*request, |response| self.take(response, performer));
        self.gave_up = !sent;
        sent
    }

    /// The first beat of a group plays dry: nothing was asked for it.
    pub(super) fn miss_lead(&mut self, group: u32) {
        if let Some(Some(flight)) = self.flights.get_mut(place_of(group)) {
            flight.dry_lead = Some(Counted::Unasked);
        }
    }

    /// Notes when the first beat of a group takes up the first answer.
    pub(super) fn note_lead(&mut self, group: u32, slot: i64, at: f64) {
        self.note(Latch {
            at,
            group,
            slot,
            part: Part::Lead,
        });
    }

    /// Notes when slot `slot` of a closed group takes up the second answer.
    pub(super) fn note_main(&mut self, closed: &Closed, slot: i64, at: f64) {
        self.note(Latch {
            at,
            group: closed.group,
            slot,
            part: Part::Main,
        });
    }

    /// The earliest time that is noted.
    pub(super) fn next(&self) -> Option<f64> {
        self.latches
            .iter()
            .flatten()
            .map(|latch| latch.at)
            .min_by(f64::total_cmp)
    }

    /// Takes in answers that are there, at most so many.
    pub(super) fn receive(&mut self, most: usize, link: &AudioEnd, performer: &mut Performer) {
        for response in link.answers(most) {
            self.take(&response, performer);
        }
    }

    /// The earliest noted time has come: its part plays by its answer, or dry. `direction` is
    /// where the knob points; a missing answer of the other direction is not counted.
    pub(super) fn latch(
        &mut self,
        offline: bool,
        direction: Direction,
        link: &AudioEnd,
        performer: &mut Performer,
    ) {
        self.receive(usize::MAX, link, performer);
        let earliest = self.next();
        let place = self
            .latches
            .iter_mut()
            .find(|latch| latch.map(|latch| latch.at) == earliest);
        let Some(latch) = place.and_then(Option::take) else {
            return;
        };
        let answer = answer_of(latch.part);
        if offline {
            self.wait_for(latch.group, answer, link, performer);
        }
        let Some(flight) = self.flight(latch.group).copied() else {
            return;
        };
        // A direction that was asked for since is not taken up before its time.
        let due = flight.asked[answer.index()].map(|asked| asked + NOTICE <= latch.at);
        if let Some(window) = flight.windows[answer.index()] {
            let page = page_of(latch.group, answer);
            performer.attach((latch.slot, latch.part), page, window, due);
        }
        let asked = flight.windows[answer.index()].is_none() || due[direction.index()];
        let missing = asked && !performer.has_answer(latch.slot, latch.part, direction);
        if latch.part == Part::Lead {
            if let Some(Some(flight)) = self.flights.get_mut(place_of(latch.group)) {
                flight.dry_lead = missing.then_some(Counted::Late);
            }
            return;
        }
        let dry_lead = flight.dry_lead.filter(|_| latch.slot == flight.first);
        // Nothing was to be heard in an empty bar, whatever became of its answer.
        let heard = latch.slot - (flight.last - SLOTS as i64 + 1);
        let heard = (0..SLOTS as i64).contains(&heard) && flight.heard >> heard & 1 == 1;
        if let Some(why) = missing.then_some(Counted::Late).or(dry_lead)
            && heard
        {
            self.late = self.late.saturating_add(1);
            link.count(why);
        }
    }

    /// Offline rendering: waits until all that was asked for of an answer has come, or too long.
    fn wait_for(&mut self, group: u32, answer: Answer, link: &AudioEnd, performer: &mut Performer) {
        let begin = Instant::now();
        loop {
            let come = self.flight(group).map(|flight| flight.come[answer.index()]);
            if self.gave_up || come.is_none_or(|come| come == [true; 2]) {
                return;
            }
            let left = LONGEST_WAIT.saturating_sub(begin.elapsed());
            match link.wait_offline(left) {
                Some(response) => self.take(&response, performer),
                None => self.gave_up = true,
            }
        }
    }

    fn take(&mut self, response: &Response, performer: &mut Performer) {
        self.gave_up = false;
        if response.generation != self.generation {
            return;
        }
        let (answer, direction) = (response.answer, response.direction);
        let Some(Some(flight)) = self.flights.get_mut(place_of(response.group)) else {
            return;
        };
        if flight.group != response.group || flight.windows[answer.index()].is_none() {
            return;
        }
        flight.come[answer.index()][direction.index()] = true;
        if let Ok(edits) = &response.outcome {
            performer.fill(page_of(response.group, answer), direction, edits);
        }
    }

    fn flight(&self, group: u32) -> Option<&Flight> {
        let flight = self.flights.get(place_of(group))?.as_ref()?;
        (flight.group == group).then_some(flight)
    }

    /// Where a host tells of a bar late, a group may be over later than was planned: its answers
    /// still count no earlier than [`NOTICE`] after they were asked for.
    fn note(&mut self, mut latch: Latch) {
        if let Some(flight) = self.flight(latch.group) {
            let [one, other] = flight.asked[answer_of(latch.part).index()];
            let asked = one.min(other);
            if asked < NEVER {
                latch.at = latch.at.max(asked + NOTICE);
            }
        }
        if let Some(free) = self.latches.iter_mut().find(|latch| latch.is_none()) {
            *free = Some(latch);
        }
    }
}

/// The slots of a roll in which something sounds, one bit each.
fn slots_with_notes(roll: &Roll) -> u8 {
    let mut slots = 0;
    for (step, rows) in roll.steps().iter().enumerate() {
        slots |= u8::from(*rows != 0) << (step / STEPS_PER_SLOT);
    }
    slots
}

/// The answer that a part of a slot plays by.
const fn answer_of(part: Part) -> Answer {
    match part {
        Part::Lead => Answer::First,
        Part::Main => Answer::Second,
    }
}

/// The part of a slot that plays by an answer.
const fn part_of(answer: Answer) -> Part {
    match answer {
        Answer::First => Part::Lead,
        Answer::Second => Part::Main,
    }
}

const fn place_of(group: u32) -> usize {
    group as usize % FLIGHTS
}

const fn page_of(group: u32, answer: Answer) -> usize {
    place_of(group) * 2 + answer.index()
}
