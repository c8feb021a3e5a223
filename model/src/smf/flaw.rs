//! Flaws of a file that can be read past them.

use std::fmt;

/// Something that is not as the standard has it. The file is read as players read it, and keeps
/// its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// Index of the track; `None` where it is the file's.
    pub track: Option<usize>,
    /// Where, in bytes from the start of the file.
    pub byte: usize,
    /// Its kind.
    pub kind: FlawKind,
}

/// Kinds of departures from the standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlawKind {
    /// The header names another number of tracks than there are.
    Tracks {
        /// Fields of the header chunk.
        declared: usize,
        /// How many there are.
        found: usize,
    },
    /// A track's chunk is longer or shorter than its length says.
    Length {
        /// Bytes by its length.
        claimed: usize,
        /// Bytes that it has.
        found: usize,
    },
    /// A data byte above 127, the first of its track.
    Data(u8),
    /// A status byte of no event that a file may hold, the first of its track.
    Status(u8),
    /// The track ends inside an event.
    Cut,
    /// The track has no end-of-track event.
    NoEnd,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.track {
            Some(track) => write!(f, "track {}, byte {}: ", track + 1, self.byte)?,
            None => write!(f, "byte {}: ", self.byte)?,
        }
        match self.kind {
            FlawKind::Tracks { declared, found } => {
                write!(f, "the header says {declared} tracks, there are {found}")
            }
            FlawKind::Length { claimed, found } => {
                write!(f, "its length says {claimed} bytes, it has {found}")
            }
            FlawKind::Data(byte) => write!(f, "a data byte of {byte}, read as 127"),
            FlawKind::Status(byte) => {
                write!(
                    f,
                    "a status byte {byte:02X} that no file may hold, read past"
                )
            }
            FlawKind::Cut => f.write_str("cut off inside an event"),
            FlawKind::NoEnd => f.write_str("no end-of-track event"),
        }
    }
}
