//! The project's tasks: `cargo xtask <task>`.
//!
//! Thin on purpose: a task spawns cargo with the right arguments and says what it does. Nothing
//! of the plugin or the networks is compiled into this program, so `cargo xtask check` starts
//! within seconds on a fresh clone.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool"
)]

mod bench;
mod bundle;
mod check;
mod demo;
mod dist;
mod endurance;
mod forward;
mod fuzz;
mod hosts;
mod install;
mod play;
mod process;
mod realtime;
mod summary;
mod system;
mod tidy;
mod validate;
mod web;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use endurance::Build;

/// The project's tasks.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", version, about)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

/// What can be asked for.
#[derive(Subcommand)]
enum Task {
    /// Run every check, cheapest first: formatting, tidy, lints, tests, documentation, the built
    /// plugin in a host.
    Check(check::Args),
    /// Play a short jazz clip through the built plugin and show what became of it.
    Demo(demo::Args),
    /// Play a MIDI file through the built plugin in a window, to be heard and seen without a
    /// sequencer (try --help; --install-deps installs what the window needs).
    #[command(disable_help_flag = true)]
    Play(forward::Args),
    /// Render the examples as small sound files (arguments go to the program; try --help).
    #[command(disable_help_flag = true)]
    Sounds(forward::Args),
    /// Build the plugin as CLAP and VST3 into target/bundled.
    Bundle(bundle::Args),
    /// Let the formats' own validators look at the built plugin.
    Validate(validate::Args),
    /// Play the built plugin for hours of song, in many instances at once (arguments go to the
    /// program).
    #[command(disable_help_flag = true)]
    Soak(forward::Args),
    /// Load and unload the built plugin many times (arguments go to the program).
    #[command(disable_help_flag = true)]
    Unload(forward::Args),
    /// Feed hostile files, states and hosts to what reads them.
    Fuzz(fuzz::Args),
    /// Run the tests on the built plugin where the audio thread may not allocate, wait or do IO
    /// (Linux).
    Realtime(realtime::Args),
    /// Run the built plugin in hosts that others wrote, those that are installed (Linux).
    Hosts(hosts::Args),
    /// Make what is given to users: an archive, its bill of materials and checksums.
    Dist(dist::Args),
    /// Build the page on which a MIDI file is transferred without installing anything.
    Web(web::Args),
    /// Build the plugin and copy it into your plugin folders.
    Install(install::Args),
    /// Time the networks and the audio thread beside their peers.
    Bench(bench::Args),
    /// Train the networks (arguments go to the command-line tool; try --help).
    #[command(disable_help_flag = true)]
    Train(forward::Args),
    /// Train the cells of a table (arguments go to the command-line tool; try --help).
    #[command(disable_help_flag = true)]
    Sweep(forward::Args),
    /// Measure trained weights (arguments go to the command-line tool; try --help).
    #[command(disable_help_flag = true)]
    Evaluate(forward::Args),
    /// Match weights' thresholds to the density of the music (arguments go to the command-line
    /// tool; try --help).
    #[command(disable_help_flag = true)]
    Calibrate(forward::Args),
    /// Write phrases before and after, chosen by a fixed rule (arguments go to the command-line
    /// tool; try --help).
    #[command(disable_help_flag = true)]
    Examples(forward::Args),
    /// Move MIDI files to another genre (arguments go to the command-line tool; try --help).
    #[command(disable_help_flag = true)]
    Transfer(forward::Args),
    /// Learn a style of one's own from a folder of MIDI files (arguments go to the command-line
    /// tool; try --help).
    #[command(disable_help_flag = true)]
    LearnStyle(forward::Args),
    /// Put trained weights into the plugin's own list (arguments go to the command-line tool; try
    /// --help).
    #[command(disable_help_flag = true)]
    Adopt(forward::Args),
    /// Make the starter corpus anew from a larger one (arguments go to the command-line tool; try
    /// --help).
    #[command(disable_help_flag = true)]
    Corpus(forward::Args),
    /// Show what is in a weights file or a corpus (arguments go to the command-line tool).
    #[command(disable_help_flag = true)]
    Inspect(forward::Args),
}

fn main() -> ExitCode {
    run(Cli::parse().task).unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

/// Runs a task; a tool that talks to the user itself gives its own exit code.
fn run(task: Task) -> Result<ExitCode> {
    let done = match task {
        Task::Demo(args) => return demo::run(&args),
        Task::Play(args) => return play::run(&args),
        Task::Sounds(args) => return play::sounds(&args),
        Task::Soak(args) => return endurance::run("soak", Build::Checked, &args),
        Task::Unload(args) => return endurance::run("unload", Build::Release, &args),
        Task::Train(args) => return forward::run("train", &args),
        Task::Sweep(args) => return forward::run("sweep", &args),
        Task::Evaluate(args) => return forward::run("evaluate", &args),
        Task::Calibrate(args) => return forward::run("calibrate", &args),
        Task::Examples(args) => return forward::run("examples", &args),
        Task::Transfer(args) => return forward::run("transfer", &args),
        Task::LearnStyle(args) => return forward::run("learn-style", &args),
        Task::Adopt(args) => return forward::run("adopt", &args),
        Task::Corpus(args) => return forward::run("corpus", &args),
        Task::Inspect(args) => return forward::run("inspect", &args),
        Task::Check(args) => check::run(&args),
        Task::Bundle(args) => bundle::run(&args),
        Task::Validate(args) => validate::run(&args),
        Task::Realtime(args) => realtime::run(&args),
        Task::Fuzz(args) => fuzz::run(&args),
        Task::Hosts(args) => hosts::run(&args),
        Task::Dist(args) => dist::run(&args),
        Task::Install(args) => install::run(&args),
        Task::Bench(args) => bench::run(&args),
        Task::Web(args) => web::run(&args),
    };
    done.map(|()| ExitCode::SUCCESS)
}

/// The workspace's root: the parent of this package's folder.
fn root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    package.parent().map_or(package.clone(), PathBuf::from)
}

/// Where cargo builds to.
fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_player_s_options_are_its_own() {
        let line = [
            "xtask", "play", "in.mid", "--to", "jazz", "--out", "out.wav",
        ];
        let Task::Play(_) = Cli::try_parse_from(line).unwrap().task else {
            panic!("not the player's");
        };
        // Its help is the player's too, not this program's.
        assert!(Cli::try_parse_from(["xtask", "play", "--help"]).is_ok());
    }

    #[test]
    fn the_root_is_the_workspace() {
        let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
        assert!(manifest.starts_with("[workspace]"));
    }
}
