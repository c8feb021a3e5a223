//! The numbers that test runners print, added up over all stages.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::process::line;

/// How many tests passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl Summary {
    /// Adds what one line of a runner's output says; other lines add nothing.
    fn add_line(&mut self, text: &str) {
        let text = plain(text);
        let text = text.trim();
        // cargo test: one line for each test binary.
        let libtest = text.strip_prefix("test result:");
        // nextest: one line for the whole run.
        let nextest = text
            .strip_prefix("Summary [")
            .filter(|t| t.contains("run:"));
        let Some(counts) = libtest.or(nextest) else {
            return;
        };
        self.passed += number_before(counts, "passed");
        self.failed += number_before(counts, "failed") + number_before(counts, "timed out");
    }
}

/// Runs a test command, passing its output on and adding its numbers to `summary`.
pub(crate) fn run_tests(command: &mut Command, summary: &mut Summary) -> Result<()> {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("could not start `{}`", line(command)))?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let (from_out, from_err) = std::thread::scope(|scope| {
        let from_err = scope.spawn(move || pass_on(err, &mut std::io::stderr()));
        let from_out = pass_on(out, &mut std::io::stdout());
        (from_out, from_err.join().unwrap_or_default())
    });
    for part in [from_out, from_err] {
        summary.passed += part.passed;
        summary.failed += part.failed;
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("`{}` failed ({status})", line(command));
    }
    Ok(())
}

/// Copies a child's output line by line and counts on the way.
fn pass_on(from: Option<impl Read>, to: &mut impl Write) -> Summary {
    let mut summary = Summary::default();
    let Some(from) = from else { return summary };
    let mut reader = BufReader::new(from);
    let mut bytes = Vec::new();
    while reader.read_until(b'\n', &mut bytes).is_ok_and(|n| n > 0) {
        // A closed terminal must not end the tests.
        let _ = to.write_all(&bytes);
        summary.add_line(&String::from_utf8_lossy(&bytes));
        bytes.clear();
    }
    summary
}

/// The number right before `word`, 0 where there is none.
pub(crate) fn number_before(text: &str, word: &str) -> u64 {
    text.split(word)
        .next()
        .filter(|before| before.len() < text.len())
        .and_then(|before| before.split_whitespace().next_back())
        .and_then(|number| number.parse().ok())
        .unwrap_or(0)
}

/// The text without terminal colours.
pub(crate) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == '\x1b' {
            for c in chars.by_ref() {
                if c.is_ascii_alphabetic() {
                    break;
                }
            }
        } else {
            plain.push(c);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(lines: &[&str]) -> (u64, u64) {
        let mut summary = Summary::default();
        for line in lines {
            summary.add_line(line);
        }
        (summary.passed, summary.failed)
    }

    #[test]
    fn both_runners_are_counted() {
        let libtest = "test result: FAILED. 12 passed; 3 failed; 0 ignored; 0 measured";
        assert_eq!(count(&["running 15 tests", libtest, libtest]), (24, 6));
        let nextest =
            "     Summary [   1.204s] 20 tests run: 18 passed (1 slow), 2 failed, 4 skipped";
        assert_eq!(count(&[nextest]), (18, 2));
        let coloured = "\x1b[32;1m     Summary\x1b[0m [   0.4s] \x1b[1m2\x1b[0m tests run: \x1b[1m2\x1b[0m \x1b[32;1mpassed\x1b[0m, \x1b[1m0\x1b[0m skipped";
        assert_eq!(count(&[coloured]), (2, 0));
    }

    #[test]
    fn other_lines_are_not_counted() {
        assert_eq!(count(&["assertion: 3 passed", "", "7 failed"]), (0, 0));
    }

    #[cfg(unix)]
    #[test]
    fn a_run_is_counted_and_its_failure_reported() {
        let mut summary = Summary::default();
        let script = "echo 'test result: ok. 5 passed; 1 failed;'; exit 1";
        let result = run_tests(Command::new("sh").args(["-c", script]), &mut summary);
        assert!(result.is_err());
        assert_eq!(
            summary,
            Summary {
                passed: 5,
                failed: 1
            }
        );
    }
}
