//! Standard MIDI files of what was played: a tempo track and a track for each player.

use midly::num::{u4, u7, u14, u24};
use midly::{Format, MetaMessage, MidiMessage, PitchBend, TrackEventKind};
use third_stream_model::smf::new_file::{self, track};

use crate::clip::ClipPart;
use crate::song::{ClipNote, HostSong};

/// Ticks in a quarter note.
const TICKS: u16 = 480;

/// A file with these notes in 4/4, each in the track of its channel's part. A channel without a
/// part has no track.
pub fn write(
    title: &str,
    tempo: f64,
    parts: &[ClipPart],
    notes: &[ClipNote],
) -> anyhow::Result<Vec<u8>> {
    let song = HostSong::new(tempo, notes.iter().copied());
    file(title, &song, parts, Format::Parallel)
}

/// A file of a whole song, with tempo and time signatures: a track for each channel, or all in
/// one, for programs that look at the first only.
pub fn write_song(title: &str, song: &HostSong, one_track: bool) -> anyhow::Result<Vec<u8>> {
    let sounds = |channel: &u8| {
        song.notes.iter().any(|note| note.channel == *channel)
            || song
                .messages
                .iter()
                .any(|(_, bytes)| bytes[0] & 0x0F == *channel)
    };
    let part = |channel| ClipPart {
        name: "",
        channel,
        program: None,
    };
    let parts: Vec<ClipPart> = (0..16).filter(sounds).map(part).collect();
    let format = if one_track {
        Format::SingleTrack
    } else {
        Format::Parallel
    };
    file(title, song, &parts, format)
}

/// The channel messages of a file that are no notes, with their ticks, in order of time.
pub fn messages(file: &third_stream_model::smf::Smf) -> Vec<(u64, [u8; 3])> {
    let events = file
        .tracks()
        .iter()
        .flat_map(third_stream_model::smf::Track::events);
    let messages = events.filter_map(|event| Some((event.tick, event.channel_message()?)));
    let mut messages: Vec<_> = messages
        .filter(|(_, [status, ..])| *status >= 0xA0)
        .collect();
    messages.sort_by_key(|(tick, _)| *tick);
    messages
}

/// The message of three bytes; `None` for what is none, or a note.
fn long([status, first, second]: [u8; 3]) -> Option<MidiMessage> {
    let (first, second) = (u7::new(first & 0x7F), u7::new(second & 0x7F));
    Some(match status & 0xF0 {
        0xA0 => MidiMessage::Aftertouch {
            key: first,
            vel: second,
        },
        0xB0 => MidiMessage::Controller {
            controller: first,
            value: second,
        },
        0xC0 => MidiMessage::ProgramChange { program: first },
        0xD0 => MidiMessage::ChannelAftertouch { vel: first },
        0xE0 => {
            let bend = u16::from(second.as_int()) << 7 | u16::from(first.as_int());
            let bend = PitchBend(u14::new(bend));
            MidiMessage::PitchBend { bend }
        }
        _ => return None,
    })
}

fn file(
    title: &str,
    song: &HostSong,
    parts: &[ClipPart],
    format: Format,
) -> anyhow::Result<Vec<u8>> {
    let mut conductor = vec![(0, meta(MetaMessage::TrackName(title.as_bytes())))];
    for &(beat, (numerator, denominator)) in &song.meter {
        let power = denominator.max(1).ilog2() as u8;
        let signature = MetaMessage::TimeSignature(numerator as u8, power, 24, 8);
        conductor.push((ticks(beat), meta(signature)));
    }
    for &(beat, tempo) in &song.tempo {
        let micros = u24::new((60e6 / tempo).round() as u32);
        conductor.push((ticks(beat), meta(MetaMessage::Tempo(micros))));
    }
    let mut tracks = vec![conductor];
    for part in parts {
        let mut events = Vec::new();
        if !part.name.is_empty() {
            events.push((0, meta(MetaMessage::TrackName(part.name.as_bytes()))));
        }
        let midi = |message| TrackEventKind::Midi {
            channel: u4::new(part.channel),
            message,
        };
        if let Some(program) = part.program {
            let program = u7::new(program);
            events.push((0, midi(MidiMessage::ProgramChange { program })));
        }
        for &(beat, bytes) in &song.messages {
            if bytes[0] & 0x0F == part.channel
                && let Some(message) = long(bytes)
            {
                events.push((ticks(beat), midi(message)));
            }
        }
        for note in song
            .notes
            .iter()
            .filter(|note| note.channel == part.channel)
        {
            let (key, vel) = (u7::new(note.key), u7::new(note.velocity));
            let (start, end) = (ticks(note.onset), ticks(note.release));
            events.push((start, midi(MidiMessage::NoteOn { key, vel })));
            let vel = u7::new(0);
            let end = end.max(start + 1);
            events.push((end, midi(MidiMessage::NoteOff { key, vel })));
        }
        tracks.push(events);
    }
    if format == Format::SingleTrack {
        tracks = vec![tracks.into_iter().flatten().collect()];
    }
    let tracks = tracks.into_iter().map(|events| track(events, 0));
    Ok(new_file::bytes(format, TICKS, tracks.collect())?)
}

fn ticks(beats: f64) -> u32 {
    (beats.max(0.0) * f64::from(TICKS)).round() as u32
}

const fn meta(message: MetaMessage<'_>) -> TrackEventKind<'_> {
    TrackEventKind::Meta(message)
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

    #[test]
    fn one_track_holds_what_several_do() {
        let song = clip::song();
        let read = |one_track| {
            let bytes = write_song("Clip", &song, one_track).unwrap();
            let smf = third_stream_model::smf::Smf::read(&bytes).unwrap();
            let tracks = smf.tracks().len();
            let song = third_stream_model::song::Song::of(&smf).unwrap();
            let notes = song.notes().iter();
            let mut notes: Vec<_> = notes.map(|n| (n.start, n.end, n.channel, n.key)).collect();
            notes.sort_unstable();
            (tracks, notes)
        };
        let (several, one) = (read(false), read(true));
        assert_eq!((several.0, one.0), (5, 1));
        assert_eq!(several.1, one.1);
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
