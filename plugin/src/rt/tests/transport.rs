//! Loops, seeks, starts in the middle, meters, tempo changes, and the straight route.

use super::super::{Body, Mode, Settings};
use super::song::{Script, events, note, pair, transport};

const BEAT: i64 = 24_000;

/// A note on each beat but the pattern never repeats: key and length differ.
fn scale(beats: i64) -> Vec<(i64, Body)> {
    let notes: Vec<_> = (0..beats)
        .map(|i| {
            (
                i * BEAT + 17 * i,
                7_000 + 13 * i,
                note(0, 30 + i as u8, None, 0.5),
            )
        })
        .collect();
    events(&notes)
}

fn later(events: &[(i64, Body)], by: i64) -> Vec<(i64, Body)> {
    events
        .iter()
        .map(|(tick, body)| (tick + by, *body))
        .collect()
}

#[test]
fn a_loop_shorter_than_the_delay_does_not_forget() {
    for (loop_end, delay) in [(8.0, 16), (4.0, 16), (24.0, 16)] {
        let mut transport = transport();
        transport.loop_range = Some((0.0, loop_end));
        let input = scale(40);
        let mut script = Script::new(transport, Settings::default(), input.clone());
        script.end = BEAT * 60;
        for blocks in [[512], [4096]] {
            let played = script.play(&blocks);
            assert_eq!(
                played.output,
                later(&input, delay * BEAT),
                "loop of {loop_end} beats"
            );
        }
    }
}

#[test]
fn a_note_held_over_the_loop_end_is_ended_there() {
    let mut transport = transport();
    transport.loop_range = Some((0.0, 16.0));
    let input = vec![(15 * BEAT, Body::On(note(0, 60, None, 0.5)))];
    let mut script = Script::new(transport, Settings::default(), input);
    script.end = BEAT * 40;
    let played = pair(&script.play(&[4096, 512]).output);
    assert_eq!(played.len(), 1);
    assert_eq!(played[0].0, 31 * BEAT);
    assert_eq!(played[0].1, 32 * BEAT);
}

#[test]
fn a_start_within_a_group_waits_for_its_end() {
    for start in [2.0, 5.0, 13.75] {
        let mut transport = transport();
        transport.position = Some(start);
        let input = scale(20);
        let script = Script::new(transport, Settings::default(), input.clone());
        assert_eq!(script.play(&[512]).output, later(&input, 16 * BEAT));
        assert_eq!(script.play(&[512]).requests[0].generation, 1);
    }
}

#[test]
fn groups_follow_the_meter() {
    for (signature, delay_bars, beats) in [
        ((3, 4), 4, 12),
        ((3, 4), 1, 3),
        ((6, 8), 2, 6),
        ((5, 4), 4, 10),
        ((5, 4), 1, 5),
        ((17, 4), 4, 16),
    ] {
        let mut transport = transport();
        transport.time_signature = signature;
        let settings = Settings {
            delay_bars,
            ..Settings::default()
        };
        let input = scale(10);
        let script = Script::new(transport, settings, input.clone());
        let output = script.play(&[512]).output;
        assert_eq!(
            output,
            later(&input, beats * BEAT),
            "{signature:?} × {delay_bars}"
        );
    }
}

#[test]
fn a_tempo_change_keeps_the_beats() {
    let input = scale(12);
    let script = Script::new(transport(), Settings::default(), input.clone());
    let script = script.then(14 * BEAT, |scene| scene.transport.tempo = 60.0);
    let expected: Vec<_> = input
        .iter()
        .map(|(tick, body)| {
            // From beat 14 a beat lasts twice as long.
            let beats = *tick as f64 / BEAT as f64 + 16.0;
            let late = (beats - 14.0) * 2.0 * BEAT as f64;
            (14 * BEAT + late.round() as i64, *body)
        })
        .collect();
    assert_eq!(script.play(&[1000]).output, expected);
    assert_eq!(script.play(&[1]).output, expected);
}

