//! Export of the whole learned song: a core of its own plays a copy of the memory, as a bounce
//! would. The file has the song as played and as transferred.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use midly::num::{u4, u7, u24};
use midly::{Format, MetaMessage, MidiMessage, TrackEventKind};
use third_stream_model::roll::midi::{QUARTER, TEMPO};
use third_stream_model::smf::new_file::{self, track};

use super::ExportError;
use crate::link::AudioEnd;
use crate::memory::{Keeper, Section, Song, SongNote};
use crate::presets::write_new;
use crate::rt::snapshot::Snapshot;
use crate::rt::{AudioCore, BlockEvent, Body, Note, PlayMode, Port, Settings, Transport};

/// Sample rate. With the tempo below, each 960th of a beat falls on a sample.
const RATE: f64 = 48_000.0;
const BEATS_A_MINUTE: f64 = 120.0;
/// Samples per beat.
const BEAT: f64 = 24_000.0;
const BLOCK: i64 = 4096;
/// Maximum length, in beats, of notes that sound past a section's end.
const TAIL: f64 = 4.0;

/// A saved song.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedSong {
    /// Path of the file.
    pub file: PathBuf,
    /// Number of bars in it that the networks did not answer: they are as played.
    pub dry: u32,
}

/// The song as transferred.
#[derive(Debug, Default)]
pub(crate) struct Performed {
    pub(crate) notes: Vec<SongNote>,
    /// Number of bars that the networks did not answer: they sound as played.
    pub(crate) dry: u32,
}

/// Saves the song in `memory`, as played and as transferred with `settings`, as a new file in
/// `folder`. It asks the networks over the link from `connect`, and is cancelled once `goes_on`
/// returns false. Allocates, waits and writes: for a thread of its own. `memory` must be a copy
/// that nothing else plays from.
pub(crate) fn save(
    folder: Option<&Path>,
    memory: &Keeper,
    settings: &Settings,
    connect: impl FnOnce() -> AudioEnd,
    goes_on: impl Fn() -> bool,
) -> Result<SavedSong, ExportError> {
    let song = memory.song();
    if song.notes.is_empty() {
        return Err(ExportError::NothingLearned);
    }
    let folder = folder.ok_or(ExportError::NoFolder)?;
    let sounds = perform(memory, &song, settings, connect(), goes_on);
    let sounds = sounds.ok_or(ExportError::Cancelled)?;
    let file = bytes(&song, &sounds.notes)
        .and_then(|bytes| write_new(folder, "Song", "mid", &bytes))
        .map_err(|error| ExportError::Io(folder.to_owned(), error))?;
    let dry = sounds.dry;
    Ok(SavedSong { file, dry })
}

/// Plays `song`, the content of `memory`, from its first bar to its last. `None` if `goes_on`
/// returned false.
pub(crate) fn perform(
    memory: &Keeper,
    song: &Song,
    settings: &Settings,
    link: AudioEnd,
    goes_on: impl Fn() -> bool,
) -> Option<Performed> {
    let settings = Settings {
        mode: PlayMode::InPlace,
        forget: false,
        bypass: false,
        ..*settings
    };
    let snapshot = Arc::new(Snapshot::default());
    let (own, post) = memory.open();
    let mut core = Box::new(AudioCore::new(link, Arc::clone(&snapshot), own, post));
    // No input: the core must not learn silence.
    core.stop_learning();
    let (mut taker, mut dry) = (Taker::default(), 0);
    for (index, section) in song.sections.iter().enumerate() {
        let next = song.sections.get(index + 1).map(|next| next.start);
        let tail = section.end + TAIL;
        let end = next.map_or(tail, |next| next.min(tail));
        let frames = ((end - section.start) * BEAT).round() as i64;
        let mut done = 0;
        while done < frames {
            if !goes_on() {
                return None;
            }
            let block = BLOCK.min(frames - done);
            taker.position = section.start + done as f64 / BEAT;
            let transport = transport(section, taker.position)?;
            core.process(block as u32, &transport, &settings, &mut taker);
            done += block;
        }
        if next.is_none_or(|next| next > end) {
            taker.position = end;
            let still = Transport {
                playing: false,
                ..transport(section, end)?
            };
            core.process(1, &still, &settings, &mut taker);
            // The next section counts from zero.
            dry += snapshot.read().map_or(0, |view| view.late);
        }
    }
    taker.notes.sort_by(|a, b| a.onset.total_cmp(&b.onset));
    let notes = taker.notes;
    Some(Performed { notes, dry })
}

