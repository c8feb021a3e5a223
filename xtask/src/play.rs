//! `cargo xtask play`: a MIDI file through the built plugin, to be heard and seen without a
//! sequencer.

use std::process::ExitCode;

use anyhow::Result;

use crate::bundle;
use crate::process::{cargo, hand_over};

/// Everything after the task's name, as typed.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The MIDI file and options; try --help.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Builds the plugin as it is shipped, then plays the file. Paths stay relative to where the user
/// stands.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let here = std::env::current_dir()?;
    println!("building the plugin (the first time takes minutes) …");
    let bundles = bundle::bundle("release", &[])?;
    let mut play = cargo(&["run", "--quiet", "--release", "--package"]);
    play.args(["third-stream-tests", "--bin", "play", "--manifest-path"])
        .arg(crate::root().join("Cargo.toml"))
        .arg("--")
        .args(&args.rest)
        .env("THIRD_STREAM_CLAP", &bundles.clap)
        .current_dir(here);
    hand_over(&mut play)
}
