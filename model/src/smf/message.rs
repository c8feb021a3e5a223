//! What single events say.

use midly::{MetaMessage, MidiMessage, TrackEventKind};

use super::chunk::read_number;

/// What an event says, as far as notes and their time need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// A note starts; the velocity is above 0.
    NoteOn {
        /// 0..=15; 9 is drums.
        channel: u8,
        /// 0..=127.
        key: u8,
        /// 1..=127.
        velocity: u8,
    },
    /// A note ends; a note-on of velocity 0 is read as one of release velocity 0.
    NoteOff {
        /// 0..=15; 9 is drums.
        channel: u8,
        /// 0..=127.
        key: u8,
        /// Release velocity, 0..=127.
        velocity: u8,
    },
    /// A channel's instrument.
    Program {
        /// 0..=15; 9 is drums.
        channel: u8,
        /// 0..=127, General MIDI's number less one.
        program: u8,
    },
    /// Microseconds in a quarter note, above 0.
    Tempo(u32),
    /// Both are above 0.
    TimeSignature {
        /// Beats in a bar.
        numerator: u8,
        /// The note that is a beat: 4 for a quarter, 8 for an eighth.
        denominator: u32,
    },
    /// The end of the track.
    EndOfTrack,
    /// Anything else.
    Other,
}

/// Data bytes of a channel message.
pub(super) const fn data_bytes(status: u8) -> usize {
    if matches!(status >> 4, 0xc | 0xd) {
        1
    } else {
        2
    }
}

/// The status byte of a channel message, 0 for other events.
pub(super) fn status(kind: &TrackEventKind) -> u8 {
    let TrackEventKind::Midi { channel, message } = kind else {
        return 0;
    };
    let message = match message {
        MidiMessage::NoteOff { .. } => 0x80,
        MidiMessage::NoteOn { .. } => 0x90,
        MidiMessage::Aftertouch { .. } => 0xa0,
        MidiMessage::Controller { .. } => 0xb0,
        MidiMessage::ProgramChange { .. } => 0xc0,
        MidiMessage::ChannelAftertouch { .. } => 0xd0,
        MidiMessage::PitchBend { .. } => 0xe0,
    };
    message | channel.as_int()
}

/// What an event says.
pub(super) fn message(kind: &TrackEventKind) -> Message {
    match *kind {
        TrackEventKind::Midi { channel, message } => {
            let channel = channel.as_int();
            match message {
                MidiMessage::NoteOn { key, vel } if vel > 0 => Message::NoteOn {
                    channel,
                    key: key.as_int(),
                    velocity: vel.as_int(),
                },
                MidiMessage::NoteOn { key, vel } | MidiMessage::NoteOff { key, vel } => {
                    Message::NoteOff {
                        channel,
                        key: key.as_int(),
                        velocity: vel.as_int(),
                    }
                }
                MidiMessage::ProgramChange { program } => Message::Program {
                    channel,
                    program: program.as_int(),
                },
                _ => Message::Other,
            }
        }
        TrackEventKind::Meta(MetaMessage::Tempo(micros)) if micros.as_int() > 0 => {
            Message::Tempo(micros.as_int())
        }
        // Bars of no length, and denominators finer than any score's, are not followed.
        TrackEventKind::Meta(MetaMessage::TimeSignature(numerator, power, ..))
            if numerator > 0 && power <= 6 =>
        {
            Message::TimeSignature {
                numerator,
                denominator: 1 << power,
            }
        }
        TrackEventKind::Meta(MetaMessage::EndOfTrack) => Message::EndOfTrack,
        _ => Message::Other,
    }
}

/// A meta event at the start of `bytes`: its delta time, its bytes, what is behind it.
pub(super) fn meta_event(bytes: &[u8]) -> Option<(u32, &[u8], &[u8])> {
    let (delta, event) = read_number(bytes)?;
    let [0xff, _, behind @ ..] = event else {
        return None;
    };
    let (length, behind) = read_number(behind)?;
    let behind = behind.get(length as usize..)?;
    Some((delta, &event[..event.len() - behind.len()], behind))
}

/// Whether an event's payload is as long as it says; `midly` also gives those that are cut off.
pub(super) fn is_whole(bytes: &[u8]) -> bool {
    let ([0xff, _, payload @ ..] | [0xf0 | 0xf7, payload @ ..]) = bytes else {
        return true;
    };
    read_number(payload).is_some_and(|(length, data)| data.len() == length as usize)
}
