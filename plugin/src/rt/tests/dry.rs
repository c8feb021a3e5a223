//! Answers that are late, missing, failed or stale: the bars play dry and are counted.

use third_stream_model::roll::notes::NoteRoll;

use super::super::snapshot::PlayState;
use super::clip::live;
use super::song::{Network, Script, events, note, transport};

fn script(network: Network) -> Script {
    let notes: Vec<_> = (0..32)
        .map(|i| (i, note(0, 60 + (i % 5) as u8, None, 0.5)))
        .map(|(i, note)| (i * 12_000 + 200, 9_000, note))
        .collect();
    let mut script = Script::new(transport(), live(1.0), events(&notes));
    script.network = network;
    script.end = 24_000 * 32 - 100;
    script
}

#[test]
fn bars_without_an_answer_are_dry_and_counted() {
    for network in [Network::Silent, Network::Failing, Network::Stale] {
        let script = script(network);
        let played = script.play(&[512]);
        let delayed: Vec<_> = script
            .input
            .iter()
            .map(|(tick, body)| (tick + 24_000 * 16, *body))
            .collect();
        assert_eq!(played.output, delayed, "{network:?}");
        assert_eq!(played.view.late, 4, "{network:?}");
        assert_eq!(played.view.state, PlayState::Dry, "{network:?}");
    }
}

#[test]
fn bars_with_an_answer_are_not_counted() {
    let played = script(Network::Quick).play(&[512]);
    assert_eq!(played.view.late, 0);
    assert_eq!(played.view.state, PlayState::Playing);
    assert_ne!(played.view.source, played.view.output);
    assert!(played.view.playhead > 63.0 && played.view.playhead < 64.0);
}

#[test]
fn what_nobody_looks_at_is_not_drawn() {
    let mut script = script(Network::Quick);
    let seen = script.play(&[512]);
    script.looked_at = false;
    let played = script.play(&[512]);
    assert_eq!(played.output, seen.output);
    assert_eq!(played.view.state, PlayState::Playing);
    assert_eq!((played.view.source, played.view.late), (NoteRoll::EMPTY, 0));
}
