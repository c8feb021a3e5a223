//! What must leave, worked out from what entered: independent of the plugin's own code.

use std::collections::BTreeMap;

use third_stream_model::roll::{Roll, STEPS, quantise, row_of_key};
use third_stream_tests::recording::{Recording, Sounded};
use third_stream_tests::song::timeline::{Input, Timeline};

/// What entered, each note and its end so many beats of play later, as it was played.
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

/// The roll of what left while the beats `from..from + 16` were played (each bar 4/4).
pub(crate) fn roll_between(recording: &Recording, from: f64) -> Roll {
    let beats = |sample| recording.timeline.beats_played(sample) - from;
    let mut roll = Roll::EMPTY;
    for note in recording.notes() {
        let steps = quantise::note_steps(beats(note.on), beats(note.off));
        let (start, end) = (steps.0.clamp(0, 64) as usize, steps.1.clamp(0, 64) as usize);
        if let Some(row) = row_of_key(note.key) {
            roll.fill(row, start, end.min(STEPS));
        }
    }
    roll
}
