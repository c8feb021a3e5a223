//! `cargo xtask soak | unload`: the built plugin for hours, and loaded thousands of times.

use std::process::ExitCode;

use anyhow::Result;

use crate::forward::Args;
use crate::process::{cargo, hand_over};
use crate::{bundle, system};

/// Which plugin a program needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Build {
    /// The one that is shipped.
    Release,
    /// The one with its real-time checks, which counts.
    Checked,
}

/// Runs `program` of the tests' package on such a build, or on the plugin that
/// `THIRD_STREAM_CLAP` names.
pub(crate) fn run(program: &str, build: Build, args: &Args) -> Result<ExitCode> {
    let mut command = cargo(&["run", "--quiet", "--release", "--package"]);
    command
        .args(["third-stream-tests", "--bin", program, "--"])
        .args(&args.rest);
    if std::env::var_os("THIRD_STREAM_CLAP").is_none() {
        system::libraries(false)?;
        let bundles = match build {
            Build::Release => bundle::bundle("release", &[])?,
            Build::Checked => bundle::bundle_apart("rtcheck", &["rt-check"])?,
        };
        command.env("THIRD_STREAM_CLAP", bundles.clap);
    }
    hand_over(&mut command)
}
