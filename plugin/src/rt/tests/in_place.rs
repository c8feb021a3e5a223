//! In place: bars sound transferred from the second pass on.

use third_stream_model::genre::Direction;
use third_stream_model::roll::{Roll, STEPS, row_of_key};

use super::super::{Body, Expression, Message, PlayMode};
use super::clip::{BEAT, ClipNote, Passage, in_place, script};
use super::song::{Played, Script, edits, pair};
use crate::memory::Keeper;

/// Eighths with a feel, each bar different.
fn clip(from: f64, until: f64) -> Vec<ClipNote> {
    let count = ((until - from) * 2.0) as usize;
    let one = |i: usize| {
        let onset = from + i as f64 * 0.5 + if i % 2 == 1 { 240.0 / BEAT } else { 0.0 };
        let key = 48 + (i * 7 % 24) as u8;
        (onset, onset + 0.375, key, (40 + i % 50) as f32 / 127.0)
    };
    (0..count).map(one).collect()
}

/// Notes that sound from `from` for `beats`, as ticks from there, without ids.
fn between(played: &Played, from: f64, beats: f64) -> Vec<(i64, i64, u8, f32)> {
    let start = (from * BEAT) as i64;
    let end = start + (beats * BEAT) as i64;
    let notes = pair(&played.output).into_iter();
    let inside = notes.filter(|note| (start..end).contains(&note.0));
    inside
        .map(|(on, off, note)| (on - start, off - start, note.key, note.velocity))
        .collect()
}

/// The roll of the output from `from` for four bars.
fn roll(played: &Played, from: f64) -> Roll {
    let step = (BEAT / 4.0) as i64;
    let mut steps = [0; STEPS];
    for (on, off, note) in pair(&played.output) {
        let row = row_of_key(note.key).unwrap();
        for (index, cells) in (0..).zip(&mut steps) {
            let middle = (from * BEAT) as i64 + index * step + step / 2;
            if (on..off).contains(&middle) {
                *cells |= 1 << row;
            }
        }
    }
    Roll::from_steps(steps)
}

#[test]
fn the_first_pass_is_as_played_and_the_second_the_same_at_the_centre() {
    let clip = clip(0.0, 8.0);
    let script = script(&clip, in_place(0.0), &[Passage::Cycle((0.0, 8.0), 24.0)]);
    let played = script.play(&[512]);
    let first = between(&played, 0.0, 8.0);
    assert_eq!(first.len(), 16);
    assert_eq!(played.output[..32], script.input[..32]);
    for lap in [8.0, 16.0] {
        assert_eq!(between(&played, lap, 8.0), first, "at {lap}");
    }
    assert_eq!(played.view.learned, 2);
}

#[test]
fn the_second_pass_of_a_loop_is_the_networks_output() {
    let clip: Vec<ClipNote> = clip(0.0, 16.0)
        .into_iter()
        .filter(|note| note.0.rem_euclid(8.0) < 7.0)
        .collect();
    for (beats, bars) in [(4.0, 1), (8.0, 2), (12.0, 3), (16.0, 4)] {
        let passages = [
            Passage::Cycle((0.0, beats), beats * 3.0),
            Passage::Stop(1.0),
        ];
        let played = script(&clip, in_place(1.0), &passages).play(&[512]);
        // The loop's last beat may have notes: then the first beat is by another answer.
        let last = played
            .requests
            .iter()
            .rfind(|r| r.direction == Direction::AToB);
        let last = last.unwrap();
        let known = if bars == 4 {
            u64::MAX
        } else {
            (1 << (16 * bars)) - 1
        };
        let wanted = edits(last).within(known).apply(&last.roll, 1.0);
        let wanted = wanted.sounding().within(known);
        assert_ne!(wanted, last.roll.sounding().within(known));
        let third = roll(&played, beats * 2.0).within(known);
        assert_eq!(third, wanted, "third pass of {bars} bars");
        let second = roll(&played, beats).within(known);
        let late = u64::MAX << 4;
        assert_eq!(
            second.within(late),
            wanted.within(late),
            "second pass of {bars} bars"
        );
        assert_eq!(played.view.late, 0);
    }
}

