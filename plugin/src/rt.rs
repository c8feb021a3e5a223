//! The real-time core: all that runs on the audio thread, free of any host's or format's types.
//!
//! Rules of this module and everything below it: it never allocates, frees, locks, logs, waits,
//! does IO or panics. What it cannot do it counts.
#![deny(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::disallowed_types
)]

mod answers;
mod clock;
mod groups;
mod live;
mod outbox;
pub mod snapshot;
mod straight;

use std::sync::Arc;

use third_stream_model::genre::Pair;
use third_stream_model::perform::Control;
pub use third_stream_model::perform::{Body, Expression, Message, Note};
pub use third_stream_model::roll::guard::Guard;

use crate::link::AudioEnd;
use live::Live;
use outbox::Outbox;
use snapshot::{Snapshot, State, View};
use straight::Straight;

/// An event and its place in the block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Event {
    /// Samples from the start of the block.
    pub sample: u32,
    /// What happens.
    pub body: Body,
}

/// A host's event queues during one block. One trait for both directions, because a host's
/// process context is one object.
pub trait Port {
    /// The next event that entered, in order of time; `None` when there are no more in this block.
    fn next(&mut self) -> Option<Event>;
    /// Lets an event leave, in order of time. False: the host's buffer is full; the core keeps
    /// the event for the next block.
    fn send(&mut self, event: Event) -> bool;
}

/// What the host says of the transport at the first sample of a block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transport {
    /// Whether the song plays.
    pub playing: bool,
    /// Samples a second.
    pub sample_rate: f64,
    /// Quarter notes a minute.
    pub tempo: f64,
    /// Position in the song in quarter notes. Without it the core counts from the start of play.
    pub position: Option<f64>,
    /// Position of the present bar's start in quarter notes.
    pub bar_start: Option<f64>,
    /// Number of the present bar, 0 for the song's first.
    pub bar_number: Option<i64>,
    /// Beats in a bar and the note value of a beat: (6, 8).
    pub time_signature: (u16, u16),
    /// Start and end of the loop in quarter notes, where looping is on.
    pub loop_range: Option<(f64, f64)>,
    /// Whether the host renders offline: then the core waits (bounded) for its answers.
    pub offline: bool,
}

/// What the user has set, constant during a block. A host-facing adapter that wants parameter
/// changes inside a block to count at their own sample splits the block there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// −1 (the pair's first genre) … 0 (as played) … 1 (its second genre).
    pub knob: f32,
    /// 0 keeps the feel, 1 lies on the grid; without effect where the amount is 0.
    pub quantise: f32,
    /// What the network is kept from.
    pub guard: Guard,
    /// Bars in a group and so the delay: 1, 2 or 4.
    pub delay_bars: u8,
    /// Notes pass straight through.
    pub bypass: bool,
    /// Which weights answer.
    pub pair: Pair,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            knob: 0.0,
            quantise: 1.0,
            guard: Guard::default(),
            delay_bars: 4,
            bypass: false,
            pair: Pair::JAZZ_CLASSIC,
        }
    }
}

impl Transport {
    /// The same with all that cannot be counted with replaced.
    fn sane(&self) -> Self {
        let positive = |value: f64, else_: f64, most: f64| {
            if value > 0.0 { value.min(most) } else { else_ }
        };
        let finite = |value: Option<f64>| value.filter(|value| value.is_finite());
        let (beats, value) = self.time_signature;
        let known = (1..=64).contains(&beats) && (1..=64).contains(&value);
        Self {
            sample_rate: positive(self.sample_rate, 48_000.0, 1e7),
            tempo: positive(self.tempo, 120.0, 9999.0),
            position: finite(self.position),
            bar_start: finite(self.bar_start),
            time_signature: if known { (beats, value) } else { (4, 4) },
            ..*self
        }
    }
}

impl Settings {
    /// What the performer plays by.
    const fn control(&self) -> Control {
        Control {
            knob: self.knob,
            quantise: self.quantise,
            guard: self.guard,
        }
    }

    fn sane(&self) -> Self {
        let finite = |value: f32| if value.is_finite() { value } else { 0.0 };
        Self {
            knob: finite(self.knob).clamp(-1.0, 1.0),
            quantise: finite(self.quantise).clamp(0.0, 1.0),
            guard: Guard {
                scale: finite(self.guard.scale),
                density: finite(self.guard.density),
                ..self.guard
            },
            ..*self
        }
    }
}

/// The real-time core of one instance of the plugin.
#[derive(Debug)]
pub struct Engine {
    link: AudioEnd,
    snapshot: Arc<Snapshot>,
    live: Live,
    straight: Straight,
    outbox: Outbox,
    /// Tick (sample since the core was made) at which the next block starts.
    now: i64,
    /// Bars of delay that were in force, while the song plays.
    playing: Option<u8>,
    reset: bool,
    dropped: u32,
    shown: State,
    /// Samples since the snapshot was published.
    unseen: f64,
}

/// How often a second the snapshot is published.
const VIEWS_PER_SECOND: f64 = 90.0;

impl Engine {
    /// A core that asks over `link` and shows itself in `snapshot`. Allocates all that it will
    /// ever use: about 1 MiB on the heap, and 100 KiB of its own, so better kept in a box.
    pub fn new(link: AudioEnd, snapshot: Arc<Snapshot>) -> Self {
        Self {
            link,
            snapshot,
            live: Live::new(),
            straight: Straight::new(),
            outbox: Outbox::new(),
            now: 0,
            playing: None,
            reset: false,
            dropped: 0,
            shown: State::Stopped,
            unseen: f64::INFINITY,
        }
    }

