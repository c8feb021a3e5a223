//! Many instances at the same moment for many hours of song, each with a simulated user:
//! plays, stops, seeks, loops, turns the knob, changes the mode, saves and loads. Nothing may hang,
//! nothing may be lost, no answer may be late but where the host hurries on purpose, every question
//! is answered, and memory stays where it is. `cargo xtask soak`.
#![expect(clippy::print_stdout, reason = "a command-line tool")]

mod band;
mod curve;
mod laws;
mod tally;
mod user;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use third_stream_tests::host::{load_plugin_under_test, plugin_under_test};
use third_stream_tests::memory_use::{allocated_kib, resident_kib};
use third_stream_tests::threads;

use band::Band;
use curve::Curve;
use tally::Tally;
use user::Dice;

/// How long, and with how many.
#[derive(Parser)]
struct Args {
    /// Hours of song time, over all instances.
    #[arg(long, default_value_t = 1.0)]
    hours: f64,
    /// Time limit in minutes.
    #[arg(long)]
    at_most: Option<f64>,
    /// Instances of the plugin, all of which play at the same moment.
    #[arg(long, default_value_t = 32)]
    instances: usize,
    /// Audio threads of the host, which share the instances out.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Same seed, same users: runs of several seeds add up.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Writes memory over hours of song there, as SVG.
    #[arg(long)]
    curve: Option<PathBuf>,
}

fn main() -> Result<()> {
    let args = Args::parse();
    ensure!(args.instances > 0, "at least one instance is needed");
    let library = load_plugin_under_test()?;
    let path = plugin_under_test().unwrap_or_default();
    let reader = library.counters(&path).with_context(|| {
        format!(
            "{} counts nothing: a plugin with the feature rt-check is needed, as `cargo xtask \
             soak` builds it",
            path.display()
        )
    })?;
    let threads_before = threads::count();
    let mut band = Band::new(&library, &reader, args.instances, args.threads)?;
    let mut dice = Dice::new(args.seed);
    let (begin, mut shown) = (Instant::now(), Instant::now());
    let longest = args.at_most.map_or(f64::INFINITY, |minutes| minutes * 60.0);
    let (mut tally, mut curve) = (Tally::default(), Curve::default());
    loop {
        band.round(&mut dice, &mut tally)
            .with_context(|| format!("seed {}, round {}", args.seed, tally.rounds))?;
        let memory = resident_kib();
        curve.add(tally.hours(), memory, allocated_kib());
        let over = tally.hours() >= args.hours || begin.elapsed().as_secs_f64() >= longest;
        if shown.elapsed() > Duration::from_secs(10) || over {
            shown = Instant::now();
            let mebibytes = memory.unwrap_or(0) as f64 / 1024.0;
            println!("{tally}  {mebibytes:8.1} MiB");
        }
        if over {
            break;
        }
    }
    let took = begin.elapsed().as_secs_f64();
    let sum = band.end()?;
    let left = threads_before.and_then(|before| threads::settle(before, Duration::from_secs(5)));
    ensure!(
        left <= threads_before,
        "{left:?} threads when all instances are gone, {threads_before:?} before the first"
    );
    println!(
        "{} instances, seed {}, {took:.0} s",
        args.instances, args.seed
    );
    print!("{}", tally.summary(&sum));
    print!("{}", curve.summary());
    if let Some(file) = &args.curve {
        let title = format!(
            "Third Stream: {} instances, seed {}",
            args.instances, args.seed
        );
        std::fs::write(file, curve.svg(&title))
            .with_context(|| format!("could not write the curve to {}", file.display()))?;
    }
    Ok(())
}
