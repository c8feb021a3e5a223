//! `cargo xtask realtime`: the tests on the built plugin with an interposer preloaded that ends
//! the process where the audio thread allocates, frees, waits or does IO. Linux with glibc.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::check::{e2e, has_nextest};
use crate::process::run as run_process;
use crate::summary::{Summary, run_tests};
use crate::{bundle, system};

/// What to look at.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The folder with the bundles; without it the release is built.
    #[arg(long)]
    bundles: Option<PathBuf>,
    /// Install missing system libraries instead of naming them.
    #[arg(long)]
    install_deps: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    if !cfg!(target_os = "linux") {
        bail!(
            "the interposer is preloaded by Linux's linker; on other systems run `cargo xtask check`"
        );
    }
    let (clap, vst3) = if let Some(folder) = &args.bundles {
        let folder = folder
            .canonicalize()
            .with_context(|| format!("no folder {}", folder.display()))?;
        (
            folder.join("Third Stream.clap"),
            folder.join("Third Stream.vst3"),
        )
    } else {
        system::libraries(args.install_deps)?;
        let bundles = bundle::bundle("release", &[])?;
        (bundles.clap, bundles.vst3)
    };
    let mut command = e2e(has_nextest());
    command
        .env("THIRD_STREAM_CLAP", clap)
        .env("THIRD_STREAM_VST3", vst3)
        .env("LD_PRELOAD", interposer()?);
    let mut summary = Summary::default();
    run_tests(&mut command, &mut summary)?;
    println!("{} passed, {} failed", summary.passed, summary.failed);
    Ok(())
}

/// Builds the interposer; where it is.
fn interposer() -> Result<PathBuf> {
    let source = crate::root().join("tests/interposer/interposer.c");
    let built = crate::target().join("interposer.so");
    std::fs::create_dir_all(crate::target())?;
    let mut cc = Command::new(std::env::var_os("CC").unwrap_or_else(|| "cc".into()));
    cc.args([
        "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o",
    ]);
    run_process(cc.arg(&built).arg(source))?;
    Ok(built)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_program_runs_with_the_interposer_as_without() {
        let output = Command::new("sh")
            .args(["-c", "echo well; sleep 0.01; cat /dev/null"])
            .env("LD_PRELOAD", interposer().unwrap())
            .output()
            .unwrap();
        assert!(output.status.success());
        assert_eq!(output.stdout, b"well\n");
    }
}
