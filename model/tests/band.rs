//! The shipped arranger on a small band: a flute, a bass, a piano, a track each.

#![expect(
    clippy::unwrap_used,
    reason = "what a test builds on is a test's own failure"
)]

use std::collections::BTreeMap;

use third_stream_model::genre::{Direction, Genre, Pair};
use third_stream_model::perform::Control;
use third_stream_model::roll::guard::Guard;
use third_stream_model::shipped;
use third_stream_model::smf::{NewNote, Smf};
use third_stream_model::song::parts::Parts;
use third_stream_model::song::{PartSelection, Rendition, Song};
use third_stream_model::transfer::{ArrangerTransfer, Wish};

/// Ticks of a quarter.
const QUARTER: u64 = 96;
/// The lowest and highest keys of a bass.
const BASS: std::ops::RangeInclusive<u8> = 28..=67;

/// A file with a track for each program.
fn file(programs: &[u8]) -> Vec<u8> {
    let mut bytes = b"MThd\0\0\0\x06\0\x01\0".to_vec();
    bytes.extend_from_slice(&[programs.len() as u8, 0, QUARTER as u8]);
    for (channel, program) in programs.iter().enumerate() {
        bytes.extend_from_slice(b"MTrk\0\0\0\x07");
        bytes.extend_from_slice(&[0, 0xc0 | channel as u8, *program, 0, 0xff, 0x2f, 0]);
    }
    bytes
}

/// Four bars of 4/4: a tune in eighths, a bass in quarters, chords in halves.
fn band() -> Song {
    let mut smf = Smf::read(&file(&[73, 32, 0])).unwrap();
    let tune = [60, 64, 67, 69, 67, 65, 64, 62];
    let roots = [36, 41, 43, 36];
    let chords = [[52, 55, 60], [53, 57, 60], [55, 59, 62], [52, 55, 60]];
    let flute = (0..32).map(|i| (i * 48, 44, tune[i as usize % 8]));
    let bass = (0..16).map(|i| (i * QUARTER, 92, roots[i as usize / 4]));
    let piano = (0..8u64).flat_map(|i| chords[i as usize / 2].map(|key| (i * 192, 180, key)));
    let parts: [Vec<(u64, u64, u8)>; 3] = [flute.collect(), bass.collect(), piano.collect()];
    for (channel, notes) in (0..).zip(parts) {
        let notes = notes
            .into_iter()
            .map(|(start, length, key)| NewNote::new(channel, key, (start, start + length), 80));
        let notes: Vec<NewNote> = notes.collect();
        smf.tracks_mut()[usize::from(channel)].replace_notes(&[], &notes);
    }
    Song::of(&Smf::read(&smf.write()).unwrap()).unwrap()
}

/// The band at full amount.
fn transferred(
    song: &Song,
    target: Genre,
    variation: u8,
    arranger: &ArrangerTransfer,
) -> Rendition {
    let selection = PartSelection::default();
    let parts = Parts::of(song, &selection, &BTreeMap::new());
    let pair = if target == Genre::Pop {
        Pair::JAZZ_POP
    } else {
        Pair::JAZZ_CLASSIC
    };
    let direction = pair.towards(target).unwrap();
    let phrases = song.phrases(&parts.heard(&selection));
    let edits = phrases.iter().map(|phrase| {
        let wish = Wish {
            variation,
            held: phrase.heard.held,
            ..Wish::default()
        };
        let edits = arranger.edits(&phrase.heard.notes, (pair, direction), &wish);
        Some(edits.unwrap())
    });
    let control = Control {
        knob: if direction == Direction::AToB {
            1.0
        } else {
            -1.0
        },
        quantise: 1.0,
        guard: Guard::default(),
    };
    let edits: Vec<_> = edits.collect();
    let mut rendition = song.render(&selection, &phrases, &edits, control);
    parts.assign(song, &mut rendition);
    rendition
}

#[test]
fn a_flute_and_a_bass_stay_one_voice_and_the_piano_changes() {
    let (song, arranger) = (
        band(),
        ArrangerTransfer::from_bytes(shipped::arranger()).unwrap(),
    );
    for target in Genre::ALL {
        for variation in 1..=16 {
            let rendition = transferred(&song, target, variation, &arranger);
            let of = |track| {
                let notes = rendition.played.iter().filter(move |p| p.track == track);
                notes.map(|p| p.note).collect::<Vec<NewNote>>()
            };
            let what = format!("{target}, variation {variation}");
            for (track, name) in [(0, "flute"), (1, "bass")] {
                let line = of(track);
                assert!(!line.is_empty(), "{what}: the {name} is silent");
                for pair in line.windows(2) {
                    assert!(
                        pair[0].end <= pair[1].start,
                        "{what}: the {name} has two voices"
                    );
                }
            }
            assert!(
                of(1).iter().all(|note| BASS.contains(&note.key)),
                "{what}: bass"
            );
            let piano = rendition.played.iter().filter(|p| p.track == 2);
            let new = piano.filter(|p| p.source.is_none()).count();
            assert!(
                new > 0 || rendition.tally(&song).removed > 0,
                "{what}: nothing changes"
            );
        }
    }
}

#[test]
fn notes_faster_than_a_step_never_lie_over_each_other() {
    let arranger = ArrangerTransfer::from_bytes(shipped::arranger()).unwrap();
    let mut smf = Smf::read(&file(&[0])).unwrap();
    let notes = (0..64u64).map(|i| NewNote::new(0, 60, (i * 12, i * 12 + 8), 80));
    smf.tracks_mut()[0].replace_notes(&[], &notes.collect::<Vec<_>>());
    let song = Song::of(&Smf::read(&smf.write()).unwrap()).unwrap();
    for variation in 1..=8 {
        for target in [Genre::Jazz, Genre::Classic] {
            let rendition = transferred(&song, target, variation, &arranger);
            for (index, one) in rendition.played.iter().enumerate() {
                let mut later = rendition.played[index + 1..].iter();
                let over = later
                    .any(|other| other.note.key == one.note.key && other.note.start < one.note.end);
                assert!(!over, "{target}, variation {variation}: {:?}", one.note);
            }
        }
    }
}
