//! The real-time core: all that runs on the audio thread, free of any host's or format's types.
//!
//! Rules of this module and everything below it: it never allocates, frees, locks, logs, waits,
//! does IO or panics. What it cannot do it counts.
#![deny(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::disallowed_types
)]

pub mod snapshot;

use std::sync::Arc;

use third_stream_model::genre::Pair;
pub use third_stream_model::perform::{Body, Expression, Message, Note};

use crate::link::AudioEnd;
use snapshot::{Snapshot, View};

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
            delay_bars: 4,
            bypass: false,
            pair: Pair::JAZZ_CLASSIC,
        }
    }
}

/// The real-time core of one instance of the plugin.
#[derive(Debug)]
pub struct Engine {
    link: AudioEnd,
    snapshot: Arc<Snapshot>,
    view: View,
}

impl Engine {
    /// A core that asks over `link` and shows itself in `snapshot`. Allocates all that it will
    /// ever use; about 1 MiB on the heap, little on the stack.
    pub fn new(link: AudioEnd, snapshot: Arc<Snapshot>) -> Self {
        Self {
            link,
            snapshot,
            view: View::default(),
        }
    }

    /// Forgets what was heard. What sounds gets its note-offs at the start of the next block.
    /// For the host's reset and (de)activation; audio thread or main thread while not processing.
    pub fn reset(&mut self) {
        self.view.playhead = 0.0;
    }

    /// Processes one block of `frames` samples. Audio thread.
    pub fn process(
        &mut self,
        frames: u32,
        transport: &Transport,
        settings: &Settings,
        port: &mut impl Port,
    ) {
        while let Some(event) = port.next() {
            if !port.send(event) {
                self.view.dropped += 1;
            }
        }
        while self.link.answer().is_some() {}
        self.snapshot.publish(&self.view);
        let _ = (frames, transport, settings);
    }
}
