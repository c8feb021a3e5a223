//! The command line of Third Stream: `third-stream train`, `inspect` and their kin.
//!
//! `cargo xtask NAME …` builds and starts it.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool talks to its user"
)]

mod adopt;
mod calibrate;
mod corpus;
mod device;
mod evaluate;
mod examples;
mod inspect;
mod learn_style;
mod music;
mod named;
mod process;
mod settings;
mod sweep;
mod train;
mod transfer;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Trains the networks of Third Stream and uses them on MIDI files.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Train the networks on a corpus or on folders of MIDI files.
    Train(Box<train::TrainArgs>),
    /// Train the cells of a table, such as the paper's nine, one after another.
    Sweep(sweep::SweepArgs),
    /// Measure weights: style by strangers, content, what is wrong, and the baselines beside them.
    Evaluate(evaluate::EvaluateArgs),
    /// Match the thresholds of weights to the density of the music.
    Calibrate(calibrate::CalibrateArgs),
    /// Write phrases before and after, chosen by a fixed rule, as MIDI files and pictures.
    Examples(examples::ExamplesArgs),
    /// Transfer a MIDI file, or a folder of them, to another genre.
    Transfer(transfer::TransferArgs),
    /// Learn a style of one's own from a folder of MIDI files, in minutes.
    LearnStyle(learn_style::LearnStyleArgs),
    /// Put trained weights into the plugin's own list.
    Adopt(adopt::AdoptArgs),
    /// Make the starter corpus from a larger one, as corpus/README.md says.
    Corpus(corpus::CorpusArgs),
    /// Print what a weights file or a checkpoint says of itself.
    Inspect(inspect::InspectArgs),
}

fn main() -> ExitCode {
    process::set_up();
    let result = match Cli::parse().command {
        Command::Train(args) => train::run(&args),
        Command::Sweep(args) => sweep::run(&args),
        Command::Evaluate(args) => evaluate::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Calibrate(args) => calibrate::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Examples(args) => examples::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Transfer(args) => transfer::run(&args).map(|()| ExitCode::SUCCESS),
        Command::LearnStyle(args) => learn_style::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Adopt(args) => adopt::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Corpus(args) => corpus::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Inspect(args) => inspect::run(&args).map(|()| ExitCode::SUCCESS),
    };
    result.unwrap_or_else(|error| {
        let text = error.to_string();
        eprintln!("error: {text}");
        for cause in error.chain().skip(1).map(ToString::to_string) {
            // Many messages say their cause themselves.
            if !text.contains(&cause) {
                eprintln!("caused by: {cause}");
            }
        }
        ExitCode::FAILURE
    })
}
