//! What edits do to notes, one case each, and the laws of the performer.

use proptest::prelude::*;

use super::*;
use crate::roll::edits::THRESHOLD;
use crate::roll::guard::Guard;
use crate::roll::{CELLS, key_of_row};

/// 960 ticks a beat, 240 a step.
struct Ticks;

impl Clock for Ticks {
    fn tick(&self, beats: f64) -> i64 {
        (beats * 960.0 + 0.5).floor() as i64
    }
}

const FULL: Control = Control {
    knob: 1.0,
    quantise: 1.0,
    guard: Guard {
        melody_lock: false,
        scale: 0.0,
        density: 0.0,
    },
};
/// Row of the key that the cases use.
const ROW: usize = 36;

fn note(key: u8, velocity: f32) -> Note {
    Note {
        channel: 2,
        key,
        id: Some(7),
        velocity,
    }
}

/// A phrase of these notes (onset and release in beats), its roll, and the probabilities of the
/// network: those of the roll, changed by `edit`.
fn phrase(notes: &[(f64, f64, Note)], edit: impl FnOnce(&mut Roll)) -> (Performer, Roll) {
    let mut performer = Performer::new();
    let first = performer.open_slot(0.0, 16);
    for slot in 1..4 {
        performer.open_slot(f64::from(slot) * 4.0, 16);
    }
    performer.settle(first, first + 3, 0.0);
    for (onset, release, note) in notes {
        assert!(performer.note(*onset, *release, *note, 0.25));
    }
    let roll = performer.window(first, 16.0);
    let mut wanted = roll;
    edit(&mut wanted);
    let mut values = vec![0.0; CELLS];
    wanted.write_values(&mut values);
    let edits = Edits::rank(&roll, &values, THRESHOLD);
    performer.set_page(0, &roll);
    for direction in Direction::BOTH {
        performer.fill(0, direction, &edits);
    }
    for slot in first..first + 4 {
        performer.attach(slot, Part::Main, 0, first);
    }
    (performer, wanted)
}

/// Plays up to the end: (on, off, note, added) by onset and key.
fn play(performer: &mut Performer, control: Control) -> Vec<(i64, i64, Note, bool)> {
    let mut held: Vec<(i64, Note, bool)> = Vec::new();
    let mut played = Vec::new();
    performer.run(&Ticks, 0, 960 * 20, control, &mut |emission| {
        match emission.body {
            Body::On(note) => held.push((emission.tick, note, emission.added_near.is_some())),
            Body::Off(off) => {
                let own = |(_, on, _): &(i64, Note, bool)| {
                    (on.id, on.channel, on.key) == (off.id, off.channel, off.key)
                };
                let place = held.iter().position(own).expect("an off without its on");
                let (on, note, added) = held.remove(place);
                played.push((on, emission.tick, note, added));
            }
            Body::Message(_) => {}
        }
        true
    });
    assert_eq!(held, [], "hanging notes");
    played.sort_by_key(|(on, _, note, _)| (*on, note.key));
    played
}

/// The same without notes' details.
fn times(played: &[(i64, i64, Note, bool)]) -> Vec<(i64, i64, bool)> {
    played
        .iter()
        .map(|(on, off, _, added)| (*on, *off, *added))
        .collect()
}

/// One note from step 4 to step 8, a little late and a little short, with an edit.
fn edited(control: Control, edit: impl FnOnce(&mut Roll)) -> Vec<(i64, i64, bool)> {
    let source = [(1.05, 1.95, note(60, 0.5))];
    times(&play(&mut phrase(&source, edit).0, control))
}

#[test]
fn without_edits_a_note_is_pulled_to_the_grid_or_keeps_its_feel() {
    assert_eq!(edited(FULL, |_| ()), [(960, 1920, false)]);
    let feel = Control {
        quantise: 0.0,
        ..FULL
    };
    assert_eq!(edited(feel, |_| ()), [(1008, 1872, false)]);
    let half = Control {
        quantise: 0.5,
        ..FULL
    };
    assert_eq!(edited(half, |_| ()), [(984, 1896, false)]);
    let none = Control { knob: 0.0, ..FULL };
    assert_eq!(
        edited(none, |roll| roll.clear(0, 64)),
        [(1008, 1872, false)]
    );
}

#[test]
fn a_removed_cell_inside_cuts_and_strikes_again() {
    let played = edited(FULL, |roll| roll.set(5, ROW, false));
    assert_eq!(played, [(960, 1200, false), (1440, 1920, false)]);
}