#[test]
fn a_change_of_meter_keeps_every_note() {
    let input = scale(40);
    let mut script = Script::new(transport(), Settings::default(), input.clone());
    script.end = BEAT * 80;
    let script = script.then(8 * BEAT, |scene| {
        scene.transport.time_signature = (3, 4);
        scene.transport.bar_start = Some(8.0);
    });
    let output = script.play(&[512]).output;
    assert_eq!(output.len(), input.len());
    // Two bars of 4/4 make a group of their own, then four bars of 3/4.
    for (tick, body) in &output {
        let entered = input.iter().find(|(_, b)| b == body).unwrap().0;
        let on_in_first = match body {
            Body::On(note) | Body::Off(note) => i64::from(note.key) - 30 < 8,
            Body::Message(_) => false,
        };
        let delay = if on_in_first { 8 } else { 12 };
        assert_eq!(tick - entered, delay * BEAT);
    }
}

#[test]
fn a_note_off_follows_its_note_on() {
    let mut stopped = transport();
    stopped.playing = false;
    let input = events(&[
        (1_000, 60_000, note(0, 60, None, 0.5)),
        (40_000, 300_000, note(0, 64, None, 0.5)),
    ]);
    let script = Script::new(stopped, Settings::default(), input)
        .then(20_000, |scene| scene.transport.playing = true)
        .then(200_000, |scene| scene.transport.playing = false);
    let played = pair(&script.play(&[512]).output);
    // The first left while the song stood still; the second was forgotten at the stop.
    assert_eq!(played, [(1_000, 61_000, note(0, 60, None, 0.5))]);
}

#[test]
fn bypass_passes_at_once_and_ends_what_sounds() {
    let input = events(&[
        (0, 40 * BEAT, note(0, 60, None, 0.5)),
        (30 * BEAT, BEAT, note(0, 64, None, 0.5)),
    ]);
    let script = Script::new(transport(), Settings::default(), input)
        .then(20 * BEAT, |scene| scene.settings.bypass = true);
    let played = pair(&script.play(&[512]).output);
    assert_eq!(played[0].0, 16 * BEAT);
    assert_eq!(played[0].1, 20 * BEAT);
    assert_eq!(played[1].0, 30 * BEAT);
    assert_eq!(played[1].1, 31 * BEAT);
}

#[test]
fn a_seek_ends_what_sounds_and_forgets() {
    let input = events(&[(0, 40 * BEAT, note(0, 60, None, 0.5))]);
    let script = Script::new(transport(), Settings::default(), input)
        .then(20 * BEAT, |scene| scene.transport.position = Some(100.0));
    let played = pair(&script.play(&[512]).output);
    assert_eq!(played.len(), 1);
    assert_eq!((played[0].0, played[0].1), (16 * BEAT, 20 * BEAT));
}

/// Found by the fuzzer: at a place where a bar is less than the numbers' own steps, slots had no
/// length, and a block had no end.
#[test]
fn a_host_that_tells_nonsense_gets_its_block_back() {
    let odd = [
        1e300,
        -1.9e218,
        1e17,
        -1e9,
        f64::NAN,
        f64::INFINITY,
        5e-324,
        0.0,
    ];
    let (done, is_done) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for mode in [Mode::Live, Mode::InPlace] {
            for value in odd {
                for what in 0..6 {
                    let mut transport = transport();
                    match what {
                        0 => transport.position = Some(value),
                        1 => transport.bar_start = Some(value),
                        2 => transport.loop_range = Some((0.0, value)),
                        3 => transport.loop_range = Some((value, 8.0)),
                        4 => transport.tempo = value,
                        _ => transport.sample_rate = value,
                    }
                    transport.bar_number = Some(i64::MAX);
                    let settings = Settings {
                        mode,
                        ..Settings::default()
                    };
                    let mut script = Script::new(transport, settings, scale(4));
                    script.end = BEAT * 20;
                    pair(&script.play(&[4096]).output);
                    done.send(()).unwrap();
                }
            }
        }
    });
    for number in 0..2 * odd.len() * 6 {
        let block = is_done.recv_timeout(std::time::Duration::from_mins(1));
        assert!(block.is_ok(), "number {number} hangs or has panicked");
    }
}
