//! Accidents of a training process: killed at any moment, a full disk, a second process in
//! its folder. It goes on and gives the same weights, to the byte, as one that was left alone.
//!
//! `THIRD_STREAM_KILLS=1000` makes it as many kills.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "what a test builds on is a test's own failure; it says how many kills there were"
)]

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use third_stream_model::weights::read_palettes;

/// The steps of a run, as [`start`] says them.
const STEPS: usize = 16;

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
        // The weights name the commit, and the repository may get one meanwhile.
        .env("GIT_DIR", "none")
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

fn start_arranger(run: &str) -> Vec<&str> {
    let mut args = vec!["--genre", "jazz=jazz", "--genre", "pop=pop"];
    args.extend(["--recipe", "arranger-smoke", "--steps", "16"]);
    args.extend(["--seed", "7", "--run", run]);
    args
}

/// Two genres of six pieces each.
fn corpus() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (genre, offset) in [("jazz", 0), ("pop", 100)] {
        fs::create_dir(dir.path().join(genre)).unwrap();
        for number in 0..6 {
            let path = dir.path().join(genre).join(format!("{number}.mid"));
            fs::write(path, midi(offset + number)).unwrap();
        }
    }
    dir
}

fn weights(dir: &Path, run: &str) -> Vec<u8> {
    fs::read(dir.join(run).join("weights.safetensors")).unwrap()
}

/// The weights of a run that nothing happened to.
fn undisturbed(dir: &Path) -> Vec<u8> {
    let mut whole = train(dir, &start("whole"));
    assert!(whole.args(["--threads", "1"]).status().unwrap().success());
    weights(dir, "whole")
}

/// The steps that are done.
fn steps(folder: &Path) -> usize {
    let metrics = fs::read_to_string(folder.join("metrics.jsonl"));
    metrics.map_or(0, |text| text.lines().count())
}

/// Lets the process run until `wanted` steps are done and a moment longer; whether it was killed
/// before its end.
fn kill_after(child: &mut Child, folder: &Path, wanted: usize, moment: Duration) -> bool {
    while child.try_wait().unwrap().is_none() && steps(folder) < wanted {
        sleep(Duration::from_millis(1));
    }
    sleep(moment);
    let running = child.try_wait().unwrap().is_none();
    // SIGKILL on Unix: the process gets no chance to save anything.
    child.kill().unwrap();
    child.wait().unwrap();
    running
}

#[test]
fn killed_and_resumed_gives_the_same_weights_as_never_stopped() {
    same_bytes_after_kills(start);
}

#[test]
fn so_does_a_killed_arranger() {
    same_bytes_after_kills(start_arranger);
}

/// Kills and resumes runs with the arguments that `start` gives for a folder.
fn same_bytes_after_kills(start: fn(&str) -> Vec<&str>) {
    let wanted = std::env::var("THIRD_STREAM_KILLS").map_or(3, |kills| kills.parse().unwrap());
    let dir = corpus();
    let mut alone = train(dir.path(), &start("whole"));
    assert!(alone.args(["--threads", "1"]).status().unwrap().success());
    let whole = weights(dir.path(), "whole");
    let (mut kills, mut runs) = (0, 0);
    while kills < wanted {
        runs += 1;
        let run = format!("killed-{runs}");
        let folder = dir.path().join(&run);
        let mut args = start(&run);
        loop {
            let more = steps(&folder) + rand::random_range(0..4);
            let moment = Duration::from_micros(rand::random_range(0..20_000));
            let mut child = train(dir.path(), &args).spawn().unwrap();
            if kills < wanted && kill_after(&mut child, &folder, more, moment) {
                kills += 1;
            } else if kills >= wanted {
                assert!(child.wait().unwrap().success());
            }
            if folder.join("run.json").exists() {
                args = vec!["--resume", &run];
            } else {
                // Killed before the folder was ready: whatever is there is no run yet.
                drop(fs::remove_dir_all(&folder));
            }
            if steps(&folder) == STEPS {
                break;
            }
        }
        // Once more to its end: the last kill may have come between the last step and its weights.
        assert!(train(dir.path(), &args).status().unwrap().success());
        assert!(
            weights(dir.path(), &run) == whole,
            "after {kills} kills, {run} is another"
        );
        fs::remove_dir_all(&folder).unwrap();
    }
    println!("{kills} kills in {runs} runs, each ended with the same bytes");
}

