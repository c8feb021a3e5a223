//! Standard MIDI files, types 0 and 1: bytes in, bytes out.
//!
//! A file is read into its tracks' events, each of which remembers the bytes it was written as.
//! What is not edited is written back byte for byte, so tempo, names, lyrics, controllers,
//! system-exclusive messages and foreign chunks keep their form and their place; so does what is
//! wrong in a file. Events are read as players read them ([`Flaw`] has what that means), which
//! readers that hold to the standard do not.
//!
//! [`crate::song`] makes notes, bars and phrases of what is read here.

mod chunk;
mod exclusive;
mod flaw;
mod header;
mod message;
pub mod new_file;
mod riff;
pub mod time;
mod track;
mod track_reader;

pub use exclusive::Exclusive;
pub use flaw::{Flaw, FlawKind};
pub use message::SmfMessage;
pub use track::{NewNote, Track};
pub use track_reader::Event;

use std::path::Path;

use chunk::Stretch;

/// A Standard MIDI file.
#[derive(Clone, Debug)]
pub struct Smf {
    format: u8,
    division: Division,
    tracks: Vec<Track>,
    /// The bytes before each track's chunk, and those behind the last.
    between: Vec<Vec<u8>>,
    riff: Option<Riff>,
    flaws: Vec<Flaw>,
}

/// A wrapper around the file.
#[derive(Clone, Debug)]
struct Riff {
    /// Where the MIDI file begins.
    content: usize,
    /// Bytes after the MIDI file.
    behind: Vec<u8>,
    /// True if that begins with a byte that makes the size even.
    padded: bool,
}

/// Unit of a tick.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Division {
    /// Ticks in a quarter note, at least 1.
    TicksPerQuarter(u16),
    /// Ticks in a second (SMPTE frames times ticks per frame); quarter notes come from the tempo.
    TicksPerSecond(f64),
}

/// Why bytes are not taken as a MIDI file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SmfError {
    /// No readable header.
    #[error("not a Standard MIDI file: {0}; expected a file that begins with MThd")]
    Header(String),
    /// Type 2: independent sequences.
    #[error(
        "a MIDI file of type 2 holds several independent sequences, which have no common \
         time; save it as type 0 or 1"
    )]
    Sequential,
    /// A division that gives ticks no length.
    #[error("the header's division is zero; expected at least one tick in a quarter or a frame")]
    Division,
    /// Nothing to read behind the header.
    #[error("the file has a header but no track; it may have been cut off")]
    NoTrack,
    /// A track that cannot be read to its end.
    #[error(
        "track {track}, byte {byte} of the file: {what}; expected an event; open the file in a \
         sequencer that plays it and save it anew"
    )]
    Track {
        /// Its number, from 1.
        track: usize,
        /// Where, in bytes from the start of the file.
        byte: usize,
        /// Description of the bytes found.
        what: &'static str,
    },
}

/// True if bytes are meant as a MIDI file, by their beginning (twelve bytes are enough): `MThd`,
/// or a RIFF wrapper around one.
pub fn is_midi(bytes: &[u8]) -> bool {
    bytes.starts_with(b"MThd") || riff::is_riff(bytes)
}

/// True if a file is named like a MIDI file: .mid, .midi, .smf, .kar or .rmi.
pub fn is_named_midi(path: &Path) -> bool {
    const NAMES: [&str; 5] = ["mid", "midi", "smf", "kar", "rmi"];
    let name = path.extension().and_then(|name| name.to_str());
    name.is_some_and(|name| NAMES.iter().any(|known| name.eq_ignore_ascii_case(known)))
}

