//! Knob off the centre: the network's output, and nested edits on the way there.
//!
//! The expected notes come from the model's own transfer with the weights inside the plugin, and
//! are compared cell by cell with the plugin's output.

use third_stream_model::family::arranger::sampler::{Begun, FEW_PASSES};
use third_stream_model::genre::{Direction, Pair};
use third_stream_model::roll::notes::NoteRoll;
use third_stream_model::roll::{PITCHES, STEPS};
use third_stream_model::shipped;
use third_stream_model::transfer::{Towards, Transfer, Wish};
use third_stream_tests::song::{ClipNote, HostSong, Script};

use crate::expected::roll_between;
use crate::music::{phrase, roll_of};
use crate::stage::{Stage, knob, plugin};

pub(crate) fn transfer() -> Transfer {
    Transfer::from_bytes(shipped::arranger()).unwrap()
}

/// Four bars of music, then the four bars in which they sound.
pub(crate) fn script(notes: Vec<ClipNote>) -> Script {
    let song = HostSong::new(240.0, notes);
    Script::once(song, 32.0)
}

/// The ends of the knob and where it points.
pub(crate) const fn ends(direction: Direction) -> (Pair, Direction) {
    (Pair::JAZZ_CLASSIC, direction)
}

/// The expected output for four bars at an amount: the first beat by the answer to the bars a beat
/// before their end, the rest by the answer to all of them with the first beat fixed, which goes on
/// from the draw of the first.
pub(crate) fn answers(
    transfer: &Transfer,
    ends: (Pair, Direction),
    (before, source): (&NoteRoll, &NoteRoll),
) -> impl Fn(f32) -> NoteRoll + use<> {
    let (before, source) = (*before, *source);
    let lead = 0b1111;
    let draw = |phrase: &NoteRoll, wish: &Wish, begun: Option<Begun<'_>>| match transfer {
        Transfer::Arranger(arranger) => {
            let (pair, direction) = ends;
            let target = Towards::Genre(pair, direction);
            let sample = arranger.draw_while(phrase, target, wish, begun, &|| true);
            let sample = sample.unwrap();
            (sample.edits(phrase, wish.held), Some(sample))
        }
        Transfer::CycleGan(_) => (transfer.edits(phrase, ends, wish).unwrap(), None),
    };
    let ahead = Wish {
        passes: FEW_PASSES,
        ..Wish::default()
    };
    let (first, drawn) = draw(&before, &ahead, None);
    let wish = Wish {
        decided: lead,
        played: first.apply(&before, 1.0).beginning_in(lead),
        ..Wish::default()
    };
    let begun = drawn.as_ref().map(|sample| Begun {
        sample,
        phrase: &before,
    });
    let (second, _) = draw(&source, &wish, begun);
    move |amount| {
        let (first, second) = (first.apply(&before, amount), second.apply(&source, amount));
        parts(&[(&first, 0..4), (&second, 4..STEPS)])
    }
}

/// The plugin's output for the notes at a knob position.
fn played(plugin: &Stage, notes: Vec<ClipNote>, position: f64) -> NoteRoll {
    roll_between(&plugin.bounce(&[knob(position)], &script(notes)), 16.0)
}

/// The notes of each roll that begin in these steps.
fn parts(parts: &[(&NoteRoll, std::ops::Range<usize>)]) -> NoteRoll {
    let notes = parts.iter().flat_map(|(roll, steps)| {
        let inside = |start: u8| steps.contains(&usize::from(start));
        roll.notes().filter(move |note| inside(note.start))
    });
    notes.collect()
}

pub(crate) fn assert_rolls(found: &NoteRoll, wanted: &NoteRoll, what: &str) {
    let list = |roll: &NoteRoll| roll.notes().collect::<Vec<_>>();
    let (lost, more) = (list(wanted), list(found));
    let lost: Vec<_> = lost.iter().filter(|note| !more.contains(note)).collect();
    let wanted = list(wanted);
    let more: Vec<_> = more.iter().filter(|note| !wanted.contains(note)).collect();
    assert!(
        lost.is_empty() && more.is_empty(),
        "{what}: without {lost:?}, but with {more:?}"
    );
}