#[cfg(unix)]
#[test]
fn a_full_disk_ends_a_run_in_words_and_costs_nothing() {
    let dir = corpus();
    let whole = undisturbed(dir.path());
    let folder = dir.path().join("run");
    let mut child = train(dir.path(), &start("run")).spawn().unwrap();
    assert!(kill_after(&mut child, &folder, 4, Duration::ZERO));
    let before = steps(&folder);
    // As of a kill in mid-write, of a file that may never be written again.
    fs::write(folder.join("old.safetensors.part"), "half").unwrap();

    // No file may grow beyond half of what the weights take, in blocks of 512 bytes. A shell sets
    // that for the process after it, and has it told instead of ended.
    let blocks = whole.len() / 1024;
    let limited = train(dir.path(), &["--resume", "run"]);
    let output = Command::new("sh")
        .current_dir(dir.path())
        .args(["-c", "trap '' XFSZ; ulimit -f $0; exec \"$@\""])
        .arg(blocks.to_string())
        .arg(limited.get_program())
        .args(limited.get_args())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("cannot be written"), "{said}");
    assert!(
        said.contains("make room there, then go on with --resume"),
        "{said}"
    );
    let parts = fs::read_dir(&folder).unwrap().filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().ends_with(".part")
    });
    assert_eq!(parts.count(), 0, "half a file is left on the full disk");
    assert!(steps(&folder) >= before);

    let resumed = train(dir.path(), &["--resume", "run"]).status().unwrap();
    assert!(resumed.success());
    assert!(weights(dir.path(), "run") == whole);
}

#[cfg(unix)]
#[test]
fn a_second_process_in_the_folder_is_refused_and_disturbs_nothing() {
    let dir = corpus();
    let whole = undisturbed(dir.path());
    let folder = dir.path().join("run");
    let mut first = train(dir.path(), &start("run")).spawn().unwrap();
    while steps(&folder) < 2 {
        assert!(
            first.try_wait().unwrap().is_none(),
            "over before the second came"
        );
        sleep(Duration::from_millis(1));
    }
    let signal = |name: &str| {
        let id = first.id().to_string();
        assert!(
            // The shell's own: a bare machine has no other.
            Command::new("sh")
                .args(["-c", &format!("kill {name} {id}")])
                .status()
                .unwrap()
                .success()
        );
    };
    signal("-STOP");
    let second = train(dir.path(), &["--resume", "run"]).output().unwrap();
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    signal("-CONT");
    assert!(!second.status.success());
    assert!(
        said.contains("another process is training into this folder"),
        "{said}"
    );
    assert!(first.wait().unwrap().success());
    assert!(weights(dir.path(), "run") == whole);
}

