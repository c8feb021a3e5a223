//! In place: bars sound transferred from the second pass of the song on.
//!
//! Input is compared with the memory of the bar. A remembered note is swallowed, because the
//! performer plays it from memory; any other passes at once, so that a new bar sounds as played.
//! All times are song positions; a jump or a loop's wrap ends sounding notes and starts a new pass.
//!
//! Order within a tick: markers, input, performer.

mod course;
mod learner;
mod pages;
mod requests;
mod view;

use third_stream_model::genre::Pair;
use third_stream_model::perform::{Body, Clock, Performer};
use third_stream_model::roll::row_of_key;

use super::clock::{BeatClock, Change};
use super::mode::{Block, Emit, HAIR, HALF_STEP, LEAD, Leave, ModePlayer};
use super::passthrough::Passthrough;
use super::snapshot::CoreView;
use super::{Message, Note, Settings};
use crate::link::{AudioEnd, IN_A_BLOCK, Taste, WeightsId};
use crate::memory::{Memory, Meter, Place, Post};
use learner::Learner;
use pages::Pages;
use requests::{AT_ONCE, Requests};

/// Samples per request about a phrase that a project brought or that found no room, independent of
/// the block size: drawing its roll is most of the work in a block.
const SHARE: u32 = 512;
/// Deadline of these requests in seconds: after all others.
const PREPARE: f64 = 600.0;

/// The In place mode.
#[derive(Debug)]
pub(super) struct InPlace {
    clock: BeatClock,
    performer: Performer,
    memory: Memory,
    post: Post,
    learner: Learner,
    requests: Requests,
    pages: Pages,
    /// Notes that pass at once while the song plays.
    dry: Passthrough,
    /// The present pass, while the song plays.
    run: Option<Run>,
    meter: Meter,
    cycle: Option<(f64, f64)>,
    sample_rate: f64,
    /// The host renders offline.
    offline: bool,
    /// Tick up to which the performer has played.
    played: i64,
    /// Unwrapped beat at which the clock stopped.
    stopped_at: f64,
    /// Phrase at which the search for such phrases goes on.
    next_unasked: usize,
    /// Samples since the last such request, less than [`SHARE`].
    unused: u32,
    weights: WeightsId,
    taste: Taste,
    late: u32,
    /// The performer's last slot whose answer was not there in time.
    overdue: Option<i64>,
}

/// A slot of the performer.
#[derive(Clone, Copy, Debug)]
struct Stage {
    place: Place,
    /// Its phrase, if it is remembered.
    phrase: Option<usize>,
    /// Its number in the performer.
    slot: i64,
}

/// Position of the pass.
#[derive(Clone, Copy, Debug)]
struct Run {
    here: Stage,
    /// The next slot, from half a step before it on.
    ahead: Option<Stage>,
    /// Time at which `here` takes up its second answer, in the song's beats.
    main_at: Option<f64>,
    /// Time at which the networks are asked about the phrase so far, in the song's beats.
    lead_at: Option<f64>,
}

/// Events on the timeline, in their order within a tick.
#[derive(Clone, Copy, Debug)]
enum Marker {
    /// The song wraps round its loop.
    Wrap,
    /// An answer starts to count.
    TakeUp,
    /// The next slot begins.
    Begin,
    /// The present slot takes up its second answer.
    Main,
    /// One beat before the present slot's end.
    AskFirst,
    /// Half a step before the present slot's end.
    Next,
}

impl InPlace {
    /// In place with this memory. Allocates.
    pub(super) fn new(memory: Memory, post: Post) -> Self {
        Self {
            clock: BeatClock::new(),
            performer: Performer::new(),
            memory,
            post,
            learner: Learner::new(),
            requests: Requests::new(),
            pages: Pages::new(),
            dry: Passthrough::new(),
            run: None,
            meter: Meter {
                bar: 4.0,
                start: 0.0,
                number: 0,
            },
            cycle: None,
            sample_rate: 48_000.0,
            offline: false,
            played: 0,
            stopped_at: 0.0,
            next_unasked: 0,
            unused: SHARE - 1,
            weights: WeightsId::shipped(Pair::JAZZ_CLASSIC),
            taste: Taste::default(),
            late: 0,
            overdue: None,
        }
    }

    /// Plays the memory and learns nothing from now on.
    pub(super) const fn stop_learning(&mut self) {
        self.learner.stop_learning();
    }

    /// Number of bars that are remembered, at least in part.
    pub(super) const fn learned(&self) -> u32 {
        self.memory.learned()
    }

