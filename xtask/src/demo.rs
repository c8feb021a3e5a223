//! `cargo xtask demo`: the built plugin plays a jazz trio towards classic, in a small host.

use std::process::ExitCode;

use anyhow::Result;

use crate::process::{cargo, hand_over};
use crate::{bundle, system};

/// How to run the demo.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Install missing system libraries instead of naming them.
    #[arg(long)]
    install_deps: bool,
    /// Options of the demo itself; after `--`, try `-- --help`.
    #[arg(last = true)]
    rest: Vec<String>,
}

/// Builds the plugin as it is shipped, then plays the clip through it.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    system::libraries(args.install_deps)?;
    println!("building the plugin (the first time takes minutes) …");
    let bundles = bundle::bundle("release", &[])?;
    let mut demo = cargo(&["run", "--quiet", "--release", "--package"]);
    demo.args(["third-stream-tests", "--bin", "demo", "--"])
        .args(&args.rest)
        .env("THIRD_STREAM_CLAP", &bundles.clap);
    hand_over(&mut demo)
}
