//! Loading and forgetting leave nothing behind, and the exported song equals the one that In place
//! plays.

use std::time::Duration;

use super::super::{PlayMode, Settings};
use super::clip::{ClipNote, Passage, in_place, script};
use super::song::{answer_slowly, edits, pair};
use crate::export::song::perform;
use crate::link::link;
use crate::memory::Keeper;

#[test]
fn the_song_that_is_saved_is_the_second_pass() {
    let clip = long_clip();
    let settings = Settings {
        quantise: 0.6,
        ..in_place(0.8)
    };
    let passages = [
        Passage::Play(0.0, 32.0),
        Passage::Stop(1.0),
        Passage::Play(0.0, 32.0),
        Passage::Stop(1.0),
    ];
    let keeper = Keeper::default();
    let played = script(&clip, settings, &passages).play_from(&keeper, &[512]);
    let second = 33 * 24_000;
    let wanted: Vec<_> = pair(&played.output)
        .into_iter()
        .filter(|(on, ..)| *on >= second)
        .map(|(on, off, note)| (on - second, off - second, note.key))
        .collect();
    assert!(wanted.len() > 40);

    let (audio, worker) = link(1);
    let answers = answer_slowly(worker, |_| Duration::ZERO);
    let tick = |beat: f64| (beat * 24_000.0).round() as i64;
    let song = keeper.song();
    let heard: Vec<_> = song
        .notes
        .iter()
        .map(|note| (tick(note.onset), note.key))
        .collect();
    let entered: Vec<_> = clip
        .iter()
        .map(|(onset, _, key, _)| (tick(*onset), *key))
        .collect();
    assert_eq!(heard, entered);
    let saved = perform(&keeper.copy(), &song, &settings, audio, || true).unwrap();
    answers.join().unwrap();
    assert_eq!(saved.dry, 0);
    let mut found: Vec<_> = saved
        .notes
        .iter()
        .map(|note| (tick(note.onset), tick(note.release), note.key))
        .collect();
    found.sort_unstable();
    let mut wanted = wanted;
    wanted.sort_unstable();
    assert_eq!(found, wanted);
}

/// Eight bars: a tune in eighths and a bass in halves, on ticks.
fn long_clip() -> Vec<ClipNote> {
    let tune = (0..64).map(|eighth| {
        let onset = f64::from(eighth) * 0.5 + f64::from(eighth % 3) / 48.0;
        let key = 60 + (eighth * 5 % 13) as u8;
        (onset, onset + 0.375, key, 0.5)
    });
    let bass = (0..16).map(|half| {
        let onset = f64::from(half) * 2.0;
        (onset, onset + 1.75, 36 + (half * 7 % 12) as u8, 0.75)
    });
    let mut clip: Vec<ClipNote> = tune.chain(bass).collect();
    clip.sort_by(|a, b| a.0.total_cmp(&b.0));
    clip
}

#[test]
fn a_project_that_was_saved_with_forget_on_keeps_what_it_brings() {
    let passages = [
        Passage::Play(0.0, 16.0),
        Passage::Stop(1.0),
        Passage::Play(0.0, 16.0),
        Passage::Stop(1.0),
    ];
    let mut song = script(&long_clip()[..40], in_place(0.8), &passages);
    song.loads = vec![song.scenes[2].tick];
    let off = song.play(&[512]);
    assert_eq!(off.view.learned, 4);
    for scene in &mut song.scenes[2..] {
        scene.settings.forget = true;
    }
    let on = song.play(&[512]);
    assert_eq!(on.output, off.output);
    assert_eq!(on.view.learned, 4);
    song.loads.clear();
    assert_ne!(song.play(&[512]).output, off.output);
}

#[test]
fn answers_about_what_was_forgotten_are_for_nothing_new() {
    // Forgotten while stopped, Live or in place; then the same bars are learned again.
    for mode in [PlayMode::Live, PlayMode::InPlace] {
        let passages = [
            Passage::Play(0.0, 16.0),
            Passage::Stop(1.0),
            Passage::Play(0.0, 16.0),
            Passage::Play(0.0, 16.0),
            Passage::Stop(1.0),
        ];
        let mut song = script(&long_clip()[..40], in_place(0.8), &passages);
        song.scenes[1].settings.mode = mode;
        for scene in &mut song.scenes[1..] {
            scene.settings.forget = true;
        }
        let [begin, end] = [1, 2].map(|scene| song.scenes[scene].tick / 512);
        let play = |answered: bool| {
            let (audio, worker) = link(1);
            let mut asked = Vec::new();
            let mut block = 0;
            song.play_with(audio, &Keeper::default(), &[512], || {
                block += 1;
                while let Ok(Some(request)) = worker.next() {
                    // Requests after forgetting are never answered.
                    if block <= begin {
                        asked.push(request);
                    }
                }
                if answered && block > end + 100 {
                    for request in asked.drain(..) {
                        worker.respond(request.respond(Ok(edits(&request))));
                    }
                }
            })
        };
        let (late, never) = (play(true), play(false));
        assert!(!never.output.is_empty());
        assert_eq!(late.output, never.output, "{mode:?}");
    }
}

#[test]
fn a_loaded_project_is_asked_about_by_samples_and_not_by_blocks() {
    let passages = [Passage::Play(0.0, 32.0), Passage::Stop(4.0)];
    let mut song = script(&long_clip(), in_place(0.8), &passages);
    let loaded = song.scenes[1].tick;
    song.loads = vec![loaded];
    // Number of requests by the end of the first 512, 1,024, … samples after loading.
    let asked = |size: u32| {
        let (audio, worker) = link(1);
        let (mut block, mut all, mut counts) = (0, 0, Vec::new());
        song.play_with(audio, &Keeper::default(), &[size], || {
            block += i64::from(size);
            while let Ok(Some(request)) = worker.next() {
                all += usize::from(block > loaded);
                worker.respond(request.respond(Ok(edits(&request))));
            }
            if block > loaded && block % 512 == 0 && counts.len() < 6 {
                counts.push(all);
            }
        });
        counts
    };
    let by_blocks = asked(512);
    assert_eq!(by_blocks[..3], [2, 4, 4], "two phrases, in both directions");
    for size in [64, 128, 256] {
        assert_eq!(asked(size), by_blocks, "blocks of {size}");
    }
}
