//! `cargo xtask train | evaluate | transfer | adopt | …`: hands everything to the command-line
//! tool of the model package, built with optimisation and, where asked for, for a GPU.

use std::process::ExitCode;

use anyhow::Result;

use crate::process::{cargo, hand_over, trains};

/// Everything after the task's name, as typed.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Arguments of the program; try --help.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) rest: Vec<String>,
}

/// Runs `third-stream <command> …`. Paths stay relative to where the user stands.
pub(crate) fn run(command: &str, args: &Args) -> Result<ExitCode> {
    let manifest = crate::root().join("Cargo.toml");
    let features = features(&args.rest);
    let mut process = cargo(&["run", "--quiet", "--release", "--package"]);
    process
        .args(["third-stream-model", "--features", &features])
        .args(["--bin", "third-stream", "--manifest-path"])
        .arg(manifest)
        .args(["--", command])
        .args(&args.rest);
    if let Ok(here) = std::env::current_dir() {
        process.current_dir(here);
    }
    hand_over(trains(&mut process))
}

/// The model package's features for these arguments: a GPU is chosen when the tool is built.
fn features(args: &[String]) -> String {
    let device = args
        .iter()
        .position(|arg| arg == "--device")
        .and_then(|i| args.get(i + 1))
        .map(String::as_str)
        .or_else(|| args.iter().find_map(|arg| arg.strip_prefix("--device=")));
    let family = device.map(|device| device.split(':').next().unwrap_or(device));
    match family {
        Some(gpu @ ("cuda" | "metal")) => format!("train,{gpu}"),
        _ => "train".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_gpu_is_built_for_when_it_is_asked_for() {
        let features = |line: &str| {
            let args: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            super::features(&args)
        };
        assert_eq!(features("--pair jazz-classic"), "train");
        assert_eq!(features("--device cpu"), "train");
        assert_eq!(features("--steps 5 --device cuda"), "train,cuda");
        assert_eq!(features("--device=cuda:1"), "train,cuda");
        assert_eq!(features("--device metal"), "train,metal");
        assert_eq!(features("--device"), "train");
    }
}
