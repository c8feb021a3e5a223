//! The interposer of `cargo xtask realtime`, which looks on while all other tests here run: it
//! ends a process whose audio thread does what none may.
#![cfg(target_os = "linux")]

use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;
use std::time::Duration;

use third_stream_tests::audio_call::{is_watched, watched};
use third_stream_tests::host::Pace;

/// Names what the process that is started again does wrong.
const DEED: &str = "THIRD_STREAM_DEED";
const NAME: &str = "realtime::what_no_audio_thread_may_do_ends_the_process";
/// SIGABRT.
const ABORT: i32 = 6;

fn doing(deed: &str, pace: Pace) {
    let mut held = Some(vec![1_u8; 100]);
    watched(pace, || match deed {
        "malloc" => drop(std::hint::black_box(vec![1_u8; 100])),
        "free" => drop(std::hint::black_box(held.take())),
        "nanosleep" => std::thread::sleep(Duration::from_millis(1)),
        "futex wait" => std::thread::park_timeout(Duration::from_millis(1)),
        "write" => drop(std::io::stderr().write(b"x")),
        "open" => drop(std::fs::File::open("/dev/null")),
        other => panic!("unknown: {other}"),
    });
}

#[test]
fn what_no_audio_thread_may_do_ends_the_process() {
    if let Ok(deed) = std::env::var(DEED) {
        doing(&deed, Pace::Clock);
        return;
    }
    if !is_watched() {
        return;
    }
    // A bounce that waits for its answers is allowed.
    doing("nanosleep", Pace::Offline);
    for deed in ["malloc", "free", "nanosleep", "futex wait", "write", "open"] {
        let again = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", NAME, "--nocapture"])
            .env(DEED, deed)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&again.stderr);
        assert_eq!(again.status.signal(), Some(ABORT), "{deed}: {said}");
        assert!(said.contains(&format!("audio thread: {deed}")), "{said}");
    }
}
