//! Command line.
mod evaluate;

use clap::Parser;

#[derive(Parser)]
enum Cli {
    Evaluate(evaluate::EvaluateArgs),
}

fn main() -> anyhow::Result<()> {
    let Cli::Evaluate(args) = Cli::parse();
    evaluate::run(&args)
}
