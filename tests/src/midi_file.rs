//! Standard MIDI files of what was played: a tempo track and a track for each player.

use midly::num::{u4, u7, u15, u24, u28};
use midly::{
    Format, Header, MetaMessage, MidiMessage, Smf, Timing, Track, TrackEvent, TrackEventKind,
};

use crate::clip::Part;
use crate::song::Note;

/// Ticks in a quarter note.
const TICKS: u16 = 480;

/// A file with these notes, each in the track of its channel's part. A channel without a part has
/// no track.
pub fn write(title: &str, tempo: f64, parts: &[Part], notes: &[Note]) -> anyhow::Result<Vec<u8>> {
    let mut smf = Smf::new(Header::new(
        Format::Parallel,
        Timing::Metrical(u15::new(TICKS)),
    ));
    let micros = (60e6 / tempo).round() as u32;
    smf.tracks.push(track(vec![
        (0, meta(MetaMessage::TrackName(title.as_bytes()))),
        (0, meta(MetaMessage::TimeSignature(4, 2, 24, 8))),
        (0, meta(MetaMessage::Tempo(u24::new(micros)))),
    ]));
    for part in parts {
        let mut events = vec![(0, meta(MetaMessage::TrackName(part.name.as_bytes())))];
        let midi = |message| TrackEventKind::Midi {
            channel: u4::new(part.channel),
            message,
        };
        if let Some(program) = part.program {
            let program = u7::new(program);
            events.push((0, midi(MidiMessage::ProgramChange { program })));
        }
        for note in notes.iter().filter(|note| note.channel == part.channel) {
            let (key, vel) = (u7::new(note.key), u7::new(note.velocity));
            let (start, end) = (ticks(note.onset), ticks(note.release));
            events.push((start, midi(MidiMessage::NoteOn { key, vel })));
            let vel = u7::new(0);
            let end = end.max(start + 1);
            events.push((end, midi(MidiMessage::NoteOff { key, vel })));
        }
        smf.tracks.push(track(events));
    }
    let mut bytes = Vec::new();
    smf.write_std(&mut bytes)?;
    Ok(bytes)
}

fn ticks(beats: f64) -> u32 {
    (beats.max(0.0) * f64::from(TICKS)).round() as u32
}

const fn meta(message: MetaMessage<'_>) -> TrackEventKind<'_> {
    TrackEventKind::Meta(message)
}

/// A track from events at absolute ticks; at one tick notes end before others start.
fn track(mut events: Vec<(u32, TrackEventKind<'_>)>) -> Track<'_> {
    let order = |kind: &TrackEventKind| match kind {
        TrackEventKind::Meta(_) => 0,
        TrackEventKind::Midi {
            message: MidiMessage::NoteOn { .. },
            ..
        } => 3,
        TrackEventKind::Midi {
            message: MidiMessage::NoteOff { .. },
            ..
        } => 2,
        _ => 1,
    };
    events.sort_by_key(|(tick, kind)| (*tick, order(kind)));
    let mut now = 0;
    let mut track: Track = events
        .into_iter()
        .map(|(tick, kind)| {
            let delta = u28::new(tick - now);
            now = tick;
            TrackEvent { delta, kind }
        })
        .collect();
    track.push(TrackEvent {
        delta: u28::new(0),
        kind: meta(MetaMessage::EndOfTrack),
    });
    track
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip;

    #[test]
    fn what_is_written_is_read_back_by_the_model() {
        let song = clip::song();
        let bytes = write("Clip", clip::TEMPO, &clip::PARTS, &song.notes).unwrap();
        let smf = third_stream_model::smf::Smf::read(&bytes).unwrap();
        let read = third_stream_model::song::Song::of(&smf).unwrap();
        assert_eq!(read.notes().len(), song.notes.len());
        let mut keys: Vec<_> = read.notes().iter().map(|n| (n.channel, n.key)).collect();
        let mut wanted: Vec<_> = song.notes.iter().map(|n| (n.channel, n.key)).collect();
        keys.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(keys, wanted);
    }

    /// The clip as a file, for the command line and for hosts. To write it anew, delete it and
    /// run this test.
    #[test]
    fn the_clip_s_file_is_the_clip() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/clip.mid");
        let song = clip::song();
        let bytes = write("Clip", clip::TEMPO, &clip::PARTS, &song.notes).unwrap();
        let Ok(file) = std::fs::read(path) else {
            std::fs::write(path, &bytes).unwrap();
            panic!("{path} was missing; it is written now, commit it");
        };
        assert!(
            file == bytes,
            "{path} is not the clip; delete it and run this test"
        );
    }
}