#[test]
fn a_project_that_is_opened_again_plays_the_transfer_from_the_first_bar() {
    let clip = clip(0.0, 32.0);
    let keeper = Keeper::default();
    let passages = [Passage::Play(0.0, 32.0), Passage::Stop(1.0)];
    script(&clip, in_place(1.0), &passages).play_from(&keeper, &[512]);
    // While loading, the song is stopped, and the engine is asked about all phrases.
    let opened = [
        Passage::Stop(2.0),
        Passage::Play(0.0, 32.0),
        Passage::Stop(1.0),
    ];
    let played = script(&clip, in_place(1.0), &opened).play_from(&keeper, &[512]);
    assert_eq!(played.requests.len(), 4, "two phrases, two directions");
    for phrase in 0..2 {
        let asked = &played.requests[phrase * 2];
        let wanted = edits(asked).apply(&asked.roll, 1.0);
        let found = roll(&played, 2.0 + phrase as f64 * 16.0);
        assert_eq!(found, *wanted.sounding());
    }
    assert_eq!((played.view.late, played.view.waiting), (0, 0));
    assert_eq!(played.view.learned, 8);
}

#[test]
fn only_the_phrase_of_an_edited_bar_is_made_again() {
    let song = clip(0.0, 128.0);
    let keeper = Keeper::default();
    let passages = [Passage::Play(0.0, 128.0), Passage::Stop(1.0)];
    let first = script(&song, in_place(1.0), &passages).play_from(&keeper, &[512]);
    assert_eq!(first.view.learned, 32);
    let again = script(&song, in_place(1.0), &passages).play_from(&keeper, &[512]);
    assert_eq!(
        again.requests.len(),
        8 * 2,
        "each phrase once, for it was loaded"
    );

    // Bar 9 (of the third phrase) gets another note.
    let mut edited = song.clone();
    edited[9 * 8 + 3].2 += 2;
    let passages = [
        Passage::Stop(2.0),
        Passage::Play(0.0, 128.0),
        Passage::Stop(1.0),
        Passage::Play(0.0, 128.0),
        Passage::Stop(1.0),
    ];
    let played = script(&edited, in_place(1.0), &passages).play_from(&keeper, &[512]);
    let made = &played.requests[16..];
    assert_eq!(made.len(), 2, "one phrase, two directions");
    let before = played.requests[4].roll.sounding();
    for asked in made {
        let differs = asked.roll.sounding().difference(before);
        let elsewhere = differs.within(!(0xFFFF << 16));
        assert!(elsewhere.is_empty(), "only the bar differs");
        assert_ne!(differs.count(), 0);
    }
    // Followed on the next pass.
    let asked = &played.requests[16];
    assert_eq!(asked.direction, Direction::AToB);
    let wanted = edits(asked).apply(&asked.roll, 1.0);
    assert_eq!(roll(&played, 2.0 + 129.0 + 32.0), *wanted.sounding());
}

#[test]
fn what_is_not_remembered_sounds_at_once_and_from_the_next_pass_on_by_memory() {
    let song = clip(0.0, 8.0);
    let passages = [Passage::Cycle((0.0, 8.0), 8.0)];
    let mut first = script(&song, in_place(0.0), &passages);
    let mut take = song.clone();
    take.remove(5); // taken out: sounds once more
    take.push((3.25, 3.5, 90, 0.5)); // new: heard at once
    take[0].3 = 0.9; // another velocity: counts on the next pass
    let passages = [Passage::Cycle((0.0, 8.0), 16.0), Passage::Stop(1.0)];
    let mut second = script(&take, in_place(0.0), &passages);
    let shift = first.end;
    for (tick, _) in &mut second.input {
        *tick += shift;
    }
    for scene in &mut second.scenes {
        scene.tick += shift;
    }
    first.input.append(&mut second.input);
    first.scenes.append(&mut second.scenes);
    first.end += second.end;
    let played = first.play(&[512]);
    let keys = |from| {
        let notes = between(&played, from, 8.0);
        let mut keys: Vec<(i64, u8, f32)> = notes.iter().map(|n| (n.0, n.2, n.3)).collect();
        keys.sort_by_key(|note| (note.0, note.1));
        keys
    };
    let of = |notes: &[ClipNote]| {
        let key = |n: &ClipNote| ((n.0 * BEAT).round() as i64, n.2, n.3);
        let mut keys: Vec<_> = notes.iter().map(key).collect();
        keys.sort_by_key(|note| (note.0, note.1));
        keys
    };
    let mut both = song.clone();
    both.push((3.25, 3.5, 90, 0.5));
    assert_eq!(keys(8.0), of(&both));
    assert_eq!(keys(16.0), of(&take));
}

