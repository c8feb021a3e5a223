//! Files for the hosts: the clip, and a saved state of the plugin with the knob turned.

use std::io::Write as _;

use anyhow::{Context, Result};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use midly::num::{u4, u7, u15, u24, u28};
use midly::{
    Format, Header, MetaMessage, MidiMessage, Smf, Timing, Track, TrackEvent, TrackEventKind,
};

use super::notes::Note;

/// The channel that General MIDI keeps for drums, from 0.
const DRUMS: u8 = 9;
/// Microseconds in a beat at 132.
const TEMPO: u32 = 454_545;

/// All tracks of a MIDI file as one; with `one_channel` without its drums and on channel 0, for
/// hosts whose tracks play a single channel.
pub(super) fn in_one_track(bytes: &[u8], one_channel: bool) -> Result<Vec<u8>> {
    let smf = Smf::parse(bytes).context("the clip is no MIDI file")?;
    let mut events = Vec::new();
    for track in &smf.tracks {
        let mut tick = 0;
        for event in track {
            tick += event.delta.as_int();
            match event.kind {
                TrackEventKind::Midi { channel, message } if one_channel => {
                    let is_note = matches!(
                        message,
                        MidiMessage::NoteOn { .. } | MidiMessage::NoteOff { .. }
                    );
                    if is_note && channel.as_int() != DRUMS {
                        let channel = u4::new(0);
                        events.push((tick, TrackEventKind::Midi { channel, message }));
                    }
                }
                TrackEventKind::Meta(MetaMessage::EndOfTrack) => {}
                kind => events.push((tick, kind)),
            }
        }
    }
    written(events, smf.header.timing)
}

/// Ticks in a beat where notes are as hosts gave them: of 22 microseconds at the clip's tempo.
const FINE: u16 = 20_160;

/// Notes as a file, at the clip's tempo.
pub(super) fn of_notes(notes: &[Note]) -> Result<Vec<u8>> {
    let tick = |beat: f64| (beat * f64::from(FINE)).round() as u32;
    let mut events = vec![(0, TrackEventKind::Meta(MetaMessage::Tempo(u24::new(TEMPO))))];
    for note in notes {
        let channel = u4::new(note.channel);
        let (key, vel) = (u7::new(note.key), u7::new(note.velocity.round() as u8));
        let on = MidiMessage::NoteOn { key, vel };
        let off = MidiMessage::NoteOff {
            key,
            vel: u7::new(0),
        };
        for (at, message) in [(note.on, on), (note.on + note.length, off)] {
            events.push((tick(at), TrackEventKind::Midi { channel, message }));
        }
    }
    written(events, Timing::Metrical(u15::new(FINE)))
}

/// Events at their ticks as a file of one track.
fn written(mut events: Vec<(u32, TrackEventKind)>, timing: Timing) -> Result<Vec<u8>> {
    // Within a tick, note-offs come before note-ons.
    events.sort_by_key(|(tick, kind)| (*tick, begins(kind)));
    let mut track: Track = Vec::new();
    let mut now = 0;
    for (tick, kind) in events {
        track.push(TrackEvent {
            delta: u28::new(tick - now),
            kind,
        });
        now = tick;
    }
    track.push(TrackEvent {
        delta: u28::new(0),
        kind: TrackEventKind::Meta(MetaMessage::EndOfTrack),
    });
    let mut written = Vec::new();
    let header = Header::new(Format::SingleTrack, timing);
    let song = Smf {
        header,
        tracks: vec![track],
    };
    song.write_std(&mut written)
        .context("the clip could not be written")?;
    Ok(written)
}

fn begins(kind: &TrackEventKind) -> bool {
    let TrackEventKind::Midi { message, .. } = kind else {
        return false;
    };
    matches!(message, MidiMessage::NoteOn { vel, .. } if *vel > 0)
}

/// A saved state with the knob at so many percent towards classical, as qtractor keeps it: its
/// length, packed, as text.
pub(super) fn state(amount: u8) -> Result<String> {
    let genre = f32::from(amount);
    let state = serde_json::json!({
        "version": env!("CARGO_PKG_VERSION"),
        "params": { "genre": { "f32": genre } },
        "fields": {},
    });
    let json = state.to_string();
    // The framework puts the length in front.
    let mut bytes = (json.len() as u64).to_le_bytes().to_vec();
    bytes.extend(json.as_bytes());
    let mut packed = ZlibEncoder::new(
        (bytes.len() as u32).to_be_bytes().to_vec(),
        Compression::default(),
    );
    packed.write_all(&bytes)?;
    Ok(BASE64_STANDARD.encode(packed.finish()?))
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn clip() -> Vec<u8> {
        std::fs::read(crate::root().join("tests/fixtures/clip.mid")).unwrap()
    }

    /// Tick, on, channel and key of the notes of a file's first track.
    fn notes(bytes: &[u8]) -> Vec<(u32, bool, u8, u8)> {
        let smf = Smf::parse(bytes).unwrap();
        let mut tick = 0;
        let notes = smf.tracks[0].iter().filter_map(|event| {
            tick += event.delta.as_int();
            let TrackEventKind::Midi { channel, message } = event.kind else {
                return None;
            };
            match message {
                MidiMessage::NoteOn { key, vel } => {
                    Some((tick, vel > 0, channel.as_int(), key.as_int()))
                }
                MidiMessage::NoteOff { key, .. } => {
                    Some((tick, false, channel.as_int(), key.as_int()))
                }
                _ => None,
            }
        });
        notes.collect()
    }

    #[test]
    fn the_clip_in_one_track_has_all_its_notes() {
        let all = notes(&in_one_track(&clip(), false).unwrap());
        assert_eq!(all.iter().filter(|note| note.1).count(), 335);
        let one = notes(&in_one_track(&clip(), true).unwrap());
        assert_eq!(one.iter().filter(|note| note.1).count(), 214);
        assert!(one.iter().all(|note| note.2 == 0));
        assert!(one.is_sorted_by_key(|note| (note.0, note.1)));
    }

    #[test]
    fn the_state_is_packed_with_its_length_twice() {
        let bytes = BASE64_STANDARD.decode(state(40).unwrap()).unwrap();
        let mut state = Vec::new();
        let mut unpack = flate2::read::ZlibDecoder::new(&bytes[4..]);
        unpack.read_to_end(&mut state).unwrap();
        assert_eq!(
            u32::from_be_bytes(bytes[..4].try_into().unwrap()) as usize,
            state.len()
        );
        let length = u64::from_le_bytes(state[..8].try_into().unwrap()) as usize;
        assert_eq!(length, state.len() - 8);
        let json: serde_json::Value = serde_json::from_slice(&state[8..]).unwrap();
        assert_eq!(
            json["params"]["genre"]["f32"].as_f64().unwrap() as f32,
            40.0
        );
    }
}
