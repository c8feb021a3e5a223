//! `cargo xtask fuzz`: the fuzz targets of `fuzz/`, each for a given time.
//!
//! Built with the pinned toolchain and the coverage counters that cargo-fuzz would ask for, so
//! that nothing has to be installed but a C++ compiler for libFuzzer. What a run learns is kept
//! in `target/fuzz/corpus` (with `--piece` in `target/fuzz/piece`, for that piece only); what it
//! finds in `target/fuzz/found`.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};

use crate::process::{cargo, host, line, run as run_process};

/// The targets.
const TARGETS: [&str; 5] = ["smf", "weights", "archive", "state", "events"];
/// As cargo-fuzz without a sanitizer: Rust that is not unsafe has no use for one. Comparisons are
/// not watched: that takes half the time, and what they would teach is in the corpora.
const FLAGS: [&str; 7] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-simplifycfg-branch-fold-threshold=0",
    "-Ccodegen-units=1",
    "--cfg=fuzzing",
];

/// What to fuzz, and for how long.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The targets; all without any.
    targets: Vec<String>,
    /// Seconds for each target.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Bytes of an input, at most: what breaks a reader is short, and short inputs are many.
    #[arg(long, default_value_t = 1024)]
    longest: u32,
    /// Limit on the runs of a target.
    #[arg(long)]
    runs: Option<u64>,
    /// Begins again after so many runs, from the committed corpus alone: a target becomes slow
    /// with what it learns.
    #[arg(long, requires = "runs")]
    piece: Option<u64>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let chosen = chosen(&args.targets)?;
    build()?;
    let mut found = Vec::new();
    for name in chosen {
        let (runs, good) = fuzz(name, args)?;
        println!(
            "{name}: {runs} runs, {}",
            if good { "no finding" } else { "a finding" }
        );
        if !good {
            found.push(name);
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    bail!(
        "findings in {}: their inputs are in {}; each becomes a test",
        found.join(", "),
        folder("found", "").display()
    )
}

fn chosen(names: &[String]) -> Result<Vec<&'static str>> {
    for name in names {
        ensure!(
            TARGETS.contains(&name.as_str()),
            "there is no target {name:?}; expected one of {}",
            TARGETS.join(", ")
        );
    }
    let asked = |target: &&str| names.is_empty() || names.iter().any(|name| name == target);
    Ok(TARGETS.into_iter().filter(asked).collect())
}

/// A folder under target/fuzz.
fn folder(kind: &str, name: &str) -> PathBuf {
    crate::target().join("fuzz").join(kind).join(name)
}

/// Builds all, so that nothing is built twice for another choice.
fn build() -> Result<()> {
    let mut command = cargo(&["build", "--release"]);
    command
        .args(["--manifest-path", "fuzz/Cargo.toml"])
        // With a target named, build scripts and macros are built without the counters.
        .args(["--target", &host()?, "--target-dir"])
        .arg(folder("build", ""))
        .env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join("\x1f"));
    run_process(&mut command)
}

/// Runs one target, piece by piece; how many runs it made, and whether it ended without a finding.
fn fuzz(name: &str, args: &Args) -> Result<(u64, bool)> {
    let begin = Instant::now();
    let mut runs = 0;
    loop {
        let left = args.runs.map(|most| most.saturating_sub(runs));
        let seconds = args.seconds.saturating_sub(begin.elapsed().as_secs());
        if left == Some(0) || seconds == 0 {
            return Ok((runs, true));
        }
        let piece = args
            .piece
            .map_or(left, |piece| left.map(|left| left.min(piece)));
        let (made, good) = run_piece(name, args, piece, seconds)?;
        runs += made;
        if !good || args.piece.is_none() {
            return Ok((runs, good));
        }
    }
}

