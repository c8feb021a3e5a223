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

/// An event and its place in the block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BlockEvent {
    /// Samples from the start of the block.
    pub sample: u32,
    /// What happens.
    pub body: Body,
}

/// A host's event queues during one block. One trait for both directions, because a host's
/// process context is one object.
pub trait Port {
    /// The next event that entered, in order of time; `None` when there are no more in this block.
    fn next(&mut self) -> Option<BlockEvent>;
    /// Lets an event leave, in order of time. False: the host's buffer is full; the core keeps
    /// the event for the next block.
    fn send(&mut self, event: BlockEvent) -> bool;
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

/// The two ways to play.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlayMode {
    /// What is played in a group of bars sounds a group later.
    #[default]
    Live,
    /// What was heard at a bar of the song sounds there from the next pass on.
    InPlace,
}

/// What the user has set, constant during a block. A host-facing adapter that wants parameter
/// changes inside a block to count at their own sample splits the block there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// −1 (the pair's first genre) … 0 (as played) … 1 (its second genre).
    pub knob: f32,
    /// How far notes that stay are pulled to the grid at full amount: 0 keeps the feel, 1 lies on
    /// the grid; at less they are pulled less, and at amount 0 not at all.
    pub quantise: f32,
    /// What the network is kept from.
    pub guard: Guard,
    /// Which way to play.
    pub mode: PlayMode,
    /// Where this changes to true, everything that was heard in place is forgotten.
    pub forget: bool,
    /// Live: bars in a group and so the delay: 1, 2 or 4.
    pub delay_bars: u8,
    /// Notes pass straight through.
    pub bypass: bool,
    /// Which weights answer.
    pub weights: WeightsId,
    /// What is wanted of their answers. Counts from the next question on.
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

/// An answer counts no earlier than this (beats) after it was asked for, whatever the transport
/// does in between: so it is there in time on any machine that keeps up, or nowhere.
const NOTICE: f64 = 0.75;

/// A loop shorter than this (beats) is none.
const SHORTEST_LOOP: f64 = 0.05;

/// What lies farther from the song's start than this (beats, some years) is nowhere: up to here a
/// beat's parts can still be told apart, and bars be counted.
const FARTHEST: f64 = 1e8;

/// A bar whose start is farther from the position than this (beats) is another one: the longest
/// bar has 256, and bars are counted one by one.
const FARTHEST_BAR: f64 = 512.0;

impl Transport {
    /// The same with all that cannot be counted with replaced.
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

    /// Whether all but the position is as it was `before`.
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

    /// The loop, unless it is so short that it is none.
    pub(crate) fn cycle(&self) -> Option<(f64, f64)> {
        self.loop_range
            .filter(|(start, end)| end - start > SHORTEST_LOOP)
    }

    /// The bar lines at `position`, where the block starts; without the host's word they are
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
            taste: self.taste.sane(self.guard.melody_lock),
            ..*self
        }
    }
}

#[cfg(test)]
mod tests;
