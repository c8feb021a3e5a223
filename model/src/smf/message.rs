//! Meanings of single events.

use super::exclusive::Exclusive;

/// Meaning of an event, as far as notes, their time and their instrument need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmfMessage {
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
    /// A controller moves.
    Controller {
        /// 0..=15; 9 is drums.
        channel: u8,
        /// 0..=127; 64 is the sustain pedal.
        number: u8,
        /// 0..=127.
        value: u8,
    },
    /// A system exclusive message that changes which parts are drums.
    Exclusive(Exclusive),
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

/// Meaning of a channel message.
pub(super) const fn message([status, first, second]: [u8; 3]) -> SmfMessage {
    let channel = status & 15;
    match status >> 4 {
        0x9 if second > 0 => SmfMessage::NoteOn {
            channel,
            key: first,
            velocity: second,
        },
        0x8 | 0x9 => SmfMessage::NoteOff {
            channel,
            key: first,
            velocity: second,
        },
        0xb => SmfMessage::Controller {
            channel,
            number: first,
            value: second,
        },
        0xc => SmfMessage::Program {
            channel,
            program: first,
        },
        _ => SmfMessage::Other,
    }
}

/// Meaning of a system exclusive message; `first` is the byte before its length.
pub(super) fn exclusive(first: u8, payload: &[u8]) -> SmfMessage {
    let known = (first == 0xf0).then(|| Exclusive::of(payload)).flatten();
    known.map_or(SmfMessage::Other, SmfMessage::Exclusive)
}

/// Meaning of a meta event.
pub(super) fn meta(kind: u8, payload: &[u8]) -> SmfMessage {
    match (kind, payload) {
        (0x2f, _) => SmfMessage::EndOfTrack,
        (0x51, [a, b, c]) => match u32::from_be_bytes([0, *a, *b, *c]) {
            0 => SmfMessage::Other,
            micros => SmfMessage::Tempo(micros),
        },
        // Bars of no length, and denominators finer than any score's, are not followed.
        (0x58, [numerator @ (1..), power @ (..=6), _, _]) => SmfMessage::TimeSignature {
            numerator: *numerator,
            denominator: 1 << power,
        },
        _ => SmfMessage::Other,
    }
}
