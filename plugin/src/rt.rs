//! The real-time core: everything that runs on the audio thread, without types of a host or format.
//!
//! Rules for this module and all below it: never allocate, free, lock, log, wait, do IO or panic.
//! Failures are counted.
#![deny(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::disallowed_types
)]

mod answers;
mod clock;
mod core;
mod display;
mod exit;
mod groups;
mod in_place;
mod live;
mod mode;
mod outbox;
mod passthrough;
mod pending;
mod sides;
pub mod snapshot;

use third_stream_model::genre::Pair;
use third_stream_model::perform::Control;
pub use third_stream_model::perform::{Body, Expression, Message, Note};
pub use third_stream_model::roll::guard::Guard;

use crate::link::{Taste, WeightsId};
use crate::memory::Meter;
pub use core::AudioCore;

/// An event at a sample of the block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BlockEvent {
    /// Samples from the start of the block.
    pub sample: u32,
    /// The event.
    pub body: Body,
}

/// A host's event queues during one block. One trait for input and output, because a host's process
/// context is one object.
pub trait Port {
    /// The next input event, in order of time; `None` at the end of the block.
    fn next(&mut self) -> Option<BlockEvent>;
    /// Sends an output event, in order of time. False if the host's buffer is full; the core keeps
    /// the event for the next block.
    fn send(&mut self, event: BlockEvent) -> bool;
}

/// The host's transport at the first sample of a block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transport {
    /// The song plays.
    pub playing: bool,
    /// Sample rate in Hz.
    pub sample_rate: f64,
    /// Tempo in quarter notes a minute.
    pub tempo: f64,
    /// Song position in quarter notes. Without it the core counts from the start of play.
    pub position: Option<f64>,
    /// Position of the current bar's start, in quarter notes.
    pub bar_start: Option<f64>,
    /// Number of the current bar, from 0.
    pub bar_number: Option<i64>,
    /// Beats in a bar and the note value of a beat: (6, 8).
    pub time_signature: (u16, u16),
    /// Start and end of the loop in quarter notes, if looping is on.
    pub loop_range: Option<(f64, f64)>,
    /// The host renders offline: the core waits (bounded) for its answers.
    pub offline: bool,
}

/// The two ways of playing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlayMode {
    /// Notes of a group of bars sound one group later.
    #[default]
    Live,
    /// Notes learned at a bar of the song sound there from the next pass on.
    InPlace,
}

/// The user's settings, constant during a block. For sample-accurate automation the host's adapter
/// splits the block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// −1 (the pair's first genre) … 0 (as played) … 1 (its second genre).
    pub knob: f32,
    /// Pull of kept notes to the grid at full amount: 0 keeps the feel, 1 lies on the grid. It
    /// scales with the amount.
    pub quantise: f32,
    /// Limits on the network's edits.
    pub guard: Guard,
    /// The way of playing.
    pub mode: PlayMode,
    /// A change to true forgets everything that In place remembers.
    pub forget: bool,
    /// Live: bars in a group and so the delay: 1, 2 or 4.
    pub delay_bars: u8,
    /// Bypass: notes pass unchanged.
    pub bypass: bool,
    /// The networks to be used.
    pub weights: WeightsId,
    /// The user's wishes for answers, from the next request on.
    pub taste: Taste,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            knob: 0.0,
            quantise: 1.0,
            guard: Guard::default(),
            mode: PlayMode::Live,
            forget: false,
            delay_bars: 4,
            bypass: false,
            weights: WeightsId::shipped(Pair::JAZZ_CLASSIC),
            taste: Taste::default(),
        }
    }
}

/// Minimum delay, in beats, from a request to the use of its answer, whatever the transport does in
/// between. It makes the output the same on any machine that keeps up.
const NOTICE: f64 = 0.75;

/// Shortest loop, in beats; a shorter one is ignored.
const SHORTEST_LOOP: f64 = 0.05;

/// Maximum distance from the song's start, in beats (some years): up to here fractions of a beat
/// are exact and bars can be counted.
const FARTHEST: f64 = 1e8;

/// Maximum distance, in beats, from a position to its bar's start: the longest bar has 256, and
/// bars are counted one by one.
const FARTHEST_BAR: f64 = 512.0;

impl Transport {
    /// A stopped song of 120 beats a minute and 4/4 at 48 kHz, without a position.
    pub const STOPPED: Self = Self {
        playing: false,
        sample_rate: 48_000.0,
        tempo: 120.0,
        position: None,
        bar_start: None,
        bar_number: None,
        time_signature: (4, 4),
        loop_range: None,
        offline: false,
    };

    /// Invalid values replaced.
    fn sane(&self) -> Self {
        let within = |value: f64, range: std::ops::RangeInclusive<f64>, else_: f64| {
            if range.contains(&value) { value } else { else_ }
        };
        let near = |beats: &f64| beats.abs() <= FARTHEST;
        let (beats, value) = self.time_signature;
        let known = (1..=64).contains(&beats) && (1..=64).contains(&value);
        let position = self.position.filter(near);
        let of_position =
            |start: &f64| position.is_some_and(|at| (at - start).abs() <= FARTHEST_BAR);
        Self {
            sample_rate: within(self.sample_rate, 1e3..=1e7, 48_000.0),
            tempo: within(self.tempo, 0.01..=9999.0, 120.0),
            position,
            bar_start: self.bar_start.filter(of_position),
            bar_number: self.bar_number.filter(|number| near(&(*number as f64))),
            time_signature: if known { (beats, value) } else { (4, 4) },
            loop_range: self
                .loop_range
                .filter(|(start, end)| near(start) && near(end)),
            ..*self
        }
    }

    /// True if all but the position equals `before`.
    fn is_as(&self, before: &Self) -> bool {
        self.playing == before.playing
            && self.sample_rate == before.sample_rate
            && self.tempo == before.tempo
            && self.bar_start == before.bar_start
            && self.bar_number == before.bar_number
            && self.time_signature == before.time_signature
            && self.loop_range == before.loop_range
            && self.offline == before.offline
    }

    /// The loop, unless it is shorter than [`SHORTEST_LOOP`].
    pub(crate) fn cycle(&self) -> Option<(f64, f64)> {
        self.loop_range
            .filter(|(start, end)| end - start > SHORTEST_LOOP)
    }

    /// The bar lines at `position`, where the block starts; without a report of the host they are
    /// counted from the song's start.
    fn meter(&self, position: f64) -> Meter {
        let (count, value) = self.time_signature;
        let bar = f64::from(count) * 4.0 / f64::from(value);
        let start = self
            .bar_start
            .unwrap_or_else(|| (position / bar).floor() * bar);
        let number = self
            .bar_number
            .unwrap_or_else(|| (start / bar).round() as i64);
        Meter { bar, start, number }
    }
}

impl Settings {
    /// The settings for the performer.
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
            taste: self.taste.sane(self.guard.melody_lock),
            ..*self
        }
    }
}

#[cfg(test)]
mod tests;
