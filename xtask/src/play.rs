//! `cargo xtask play`: a MIDI file through the built plugin, to be heard and seen without a
//! sequencer. `cargo xtask sounds`: the examples as sound.

use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::forward::Args;
use crate::process::{cargo, hand_over};
use crate::{bundle, system};

/// Options with which there is no window, and so no sound of the player's own.
const SILENT: [&str; 5] = ["--out", "--terminal", "--listen", "--help", "-h"];

/// The only option of the task's own: install what the window and its sound need.
const INSTALL: &str = "--install-deps";

/// Builds the plugin as it is shipped, then plays the file. Paths stay relative to where the user
/// stands.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let here = std::env::current_dir()?;
    let (for_us, rest): (Vec<&String>, Vec<&String>) =
        args.rest.iter().partition(|&argument| argument == INSTALL);
    let install = !for_us.is_empty();
    let silent = |argument: &&String| SILENT.iter().any(|name| argument.starts_with(name));
    let window = !rest.iter().any(silent);
    let sound = system::sound(window, install)?;
    if window {
        system::libraries(install)?;
    }
    println!("building the plugin (the first time takes minutes) …");
    let bundles = bundle::bundle("release", &[])?;
    let mut play = player("play", sound);
    play.args(rest)
        .env("THIRD_STREAM_CLAP", &bundles.clap)
        .current_dir(here);
    hand_over(&mut play)
}

/// Renders the examples as sound files.
pub(crate) fn sounds(args: &Args) -> Result<ExitCode> {
    // Shares the player's build, so that nothing is built twice.
    let mut sounds = player("sounds", system::sound(false, false)?);
    sounds.args(&args.rest);
    hand_over(&mut sounds)
}

/// A program of the player's, ready for its arguments.
fn player(program: &str, sound: bool) -> Command {
    let mut run = cargo(&["run", "--quiet", "--release", "--package"]);
    run.args(["third-stream-player", "--bin", program, "--manifest-path"])
        .arg(crate::root().join("Cargo.toml"));
    if sound {
        run.args(["--features", "sound"]);
    }
    run.arg("--");
    run
}
