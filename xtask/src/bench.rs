//! `cargo xtask bench`: times the networks and the audio thread, beside their peers.
//!
//! The programs that it runs print a line `KEY VALUE` for each figure; here they become one table
//! with ratios, and one JSON file.

mod audio;
mod peers;
mod table;

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::process::{cargo, line, run as run_process, trains};
use table::Figures;

/// What to time.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Install PyTorch, ONNX Runtime and OpenVINO into a virtual environment below target, and
    /// time them too (two gigabytes; once).
    #[arg(long)]
    peers: bool,
    /// A Python that has them already.
    #[arg(long, conflicts_with = "peers")]
    python: Option<PathBuf>,
    /// Write all figures to this file, under keys that stay.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Only figures whose key begins so: `forward.32x6`, `step`, `arranger`, `process` …
    #[arg(long, default_value = "")]
    only: String,
    /// Turns of each.
    #[arg(long, default_value_t = 15)]
    rounds: usize,
    /// Three turns of each, and nothing that takes minutes: neither the paper's size nor 100,000
    /// files, and no instructions of `process`, which valgrind counts.
    #[arg(long, conflicts_with = "rounds")]
    quick: bool,
    /// Numbers of threads.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 2])]
    threads: Vec<usize>,
    /// Build everything and time nothing.
    #[arg(long)]
    build_only: bool,
}

/// The features of every check, so that nothing is built twice.
const FEATURES: [&str; 3] = ["--workspace", "--features", "third-stream-model/train"];

/// Builds, times, prints and writes.
pub(crate) fn run(args: &Args) -> Result<()> {
    let python = if args.peers {
        Some(peers::install()?)
    } else {
        args.python.clone().or_else(peers::installed)
    };
    if python.is_none() {
        eprintln!("no peers: add --peers to install and time them");
    }
    let wants = |key: &str| key.starts_with(&args.only) || args.only.starts_with(key);
    let mut figures = Figures::default();
    let built = audio::build()?;
    let mut programs = bench(&["speed", "instances"]);
    run_process(programs.arg("--no-run"))?;
    if args.build_only {
        return Ok(());
    }
    if ["forward", "step", "arranger", "prepare"]
        .into_iter()
        .any(wants)
    {
        let mut speed = bench(&["speed"]);
        let threads: Vec<String> = args.threads.iter().map(usize::to_string).collect();
        speed.args(["--", "--only", &args.only, "--threads", &threads.join(",")]);
        let rounds = if args.quick { 3 } else { args.rounds };
        speed.args(["--rounds", &rounds.to_string()]);
        if args.quick {
            speed.arg("--quick");
        }
        if let Some(python) = &python {
            speed.arg("--python").arg(python);
        }
        trains(&mut speed);
        collect(speed, &mut figures)?;
    }
    if wants("engine") {
        let mut instances = bench(&["instances"]);
        instances.args(["--", &args.only]);
        collect(instances, &mut figures)?;
    }
    if ["load", "process"].into_iter().any(wants) {
        built.run(args.quick, &mut figures)?;
    }
    ensure!(
        figures.len() > 0,
        "no figure's key begins with {:?}; try forward, step, arranger, process",
        args.only
    );
    print!("{}", figures.table());
    if let Some(path) = &args.json {
        std::fs::write(path, figures.json())
            .with_context(|| format!("could not write {}", path.display()))?;
        println!("\n{} figures in {}", figures.len(), path.display());
    }
    Ok(())
}

/// The command that builds and runs these timing programs.
fn bench(names: &[&str]) -> Command {
    let mut command = cargo(&["bench", "--quiet"]);
    command.args(FEATURES);
    for name in names {
        command.args(["--bench", name]);
    }
    command
}

/// Runs a program and takes its figures.
fn collect(mut command: Command, figures: &mut Figures) -> Result<()> {
    let text = line(&command);
    eprintln!("── {text}");
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("could not start `{text}`"))?;
    let output = child.stdout.take().context("the program has no output")?;
    for line in BufReader::new(output).lines() {
        let line = line?;
        if !figures.take(&line) {
            println!("{line}");
        }
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("`{text}` failed ({status})");
    }
    Ok(())
}
