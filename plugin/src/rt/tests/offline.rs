//! Offline rendering waits for its answers, so that a bounce equals playback.

use std::time::{Duration, Instant};

use super::clip::{BEAT, live};
use super::song::{Script, events, note, transport};
use crate::link::{LONGEST_WAIT, link};

/// Time that the networks take for an answer.
const PAUSE: Duration = Duration::from_millis(2);

fn script() -> Script {
    let notes: Vec<_> = (0..64)
        .map(|i| (i * 11_003, 9_000, note(0, 60 + (i % 5) as u8, None, 0.5)))
        .collect();
    Script::new(transport(), live(-0.8), events(&notes))
}

#[test]
fn a_bounce_is_what_was_played() {
    let bounced = script().bounce(&[4096], |_| PAUSE);
    let played = script().play(&[441]);
    assert_eq!(bounced.view.late, 0);
    assert_eq!(bounced.output, played.output);
}

/// The knob turns so shortly before an answer is taken up that the request in the other direction
/// is not sent yet: the bounce does not wait for it.
#[test]
fn a_bounce_does_not_wait_for_what_is_not_asked_yet() {
    let begin = Instant::now();
    for beat in [15.8, 15.86, 15.87, 15.874] {
        let mut script = script();
        let mut scene = script.scenes[0].clone();
        scene.tick = (beat * BEAT) as i64;
        scene.transport.position = Some(scene.tick as f64 / BEAT);
        scene.settings.knob = 0.25;
        script.scenes.push(scene);
        let bounced = script.bounce(&[4096], |_| PAUSE);
        let played = script.play(&[441]);
        assert_eq!(bounced.output, played.output, "at {beat}");
    }
    assert!(begin.elapsed() < LONGEST_WAIT);
}

#[test]
fn nobody_waits_for_a_worker_that_is_gone() {
    let (audio, worker) = link(1);
    drop(worker);
    let begin = Instant::now();
    let mut script = script();
    script.scenes[0].transport.offline = true;
    let bounced = script.play_over(audio, &[4096], || ());
    assert!(begin.elapsed() < Duration::from_secs(5));
    assert!(bounced.view.late > 0);
}

#[test]
fn a_wait_is_bounded() {
    let (audio, worker) = link(1);
    let begin = Instant::now();
    assert!(
        audio
            .wait_offline(Duration::from_millis(20), |_| ())
            .is_none()
    );
    assert!(begin.elapsed() >= Duration::from_millis(20));
    drop(worker);
    assert!(audio.wait_offline(Duration::from_mins(1), |_| ()).is_none());
    assert!(begin.elapsed() < Duration::from_secs(50));
}
