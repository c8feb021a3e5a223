//! Child processes: run one, show the line that repeats it when it fails; or leave the word to it.

use std::fmt::Write as _;
use std::process::{Command, ExitCode, ExitStatus};

use anyhow::{Context, Result, bail};

/// The commands of cargo that look at the lock file.
const LOCKED: [&str; 8] = [
    "build", "check", "clippy", "doc", "metadata", "run", "test", "tree",
];

/// A cargo command that runs in the workspace's root, with the dependencies of the lock file and
/// no others.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let name = match args {
        ["nextest", "run", ..] => 2,
        [name, ..] if LOCKED.contains(name) => 1,
        _ => 0,
    };
    let (name, rest) = args.split_at(name);
    command.args(name).current_dir(crate::root());
    if !name.is_empty() {
        command.arg("--locked");
    }
    command.args(rest);
    command
}

/// Environment for fast training, where it is not set by hand: candle's own threads spin while they
/// wait for each other, and glibc hands every large block back to the system, which has to clear
/// it once more for the next; other threads' arenas do so whatever their thresholds.
const TRAINING: [(&str, &str); 4] = [
    ("CANDLE_NUM_THREADS", "1"),
    ("MALLOC_MMAP_THRESHOLD_", "1073741824"),
    ("MALLOC_TRIM_THRESHOLD_", "8589934592"),
    ("MALLOC_ARENA_MAX", "1"),
];

/// The command with the environment of training.
pub(crate) fn trains(command: &mut Command) -> &mut Command {
    let unset = TRAINING
        .iter()
        .filter(|(name, _)| std::env::var_os(name).is_none());
    command.envs(unset.copied())
}

/// Runs the command and gives back what it wrote; fails with the line that repeats it.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stderr(std::process::Stdio::inherit())
        .output()
        .with_context(|| format!("could not start `{}`", line(command)))?;
    if !output.status.success() {
        bail!("`{}` failed ({})", line(command), output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs the command to its end; fails with the line that repeats it.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("could not start `{}`", line(command)))?;
    if !status.success() {
        bail!("`{}` failed ({status})", line(command));
    }
    Ok(())
}

/// Runs a tool that talks to the user itself, to its end: what it says last stays the last that is
/// said, and its exit status is the one that is given back.
pub(crate) fn hand_over(command: &mut Command) -> Result<ExitCode> {
    let status = command
        .status()
        .with_context(|| format!("could not start `{}`", line(command)))?;
    Ok(exit_code(status))
}

/// An exit status as this process's own.
fn exit_code(status: ExitStatus) -> ExitCode {
    if status.success() {
        return ExitCode::SUCCESS;
    }
    if let Some(code) = status.code() {
        return u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from);
    }
    // It said nothing itself.
    eprintln!("error: ended by {status}");
    ExitCode::from(128 + signal(status))
}

#[cfg(unix)]
fn signal(status: ExitStatus) -> u8 {
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    signal.map_or(0, |signal| signal as u8 & 127)
}

#[cfg(not(unix))]
fn signal(_: ExitStatus) -> u8 {
    0
}

/// The target that is built for where none is named.
pub(crate) fn host() -> Result<String> {
    let said = output(Command::new("rustc").arg("-vV"))?;
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("`rustc -vV` names no host")?.to_owned())
}

/// The command as a line for the shell, with the environment that was set for it.
pub(crate) fn line(command: &Command) -> String {
    let mut text = String::new();
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            let _ = write!(
                text,
                "{}={} ",
                name.display(),
                quoted(&value.to_string_lossy())
            );
        }
    }
    let program = std::path::Path::new(command.get_program());
    // `cargo`, not the toolchain's full path to it.
    text.push_str(&program.file_stem().unwrap_or_default().to_string_lossy());
    for arg in command.get_args() {
        text.push(' ');
        text.push_str(&quoted(&arg.to_string_lossy()));
    }
    text
}

/// In single quotes where the shell would otherwise take it apart.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=,:".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_it_would_be_typed() {
        let mut command = Command::new("/usr/bin/cargo");
        command
            .args(["test", "-E", "not binary(e2e)"])
            .env("A", "b c");
        assert_eq!(line(&command), "A='b c' cargo test -E 'not binary(e2e)'");
    }

    #[test]
    fn cargo_keeps_to_the_lock_file() {
        let shown = |args: &[&str]| line(&cargo(args)).replace(".exe", "");
        assert_eq!(shown(&["build", "--lib"]), "cargo build --locked --lib");
        let nextest = shown(&["nextest", "run", "-E", "x"]);
        assert_eq!(nextest, "cargo nextest run --locked -E x");
        assert_eq!(shown(&["fmt", "--all"]), "cargo fmt --all");
    }

    #[cfg(unix)]
    #[test]
    fn a_tool_s_exit_status_is_passed_on() {
        let code = |line: &str| hand_over(Command::new("sh").args(["-c", line])).unwrap();
        assert_eq!(code("exit 0"), ExitCode::SUCCESS);
        assert_eq!(code("exit 7"), ExitCode::from(7));
        assert_eq!(code("kill -9 $$"), ExitCode::from(128 + 9));
        assert!(hand_over(&mut Command::new("no-such-program")).is_err());
    }

    #[test]
    fn a_failing_command_is_an_error_that_names_it() {
        let mut command = cargo(&["no-such-command"]);
        command
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null());
        let error = run(&mut command).unwrap_err().to_string();
        assert!(error.contains("cargo no-such-command"), "{error}");
    }
}
