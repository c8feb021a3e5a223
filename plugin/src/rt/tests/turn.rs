//! Turns of the knob: the directions that are requested, and when their answers count.

use third_stream_model::genre::Direction;

use super::super::{Body, Settings};
use super::clip::{BEAT, live};
use super::song::{Played, Script, events, note, transport};
use crate::link::Answer;

/// A note on each step, groups of one bar; the knob turns at beat 9.
fn script(before: f32, after: f32) -> Script {
    let step = BEAT as i64 / 4;
    let notes: Vec<_> = (0..80)
        .map(|i| (i * step, step - 500, note(0, 60 + (i % 5) as u8, None, 0.5)))
        .collect();
    let settings = Settings {
        delay_bars: 1,
        ..live(before)
    };
    let script = Script::new(transport(), settings, events(&notes));
    script.then(9 * BEAT as i64, |scene| scene.settings.knob = after)
}

/// Note-ons between two beats.
fn begins(output: &[(i64, Body)], from: f64, to: f64) -> Vec<(i64, u8)> {
    let range = (from * BEAT) as i64..(to * BEAT) as i64;
    let ons = output.iter().filter_map(|(tick, body)| match body {
        Body::On(note) if range.contains(tick) => Some((*tick, note.key)),
        _ => None,
    });
    let mut ons: Vec<_> = ons.collect();
    ons.sort_unstable();
    ons
}

/// The groups and answers requested in a direction, in order.
fn asked(played: &Played, direction: Direction) -> Vec<(u32, Answer)> {
    let of_it = played.requests.iter().filter(|r| r.direction == direction);
    of_it.map(|r| (r.group, r.answer)).collect()
}

#[test]
fn a_knob_that_stands_still_asks_for_one_direction() {
    for (knob, other) in [(0.9, Direction::BToA), (-0.9, Direction::AToB)] {
        let played = script(knob, knob).play(&[512]);
        assert_eq!(asked(&played, other), []);
        assert!(asked(&played, other.reverse()).len() > 8);
        assert_eq!(played.view.late, 0);
    }
    let played = script(0.1, 0.1).play(&[512]);
    let both = Direction::BOTH.map(|direction| asked(&played, direction));
    assert_eq!(both[0], both[1], "near the middle both are asked for");
}

#[test]
fn a_knob_that_turns_asks_for_the_other_direction_of_what_is_still_to_sound() {
    let script = script(0.9, -0.9);
    let played = script.play(&[512]);
    let other = asked(&played, Direction::BToA);
    // Group 1 sounds from beat 8 to 12; the first answer of group 2 is requested at beat 11.
    assert_eq!(
        other[..3],
        [(1, Answer::Second), (2, Answer::First), (2, Answer::Second)]
    );
    assert_eq!(played.view.late, 0);
    // Dry at first, then as if the knob had always been there.
    let dry = begins(&script.input, 5.0, 5.75);
    let delayed = dry.iter().map(|(tick, key)| (tick + 4 * BEAT as i64, *key));
    let delayed: Vec<_> = delayed.collect();
    assert_eq!(begins(&played.output, 9.0, 9.75), delayed);
    let always = self::script(-0.9, -0.9).play(&[512]);
    let later = begins(&played.output, 10.0, 14.0);
    assert_eq!(later, begins(&always.output, 10.0, 14.0));
    assert_ne!(
        later,
        begins(&self::script(0.9, 0.9).play(&[512]).output, 10.0, 14.0)
    );
    // The output before the turn is unaffected.
    assert_eq!(
        begins(&played.output, 0.0, 9.0),
        begins(&self::script(0.9, 0.9).play(&[512]).output, 0.0, 9.0)
    );
}

#[test]
fn what_a_turn_gives_does_not_depend_on_blocks() {
    let script = script(0.9, -0.9);
    let output = script.play(&[512]).output;
    for blocks in [&[64][..], &[4096], &[17, 3000]] {
        assert_eq!(script.play(blocks).output, output, "{blocks:?}");
    }
}
