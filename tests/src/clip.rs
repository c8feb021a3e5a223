//! The demo's music: sixteen bars for a jazz trio, written for this project.
//!
//! A bar is eight eighth notes, written as text: a note name starts a note, `.` holds it, `-` is a
//! rest. Eighths swing: the second of two falls on two thirds of the beat.

use crate::song::{ClipNote, HostSong};

/// Bars of the clip.
pub const BARS: usize = 16;
/// Quarter notes a minute.
pub const TEMPO: f64 = 132.0;

/// The parts by MIDI channel, with the General MIDI program of their instrument.
pub const PARTS: [ClipPart; 4] = [
    ClipPart {
        name: "Melody (piano)",
        channel: 0,
        program: Some(0),
    },
    ClipPart {
        name: "Comping (piano)",
        channel: 1,
        program: Some(0),
    },
    ClipPart {
        name: "Bass",
        channel: 2,
        program: Some(32),
    },
    ClipPart {
        name: "Drums",
        channel: 9,
        program: None,
    },
];

/// One player's part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClipPart {
    /// The track's name.
    pub name: &'static str,
    /// MIDI channel, 0..=15.
    pub channel: u8,
    /// General MIDI program.
    pub program: Option<u8>,
}

/// A tune in F: a rising call, its answer, the same a step higher, a bridge, the way home.
const MELODY: [&str; BARS] = [
    "-   -   A4  C5  .   D5  C5  .",
    "A4  .   .   .   -   -   F4  G4",
    "A4  .   Bb4 D5  .   F5  D5  .",
    "C5  .   .   .   -   -   G4  A4",
    "-   -   C5  E5  .   D5  C5  .",
    "A4  .   F#4 .   A4  .   C5  .",
    "Bb4 .   A4  G4  .   D4  F4  .",
    "E4  .   .   .   -   -   C5  D5",
    "Eb5 .   C5  A4  .   F4  A4  .",
    "D5  .   .   .   -   -   Bb4 C5",
    "Db5 .   Bb4 G4  .   F4  G4  .",
    "C5  .   .   A4  .   -   F#4 A4",
    "-   -   G4  Bb4 .   D5  F5  .",
    "E5  .   D5  C5  .   Bb4 G4  .",
    "A4  .   F4  C5  .   .   .   .",
    ".   .   .   .   -   -   -   -",
];

/// Four quarters a bar, stepping from chord to chord.
const BASS: [&str; BARS] = [
    "F2  .   A2  .   C3  .   E2  .",
    "D2  .   F2  .   A2  .   Ab2 .",
    "G2  .   Bb2 .   D3  .   Db3 .",
    "C3  .   Bb2 .   G2  .   Bb2 .",
    "A2  .   C3  .   E3  .   Eb3 .",
    "D3  .   C3  .   A2  .   Ab2 .",
    "G2  .   F2  .   D2  .   Db2 .",
    "C2  .   E2  .   G2  .   E2  .",
    "F2  .   A2  .   C3  .   A2  .",
    "Bb2 .   D3  .   F3  .   A2  .",
    "Bb2 .   Db3 .   Eb3 .   G2  .",
    "A2  .   C3  .   D3  .   F#2 .",
    "G2  .   A2  .   Bb2 .   D3  .",
    "C3  .   Bb2 .   G2  .   E2  .",
    "F2  .   A2  .   G2  .   C2  .",
    "F2  .   .   .   .   .   -   -",
];

/// The chords as shells (third and seventh) with one colour, two to a bar.
const CHORDS: [[&str; 2]; BARS] = [
    ["E3 A3 D4", "E3 A3 D4"],
    ["F3 C4 E4", "F3 C4 E4"],
    ["F3 Bb3 D4", "F3 Bb3 D4"],
    ["E3 Bb3 D4", "E3 Bb3 D4"],
    ["G3 C4 E4", "G3 C4 E4"],
    ["F#3 C4 E4", "F#3 C4 Eb4"],
    ["F3 Bb3 D4", "F3 Bb3 D4"],
    ["E3 Bb3 D4", "E3 Bb3 Db4"],
    ["Eb3 A3 D4", "Eb3 A3 D4"],
    ["D3 A3 C4", "D3 A3 C4"],
    ["Db3 Ab3 C4", "Db3 G3 C4"],
    ["G3 C4 E4", "F#3 C4 E4"],
    ["F3 Bb3 D4", "F3 Bb3 D4"],
    ["E3 Bb3 D4", "E3 Bb3 Db4"],
    ["D3 A3 C4", "D3 A3 C4"],
    ["D3 A3 C4", "D3 A3 C4"],
];

