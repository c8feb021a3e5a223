//! The end of a task that fails: the tool's own message, and its exit status.
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    reason = "what a test builds on is a test's own failure"
)]

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

/// Runs the tasks' program where `cargo` is this script.
fn run(script: &str, line: &str) -> Output {
    let cargo = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cargo-that-fails");
    std::fs::write(&cargo, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&cargo, std::fs::Permissions::from_mode(0o755)).unwrap();
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(line.split(' '))
        .env("CARGO", cargo)
        .env("RUST_BACKTRACE", "1")
        .output()
        .unwrap()
}

// One test: a script that another thread writes while this one starts a process is busy.
#[test]
fn a_tool_s_message_is_the_last_word_and_its_status_is_passed_on() {
    let script = "echo 'error: nofile.mid: cannot be read' >&2; exit 3";
    for task in ["transfer nofile.mid out.mid --to jazz", "train --data none"] {
        let output = run(script, task);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(said, "error: nofile.mid: cannot be read\n", "{task}");
        assert_eq!(output.status.code(), Some(3), "{task}");
        assert!(output.stdout.is_empty());
    }
    assert!(run("exit 0", "inspect x").status.success());

    // A task's own error is one line, without a backtrace.
    let output = run("exit 0", "fuzz nothing");
    let said = String::from_utf8(output.stderr).unwrap();
    let start = "error: there is no target \"nothing\"";
    assert!(said.starts_with(start), "{said}");
    assert_eq!((said.lines().count(), output.status.code()), (1, Some(1)));
}
