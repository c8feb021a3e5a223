//! Flaws of real files, and how they are read.

use super::*;

/// A note-on and a note-off of key 60, a quarter of 480 ticks apart.
const QUARTER: [u8; 9] = [0, 0x90, 60, 80, 0x83, 0x60, 0x80, 60, 64];

/// The flaws of a file, a line for each; it comes back byte for byte.
fn flaws(bytes: &[u8]) -> String {
    let smf = Smf::read(bytes).unwrap();
    assert_eq!(smf.write(), bytes);
    let lines: Vec<String> = smf.flaws().iter().map(ToString::to_string).collect();
    lines.join("\n")
}

/// The number of notes in each track.
fn notes(bytes: &[u8]) -> Vec<usize> {
    let smf = Smf::read(bytes).unwrap();
    let song = Song::of(&smf).unwrap();
    let of_track = |track| {
        song.notes()
            .iter()
            .filter(|note| note.track == track)
            .count()
    };
    (0..smf.tracks().len()).map(of_track).collect()
}

/// Takes the first note of a track out and reads the file again.
fn without_first_note(bytes: &[u8], track: usize) -> (Vec<u8>, Smf) {
    let mut smf = Smf::read(bytes).unwrap();
    let song = Song::of(&smf).unwrap();
    let note = song
        .notes()
        .iter()
        .find(|note| note.track == track)
        .unwrap();
    let events: Vec<usize> = [Some(note.on_event), note.off_event]
        .into_iter()
        .flatten()
        .collect();
    smf.tracks_mut()[track].replace_notes(&events, &[]);
    let written = smf.write();
    let again = Smf::read(&written).unwrap();
    assert_eq!(text(&again), text(&smf));
    (written, again)
}

#[test]
fn running_status_goes_on_after_meta_events_and_system_exclusive_messages() {
    for between in [&[0, 0xff, 1, 1, b'x'][..], &[0, 0xf0, 3, 0x7e, 0x7f, 0xf7]] {
        let track = [
            &[0, 0x90, 60, 80, 96, 60, 0][..],
            between,
            &[0, 62, 80, 96, 62, 0],
            END,
        ];
        let bytes = file(1, [1, 0xe0], &[&track.concat()]);
        assert_eq!((notes(&bytes), flaws(&bytes)), (vec![2], String::new()));
        let (written, _) = without_first_note(&bytes, 0);
        assert_eq!(notes(&written), [1]);
    }
}

#[test]
fn a_data_byte_above_127_counts_as_127_and_stays() {
    let track = [&[0, 0xb0, 7, 200][..], &QUARTER.repeat(4), END].concat();
    let bytes = file(1, [1, 0xe0], &[&track]);
    assert_eq!(notes(&bytes), [4]);
    insta::assert_snapshot!(flaws(&bytes), @"track 1, byte 25: a data byte of 200, read as 127");
    let volume = SmfMessage::Controller {
        channel: 0,
        number: 7,
        value: 127,
    };
    let smf = Smf::read(&bytes).unwrap();
    assert_eq!(smf.tracks()[0].events()[0].message, volume);
    assert_eq!(
        smf.tracks()[0].events()[0].channel_message(),
        Some([0xb0, 7, 127])
    );
    let (written, again) = without_first_note(&bytes, 0);
    assert_eq!(written[22..26], [0, 0xb0, 7, 200]);
    assert_eq!(again.flaws(), smf.flaws());
}

#[test]
fn a_status_byte_that_has_no_business_in_a_file_is_read_past() {
    let stray = [0, 0xf8, 0, 0xf2, 1, 2, 0, 0xfe];
    let track = [&QUARTER[..], &stray, &[0, 0x90], &QUARTER[2..], END].concat();
    let bytes = file(1, [1, 0xe0], &[&track]);
    assert_eq!(notes(&bytes), [2]);
    insta::assert_snapshot!(flaws(&bytes), @"track 1, byte 32: a status byte F8 that no file may hold, read past");
    let (written, _) = without_first_note(&bytes, 0);
    let kept = &stray[1..];
    assert!(written.windows(kept.len()).any(|bytes| bytes == kept));
}