/// One piece, limited in runs and in seconds.
fn run_piece(name: &str, args: &Args, most: Option<u64>, seconds: u64) -> Result<(u64, bool)> {
    let kind = if args.piece.is_some() {
        "piece"
    } else {
        "corpus"
    };
    let (learned, found) = (folder(kind, name), folder("found", name));
    if args.piece.is_some() && learned.exists() {
        fs::remove_dir_all(&learned)
            .with_context(|| format!("could not empty {}", learned.display()))?;
    }
    for folder in [&learned, &found] {
        fs::create_dir_all(folder)
            .with_context(|| format!("could not make {}", folder.display()))?;
    }
    let program = folder("build", "").join(host()?).join("release").join(name);
    let mut command = Command::new(program);
    command
        .arg(&learned)
        .arg(crate::root().join("fuzz/corpus").join(name))
        .arg(format!("-artifact_prefix={}", prefix(&found)))
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-max_len={}", args.longest))
        .args(["-rss_limit_mb=4096", "-timeout=25", "-print_final_stats=1"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    if let Some(most) = most {
        command.arg(format!("-runs={most}"));
    }
    let shown = line(&command);
    eprintln!("{shown}");
    let mut child = command
        .spawn()
        .with_context(|| format!("could not start `{shown}`"))?;
    let mut runs = 0;
    if let Some(said) = child.stderr.take() {
        for said in BufReader::new(said).lines() {
            let said = said?;
            eprintln!("{said}");
            runs = runs.max(count(&said));
        }
    }
    Ok((runs, child.wait()?.success()))
}

/// A folder as libFuzzer takes it: what is found is named right behind it.
fn prefix(folder: &Path) -> String {
    format!("{}{}", folder.display(), std::path::MAIN_SEPARATOR)
}

/// The number of runs that a line of libFuzzer's tells.
fn count(line: &str) -> u64 {
    let final_count = line.strip_prefix("stat::number_of_executed_units:");
    let running = line
        .strip_prefix('#')
        .and_then(|rest| rest.split_whitespace().next());
    let number = final_count.or(running).map(str::trim);
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::output;

    #[test]
    fn every_target_is_in_the_package_and_has_a_corpus() {
        let manifest = fs::read_to_string(crate::root().join("fuzz/Cargo.toml")).unwrap();
        for name in TARGETS {
            assert!(manifest.contains(&format!("[[bin]]\nname = \"{name}\"\n")));
            let corpus = crate::root().join("fuzz/corpus").join(name);
            assert!(fs::read_dir(corpus).unwrap().count() > 0, "{name}");
        }
        assert_eq!(manifest.matches("[[bin]]").count(), TARGETS.len());
    }

    /// Its lock file is its own, and the workspace's commands do not look at it.
    #[test]
    fn the_package_s_lock_file_knows_what_ours_need() {
        let lock = fs::read_to_string(crate::root().join("fuzz/Cargo.lock")).unwrap();
        let lock = lock.replace("\r\n", "\n");
        let said = output(&mut cargo(&["metadata", "--no-deps", "--format-version=1"])).unwrap();
        let metadata: serde_json::Value = serde_json::from_str(&said).unwrap();
        for ours in ["third-stream-model", "third-stream-plugin"] {
            let head = format!("[[package]]\nname = \"{ours}\"\n");
            let (_, entry) = lock.split_once(&head).unwrap();
            let entry = entry.split("\n\n").next().unwrap();
            let packages = metadata["packages"].as_array().unwrap();
            let package = packages.iter().find(|one| one["name"] == ours).unwrap();
            let needed = package["dependencies"].as_array().unwrap();
            // Dependencies of its tests are not built for the fuzzer.
            for one in needed.iter().filter(|one| one["kind"].is_null()) {
                let name = one["name"].as_str().unwrap();
                assert!(
                    [format!("\n \"{name}\""), format!("\n \"{name} ")]
                        .iter()
                        .any(|line| entry.contains(line)),
                    "{ours} needs {name}: cargo update --workspace --manifest-path fuzz/Cargo.toml"
                );
            }
        }
    }

    #[test]
    fn an_unknown_target_is_refused() {
        let error = chosen(&["smg".to_owned()]).unwrap_err().to_string();
        assert!(error.contains("expected one of smf, weights"), "{error}");
        assert_eq!(chosen(&[]).unwrap().len(), TARGETS.len());
    }

    #[test]
    fn runs_are_counted() {
        assert_eq!(count("#65536\tpulse  cov: 12 ft: 13 corp: 1/1b"), 65_536);
        assert_eq!(count("stat::number_of_executed_units: 1048576"), 1_048_576);
        assert_eq!(count("INFO: seed corpus"), 0);
    }
}
