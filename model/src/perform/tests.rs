//! Effects of edits on notes, one case each.

mod laws;

use super::*;
use crate::roll::guard::Guard;
use crate::roll::notes::GridNote;
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
    Note::new(2, key, Some(7), velocity)
}

/// A phrase of these notes (onset and release in beats) with edits to what `edit` makes of it, and
/// that.
fn phrase(notes: &[(f64, f64, Note)], edit: impl FnOnce(&mut NoteRoll)) -> (Performer, NoteRoll) {
    let mut performer = Performer::new();
    let first = performer.open_slot(0.0, 16);
    for slot in 1..4 {
        performer.open_slot(f64::from(slot) * 4.0, 16);
    }
    performer.settle(first, first + 3, 0.0);
    for (onset, release, note) in notes {
        assert!(performer.note(*onset, *release, *note, 0.25));
    }
    let heard = performer.window(first, 16.0);
    let mut wanted = heard.notes;
    edit(&mut wanted);
    let edits = Edits::between(&heard.notes, &wanted, &vec![0.5; CELLS], heard.held);
    performer.set_page(0, &heard);
    for direction in Direction::BOTH {
        performer.fill(0, direction, &edits);
    }
    for slot in first..first + 4 {
        performer.attach((slot, SlotPart::Main), 0, first, [true; 2]);
    }
    (performer, wanted)
}