#[test]
fn wrong_chunk_lengths_lose_no_track() {
    let name = [&[0, 0xff, 3, 1, b'x'][..], END].concat();
    let tune = [&QUARTER.repeat(16)[..], END].concat();
    let whole = file(2 - 1, [1, 0xe0], &[&name, &tune, &name]);
    // The length of each track's chunk, too long, too short, none, and beyond the file.
    let first = 14 + 4;
    let second = first + 8 + name.len();
    let third = second + 8 + tune.len();
    for (at, length) in [
        (first, name.len()),
        (second, tune.len()),
        (third, name.len()),
    ] {
        for wrong in [
            length + 1,
            length - 1,
            length + 9,
            length - 3,
            0,
            0x7fff_ffff,
        ] {
            let mut bytes = whole.clone();
            bytes[at..at + 4].copy_from_slice(&(wrong as u32).to_be_bytes());
            assert_eq!(notes(&bytes), [0, 16, 0], "{at}: {wrong}");
            let expected = format!("byte {at}: its length says {wrong} bytes, it has {length}");
            assert!(flaws(&bytes).ends_with(&expected), "{}", flaws(&bytes));
            // An edited track gets its own length right; the others keep their bytes.
            let (written, again) = without_first_note(&bytes, 1);
            assert_eq!(written[..second - 4], bytes[..second - 4]);
            assert_eq!(again.flaws().len(), usize::from(at != second));
        }
    }
}

#[test]
fn a_length_that_takes_in_the_next_track_does_not_hide_it() {
    let tune = [&QUARTER[..], END].concat();
    let mut bytes = file(1, [1, 0xe0], &[END, &tune]);
    let both = (END.len() + 8 + tune.len()) as u32;
    bytes[18..22].copy_from_slice(&both.to_be_bytes());
    assert_eq!(notes(&bytes), [0, 1]);
    insta::assert_snapshot!(flaws(&bytes), @"track 1, byte 18: its length says 25 bytes, it has 4");
}

#[test]
fn a_file_that_was_cut_off_is_read_as_far_as_it_goes() {
    let tune = [&QUARTER.repeat(2)[..], END].concat();
    let mut bytes = file(1, [1, 0xe0], &[&tune, &tune, &tune]);
    bytes.truncate(14 + 2 * (8 + tune.len()) - 7);
    assert_eq!(notes(&bytes), [2, 2]);
    insta::assert_snapshot!(flaws(&bytes), @r"
    byte 10: the header says 3 tracks, there are 2
    track 2, byte 48: its length says 22 bytes, it has 15
    track 2, byte 65: cut off inside an event
    ");
    let (written, again) = without_first_note(&bytes, 1);
    assert_eq!(notes(&written), [2, 1]);
    let kinds: Vec<FlawKind> = again.flaws().iter().map(|flaw| flaw.kind).collect();
    let (declared, found) = (3, 2);
    assert_eq!(kinds, [FlawKind::Tracks { declared, found }]);

    let without_end = file(0, [1, 0xe0], &[&QUARTER]);
    assert_eq!(notes(&without_end), [1]);
    insta::assert_snapshot!(flaws(&without_end), @"track 1, byte 31: no end-of-track event");
}

#[test]
fn bytes_between_and_behind_chunks_stay() {
    let tune = [&QUARTER[..], END].concat();
    let mut bytes = file(0, [1, 0xe0], &[&tune]);
    bytes.splice(14..14, *b"\0\0junk");
    bytes.extend_from_slice(b"XFIH\0\0\0\x02ab\0\0\0\x1a");
    assert_eq!((notes(&bytes), flaws(&bytes)), (vec![1], String::new()));
    let (written, _) = without_first_note(&bytes, 0);
    assert!(written.ends_with(b"XFIH\0\0\0\x02ab\0\0\0\x1a"));
    assert_eq!(written[..20], bytes[..20]);
}

#[test]
fn what_cannot_be_read_is_refused_with_its_place() {
    let refusal = |track: &[u8]| {
        let tune = [&QUARTER[..], END].concat();
        let bytes = file(1, [1, 0xe0], &[&tune, track]);
        Smf::read(&bytes).unwrap_err().to_string()
    };
    insta::assert_snapshot!(refusal(&[0, 60, 80]), @"track 2, byte 43 of the file: a data byte with no status byte before it; expected an event; open the file in a sequencer that plays it and save it anew");
    insta::assert_snapshot!(refusal(&[0xff, 0xff, 0xff, 0xff, 0]), @"track 2, byte 43 of the file: a delta time of more than four bytes; expected an event; open the file in a sequencer that plays it and save it anew");
    let swallowed = [&[0, 0xff, 1, 100][..], &QUARTER, END].concat();
    insta::assert_snapshot!(refusal(&swallowed), @"track 2, byte 43 of the file: an event that is longer than the rest of the track; expected an event; open the file in a sequencer that plays it and save it anew");
}
