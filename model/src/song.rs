//! A song: the notes of a MIDI file in beats, its bars as slots, its phrases as rolls.
//!
//! A beat is a quarter note. Notes keep their exact ticks and the events they were read from, so
//! that what the transfer leaves alone stays as it was written.

mod counts;
pub mod drums;
mod grid;
mod pairing;
pub mod parts;
mod pedal;
mod phrases;
mod rendition;
mod selection;

pub use counts::Counts;
pub use grid::{Grid, Slot};
pub use phrases::Phrase;
pub use rendition::{Played, Rendition, Tally};
pub use selection::PartSelection;

pub use crate::drums::DRUM_CHANNEL;
use crate::roll::notes::NoteRoll;
use crate::roll::{SLOTS, row_of_key};
use crate::smf::time::BeatMap;
use crate::smf::{NewNote, Smf};

/// The most bar slots in a song: more than four hours of 4/4 at 60 quarters a minute.
pub const MOST_SLOTS: usize = 1 << 12;

/// A little more than half a step, in beats.
const HALF_STEP: f64 = 0.125 + 1e-5;

/// One note of a song.
#[derive(Clone, Debug, PartialEq)]
pub struct SongNote {
    /// Index of its track in the file.
    pub track: usize,
    /// 0..=15.
    pub channel: u8,
    /// MIDI key, 0..=127.
    pub key: u8,
    /// 1..=127.
    pub velocity: u8,
    /// Release velocity, 0..=127.
    pub off_velocity: u8,
    /// Start in ticks.
    pub start: u64,
    /// End in ticks; that of a zero-length note is its start.
    pub end: u64,
    /// Start in beats.
    pub onset: f64,
    /// End in beats.
    pub release: f64,
    /// Until when the networks hear it, in beats: its end, or where the sustain pedal of its
    /// channel goes up that is down there, at most a phrase later.
    pub ring: f64,
    /// General MIDI's instrument number less one; 0 where none was chosen.
    pub program: u8,
    /// True if its part is drums ([`drums`]).
    pub drum: bool,
    /// Index of its note-on in the track's events.
    pub on_event: usize,
    /// Index of its note-off, if the file has one.
    pub off_event: Option<usize>,
}

impl SongNote {
    /// The note as it is in the file, to be written again.
    pub const fn unchanged(&self) -> NewNote {
        NewNote {
            start: self.start,
            end: self.end,
            channel: self.channel,
            key: self.key,
            velocity: self.velocity,
            off_velocity: self.off_velocity,
        }
    }

    /// True if the note is a drum's.
    pub const fn is_drum(&self) -> bool {
        self.drum
    }

    /// True if the key is a pitch: no drums, and none of General MIDI's percussion and sound
    /// effects (the steel drums and the tinkle bell are pitched).
    pub const fn is_pitched(&self) -> bool {
        !self.is_drum() && !matches!(self.program, 113 | 115..)
    }
}

/// The notes and the bars of a file.
#[derive(Clone, Debug)]
pub struct Song {
    notes: Vec<SongNote>,
    grid: Grid,
    beats: BeatMap,
    end_tick: u64,
}

/// Why a file cannot be cut into phrases.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SongError {
    /// More bars than any piece has.
    #[error(
        "the song is longer than {MOST_SLOTS} bars; its time signatures or delta times are \
         probably damaged"
    )]
    TooLong,
}

impl Song {
    /// The song of a file.
    ///
    /// ```
    /// use third_stream_model::roll::midi;
    /// use third_stream_model::roll::notes::{GridNote, NoteRoll};
    /// use third_stream_model::smf::{Smf, new_file};
    /// use third_stream_model::song::Song;
    ///
    /// let note = GridNote { start: 4, row: 36, length: 4 }; // C4, beat 2, a quarter note
    /// let roll: NoteRoll = [note].into_iter().collect();
    /// let track = new_file::track(midi::events(&roll, 0), midi::PHRASE);
    /// let bytes = new_file::bytes(midly::Format::SingleTrack, midi::QUARTER, vec![track])?;
    ///
    /// let song = Song::of(&Smf::read(&bytes)?)?;
    /// assert_eq!((song.notes()[0].onset, song.notes()[0].key), (1.0, 60));
    /// assert_eq!(song.rolls(), [roll]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// It has more bars than any piece; see [`SongError`].
    pub fn of(smf: &Smf) -> Result<Self, SongError> {
        let beats = BeatMap::of(smf);
        let notes = pairing::notes(smf, &beats);
        // An onset in the last half step of a bar belongs to the next, which there must be.
        let last = notes
            .iter()
            .map(|note| note.release.max(note.onset + HALF_STEP))
            .fold(0.0, f64::max);
        let signatures = smf
            .time_signatures()
            .into_iter()
            .map(|(tick, signature)| (beats.beats(tick), signature));
        let end = beats.beats(smf.end_tick());
        let grid = Grid::of(signatures, last, end).ok_or(SongError::TooLong)?;
        Ok(Self {
            notes,
            grid,
            beats,
            end_tick: smf.end_tick(),
        })
    }

    /// All notes, drums too, in order of onset (then of track and of event).
    pub fn notes(&self) -> &[SongNote] {
        &self.notes
    }

    /// The bar slots up to the last note's end, and on to the end of its phrase as far as the
    /// file goes.
    pub const fn grid(&self) -> &Grid {
        &self.grid
    }

    /// Ticks to beats and back.
    pub const fn beat_map(&self) -> &BeatMap {
        &self.beats
    }

    /// The end of the file in beats.
    pub fn end(&self) -> f64 {
        self.beats.beats(self.end_tick)
    }

    /// The phrases of the selected notes in order of time, up to the last that has a note.
    /// Phrases without a note are among them. As in the plugin, notes sound in them as long as
    /// they ring.
    pub fn phrases(&self, selection: &PartSelection) -> Vec<Phrase> {
        let select = |note: &SongNote| selection.contains(note);
        phrases::cut(&self.notes, &self.grid, select, |note| note.ring)
    }

    /// The rolls that the networks are trained on: all tracks but drums in one roll, phrase `k`
    /// holding the bar slots `4k..4k + 4`, up to the phrase of the last onset as it was played,
    /// without the pedal, as the corpus has them. (One that rounds to the end of that phrase begins
    /// no other.) A note that sounds over a phrase's start begins there again.
    pub fn rolls(&self) -> Vec<NoteRoll> {
        let select = |note: &SongNote| !note.is_drum();
        let mut phrases = phrases::cut(&self.notes, &self.grid, select, |note| note.release);
        let last = self
            .notes
            .iter()
            .rfind(|note| select(note) && row_of_key(note.key).is_some());
        let count = last.map_or(0, |note| self.grid.slot(note.onset) / SLOTS + 1);
        phrases.truncate(count);
        phrases
            .into_iter()
            .map(|phrase| phrase.heard.notes)
            .collect()
    }
}

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod tests;
