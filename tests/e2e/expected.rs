//! Expected output, worked out from the input: independent of the plugin's own code.

use std::collections::BTreeMap;

use third_stream_model::roll::notes::NoteRoll;
use third_stream_model::roll::{Roll, STEPS, quantise, row_of_key};
use third_stream_tests::recording::{Recording, Sounded};
use third_stream_tests::song::timeline::{Input, Timeline};

/// The input with each note and its end moved by a number of beats of play, as played.
pub(crate) fn later(timeline: &Timeline, beats: f64) -> Vec<Sounded> {
    let at = |sample: u64| {
        let exact = timeline.sample_of_beats_played(timeline.beats_played(sample) + beats);
        exact.round() as u64
    };
    let mut notes = BTreeMap::new();
    for &(sample, input) in &timeline.inputs {
        match input {
            Input::On {
                channel,
                key,
                velocity,
                id,
            } => {
                let note = Sounded {
                    on: at(sample),
                    off: u64::MAX,
                    channel,
                    key,
                    velocity,
                    id: Some(id),
                };
                notes.insert(id, note);
            }
            Input::Off { id, .. } => {
                if let Some(note) = notes.get_mut(&id) {
                    note.off = at(sample);
                }
            }
            Input::Message(_) | Input::Parameter(..) => {}
        }
    }
    let mut notes: Vec<_> = notes.into_values().collect();
    notes.sort_by_key(|note| (note.on, note.channel, note.key, note.off));
    notes
}

/// Panics unless exactly these notes left. A sample more or less is allowed only where the exact
/// time lies half-way between two samples, as far as the host's beats can tell.
pub(crate) fn assert_same(found: &[Sounded], wanted: &[Sounded], what: &str) {
    assert_eq!(found.len(), wanted.len(), "{what}: number of notes");
    for (found, wanted) in found.iter().zip(wanted) {
        assert_eq!(found, wanted, "{what}");
    }
}

/// Fails at the first difference between two outputs.
pub(crate) fn assert_equal(one: &Recording, other: &Recording, what: &str) {
    let first = one.events.iter().zip(&other.events).find(|(a, b)| a != b);
    assert_eq!(first, None, "{what}: the first difference");
    assert_eq!(one.events.len(), other.events.len(), "{what}");
}

/// The notes that left during the beats `from..from + 16` (each bar 4/4).
pub(crate) fn roll_between(recording: &Recording, from: f64) -> NoteRoll {
    let beats = |sample| recording.timeline.beats_played(sample) - from;
    let notes = recording.notes().into_iter();
    rolled(notes.map(|note| (beats(note.on), beats(note.off), note.key)))
}

/// Notes (onset and release in beats, key) on the grid of four bars.
pub(crate) fn rolled(notes: impl Iterator<Item = (f64, f64, u8)>) -> NoteRoll {
    let (mut sounding, mut onsets) = (Roll::EMPTY, Roll::EMPTY);
    for (onset, release, key) in notes {
        let steps = quantise::note_steps(onset, release);
        let (start, end) = (steps.0.clamp(0, 64) as usize, steps.1.clamp(0, 64) as usize);
        if let Some(row) = row_of_key(key) {
            sounding.fill(row, start, end);
            if (0..STEPS as i64).contains(&steps.0) {
                onsets.set(start, row, true);
            }
        }
    }
    NoteRoll::new(sounding, onsets)
}
