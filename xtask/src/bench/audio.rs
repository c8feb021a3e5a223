//! The built plugin in the tests' host: what `process` costs, how it opens, what it takes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::{FEATURES, collect, table::Figures};
use crate::process::{cargo, line, run};

/// Bars that are learned before `process` is measured in place.
const LEARNED: [usize; 3] = [1, 64, 2048];
/// The framework's function that a host's call of `process` arrives in.
const PROCESS: &str = "*clap::wrapper::Wrapper<*>::process";
/// The function of the tests' host that calls it.
const CALL: &str = "*call_plugin*";

/// The programs and libraries.
pub(super) struct Built {
    measure: PathBuf,
    ours: PathBuf,
    passthrough: PathBuf,
}

/// Builds them as they are shipped.
pub(super) fn build() -> Result<Built> {
    let mut command = cargo(&["build", "--quiet", "--release"]);
    command.args(FEATURES);
    command.args(["--lib", "--bin", "measure", "--example", "passthrough"]);
    run(&mut command)?;
    let folder = crate::target().join("release");
    let library = |name: &str| {
        let (before, after) = (std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
        format!("{before}{name}{after}")
    };
    Ok(Built {
        measure: folder.join(format!("measure{}", std::env::consts::EXE_SUFFIX)),
        ours: folder.join(library("third_stream")),
        passthrough: folder.join("examples").join(library("passthrough")),
    })
}

impl Built {
    /// All figures; `quick`, those of wall time and memory.
    pub(super) fn run(&self, quick: bool, figures: &mut Figures) -> Result<()> {
        let process = |plugin: &Path, key: &str, state: Option<&Path>, figures: &mut Figures| {
            self.wall(plugin, key, state, figures)?;
            if quick {
                return Ok(());
            }
            self.instructions(plugin, key, state, figures)
        };
        let mut open = self.measure(&self.ours, "open");
        open.stdin(Stdio::null());
        collect(open, figures)?;
        process(&self.passthrough, "passthrough", None, figures)?;
        process(&self.ours, "ours", None, figures)?;
        for bars in LEARNED {
            let state = crate::target().join(format!("tmp/learned{bars}.state"));
            let mut learn = self.measure(&self.ours, "learn");
            run(learn.arg(bars.to_string()).arg(&state))?;
            process(&self.ours, &format!("learned{bars}"), Some(&state), figures)?;
        }
        Ok(())
    }

    fn measure(&self, plugin: &Path, what: &str) -> Command {
        let mut command = Command::new(&self.measure);
        command.arg("--plugin").arg(plugin).arg(what);
        command
    }

    /// Wall time of `process`.
    fn wall(
        &self,
        plugin: &Path,
        key: &str,
        state: Option<&Path>,
        figures: &mut Figures,
    ) -> Result<()> {
        let mut wall = self.measure(plugin, "process");
        arguments(&mut wall, key, state);
        collect(wall, figures)
    }

    /// The instructions of `process`, where valgrind is installed.
    fn instructions(
        &self,
        plugin: &Path,
        key: &str,
        state: Option<&Path>,
        figures: &mut Figures,
    ) -> Result<()> {
        if Command::new("valgrind").arg("--version").output().is_err() {
            eprintln!("no instruction counts: valgrind is not installed");
            return Ok(());
        }
        let folder = crate::target().join("tmp/callgrind");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder)?;
        let mut counted = Command::new("valgrind");
        counted
            .arg("--tool=callgrind")
            .arg(format!("--callgrind-out-file={}/call", folder.display()))
            .arg(format!("--toggle-collect={PROCESS}"))
            .arg(format!("--dump-before={CALL}"))
            .arg(&self.measure)
            .arg("--plugin")
            .arg(plugin)
            .arg("process");
        arguments(&mut counted, key, state);
        counted.args(["--beats", "32", "--pause", "12000", "--plays", "1"]);
        let mut calls = count(counted, &folder)?;
        calls.sort_unstable();
        let at = |share: f64| calls[((calls.len() - 1) as f64 * share) as usize] as f64;
        figures.put(&format!("process.instructions.{key}"), at(0.5));
        figures.put(&format!("process.instructions_p99.{key}"), at(0.99));
        let mean = calls.iter().sum::<u64>() as f64 / calls.len() as f64;
        figures.put(&format!("process.instructions_mean.{key}"), mean);
        fs::remove_dir_all(&folder)?;
        Ok(())
    }
}

/// Arguments of `measure process`.
fn arguments(command: &mut Command, key: &str, state: Option<&Path>) {
    command.arg(key);
    if let Some(state) = state {
        command.arg("--state").arg(state);
    }
}

/// Runs a program under callgrind, which writes a file for each call of `process`: the
/// instructions of each.
fn count(mut command: Command, folder: &Path) -> Result<Vec<u64>> {
    let text = line(&command);
    eprintln!("── {text}");
    let output = command
        .output()
        .with_context(|| format!("could not start `{text}`"))?;
    let mut calls = Vec::new();
    for entry in fs::read_dir(folder)? {
        calls.extend(instructions(&fs::read_to_string(entry?.path())?));
    }
    if calls.is_empty() || !output.status.success() {
        let log = String::from_utf8_lossy(&output.stderr);
        bail!("`{text}` counted nothing:\n{log}");
    }
    Ok(calls)
}

/// The instructions in a file of callgrind's; `None` where there are none, outside of `process`.
fn instructions(file: &str) -> Option<u64> {
    let total = file.lines().find_map(|line| line.strip_prefix("totals:"))?;
    total.trim().parse().ok().filter(|count| *count > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_are_found_in_what_callgrind_writes() {
        assert_eq!(
            instructions("events: Ir\nfn=(1)\n1 5\ntotals: 659\n"),
            Some(659)
        );
        assert_eq!(instructions("events: Ir\ntotals: 0\n"), None);
        assert_eq!(instructions("events: Ir\n"), None);
    }
}
