//! A training process that is killed at any moment and goes on gives the same weights, to the
//! byte, as one that was never stopped.

#![expect(
    clippy::unwrap_used,
    reason = "what a test builds on is a test's own failure"
)]

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

/// A MIDI file with two phrases of 4/4: 32 quarter notes, which `seed` chooses.
fn midi(seed: u8) -> Vec<u8> {
    let mut track = Vec::new();
    for note in 0..32u8 {
        let key = 48 + (seed.wrapping_mul(5) ^ note.wrapping_mul(11)) % 24;
        track.extend([0, 0x90, key, 80]);
        track.extend([96, 0x80, key, 0]);
    }
    track.extend([0, 0xff, 0x2f, 0]);
    let mut file = b"MThd\0\0\0\x06\0\0\0\x01\0\x60MTrk".to_vec();
    file.extend((track.len() as u32).to_be_bytes());
    file.extend(track);
    file
}

fn train(dir: &Path, run: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_third-stream"));
    command
        .current_dir(dir)
        .args([
            "train",
            "--quiet",
            "--checkpoint-seconds",
            "0",
            "--validate-every",
            "0",
        ])
        .args(run)
        .stdout(Stdio::null());
    command
}

fn start(run: &str) -> Vec<&str> {
    let mut args = vec![
        "--a", "jazz", "--b", "pop", "--pair", "jazz-pop", "--recipe", "smoke",
    ];
    args.extend([
        "--set",
        "mixed_music=pair",
        "--steps",
        "16",
        "--seed",
        "7",
        "--run",
        run,
    ]);
    args
}

/// Lets the process run until `steps` steps are done; says whether it was killed before its end.
fn kill_after(child: &mut Child, metrics: &Path, steps: usize) -> bool {
    let done = || fs::read_to_string(metrics).map_or(0, |text| text.lines().count());
    while child.try_wait().unwrap().is_none() && done() < steps {
        sleep(Duration::from_millis(1));
    }
    let running = child.try_wait().unwrap().is_none();
    // SIGKILL on Unix: the process gets no chance to save anything.
    child.kill().unwrap();
    child.wait().unwrap();
    running
}

#[test]
fn killed_and_resumed_gives_the_same_weights_as_never_stopped() {
    let dir = tempfile::tempdir().unwrap();
    for (genre, offset) in [("jazz", 0), ("pop", 100)] {
        fs::create_dir(dir.path().join(genre)).unwrap();
        for number in 0..6 {
            let path = dir.path().join(genre).join(format!("{number}.mid"));
            fs::write(path, midi(offset + number)).unwrap();
        }
    }
    let whole = train(dir.path(), &start("whole"))
        .args(["--threads", "1"])
        .status()
        .unwrap();
    assert!(whole.success());

    let mut kills = 0;
    let mut args = start("killed");
    let metrics = dir.path().join("killed/metrics.jsonl");
    for third in 0..3 {
        let mut child = train(dir.path(), &args).spawn().unwrap();
        let steps = 5 * third + rand::random_range(0..5);
        println!("killed after {steps} steps");
        kills += u32::from(kill_after(&mut child, &metrics, steps));
        if dir.path().join("killed/run.json").exists() {
            args = vec!["--resume", "killed"];
        } else {
            // Killed before the folder was ready: whatever is there is no run yet.
            drop(fs::remove_dir_all(dir.path().join("killed")));
        }
    }
    assert!(kills > 0, "every run was over before it was to be killed");
    assert!(train(dir.path(), &args).status().unwrap().success());
    let weights = |run: &str| fs::read(dir.path().join(run).join("weights.safetensors")).unwrap();
    assert_eq!(weights("killed"), weights("whole"));
}