#[test]
fn both_ends_of_the_knob_are_the_network_s_output() {
    let Some(plugin) = plugin() else { return };
    let (source, transfer) = (roll_of(&phrase()), transfer());
    let mut changed = 0;
    for (direction, position) in [(Direction::AToB, 1.0), (Direction::BToA, -1.0)] {
        // Nothing sounds in the last beat.
        let wanted = answers(&transfer, ends(direction), (&source, &source))(1.0);
        changed += usize::from(wanted != source);
        assert_rolls(
            &played(&plugin, phrase(), position),
            &wanted,
            &format!("{position}"),
        );
    }
    assert_eq!(
        changed, 2,
        "the weights change nothing, so nothing was shown"
    );
}

#[test]
fn each_pair_has_ends_of_its_own() {
    let Some(plugin) = plugin() else { return };
    let (source, transfer) = (roll_of(&phrase()), transfer());
    for (place, pair) in [0.0, 0.5, 1.0].into_iter().zip(Pair::ALL) {
        let wanted = answers(&transfer, (pair, Direction::AToB), (&source, &source))(1.0);
        let set = [("Pair", place), knob(1.0)];
        let found = roll_between(&plugin.bounce(&set, &script(phrase())), 16.0);
        assert_rolls(&found, &wanted, &pair.to_string());
    }
}

#[test]
fn the_first_beat_plays_from_the_first_answer() {
    let Some(plugin) = plugin() else { return };
    let transfer = transfer();
    let mut notes = phrase();
    // Right after the first question.
    notes.extend([ClipNote::new(15.1, 15.5, 76), ClipNote::new(15.5, 16.0, 79)]);
    let source = roll_of(&notes);
    let before = roll_of(&phrase());
    let wanted = answers(&transfer, ends(Direction::AToB), (&before, &source))(1.0);
    assert_rolls(&played(&plugin, notes, 1.0), &wanted, "two answers");
}

#[test]
fn edits_only_grow_with_the_knob() {
    let Some(plugin) = plugin() else { return };
    let (source, transfer) = (roll_of(&phrase()), transfer());
    let wanted = answers(&transfer, ends(Direction::AToB), (&source, &source));
    let mut less = [0; STEPS];
    for place in [0.0, 0.2, 0.55, 0.8, 1.0] {
        let found = played(&plugin, phrase(), place);
        assert_rolls(&found, &wanted(place as f32), &format!("{place}"));
        let more = found.onsets().difference(source.onsets());
        let mut steps = less.iter().zip(more.steps());
        assert!(steps.all(|(less, more)| less & !more == 0), "{place}");
        less = *more.steps();
    }
}

#[test]
fn each_note_follows_the_knob_where_it_begins() {
    let Some(plugin) = plugin() else { return };
    let (source, transfer) = (roll_of(&phrase()), transfer());
    let output =
        |direction, amount| answers(&transfer, ends(direction), (&source, &source))(amount);
    let mut script = script(phrase());
    // To classic, back to the middle, to jazz: while the group sounds, each at a bar line.
    let moves = [(0.0, 0.0), (20.0, 1.0), (24.0, 0.0), (28.0, -0.6)];
    script.song = script.song.knob(moves);
    let found = roll_between(&plugin.bounce(&[], &script), 16.0);
    let wanted = parts(&[
        (&source, 0..16),
        (&output(Direction::AToB, 1.0), 16..32),
        (&source, 32..48),
        (&output(Direction::BToA, 0.6), 48..64),
    ]);
    assert_rolls(&found, &wanted, "a knob on the move");
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
    let output = answers(&transfer, ends(Direction::AToB), (&source, &source))(1.0);
    let recording = plugin.bounce(&[knob(1.0), ("Quantise", 0.0)], &script(notes.clone()));
    let left = recording.notes();
    let mut kept = 0;
    for note in &notes {
        let step = (note.onset * 4.0 + 0.5).floor() as usize;
        let row = usize::from(note.key) - 24;
        let same = row < PITCHES
            && step < STEPS
            && output.note_at(step, row).is_some()
            && output.note_at(step, row) == source.note_at(step, row);
        if same {
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
