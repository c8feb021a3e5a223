//! Counters for test hosts: every request and response, and the cause of each dry bar.

use super::clip::{Passage, eighths, in_place, live, script};
use super::song::{Network, Script, answer};
use crate::link::{Counted, Counts, link};
use crate::memory::Keeper;
use crate::rt::Settings;
use crate::rt::snapshot::CoreView;

/// Plays a script with the memory of `keeper` and a network of its own.
fn play(script: &Script, keeper: &Keeper) -> (CoreView, Counts) {
    let (audio, worker) = link(1);
    let counts = audio.counts().clone();
    let played = script.play_with(audio, keeper, &[512], || {
        answer(&worker, script.network, &mut Vec::new());
        keeper.file();
    });
    (played.view, counts)
}

/// Asked, answered, taken.
fn traffic(counts: &Counts) -> [u64; 3] {
    [Counted::Asked, Counted::Answered, Counted::Taken].map(|counted| counts.of(counted))
}

/// Late, unasked.
fn dry(counts: &Counts) -> [u64; 2] {
    [Counted::Late, Counted::Unasked].map(|counted| counts.of(counted))
}

#[test]
fn each_question_is_answered_and_each_answer_taken() {
    for settings in [live(1.0), in_place(1.0)] {
        let passages = [Passage::Cycle((0.0, 16.0), 48.0), Passage::Stop(1.0)];
        let script = script(&eighths(16.0), settings, &passages);
        let (view, counts) = play(&script, &Keeper::default());
        let [asked, answered, taken] = traffic(&counts);
        assert!(asked >= 2, "{settings:?}");
        assert_eq!([answered, taken], [asked; 2], "{settings:?}");
        assert_eq!((view.late, dry(&counts)), (0, [0, 0]), "{settings:?}");
    }
}

#[test]
fn what_was_asked_in_time_and_is_not_there_is_late() {
    for settings in [live(1.0), in_place(1.0)] {
        let passages = [Passage::Cycle((0.0, 16.0), 48.0), Passage::Stop(1.0)];
        let mut script = script(&eighths(16.0), settings, &passages);
        script.network = Network::Silent;
        let (view, counts) = play(&script, &Keeper::default());
        let [asked, answered, _] = traffic(&counts);
        assert!(asked > 0 && answered == 0, "{settings:?}");
        assert!(view.late > 0, "{settings:?}");
        let expected = [u64::from(view.late), 0];
        assert_eq!(dry(&counts), expected, "{settings:?}");
    }
}

#[test]
fn what_the_networks_refuse_is_counted() {
    let mut script = script(&eighths(16.0), live(1.0), &[Passage::Play(0.0, 31.5)]);
    script.network = Network::Failing;
    let (view, counts) = play(&script, &Keeper::default());
    assert_eq!(counts.of(Counted::Refused), counts.of(Counted::Asked));
    assert_eq!(dry(&counts), [u64::from(view.late), 0]);
    assert_eq!(view.late, 4);
}

#[test]
fn play_that_begins_right_before_a_group_s_end_cannot_be_asked_about() {
    let passages = [Passage::Play(15.3, 24.0)];
    let settings = Settings {
        delay_bars: 1,
        ..live(1.0)
    };
    let (view, counts) = play(
        &script(&eighths(16.0), settings, &passages),
        &Keeper::default(),
    );
    assert_eq!((view.late, dry(&counts)), (1, [0, 1]));
    // In a group of four bars the first begins dry, and that one is empty.
    let (view, counts) = play(
        &script(&eighths(16.0), live(1.0), &passages),
        &Keeper::default(),
    );
    assert_eq!((view.late, dry(&counts)), (0, [0, 0]));
}

#[test]
fn empty_bars_are_not_late_and_play_counts_anew() {
    let silent = |passages: &[Passage], settings| {
        let mut script = script(&eighths(4.0), settings, passages);
        script.network = Network::Silent;
        play(&script, &Keeper::default()).0.late
    };
    // One bar in four is played.
    assert_eq!(silent(&[Passage::Play(0.0, 60.0)], live(1.0)), 1);
    let twice = [
        Passage::Cycle((0.0, 16.0), 40.0),
        Passage::Stop(1.0),
        Passage::Play(64.0, 20.0),
    ];
    assert!(silent(&twice[..2], live(1.0)) > 0);
    assert_eq!(silent(&twice, live(1.0)), 0);
    assert!(silent(&twice[..2], in_place(1.0)) > 0);
    assert_eq!(silent(&twice, in_place(1.0)), 0);
}

#[test]
fn a_project_that_is_played_at_once_cannot_be_asked_about() {
    let keeper = Keeper::default();
    let passages = [Passage::Play(0.0, 32.0), Passage::Stop(1.0)];
    let script = script(&eighths(32.0), in_place(1.0), &passages);
    play(&script, &keeper);
    let (view, counts) = play(&script, &keeper);
    assert_eq!((view.late, dry(&counts)), (1, [0, 1]));
}

#[test]
fn a_question_without_room_is_counted() {
    let (audio, worker) = link(1);
    let counts = audio.counts().clone();
    let passages = [Passage::Play(0.0, 81.0)];
    // The worker does not read, and the channel holds four groups.
    script(&eighths(64.0), live(0.2), &passages).play_over(audio, &[512], || ());
    assert_eq!(counts.of(Counted::Asked), 16);
    assert_eq!(counts.of(Counted::NoRoom), 4);
    drop(worker);
}
