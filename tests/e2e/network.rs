//! Knob off the centre: the network's output, and nested edits on the way there.
//!
//! What is expected is worked out here with the model's own transfer, on the same weights that
//! are inside the plugin, and compared cell by cell with the notes that left it.

use third_stream_model::genre::{Direction, Pair};
use third_stream_model::roll::edits::Edits;
use third_stream_model::roll::{PITCHES, Roll, STEPS};
use third_stream_model::shipped;
use third_stream_model::transfer::Transfer;
use third_stream_tests::song::{Note, Passage, Script, Song};

use crate::expected::roll_between;
use crate::music::{phrase, roll_of};
use crate::stage::{Stage, knob, plugin};

pub(crate) fn transfer() -> Transfer {
    Transfer::from_bytes(shipped::cyclegan(Pair::JAZZ_CLASSIC)).unwrap()
}

/// Four bars of music, then the four bars in which they sound.
pub(crate) fn script(notes: Vec<Note>) -> Script {
    let song = Song::new(240.0, notes);
    Script::new(
        song,
        [Passage::play(0.0, 32.0), Passage::Stop { seconds: 0.1 }],
    )
}

/// What the plugin makes of the notes at a knob position.
fn played(plugin: &Stage, notes: Vec<Note>, position: f64) -> Roll {
    roll_between(&plugin.bounce(&[knob(position)], &script(notes)), 16.0)
}

/// The edits that are due: the first beat from what was known one beat before the end.
fn expected(source: &Roll, edits: [&Edits; 2], amount: f32) -> Roll {
    let mut steps = *source.steps();
    for (step, bits) in steps.iter_mut().enumerate() {
        *bits ^= edits[usize::from(step >= 4)].mask(step, amount);
    }
    Roll::from_steps(steps)
}

pub(crate) fn assert_rolls(found: &Roll, wanted: &Roll, what: &str) {
    assert_eq!(
        found.difference(wanted).count(),
        0,
        "{what}\nfound {found:?}\nwanted {wanted:?}"
    );
}

#[test]
fn both_ends_of_the_knob_are_the_network_s_output() {
    let Some(plugin) = plugin() else { return };
    let (source, transfer) = (roll_of(&phrase()), transfer());
    let mut changed = 0;
    for (direction, position) in [(Direction::AToB, 1.0), (Direction::BToA, -1.0)] {
        // Nothing sounds in the last beat, so both answers are the same.
        let edits = transfer.edits(&source, direction).unwrap();
        let wanted = edits.apply(&source, 1.0);
        changed += wanted.difference(&source).count();
        assert_rolls(
            &played(&plugin, phrase(), position),
            &wanted,
            &format!("{position}"),
        );
    }
    assert!(
        changed > 0,
        "the weights change nothing, so nothing was shown"
    );
}

#[test]
fn each_pair_has_networks_of_its_own() {
    let Some(plugin) = plugin() else { return };
    let source = roll_of(&phrase());
    for (place, pair) in [0.0, 0.5, 1.0].into_iter().zip(Pair::ALL) {
        let transfer = Transfer::from_bytes(shipped::cyclegan(pair)).unwrap();
        let edits = transfer.edits(&source, Direction::AToB).unwrap();
        let set = [("Pair", place), knob(1.0)];
        let found = roll_between(&plugin.bounce(&set, &script(phrase())), 16.0);
        assert_rolls(&found, &edits.apply(&source, 1.0), &pair.to_string());
    }
}

#[test]
fn the_first_beat_plays_from_the_first_answer() {
    let Some(plugin) = plugin() else { return };
    let transfer = transfer();
    let mut notes = phrase();
    notes.extend([Note::new(15.0, 15.5, 76), Note::new(15.5, 16.0, 79)]);
    let source = roll_of(&notes);
    let mut before = source;
    before.clear(60, STEPS);
    let edits = |roll| transfer.edits(roll, Direction::AToB).unwrap();
    let (first, second) = (edits(&before), edits(&source));
    let wanted = expected(&source, [&first, &second], 1.0);
    assert_rolls(&played(&plugin, notes, 1.0), &wanted, "two answers");
}

#[test]
fn edits_only_grow_with_the_knob() {
    let Some(plugin) = plugin() else { return };
    let (source, transfer) = (roll_of(&phrase()), transfer());
    let edits = transfer.edits(&source, Direction::AToB).unwrap();
    let mut less = Roll::EMPTY;
    for place in [0.0, 0.2, 0.55, 0.8, 1.0] {
        let found = played(&plugin, phrase(), place);
        assert_rolls(
            &found,
            &edits.apply(&source, place as f32),
            &format!("{place}"),
        );
        let more = found.difference(&source);
        for step in 0..STEPS {
            assert_eq!(less.steps()[step] & !more.steps()[step], 0, "{place}");
        }
        less = more;
    }
}

#[test]
fn each_step_follows_the_knob_at_its_own_time() {
    let Some(plugin) = plugin() else { return };
    let (source, transfer) = (roll_of(&phrase()), transfer());
    let edits = Direction::BOTH.map(|d| transfer.edits(&source, d).unwrap());
    let mut script = script(phrase());
    // To classic, back to the middle, to jazz: while the group sounds, each on a step's time.
    let moves = [(0.0, 0.0), (18.0, 1.0), (24.0, 0.0), (28.0, -0.6)];
    script.song = script.song.knob(moves);
    let found = roll_between(&plugin.bounce(&[], &script), 16.0);
    for step in 0..STEPS {
        let (direction, amount) = match step {
            0..8 | 32..48 => (Direction::AToB, 0.0),
            8..32 => (Direction::AToB, 1.0),
            _ => (Direction::BToA, 0.6),
        };
        let wanted = edits[direction.index()].apply(&source, amount);
        // A knob that moves on the very time of a step counts from there; the step before and
        // the notes that it left sounding end on the grid.
        assert_eq!(
            found.steps()[step],
            wanted.steps()[step],
            "step {step}\nfound {found:?}\nwanted {wanted:?}"
        );
    }
}

#[test]
fn without_quantise_what_survives_keeps_its_feel() {
    let Some(plugin) = plugin() else { return };
    let transfer = transfer();
    let mut notes = phrase();
    for (index, note) in notes.iter_mut().enumerate() {
        let late = 0.01 + 0.1 * (index % 7) as f64 / 7.0;
        note.onset += late;
        note.release += late;
        note.velocity = 20 + index as u8;
    }
    notes.retain(|note| note.release < 15.0);
    let source = roll_of(&notes);
    let output = transfer
        .edits(&source, Direction::AToB)
        .unwrap()
        .apply(&source, 1.0);
    let recording = plugin.bounce(&[knob(1.0), ("Quantise", 0.0)], &script(notes.clone()));
    let left = recording.notes();
    let mut kept = 0;
    for note in &notes {
        let step = (note.onset * 4.0 + 0.5).floor() as usize;
        let row = usize::from(note.key) - 24;
        if row < PITCHES && step < STEPS && output.get(step, row) {
            let sample = recording
                .timeline
                .sample_of_beats_played(note.onset + 16.0)
                .round() as u64;
            let same = left.iter().any(|played| {
                played.key == note.key
                    && played.on.abs_diff(sample) <= 1
                    && (played.velocity - note.loudness()).abs() < 1e-6
            });
            assert!(same, "{note:?} is not among {left:?}");
            kept += 1;
        }
    }
    assert!(kept > 10, "only {kept} notes were kept");
}
