//! Data for the page's display and playback: bars, tempo, tracks, notes before and after.

use std::collections::BTreeSet;

use serde::Serialize;
use third_stream_model::smf::Smf;
use third_stream_model::song::parts::Kind;
use third_stream_model::song::{Counts, PartSelection, Rendition, Song, SongNote};
use third_stream_model::transfer::{SongTransfer, SongTransferError};

use crate::PageError;

/// Seconds per beat in a file without tempo.
const SECONDS_A_BEAT: f64 = 0.5;

/// Change of a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mark {
    /// Not transferred: a drum, out of range, or in a part that is kept.
    Other,
    /// Before and after.
    Kept,
    /// Before only.
    Removed,
    /// After only.
    Added,
}

/// A note: start, end and end of its ringing (pedal), in beats from the file's start; key,
/// velocity, channel from 0, program from 0, drum.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Struck(f64, f64, f64, u8, u8, u8, u8, bool);

impl From<&SongNote> for Struck {
    fn from(note: &SongNote) -> Self {
        Self(
            rounded(note.onset),
            rounded(note.release),
            rounded(note.ring.max(note.release)),
            note.key,
            note.velocity,
            note.channel,
            note.program,
            note.is_drum(),
        )
    }
}

/// Rounded to a hundred-thousandth, which keeps the JSON short.
fn rounded(beats: f64) -> f64 {
    (beats * 1e5).round() / 1e5
}

/// A track of the file.
#[derive(Debug, Serialize)]
struct Track {
    /// From 1.
    number: usize,
    /// From 1.
    channel: u8,
    kind: String,
    notes: usize,
}

/// A file before the transfer.
#[derive(Debug, Serialize)]
pub(crate) struct About {
    phrases: usize,
    /// Starts of the bars in beats, and the end of the last.
    bars: Vec<f64>,
    /// Tempo changes: beat, and seconds per beat from there on; the first is at beat 0.
    tempo: Vec<(f64, f64)>,
    tracks: Vec<Track>,
    notes: Vec<Struck>,
    /// Damage that the reader has worked around.
    damage: Option<String>,
}

impl About {
    pub(crate) fn of(file: &SongTransfer) -> Self {
        let (song, slots) = (file.song(), file.song().grid().slots());
        let mut bars: Vec<f64> = Vec::new();
        for (index, slot) in slots.iter().enumerate() {
            if index == 0 || slots[index - 1].bar != slot.bar {
                bars.push(slot.start);
            }
        }
        bars.extend(slots.last().map(|slot| slot.end));
        let tracks = file.parts().iter().map(|part| Track {
            number: part.track + 1,
            channel: part.channel + 1,
            kind: part.kind.to_string(),
            notes: part.notes,
        });
        Self {
            phrases: file.phrases().len(),
            bars,
            tempo: tempo(file.smf(), song),
            tracks: tracks.collect(),
            notes: song.notes().iter().map(Struck::from).collect(),
            damage: file.smf().damage(),
        }
    }
}

fn tempo(smf: &Smf, song: &Song) -> Vec<(f64, f64)> {
    let mut tempo = vec![(0.0, SECONDS_A_BEAT)];
    for (tick, micros) in smf.tempos() {
        let (beat, seconds) = (song.beat_map().beats(tick), f64::from(micros) / 1e6);
        tempo.pop_if(|(from, _)| *from >= beat);
        tempo.push((beat, seconds));
    }
    tempo
}

/// A file after the transfer.
#[derive(Debug, Serialize)]
pub(crate) struct Shown {
    /// Change of each note of [`About`].
    before: Vec<Mark>,
    /// Notes after the transfer, by onset.
    after: Vec<(Struck, Mark)>,
    kept: usize,
    removed: usize,
    added: usize,
    /// Number of kept notes that moved.
    moved: usize,
}

