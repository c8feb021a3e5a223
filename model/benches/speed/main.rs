//! Times the networks against the same work in PyTorch, ONNX Runtime and OpenVINO, and the
//! preparation of a corpus.
//!
//! `cargo xtask bench` runs this; each figure is a line `KEY VALUE` on standard output. Ours and
//! the peers take turns in one run with equal threads.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program whose output is figures"
)]

mod arranger;
mod forward;
mod given;
mod peer;
mod prepare;
mod step;
mod turns;

use std::path::PathBuf;

use clap::Parser;

/// What to time.
#[derive(Parser)]
struct Args {
    /// The Python that has PyTorch, ONNX Runtime and OpenVINO; without it only ours is timed.
    #[arg(long)]
    python: Option<PathBuf>,
    /// Turns of each.
    #[arg(long, default_value_t = 15)]
    rounds: usize,
    /// Without what takes minutes.
    #[arg(long)]
    quick: bool,
    /// Numbers of threads.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 2])]
    threads: Vec<usize>,
    /// Only figures whose key begins so, for example `forward.32x6`.
    #[arg(long, default_value = "")]
    only: String,
    /// Read the folders of MIDI files in there, and say what it took under the key `only`.
    #[arg(long, hide = true)]
    prepare: Option<PathBuf>,
    /// Cargo hands this to every bench.
    #[arg(long, hide = true)]
    bench: bool,
}

impl Args {
    /// True if figures under `key` were asked for.
    fn wants(&self, key: &str) -> bool {
        key.starts_with(&self.only) || self.only.starts_with(key)
    }
}

fn main() -> Result<(), turns::Error> {
    let args = Args::parse();
    if let Some(dir) = &args.prepare {
        return prepare::child(&args.only, dir);
    }
    for threads in &args.threads {
        forward::run(&args, *threads)?;
    }
    for threads in &args.threads {
        step::run(&args, *threads)?;
    }
    for threads in &args.threads {
        arranger::run(&args, *threads)?;
    }
    prepare::run(&args)
}
