//! Loops, seeks, starts in the middle, meters, tempo changes, and notes that pass through.

use super::super::{Body, PlayMode, Settings};
use super::song::{Script, events, note, pair, transport};

const BEAT: i64 = 24_000;

/// A note on each beat, without repetition: key and length differ.
fn scale(beats: i64) -> Vec<(i64, Body)> {
    let notes: Vec<_> = (0..beats)
        .map(|i| (i, note(0, 30 + i as u8, None, 0.5)))
        .map(|(i, note)| (i * BEAT + 17 * i, 7_000 + 13 * i, note))
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
            // From beat 14 on a beat lasts twice as long.
            let beats = *tick as f64 / BEAT as f64 + 16.0;
            let late = (beats - 14.0) * 2.0 * BEAT as f64;
            (14 * BEAT + late.round() as i64, *body)
        })
        .collect();
    assert_eq!(script.play(&[1000]).output, expected);
    assert_eq!(script.play(&[1]).output, expected);
}

/// A script for bars of these numbers of quarter notes; the host reports the bar with each block.
fn in_bars(bars: &[u16], settings: Settings, input: Vec<(i64, Body)>) -> Script {
    let mut script = Script::new(transport(), settings, input);
    let mut start = 0.0;
    for (number, beats) in (0..).zip(bars) {
        let change = |scene: &mut super::song::Scene| {
            scene.transport.position = Some(start);
            scene.transport.time_signature = (*beats, 4);
            scene.transport.bar_start = Some(start);
            scene.transport.bar_number = Some(number);
        };
        let tick = start as i64 * BEAT;
        if tick == 0 {
            change(&mut script.scenes[0]);
        } else {
            script = script.then(tick, change);
        }
        start += f64::from(*beats);
    }
    script
}

#[test]
fn a_change_of_meter_keeps_order_and_distances() {
    // For each song the delay in bars, and in beats where play begins.
    let songs: [(&[u16], u8, i64); 9] = [
        (&[4, 2, 4, 4, 4, 4, 4, 4, 4], 4, 16),
        (&[4, 4, 2, 3, 4, 2, 2, 3, 4, 4, 4, 4], 4, 16),
        (&[3, 3, 4, 4, 2, 3, 3, 4, 5, 5, 4], 4, 12),
        (&[2, 4, 3, 4, 5, 4, 2, 2, 4, 4, 4], 1, 2),
        (&[4, 5, 7, 3, 1, 4, 4, 4, 4, 4], 1, 4),
        // Pickups of one, two and three beats.
        (&[1, 4, 4, 4, 4, 4, 4, 4, 4, 4], 4, 16),
        (&[2, 4, 4, 4, 4, 4, 4, 4, 4, 4], 4, 8),
        (&[3, 4, 4, 4, 4, 4, 4, 4, 4, 4], 4, 12),
        (&[9, 1, 1, 1, 17, 4, 4, 4, 4], 2, 9),
    ];
    let input = scale(34);
    for (bars, delay_bars, delay) in songs {
        let settings = Settings {
            delay_bars,
            ..Settings::default()
        };
        let script = in_bars(bars, settings, input.clone());
        for blocks in [[512], [4096]] {
            let output = script.play(&blocks).output;
            assert_eq!(output, later(&input, delay * BEAT), "{bars:?}");
        }
    }
}

#[test]
fn what_changes_meter_is_transferred_bar_by_bar() {
    let input = scale(34);
    let songs: [(&[u16], u8); 4] = [
        (&[4, 4, 2, 3, 4, 2, 2, 3, 4, 4, 4, 4], 4),
        (&[3, 3, 4, 4, 2, 3, 3, 4, 5, 5, 4], 4),
        (&[1, 4, 4, 4, 4, 4, 4, 4, 4, 4], 4),
        (&[4, 3, 2, 4, 3, 2, 4, 3, 2, 4, 3, 2], 1),
    ];
    for (bars, delay_bars) in songs {
        let settings = Settings {
            knob: -1.0,
            delay_bars,
            ..Settings::default()
        };
        let script = in_bars(bars, settings, input.clone());
        let played = script.play(&[512]);
        pair(&played.output);
        assert_eq!(played.output, script.play(&[4096, 77]).output, "{bars:?}");
        // No bar is without its answer, in any meter.
        assert_eq!(played.view.late, 0, "{bars:?}");
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
    // The first left while stopped; the second was forgotten at the stop.
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

/// Found by the fuzzer: where a bar is shorter than the numbers' precision, slots had no length and
/// a block did not end.
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
        for mode in [PlayMode::Live, PlayMode::InPlace] {
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