fn grid(start: u8, row: usize, length: u8) -> GridNote {
    let row = row as u8;
    GridNote { start, row, length }
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

/// Events without the notes' details.
fn times(played: &[(i64, i64, Note, bool)]) -> Vec<(i64, i64, bool)> {
    played
        .iter()
        .map(|(on, off, _, added)| (*on, *off, *added))
        .collect()
}

/// One note from step 4 to step 8, a little late and a little short, with an edit.
fn edited(control: Control, edit: impl FnOnce(&mut NoteRoll)) -> Vec<(i64, i64, bool)> {
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
    let empty = |roll: &mut NoteRoll| *roll = NoteRoll::EMPTY;
    assert_eq!(edited(none, empty), [(1008, 1872, false)]);
}

#[test]
fn the_pull_to_the_grid_grows_with_the_amount() {
    let at = |knob| edited(Control { knob, ..FULL }, |_| ());
    assert_eq!(at(0.5), [(984, 1896, false)]);
    assert_eq!(at(-0.25), [(996, 1884, false)]);
    assert_eq!(at(0.01), [(1008, 1872, false)]);
}

#[test]
fn a_removed_note_is_not_struck() {
    assert_eq!(edited(FULL, |roll| roll.remove(4, ROW)), []);
}

#[test]
fn a_replaced_note_is_the_source_s_own_on_the_grid() {
    let source = [(1.05, 1.95, note(60, 0.4))];
    for (start, length) in [(4, 1), (4, 9), (6, 2), (5, 40)] {
        for quantise in [0.0, 1.0] {
            let (mut performer, _) = phrase(&source, |roll| {
                roll.remove(4, ROW);
                roll.add(grid(start, ROW, length));
            });
            let played = play(&mut performer, Control { quantise, ..FULL });
            let (on, off) = (i64::from(start) * 240, i64::from(start + length) * 240);
            assert_eq!(played, [(on, off, note(60, 0.4), false)]);
        }
    }
}

#[test]
fn a_note_that_is_replaced_by_an_earlier_one_is_decided_there() {
    let (mut performer, _) = phrase(&[(2.05, 2.95, note(60, 0.4))], |roll| {
        roll.remove(8, ROW);
        roll.add(grid(6, ROW, 3));
    });
    // The knob goes to the middle when the new note sounds and the old one has not begun.
    let mut played = Vec::new();
    for (from, until, knob) in [(0, 1500, 1.0), (1500, 20_000, 0.0)] {
        let control = Control { knob, ..FULL };
        performer.run(&Ticks, from, until, control, &mut |emission| {
            played.push((emission.tick, matches!(emission.body, Body::On(_))));
            true
        });
    }
    assert_eq!(played, [(1440, true), (2160, false)]);
}

#[test]
fn a_repeated_note_is_struck_repeatedly() {
    let played = edited(FULL, |roll| {
        roll.add(grid(8, ROW, 2));
        roll.add(grid(10, ROW, 2));
    });
    let expected = [(960, 1920, false), (1920, 2400, true), (2400, 2880, true)];
    assert_eq!(played, expected);
}

#[test]
fn added_notes_take_their_strength_from_their_neighbours_and_their_place() {
    let source = [
        (1.0, 2.0, note(60, 0.4)),
        (1.0, 2.0, note(62, 0.6)),
        (9.0, 10.0, note(90, 1.0)),
        (9.0, 10.0, note(91, 1.0)),
    ];
    for (step, accent) in [(0, 1.05), (12, 1.0), (10, 0.93), (11, 0.88)] {
        let (mut performer, _) = phrase(&source[..2], |roll| roll.add(grid(step, ROW + 1, 1)));
        let played = play(&mut performer, FULL);
        let (on, off, added, _) = played[if step == 0 { 0 } else { 2 }];
        let step = i64::from(step);
        assert_eq!((on, off), (step * 240, step * 240 + 240));
        assert_eq!((added.key, added.channel, added.id), (61, 2, None));
        assert!((added.velocity - 0.5 * accent).abs() < 1e-6, "step {step}");
    }
    let (mut performer, _) = phrase(&source, |roll| roll.add(grid(32, 67, 1)));
    assert!(play(&mut performer, FULL)[2].2.velocity <= 1.0);
}

#[test]
fn an_onset_ends_what_sounds_of_its_key() {
    let source = [(1.05, 1.95, note(60, 0.5)), (2.95, 3.5, note(60, 0.5))];
    let (mut performer, _) = phrase(&source, |roll| roll.add(grid(10, ROW, 2)));
    let feel = Control {
        quantise: 0.0,
        ..FULL
    };
    let played = times(&play(&mut performer, feel));
    let expected = [(1008, 1872, false), (2400, 2832, true), (2832, 3360, false)];
    assert_eq!(played, expected);
    // The source is held over the step on which the added note begins.
    let long = [(1.05, 2.1, note(60, 0.5))];
    let (mut performer, _) = phrase(&long, |roll| roll.add(grid(8, ROW, 2)));
    let played = times(&play(&mut performer, feel));
    assert_eq!(played, [(1008, 1920, false), (1920, 2400, true)]);
}

/// Three strikes of one key in step 4, and one of another.
fn trill() -> [(f64, f64, Note); 4] {
    let strike = |id| Note {
        id: Some(id),
        ..note(60, 0.5)
    };
    [
        (0.9, 0.95, strike(1)),
        (1.0, 1.04, strike(2)),
        (1.07, 1.12, strike(3)),
        (1.07, 1.12, note(72, 0.5)),
    ]
}

#[test]
fn notes_faster_than_a_step_all_sound_as_played_or_none() {
    let (mut performer, _) = phrase(&trill(), |_| ());
    let played = times(&play(&mut performer, FULL));
    let expected = [
        (864, 912, false),
        (960, 998, false),
        (960, 1200, false),
        (1027, 1075, false),
    ];
    assert_eq!(played, expected);
    let (mut performer, _) = phrase(&trill(), |roll| roll.remove(4, ROW));
    assert_eq!(times(&play(&mut performer, FULL)), [(960, 1200, false)]);
    let (mut performer, _) = phrase(&trill(), |roll| {
        roll.remove(4, ROW);
        roll.add(grid(5, ROW, 2));
    });
    let played = times(&play(&mut performer, FULL));
    assert_eq!(played, [(960, 1200, false), (1200, 1680, false)]);
}

#[test]
fn where_the_source_swings_so_do_the_grid_and_what_is_added() {
    let late = 2.0 / 3.0;
    let beat = |at: i32| {
        let at = f64::from(at);
        [
            (at, at + 0.5, note(60, 0.5)),
            (at + late + 0.02, at + 1.0, note(64, 0.5)),
        ]
    };
    let source: Vec<_> = (0..8).flat_map(beat).collect();
    let (mut performer, _) = phrase(&source, |roll| roll.add(grid(3, ROW + 20, 4)));
    let played = play(&mut performer, FULL);
    let swung = (late + 0.02) * 960.0;
    for (on, _, note, _) in &played {
        let into = on % 960;
        let expected = if note.key == 60 { 0.0 } else { swung };
        assert!((into as f64 - expected).abs() <= 1.0, "{note:?} at {on}");
    }
    let added = played.iter().find(|played| played.3).unwrap();
    assert!((added.1 - (960.0 + swung) as i64).abs() <= 1, "{added:?}");
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
    let (mut performer, _) = phrase(&source, |roll| roll.add(grid(2, ROW + 5, 58)));
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

/// The network's input for four bars in which these messages and notes enter.
fn heard(pedal: &[(f64, f32)], notes: &[(f64, f64, u8)]) -> (Performer, NoteRoll) {
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
    let roll = performer.window(0, 16.0).notes;
    (performer, roll)
}

fn sounding(roll: &NoteRoll, row: usize) -> Vec<usize> {
    let sounds = |step: &usize| roll.sounding().get(*step, row);
    (0..64).filter(sounds).collect()
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
    assert_eq!(sounding(&performer.window(0, 16.0).notes, ROW), wanted);
}

#[test]
fn what_was_decided_is_told_by_the_answer_that_plays() {
    let source = [(0.0, 1.0, note(60, 0.5)), (1.0, 2.0, note(60, 0.5))];
    let (mut performer, _) = phrase(&source, |roll| {
        roll.remove(0, ROW);
        roll.add(grid(2, ROW + 7, 20));
        roll.add(grid(6, ROW + 9, 2));
    });
    performer.set_lead(0, 4);
    performer.attach((0, SlotPart::Lead), 0, 0, [true; 2]);
    let heard = performer.window(0, 16.0).notes;
    let told = |performer: &Performer, steps, part| {
        let mut played = NoteRoll::EMPTY;
        let part = (0, part, steps);
        performer.write_played(part, Direction::AToB, (-1, &heard), &mut played);
        played.notes().collect::<Vec<_>>()
    };
    assert_eq!(
        told(&performer, 0..4, SlotPart::Lead),
        [grid(18, ROW + 7, 20)]
    );
    let rest = [grid(20, ROW, 4), grid(22, ROW + 9, 2)];
    assert_eq!(told(&performer, 4..16, SlotPart::Main), rest);
    // Without an answer it is what was played: of the window, whose first slot was silent.
    performer.set_page(0, &Heard::default());
    assert_eq!(told(&performer, 0..4, SlotPart::Lead), []);
}