#[test]
fn early_notes_lie_on_their_own_step_and_long_ones_keep_their_length() {
    // An anticipated downbeat, a note over two bar lines, a 32nd before the bar.
    let song = [
        (0.0, 0.5, 60, 0.5),
        (3.96, 5.0, 62, 0.5),
        (6.0, 13.0, 64, 0.5),
        (11.875, 12.5, 66, 0.5),
        (12.0, 15.9, 67, 0.5),
    ];
    let passages = [Passage::Cycle((0.0, 16.0), 48.0), Passage::Stop(1.0)];
    let played = script(&song, in_place(0.0), &passages).play(&[512]);
    for lap in [16.0, 32.0] {
        assert_eq!(
            between(&played, lap, 16.0),
            between(&played, 0.0, 16.0),
            "{lap}"
        );
    }
    let asked = played.requests.last().unwrap();
    let steps = |key: u8| {
        let row = row_of_key(key).unwrap();
        let sounds = |step: &usize| asked.roll.sounding().get(*step, row);
        (0..64).filter(sounds).collect::<Vec<_>>()
    };
    assert_eq!(steps(62), (16..20).collect::<Vec<_>>());
    assert_eq!(steps(64), (24..52).collect::<Vec<_>>());
    assert_eq!(steps(66), [48, 49]);
}

#[test]
fn loops_off_the_bar_lines_are_learned_too() {
    let song = clip(0.0, 16.0);
    for (start, end) in [(2.0, 6.0), (1.0, 12.0), (3.5, 8.5), (6.0, 6.75)] {
        let beats = (end - start) * 5.0;
        let passages = [Passage::Cycle((start, end), beats), Passage::Stop(1.0)];
        let played = script(&song, in_place(0.0), &passages).play(&[512]);
        let length = end - start;
        let first = between(&played, 0.0, length);
        assert!(!first.is_empty());
        for lap in [1.0, 2.0, 3.0] {
            assert_eq!(
                between(&played, lap * length, length),
                first,
                "{start}..{end}"
            );
        }
        // If the first lap was dry, a later one is not; in very short loops the answer takes a few
        // laps.
        let played = script(&song, in_place(1.0), &passages).play(&[512]);
        assert_ne!(
            between(&played, 4.0 * length, length),
            first,
            "{start}..{end}"
        );
    }
}

#[test]
fn the_pedal_shapes_what_the_networks_hear() {
    let song = [(0.0, 0.5, 60, 0.5), (4.0, 4.5, 62, 0.5)];
    let passages = [Passage::Cycle((0.0, 16.0), 32.0), Passage::Stop(1.0)];
    let mut script = script(&song, in_place(0.0), &passages);
    for lap in [0, 1] {
        for (beat, value) in [(0.25, 1.0), (2.0, 0.0)] {
            let (channel, number) = (0, 64);
            let pedal = Message::Controller {
                channel,
                number,
                value,
            };
            let tick = lap * 16 * BEAT as i64 + (beat * BEAT) as i64;
            script.input.push((tick, Body::Message(pedal)));
        }
    }
    script.input.sort_by_key(|(tick, _)| *tick);
    let played = script.play(&[512]);
    let asked = played.requests.last().unwrap();
    let row = row_of_key(60).unwrap();
    let steps: Vec<usize> = (0..64)
        .filter(|step| asked.roll.sounding().get(*step, row))
        .collect();
    assert_eq!(steps, (0..8).collect::<Vec<_>>());
    // The note has its own length, and the pedal passes.
    assert_eq!(between(&played, 16.0, 1.0)[0].1, (0.5 * BEAT) as i64);
    let pedals = played
        .output
        .iter()
        .filter(|(_, body)| matches!(body, Body::Message(_)));
    assert_eq!(pedals.count(), 4);
}

