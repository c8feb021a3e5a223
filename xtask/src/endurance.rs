//! `cargo xtask soak | unload`: the built plugin for hours, and loaded thousands of times.

use anyhow::Result;

use crate::process::{cargo, run as run_process};
use crate::{bundle, system};

/// Everything after the task's name goes to the program.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Options of the program (try --help).
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Runs `program` of the tests' package on the release, or on the plugin that
/// `THIRD_STREAM_CLAP` names.
pub(crate) fn run(program: &str, args: &Args) -> Result<()> {
    let mut command = cargo(&["run", "--quiet", "--release", "--package"]);
    command
        .args(["third-stream-tests", "--bin", program, "--"])
        .args(&args.rest);
    if std::env::var_os("THIRD_STREAM_CLAP").is_none() {
        system::libraries(false)?;
        let bundles = bundle::bundle("release", &[])?;
        command.env("THIRD_STREAM_CLAP", bundles.clap);
    }
    run_process(&mut command)
}