    /// Forgets what was heard. What sounds gets its note-offs at the start of the next block.
    /// For the host's reset and (de)activation; audio thread, or main thread while not processing.
    pub const fn reset(&mut self) {
        self.reset = true;
    }

    /// Processes one block of `frames` samples. Audio thread.
    pub fn process(
        &mut self,
        frames: u32,
        transport: &Transport,
        settings: &Settings,
        port: &mut impl Port,
    ) {
        let (transport, settings) = (&transport.sane(), &settings.sane());
        self.outbox.resend(port);
        self.live.receive(&self.link);
        let delay = settings.delay_bars;
        let plays = (transport.playing && !settings.bypass).then_some(delay);
        if self.reset || self.playing.is_some() && self.playing != plays {
            self.silence(port);
        }
        self.playing = plays;
        if plays.is_some() {
            self.play(frames, transport, settings, port);
        } else {
            while let Some(event) = port.next() {
                let event = in_block(event, frames);
                self.pass(event, port);
            }
        }
        self.now += i64::from(frames);
        self.show(frames, transport, settings);
    }

    /// The song plays: events go through the live core, note-offs of straight notes do not.
    fn play(
        &mut self,
        frames: u32,
        transport: &Transport,
        settings: &Settings,
        port: &mut impl Port,
    ) {
        let end = self.now + i64::from(frames);
        let jumped = self.live.begin(self.now, transport, settings, &self.link);
        if jumped {
            self.flush(port);
            self.live.start(self.now, transport, settings);
        }
        loop {
            let event = port.next().map(|event| in_block(event, frames));
            let until = event.map_or(end, |event| self.now + i64::from(event.sample));
            self.advance(until, frames, transport, settings, port);
            let Some(event) = event else {
                return;
            };
            let kept = match event.body {
                Body::Off(off) => match self.straight.release(off) {
                    Some(on) => self.off_straight(event.sample, on, off, port),
                    None => self.live.hear(until, event.body),
                },
                body => self.live.hear(until, body),
            };
            if !kept {
                self.dropped = self.dropped.saturating_add(1);
            }
        }
    }

    /// Lets the live core play up to tick `until`.
    fn advance(
        &mut self,
        until: i64,
        frames: u32,
        transport: &Transport,
        settings: &Settings,
        port: &mut impl Port,
    ) {
        let (now, last) = (self.now, i64::from(frames.saturating_sub(1)));
        let (straight, outbox, dropped) = (&self.straight, &mut self.outbox, &mut self.dropped);
        let mut emit = |emission: third_stream_model::perform::Emission| {
            if let (Body::On(note), Some(_)) = (emission.body, emission.added_near)
                && straight.sounds(note)
            {
                return false;
            }
            let sample = (emission.tick - now).clamp(0, last) as u32;
            let body = emission.body;
            let kept = outbox.send(port, Event { sample, body });
            *dropped = dropped.saturating_add(u32::from(!kept));
            kept
        };
        self.live
            .advance(until, transport, settings, &self.link, &mut emit);
    }

    /// Passes an event straight through.
    fn pass(&mut self, event: Event, port: &mut impl Port) {
        let kept = match event.body {
            Body::On(note) => {
                let held = self.straight.hold(note);
                let left = held && self.outbox.send(port, event);
                if held && !left {
                    self.straight.release(note);
                }
                left
            }
            Body::Off(off) => match self.straight.release(off) {
                Some(on) => self.off_straight(event.sample, on, off, port),
                None => true, // its note has been ended already
            },
            Body::Message(_) => self.outbox.send(port, event),
        };
        if !kept {
            self.dropped = self.dropped.saturating_add(1);
        }
    }

    /// The note-off `off` of the straight note `on`.
    fn off_straight(&mut self, sample: u32, on: Note, off: Note, port: &mut impl Port) -> bool {
        let body = Body::Off(Note {
            velocity: off.velocity,
            ..on
        });
        self.outbox.send(port, Event { sample, body })
    }

    /// Ends what sounds and forgets what was heard, at the start of a block.
    fn silence(&mut self, port: &mut impl Port) {
        self.flush(port);
        self.live.stop();
        if self.reset {
            self.reset = false;
            while let Some(on) = self.straight.take() {
                self.off_straight(
                    0,
                    on,
                    Note {
                        velocity: 0.0,
                        ..on
                    },
                    port,
                );
            }
        }
    }

    fn flush(&mut self, port: &mut impl Port) {
        let (now, outbox) = (self.now, &mut self.outbox);
        self.live.flush(now, &mut |emission| {
            let body = emission.body;
            outbox.send(port, Event { sample: 0, body })
        });
    }

    /// Publishes the snapshot, often enough for the eye.
    fn show(&mut self, frames: u32, transport: &Transport, settings: &Settings) {
        self.unseen += f64::from(frames);
        let state = match self.playing {
            None if settings.bypass => State::Bypassed,
            None => State::Stopped,
            Some(_) => State::Playing,
        };
        let due = self.unseen * VIEWS_PER_SECOND >= transport.sample_rate;
        let same = state == self.shown;
        if same && (!due || self.playing.is_none()) {
            return;
        }
        self.unseen = 0.0;
        self.shown = state;
        let mut view = View {
            state,
            late: self.live.late(),
            dropped: self.dropped,
            ..View::default()
        };
        if self.playing.is_some() {
            self.live.view(self.now, settings, &mut view);
        }
        self.snapshot.publish(&view);
    }
}

/// The event with its sample inside the block.
fn in_block(event: Event, frames: u32) -> Event {
    let sample = event.sample.min(frames.saturating_sub(1));
    Event { sample, ..event }
}

#[cfg(test)]
mod tests;