impl Shown {
    /// The difference between `file` and its rendition, whose file is `written`.
    pub(crate) fn of(
        file: &SongTransfer,
        rendition: &Rendition,
        written: &[u8],
    ) -> Result<Self, PageError> {
        let song = file.song();
        let mut before = vec![Mark::Other; song.notes().len()];
        for source in &rendition.sources {
            before[*source] = Mark::Removed;
        }
        let mut kept = BTreeSet::new();
        let mut added = BTreeSet::new();
        for played in &rendition.played {
            let note = &played.note;
            let place = (played.track, note.channel, note.key, note.start);
            if let Some(source) = played.source {
                before[source] = Mark::Kept;
                kept.insert(place);
            } else {
                added.insert(place);
            }
        }
        let written = Smf::read(written).map_err(SongTransferError::from)?;
        let after = Song::of(&written).map_err(SongTransferError::from)?;
        let after = after.notes().iter().map(|note| {
            let place = (note.track, note.channel, note.key, note.start);
            let mark = match (kept.contains(&place), added.contains(&place)) {
                (true, _) => Mark::Kept,
                (_, true) => Mark::Added,
                _ => Mark::Other,
            };
            (Struck::from(note), mark)
        });
        let left = file.parts().iter().filter(|part| part.kind == Kind::Kept);
        let selection = PartSelection {
            except: left.map(|part| (part.track, part.channel)).collect(),
            ..PartSelection::default()
        };
        let tally = rendition.tally(song);
        let counts = Counts::of(song, &selection, tally);
        Ok(Self {
            before,
            after: after.collect(),
            kept: counts.kept,
            removed: counts.removed(),
            added: counts.added(),
            moved: tally.changed,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use third_stream_model::perform::Control;
    use third_stream_model::roll::guard::Guard;
    use third_stream_model::smf::NewNote;

    fn song(tempos: &[u8]) -> SongTransfer {
        let mut bytes = b"MThd\0\0\0\x06\0\0\0\x01\0\x60MTrk".to_vec();
        let end = b"\x83\x00\xff\x2f\0";
        bytes.extend_from_slice(&((tempos.len() + end.len()) as u32).to_be_bytes());
        bytes.extend_from_slice(tempos);
        bytes.extend_from_slice(end);
        let mut smf = Smf::read(&bytes).unwrap();
        let note = |key, start| NewNote::new(0, key, (start, start + 48), 90);
        smf.tracks_mut()[0].replace_notes(&[], &[note(60, 0), note(64, 96)]);
        SongTransfer::read(&smf.write(), &PartSelection::default(), &BTreeMap::new()).unwrap()
    }

    #[test]
    fn a_file_is_told_in_beats_with_its_tempo() {
        let about = About::of(&song(b""));
        assert_eq!(about.tempo, [(0.0, 0.5)]);
        assert_eq!(about.bars[..2], [0.0, 4.0]);
        let text = serde_json::to_string(&about.notes).unwrap();
        assert_eq!(
            text,
            "[[0.0,0.5,0.5,60,90,0,0,false],[1.0,1.5,1.5,64,90,0,0,false]]"
        );
        // 60 beats a minute from the start, 240 from beat 2.
        let tempos = b"\0\xff\x51\x03\x0f\x42\x40\x81\x40\xff\x51\x03\x03\xd0\x90";
        let about = About::of(&song(tempos));
        assert_eq!(about.tempo, [(0.0, 1.0), (2.0, 0.25)]);
    }

    #[test]
    fn each_note_has_its_mark() {
        let file = song(b"");
        let mut rendition = file.render(
            &[None],
            Control {
                knob: 0.0,
                quantise: 0.0,
                guard: Guard {
                    melody_lock: false,
                    scale: 0.0,
                    density: 0.0,
                },
            },
        );
        // The second note is removed, another is added.
        let mut new = rendition.played.pop().unwrap();
        new.source = None;
        new.note.key = 67;
        rendition.played.push(new);
        let shown = Shown::of(&file, &rendition, &file.written(&rendition)).unwrap();
        assert_eq!(shown.before, [Mark::Kept, Mark::Removed]);
        let after: Vec<_> = shown
            .after
            .iter()
            .map(|(note, mark)| (note.3, *mark))
            .collect();
        assert_eq!(after, [(60, Mark::Kept), (67, Mark::Added)]);
        assert_eq!(
            (shown.kept, shown.removed, shown.added, shown.moved),
            (1, 1, 1, 0)
        );
    }
}
