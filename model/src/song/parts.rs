//! The parts of a song: what each track is taken for, and to which part a new note goes.
//!
//! A part of one voice stays one voice, a bass part a bass: notes that the network adds go to
//! parts that have chords, new low notes to a bass, each within what the part's instrument can
//! play. Two parts that double each other go on doubling.

mod assign;
mod range;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;

use super::{PartSelection, Song, SongNote};

/// Largest share of notes that overlap in a part of one voice: slurs overlap.
const OVERLAPPING: f64 = 0.05;
/// How long (beats) notes of one voice may overlap.
const SLUR: f64 = 0.13;
/// A part of one voice whose median key lies below this (E3) is a bass.
const BASS_BELOW: u8 = 52;
/// How far (semitones) a bass's new notes may lie from those that it plays already.
const NEAR: u8 = 5;
/// The share of notes that two parts must have in common to double each other.
const DOUBLED: f64 = 0.9;
/// Onsets that differ by less (beats) are the same.
const SAME: f64 = 0.03;
/// The fewest notes by which a part can be told to double another.
const FEWEST: usize = 8;

/// Role of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Chords, or several voices: new notes go here.
    Chords,
    /// One voice: nothing is added to it.
    Voice,
    /// One low voice: the lowest new notes go here.
    Bass,
    /// Left as it is, and not heard by the network.
    Kept,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Chords => "chords",
            Self::Voice => "one voice",
            Self::Bass => "bass",
            Self::Kept => "kept",
        })
    }
}

impl std::str::FromStr for Kind {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "chords" => Ok(Self::Chords),
            "voice" => Ok(Self::Voice),
            "bass" => Ok(Self::Bass),
            "keep" => Ok(Self::Kept),
            other => Err(format!(
                "{other:?} is nothing that a track can be taken for: expected chords, voice, bass \
                 or keep"
            )),
        }
    }
}

/// A track's notes on one channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SongPart {
    /// Index of the track in the file.
    pub track: usize,
    /// 0..=15.
    pub channel: u8,
    /// General MIDI's instrument number less one.
    pub program: u8,
    /// Its role.
    pub kind: Kind,
    /// True if its own notes are chords, or several voices, whatever it is taken for.
    pub has_chords: bool,
    /// The keys that new notes may have.
    pub keys: RangeInclusive<u8>,
    /// The part that it doubles, as an index into [`Parts`], and how many semitones above it.
    pub doubles: Option<(usize, i8)>,
    /// The median of its keys.
    pub median: u8,
    /// Number of its notes.
    pub notes: usize,
}

impl SongPart {
    /// True if it is taken for one voice and plays chords: nothing is added to it then, and its
    /// own notes are no line.
    pub fn is_line_of_chords(&self) -> bool {
        self.has_chords && matches!(self.kind, Kind::Voice | Kind::Bass)
    }
}

/// The parts of a song, in the order of their tracks and channels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    parts: Vec<SongPart>,
}

impl Parts {
    /// The parts of the selected notes. `taken_for` says what the user takes a track for, by its
    /// index in the file.
    pub fn of(song: &Song, selection: &PartSelection, taken_for: &BTreeMap<usize, Kind>) -> Self {
        let mut notes: BTreeMap<(usize, u8), Vec<&SongNote>> = BTreeMap::new();
        for note in song.notes().iter().filter(|note| selection.contains(note)) {
            notes
                .entry((note.track, note.channel))
                .or_default()
                .push(note);
        }
        let parts = notes.iter().map(|((track, channel), notes)| {
            let program = notes.first().map_or(0, |note| note.program);
            let by_notes = kind_of(notes, program);
            let kind = taken_for.get(track).copied().unwrap_or(by_notes);
            SongPart {
                track: *track,
                channel: *channel,
                program,
                kind,
                has_chords: by_notes == Kind::Chords,
                keys: keys(notes, program, kind),
                doubles: None,
                median: median(notes),
                notes: notes.len(),
            }
        });
        let mut parts: Vec<SongPart> = parts.collect();
        let notes: Vec<Vec<&SongNote>> = notes.into_values().collect();
        for index in 1..parts.len() {
            let leads = |leader: &usize| {
                let lead = &parts[*leader];
                lead.doubles.is_none() && lead.kind != Kind::Kept
            };
            let found = (0..index).filter(leads).find_map(|leader| {
                let interval = doubled(&notes[leader], &notes[index])?;
                Some((leader, interval))
            });
            if parts[index].kind != Kind::Kept && !taken_for.contains_key(&parts[index].track) {
                parts[index].doubles = found;
            }
        }
        Self { parts }
    }

