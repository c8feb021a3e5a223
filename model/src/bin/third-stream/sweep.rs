//! `sweep`: a table's cells, trained one after another, each in its own folder; what is done
//! already is skipped, what was interrupted goes on. A cell that fails does not keep the others.

mod plan;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use third_stream_model::train::run::WEIGHTS;
use third_stream_model::weights::Header;

use crate::process;
use crate::train::INTERRUPTED;
use plan::{Cell, Plan};

/// The arguments of `sweep`.
#[derive(clap::Args)]
pub(crate) struct SweepArgs {
    /// Which table: arrangers, nine-cells, table-vi, ablation, seeds, or a JSON file of the same
    /// form.
    #[arg(value_name = "NAME|FILE")]
    table: String,
    /// Folder for the cells' runs.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Number of steps of every cell, in place of the recipes'.
    #[arg(long)]
    steps: Option<u64>,
    /// Settings for every cell, such as generator.base_channels=16.
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// Seeds; every cell is trained once with each.
    #[arg(long, value_delimiter = ',', default_value = "1")]
    seeds: Vec<u64>,
    /// Only every N-th cell from the K-th on, as K/N: one part for each GPU or machine.
    #[arg(long, value_name = "K/N", default_value = "1/1", value_parser = part)]
    part: (usize, usize),
    /// Print the cells and what is left of them, then stop.
    #[arg(long)]
    dry_run: bool,
    /// What `train` is told besides, after `--`: --data, --clean, --threads and so on.
    #[arg(last = true, value_name = "TRAIN ARGUMENTS")]
    train: Vec<String>,
}

fn part(text: &str) -> Result<(usize, usize), String> {
    let numbers = text.split_once('/');
    let numbers = numbers.and_then(|(k, n)| Some((k.parse().ok()?, n.parse().ok()?)));
    match numbers {
        Some((k, n)) if 1 <= k && k <= n => Ok((k, n)),
        _ => Err(format!(
            "{text:?}: expected K/N with K from 1 to N, such as 2/4"
        )),
    }
}

/// Trains the cells that are not done.
pub(crate) fn run(args: &SweepArgs) -> Result<ExitCode> {
    let plan = Plan::find(&args.table)?;
    let (first, every) = args.part;
    let cells = plan.cells(&args.seeds);
    let cells: Vec<Cell> = cells.into_iter().skip(first - 1).step_by(every).collect();
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    process::on_interrupt(move || flag.store(true, Ordering::Relaxed))?;
    let mut failed = Vec::new();
    for cell in &cells {
        let folder = args.out.join(&cell.name);
        let done = steps_done(&folder);
        let changes: Vec<&String> = plan.set.iter().chain(&args.set).chain(&cell.set).collect();
        let steps = cell.steps(args.steps, &changes)?;
        if args.dry_run {
            println!("{}  {done} of {steps} steps", cell.name);
        } else if done < steps {
            let status = train(args, cell, &changes, &folder, &stop)?;
            if stop.load(Ordering::Relaxed) || status.code() == Some(INTERRUPTED.into()) {
                eprintln!("interrupted; the same command goes on");
                return Ok(ExitCode::from(INTERRUPTED));
            }
            if !status.success() {
                eprintln!("{}: training failed ({status})", cell.name);
                failed.push(cell.name.as_str());
            }
        }
    }
    ensure!(
        failed.is_empty(),
        "training failed of {} of {} cells: {}; what they said stands above; the same command \
         goes on from their last checkpoints",
        failed.len(),
        cells.len(),
        failed.join(", ")
    );
    if !args.dry_run {
        println!("{} cells are done in {}", cells.len(), args.out.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// Trains one cell in a process of its own, which takes its memory with it, and is told where this
/// one is asked to end.
fn train(
    args: &SweepArgs,
    cell: &Cell,
    changes: &[&String],
    folder: &Path,
    stop: &AtomicBool,
) -> Result<ExitStatus> {
    /// Between two looks.
    const PAUSE: Duration = Duration::from_millis(50);
    let program = std::env::current_exe().context("cannot find this program's own file")?;
    let mut command = Command::new(program);
    command.arg("train");
    if folder.join("run.json").is_file() {
        command.arg("--resume").arg(folder);
    } else {
        command
            .args(["--recipe", &cell.recipe])
            .arg("--run")
            .arg(folder);
        command.args(["--seed", &cell.seed.to_string()]);
        if let Some(pair) = &cell.pair {
            command.args(["--pair", pair]);
        }
        if let Some(steps) = args.steps {
            command.args(["--steps", &steps.to_string()]);
        }
        for change in changes {
            command.args(["--set", change]);
        }
    }
    let child = command.args(&args.train).spawn();
    let mut child = child.with_context(|| format!("{}: training cannot start", cell.name))?;
    let mut told = false;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if !told && stop.load(Ordering::Relaxed) {
            process::ask_to_end(&child);
            told = true;
        }
        std::thread::sleep(PAUSE);
    }
}

/// The number of steps that the folder's weights have had; 0 where there are none.
fn steps_done(folder: &Path) -> u64 {
    let weights = std::fs::read(folder.join(WEIGHTS)).ok();
    let header = weights.and_then(|bytes| Header::read(&bytes).ok());
    header.map_or(0, |header| header.steps)
}

#[cfg(test)]
mod tests {
    use super::part;

    #[test]
    fn parts_are_named_from_one() {
        assert_eq!(part("2/4"), Ok((2, 4)));
        for wrong in ["0/2", "3/2", "2", "a/b"] {
            assert!(part(wrong).is_err(), "{wrong}");
        }
    }
}
