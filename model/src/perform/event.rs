//! Events of a performance: notes, expressions, controllers.

/// A note's identity and strength, without its time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Note {
    /// MIDI channel, 0..=15.
    pub channel: u8,
    /// MIDI key, 0..=127.
    pub key: u8,
    /// The host's note id, where it gives one.
    pub id: Option<i32>,
    /// Strike velocity (in a note-off: release velocity), 0..=1.
    pub velocity: f32,
}

/// Which expression of one note a [`Message::Expression`] carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expression {
    /// Polyphonic aftertouch, 0..=1.
    Pressure,
    /// Gain ratio, 1.0 is unity.
    Volume,
    /// −1 (left) to 1 (right).
    Pan,
    /// Semitones, −128..=128.
    Tuning,
    /// 0..=1.
    Vibrato,
    /// 0..=1.
    Expression,
    /// 0..=1.
    Brightness,
}

/// A message other than note-on and note-off: it passes unchanged on the route of the notes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Message {
    /// Control change.
    Controller {
        /// MIDI channel, 0..=15.
        channel: u8,
        /// Controller number, 0..=127.
        number: u8,
        /// Value, 0..=1.
        value: f32,
    },
    /// Pitch bend; 0.5 is the centre.
    Bend {
        /// MIDI channel, 0..=15.
        channel: u8,
        /// Value, 0..=1.
        value: f32,
    },
    /// Channel aftertouch.
    ChannelPressure {
        /// MIDI channel, 0..=15.
        channel: u8,
        /// Value, 0..=1.
        value: f32,
    },
    /// Program change.
    Program {
        /// MIDI channel, 0..=15.
        channel: u8,
        /// Program number, 0..=127.
        program: u8,
    },
    /// Expression of one note.
    Expression {
        /// The kind of expression.
        kind: Expression,
        /// MIDI channel, 0..=15.
        channel: u8,
        /// MIDI key, 0..=127.
        key: u8,
        /// The host's note id, where it gives one.
        id: Option<i32>,
        /// Value in the unit of `kind`.
        value: f32,
    },
}

impl Message {
    /// For the sustain pedal: its channel, and whether it is down.
    pub fn sustain(&self) -> Option<(u8, bool)> {
        match *self {
            Self::Controller {
                channel,
                number: super::SUSTAIN,
                value,
            } => Some((channel & 15, value >= 0.5)),
            _ => None,
        }
    }
}

/// An event without its time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Body {
    /// A note is struck.
    On(Note),
    /// A note ends.
    Off(Note),
    /// Anything else.
    Message(Message),
}