/// When the chords are struck: the Charleston, and its answer with the weight turned round.
const COMPING: [&str; 2] = [
    "x   .   -   x   -   -   -   -",
    "-   -   x   .   -   x   .   -",
];

/// The clip as a song with its knob at rest.
pub fn song() -> HostSong {
    let mut notes = Vec::new();
    for bar in 0..BARS {
        let start = bar as f64 * 4.0;
        // Each player has a place beside the beat: the melody behind it, the bass on top of it.
        let melody = line(MELODY[bar]).map(|(slot, slots, key)| {
            let accent = if slot % 2 == 1 { 10 } else { 0 };
            note(start, slot, slots, key, 0, (84 + accent, 0.022))
        });
        notes.extend(melody);
        let bass = line(BASS[bar]).map(|(slot, slots, key)| {
            let accent = if slot % 4 == 2 { 8 } else { 0 };
            note(start, slot, slots, key, 2, (82 + accent, -0.008))
        });
        notes.extend(bass);
        let last = bar == BARS - 1;
        let rhythm = if last {
            "x   .   .   .   .   .   -   -"
        } else {
            COMPING[bar % 2]
        };
        for (slot, slots) in strikes(rhythm) {
            let chord = CHORDS[bar][usize::from(slot >= 4)];
            let keys = chord.split_whitespace().map(key_of_name);
            notes.extend(keys.map(|key| note(start, slot, slots, key, 1, (64, 0.006))));
        }
        notes.extend(drums(start, last));
    }
    join_held(&mut notes);
    notes.sort_by(|a, b| a.onset.total_cmp(&b.onset).then(a.key.cmp(&b.key)));
    HostSong::new(TEMPO, notes)
}

/// The ride with the hi-hat's foot on two and four; a last stroke at the end.
fn drums(start: f64, last: bool) -> Vec<ClipNote> {
    const RIDE: u8 = 51;
    const HAT: u8 = 44;
    let stroke = |slot, key, velocity| note(start, slot, 1, key, 9, (velocity, 0.0));
    if last {
        return vec![stroke(0, RIDE, 88)];
    }
    vec![
        stroke(0, RIDE, 76),
        stroke(2, RIDE, 88),
        stroke(3, RIDE, 66),
        stroke(4, RIDE, 76),
        stroke(6, RIDE, 88),
        stroke(7, RIDE, 66),
        stroke(2, HAT, 70),
        stroke(6, HAT, 70),
    ]
}

/// A note from its slot and length in eighths, with its velocity and its lag in beats.
fn note(start: f64, slot: usize, slots: usize, key: u8, channel: u8, feel: (u8, f64)) -> ClipNote {
    let (velocity, lag) = feel;
    let end = swung(slot + slots);
    ClipNote {
        // The first note of all stays on the first beat: nothing plays before the song.
        onset: (start + swung(slot) + lag).max(0.0),
        // Played notes let go a little before the next one.
        release: start + end - 0.06,
        key,
        velocity,
        channel,
    }
}

/// Where an eighth of the bar falls, in beats: on the beat, or on two thirds of it.
fn swung(slot: usize) -> f64 {
    (slot / 2) as f64 + if slot % 2 == 1 { 2.0 / 3.0 } else { 0.0 }
}

