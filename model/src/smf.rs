//! Standard MIDI files, types 0 and 1: bytes in, bytes out.
//!
//! A file is read into its tracks' events, each of which remembers the bytes it was written as.
//! What is not edited is written back byte for byte, so tempo, names, lyrics, controllers,
//! system-exclusive messages and foreign chunks keep their form and their place. Events are
//! parsed by `midly`; this module keeps the bytes around them, because `midly` drops foreign
//! chunks and what follows an event that it cannot read.
//!
//! [`crate::song`] makes notes, bars and phrases of what is read here.

mod chunk;
mod message;
pub mod time;
mod track;

pub use message::Message;
pub use track::{Event, NewNote, Track};

use midly::{Format, Timing};

/// A Standard MIDI file.
#[derive(Clone, Debug)]
pub struct Smf {
    /// Everything up to the first chunk behind the header.
    head: Vec<u8>,
    /// Number of tracks that the header names.
    declared_tracks: usize,
    format: u8,
    division: Division,
    tracks: Vec<Track>,
    /// Chunks that are neither header nor track, each with the index of the track it precedes.
    foreign: Vec<(usize, Vec<u8>)>,
}

/// What a tick is.
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
}

impl Smf {
    /// Reads a file, also one in a RIFF wrapper. Tracks that are cut off or damaged are read as
    /// far as they go ([`Track::is_damaged`]). Never panics, whatever the bytes.
    pub fn read(bytes: &[u8]) -> Result<Self, SmfError> {
        // midly 0.5.3 negates the frame rate; of this one byte it cannot.
        let head = bytes.windows(4).position(|word| word == b"MThd");
        if head.is_some_and(|head| bytes.get(head + 12) == Some(&0x80)) {
            return Err(SmfError::Header("a SMPTE frame rate of 128".to_owned()));
        }
        let (header, rest) =
            midly::parse(bytes).map_err(|error| SmfError::Header(error.to_string()))?;
        let format = match header.format {
            Format::SingleTrack => 0,
            Format::Parallel => 1,
            Format::Sequential => return Err(SmfError::Sequential),
        };
        let division = match header.timing {
            Timing::Metrical(ticks) if ticks.as_int() > 0 => {
                Division::TicksPerQuarter(ticks.as_int())
            }
            Timing::Timecode(frames, ticks) if ticks > 0 => {
                Division::TicksPerSecond(f64::from(frames.as_f32()) * f64::from(ticks))
            }
            _ => return Err(SmfError::Division),
        };
        let declared_tracks = rest.size_hint().0;
        let rest = rest.unread();
        let head = if bytes.starts_with(b"RIFF") {
            chunk::header(format, declared_tracks, header.timing)
        } else {
            bytes[..bytes.len() - rest.len()].to_vec()
        };
        let mut smf = Self {
            head,
            declared_tracks,
            format,
            division,
            tracks: Vec::new(),
            foreign: Vec::new(),
        };
        for chunk in chunk::Chunks::new(rest) {
            if chunk.id == b"MTrk" {
                smf.tracks.push(Track::read(chunk.data, chunk.whole));
            } else if chunk.whole {
                smf.foreign.push((smf.tracks.len(), chunk.bytes.to_vec()));
            }
        }
        if smf.tracks.is_empty() {
            return Err(SmfError::NoTrack);
        }
        if smf.tracks.len() != declared_tracks {
            smf.head = chunk::header(format, smf.tracks.len(), header.timing);
            smf.declared_tracks = smf.tracks.len();
        }
        Ok(smf)
    }

    /// The file's bytes. Without edits and damage these are the bytes that were read.
    pub fn write(&self) -> Vec<u8> {
        let mut out = self.head.clone();
        let mut foreign = self.foreign.iter().peekable();
        for (index, track) in self.tracks.iter().enumerate() {
            while let Some((_, bytes)) = foreign.next_if(|(before, _)| *before <= index) {
                out.extend_from_slice(bytes);
            }
            track.write(&mut out);
        }
        for (_, bytes) in foreign {
            out.extend_from_slice(bytes);
        }
        out
    }

    /// 0 or 1: all in one track, or one track for each part.
    pub const fn format(&self) -> u8 {
        self.format
    }

    /// What a tick is.
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
    fn collect<T>(&self, select: impl Fn(&Message) -> Option<T>) -> Vec<(u64, T)> {
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
            Message::Tempo(micros) => Some(*micros),
            _ => None,
        })
    }

    /// The time signatures of all tracks in order of time: tick, numerator and denominator.
    pub fn time_signatures(&self) -> Vec<(u64, (u8, u32))> {
        self.collect(|message| match *message {
            Message::TimeSignature {
                numerator,
                denominator,
            } => Some((numerator, denominator)),
            _ => None,
        })
    }
}

#[cfg(test)]
pub(crate) mod tests;
