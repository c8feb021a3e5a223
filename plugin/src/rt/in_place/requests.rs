//! In place: pending requests. An answer counts from a musical time on, one beat after its request,
//! and not earlier even if it is there: the output does not depend on the machine's speed. Where
//! nothing was played before (a project was just loaded) it counts as soon as it comes.

#![expect(
    clippy::disallowed_types,
    reason = "made once, when an instance is activated"
)]

use third_stream_model::genre::Direction;
use third_stream_model::roll::edits::Edits;
use third_stream_model::roll::heard::Heard;

use crate::link::{Answer, AudioEnd, COUNTS, Counted, Response};
use crate::memory::Memory;
use crate::rt::pending::{Asked, Inbox, Pending, Terms};

/// Maximum number of pending phrases: two directions each, as many as the link holds.
const PHRASES: usize = 8;
/// Number of these that is reserved for phrases about to be played.
const SPARE: usize = 4;
/// Due as soon as it comes.
pub(super) const AT_ONCE: f64 = f64::NEG_INFINITY;

/// A phrase with pending requests.
#[derive(Clone, Debug)]
struct PendingPhrase {
    /// 0 if nothing is pending.
    ticket: u32,
    phrase: usize,
    /// Time from which the answer counts, in unwrapped beats.
    due: f64,
    paper: Box<Paper>,
    filled: [bool; 2],
    /// By direction: the response came, good or bad.
    come: [bool; 2],
    /// The answer was not there when it was due.
    overdue: bool,
}

/// The bulk of a pending phrase, apart from what every block looks at.
#[derive(Clone, Debug)]
struct Paper {
    heard: Heard,
    edits: [Edits; 2],
}

/// The requests of one generation.
#[derive(Debug)]
pub(super) struct Requests {
    pending: Pending,
    phrases: Box<[PendingPhrase]>,
    ticket: u32,
}

