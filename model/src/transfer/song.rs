//! A whole file through the networks: read, asked of them phrase by phrase, played at any amount
//! and written. What the command line and the web page share.

use std::collections::{BTreeMap, BTreeSet};

use super::Wish;
use crate::perform::Control;
use crate::roll::edits::Edits;
use crate::roll::guard::Facts;
use crate::roll::notes::NoteRoll;
use crate::smf::{Smf, SmfError};
use crate::song::parts::{Kind, Parts};
use crate::song::{PartSelection, Phrase, Rendition, Song, SongError};

/// Why a file cannot be transferred.
#[derive(Debug, thiserror::Error)]
pub enum SongTransferError {
    /// It is no MIDI file.
    #[error(transparent)]
    File(#[from] SmfError),
    /// It cannot be cut into phrases.
    #[error(transparent)]
    Song(#[from] SongError),
}

/// A MIDI file that is to be transferred. The edits of its phrases are the caller's, so that they
/// can be asked for one by one, kept, and played at several amounts.
#[derive(Clone, Debug)]
pub struct SongTransfer {
    smf: Smf,
    song: Song,
    parts: Parts,
    /// The notes that the networks hear.
    heard: PartSelection,
    phrases: Vec<Phrase>,
}

impl SongTransfer {
    /// Reads a file of which the selected notes are transferred. `taken_for` says what the user
    /// takes a track for, by its index.
    ///
    /// ```
    /// use std::collections::BTreeMap;
    ///
    /// use third_stream_model::genre::{Direction, Pair};
    /// use third_stream_model::perform::Control;
    /// use third_stream_model::shipped;
    /// use third_stream_model::song::PartSelection;
    /// use third_stream_model::transfer::{SongTransfer, Transfer, Wish};
    ///
    /// // A header and one track that ends at once.
    /// let bytes = b"MThd\0\0\0\x06\0\0\0\x01\x01\xe0MTrk\0\0\0\x04\0\xff\x2f\0";
    /// let song = SongTransfer::read(bytes, &PartSelection::default(), &BTreeMap::new())?;
    ///
    /// let network = Transfer::from_bytes(shipped::arranger())?;
    /// let (pair, knob) = (Pair::JAZZ_CLASSIC, 0.8);
    /// let (direction, _) = Direction::of_knob(knob);
    /// let mut edits = Vec::new();
    /// for index in 0..song.phrases().len() {
    ///     edits.push(song.edits(index, &Wish::default(), |phrase, wish| {
    ///         network.edits(phrase, (pair, direction), wish)
    ///     })?);
    /// }
    /// let control = Control { knob, quantise: 0.0, guard: Default::default() };
    /// let written = song.written(&song.render(&edits, control));
    /// assert_eq!(written, bytes); // no note, so nothing changes
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If it is no MIDI file, or too long.
    pub fn read(
        bytes: &[u8],
        selection: &PartSelection,
        taken_for: &BTreeMap<usize, Kind>,
    ) -> Result<Self, SongTransferError> {
        let smf = Smf::read(bytes)?;
        let song = Song::of(&smf)?;
        let parts = Parts::of(&song, selection, taken_for);
        let heard = parts.heard(selection);
        let phrases = song.phrases(&heard);
        Ok(Self {
            smf,
            song,
            parts,
            heard,
            phrases,
        })
    }

    /// The file as it was read.
    pub const fn smf(&self) -> &Smf {
        &self.smf
    }

    /// Its notes and bars.
    pub const fn song(&self) -> &Song {
        &self.song
    }

    /// Roles of its tracks.
    pub const fn parts(&self) -> &Parts {
        &self.parts
    }

    /// Its phrases, also those without a note.
    pub fn phrases(&self) -> &[Phrase] {
        &self.phrases
    }

    /// The edits of a phrase by `ask`, which gets its notes and `wish` with what the song knows
    /// besides. `None` for a phrase without a note, of which nothing is asked.
    ///
    /// # Errors
    /// Those of `ask`.
    ///
    /// # Panics
    /// If there is no such phrase.
    pub fn edits<E>(
        &self,
        index: usize,
        wish: &Wish,
        ask: impl FnOnce(&NoteRoll, &Wish) -> Result<Edits, E>,
    ) -> Result<Option<Edits>, E> {
        let heard = &self.phrases[index].heard;
        let wish = Wish {
            held: heard.held,
            one_voice: self.parts.is_one_voice(),
            ..*wish
        };
        let edits = || ask(&heard.notes, &wish);
        (!heard.notes.is_empty()).then(edits).transpose()
    }

    /// Leaves out the edits that touch the tune: what the named tracks play, and all above it.
    pub fn lock_tracks(&self, tracks: &BTreeSet<usize>, edits: &mut [Option<Edits>]) {
        let tune = PartSelection {
            tracks: tracks.clone(),
            ..PartSelection::default()
        };
        let tunes = self.song.phrases(&self.parts.heard(&tune));
        let silence = NoteRoll::EMPTY;
        for (number, (phrase, edits)) in self.phrases.iter().zip(edits).enumerate() {
            let tune = tunes.get(number).map_or(&silence, |tune| &tune.heard.notes);
            let facts = Facts::of_tune(&phrase.heard.notes, tune);
            *edits = edits.map(|edits| facts.unlocked(&edits));
        }
    }

    /// Plays the song with these edits, one of each phrase: new notes in the parts that take
    /// them.
    pub fn render(&self, edits: &[Option<Edits>], control: Control) -> Rendition {
        let (song, phrases) = (&self.song, &self.phrases);
        let mut rendition = song.render(&self.heard, phrases, edits, control);
        if !self.parts.is_one_voice() {
            self.parts.assign(song, &mut rendition);
        }
        rendition
    }

    /// The file with a rendition in it.
    pub fn written(&self, rendition: &Rendition) -> Vec<u8> {
        let mut smf = self.smf.clone();
        rendition.write_into(&self.song, &mut smf);
        smf.write()
    }
}
