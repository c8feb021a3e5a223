//! Kinds of files that users have: each comes back at amount 0, and keeps at any amount what the
//! networks have no business with.

use super::*;
use third_stream_model::song::SongNote;

/// A quarter in these files.
const QUARTER: u64 = 480;

/// A file of these tracks' bytes, without their ends.
fn midi(tracks: &[&[u8]]) -> Vec<u8> {
    let mut bytes = b"MThd\0\0\0\x06\0\x01\0".to_vec();
    bytes.push(tracks.len() as u8);
    bytes.extend_from_slice(&(QUARTER as u16).to_be_bytes());
    for data in tracks {
        let length = (data.len() + 4) as u32;
        bytes.extend_from_slice(b"MTrk");
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(data);
        bytes.extend_from_slice(&[0, 0xff, 0x2f, 0]);
    }
    bytes
}

/// The file with notes put into its first track: start, length, key, channel.
fn with_notes(bytes: &[u8], notes: impl IntoIterator<Item = (u64, u64, u8, u8)>) -> Vec<u8> {
    let mut smf = Smf::read(bytes).unwrap();
    let notes: Vec<NewNote> = notes
        .into_iter()
        .map(|(start, length, key, channel)| {
            NewNote::new(channel, key, (start, start + length), 80)
        })
        .collect();
    smf.tracks_mut()[0].replace_notes(&[], &notes);
    smf.write()
}

fn drums(marker: &[u8]) -> Vec<u8> {
    let hits = (0..32u64).map(|i| (i * 240, 100, [36, 42, 38, 42][i as usize % 4], 10));
    let tune = (0..16u64).map(|i| (i * 480, 470, 60 + (i % 8) as u8, 0));
    with_notes(&midi(&[marker]), hits.chain(tune))
}

/// Chords cut short under a pedal that is held for each bar.
fn pedal() -> Vec<u8> {
    let mut moves = Vec::new();
    for bar in 0..4 {
        // 20 ticks from the last bar's pedal up, 1,900 to this one's.
        moves.extend_from_slice(&[if bar == 0 { 0 } else { 20 }, 0xb0, 64, 127]);
        moves.extend_from_slice(&[0x8e, 0x6c, 0xb0, 64, 0]);
    }
    let chords = [0, 5, 7, 0].into_iter().zip(0..);
    let notes = chords
        .flat_map(|(up, bar)| [48, 60, 64, 67].map(|key| (bar * 4 * QUARTER, 200, key + up, 0)));
    with_notes(&midi(&[&moves]), notes)
}

/// Names and bytes.
fn cases() -> Vec<(&'static str, Vec<u8>)> {
    let quarter = [0, 0x90, 60, 80, 0x83, 0x60, 0x80, 60, 64];
    let around = |between: &[u8]| {
        let ends = [
            &[0, 0x90, 60, 80, 0x83, 0x60, 60, 0][..],
            &[0, 62, 80, 0x83, 0x60, 62, 0],
        ];
        midi(&[&[ends[0], between, ends[1]].concat()])
    };
    let mut too_long = midi(&[&[0, 0xff, 3, 1, b'x'], &quarter.repeat(16)]);
    too_long[21] += 1;
    let kit = |bank| [0, 0xba, 0, bank, 0, 0xca, 0];
    let gs = [
        0, 0xf0, 10, 0x41, 16, 0x42, 0x12, 0x40, 0x1a, 0x15, 1, 0x10, 0xf7,
    ];
    let dense = (0..2500u64).map(|i| (i * 3, 3, 36 + (i % 48) as u8, 0));
    let no_length = (0..16u64).map(|i| (i * 240, 240 * (i % 2), 60 + i as u8, 0));
    vec![
        ("running-status-after-meta", around(&[0, 0xff, 1, 1, b'x'])),
        (
            "running-status-after-sysex",
            around(&[0, 0xf0, 3, 0x7e, 0x7f, 0xf7]),
        ),
        (
            "data-byte-too-large",
            midi(&[&[&[0, 0xb0, 7, 200][..], &quarter.repeat(4)].concat()]),
        ),
        ("chunk-length-too-long", too_long),
        ("drums-gs", drums(&gs)),
        ("drums-xg", drums(&kit(127))),
        ("drums-gm2", drums(&kit(120))),
        ("pedal", pedal()),
        ("dense", with_notes(&midi(&[&[]]), dense)),
        ("no-length", with_notes(&midi(&[&[]]), no_length)),
    ]
}