#[test]
fn a_removed_onset_strikes_at_the_first_kept_step() {
    assert_eq!(edited(FULL, |roll| roll.clear(4, 6)), [(1440, 1920, false)]);
    assert_eq!(edited(FULL, |roll| roll.clear(0, 64)), []);
}

#[test]
fn added_cells_after_a_note_extend_it() {
    for quantise in [0.0, 1.0] {
        let control = Control { quantise, ..FULL };
        let played = edited(control, |roll| roll.fill(ROW, 8, 11));
        assert_eq!(played.len(), 1);
        assert_eq!(played[0].1, 11 * 240);
    }
}

#[test]
fn added_cells_apart_are_a_note_of_their_own() {
    let source = [
        (1.0, 2.0, note(60, 0.4)),
        (1.0, 2.0, note(62, 0.6)),
        (9.0, 10.0, note(90, 1.0)),
        (9.0, 10.0, note(91, 1.0)),
    ];
    let (mut performer, _) = phrase(&source[..2], |roll| roll.fill(ROW + 1, 10, 13));
    let played = play(&mut performer, FULL);
    let (on, off, added, is_added) = played[2];
    assert_eq!((on, off, is_added), (2400, 3120, true));
    assert_eq!((added.key, added.channel, added.id), (61, 2, None));
    assert!((added.velocity - 0.5).abs() < 1e-6);
}

#[test]
fn an_added_note_ends_at_the_onset_of_a_source_note() {
    let source = [(1.05, 1.95, note(60, 0.5)), (2.95, 3.5, note(60, 0.5))];
    let (mut performer, _) = phrase(&source, |roll| roll.fill(ROW, 10, 12));
    let feel = Control {
        quantise: 0.0,
        ..FULL
    };
    let played = times(&play(&mut performer, feel));
    let expected = [(1008, 1872, false), (2400, 2832, true), (2832, 3360, false)];
    assert_eq!(played, expected);
}

#[test]
fn overlapping_notes_of_a_pitch_keep_their_own_ends() {
    let other = Note {
        id: Some(8),
        ..note(60, 0.9)
    };
    let source = [(0.0, 2.0, note(60, 0.5)), (1.0, 4.0, other)];
    let (mut performer, _) = phrase(&source, |_| ());
    let played = play(&mut performer, FULL);
    assert_eq!(times(&played), [(0, 1920, false), (960, 3840, false)]);
    assert_eq!(played[1].2, other);
}

#[test]
fn what_the_roll_does_not_hold_passes_at_its_own_time() {
    let drum = Note {
        channel: DRUM_CHANNEL,
        ..note(60, 0.5)
    };
    let source = [(0.3, 0.4, note(12, 0.5)), (0.7, 0.8, drum)];
    let (mut performer, _) = phrase(&source, |_| ());
    let played = times(&play(&mut performer, FULL));
    assert_eq!(played, [(288, 384, false), (672, 768, false)]);
}

#[test]
fn a_refused_note_does_not_sound() {
    let (mut performer, _) = phrase(&[(1.0, 2.0, note(60, 0.5))], |_| ());
    let mut offs = 0;
    performer.run(&Ticks, 0, 960 * 20, FULL, &mut |emission| {
        offs += usize::from(matches!(emission.body, Body::Off(_)));
        false
    });
    assert_eq!(offs, 0);
    assert!(!performer.sounds());
}

#[test]
fn a_flush_ends_all_that_sounds() {
    let source = [(0.0, 16.0, note(60, 0.5)), (0.0, 16.0, note(20, 0.5))];
    let (mut performer, _) = phrase(&source, |roll| roll.fill(ROW + 5, 2, 60));
    let mut balance = 0;
    let mut count = |emission: Emission| {
        balance += match emission.body {
            Body::On(_) => 1,
            Body::Off(_) => -1,
            Body::Message(_) => 0,
        };
        true
    };
    performer.run(&Ticks, 0, 960 * 4, FULL, &mut count);
    assert!(performer.sounds());
    performer.flush(960 * 4, &mut count);
    assert!(!performer.sounds());
    assert_eq!(balance, 0);
}