impl Smf {
    /// Reads a file, also one in a RIFF wrapper. What is wrong in it is read past as players do,
    /// and named in [`Smf::flaws`]. Never panics, whatever the bytes.
    ///
    /// ```
    /// use third_stream_model::smf::Smf;
    ///
    /// // A header and one track that ends at once.
    /// let bytes = b"MThd\0\0\0\x06\0\0\0\x01\x01\xe0MTrk\0\0\0\x04\0\xff\x2f\0";
    /// let smf = Smf::read(bytes)?;
    /// assert_eq!(smf.tracks().len(), 1);
    /// assert_eq!(smf.write(), bytes);
    /// # Ok::<(), third_stream_model::smf::SmfError>(())
    /// ```
    ///
    /// # Errors
    /// There is no header chunk or no track, or the file is of type 2; see [`SmfError`].
    pub fn read(bytes: &[u8]) -> Result<Self, SmfError> {
        let content = if riff::is_riff(bytes) {
            riff::content(bytes).ok_or_else(|| {
                SmfError::Header("a RIFF file whose chunk `data` is missing".to_owned())
            })?
        } else {
            0..bytes.len()
        };
        let (file, behind) = bytes.split_at(content.end);
        let header = header::read(&file[content.start..])?;
        let start = content.start + header.length;
        let mut smf = Self {
            format: header.format,
            division: header.division,
            tracks: Vec::new(),
            between: vec![file[..start].to_vec()],
            riff: (content.start > 0).then(|| Riff {
                content: content.start,
                behind: behind.to_vec(),
                padded: content.len() % 2 == 1,
            }),
            flaws: Vec::new(),
        };
        for stretch in chunk::split(file, start) {
            match stretch {
                Stretch::Track(chunk) => {
                    let (track, flaws) = Track::read(chunk, smf.tracks.len())?;
                    smf.tracks.push(track);
                    smf.flaws.extend(flaws);
                    smf.between.push(Vec::new());
                }
                Stretch::Other(bytes) => {
                    if let Some(between) = smf.between.last_mut() {
                        between.extend_from_slice(bytes);
                    }
                }
            }
        }
        let (declared, found) = (header.tracks, smf.tracks.len());
        if found == 0 {
            return Err(SmfError::NoTrack);
        }
        if declared != found {
            let flaw = Flaw {
                track: None,
                byte: content.start + header::TRACKS,
                kind: FlawKind::Tracks { declared, found },
            };
            smf.flaws.insert(0, flaw);
        }
        Ok(smf)
    }

    /// The file's bytes: without edits those that were read. With edits so are all but the edited
    /// tracks, and a wrapper's sizes.
    pub fn write(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for (index, between) in self.between.iter().enumerate() {
            out.extend_from_slice(between);
            if let Some(track) = self.tracks.get(index) {
                track.write(&mut out);
            }
        }
        if let Some(riff) = &self.riff {
            if self.tracks.iter().any(Track::is_edited) {
                riff::close(&mut out, riff.content, &riff.behind, riff.padded);
            } else {
                out.extend_from_slice(&riff.behind);
            }
        }
        out
    }

    /// Flaws of the file, past which it was read: the header's first, then each
    /// track's, of each kind the first.
    pub fn flaws(&self) -> &[Flaw] {
        &self.flaws
    }

    /// Summary of the file's flaws: the first, and how many more there are.
    pub fn damage(&self) -> Option<String> {
        let (first, more) = self.flaws.split_first()?;
        Some(match more.len() {
            0 => first.to_string(),
            more => format!("{first}, and {more} more"),
        })
    }

    /// 0 or 1: all in one track, or one track for each part.
    pub const fn format(&self) -> u8 {
        self.format
    }

    /// Unit of a tick.
    pub const fn division(&self) -> Division {
        self.division
    }

    /// The tracks in file order.
    pub fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    /// The tracks, to be edited.
    pub fn tracks_mut(&mut self) -> &mut [Track] {
        &mut self.tracks
    }

    /// The tick at which the last track ends.
    pub fn end_tick(&self) -> u64 {
        self.tracks.iter().map(Track::end_tick).max().unwrap_or(0)
    }

    /// Every event that `select` picks, in order of time over all tracks (at one tick in order
    /// of the tracks).
    fn collect<T>(&self, select: impl Fn(&SmfMessage) -> Option<T>) -> Vec<(u64, T)> {
        let events = self.tracks.iter().flat_map(Track::events);
        let mut found: Vec<(u64, T)> = events
            .filter_map(|event| Some((event.tick, select(&event.message)?)))
            .collect();
        found.sort_by_key(|(tick, _)| *tick);
        found
    }

    /// The tempo changes of all tracks in order of time: tick and microseconds in a quarter.
    pub fn tempos(&self) -> Vec<(u64, u32)> {
        self.collect(|message| match message {
            SmfMessage::Tempo(micros) => Some(*micros),
            _ => None,
        })
    }

    /// The time signatures of all tracks in order of time: tick, numerator and denominator.
    pub fn time_signatures(&self) -> Vec<(u64, (u8, u32))> {
        self.collect(|message| match *message {
            SmfMessage::TimeSignature {
                numerator,
                denominator,
            } => Some((numerator, denominator)),
            _ => None,
        })
    }
}

#[cfg(test)]
pub(crate) mod tests;