#[test]
fn expressions_follow_the_note_that_is_played_from_memory() {
    let song = [(0.0, 2.0, 60, 0.5)];
    let passages = [Passage::Cycle((0.0, 4.0), 8.0), Passage::Stop(1.0)];
    let mut script = script(&song, in_place(0.0), &passages);
    let ids: Vec<i32> = script
        .input
        .iter()
        .filter_map(|(_, body)| match body {
            Body::On(note) => note.id,
            _ => None,
        })
        .collect();
    for (lap, id) in (0..).zip(ids) {
        let pressure = Message::Expression {
            kind: Expression::Pressure,
            channel: 0,
            key: 60,
            id: Some(id),
            value: 0.3,
        };
        script
            .input
            .push((lap * 4 * BEAT as i64 + 9_000, Body::Message(pressure)));
    }
    script.input.sort_by_key(|(tick, _)| *tick);
    let played = script.play(&[512]);
    let to: Vec<Option<i32>> = played
        .output
        .iter()
        .filter_map(|(_, body)| match body {
            Body::Message(Message::Expression { id, .. }) => Some(*id),
            _ => None,
        })
        .collect();
    assert_eq!(to, [Some(0), None]);
}

#[test]
fn bars_of_other_meters_are_learned_as_bars() {
    for (signature, bar) in [
        ((3, 4), 3.0),
        ((7, 8), 3.5),
        ((5, 4), 5.0),
        ((6, 8), 3.0),
        ((17, 4), 17.0),
    ] {
        let song = clip(0.0, 20.0);
        let passages = [Passage::Cycle((0.0, bar), bar * 3.0), Passage::Stop(1.0)];
        let play = |knob| {
            let mut script = script(&song, in_place(knob), &passages);
            for scene in &mut script.scenes {
                scene.transport.time_signature = signature;
            }
            script.play(&[512])
        };
        let dry = play(0.0);
        for lap in [bar, bar * 2.0] {
            assert_eq!(
                between(&dry, lap, bar),
                between(&dry, 0.0, bar),
                "{signature:?}"
            );
        }
        let wet = play(1.0);
        assert_ne!(
            between(&wet, bar * 2.0, bar),
            between(&dry, 0.0, bar),
            "{signature:?}"
        );
        assert_eq!(wet.view.late, 0);
    }
}

#[test]
fn a_change_of_meter_divides_phrases_and_cuts_nothing() {
    // Two bars of 4/4, then 3/4, with a note over the line between.
    let mut song = clip(0.0, 20.0);
    song.push((7.0, 9.5, 100, 0.5));
    let passages = [Passage::Play(0.0, 20.0), Passage::Stop(1.0)];
    let keeper = Keeper::default();
    let play = || {
        let mut made = script(&song, in_place(0.0), &passages);
        let mut three = made.scenes[0].clone();
        three.tick = 8 * BEAT as i64;
        three.transport.position = Some(8.0);
        three.transport.time_signature = (3, 4);
        three.transport.bar_start = Some(8.0);
        three.transport.bar_number = Some(2);
        made.scenes.insert(1, three);
        // The host reports the bar of each block.
        made.bars = Some(|position: f64| {
            if position < 8.0 - 1e-9 {
                let bar = (position / 4.0).floor();
                (bar * 4.0, bar as i64)
            } else {
                let bar = ((position - 8.0) / 3.0 + 1e-9).floor();
                (8.0 + bar * 3.0, 2 + bar as i64)
            }
        });
        made.play_from(&keeper, &[512])
    };
    let (first, second) = (play(), play());
    assert_eq!(between(&second, 0.0, 20.0), between(&first, 0.0, 20.0));
    let keys: Vec<(i64, u32, u8)> = keeper.places();
    assert_eq!(keys.iter().filter(|key| key.1 == 4 * 960).count(), 2);
    assert_eq!(keys.iter().filter(|key| key.1 == 3 * 960).count(), 4);
}

