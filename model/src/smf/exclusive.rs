//! System exclusive messages that say which parts are drums.

/// A system exclusive message that changes which parts are drums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exclusive {
    /// Roland's GS is switched on, or its parts are set back.
    GsReset,
    /// Any other system is switched on or off (General MIDI 1 and 2, Yamaha's XG): all parts are
    /// set back.
    Reset,
    /// A part becomes drums, or ceases to be (GS part mode, XG part mode).
    Part {
        /// Its channel, 0..=15.
        channel: u8,
        /// True if it is drums.
        drums: bool,
    },
}

impl Exclusive {
    /// Reads a message without its first byte (F0); a last F7 may be there. `None` for one that
    /// says something else.
    pub const fn of(payload: &[u8]) -> Option<Self> {
        match payload {
            [0x7e, _, 0x09, 1..=3, ..] => Some(Self::Reset),
            [0x41, _, 0x42, 0x12, rest @ ..] => Self::of_gs(rest),
            [0x43, 0x10..=0x1f, 0x4c, rest @ ..] => Self::of_xg(rest),
            _ => None,
        }
    }

    /// Address and value of a GS message; the checksum is not looked at.
    const fn of_gs(rest: &[u8]) -> Option<Self> {
        match *rest {
            [0x40 | 0x00, 0x00, 0x7f, ..] => Some(Self::GsReset),
            [0x40, block @ 0x10..=0x1f, 0x15, mode @ 0..=2, ..] => Some(Self::Part {
                // The blocks begin with the drum part, channel 10.
                channel: match block & 15 {
                    0 => 9,
                    part @ 1..=9 => part - 1,
                    part => part,
                },
                drums: mode > 0,
            }),
            _ => None,
        }
    }

    /// Address and value of an XG message.
    const fn of_xg(rest: &[u8]) -> Option<Self> {
        match *rest {
            [0x00, 0x00, 0x7e | 0x7f, ..] => Some(Self::Reset),
            [0x08, channel @ 0..=15, 0x07, mode @ 0..=5, ..] => Some(Self::Part {
                channel,
                drums: mode > 0,
            }),
            _ => None,
        }
    }
}
