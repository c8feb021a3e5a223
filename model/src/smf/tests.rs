//! Files built by hand, and mutated ones.

mod agreement;
mod damage;

use proptest::prelude::*;

use super::*;
use crate::song::{PartSelection, Song};

const END: &[u8] = &[0, 0xff, 0x2f, 0];

/// A file from the data of its tracks.
pub(crate) fn file(format: u8, division: [u8; 2], tracks: &[&[u8]]) -> Vec<u8> {
    let mut bytes = b"MThd\0\0\0\x06\0".to_vec();
    bytes.extend_from_slice(&[format, 0, tracks.len() as u8]);
    bytes.extend_from_slice(&division);
    for data in tracks {
        bytes.extend_from_slice(b"MTrk");
        bytes.extend_from_slice(&(data.len() as u32).to_be_bytes());
        bytes.extend_from_slice(data);
    }
    bytes
}

/// Names, lyrics, controllers, running status, sysex, a note-on that is a note-off, and bytes
/// behind the end of the track.
fn rich_track() -> Vec<u8> {
    [
        &[0, 0xff, 0x03, 3, b'S', b'a', b'x'][..],
        &[0, 0xff, 0x51, 3, 0x07, 0xa1, 0x20],
        &[0, 0xc0, 65],
        &[0, 0xb0, 7, 100, 0, 10, 64],
        &[0, 0x90, 60, 80, 48, 60, 0, 0, 62, 81, 48, 62, 0],
        &[0, 0xff, 0x05, 2, b'l', b'a'],
        &[0, 0xf0, 3, 0x7e, 0x09, 0xf7],
        &[0, 0x90, 64, 82, 0x60, 0x80, 64, 33],
        &[0x83, 0x00, 0xff, 0x2f, 0, 9, 9],
    ]
    .concat()
}

fn rich_file() -> Vec<u8> {
    let mut bytes = file(1, [0, 96], &[&rich_track()]);
    bytes.extend_from_slice(b"XFIH\0\0\0\x02ab");
    bytes
}

fn text(smf: &Smf) -> String {
    let events = smf.tracks().iter().flat_map(Track::events);
    let lines: Vec<_> = events
        .map(|event| format!("{:>4} {:?}\n", event.tick, event.message))
        .collect();
    lines.concat()
}