/// Expected for each file: notes, tracks, and whether its channel 11 is drums.
const EXPECTED: [(&str, usize, usize, bool); 10] = [
    ("running-status-after-meta", 2, 1, false),
    ("running-status-after-sysex", 2, 1, false),
    ("data-byte-too-large", 4, 1, false),
    ("chunk-length-too-long", 16, 2, false),
    ("drums-gs", 48, 1, true),
    ("drums-xg", 48, 1, true),
    ("drums-gm2", 48, 1, true),
    ("pedal", 16, 1, false),
    ("dense", 2500, 1, false),
    ("no-length", 16, 1, false),
];

fn check(name: &str, bytes: &[u8]) {
    let expected = EXPECTED.iter().find(|one| one.0 == name).unwrap();
    let smf = Smf::read(bytes).unwrap();
    let song = Song::of(&smf).unwrap();
    let found = (name, song.notes().len(), smf.tracks().len());
    assert_eq!(found, (expected.0, expected.1, expected.2));
    assert_eq!(song.notes().iter().any(SongNote::is_drum), expected.3);

    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("in.mid"), bytes).unwrap();
    for quantise in ["0", "100"] {
        let options = ["--to", "jazz", "--amount", "0", "--quantise", quantise];
        transfer(folder.path(), "in.mid", "out.mid", &options).unwrap();
        let written = fs::read(folder.path().join("out.mid")).unwrap();
        assert!(written == bytes, "{name}: not the same bytes");
    }
    for amount in ["30", "100"] {
        let options = ["--to", "classic", "--amount", amount];
        transfer(folder.path(), "in.mid", "out.mid", &options).unwrap();
        let written = fs::read(folder.path().join("out.mid")).unwrap();
        assert_ne!(written, bytes, "{name}: nothing came of it");
        let hits = |bytes: &[u8]| -> Vec<(u64, u64, u8, u8)> {
            let song = Song::of(&Smf::read(bytes).unwrap()).unwrap();
            let hits = song.notes().iter().filter(|note| note.channel == 10);
            hits.map(|note| (note.start, note.end, note.key, note.velocity))
                .collect()
        };
        assert_eq!(hits(&written), hits(bytes), "{name}");
    }
}

#[test]
fn users_files_come_back_at_amount_zero_and_their_drums_at_any() {
    for (name, bytes) in cases() {
        check(name, &bytes);
    }
    let pedalled = Song::of(&Smf::read(&pedal()).unwrap()).unwrap();
    let phrases = pedalled.phrases(&PartSelection::default());
    // A bar of 1,900 of 1,920 ticks rounds to its 16 steps, four keys in each.
    assert_eq!(phrases[0].roll().count(), 4 * 16 * 4);
}

#[test]
fn the_cases_of_the_project_give_the_same() {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/cases");
    let folder =
        std::env::var_os("THIRD_STREAM_CASES").map_or_else(|| beside.into(), PathBuf::from);
    let mut seen = 0;
    for (name, ..) in EXPECTED {
        if let Ok(bytes) = fs::read(folder.join(name).with_extension("mid")) {
            check(name, &bytes);
            seen += 1;
        }
    }
    if seen == 0 {
        println!("skipped: no cases in {}", folder.display());
    }
}

#[test]
fn what_cannot_be_read_is_refused_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("in.mid"), midi(&[&[], &[0, 60, 80]])).unwrap();
    let error = transfer(folder.path(), "in.mid", "out.mid", &["--to", "jazz"]).unwrap_err();
    let message = format!("{error:#}");
    assert!(
        message.contains("in.mid: track 2, byte 34 of the file"),
        "{message}"
    );
    assert!(!folder.path().join("out.mid").exists());
}