    /// Number of phrases that wait for an answer.
    pub(super) const fn waiting(&self) -> u32 {
        self.memory.waiting()
    }

    /// Sends changes of the memory to be saved.
    pub(super) fn file(&mut self) {
        self.post.file(&mut self.memory);
    }

    /// True if all changes were sent.
    pub(super) const fn is_filed(&self) -> bool {
        !self.memory.has_filings()
    }

    /// True if a loaded memory waits to be taken up.
    pub(super) fn is_handed_a_memory(&self) -> bool {
        self.post.is_handed_over()
    }

    /// Takes up a loaded memory, if any. Stop first, as for [`InPlace::forget`].
    pub(super) fn take_up(&mut self) {
        self.post.take_up(&mut self.memory);
    }

    /// Forgets every bar.
    pub(super) fn forget(&mut self) {
        self.memory.forget();
    }

    /// A note-on at tick `at`. True if it is played from memory.
    fn note_on(&mut self, at: i64, note: Note) -> bool {
        let pitched = !self.performer.is_drum(note.channel) && row_of_key(note.key).is_some();
        let position = self.clock.position(at);
        pitched && self.learner.note_on(position, note, &mut self.memory)
    }

    /// Passes a note-on; false if it is lost, because the table or the host's buffer is full.
    fn pass(&mut self, note: Note, leave: &mut Leave) -> bool {
        if !self.dry.hold(note) {
            return false;
        }
        let left = leave(Body::On(note));
        if !left {
            self.dry.release(note);
        }
        left
    }

    /// A note-off at tick `at`. Returns the passed note that it ends.
    fn note_off(&mut self, at: i64, off: Note) -> Option<Note> {
        let position = self.clock.position(at);
        match self.learner.note_off(position, off, &mut self.memory) {
            Some(true) => None,
            Some(false) | None => self.dry.release(off),
        }
    }

    /// A message at tick `at`. Returns the message to be sent.
    fn message(&mut self, at: i64, message: Message) -> Message {
        if let Some((channel, down)) = message.sustain() {
            let position = self.clock.position(at);
            self.learner
                .pedal(position, channel, down, &mut self.memory);
        }
        match message {
            // A note played from memory has no note id.
            Message::Expression {
                kind,
                channel,
                key,
                id,
                value,
            } if !self.dry.has(channel, key, id) => Message::Expression {
                kind,
                channel,
                key,
                id: None,
                value,
            },
            other => other,
        }
    }

    fn next_marker(&self) -> Option<(i64, Marker)> {
        let run = self.run.as_ref()?;
        let offset = self.clock.offset();
        let mut next: Option<(i64, Marker)> = None;
        let mut offer = |tick: i64, marker: Marker| {
            if next.is_none_or(|(least, _)| tick < least) {
                next = Some((tick, marker));
            }
        };
        if let Some((_, end)) = self.wraps_after(self.clock.position(self.played)) {
            offer(self.clock.tick_from(end + offset), Marker::Wrap);
        }
        if let Some(due) = self.requests.next() {
            offer(self.clock.tick(due), Marker::TakeUp);
        }
        let tick = |position: f64| self.clock.tick(position + offset);
        if let Some(ahead) = run.ahead {
            offer(tick(ahead.place.start), Marker::Begin);
        } else {
            if let Some(at) = run.main_at {
                offer(tick(at), Marker::Main);
            }
            if let Some(at) = run.lead_at {
                offer(tick(at), Marker::AskFirst);
            }
            offer(tick(run.here.place.end - HALF_STEP), Marker::Next);
        }
        next
    }

    fn mark(&mut self, marker: Marker, block: Block, emit: &mut Emit) {
        match marker {
            Marker::Wrap => {
                if let Some((start, end)) = self.cycle {
                    self.leave(end, block.link, emit);
                    self.clock.wrap(end - start);
                    self.enter(block);
                }
            }
            Marker::TakeUp => {
                let offline = block.transport.offline;
                self.requests.take_up(offline, &mut self.memory, block.link);
                self.ask_heard(block.link);
            }
            Marker::Begin => self.step_on(block),
            Marker::Main => self.take_up_main(block),
            Marker::AskFirst => self.ask_first(block),
            Marker::Next => self.open_next(block),
        }
    }

    /// The loop, if the song runs from `position` to its end.
    fn wraps_after(&self, position: f64) -> Option<(f64, f64)> {
        self.cycle.filter(|(_, end)| position < *end - HAIR)
    }
}

impl ModePlayer for InPlace {
    fn choose(&mut self, message: Message) {
        self.performer.choose(message);
    }

