//! Note-ons and note-offs to notes.

use std::collections::{BTreeMap, VecDeque};

use crate::smf::time::BeatMap;
use crate::smf::{Smf, SmfMessage, Track};

use super::SongNote;
use super::drums::DrumMap;
use super::pedal::Pedals;

/// A note that is never ended and never struck again is taken to last this long, in beats.
const UNENDED: f64 = 4.0;
/// So long (in beats) a note that only the pedal holds rings at most: a phrase.
const LONGEST_RING: f64 = 16.0;

/// The notes of a file, by onset, track and event.
pub(super) fn notes(smf: &Smf, beats: &BeatMap) -> Vec<SongNote> {
    let programs = Programs::of(smf);
    let drums = DrumMap::of(smf);
    let pedals = Pedals::of(smf);
    let mut notes: Vec<SongNote> = Vec::new();
    for (index, track) in smf.tracks().iter().enumerate() {
        notes.extend(of_track(index, track, beats));
    }
    for note in &mut notes {
        note.program = programs.at(note.track, note.channel, note.start);
        note.drum = drums.is_drum(note.track, note.channel, note.start);
        let end = (note.end, note.track, note.off_event.unwrap_or(usize::MAX));
        let longest = note.release + LONGEST_RING;
        let ring = pedals.ring(note.channel, end);
        note.ring = ring.map_or(longest, |tick| beats.beats(tick).min(longest));
    }
    notes.sort_by_key(|note| (note.start, note.track, note.on_event));
    notes
}

/// The strikes and releases of one key of one channel.
#[derive(Default)]
struct Key {
    /// Notes that sound, oldest first, as indices into the track's notes.
    sounding: VecDeque<usize>,
    /// Events since nothing of the key sounded: a note, or the event of a note-off.
    since_silence: Vec<Step>,
}

#[derive(Clone, Copy)]
enum Step {
    On(usize),
    Off(usize),
}

fn of_track(track: usize, events: &Track, beats: &BeatMap) -> Vec<SongNote> {
    let mut notes: Vec<SongNote> = Vec::new();
    let mut keys: BTreeMap<(u8, u8), Key> = BTreeMap::new();
    for (index, event) in events.events().iter().enumerate() {
        match event.message {
            SmfMessage::NoteOn {
                channel,
                key,
                velocity,
            } => {
                let held = keys.entry((channel, key)).or_default();
                held.sounding.push_back(notes.len());
                held.since_silence.push(Step::On(notes.len()));
                notes.push(SongNote {
                    track,
                    channel,
                    key,
                    velocity,
                    off_velocity: 64,
                    start: event.tick,
                    end: event.tick,
                    onset: beats.beats(event.tick),
                    release: 0.0,
                    ring: 0.0,
                    program: 0,
                    drum: false,
                    on_event: index,
                    off_event: None,
                });
            }
            SmfMessage::NoteOff { channel, key, .. } => {
                let held = keys.entry((channel, key)).or_default();
                // A note-off that ends nothing belongs to no note and stays where it is.
                if let Some(note) = held.sounding.pop_front() {
                    held.since_silence.push(Step::Off(index));
                    end_at_event(&mut notes[note], events, index);
                }
                if held.sounding.is_empty() {
                    held.since_silence.clear();
                }
            }
            _ => {}
        }
    }
    for held in keys.values().filter(|key| !key.sounding.is_empty()) {
        end_as_re_struck(&mut notes, &held.since_silence, events, beats);
    }
    for note in &mut notes {
        note.release = beats.beats(note.end);
    }
    notes
}

fn end_at_event(note: &mut SongNote, events: &Track, index: usize) {
    let event = &events.events()[index];
    note.end = event.tick;
    note.off_event = Some(index);
    if let SmfMessage::NoteOff { velocity, .. } = event.message {
        note.off_velocity = velocity;
    }
}

/// Ends the notes of a key for which note-offs are missing. First come first ended would give
/// the wrong note the end, so each note ends where its key is next struck or released.
fn end_as_re_struck(notes: &mut [SongNote], steps: &[Step], events: &Track, beats: &BeatMap) {
    let mut sounding: Option<usize> = None;
    for step in steps {
        match *step {
            Step::On(note) => {
                if let Some(before) = sounding.replace(note) {
                    notes[before].end = notes[note].start;
                    notes[before].off_event = None;
                }
                notes[note].off_event = None;
            }
            Step::Off(index) => {
                if let Some(note) = sounding.take() {
                    end_at_event(&mut notes[note], events, index);
                }
            }
        }
    }
    if let Some(note) = sounding {
        let end = beats.tick(notes[note].onset + UNENDED);
        notes[note].end = end.min(events.end_tick()).max(notes[note].start);
        notes[note].off_event = None;
    }
}

/// The instruments of the channels over time.
struct Programs {
    /// By track and channel; the track is `None` for the changes of all tracks together.
    changes: BTreeMap<(Option<usize>, u8), Vec<Change>>,
}

/// From a tick on, an instrument.
type Change = (u64, u8);

impl Programs {
    fn of(smf: &Smf) -> Self {
        let mut changes: BTreeMap<_, Vec<Change>> = BTreeMap::new();
        for (index, track) in smf.tracks().iter().enumerate() {
            for event in track.events() {
                if let SmfMessage::Program { channel, program } = event.message {
                    for track in [Some(index), None] {
                        let list = changes.entry((track, channel)).or_default();
                        list.push((event.tick, program));
                    }
                }
            }
        }
        for list in changes.values_mut() {
            list.sort_by_key(|(tick, _)| *tick);
        }
        Self { changes }
    }

    /// The instrument of a channel at a tick. The track's own changes come first: files for
    /// several ports use a channel number more than once.
    fn at(&self, track: usize, channel: u8, tick: u64) -> u8 {
        let list = self
            .changes
            .get(&(Some(track), channel))
            .or_else(|| self.changes.get(&(None, channel)));
        list.and_then(|list| {
            let behind = list.partition_point(|(at, _)| *at <= tick);
            Some(list.get(behind.checked_sub(1)?)?.1)
        })
        .unwrap_or(0)
    }
}
