//! Adapter between the framework and the real-time core: events and transport, one to one.
//!
//! Runs on the audio thread under the rules of [`crate::rt`].
#![deny(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::disallowed_types
)]

mod held;
pub(crate) mod pace;
mod piece;
pub(crate) mod timeline;

use std::marker::PhantomData;

use nice_plug::midi::{Channel, Key, VoiceID};
use nice_plug::prelude::{NoteEvent, Plugin, PluginNoteEvent, ProcessContext};

use crate::rt::{BlockEvent, Body, Expression, Message, Note, Port};
pub(crate) use held::Held;
pub(crate) use piece::Piece;

/// A host's event queues during one block, as a [`Port`].
pub(crate) struct HostPort<'a, P, C> {
    context: &'a mut C,
    held: &'a mut Held,
    plugin: PhantomData<P>,
}

impl<'a, P: Plugin, C: ProcessContext<P>> HostPort<'a, P, C> {
    pub(crate) fn new(context: &'a mut C, held: &'a mut Held) -> Self {
        Self {
            context,
            held,
            plugin: PhantomData,
        }
    }
}

impl<P: Plugin, C: ProcessContext<P>> Port for HostPort<'_, P, C> {
    #[inline]
    fn next(&mut self) -> Option<BlockEvent> {
        loop {
            if self.held.is_spreading()
                && let Some(event) = self.held.expanded()
            {
                return Some(event);
            }
            let event = self.context.next_event()?;
            if let Some(event) = hear(&event, self.held) {
                return Some(event);
            }
        }
    }

    fn send(&mut self, event: BlockEvent) -> bool {
        use nice_plug::context::process::SendEventError;
        match self.context.try_send_event(outgoing::<P>(event)) {
            Err((_, SendEventError::HostBufferFull)) => false,
            // No output, or an event that the format lacks: a retry would fail as well.
            Ok(()) | Err(_) => true,
        }
    }
}

/// The notes that an event addresses; `None` is a wildcard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    id: Option<i32>,
    channel: Option<u8>,
    key: Option<u8>,
}

/// A host's event in the core's terms.
enum Incoming {
    /// One event.
    Event(BlockEvent),
    /// One event for each held note that matches, because the host left key or channel open.
    Some(BlockEvent, Address),
    /// An event that a note effect does not pass on.
    Nothing,
}

/// Converts a host's event. `None` where there is none, or where `held` expands it. Not inlined:
/// most blocks only ask whether there is an event.
#[inline(never)]
fn hear<S>(event: &NoteEvent<S>, held: &mut Held) -> Option<BlockEvent> {
    match incoming(event) {
        Incoming::Event(event) => {
            held.follow(event.body);
            return Some(event);
        }
        Incoming::Some(event, address) => held.expand(event, address),
        Incoming::Nothing => {}
    }
    None
}