proptest! {
    #[test]
    fn full_amount_on_the_grid_sounds_as_the_network_wants(
        notes in proptest::collection::vec((0..15_000i64, 1..3_000i64, 24..44u8), 1..40),
        fills in proptest::collection::vec((0..64usize, 0..24usize, 1..6usize), 0..20),
        clears in proptest::collection::vec((0..64usize, 0..24usize), 0..40),
        middle in 0..15_000i64,
    ) {
        let source: Vec<_> = (0..)
            .zip(&notes)
            .map(|(id, (onset, length, key))| {
                let onset = *onset as f64 / 960.0;
                let release = (onset + *length as f64 / 960.0).min(16.0);
                (onset, release, Note { id: Some(id), ..note(*key, 0.5) })
            })
            .collect();
        let (mut performer, wanted) = phrase(&source, |roll| {
            for (step, row, length) in fills {
                roll.fill(row, step, step + length);
            }
            for (step, row) in clears {
                roll.set(step, row, false);
            }
        });
        // Where the piece is cut does not matter.
        let mut cut = Vec::new();
        for (from, until) in [(0, middle), (middle, 960 * 20)] {
            performer.run(&Ticks, from, until, FULL, &mut |emission| {
                cut.push(emission);
                true
            });
        }
        let mut sounding = [0i32; 128];
        let mut events = cut.iter().peekable();
        for step in 0..64 {
            let middle = step as i64 * 240 + 120;
            while let Some(event) = events.next_if(|event| event.tick <= middle) {
                match event.body {
                    Body::On(note) => sounding[usize::from(note.key)] += 1,
                    Body::Off(note) => sounding[usize::from(note.key)] -= 1,
                    Body::Message(_) => {}
                }
            }
            for row in 0..PITCHES {
                let sounds = sounding[usize::from(key_of_row(row))] > 0;
                prop_assert_eq!(sounds, wanted.get(step, row), "step {} row {}", step, row);
            }
        }
    }
}

/// What the network hears of four bars in which these messages and notes enter.
fn heard(pedal: &[(f64, f32)], notes: &[(f64, f64, u8)]) -> (Performer, Roll) {
    let mut performer = Performer::new();
    for slot in 0..4 {
        performer.open_slot(f64::from(slot) * 4.0, 16);
    }
    performer.settle(0, 3, 0.0);
    let mut events: Vec<(f64, Body)> = Vec::new();
    for &(at, value) in pedal {
        let (channel, number) = (2, SUSTAIN);
        let message = Message::Controller {
            channel,
            number,
            value,
        };
        events.push((at, Body::Message(message)));
    }
    for &(on, off, key) in notes {
        events.push((on, Body::On(note(key, 0.5))));
        events.push((off, Body::Off(note(key, 0.0))));
    }
    events.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (at, body) in events {
        assert!(match body {
            Body::On(note) => performer.note_on(at, note),
            Body::Off(note) => performer.note_off(at, note),
            Body::Message(message) => performer.message(at, message),
        });
    }
    let roll = performer.window(0, 16.0);
    (performer, roll)
}

fn sounding(roll: &Roll, row: usize) -> Vec<usize> {
    (0..64).filter(|step| roll.get(*step, row)).collect()
}

#[test]
fn the_sustain_pedal_shapes_the_roll_and_not_the_note() {
    let key = key_of_row(ROW);
    let pedal = [(0.5, 1.0), (3.0, 0.0), (8.0, 1.0)];
    let (mut performer, roll) = heard(&pedal, &[(0.0, 1.0, key), (3.5, 4.0, key), (7.0, 7.5, key)]);
    let wanted: Vec<usize> = (0..12).chain(14..16).chain(28..30).collect();
    assert_eq!(sounding(&roll, ROW), wanted);
    // Note-offs leave when the keys are let go.
    let offs: Vec<i64> = play(&mut performer, FULL)
        .iter()
        .map(|note| note.1)
        .collect();
    assert_eq!(offs, [960, 3840, 7200]);
}

#[test]
fn a_pedal_of_another_channel_holds_nothing_and_a_jump_lifts_it() {
    let mut performer = Performer::new();
    for slot in 0..4 {
        performer.open_slot(f64::from(slot) * 4.0, 16);
    }
    let pedal = |channel, value| Message::Controller {
        channel,
        number: SUSTAIN,
        value,
    };
    performer.message(0.0, pedal(1, 1.0));
    performer.note_on(0.0, note(60, 0.5));
    performer.note_off(1.0, note(60, 0.5));
    performer.message(2.0, pedal(2, 1.0));
    performer.note_on(2.0, note(60, 0.5));
    performer.note_off(3.0, note(60, 0.5));
    performer.release_held(5.0);
    let wanted: Vec<usize> = (0..4).chain(8..20).collect();
    assert_eq!(sounding(&performer.window(0, 16.0), ROW), wanted);
}
