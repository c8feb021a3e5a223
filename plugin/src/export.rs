//! Export to MIDI files with two tracks, as played and transferred: the phrase that is shown, or
//! the whole learned song. Editor's threads only.

pub(crate) mod song;

use std::io;
use std::path::{Path, PathBuf};

use midly::{Format, MetaMessage, TrackEventKind};
use third_stream_model::roll::midi;
use third_stream_model::roll::notes::NoteRoll;
use third_stream_model::smf::new_file::{self, track};

use crate::presets::write_new;

pub use song::SavedSong;

/// Why no file was saved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// There is no phrase yet.
    #[error("Nothing to save yet: play until a phrase is shown")]
    Empty,
    /// In place has learned nothing.
    #[error("Nothing to save yet: play In place until bars are learned")]
    NothingLearned,
    /// The export was cancelled.
    #[error("Not saved: the window was closed before the song was done; leave it open until it is")]
    Cancelled,
    /// The user has no known folder.
    #[error("Not saved: the system names no folder for the user's music or documents, and no home")]
    NoFolder,
    /// The file system failed.
    #[error("Not saved: {0}: {1}: see to its permissions and to room on the disk")]
    Io(PathBuf, io::Error),
}

/// The folder for exports: "Third Stream" in the user's music folder, documents folder or home,
/// whichever is known first.
pub fn folder() -> Option<PathBuf> {
    let folder = dirs::audio_dir()
        .or_else(dirs::document_dir)
        .or_else(dirs::home_dir)?;
    Some(folder.join("Third Stream"))
}

/// Saves a phrase, as played and transferred, as a new file in `folder` and returns its path. Never
/// overwrites.
pub fn save(
    folder: Option<&Path>,
    played: &NoteRoll,
    sounds: &NoteRoll,
) -> Result<PathBuf, ExportError> {
    if played.is_empty() && sounds.is_empty() {
        return Err(ExportError::Empty);
    }
    let folder = folder.ok_or(ExportError::NoFolder)?;
    bytes(&[("As played", played), ("Transferred", sounds)])
        .and_then(|bytes| write_new(folder, "Phrase", "mid", &bytes))
        .map_err(|error| ExportError::Io(folder.to_owned(), error))
}

/// A format 1 file: tempo and time signature, then a track and a channel for each roll.
fn bytes(rolls: &[(&str, &NoteRoll)]) -> io::Result<Vec<u8>> {
    let mut tracks = vec![track(midi::head("Third Stream"), midi::PHRASE)];
    for (channel, (name, roll)) in rolls.iter().enumerate() {
        let name = MetaMessage::TrackName(name.as_bytes());
        let mut events = vec![(0, TrackEventKind::Meta(name))];
        events.extend(midi::events(roll, channel as u8));
        tracks.push(track(events, midi::PHRASE));
    }
    new_file::bytes(Format::Parallel, midi::QUARTER, tracks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use third_stream_model::roll::midi::STEP;
    use third_stream_model::roll::notes::GridNote;
    use third_stream_model::roll::{PITCHES, STEPS, row_of_key};
    use third_stream_model::song::Song;

    fn note(start: usize, row: usize, length: usize) -> GridNote {
        GridNote::new(start as u8, row as u8, length as u8)
    }

    fn one() -> NoteRoll {
        [note(0, 40, 4)].into_iter().collect()
    }

    /// Notes anywhere, also repeated without a gap.
    fn any_roll() -> impl Strategy<Value = NoteRoll> {
        let any = (0..STEPS, 0..PITCHES, 1..20usize);
        let any = any.prop_map(|(start, row, length)| note(start, row, length));
        prop::collection::vec(any, 1..60).prop_map(|notes| notes.into_iter().collect())
    }

    /// The notes on a channel.
    fn read_back(bytes: &[u8], channel: u8) -> NoteRoll {
        let smf = third_stream_model::smf::Smf::read(bytes).unwrap();
        let song = Song::of(&smf).unwrap();
        let of_channel = song.notes().iter().filter(|note| note.channel == channel);
        let notes = of_channel.map(|found| {
            let step = |tick: u64| tick as usize / STEP as usize;
            let (start, end) = (step(found.start), step(found.end));
            note(start, row_of_key(found.key).unwrap(), end - start)
        });
        notes.collect()
    }

    proptest! {
        #[test]
        fn both_tracks_hold_their_rolls(played in any_roll(), sounds in any_roll()) {
            let bytes = bytes(&[("As played", &played), ("Transferred", &sounds)]).unwrap();
            prop_assert_eq!(read_back(&bytes, 0), played);
            prop_assert_eq!(read_back(&bytes, 1), sounds);
            let smf = third_stream_model::smf::Smf::read(&bytes).unwrap();
            prop_assert_eq!(smf.tracks().len(), 3);
        }
    }

    #[test]
    fn no_file_is_ever_overwritten() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("Third Stream");
        let played = one();
        let first = save(Some(&folder), &played, &NoteRoll::EMPTY).unwrap();
        let before = std::fs::read(&first).unwrap();
        let second = save(Some(&folder), &played, &played).unwrap();
        assert_ne!(first, second);
        assert_eq!(std::fs::read(&first).unwrap(), before);
        assert_eq!(read_back(&before, 0), played);
        assert_eq!(read_back(&std::fs::read(&second).unwrap(), 1), played);
        let files = std::fs::read_dir(&folder).unwrap().count();
        assert_eq!(files, 2, "nothing is left beside them");
    }

    #[test]
    fn what_cannot_be_saved_is_said() {
        let place = tempfile::tempdir().unwrap();
        let nothing = save(Some(place.path()), &NoteRoll::EMPTY, &NoteRoll::EMPTY);
        assert!(matches!(nothing, Err(ExportError::Empty)));
        let roll = one();
        let nowhere = save(None, &roll, &roll);
        assert!(matches!(nowhere, Err(ExportError::NoFolder)));
        let file = place.path().join("a file");
        std::fs::write(&file, "").unwrap();
        let said = save(Some(&file), &roll, &roll).unwrap_err().to_string();
        assert!(said.contains("a file"), "{said}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_said_and_leaves_no_half_a_file() {
        let place = tempfile::tempdir().unwrap();
        // The part file is written first; here it lands on a disk that is always full.
        let part = place.path().join("Phrase.mid.part");
        std::os::unix::fs::symlink("/dev/full", part).unwrap();
        let roll = one();
        let said = save(Some(place.path()), &roll, &roll).unwrap_err();
        let said = said.to_string();
        assert!(said.contains("No space left"), "{said}");
        assert!(said.contains(&*place.path().to_string_lossy()), "{said}");
        assert!(!place.path().join("Phrase.mid").exists());
    }
}
