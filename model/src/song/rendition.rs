//! A song with edits applied, as the command line writes it into the file.
//!
//! The same [`Performer`] as in the plugin plays it, over the whole song, with its slots' own
//! times as output timeline. Notes that come out as they went in keep their events untouched.

use std::collections::{BTreeMap, VecDeque};

use crate::genre::Direction;
use crate::perform::{self, Body, Clock, Control, Emission, Performer, SlotPart};
use crate::roll::edits::Edits;
use crate::roll::{SLOTS, STEPS, row_of_key};
use crate::smf::time::BeatMap;
use crate::smf::{NewNote, Smf};

use super::{PartSelection, Phrase, Song, SongNote};

/// Phrases whose slots are open before they are played, so that long notes find their end.
const AHEAD: usize = 4;
/// Pages of edits that are used in turn.
const PAGES: usize = 8;
/// Notes up to this much (beats) before a phrase belong to its first step.
const EARLY: f64 = 0.125;

/// A note of the output.
#[derive(Clone, Debug, PartialEq)]
pub struct Played {
    /// The source note, as index into the song's notes; `None` for one that was added.
    pub source: Option<usize>,
    /// Index of its track in the file.
    pub track: usize,
    /// The note itself, in ticks.
    pub note: NewNote,
}

/// The selected notes of a song as they are played with edits.
#[derive(Clone, Debug)]
pub struct Rendition {
    /// Selected source notes in the range of the roll, as indices into the song's notes.
    pub sources: Vec<usize>,
    /// The notes played in their place, in order of onset.
    pub played: Vec<Played>,
}

/// How many notes there are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Source notes that are played as they were.
    pub unchanged: usize,
    /// Source notes that are played at another time or length.
    pub changed: usize,
    /// Source notes that are not played.
    pub removed: usize,
    /// Notes that were not there.
    pub added: usize,
}

impl Song {
    /// Plays the selected notes with the edits of their phrases (`edits[i]` belongs to
    /// `phrases[i]`, in the direction of the knob; a phrase without edits plays dry) by a control
    /// that stays.
    pub fn render(
        &self,
        selection: &PartSelection,
        phrases: &[Phrase],
        edits: &[Option<Edits>],
        control: Control,
    ) -> Rendition {
        let (direction, _) = Direction::of_knob(control.knob);
        let sources = self.notes.iter().enumerate();
        let sources: Vec<usize> = sources
            .filter(|(_, note)| selection.contains(note) && row_of_key(note.key).is_some())
            .map(|(index, _)| index)
            .collect();
        let mut stage = Recorder::new(self);
        let mut performer = Performer::new();
        let mut opened = 0;
        let mut waiting = sources.iter().copied().peekable();
        let mut refused = Vec::new();
        let mut now = 0;
        let clock = FileClock(&self.beats);
        for number in 0..self.grid.phrases() {
            let ahead = ((number + AHEAD) * SLOTS).min(self.grid.slots().len());
            for slot in &self.grid.slots()[opened.min(ahead)..ahead] {
                let serial = performer.open_slot(slot.start, slot.steps);
                performer.settle(serial, serial, 0.0);
            }
            opened = opened.max(ahead);
            if let (Some(phrase), Some(Some(edits))) = (phrases.get(number), edits.get(number)) {
                let first = (number * SLOTS) as i64;
                performer.set_page(number % PAGES, &phrase.heard);
                performer.fill(number % PAGES, direction, edits);
                for slot in first..first + SLOTS as i64 {
                    performer.attach((slot, SlotPart::Main), number % PAGES, first, [true; 2]);
                }
            }
            let begins = |index: usize| self.grid.nearest(self.notes[index].onset) / STEPS;
            while let Some(index) = waiting.next_if(|index| begins(*index) <= number) {
                let note = &self.notes[index];
                let velocity = f32::from(note.off_velocity) / 127.0;
                if !performer.note(note.onset, note.release, source(index, note), velocity) {
                    refused.push(index);
                }
            }
            let last = self.grid.slots_of_phrase(number).last();
            let end = last.map_or(0.0, |slot| slot.end);
            let until = clock.tick(end - EARLY).max(now);
            performer.run(&clock, now, until, control, &mut |e| stage.take(&e));
            now = until;
        }
        performer.run(&clock, now, i64::MAX, control, &mut |e| stage.take(&e));
        let mut played = stage.played;
        // Notes that found no room in the performer, or came too late, stay as they are.
        played.extend(waiting.chain(refused).map(|index| self.untouched(index)));
        self.fit(&mut played);
        played.sort_by_key(|played| (played.note.start, played.track, played.note.key));
        Rendition { sources, played }
    }

    pub(super) fn untouched(&self, index: usize) -> Played {
        let note = &self.notes[index];
        Played {
            source: Some(index),
            track: note.track,
            note: note.unchanged(),
        }
    }