/// Converts a host's event.
fn incoming<S>(event: &NoteEvent<S>) -> Incoming {
    let sample = event.timing();
    let message = |message| {
        Incoming::Event(BlockEvent {
            sample,
            body: Body::Message(message),
        })
    };
    // For events about one note: the note with 0 for a wildcard, and whether there was a wildcard.
    let note = |id: VoiceID, channel: Channel, key: Key, velocity: f32| {
        let note = Note {
            channel: channel.number().unwrap_or(0),
            key: key.number().unwrap_or(0),
            id: id.id(),
            velocity,
        };
        let address = Address {
            id: id.id(),
            channel: channel.number(),
            key: key.number(),
        };
        (note, address)
    };
    let addressed = |body: Body, address: Address| {
        let event = BlockEvent { sample, body };
        if address.channel.is_some() && address.key.is_some() {
            Incoming::Event(event)
        } else {
            Incoming::Some(event, address)
        }
    };
    let expression = |kind, id, channel, key, value| {
        let (note, address) = note(id, channel, key, 0.0);
        let message = Message::Expression {
            kind,
            channel: note.channel,
            key: note.key,
            id: note.id,
            value,
        };
        addressed(Body::Message(message), address)
    };
    match *event {
        NoteEvent::NoteOn {
            voice_id,
            channel,
            key,
            velocity,
            ..
        } => {
            let (note, address) = note(voice_id, channel, key, velocity);
            // A note-on needs a key.
            match address.key {
                Some(_) => Incoming::Event(BlockEvent {
                    sample,
                    body: Body::On(note),
                }),
                None => Incoming::Nothing,
            }
        }
        NoteEvent::NoteOff {
            voice_id,
            channel,
            key,
            velocity,
            ..
        } => {
            let (note, address) = note(voice_id, channel, key, velocity);
            addressed(Body::Off(note), address)
        }
        // A choke becomes a note-off.
        NoteEvent::Choke {
            voice_id,
            channel,
            key,
            ..
        } => {
            let (note, address) = note(voice_id, channel, key, 0.0);
            addressed(Body::Off(note), address)
        }
        NoteEvent::PolyPressure {
            voice_id,
            channel,
            key,
            pressure,
            ..
        } => expression(Expression::Pressure, voice_id, channel, key, pressure),
        NoteEvent::PolyVolume {
            voice_id,
            channel,
            key,
            gain,
            ..
        } => expression(Expression::Volume, voice_id, channel, key, gain),
        NoteEvent::PolyPan {
            voice_id,
            channel,
            key,
            pan,
            ..
        } => expression(Expression::Pan, voice_id, channel, key, pan),
        NoteEvent::PolyTuning {
            voice_id,
            channel,
            key,
            tuning,
            ..
        } => expression(Expression::Tuning, voice_id, channel, key, tuning),
        NoteEvent::PolyVibrato {
            voice_id,
            channel,
            key,
            vibrato,
            ..
        } => expression(Expression::Vibrato, voice_id, channel, key, vibrato),
        NoteEvent::PolyExpression {
            voice_id,
            channel,
            key,
            expression: value,
            ..
        } => expression(Expression::Expression, voice_id, channel, key, value),
        NoteEvent::PolyBrightness {
            voice_id,
            channel,
            key,
            brightness,
            ..
        } => expression(Expression::Brightness, voice_id, channel, key, brightness),
        NoteEvent::MidiCC {
            channel, cc, value, ..
        } => message(Message::Controller {
            channel,
            number: cc,
            value,
        }),
        NoteEvent::MidiPitchBend { channel, value, .. } => {
            message(Message::Bend { channel, value })
        }
        NoteEvent::MidiChannelPressure {
            channel, pressure, ..
        } => message(Message::ChannelPressure {
            channel,
            value: pressure,
        }),
        NoteEvent::MidiProgramChange {
            channel, program, ..
        } => message(Message::Program { channel, program }),
        _ => Incoming::Nothing,
    }
}

/// Converts the core's event to the host's.
fn outgoing<P: Plugin>(event: BlockEvent) -> PluginNoteEvent<P> {
    let timing = event.sample;
    let voice = |id: Option<i32>| id.map_or(VoiceID::Wildcard, VoiceID::ID);
    let message = match event.body {
        Body::On(note) => {
            return NoteEvent::NoteOn {
                timing,
                voice_id: voice(note.id),
                channel: Channel::Number(note.channel),
                key: Key::Number(note.key),
                velocity: note.velocity,
            };
        }
        Body::Off(note) => {
            return NoteEvent::NoteOff {
                timing,
                voice_id: voice(note.id),
                channel: Channel::Number(note.channel),
                key: Key::Number(note.key),
                velocity: note.velocity,
            };
        }
        Body::Message(message) => message,
    };
    match message {
        Message::Controller {
            channel,
            number,
            value,
        } => NoteEvent::MidiCC {
            timing,
            channel,
            cc: number,
            value,
        },
        Message::Bend { channel, value } => NoteEvent::MidiPitchBend {
            timing,
            channel,
            value,
        },
        Message::ChannelPressure { channel, value } => NoteEvent::MidiChannelPressure {
            timing,
            channel,
            pressure: value,
        },
        Message::Program { channel, program } => NoteEvent::MidiProgramChange {
            timing,
            channel,
            program,
        },
        Message::Expression {
            kind,
            channel,
            key,
            id,
            value,
        } => {
            let (voice_id, channel, key) = (voice(id), Channel::Number(channel), Key::Number(key));
            match kind {
                Expression::Pressure => NoteEvent::PolyPressure {
                    timing,
                    voice_id,
                    channel,
                    key,
                    pressure: value,
                },
                Expression::Volume => NoteEvent::PolyVolume {
                    timing,
                    voice_id,
                    channel,
                    key,
                    gain: value,
                },
                Expression::Pan => NoteEvent::PolyPan {
                    timing,
                    voice_id,
                    channel,
                    key,
                    pan: value,
                },
                Expression::Tuning => NoteEvent::PolyTuning {
                    timing,
                    voice_id,
                    channel,
                    key,
                    tuning: value,
                },
                Expression::Vibrato => NoteEvent::PolyVibrato {
                    timing,
                    voice_id,
                    channel,
                    key,
                    vibrato: value,
                },
                Expression::Expression => NoteEvent::PolyExpression {
                    timing,
                    voice_id,
                    channel,
                    key,
                    expression: value,
                },
                Expression::Brightness => NoteEvent::PolyBrightness {
                    timing,
                    voice_id,
                    channel,
                    key,
                    brightness: value,
                },
            }
        }
    }
}

#[cfg(test)]
mod tests;