#[test]
fn forgetting_makes_the_next_pass_the_first() {
    let song = clip(0.0, 8.0);
    let passages = [Passage::Cycle((0.0, 8.0), 32.0), Passage::Stop(1.0)];
    let script = script(&song, in_place(1.0), &passages);
    let tick = 18 * BEAT as i64;
    let mut scenes = script.scenes.clone();
    let mut forget = scenes[2].clone();
    forget.transport.position = Some(2.0);
    forget.tick = tick;
    forget.settings.forget = true;
    scenes.insert(3, forget);
    scenes[4].settings.forget = true;
    let script = Script { scenes, ..script };
    let played = script.play(&[512]);
    let dry = between(&played, 0.0, 8.0);
    assert_ne!(between(&played, 8.0, 8.0), dry);
    let rest: Vec<_> = dry
        .iter()
        .filter(|n| n.0 >= 2 * BEAT as i64)
        .map(|n| (n.0, n.2))
        .collect();
    let after: Vec<_> = between(&played, 18.0, 6.0)
        .iter()
        .map(|n| (n.0 + 2 * BEAT as i64, n.2))
        .collect();
    assert_eq!(after, rest);
    assert_ne!(between(&played, 24.0, 8.0), dry);
    assert_eq!(played.view.learned, 2);
}

#[test]
fn a_switch_of_the_mode_in_the_song_leaves_nothing_behind() {
    let song = clip(0.0, 64.0);
    let passages = [Passage::Play(0.0, 64.0), Passage::Stop(1.0)];
    let keeper = Keeper::default();
    script(&song, in_place(1.0), &passages).play_from(&keeper, &[512]);
    let mut made = script(&song, in_place(1.0), &passages);
    for beat in [10.3, 22.0, 30.9, 44.5] {
        let at = (beat * BEAT) as i64;
        let mut scene = made.scenes[made.scenes.len() - 2].clone();
        scene.transport.position = Some(beat);
        scene.tick = at;
        scene.settings.mode = match scene.settings.mode {
            PlayMode::Live => PlayMode::InPlace,
            PlayMode::InPlace => PlayMode::Live,
        };
        let place = made.scenes.len() - 1;
        made.scenes.insert(place, scene);
    }
    let played = made.play_from(&keeper, &[441]);
    pair(&played.output);
    // In place sounds at once, Live four bars later: silent until then.
    assert!(!between(&played, 0.0, 10.0).is_empty());
    assert!(between(&played, 10.4, 11.5).is_empty());
    assert!(!between(&played, 22.0, 8.0).is_empty());
    // The song was played right after loading: the first bar had no answer yet.
    assert_eq!(played.view.late, 1);
}

#[test]
fn a_full_memory_leaves_what_has_no_room_dry() {
    let song = clip(0.0, 2.0);
    let keeper = Keeper::default();
    keeper.fill();
    let passages = [Passage::Cycle((0.0, 4.0), 12.0), Passage::Stop(1.0)];
    let played = script(&song, in_place(1.0), &passages).play_from(&keeper, &[512]);
    for lap in [4.0, 8.0] {
        assert_eq!(between(&played, lap, 4.0), between(&played, 0.0, 4.0));
    }
    assert_eq!(played.view.learned, 512);
}

#[test]
fn what_comes_again_as_it_was_is_not_asked_about_again() {
    // Notes over bar lines, over the beat before a bar's end, and over the loop's end.
    let mut song = clip(0.0, 16.0);
    song.extend([
        (2.5, 3.5, 90, 0.5),
        (7.25, 9.0, 91, 0.5),
        (10.5, 11.5, 92, 0.5),
        (15.5, 18.0, 93, 0.5),
    ]);
    let laps = |laps: f64| {
        let passages = [Passage::Cycle((0.0, 16.0), 16.0 * laps), Passage::Stop(1.0)];
        script(&song, in_place(1.0), &passages)
            .play(&[512])
            .requests
            .len()
    };
    // Requests at each bar of the first lap, and none later.
    assert_eq!(laps(5.0), laps(1.0));
}