#[test]
fn events_are_read_with_running_status_and_silent_note_ons() {
    let smf = Smf::read(&rich_file()).unwrap();
    insta::assert_snapshot!(text(&smf), @r"
      0 Other
      0 Tempo(500000)
      0 Program { channel: 0, program: 65 }
      0 Controller { channel: 0, number: 7, value: 100 }
      0 Controller { channel: 0, number: 10, value: 64 }
      0 NoteOn { channel: 0, key: 60, velocity: 80 }
     48 NoteOff { channel: 0, key: 60, velocity: 0 }
     48 NoteOn { channel: 0, key: 62, velocity: 81 }
     96 NoteOff { channel: 0, key: 62, velocity: 0 }
     96 Other
     96 Other
     96 NoteOn { channel: 0, key: 64, velocity: 82 }
    192 NoteOff { channel: 0, key: 64, velocity: 33 }
    576 EndOfTrack
    ");
    assert_eq!(smf.write(), rich_file());
    assert_eq!(smf.flaws(), []);
}

#[test]
fn what_is_not_a_note_keeps_its_bytes_and_its_place() {
    let mut smf = Smf::read(&rich_file()).unwrap();
    let note = NewNote::new(0, 67, (48, 96), 90);
    // Events 7 and 8 are the note 62.
    smf.tracks_mut()[0].replace_notes(&[7, 8], &[note]);
    let written = smf.write();
    insta::assert_snapshot!(text(&Smf::read(&written).unwrap()), @r"
      0 Other
      0 Tempo(500000)
      0 Program { channel: 0, program: 65 }
      0 Controller { channel: 0, number: 7, value: 100 }
      0 Controller { channel: 0, number: 10, value: 64 }
      0 NoteOn { channel: 0, key: 60, velocity: 80 }
     48 NoteOff { channel: 0, key: 60, velocity: 0 }
     48 NoteOn { channel: 0, key: 67, velocity: 90 }
     96 NoteOff { channel: 0, key: 67, velocity: 64 }
     96 Other
     96 Other
     96 NoteOn { channel: 0, key: 64, velocity: 82 }
    192 NoteOff { channel: 0, key: 64, velocity: 33 }
    576 EndOfTrack
    ");
    for kept in [
        &[0xff, 0x03, 3, b'S', b'a', b'x'][..],
        &[0xff, 0x05, 2, b'l', b'a'],
        &[0xf0, 3, 0x7e, 0x09, 0xf7],
        b"XFIH\0\0\0\x02ab",
        &[0xff, 0x2f, 0, 9, 9],
    ] {
        assert!(written.windows(kept.len()).any(|bytes| bytes == kept));
    }
    assert_eq!(smf.end_tick(), Smf::read(&rich_file()).unwrap().end_tick());
}

#[test]
fn the_end_of_a_track_moves_only_for_a_note_behind_it() {
    let note = |end| NewNote::new(0, 60, (48, end), 80);
    for (end, moved) in [(48, 96), (96, 96), (97, 97)] {
        let mut smf = Smf::read(&file(1, [0, 96], &[&[96, 0xff, 0x2f, 0], END])).unwrap();
        smf.tracks_mut()[0].replace_notes(&[], &[note(end)]);
        let again = Smf::read(&smf.write()).unwrap();
        let ends: Vec<u64> = again.tracks().iter().map(Track::end_tick).collect();
        assert_eq!(ends, [moved, 0]);
        let song = Song::of(&again).unwrap();
        let [written] = song.notes() else {
            panic!("one note")
        };
        assert_eq!(
            (written.start, written.end),
            (48, end),
            "also one without length"
        );
    }
}

#[test]
fn a_rest_longer_than_a_delta_time_is_kept() {
    let long = [0xff, 0xff, 0xff, 0x7f];
    let track = [
        &[0, 0x90, 60, 80, 1, 60, 0][..],
        &long,
        &[62, 80, 1, 62, 0],
        &long,
        &[64, 80, 1, 64, 0],
        END,
    ]
    .concat();
    let mut smf = Smf::read(&file(0, [0, 96], &[&track])).unwrap();
    let end = smf.end_tick();
    smf.tracks_mut()[0].replace_notes(&[2, 3], &[]);
    let again = Smf::read(&smf.write()).unwrap();
    assert_eq!(again.end_tick(), end);
    assert_eq!(
        Song::of(&again).unwrap_err(),
        crate::song::SongError::TooLong
    );
}

#[test]
fn an_impossible_smpte_offset_does_not_end_the_track() {
    let offset = [0, 0xff, 0x54, 5, 0x1f, 99, 99, 99, 99];
    let track = [&offset[..], &[0, 0x90, 60, 80, 48, 60, 0], END].concat();
    let bytes = file(0, [0, 96], &[&track]);
    let smf = Smf::read(&bytes).unwrap();
    assert_eq!(smf.tracks()[0].events().len(), 4);
    assert_eq!(smf.flaws(), []);
    assert_eq!(smf.write(), bytes);
}

#[test]
fn what_is_no_song_is_refused_with_a_reason() {
    let refusal = |bytes: &[u8]| Smf::read(bytes).unwrap_err().to_string();
    insta::assert_snapshot!(refusal(b"not MIDI"), @"not a Standard MIDI file: no header; expected a file that begins with MThd");
    insta::assert_snapshot!(refusal(&file(2, [0, 96], &[END])), @"a MIDI file of type 2 holds several independent sequences, which have no common time; save it as type 0 or 1");
    insta::assert_snapshot!(refusal(&file(1, [0x80, 1], &[END])), @"not a Standard MIDI file: a SMPTE frame rate of 128; expected a file that begins with MThd");
    insta::assert_snapshot!(refusal(&file(1, [0, 0], &[END])), @"the header's division is zero; expected at least one tick in a quarter or a frame");
    insta::assert_snapshot!(refusal(&file(1, [0, 96], &[])), @"the file has a header but no track; it may have been cut off");
}

#[test]
fn smpte_ticks_become_beats_by_the_tempo_map() {
    // 25 frames of 40 ticks: a tick is a millisecond. 120 quarters a minute, then from two
    // seconds on 60.
    let track = [
        &[0x8f, 0x50, 0xff, 0x51, 3, 0x0f, 0x42, 0x40][..],
        &[0x8f, 0x50, 0xff, 0x2f, 0],
    ]
    .concat();
    let bytes = file(0, [0x100u16.wrapping_sub(25) as u8, 40], &[&track]);
    let smf = Smf::read(&bytes).unwrap();
    let map = time::BeatMap::of(&smf);
    for (tick, beats) in [(0, 0.0), (500, 1.0), (2000, 4.0), (3000, 5.0), (4000, 6.0)] {
        assert!((map.beats(tick) - beats).abs() < 1e-9);
        assert_eq!(map.tick(beats), tick);
    }
    assert_eq!(smf.write(), bytes);
}

#[test]
fn a_riff_wrapper_stays_and_its_sizes_follow() {
    let inner = file(0, [0, 96], &[&rich_track()]);
    for behind in [&b""[..], b"LIST\x04\0\0\0INFO"] {
        let mut wrapped = b"RIFF\0\0\0\0RMIDdata".to_vec();
        wrapped.extend_from_slice(&(inner.len() as u32).to_le_bytes());
        wrapped.extend_from_slice(&inner);
        wrapped.resize(wrapped.len().next_multiple_of(2), 0);
        wrapped.extend_from_slice(behind);
        let length = wrapped.len() as u32 - 8;
        wrapped[4..8].copy_from_slice(&length.to_le_bytes());
        assert!(is_midi(&wrapped) && is_midi(&inner) && !is_midi(b"RIFF\0\0\0\0WAVEfmt "));
        let mut smf = Smf::read(&wrapped).unwrap();
        assert_eq!(smf.flaws(), []);
        assert_eq!(smf.write(), wrapped);
        // Without the note 62 it has four to six bytes less.
        smf.tracks_mut()[0].replace_notes(&[7, 8], &[]);
        let written = smf.write();
        let number = |at: usize| u32::from_le_bytes(*written[at..].first_chunk().unwrap()) as usize;
        assert_eq!(number(4), written.len() - 8);
        assert_eq!(
            20 + number(16).next_multiple_of(2) + behind.len(),
            written.len()
        );
        assert!(written.ends_with(behind));
        let again = Smf::read(&written).unwrap();
        assert_eq!((text(&again), again.flaws()), (text(&smf), &[][..]));
    }
    let empty = b"RIFF\x04\0\0\0RMID";
    assert!(matches!(Smf::read(empty), Err(SmfError::Header(_))));
}

/// A pedal, a drum part by system exclusive, notes without length and without end, a chunk whose
/// length is wrong.
fn odd_file() -> Vec<u8> {
    let track = [
        &[
            0, 0xf0, 10, 0x41, 16, 0x42, 0x12, 0x40, 0x1a, 0x15, 1, 0x10, 0xf7,
        ][..],
        &[
            0, 0xb0, 64, 127, 0, 0x90, 60, 80, 24, 60, 0, 0, 64, 200, 0, 64, 0,
        ],
        &[0, 0x9a, 36, 99, 24, 36, 0, 0, 0xb0, 64, 0, 0, 0x90, 67, 70],
        &[96, 0xf8, 0, 0x90, 69, 70, 0x81, 0x40, 0xff, 0x2f, 0],
    ]
    .concat();
    let mut bytes = file(1, [0, 96], &[&track, END]);
    bytes[21] += 1;
    bytes
}

/// A file with a few bytes changed, taken out or put in.
pub(crate) fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let whole = [
        odd_file(),
        rich_file(),
        file(0, [0xe7, 40], &[&rich_track()]),
        file(1, [0, 1], &[&rich_track(), &rich_track(), END]),
    ];
    let change = (any::<prop::sample::Index>(), any::<u8>(), 0..4u8);
    (
        prop::sample::select(whole.to_vec()),
        prop::collection::vec(change, 0..12),
    )
        .prop_map(|(mut bytes, changes)| {
            for (at, value, how) in changes {
                let at = at.index(bytes.len());
                match how {
                    0 => bytes[at] = value,
                    1 => bytes[at] ^= 1 << (value % 8),
                    2 => bytes.insert(at, value),
                    _ if bytes.len() > 1 => drop(bytes.remove(at)),
                    _ => {}
                }
            }
            bytes
        })
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in mutated(), remove in any::<bool>()) {
        let Ok(mut smf) = Smf::read(&bytes) else { return Ok(()) };
        prop_assert_eq!(smf.write(), bytes);
        let Ok(song) = Song::of(&smf) else { return Ok(()) };
        song.phrases(&PartSelection::default());
        song.rolls();
        if remove {
            for note in song.notes() {
                let events: Vec<usize> = [Some(note.on_event), note.off_event]
                    .into_iter()
                    .flatten()
                    .collect();
                prop_assert!(events.iter().all(|at| smf.tracks()[note.track].events().len() > *at));
            }
            let end = smf.end_tick();
            for index in 0..smf.tracks().len() {
                let notes: Vec<usize> = song
                    .notes()
                    .iter()
                    .filter(|note| note.track == index)
                    .flat_map(|note| [Some(note.on_event), note.off_event])
                    .flatten()
                    .collect();
                smf.tracks_mut()[index].replace_notes(&notes, &[]);
            }
            let again = Smf::read(&smf.write());
            // Where chunks are told apart by guesses, another length may lead to another guess.
            let certain = |flaw: &Flaw| matches!(flaw.kind, FlawKind::Data(_) | FlawKind::Status(_));
            if smf.flaws().iter().all(certain) {
                let again = again.unwrap();
                prop_assert!(Song::of(&again).unwrap().notes().is_empty());
                prop_assert_eq!(again.end_tick(), end);
            }
        }
    }

    #[test]
    fn random_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let with_header = [b"MThd\0\0\0\x06\0\x01\0\x01\0\x60MTrk\0\0\0\xff".to_vec(), bytes.clone()];
        for bytes in [bytes, with_header.concat()] {
            if let Ok(smf) = Smf::read(&bytes) {
                prop_assert_eq!(smf.write(), bytes);
            }
        }
    }
}