impl Requests {
    /// No requests. Allocates about 90 KiB.
    #[expect(
        clippy::disallowed_macros,
        clippy::disallowed_methods,
        reason = "made once, when an instance is activated"
    )]
    pub(super) fn new() -> Self {
        let none = PendingPhrase {
            ticket: 0,
            phrase: 0,
            due: AT_ONCE,
            paper: Box::new(Paper {
                heard: Heard::default(),
                edits: [Edits::NONE; 2],
            }),
            filled: [false; 2],
            come: [false; 2],
            overdue: false,
        };
        Self {
            pending: Pending::new(),
            phrases: vec![none; PHRASES].into_boxed_slice(),
            ticket: 0,
        }
    }

    /// Starts a new generation: all pending requests become stale.
    pub(super) fn renew(&mut self, memory: &mut Memory, link: &AudioEnd) {
        self.pending.renew(link);
        for pending in self.phrases.iter_mut().filter(|pending| pending.is_out()) {
            memory.refuse(pending.phrase, pending.ticket);
            pending.ticket = 0;
        }
        memory.want_waiting();
    }

    /// True if there is room for a request that is not urgent.
    pub(super) fn has_spare(&self) -> bool {
        self.out().count() + SPARE < PHRASES
    }

    /// True if there is room for a request.
    pub(super) fn has_room(&self) -> bool {
        self.vacant().is_some()
    }

    /// Requests both directions of a phrase, unless that was done for its present content. The
    /// answer counts from `due` on, in unwrapped beats or [`AT_ONCE`]. Without room, the memory
    /// marks the phrase to be asked about later.
    pub(super) fn ask(
        &mut self,
        phrase: usize,
        due: f64,
        terms: &Terms,
        memory: &mut Memory,
        link: &AudioEnd,
    ) {
        let heard = memory.heard(phrase);
        if memory.asked(phrase, &heard) {
            memory.leave(phrase);
            return;
        }
        if terms.offline && self.vacant().is_none() {
            self.make_room(memory, link);
        }
        let fits = terms.offline || link.room() >= Direction::BOTH.len();
        let vacant = self.vacant().filter(|_| fits);
        let Some((place, pending)) =
            vacant.and_then(|place| Some((place, self.phrases.get_mut(place)?)))
        else {
            link.count(Counted::NoRoom);
            memory.want(phrase);
            return;
        };
        let ticket = self.ticket.wrapping_add(1).max(1);
        self.ticket = ticket;
        pending.ticket = ticket;
        pending.phrase = phrase;
        pending.due = due;
        pending.paper.heard = heard;
        pending.filled = [false; 2];
        pending.come = [false; 2];
        pending.overdue = false;
        memory.ask(phrase, ticket, &heard);
        let sent = Direction::BOTH.map(|direction| {
            let asked = Asked {
                group: ticket,
                answer: Answer::Second,
                place,
                direction,
            };
            let phrases = &mut self.phrases;
            let inbox = &mut Phrases { phrases, memory };
            self.pending.send(asked, terms, link, inbox, |request| {
                request.roll = heard.notes;
                request.wish = terms.taste.wish(heard.held);
            })
        });
        if sent != [true; 2]
            && let Some(pending) = self.phrases.get_mut(place)
        {
            for (come, sent) in pending.come.iter_mut().zip(sent) {
                *come |= !sent; // not to be waited for
            }
            if pending.due == AT_ONCE || sent == [false; 2] {
                pending.settle(memory);
            }
            if sent == [false; 2] {
                memory.want(phrase);
            }
        }
    }

    /// The pending phrases.
    fn out(&self) -> impl Iterator<Item = &PendingPhrase> {
        self.phrases.iter().filter(|pending| pending.is_out())
    }

    /// A vacant place.
    fn vacant(&self) -> Option<usize> {
        self.phrases.iter().position(|pending| !pending.is_out())
    }

    /// Offline rendering: waits for the answers that count as soon as they come; in playback they
    /// would have come by now.
    fn make_room(&mut self, memory: &mut Memory, link: &AudioEnd) {
        self.wait_where(|pending| pending.due == AT_ONCE, memory, link);
    }

    /// Receives the available responses, at most `most`.
    pub(super) fn receive(&mut self, most: usize, memory: &mut Memory, link: &AudioEnd) {
        if !link.has_mail() {
            return;
        }
        let phrases = &mut self.phrases;
        let inbox = &mut Phrases { phrases, memory };
        self.pending.receive(most, link, inbox);
        self.give_up_overtaken(memory, link);
    }

    /// Gives up requests whose answers count but are older than the answer that their phrase has.
    fn give_up_overtaken(&mut self, memory: &Memory, link: &AudioEnd) {
        for (place, pending) in self.phrases.iter_mut().enumerate() {
            let answered = memory
                .answer(pending.phrase)
                .map_or(0, |(ticket, ..)| ticket);
            if pending.is_out() && pending.due == AT_ONCE && is_newer(answered, pending.ticket) {
                pending.ticket = 0;
                link.give_up(place);
            }
        }
    }

    /// Time of the next due answer.
    pub(super) fn next(&self) -> Option<f64> {
        let due = self.out().map(|pending| pending.due);
        let due = due.filter(|due| *due > AT_ONCE);
        due.min_by(f64::total_cmp)
    }

    /// The next answer is due: it counts now, or as soon as it comes.
    pub(super) fn take_up(&mut self, offline: bool, memory: &mut Memory, link: &AudioEnd) {
        self.receive(usize::MAX, memory, link);
        let next = self.next();
        let mut phrases = self.phrases.iter();
        let place = phrases.position(|pending| pending.is_out() && Some(pending.due) == next);
        if let Some(place) = place {
            self.count(place, offline, memory, link);
        }
    }

    /// The unwrapped clock jumps by `beats`.
    pub(super) fn shift(&mut self, beats: f64) {
        for pending in &mut self.phrases {
            pending.due += beats;
        }
    }

    /// The song has stopped: the newest answer of each phrase counts as soon as it comes.
    pub(super) fn hurry(&mut self, memory: &mut Memory, link: &AudioEnd) {
        for place in 0..PHRASES {
            let Some(pending) = self.phrases.get(place) else {
                return;
            };
            let (phrase, ticket) = (pending.phrase, pending.ticket);
            let newer =
                |other: &PendingPhrase| other.phrase == phrase && is_newer(other.ticket, ticket);
            if pending.is_out()
                && self.out().any(newer)
                && let Some(pending) = self.phrases.get_mut(place)
            {
                pending.ticket = 0;
                link.give_up(place);
            }
        }
        for pending in self.phrases.iter_mut().filter(|pending| pending.is_out()) {
            pending.due = AT_ONCE;
            pending.settle(memory);
        }
        self.give_up_overtaken(memory, link);
    }

    /// True if an answer about a phrase is pending that counts as soon as it comes.
    pub(super) fn is_expected(&self, phrase: usize) -> bool {
        let mut out = self.out();
        out.any(|pending| pending.phrase == phrase && pending.due == AT_ONCE)
    }

    /// True if an answer about a phrase is pending that does not count yet.
    pub(super) fn is_early(&self, phrase: usize) -> bool {
        let mut out = self.out();
        out.any(|pending| pending.phrase == phrase && pending.due > AT_ONCE)
    }

    /// True if an answer about a phrase was requested in time and did not come. For counters only.
    pub(super) fn is_overdue(&self, phrase: usize) -> bool {
        let mut out = self.out();
        COUNTS && out.any(|pending| pending.phrase == phrase && pending.overdue)
    }

    /// Offline rendering: waits for a phrase's answers that count as soon as they come.
    pub(super) fn wait(&mut self, phrase: usize, memory: &mut Memory, link: &AudioEnd) {
        let at_once = |pending: &PendingPhrase| pending.phrase == phrase && pending.due == AT_ONCE;
        self.wait_where(at_once, memory, link);
    }

    /// Offline rendering: waits for the answers of the selected phrases.
    fn wait_where(
        &mut self,
        these: impl Fn(&PendingPhrase) -> bool,
        memory: &mut Memory,
        link: &AudioEnd,
    ) {
        for place in 0..PHRASES {
            let pending = self.phrases.get(place);
            if pending.is_some_and(|pending| pending.is_out() && these(pending)) {
                self.count(place, true, memory, link);
            }
        }
    }

    /// Lets the answer of a request count from now on.
    fn count(&mut self, place: usize, wait: bool, memory: &mut Memory, link: &AudioEnd) {
        let Some(pending) = self.phrases.get_mut(place) else {
            return;
        };
        let in_time = pending.due > AT_ONCE;
        pending.due = AT_ONCE;
        pending.settle(memory);
        pending.overdue |= COUNTS && (in_time || wait);
        if wait {
            let phrases = &mut self.phrases;
            let inbox = &mut Phrases { phrases, memory };
            self.pending.wait(link, inbox, |inbox| {
                let pending = inbox.phrases.get(place);
                pending.is_some_and(PendingPhrase::is_out)
            });
        }
        self.give_up_overtaken(memory, link);
    }
}