#[test]
fn an_arranger_begins_with_other_weights_and_is_still_killed_without_harm() {
    let dir = corpus();
    let mut first = train(dir.path(), &start_arranger("first"));
    // A genre that the runs after it have no music of.
    first.args(["--genre", "classic=pop"]);
    assert!(first.status().unwrap().success());
    let from = "first/weights.safetensors";
    let warm = |run: &str| {
        let mut command = train(dir.path(), &start_arranger(run));
        command.args(["--from", from]);
        command
    };
    assert!(warm("whole").status().unwrap().success());
    assert!(weights(dir.path(), "whole") != weights(dir.path(), "first"));
    let palettes = read_palettes(&weights(dir.path(), "whole")).unwrap();
    assert_eq!(palettes.len(), 3);
    // Weights that were told the harmony otherwise may begin a run, too.
    let mut strongest = warm("strongest");
    strongest.args(["--set", "network.harmony=strongest"]);
    assert!(strongest.status().unwrap().success());
    assert!(weights(dir.path(), "strongest") != weights(dir.path(), "whole"));

    // Killed before its first step is done, where only the checkpoint before it is there.
    let folder = dir.path().join("killed");
    let mut child = warm("killed").spawn().unwrap();
    while child.try_wait().unwrap().is_none() && !folder.join("run.json").exists() {
        sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    fs::remove_file(dir.path().join(from)).unwrap();
    let resumed = train(dir.path(), &["--resume", "killed"]).status().unwrap();
    assert!(resumed.success());
    assert!(weights(dir.path(), "killed") == weights(dir.path(), "whole"));
}

/// A sweep of two small arrangers, one part of it or both.
#[cfg(unix)]
fn sweep(dir: &Path, out: &str, part: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_third-stream"));
    command.current_dir(dir).env("GIT_DIR", "none");
    command.args(["sweep", "table.json", "--out", out, "--part", part, "--"]);
    command.args(["--genre", "jazz=jazz", "--genre", "pop=pop", "--quiet"]);
    command.args(["--checkpoint-seconds", "3600", "--validate-every", "0"]);
    command.stdout(Stdio::null());
    command
}

#[cfg(unix)]
#[test]
fn parts_of_a_sweep_run_at_once_and_go_on_when_a_batch_system_has_ended_them() {
    let dir = corpus();
    let table = r#"{"set": ["steps=200"],
        "cells": [{"name": "one", "recipe": "arranger-smoke"},
                  {"name": "two", "recipe": "arranger-smoke", "set": ["batch=3"]}]}"#;
    fs::write(dir.path().join("table.json"), table).unwrap();
    assert!(
        sweep(dir.path(), "whole", "1/1")
            .status()
            .unwrap()
            .success()
    );

    let parts = ["1/2", "2/2"].map(|part| sweep(dir.path(), "parts", part).spawn().unwrap());
    let cells = ["one-seed1", "two-seed1"].map(|cell| dir.path().join("parts").join(cell));
    while cells.iter().any(|cell| steps(cell) < 3) {
        sleep(Duration::from_millis(1));
    }
    for mut part in parts {
        // Only the sweep is told, as the first process of a container is.
        let told = Command::new("sh")
            .args(["-c", &format!("kill -TERM {}", part.id())])
            .status();
        assert!(told.unwrap().success());
        assert_eq!(part.wait().unwrap().code(), Some(130), "as interrupted");
    }
    for cell in &cells {
        assert!((3..200).contains(&steps(cell)), "{} steps", steps(cell));
        let mut files = fs::read_dir(cell).unwrap();
        let is_checkpoint = |name: &str| name.starts_with("checkpoint-");
        assert!(
            files.any(|file| is_checkpoint(&file.unwrap().file_name().to_string_lossy())),
            "it saves before it ends: the next checkpoint was an hour away"
        );
    }
    for part in ["1/2", "2/2"] {
        let mut again = sweep(dir.path(), "parts", part);
        assert!(again.status().unwrap().success());
    }
    for cell in ["one-seed1", "two-seed1"] {
        let [whole, parts] = ["whole", "parts"].map(|out| format!("{out}/{cell}"));
        assert!(weights(dir.path(), &whole) == weights(dir.path(), &parts));
    }
}

#[cfg(unix)]
#[test]
fn a_cell_that_fails_does_not_keep_the_others() {
    let dir = corpus();
    let table = r#"{"cells": [{"name": "wrong", "recipe": "arranger-smoke", "pair": "jazz-pop"},
                              {"name": "right", "recipe": "arranger-smoke"}]}"#;
    fs::write(dir.path().join("table.json"), table).unwrap();
    let output = sweep(dir.path(), "out", "1/1").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("training failed of 1 of 2 cells: wrong-seed1"),
        "{said}"
    );
    assert!(!weights(dir.path(), "out/right-seed1").is_empty());
}