/// The transport at a position of a section; `None` if its bar length fits no time signature.
fn transport(section: &Section, position: f64) -> Option<Transport> {
    let meter = section.meter_at(position);
    Some(Transport {
        playing: true,
        sample_rate: RATE,
        tempo: BEATS_A_MINUTE,
        position: Some(position),
        bar_start: Some(meter.start),
        bar_number: Some(meter.number),
        time_signature: signature(section.bar())?,
        loop_range: None,
        offline: true,
    })
}

/// The usual time signature with bars of `beats`.
fn signature(beats: f64) -> Option<(u16, u16)> {
    let mut values = [4, 8, 2, 16, 32, 64, 1].into_iter();
    values.find_map(|value| {
        let count = beats * f64::from(value) / 4.0;
        let whole = (count - count.round()).abs() < 1e-6 && (1.0..=64.0).contains(&count);
        whole.then(|| (count.round() as u16, value))
    })
}

/// A port without input that records the output.
#[derive(Debug, Default)]
struct Taker {
    /// Position of the block's first sample, in the song's beats.
    position: f64,
    held: Vec<(f64, Note)>,
    notes: Vec<SongNote>,
}

impl Port for Taker {
    fn next(&mut self) -> Option<BlockEvent> {
        None
    }

    fn send(&mut self, event: BlockEvent) -> bool {
        let beat = self.position + f64::from(event.sample) / BEAT;
        match event.body {
            Body::On(note) => self.held.push((beat, note)),
            Body::Off(off) => {
                let own = |(_, on): &(f64, Note)| on.is_ended_by(&off);
                if let Some(place) = self.held.iter().position(own) {
                    let (onset, on) = self.held.remove(place);
                    self.notes.push(SongNote {
                        onset,
                        release: beat,
                        channel: on.channel,
                        key: on.key,
                        velocity: on.velocity,
                    });
                }
            }
            Body::Message(_) => {}
        }
        true
    }
}

