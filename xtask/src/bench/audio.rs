//! The built plugin in the tests' host: what `process` costs, how it opens, what it takes.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::{FEATURES, collect, table::Figures};
use crate::process::{cargo, line, run};

/// Bars that are learned before `process` is measured in place.
const LEARNED: [usize; 3] = [1, 64, 2048];
/// The framework's function that a host's call of `process` arrives in.
const PROCESS: &str = "*clap::wrapper::Wrapper<*>::process";

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
    /// All figures.
    pub(super) fn run(&self, figures: &mut Figures) -> Result<()> {
        let mut open = self.measure(&self.ours, "open");
        open.stdin(Stdio::null());
        collect(open, figures)?;
        self.process(&self.passthrough, "passthrough", None, figures)?;
        self.process(&self.ours, "ours", None, figures)?;
        for bars in LEARNED {
            let state = crate::target().join(format!("tmp/learned{bars}.state"));
            let mut learn = self.measure(&self.ours, "learn");
            run(learn.arg(bars.to_string()).arg(&state))?;
            self.process(&self.ours, &format!("learned{bars}"), Some(&state), figures)?;
        }
        Ok(())
    }

    fn measure(&self, plugin: &Path, what: &str) -> Command {
        let mut command = Command::new(&self.measure);
        command.arg("--plugin").arg(plugin).arg(what);
        command
    }

    /// Wall time, and instructions where valgrind is installed.
    fn process(
        &self,
        plugin: &Path,
        key: &str,
        state: Option<&Path>,
        figures: &mut Figures,
    ) -> Result<()> {
        let arguments = |command: &mut Command| {
            command.arg(key);
            if let Some(state) = state {
                command.arg("--state").arg(state);
            }
        };
        let mut wall = self.measure(plugin, "process");
        arguments(&mut wall);
        collect(wall, figures)?;
        if Command::new("valgrind").arg("--version").output().is_err() {
            eprintln!("no instruction counts: valgrind is not installed");
            return Ok(());
        }
        let mut counted = Command::new("valgrind");
        counted
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(format!("--toggle-collect={PROCESS}"))
            .arg(&self.measure)
            .arg("--plugin")
            .arg(plugin)
            .arg("process");
        arguments(&mut counted);
        counted.args(["--beats", "32", "--pause", "4000"]);
        let (calls, instructions) = count(counted)?;
        figures.put(&format!("process.instructions.{key}"), instructions / calls);
        Ok(())
    }
}

/// Runs a program under callgrind: its calls of `process`, and their instructions.
fn count(mut command: Command) -> Result<(f64, f64)> {
    let text = line(&command);
    eprintln!("── {text}");
    let output = command
        .output()
        .with_context(|| format!("could not start `{text}`"))?;
    let (figures, log) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    let calls = after(&figures, ".calls ");
    let instructions = after(&log, "Collected : ");
    match (calls, instructions) {
        (Some(calls), Some(instructions)) if output.status.success() => Ok((calls, instructions)),
        _ => bail!("`{text}` counted nothing:\n{log}"),
    }
}

/// The number after `label`.
fn after(text: &str, label: &str) -> Option<f64> {
    let (_, rest) = text.split_once(label)?;
    rest.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_found_in_what_callgrind_says() {
        let log = "==1== Events    : Ir\n==1== Collected : 123456\n==1==\n";
        assert_eq!(after(log, "Collected : "), Some(123_456.0));
        assert_eq!(
            after("process.wall.ours.calls 160\n", ".calls "),
            Some(160.0)
        );
        assert_eq!(after(log, ".calls "), None);
    }
}
