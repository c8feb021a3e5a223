//! Channels that a bank or program turns into drums pass unchanged, like channel 10.

use super::super::{Body, Message, PlayMode, Settings};
use super::clip::live;
use super::song::{Script, events, note, pair, transport};

const BEAT: i64 = 24_000;

/// Notes on channel 4 after messages that come while stopped, or while playing.
fn script(messages: &[Message], mode: PlayMode, stands: bool) -> Script {
    let hits: Vec<_> = (0..32)
        .map(|i| (i, note(3, 60 + (i % 5) as u8, None, 0.5)))
        .map(|(i, note)| (BEAT + i * BEAT / 2, 5_000, note))
        .collect();
    let mut input = events(&hits);
    input.splice(
        0..0,
        messages.iter().map(|message| (0, Body::Message(*message))),
    );
    let mut transport = transport();
    transport.playing = !stands;
    transport.loop_range = Some((0.0, 32.0));
    let settings = Settings { mode, ..live(-1.0) };
    let mut script = Script::new(transport, settings, input);
    script.end = 40 * BEAT;
    script.then(BEAT / 2, |scene| {
        scene.transport.playing = true;
        scene.transport.position = Some(0.5);
    })
}

fn bank(value: u8) -> Message {
    Message::Controller {
        channel: 3,
        number: 0,
        value: f32::from(value) / 127.0,
    }
}

#[test]
fn a_kit_is_asked_about_nowhere_and_nothing_of_it_changes() {
    let program = |program| Message::Program {
        channel: 3,
        program,
    };
    for mode in [PlayMode::Live, PlayMode::InPlace] {
        for stands in [true, false] {
            for value in [127, 126, 120] {
                let played = script(&[bank(value), program(0)], mode, stands).play(&[512]);
                let notes = pair(&played.output);
                assert_eq!(notes.len(), 32, "{mode:?}, bank {value}");
                let silent = |request: &crate::link::Request| request.roll.notes().next().is_none();
                assert!(played.requests.iter().all(silent), "{mode:?}, bank {value}");
            }
            // A melodic bank, and a program that ends the kit.
            for messages in [
                &[bank(8), program(0)][..],
                &[bank(127), bank(0), program(5)],
            ] {
                let played = script(messages, mode, stands).play(&[512]);
                let heard = |request: &crate::link::Request| request.roll.notes().next().is_some();
                assert!(played.requests.iter().any(heard), "{mode:?}, {messages:?}");
            }
        }
    }
}