    /// The parts.
    pub fn iter(&self) -> impl Iterator<Item = &SongPart> {
        self.parts.iter()
    }

    /// `selection` without the parts that the network does not hear: those that are kept, and
    /// those that double others.
    #[must_use]
    pub fn heard(&self, selection: &PartSelection) -> PartSelection {
        let deaf = |part: &&SongPart| part.kind == Kind::Kept || part.doubles.is_some();
        let except = self.parts.iter().filter(deaf);
        PartSelection {
            except: except.map(|part| (part.track, part.channel)).collect(),
            ..selection.clone()
        }
    }

    /// True if the network hears a single part of one voice, which then stays one by itself.
    pub fn is_one_voice(&self) -> bool {
        let heard = |part: &&SongPart| part.kind != Kind::Kept && part.doubles.is_none();
        let mut heard = self.parts.iter().filter(heard);
        let line = heard.next().filter(|part| !part.is_line_of_chords());
        let kind = line.map(|part| part.kind);
        heard.next().is_none() && matches!(kind, Some(Kind::Voice | Kind::Bass))
    }

    /// A note's part and its index.
    fn of_note(&self, note: &SongNote) -> Option<(usize, &SongPart)> {
        self.place(note.track, note.channel)
            .map(|index| (index, &self.parts[index]))
    }

    fn place(&self, track: usize, channel: u8) -> Option<usize> {
        let mut parts = self.parts.iter();
        parts.position(|part| (part.track, part.channel) == (track, channel))
    }
}

/// Role of a part by its notes.
fn kind_of(notes: &[&SongNote], program: u8) -> Kind {
    let mut end = f64::MIN;
    let mut together = 0;
    for note in notes {
        // Onsets are in order.
        together += usize::from(end - note.onset > SLUR.min((note.release - note.onset) / 2.0));
        end = end.max(note.release);
    }
    if together as f64 > OVERLAPPING * notes.len() as f64 {
        return Kind::Chords;
    }
    if range::is_bass(program) || median(notes) < BASS_BELOW {
        Kind::Bass
    } else {
        Kind::Voice
    }
}

/// The median of the keys of some notes.
fn median(notes: &[&SongNote]) -> u8 {
    let mut keys: Vec<u8> = notes.iter().map(|note| note.key).collect();
    keys.sort_unstable();
    keys.get(keys.len() / 2).copied().unwrap_or(60)
}

/// The keys that new notes of a part may have: what it plays already, and of the rest of its
/// instrument's compass all, or for a bass what lies within [`NEAR`] of its own notes.
fn keys(notes: &[&SongNote], program: u8, kind: Kind) -> RangeInclusive<u8> {
    let compass = range::of_program(program);
    let own = notes.iter().map(|note| note.key);
    let (low, high) = own.fold((127, 0), |(low, high), key| (key.min(low), key.max(high)));
    let reach = if kind == Kind::Bass { NEAR } else { 127 };
    let lowest = low.saturating_sub(reach).max(*compass.start()).min(low);
    let highest = high.saturating_add(reach).min(*compass.end()).max(high);
    lowest..=highest
}

/// How many semitones `part` lies above `leader`, if it doubles it.
fn doubled(leader: &[&SongNote], part: &[&SongNote]) -> Option<i8> {
    if part.len() < FEWEST || leader.len().abs_diff(part.len()) * 10 > leader.len() {
        return None;
    }
    let meets = |interval: i8| {
        let met = part.iter().filter(|note| {
            let from = leader.partition_point(|lead| lead.onset < note.onset - SAME);
            leader[from..]
                .iter()
                .take_while(|lead| lead.onset <= note.onset + SAME)
                .any(|lead| i16::from(note.key) - i16::from(lead.key) == i16::from(interval))
        });
        met.count() as f64 >= DOUBLED * part.len() as f64
    };
    [0, 12, -12, 24, -24]
        .into_iter()
        .find(|interval| meets(*interval))
}

#[cfg(test)]
mod tests;
