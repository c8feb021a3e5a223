//! A Standard MIDI file as a host's song, and what left the plugin as one again.

use anyhow::Result;
use third_stream_model::smf::Smf;
use third_stream_model::song::{PartSelection, Song as FileSong};

use crate::midi_file;
use crate::recording::Recording;
use crate::song::{ClipNote, HostSong};

/// Slots of bars in the default delay.
const DELAY_SLOTS: f64 = 4.0;
/// Beats of a slot.
const SLOT: f64 = 4.0;
/// Length in beats of notes that have none: a host needs one.
const SHORTEST: f64 = 1.0 / 960.0;

/// A file to be played.
pub struct Score {
    /// As the host plays it.
    pub song: HostSong,
    /// As the model reads it.
    pub file: FileSong,
    /// Description of its damage, if it was readable past that.
    pub damage: Option<String>,
}

impl Score {
    /// Reads a file.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let smf = Smf::read(bytes)?;
        let file = FileSong::of(&smf)?;
        let notes = file.notes().iter().map(|note| ClipNote {
            onset: note.onset,
            release: note.release.max(note.onset + SHORTEST),
            key: note.key,
            velocity: note.velocity,
            channel: note.channel,
        });
        let mut song = HostSong::new(120.0, notes);
        let beats = |tick| file.beat_map().beats(tick);
        let tempos = smf.tempos().into_iter();
        let tempos = tempos.map(|(tick, micros)| (beats(tick), 60e6 / f64::from(micros)));
        song.tempo.extend(tempos);
        let meters = smf.time_signatures().into_iter();
        let meters = meters.map(|(tick, (numerator, denominator))| {
            (beats(tick), (numerator.into(), denominator as u16))
        });
        song.meter.extend(meters);
        settle(&mut song.tempo);
        settle(&mut song.meter);
        let messages = midi_file::messages(&smf).into_iter();
        song.messages = messages.map(|(tick, bytes)| (beats(tick), bytes)).collect();
        let damage = smf.damage();
        Ok(Self { song, file, damage })
    }

    /// The channels whose notes are transferred where nothing is selected, one bit each.
    pub fn transferred_channels(&self) -> u16 {
        let selection = PartSelection::default();
        let notes = self
            .file
            .notes()
            .iter()
            .filter(|note| selection.contains(note));
        notes.fold(0, |channels, note| channels | 1 << note.channel)
    }

    /// The end of the last note, in beats.
    pub fn end(&self) -> f64 {
        let releases = self.song.notes.iter().map(|note| note.release);
        releases.fold(0.0, f64::max)
    }

    /// How much later the plugin plays, in beats: as many whole bars as fit into four slots.
    /// `None` where the bars change, as then the delay does too.
    pub fn delay(&self) -> Option<f64> {
        let bar = |meter: (u16, u16)| f64::from(meter.0) * 4.0 / f64::from(meter.1);
        let mut bars = self.song.meter.iter().map(|(_, meter)| bar(*meter));
        let first = bars.next()?;
        let slots = (first / SLOT).ceil();
        let delay = first * (DELAY_SLOTS / slots).floor().max(1.0);
        bars.all(|bar| bar == first).then_some(delay)
    }

    /// The song as it left the plugin, so much earlier: notes and messages.
    pub fn result(&self, recording: &Recording, earlier: f64) -> HostSong {
        let beat = |sample| recording.timeline.beats_played(sample) - earlier;
        let mut song = HostSong::new(120.0, []);
        song.tempo.clone_from(&self.song.tempo);
        song.meter.clone_from(&self.song.meter);
        let notes = recording.notes().into_iter().map(|note| ClipNote {
            // A sample before the start is the start.
            onset: beat(note.on).max(0.0),
            release: beat(note.off),
            key: note.key,
            velocity: (note.velocity * 127.0).round().clamp(1.0, 127.0) as u8,
            channel: note.channel,
        });
        song.notes = notes.filter(|note| note.release > note.onset).collect();
        let messages = recording.messages().into_iter();
        let messages = messages.map(|(sample, bytes)| (beat(sample).max(0.0), bytes));
        song.messages = messages.collect();
        song
    }
}

