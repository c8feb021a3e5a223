//! Offline rendering waits for its answers, so that a bounce is what was played.

use std::time::{Duration, Instant};

use super::super::Settings;
use super::song::{Script, edits, events, note, transport};
use crate::link::link;

fn script(offline: bool) -> Script {
    let notes: Vec<_> = (0..64)
        .map(|i| (i * 11_003, 9_000, note(0, 60 + (i % 5) as u8, None, 0.5)))
        .collect();
    let mut transport = transport();
    transport.offline = offline;
    let settings = Settings {
        knob: -0.8,
        ..Settings::default()
    };
    Script::new(transport, settings, events(&notes))
}

#[test]
fn a_bounce_is_what_was_played() {
    let (audio, worker) = link(1);
    let slow = std::thread::spawn(move || {
        while let Ok(request) = worker.next() {
            std::thread::sleep(Duration::from_millis(2));
            if let Some(request) = request {
                worker.respond(request.respond(Ok(edits(&request))));
            }
        }
    });
    let bounced = script(true).play_over(audio, &[4096], || ());
    slow.join().unwrap();
    let played = script(false).play(&[441]);
    assert_eq!(bounced.view.late, 0);
    assert_eq!(bounced.output, played.output);
}

#[test]
fn nobody_waits_for_a_worker_that_is_gone() {
    let (audio, worker) = link(1);
    drop(worker);
    let begin = Instant::now();
    let bounced = script(true).play_over(audio, &[4096], || ());
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