    /// Keeps the file's length: what was added behind its end goes, the rest ends there.
    fn fit(&self, played: &mut Vec<Played>) {
        let end = self.end_tick;
        played.retain(|played| played.source.is_some() || played.note.start < end);
        for played in played {
            let same = played.source.is_some_and(|index| {
                (self.notes[index].start, self.notes[index].end)
                    == (played.note.start, played.note.end)
            });
            if !same {
                let source = played.source.map(|index| &self.notes[index]);
                let least = u64::from(source.is_none_or(|note| note.end > note.start));
                played.note.start = played.note.start.min(end.saturating_sub(least));
                let first = played.note.start + least;
                played.note.end = played.note.end.clamp(first, end.max(first));
            }
        }
    }
}

fn source(index: usize, note: &SongNote) -> perform::Note {
    perform::Note {
        channel: note.channel,
        key: note.key,
        id: i32::try_from(index).ok(),
        velocity: f32::from(note.velocity) / 127.0,
    }
}

/// Ticks of the file.
struct FileClock<'a>(&'a BeatMap);

impl Clock for FileClock<'_> {
    fn tick(&self, beats: f64) -> i64 {
        self.0.tick(beats) as i64
    }
}

/// Makes whole notes of what the performer emits.
struct Recorder<'a> {
    song: &'a Song,
    played: Vec<Played>,
    /// Notes that sound, by id, channel and key, as indices into `played`.
    sounding: BTreeMap<(Option<i32>, u8, u8), VecDeque<usize>>,
}

impl<'a> Recorder<'a> {
    fn new(song: &'a Song) -> Self {
        Self {
            song,
            played: Vec::new(),
            sounding: BTreeMap::new(),
        }
    }

    fn take(&mut self, emission: &Emission) -> bool {
        let tick = emission.tick.max(0) as u64;
        match emission.body {
            Body::On(note) => self.strike(tick, note, emission.added_near.flatten()),
            Body::Off(note) => {
                let key = (note.id, note.channel, note.key);
                let sounding = self.sounding.get_mut(&key).and_then(VecDeque::pop_front);
                if let Some(place) = sounding {
                    self.played[place].note.end = tick;
                    self.played[place].note.off_velocity = seven_bits(note.velocity);
                }
                true
            }
            Body::Message(_) => true,
        }
    }

    fn strike(&mut self, tick: u64, note: perform::Note, near: Option<i32>) -> bool {
        let index = |id: Option<i32>| usize::try_from(id?).ok();
        let source = index(note.id);
        let Some(model) = source.or(index(near)) else {
            // There is no track to put it on: nothing was ever played before.
            return false;
        };
        let key = (note.id, note.channel, note.key);
        self.sounding
            .entry(key)
            .or_default()
            .push_back(self.played.len());
        self.played.push(Played {
            source,
            track: self.song.notes[model].track,
            note: NewNote::new(
                note.channel,
                note.key,
                (tick, tick),
                seven_bits(note.velocity).max(1),
            ),
        });
        true
    }
}

fn seven_bits(value: f32) -> u8 {
    (value * 127.0).round().clamp(0.0, 127.0) as u8
}

impl Rendition {
    /// Writes the rendition into the file that `song` was made of. Notes that are played as they
    /// were keep their events; all else in the file stays.
    pub fn write_into(&self, song: &Song, smf: &mut Smf) {
        let mut plays: BTreeMap<usize, Vec<&Played>> = BTreeMap::new();
        let mut new: BTreeMap<usize, Vec<NewNote>> = BTreeMap::new();
        for played in &self.played {
            match played.source {
                Some(index) => plays.entry(index).or_default().push(played),
                None => new.entry(played.track).or_default().push(played.note),
            }
        }
        let mut gone: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for index in &self.sources {
            let note = &song.notes[*index];
            let plays = plays.get(index).map_or(&[][..], Vec::as_slice);
            if is_unchanged(note, plays) {
                continue;
            }
            let events = gone.entry(note.track).or_default();
            events.extend([Some(note.on_event), note.off_event].into_iter().flatten());
            let notes = plays.iter().map(|played| played.note);
            new.entry(note.track).or_default().extend(notes);
        }
        for (index, track) in smf.tracks_mut().iter_mut().enumerate() {
            let remove = gone.get(&index).map_or(&[][..], Vec::as_slice);
            let notes = new.get(&index).map_or(&[][..], Vec::as_slice);
            track.replace_notes(remove, notes);
        }
    }

    /// Counts the notes.
    pub fn tally(&self, song: &Song) -> Tally {
        let mut plays: BTreeMap<usize, Vec<&Played>> = BTreeMap::new();
        let mut tally = Tally::default();
        for played in &self.played {
            match played.source {
                Some(index) => plays.entry(index).or_default().push(played),
                None => tally.added += 1,
            }
        }
        for index in &self.sources {
            match plays.get(index) {
                None => tally.removed += 1,
                Some(plays) if is_unchanged(&song.notes[*index], plays) => tally.unchanged += 1,
                Some(_) => tally.changed += 1,
            }
        }
        tally
    }
}

fn is_unchanged(note: &SongNote, plays: &[&Played]) -> bool {
    let [played] = plays else { return false };
    (note.start, note.end, note.velocity)
        == (played.note.start, played.note.end, played.note.velocity)
}

#[cfg(test)]
mod tests;