    fn count_anew(&mut self) {
        self.late = 0;
    }

    fn late(&self) -> u32 {
        self.late
    }

    fn renew(&mut self, link: &AudioEnd) {
        self.requests.renew(&mut self.memory, link);
        self.pages.clear();
        self.next_unasked = 0;
        self.unused = SHARE - 1; // the first at once
    }

    /// Also asks about phrases that a project brought or that found no room.
    fn attend(&mut self, frames: u32, settings: &Settings, link: &AudioEnd) {
        if settings.weights != self.weights || settings.taste != self.taste {
            self.weights = settings.weights;
            self.taste = settings.taste;
            self.memory.await_all();
            self.renew(link);
        }
        let samples = self.unused.saturating_add(frames);
        self.unused = samples % SHARE;
        let shares = (samples / SHARE) as usize;
        let most = (2 * shares).max(IN_A_BLOCK);
        self.requests.receive(most, &mut self.memory, link);
        for _ in 0..shares {
            let Some(phrase) = self.unasked().filter(|_| link.room() > 1) else {
                return;
            };
            self.next_unasked = phrase + 1;
            if self.run.is_none() || self.memory.is_brought(phrase) {
                self.ask(phrase, AT_ONCE, PREPARE, link);
            } else {
                self.ask_ahead(phrase, self.clock.beats(self.played) + LEAD, link);
            }
        }
    }

    fn begin(&mut self, now: i64, block: Block, emit: &mut Emit) {
        self.played = now;
        let (beats, ended) = (self.clock.beats(now), self.clock.position(now));
        let change = self.clock.follow(now, block.transport);
        let position = self.clock.position(now);
        self.meter = block.transport.meter(position);
        self.sample_rate = block.transport.sample_rate;
        self.offline = block.transport.offline;
        self.cycle = block.transport.cycle();
        match change {
            Change::Ran if self.is_at(position, block) => {}
            Change::Ran => self.restart(ended, block, emit),
            Change::Wrapped(_) => {
                let end = self.cycle.map_or(ended, |(_, end)| end.min(ended));
                self.restart(end, block, emit);
            }
            Change::Jumped => {
                let ended_at = self.run.map_or(self.stopped_at, |_| beats);
                self.requests.shift(self.clock.beats(now) - ended_at);
                self.restart(ended, block, emit);
            }
        }
    }

    /// Remembered notes are played from memory, all other input passes at once.
    fn hear(&mut self, at: i64, body: Body, leave: &mut Leave) -> bool {
        match body {
            Body::On(note) => self.note_on(at, note) || self.pass(note, leave),
            Body::Off(off) => {
                if let Some(on) = self.note_off(at, off) {
                    leave(Body::Off(Note {
                        velocity: off.velocity,
                        ..on
                    }));
                }
                true // or its note has been ended already
            }
            Body::Message(message) => leave(Body::Message(self.message(at, message))),
        }
    }

    /// Markers of tick `until` come before an event that enters there.
    fn advance(&mut self, until: i64, enters: bool, block: Block, emit: &mut Emit) {
        let control = block.settings.control();
        loop {
            let next = self.next_marker();
            let due = next.filter(|(tick, _)| *tick < until || enters && *tick == until);
            let to = due
                .map_or(until, |(tick, _)| tick)
                .clamp(self.played, until);
            let dry = &self.dry;
            self.performer
                .run(&self.clock, self.played, to, control, &mut |emission| {
                    let added = emission.added_near.is_some();
                    let clashes = matches!(emission.body, Body::On(note) if dry.sounds(note));
                    !(added && clashes) && emit(emission)
                });
            self.played = to;
            let Some((_, marker)) = due else {
                return;
            };
            self.mark(marker, block, emit);
        }
    }

    fn stop(&mut self, now: i64, link: &AudioEnd, emit: &mut Emit) {
        self.played = now;
        self.leave(self.clock.position(now), link, emit);
        self.requests.hurry(&mut self.memory, link);
        self.stopped_at = self.clock.beats(now);
        self.clock.stop();
    }

    fn quiet_until(&self, settings: &Settings) -> Option<i64> {
        let (marker, _) = self.next_marker().filter(|_| self.unasked().is_none())?;
        let played = self.performer.rests(&self.clock, settings.control())?;
        Some(played.min(marker))
    }

    fn runs_on(&mut self, now: i64, position: Option<f64>) -> bool {
        self.clock.runs_on(now, position)
    }

    fn view(&self, now: i64, settings: &Settings, view: &mut CoreView) {
        self.show(now, settings, view);
    }
}
