//! Roles of parts, and where new notes go.

use super::*;
use crate::smf::{NewNote, Smf, tests::file};
use crate::song::{Played, Rendition};

const QUARTER: u64 = 96;

/// A note: start and length in quarters of a beat, key.
type Plain = (u64, u64, u8);

/// A song with a track for each program and its notes, each on a channel of its own.
fn song(tracks: &[(u8, Vec<Plain>)]) -> Song {
    let data: Vec<Vec<u8>> = (0..tracks.len() as u8)
        .map(|channel| {
            let program = tracks[usize::from(channel)].0;
            vec![0, 0xc0 | channel, program, 0, 0xff, 0x2f, 0]
        })
        .collect();
    let slices: Vec<&[u8]> = data.iter().map(Vec::as_slice).collect();
    let mut smf = Smf::read(&file(1, [0, QUARTER as u8], &slices)).unwrap();
    for (index, (_, notes)) in tracks.iter().enumerate() {
        let notes: Vec<NewNote> = notes
            .iter()
            .map(|(start, length, key)| new(index as u8, *start, *length, *key))
            .collect();
        smf.tracks_mut()[index].replace_notes(&[], &notes);
    }
    Song::of(&Smf::read(&smf.write()).unwrap()).unwrap()
}

fn new(channel: u8, start: u64, length: u64, key: u8) -> NewNote {
    NewNote::new(channel, key, (start * 24, (start + length) * 24), 80)
}

/// A flute, a bass, a piano with chords.
fn band() -> Song {
    let flute = (0..32).map(|i| (2 * i, 2, 72 + (i % 8) as u8));
    let bass = (0..16).map(|i| (4 * i, 4, 36 + (i % 4) as u8));
    let piano = (0..8).flat_map(|i| [52, 55, 60].map(|key| (8 * i, 8, key)));
    song(&[
        (73, flute.collect()),
        (32, bass.collect()),
        (0, piano.collect()),
    ])
}

fn parts(song: &Song) -> Parts {
    Parts::of(song, &PartSelection::default(), &BTreeMap::new())
}

/// Every note as it was, and these new ones beside the notes of a track.
fn rendition(song: &Song, added: &[(usize, u64, u64, u8)]) -> Rendition {
    let sources: Vec<usize> = (0..song.notes().len()).collect();
    let mut played: Vec<Played> = sources
        .iter()
        .map(|index| {
            let note = &song.notes()[*index];
            Played {
                source: Some(*index),
                track: note.track,
                note: note.unchanged(),
            }
        })
        .collect();
    played.extend(added.iter().map(|(track, start, length, key)| Played {
        source: None,
        track: *track,
        note: new(*track as u8, *start, *length, *key),
    }));
    Rendition { sources, played }
}

/// The new notes: track, start in quarters of a beat, key.
fn added(rendition: &Rendition) -> Vec<(usize, u64, u8)> {
    let new = rendition
        .played
        .iter()
        .filter(|played| played.source.is_none());
    new.map(|p| (p.track, p.note.start / 24, p.note.key))
        .collect()
}

#[test]
fn a_band_is_a_voice_a_bass_and_chords() {
    let kinds: Vec<Kind> = parts(&band()).iter().map(|part| part.kind).collect();
    assert_eq!(kinds, [Kind::Voice, Kind::Bass, Kind::Chords]);
}

#[test]
fn the_user_s_word_counts_more() {
    let taken_for = BTreeMap::from([(0, Kind::Kept), (1, Kind::Chords)]);
    let song = band();
    let parts = Parts::of(&song, &PartSelection::default(), &taken_for);
    let kinds: Vec<Kind> = parts.iter().map(|part| part.kind).collect();
    assert_eq!(kinds, [Kind::Kept, Kind::Chords, Kind::Chords]);
    let selection = parts.heard(&PartSelection::default());
    let heard = song.notes().iter().filter(|note| selection.contains(note));
    assert!(heard.clone().all(|note| note.track != 0) && heard.count() == 16 + 24);
    assert!("organ".parse::<Kind>().is_err());
    assert_eq!("bass".parse(), Ok(Kind::Bass));
}

#[test]
fn new_notes_go_where_they_can_be_played() {
    let song = band();
    // Beside the flute, low between two bass notes, far below the bass, and above the piano.
    let new = [
        (0, 5, 2, 65),
        (2, 6, 2, 38),
        (1, 10, 2, 24),
        (0, 20, 4, 108),
    ];
    let mut rendition = rendition(&song, &new);
    parts(&song).assign(&song, &mut rendition);
    assert_eq!(
        added(&rendition),
        [(2, 5, 65), (1, 6, 38), (2, 10, 24), (2, 20, 108)]
    );
    // The bass note before the new one ends where that begins.
    let cut = rendition
        .played
        .iter()
        .find(|p| p.track == 1 && p.note.start == 4 * 24);
    assert_eq!(cut.unwrap().note.end, 6 * 24);
    for track in [0, 1] {
        let line: Vec<&Played> = rendition
            .played
            .iter()
            .filter(|p| p.track == track)
            .collect();
        for pair in line.windows(2) {
            assert!(pair[0].note.end <= pair[1].note.start);
        }
    }
}

#[test]
fn without_chords_a_voice_stays_alone() {
    let line: Vec<Plain> = (0..16).map(|i| (4 * i, 4, 72)).collect();
    let song = song(&[(73, line)]);
    assert!(parts(&song).is_one_voice());
    // While it sounds, nothing is added to it.
    let mut rendition = rendition(&song, &[(0, 5, 2, 65)]);
    parts(&song).assign(&song, &mut rendition);
    assert_eq!(added(&rendition), []);
}

#[test]
fn a_part_that_doubles_goes_on_doubling() {
    let chords = |up: u8| -> Vec<Plain> {
        let chord = (0..8).flat_map(|i| [52, 55, 60].map(|key| (8 * i, 8, key + up)));
        chord.collect()
    };
    let song = song(&[(0, chords(0)), (48, chords(12))]);
    let parts = parts(&song);
    assert_eq!(
        parts.iter().map(|p| p.doubles).collect::<Vec<_>>(),
        [None, Some((0, 12))]
    );
    let mut rendition = rendition(&song, &[(0, 4, 2, 67)]);
    // The network hears the first part only, and takes its first note away.
    rendition
        .sources
        .retain(|index| song.notes()[*index].track == 0);
    let first = rendition.sources[0];
    rendition
        .played
        .retain(|p| p.source != Some(first) && p.track == 0);
    parts.assign(&song, &mut rendition);
    assert_eq!(added(&rendition), [(0, 4, 67), (1, 4, 79)]);
    let of = |track| rendition.played.iter().filter(move |p| p.track == track);
    assert!(of(0).map(|p| p.note.key + 12).eq(of(1).map(|p| p.note.key)));
    assert!(
        of(1)
            .filter(|p| p.note.start == 0)
            .all(|p| p.source.is_some())
    );
    assert_eq!(rendition.sources.len(), song.notes().len());
}

#[test]
fn where_no_part_has_chords_a_voice_that_rests_plays_what_is_new() {
    let line = |key: u8| (0..8).map(|i| (8 * i, 4, key)).collect::<Vec<Plain>>();
    let song = song(&[(40, line(76)), (41, line(60))]);
    // In the rests of both, near the second; while both sound; beyond both.
    let new = [(0, 4, 2, 62), (0, 10, 2, 62), (0, 20, 2, 20)];
    let mut rendition = rendition(&song, &new);
    parts(&song).assign(&song, &mut rendition);
    assert_eq!(added(&rendition), [(1, 4, 62)]);
}