/// A format 1 file in the song's beats: time signatures, then a track as played and one as
/// transferred. Notes before beat 0 move the whole song by as many bars.
fn bytes(song: &Song, sounds: &[SongNote]) -> io::Result<Vec<u8>> {
    let meta = |tick, message| (tick, TrackEventKind::Meta(message));
    let first = song.sections.first();
    let shift = first.map_or(0.0, |first| {
        let bars = (first.start.min(0.0) / first.bar()).floor();
        bars * first.bar()
    });
    let tick = |beat: f64| ((beat - shift) * f64::from(QUARTER)).round().max(0.0) as u32;
    let mut conductor = vec![
        meta(0, MetaMessage::TrackName(b"Third Stream")),
        meta(0, MetaMessage::Tempo(u24::new(TEMPO))),
    ];
    let mut last = 0.0;
    for section in &song.sections {
        if let Some((count, value)) = signature(section.bar()).filter(|_| section.bar() != last) {
            last = section.bar();
            let value = value.trailing_zeros() as u8;
            let message = MetaMessage::TimeSignature(count as u8, value, 24, 8);
            let first = conductor.len() == 2;
            conductor.push(meta(if first { 0 } else { tick(section.start) }, message));
        }
    }
    let notes = |notes: &[SongNote], name: &'static [u8]| {
        let mut events = vec![meta(0, MetaMessage::TrackName(name))];
        for note in notes {
            let (key, channel) = (u7::new(note.key), u4::new(note.channel));
            let vel = u7::new((note.velocity * 127.0).round().clamp(1.0, 127.0) as u8);
            let midi = |message| TrackEventKind::Midi { channel, message };
            let on = tick(note.onset);
            events.push((on, midi(MidiMessage::NoteOn { key, vel })));
            let vel = u7::new(0);
            let off = tick(note.release).max(on + 1);
            events.push((off, midi(MidiMessage::NoteOff { key, vel })));
        }
        events
    };
    let ends = song.sections.last().map_or(0, |last| tick(last.end));
    let tracks = [
        conductor,
        notes(&song.notes, b"As played"),
        notes(sounds, b"Transferred"),
    ];
    let tracks = tracks.map(|events| track(events, ends));
    new_file::bytes(Format::Parallel, QUARTER, tracks.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::{Failure, link};
    use third_stream_model::smf::Smf;

    /// A link without a worker.
    fn nobody() -> AudioEnd {
        link(1).0
    }

    #[test]
    fn what_was_heard_is_saved_at_its_place_in_the_song() {
        let place = tempfile::tempdir().unwrap();
        let keeper = crate::memory::tests::some_song();
        let settings = Settings::default();
        let saved = save(Some(place.path()), &keeper, &settings, nobody, || true).unwrap();
        let bytes = std::fs::read(&saved.file).unwrap();
        let smf = Smf::read(&bytes).unwrap();
        assert_eq!(smf.tracks().len(), 3);
        let read = third_stream_model::song::Song::of(&smf).unwrap();
        let found: Vec<_> = read
            .notes()
            .iter()
            .map(|n| (n.start, n.end, n.key))
            .collect();
        // Bar 1, and bar 10 of 4/4: as played, and unchanged at the centre of the knob.
        let quarter = u64::from(QUARTER);
        let wanted = [(0, 60), (0, 60), (36, 62), (36, 62)]
            .map(|(beat, key)| (beat * quarter, (beat + 1) * quarter, key));
        assert_eq!(found, wanted);
        assert!(saved.file.ends_with("Song.mid"));
        assert!(saved.dry > 0, "nobody answered, and that is said");
    }

    #[test]
    fn nothing_learned_no_folder_and_no_time_are_said() {
        let settings = Settings::default();
        let place = tempfile::tempdir().unwrap();
        let empty = Keeper::default();
        let nothing = save(Some(place.path()), &empty, &settings, nobody, || true);
        assert!(matches!(nothing, Err(ExportError::NothingLearned)));
        let keeper = crate::memory::tests::some_song();
        let nowhere = save(None, &keeper, &settings, nobody, || true);
        assert!(matches!(nowhere, Err(ExportError::NoFolder)));
        let stopped = save(Some(place.path()), &keeper, &settings, nobody, || false);
        assert!(matches!(stopped, Err(ExportError::Cancelled)));
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_failing_network_leaves_the_notes_as_played() {
        let (audio, worker) = link(1);
        let answers = std::thread::spawn(move || {
            while let Ok(request) = worker.next() {
                if let Some(request) = request {
                    worker.respond(request.respond(Err(Failure::Network)));
                }
            }
        });
        let keeper = crate::memory::tests::some_song();
        let song = keeper.song();
        let settings = Settings {
            knob: 1.0,
            quantise: 0.0,
            ..Settings::default()
        };
        let sounds = perform(&keeper, &song, &settings, audio, || true).unwrap();
        answers.join().unwrap();
        assert_eq!(sounds.notes, song.notes);
        assert_eq!(sounds.dry, 2);
    }

    #[test]
    fn time_signatures_are_the_usual_ones() {
        let found = [4.0, 3.0, 3.5, 5.0, 2.25, 1.3].map(signature);
        let wanted = [(4, 4), (3, 4), (7, 8), (5, 4), (9, 16)].map(Some);
        assert_eq!(found[..5], wanted);
        assert_eq!(found[5], None);
    }
}
