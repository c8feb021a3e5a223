//! In place, the knob is turned: which directions of a phrase are asked about, and from when on
//! they count.

use std::time::Duration;

use third_stream_model::genre::Direction;

use super::super::Body;
use super::clip::{BEAT, ClipNote, Passage, in_place, script};
use super::song::{Played, Script, edits};
use crate::link::link;
use crate::memory::Keeper;

/// Sixteenths, for so many beats.
fn clip(beats: f64) -> Vec<ClipNote> {
    let one = |i: usize| {
        let onset = i as f64 * 0.25;
        (onset, onset + 0.2, 48 + (i * 7 % 24) as u8, 0.5)
    };
    (0..(beats * 4.0) as usize).map(one).collect()
}

/// A song of four phrases is learned with the knob at one end, and played again; from the beat on
/// of the second time it is at the other.
fn turned(before: f32, after: f32, beat: f64) -> Script {
    let passages = [
        Passage::Play(0.0, 64.0),
        Passage::Stop(1.0),
        Passage::Play(0.0, 64.0),
    ];
    let mut script = script(&clip(64.0), in_place(before), &passages);
    let tick = ((65.0 + beat) * BEAT) as i64;
    let place = script.scenes.partition_point(|scene| scene.tick < tick);
    let mut scene = script.scenes[place - 1].clone();
    if scene.transport.playing {
        scene.transport.position = Some(scene.position(tick));
    }
    scene.tick = tick;
    script.scenes.insert(place, scene);
    for scene in &mut script.scenes[place..] {
        scene.settings.knob = after;
    }
    script
}

/// How often a direction was asked for.
fn asked(played: &Played, direction: Direction) -> usize {
    let requests = played.requests.iter();
    requests.filter(|r| r.direction == direction).count()
}

/// What begins between two beats of the second time.
fn begins(played: &Played, from: f64, to: f64) -> Vec<(i64, u8)> {
    let range = ((65.0 + from) * BEAT) as i64..((65.0 + to) * BEAT) as i64;
    let ons = played.output.iter().filter_map(|(tick, body)| match body {
        Body::On(note) if range.contains(tick) => Some((*tick, note.key)),
        _ => None,
    });
    let mut ons: Vec<_> = ons.collect();
    ons.sort_unstable();
    ons
}

fn bounce(script: &Script, blocks: &[u32]) -> Played {
    let mut script = script.clone();
    for scene in &mut script.scenes {
        scene.transport.offline = true;
    }
    let (audio, worker) = link(1);
    let slow = std::thread::spawn(move || {
        while let Ok(request) = worker.next() {
            std::thread::sleep(Duration::from_micros(200));
            if let Some(request) = request {
                worker.respond(request.respond(Ok(edits(&request))));
            }
        }
    });
    let bounced = script.play_with(audio, &Keeper::default(), blocks, || ());
    slow.join().unwrap();
    bounced
}

#[test]
fn a_knob_that_stands_still_asks_for_one_direction() {
    for (knob, other) in [(0.9, Direction::BToA), (-0.9, Direction::AToB)] {
        let played = turned(knob, knob, 20.0).play(&[512]);
        assert_eq!(asked(&played, other), 0);
        assert!(asked(&played, other.reverse()) > 4);
        assert_eq!((played.view.late, played.view.waiting), (0, 0));
    }
    let played = turned(0.1, 0.1, 20.0).play(&[512]);
    let [one, other] = Direction::BOTH.map(|direction| asked(&played, direction));
    assert_eq!(one, other, "near the middle both are asked for");
}

#[test]
fn a_knob_that_turns_asks_for_the_other_direction_of_what_plays_and_comes_next() {
    // In the second phrase, and right before its end.
    for beat in [20.0, 31.5] {
        let script = turned(0.9, -0.9, beat);
        let played = script.play(&[512]);
        assert_eq!(played.view.late, 0, "at {beat}");
        assert_eq!(asked(&played, Direction::BToA), 3, "not the first phrase");
        // What sounds before does not know of it.
        let still = turned(0.9, 0.9, beat).play(&[512]);
        assert_eq!(begins(&played, 0.0, beat), begins(&still, 0.0, beat));
        // Then as played, and after three quarters of a beat as if the knob had always been there.
        let always = turned(-0.9, -0.9, beat).play(&[512]);
        let dry = turned(0.0, 0.0, beat).play(&[512]);
        let of = |played| begins(played, beat, beat + 0.6);
        assert_eq!(of(&played).len(), of(&dry).len());
        assert_eq!(
            begins(&played, beat + 1.0, 64.0),
            begins(&always, beat + 1.0, 64.0),
            "at {beat}"
        );
        assert_ne!(
            begins(&played, beat + 1.0, 64.0),
            begins(&still, beat + 1.0, 64.0)
        );
    }
}

#[test]
fn what_a_turn_gives_does_not_depend_on_blocks_and_a_bounce_is_the_playback() {
    // While it plays, at a slot's start, and while it stands before it.
    for beat in [20.0, 31.5, 32.0, 38.9, -0.9] {
        let script = turned(0.9, -0.9, beat);
        let output = script.play(&[512]).output;
        for blocks in [&[64][..], &[4096], &[17, 3000]] {
            assert_eq!(script.play(blocks).output, output, "{blocks:?} at {beat}");
        }
        let bounced = bounce(&script, &[1024, 333]);
        assert_eq!(bounced.output, output, "at {beat}");
    }
}

#[test]
fn a_knob_that_is_turned_while_the_song_stands_is_ready_when_it_plays() {
    let played = turned(0.9, -0.9, -0.9).play(&[512]);
    let always = turned(-0.9, -0.9, -0.9).play(&[512]);
    assert_eq!(asked(&played, Direction::BToA), 4);
    assert_eq!(begins(&played, 0.0, 64.0), begins(&always, 0.0, 64.0));
    assert_eq!((played.view.late, played.view.waiting), (0, 0));
}

#[test]
fn a_bounce_that_begins_where_the_knob_was_just_turned_waits_for_its_answer() {
    // So late that the networks were not asked before the song plays.
    let script = turned(0.9, -0.9, 0.0);
    let always = turned(-0.9, -0.9, 0.0).play(&[512]);
    let bounced = bounce(&script, &[512]);
    assert_eq!(begins(&bounced, 0.0, 64.0), begins(&always, 0.0, 64.0));
}
