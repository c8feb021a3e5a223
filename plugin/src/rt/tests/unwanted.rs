//! Requests that are given up: never one whose answer can still be used.

use super::super::Settings;
use super::clip::{Passage, eighths, in_place, live, script};
use super::song::{Network, answer};
use crate::link::{Request, link};
use crate::memory::Keeper;

/// The requests of a run without answers, and whether each was wanted at its end.
fn unanswered(settings: Settings, passages: &[Passage]) -> Vec<(Request, bool)> {
    let script = script(&eighths(64.0), settings, passages);
    let (audio, worker) = link(1);
    let mut requests = Vec::new();
    let mut wanted = Vec::new();
    script.play_with(audio, &Keeper::default(), &[512], || {
        answer(&worker, Network::Silent, &mut requests);
        let watches = requests.iter().map(|request| worker.watch(request));
        wanted = watches.map(|watch| watch.is_wanted()).collect();
    });
    requests.into_iter().zip(wanted).collect()
}

#[test]
fn live_gives_up_what_has_been_played() {
    let settings = Settings {
        delay_bars: 1,
        ..live(1.0)
    };
    // Group 5 plays since beat 24; the next group's first beat was requested at beat 27.
    let asked = unanswered(settings, &[Passage::Play(0.0, 27.5)]);
    assert!(asked.iter().any(|(_, wanted)| *wanted));
    for (request, wanted) in asked {
        let is_played = request.group < 6;
        assert_eq!(wanted, !is_played, "{} {:?}", request.group, request.answer);
    }
}

#[test]
fn a_jump_gives_up_all_that_was_asked() {
    for settings in [Settings::default(), in_place(1.0)] {
        let passages = [Passage::Play(0.0, 16.5), Passage::Play(40.0, 0.5)];
        let asked = unanswered(settings, &passages);
        let live = settings == Settings::default();
        assert!(!asked.is_empty());
        // In place remembers the bars that it asked about, wherever the song continues.
        assert!(asked.iter().all(|(_, wanted)| *wanted != live));
    }
}

#[test]
fn in_place_gives_up_what_a_newer_question_of_the_phrase_overtakes() {
    let asked = unanswered(
        in_place(1.0),
        &[Passage::Play(0.0, 15.5), Passage::Stop(1.0)],
    );
    let newest = asked.iter().map(|(request, _)| request.group).max();
    assert!(newest > Some(2));
    for (request, wanted) in asked {
        assert_eq!(wanted, Some(request.group) == newest);
    }
}