/// Leaves the last of those at one time, and one for the start.
fn settle<T: Copy>(map: &mut Vec<(f64, T)>) {
    map.sort_by(|a, b| a.0.total_cmp(&b.0));
    // The later of two at one time counts.
    map.reverse();
    map.dedup_by(|a, b| (a.0 - b.0).abs() < 1e-9);
    map.reverse();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip;
    use crate::recording::Output;
    use crate::song::timeline::Timeline;
    use crate::song::{Passage, Script};
    use std::time::Duration;

    fn written(song: &HostSong) -> Vec<u8> {
        midi_file::write_song("Test", song, false).unwrap()
    }

    #[test]
    fn a_file_is_read_as_it_was_written() {
        let mut song = clip::song();
        song.tempo.push((8.0, 90.0));
        song.meter.push((12.0, (3, 4)));
        song.messages = vec![(1.0, [0xB0, 64, 127]), (2.0, [0xE2, 1, 65])];
        let score = Score::read(&written(&song)).unwrap();
        assert_eq!(score.song.notes.len(), song.notes.len());
        assert_eq!(score.song.messages, song.messages);
        assert_eq!(score.song.meter, [(0.0, (4, 4)), (12.0, (3, 4))]);
        let tempos: Vec<_> = score.song.tempo.iter().map(|t| t.1.round()).collect();
        assert_eq!(tempos, [132.0, 90.0]);
        assert_eq!(score.delay(), None);
        // Read again, it stays the same to the tick.
        assert_eq!(
            written(&Score::read(&written(&song)).unwrap().song),
            written(&song)
        );
    }

    #[test]
    fn notes_without_length_are_played_and_drums_are_not_transferred() {
        let mut song = HostSong::new(
            120.0,
            [ClipNote::new(1.0, 2.0, 60), ClipNote::new(1.0, 2.0, 36)],
        );
        song.notes[1].channel = 9;
        let mut bytes = written(&song);
        // The first note-off of key 60 comes a beat later: now at once.
        let late = [0x83, 0x60, 0x80, 60];
        let at = bytes.windows(4).position(|bytes| bytes == late).unwrap();
        bytes.splice(at..at + 2, [0x80, 0]);
        let score = Score::read(&bytes).unwrap();
        assert_eq!(score.song.notes.len(), 2);
        let short = &score.song.notes.iter().find(|note| note.key == 60).unwrap();
        assert!(short.release > short.onset && short.release < short.onset + 0.01);
        assert_eq!(score.transferred_channels(), 1);
    }

    #[test]
    fn the_delay_is_in_whole_bars() {
        let delay = |meter| {
            let mut song = clip::song();
            song.meter = vec![(0.0, meter)];
            Score::read(&written(&song)).unwrap().delay()
        };
        assert_eq!(delay((4, 4)), Some(16.0));
        assert_eq!(delay((3, 4)), Some(12.0));
        assert_eq!(delay((6, 8)), Some(12.0));
        assert_eq!(delay((5, 4)), Some(10.0));
    }

    #[test]
    fn the_result_is_moved_to_where_it_was_played() {
        let song = HostSong::new(120.0, [ClipNote::new(1.0, 2.0, 60)]);
        let score = Score::read(&written(&song)).unwrap();
        let script = Script::new(score.song.clone(), [Passage::play(0.0, 20.0)]);
        let timeline = Timeline::new(&script, 48_000.0);
        let (channel, key, id) = (0, 61, None);
        let on = Output::On {
            channel,
            key,
            velocity: 1.0,
            id,
        };
        let off = Output::Off { channel, key, id };
        let recording = Recording {
            timeline,
            // A beat is 24,000 samples.
            events: vec![(17 * 24_000, on), (18 * 24_000, off)],
            longest_call: Duration::ZERO,
            calls: Vec::new(),
        };
        let result = score.result(&recording, 16.0);
        let wanted = ClipNote {
            velocity: 127,
            ..ClipNote::new(1.0, 2.0, 61)
        };
        assert_eq!(result.notes, [wanted]);
    }
}