/// True if a ticket is newer than another. Tickets may wrap: newer is what lies less than half the
/// circle ahead.
const fn is_newer(ticket: u32, than: u32) -> bool {
    ticket != 0 && (ticket.wrapping_sub(than) as i32) > 0
}

/// Routes answers to their requests, and to the memory once they count.
struct Phrases<'a> {
    phrases: &'a mut [PendingPhrase],
    memory: &'a mut Memory,
}

impl Inbox for Phrases<'_> {
    fn take(&mut self, response: &Response) {
        let mut phrases = self.phrases.iter_mut();
        let asked =
            |pending: &&mut PendingPhrase| pending.is_out() && pending.ticket == response.group;
        let Some(pending) = phrases.find(asked) else {
            return;
        };
        let direction = response.direction.index();
        pending.come[direction] = true;
        if let Ok(edits) = &response.outcome {
            pending.paper.edits[direction].copy_from(edits);
            pending.filled[direction] = true;
        }
        if pending.due == AT_ONCE {
            pending.settle(self.memory);
        }
    }
}

impl PendingPhrase {
    const fn is_out(&self) -> bool {
        self.ticket != 0
    }

    /// Passes the answers that came to the memory; ends the request after the last.
    fn settle(&mut self, memory: &mut Memory) {
        for direction in Direction::BOTH {
            let index = direction.index();
            if std::mem::take(&mut self.filled[index]) {
                let Paper { heard, edits } = &*self.paper;
                memory.take(self.phrase, self.ticket, heard, direction, &edits[index]);
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
