//! The In place way of playing: what was heard at a bar of the song sounds there, transferred,
//! from the next pass on.
//!
//! What enters is compared with what is remembered of the bar. A note that is remembered there is
//! swallowed, because the performer plays it from memory; any other passes at once, so a bar that
//! was never heard sounds as played. All runs in positions of the song; a jump, also to the start
//! of a loop, ends what sounds and begins anew.
//!
//! Of one tick, markers come first, then what enters, then what the performer plays.

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

/// One of the phrases that a project brought, or that found no room, is asked about for each so
/// many samples, however they lie in blocks: to draw its roll is most of what there is to do in one.
const SHARE: u32 = 512;
/// Seconds in which they are wanted: after all else.
const PREPARE: f64 = 600.0;

/// The In place core.
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
    /// What is played, while the song plays.
    run: Option<Run>,
    meter: Meter,
    cycle: Option<(f64, f64)>,
    sample_rate: f64,
    /// Whether the host renders offline.
    offline: bool,
    /// Tick up to which all has been played.
    played: i64,
    /// Where the unwrapped clock stopped.
    stopped_at: f64,
    /// From here on they are looked for.
    next_unasked: usize,
    /// Samples since one of them was asked about, less than [`SHARE`].
    unused: u32,
    weights: WeightsId,
    taste: Taste,
    late: u32,
    /// The last slot of the performer's that was to play by an answer which was not there in time.
    overdue: Option<i64>,
}

/// A slot that the performer plays.
#[derive(Clone, Copy, Debug)]
struct Stage {
    place: Place,
    /// Its phrase, where that is remembered.
    phrase: Option<usize>,
    /// The performer's number of it.
    slot: i64,
}

/// Where the song is.
#[derive(Clone, Copy, Debug)]
struct Run {
    here: Stage,
    /// The slot that follows, from half a step before it on.
    ahead: Option<Stage>,
    /// When `here` takes up its second answer, in the song's beats.
    main_at: Option<f64>,
    /// When the networks are asked about what is heard so far, in the song's beats.
    lead_at: Option<f64>,
}

/// What happens next; of one tick the first of these comes first.
#[derive(Clone, Copy, Debug)]
enum Marker {
    /// The song jumps back to the start of its loop.
    Wrap,
    /// An answer counts.
    TakeUp,
    /// The slot ahead begins.
    Begin,
    /// The slot here takes up its second answer.
    Main,
    /// The slot here ends in a beat.
    AskFirst,
    /// The slot here ends in half a step.
    Next,
}

impl InPlace {
    /// A core that plays from `memory`. Allocates.
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

    /// From now on it plays what it remembers and learns nothing.
    pub(super) const fn stop_learning(&mut self) {
        self.learner.stop_learning();
    }

    /// Bars that are remembered, at least in part.
    pub(super) const fn learned(&self) -> u32 {
        self.memory.learned()
    }

    /// Phrases that wait for the networks.
    pub(super) const fn waiting(&self) -> u32 {
        self.memory.waiting()
    }

    /// Sends what has changed to be saved.
    pub(super) fn file(&mut self) {
        self.post.file(&mut self.memory);
    }

    /// Whether all that has changed is sent.
    pub(super) const fn is_filed(&self) -> bool {
        !self.memory.has_filings()
    }

    /// Whether a project has brought another memory.
    pub(super) fn is_handed_a_memory(&self) -> bool {
        self.post.is_handed_over()
    }

    /// Takes up the memory that a project has brought, if any. The caller must have stopped it,
    /// as before [`InPlace::forget`].
    pub(super) fn take_up(&mut self) {
        self.post.take_up(&mut self.memory);
    }

    /// Forgets every bar.
    pub(super) fn forget(&mut self) {
        self.memory.forget();
    }

    /// A note-on enters at tick `at`. True: it is played from memory.
    fn note_on(&mut self, at: i64, note: Note) -> bool {
        let pitched = !self.performer.is_drum(note.channel) && row_of_key(note.key).is_some();
        let position = self.clock.position(at);
        pitched && self.learner.note_on(position, note, &mut self.memory)
    }

    /// A note-on passes. False: it is lost, because the table is full or the host's buffer is.
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

    /// A note-off enters at tick `at`. The note that passed and is to be ended.
    fn note_off(&mut self, at: i64, off: Note) -> Option<Note> {
        let position = self.clock.position(at);
        match self.learner.note_off(position, off, &mut self.memory) {
            Some(true) => None,
            Some(false) | None => self.dry.release(off),
        }
    }

    /// A message enters at tick `at`; what is to leave.
    fn message(&mut self, at: i64, message: Message) -> Message {
        if let Some((channel, down)) = message.sustain() {
            let position = self.clock.position(at);
            self.learner
                .pedal(position, channel, down, &mut self.memory);
        }
        match message {
            // A note that is played from memory has no id.
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

    /// The loop, if the song at `position` will come to its end.
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

    /// Also asks about phrases that a project brought, or that found no room.
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

    /// What is remembered is played from memory, all else passes at once.
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

    /// If something enters at `until`, markers of that tick come first.
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