/// The notes of a bar's text: first slot, length in slots, key. A note held over from the bar
/// before has [`HELD`] as its key.
fn line(text: &str) -> impl Iterator<Item = (usize, usize, u8)> {
    let cells: Vec<&str> = text.split_whitespace().collect();
    let held = cells.iter().take_while(|cell| **cell == ".").count();
    let over = (held > 0).then_some((0, held, HELD));
    let starts = cells
        .iter()
        .enumerate()
        .filter(|(_, cell)| !matches!(**cell, "." | "-"))
        .map(|(slot, name)| (slot, 1 + rest(&cells[slot + 1..]), key_of_name(name)))
        .collect::<Vec<_>>();
    over.into_iter().chain(starts)
}

/// Marks what is held over a bar line until [`join_held`] has joined it.
const HELD: u8 = 0;

fn rest(cells: &[&str]) -> usize {
    cells.iter().take_while(|cell| **cell == ".").count()
}

/// The strikes of a rhythm: first slot and length.
fn strikes(rhythm: &str) -> Vec<(usize, usize)> {
    let cells: Vec<&str> = rhythm.split_whitespace().collect();
    let struck = cells.iter().enumerate().filter(|(_, cell)| **cell == "x");
    struck
        .map(|(slot, _)| (slot, 1 + rest(&cells[slot + 1..])))
        .collect()
}

/// Lets each note that is held over a bar line last as long as its continuation.
fn join_held(notes: &mut Vec<ClipNote>) {
    let held: Vec<ClipNote> = notes.extract_if(.., |note| note.key == HELD).collect();
    for over in held {
        let before = notes
            .iter_mut()
            .filter(|note| note.channel == over.channel && note.onset < over.onset)
            .max_by(|a, b| a.onset.total_cmp(&b.onset));
        if let Some(before) = before {
            before.release = over.release;
        }
    }
}

/// The MIDI key of a note name such as `F#4`, `Bb2`; C4 is 60. The names are this file's own.
fn key_of_name(name: &str) -> u8 {
    let (letter, rest) = name.split_at(1);
    let (sign, octave) = match rest.strip_prefix('#') {
        Some(octave) => (1, octave),
        None => match rest.strip_prefix('b') {
            Some(octave) => (-1, octave),
            None => (0, rest),
        },
    };
    let semitone = match letter {
        "C" => 0,
        "D" => 2,
        "E" => 4,
        "F" => 5,
        "G" => 7,
        "A" => 9,
        _ => 11,
    };
    let octave: i32 = octave.parse().unwrap_or(4);
    (12 * (octave + 1) + semitone + sign) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_musicians_write_them() {
        let keys = ["C4", "F#4", "Bb2", "Eb5", "B3"].map(key_of_name);
        assert_eq!(keys, [60, 66, 46, 75, 59]);
    }

    #[test]
    fn every_bar_is_full() {
        for text in MELODY.iter().chain(&BASS).chain(&COMPING) {
            assert_eq!(text.split_whitespace().count(), 8, "{text}");
        }
    }

    #[test]
    fn a_held_note_sounds_over_the_bar_line() {
        let song = song();
        let end = song.notes.iter().filter(|note| note.channel == 0);
        let last = end.max_by(|a, b| a.onset.total_cmp(&b.onset)).unwrap();
        assert_eq!(last.key, key_of_name("C5"));
        assert!(last.onset < 60.0 && last.release > 61.0, "{last:?}");
    }

    #[test]
    fn the_trio_can_play_it() {
        let song = song();
        assert!(song.notes.iter().all(|note| note.release > note.onset));
        assert!(song.notes.iter().all(|note| note.release <= 64.0));
        for part in PARTS {
            let range = match part.channel {
                0 => 60..=84,
                1 => 48..=66,
                2 => 36..=53,
                _ => 35..=60,
            };
            let own = song
                .notes
                .iter()
                .filter(|note| note.channel == part.channel);
            assert!(own.clone().count() > 30, "{}", part.name);
            assert!(own.clone().all(|note| range.contains(&note.key)));
        }
        // One voice for the melody and one for the bass: no note before the last has ended.
        for channel in [0, 2] {
            let own: Vec<_> = song.notes.iter().filter(|n| n.channel == channel).collect();
            assert!(own.windows(2).all(|pair| pair[1].onset >= pair[0].release));
        }
    }
}
