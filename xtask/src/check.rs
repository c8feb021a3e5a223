//! `cargo xtask check`: everything, cheapest first, so that what is wrong shows early.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::process::{cargo, line, run as run_process};
use crate::summary::{Summary, run_tests};
use crate::{bundle, system, tidy};

/// The features that every check builds with: one set, so that nothing is built twice.
const FEATURES: [&str; 3] = ["--workspace", "--features", "third-stream-model/train"];

/// How to check.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Install missing system libraries instead of naming them.
    #[arg(long)]
    install_deps: bool,
    /// Use cargo test even where nextest is installed.
    #[arg(long)]
    no_nextest: bool,
}

/// The stages so far, for the table at the end.
#[derive(Default)]
struct Stages {
    done: Vec<(&'static str, Duration)>,
    tests: Summary,
}

impl Stages {
    /// Runs one stage; a failure names the line that repeats it.
    fn stage(&mut self, name: &'static str, mut command: Command) -> Result<()> {
        let again = line(&command);
        self.step(name, &again, |_| run_process(&mut command))
    }

    /// Runs one stage of tests and counts them.
    fn tests(&mut self, name: &'static str, mut command: Command) -> Result<()> {
        let again = line(&command);
        self.step(name, &again, |tests| run_tests(&mut command, tests))
    }

    fn step(
        &mut self,
        name: &'static str,
        again: &str,
        work: impl FnOnce(&mut Summary) -> Result<()>,
    ) -> Result<()> {
        eprintln!("\n── {name}");
        let start = Instant::now();
        let result = work(&mut self.tests);
        let took = start.elapsed();
        self.done.push((name, took));
        if let Err(error) = result {
            eprintln!(
                "\n── {name} failed after {:.1} s: {error:#}",
                took.as_secs_f64()
            );
            eprintln!("to repeat only this:\n    {again}");
            println!(
                "{} passed, {} failed",
                self.tests.passed,
                self.tests.failed.max(1)
            );
            bail!("{name} failed");
        }
        eprintln!("── {name}: {:.1} s", took.as_secs_f64());
        Ok(())
    }
}

/// Runs all stages; stops at the first that fails.
pub(crate) fn run(args: &Args) -> Result<()> {
    system::need("cargo", "install Rust from https://rustup.rs")?;
    system::libraries(args.install_deps)?;
    let start = Instant::now();
    let nextest = !args.no_nextest && has_nextest();
    let mut stages = Stages::default();

    stages.stage("fmt", cargo(&["fmt", "--all", "--check"]))?;
    stages.step("tidy", "cargo test -p xtask tidy", |_| {
        let problems = tidy::problems(&crate::root())?;
        if problems.is_empty() {
            return Ok(());
        }
        bail!("\n{}", problems.join("\n"))
    })?;
    stages.stage("purity: the roll without candle", purity())?;
    stages.stage("clippy", clippy())?;
    stages.tests("tests", tests(nextest))?;
    stages.tests("doc tests", doc_tests())?;
    stages.stage("rustdoc", rustdoc())?;
    let again = "cargo build --profile rtcheck -p third-stream-plugin --features rt-check";
    let mut built = None;
    stages.step("the plugin with its real-time checks", again, |_| {
        built = Some(bundle::bundle_apart("rtcheck", &["rt-check"])?);
        Ok(())
    })?;
    if let Some(bundles) = built {
        let mut e2e = e2e(nextest);
        e2e.env("THIRD_STREAM_CLAP", bundles.clap);
        e2e.env("THIRD_STREAM_VST3", bundles.vst3);
        stages.tests("the plugin in a host", e2e)?;
    }

    eprintln!(
        "\n── all checks passed in {:.0} s",
        start.elapsed().as_secs_f64()
    );
    for (name, took) in &stages.done {
        eprintln!("{:>8.1} s  {name}", took.as_secs_f64());
    }
    println!(
        "{} passed, {} failed",
        stages.tests.passed, stages.tests.failed
    );
    Ok(())
}

pub(crate) fn has_nextest() -> bool {
    cargo(&["nextest", "--version"])
        .output()
        .is_ok_and(|output| output.status.success())
}

fn purity() -> Command {
    cargo(&["check", "-p", "third-stream-model", "--no-default-features"])
}

fn clippy() -> Command {
    let mut command = cargo(&["clippy"]);
    command.args(FEATURES);
    command.args(["--all-targets", "--", "-D", "warnings"]);
    command
}

/// The unit and integration tests without the ones that need the built plugin.
fn tests(nextest: bool) -> Command {
    let targets = ["--lib", "--bins", "--tests"];
    tests_in(nextest, "not binary(e2e)", &targets)
}

/// The tests on the built plugin.
pub(crate) fn e2e(nextest: bool) -> Command {
    // They load and unload the plugin and count this process's threads.
    let alone = ["--test", "e2e", "--", "--test-threads=1"];
    tests_in(nextest, "binary(e2e)", &alone)
}

/// Tests that nextest selects by `filter`, or cargo by `targets`.
fn tests_in(nextest: bool, filter: &str, targets: &[&str]) -> Command {
    let (runner, selected): (&[&str], &[&str]) = if nextest {
        (&["nextest", "run"], &["-E", filter])
    } else {
        (&["test"], targets)
    };
    let mut command = cargo(runner);
    command.args(FEATURES).args(selected);
    command
}

fn doc_tests() -> Command {
    let mut command = cargo(&["test", "--doc"]);
    command.args(FEATURES);
    command
}

fn rustdoc() -> Command {
    let mut command = cargo(&["doc", "--no-deps", "--lib"]);
    command.args(FEATURES).env("RUSTDOCFLAGS", "-D warnings");
    command
}
