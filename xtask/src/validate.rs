//! `cargo xtask validate`: the formats' own validators, as far as this machine has them.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::process::line;
use crate::{bundle, system};

/// How to validate.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The folder with `Third Stream.clap` and `Third Stream.vst3`; without it both the release
    /// and the build with real-time checks are made and validated.
    #[arg(long)]
    bundles: Vec<PathBuf>,
    /// Fail where a validator is absent.
    #[arg(long)]
    all: bool,
    /// Also let clap-validator do anything at random for so many seconds.
    #[arg(long, default_value_t = 0)]
    fuzz_seconds: u32,
    /// Install missing system libraries instead of naming them.
    #[arg(long)]
    install_deps: bool,
}

/// A third-party validator.
struct Validator {
    name: &'static str,
    /// The environment variable that says where it is.
    variable: &'static str,
    /// Its programs' names on the PATH.
    programs: &'static [&'static str],
    /// How it is asked for its version.
    version: &'static [&'static str],
    /// The bundle that it looks at.
    bundle: &'static str,
    arguments: &'static [&'static str],
    /// Where to get it.
    from: &'static str,
}

const BUNDLES: [&str; 2] = ["Third Stream.clap", "Third Stream.vst3"];

const VALIDATORS: [Validator; 3] = [
    Validator {
        name: "clap-validator",
        variable: "CLAP_VALIDATOR",
        programs: &["clap-validator"],
        version: &["--version"],
        bundle: BUNDLES[0],
        arguments: &["validate"],
        from: "https://github.com/free-audio/clap-validator: `cargo build --release --locked` there",
    },
    Validator {
        name: "Steinberg's validator",
        variable: "VST3_VALIDATOR",
        programs: &["vst3-validator", "validator"],
        version: &["--version"],
        bundle: BUNDLES[1],
        arguments: &["-e"], // extensive: every sample rate and block size
        from: "https://github.com/steinbergmedia/vst3sdk: the CMake target `validator`",
    },
    Validator {
        name: "pluginval",
        variable: "PLUGINVAL",
        programs: &["pluginval"],
        version: &["--version"],
        bundle: BUNDLES[1],
        arguments: &[
            "--strictness-level",
            "10",
            "--validate-in-process",
            "--randomise", // the order of the tests
            // A fixed order of tests: some orders no VST3 plugin can pass (docs/upstream.md).
            "--random-seed",
            "3",
            "--repeat",
            "2",
            "--validate",
        ],
        from: "https://github.com/Tracktion/pluginval/releases",
    },
];

/// Counts of a validator's results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    passed: u64,
    failed: u64,
    warnings: u64,
    skipped: u64,
}

/// Runs every validator that is found on every bundle; a failure or a crash fails it all.
pub(crate) fn run(args: &Args) -> Result<()> {
    let folders = folders(args)?;
    let (mut rows, mut absent, mut broken) = (Vec::new(), Vec::new(), Vec::new());
    for validator in &VALIDATORS {
        let Some(program) = validator.find() else {
            absent.push(validator);
            continue;
        };
        for folder in &folders {
            let bundle = folder.join(validator.bundle);
            let mut runs = vec![validator.command(&program, &bundle)];
            if validator.name == "clap-validator" && args.fuzz_seconds > 0 {
                let mut fuzz = Command::new(&program);
                fuzz.args(["fuzz", "-j1", "-d", &format!("{}s", args.fuzz_seconds)]);
                fuzz.arg(&bundle);
                runs.push(fuzz);
            }
            for mut command in runs {
                let shown = line(&command);
                eprintln!("\n── {shown}");
                let (counts, good) = watch(&mut command)?;
                if !good || counts.failed > 0 {
                    broken.push(shown.clone());
                }
                rows.push((validator.name, shown, counts, good));
            }
        }
    }
    for (name, shown, counts, good) in &rows {
        let Counts {
            passed,
            failed,
            warnings,
            skipped,
        } = counts;
        let end = if *good { "" } else { ", ended with an error" };
        println!(
            "{name}: {passed} passed, {failed} failed, {warnings} warnings, {skipped} skipped{end}: {shown}"
        );
    }
    for validator in &absent {
        println!(
            "{}: absent; get it from {} and put it on the PATH or name it in {}",
            validator.name, validator.from, validator.variable
        );
    }
    if !broken.is_empty() {
        bail!("validation failed:\n    {}", broken.join("\n    "));
    }
    if args.all && !absent.is_empty() {
        bail!(
            "{} of {} validators are absent",
            absent.len(),
            VALIDATORS.len()
        );
    }
    Ok(())
}

/// The folders of bundles to look at.
fn folders(args: &Args) -> Result<Vec<PathBuf>> {
    if args.bundles.is_empty() {
        system::libraries(args.install_deps)?;
        let built = [
            bundle::bundle("release", &[])?,
            bundle::bundle_apart("rtcheck", &["rt-check"])?,
        ];
        let folder = |bundles: bundle::Bundles| bundles.clap.parent().map(Path::to_owned);
        return Ok(built.into_iter().filter_map(folder).collect());
    }
    let there = |folder: &PathBuf| {
        // Validators take a bundle by its whole path only.
        let folder = folder
            .canonicalize()
            .with_context(|| format!("no folder {}", folder.display()))?;
        match BUNDLES.iter().find(|bundle| !folder.join(bundle).exists()) {
            Some(bundle) => bail!(
                "{} has no {bundle}; `cargo xtask bundle` makes it",
                folder.display()
            ),
            None => Ok(folder),
        }
    };
    args.bundles.iter().map(there).collect()
}

impl Validator {
    /// The program, by its variable or on the PATH.
    fn find(&self) -> Option<PathBuf> {
        let named = std::env::var_os(self.variable).map(PathBuf::from);
        named.or_else(|| {
            let path = std::env::var_os("PATH")?;
            let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
            let places = self.programs.iter().flat_map(|program| {
                let file = format!("{program}{}", std::env::consts::EXE_SUFFIX);
                folders.iter().map(move |folder| folder.join(&file))
            });
            places.into_iter().find(|place| place.is_file())
        })
    }

    fn command(&self, program: &Path, bundle: &Path) -> Command {
        let mut command = Command::new(program);
        if let Ok(version) = Command::new(program).args(self.version).output() {
            let text = String::from_utf8_lossy(&version.stdout);
            eprintln!("{}: {}", self.name, text.lines().next().unwrap_or_default());
        }
        command.args(self.arguments);
        // Without a display there is no window to open.
        if self.name == "pluginval"
            && cfg!(target_os = "linux")
            && std::env::var_os("DISPLAY").is_none()
        {
            command = Command::new(program);
            command.arg("--skip-gui-tests").args(self.arguments);
        }
        command.arg(bundle);
        command
    }
}

/// Runs a validator, passes on what it says and counts; whether it ended well.
fn watch(command: &mut Command) -> Result<(Counts, bool)> {
    let shown = line(command);
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("could not start `{shown}`"))?;
    let mut counts = Counts::default();
    if let Some(out) = child.stdout.take() {
        let mut reader = BufReader::new(out);
        let mut bytes = Vec::new();
        while reader.read_until(b'\n', &mut bytes)? > 0 {
            let text = String::from_utf8_lossy(&bytes);
            print!("{text}");
            counts.add_line(&text);
            bytes.clear();
        }
    }
    let status = child.wait()?;
    if !status.success() {
        eprintln!("`{shown}` ended with {status}");
    }
    Ok((counts, status.success()))
}

impl Counts {
    /// Adds what one line says, in any of the validators' ways.
    fn add_line(&mut self, text: &str) {
        let text = crate::summary::plain(text);
        let before = |word| crate::summary::number_before(&text, word);
        let result = text.trim_start();
        if result.contains(" run, ") && result.contains(" skipped") {
            // clap-validator: `38 run, 30 passed, 0 failed, 1 warnings, 7 skipped`
            self.passed += before(" passed");
            self.failed += before(" failed");
            self.warnings += before(" warnings");
            self.skipped += before(" skipped");
        } else if result.starts_with("Result:") {
            // Steinberg's: `Result: 47 tests passed, 0 tests failed`
            self.passed += before(" tests passed");
            self.failed += before(" tests failed");
        } else if result.starts_with("Completed tests in ") {
            self.passed += 1; // pluginval, for each group of tests
        } else if result.starts_with("!!! WARNING") {
            self.warnings += 1; // pluginval, also in a test that passes
        } else if result.starts_with("!!! Test") || result.starts_with("*** FAILED:") {
            self.failed += 1; // pluginval: a check, or a crash; `*** FAILED` alone sums them up
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_validator_s_numbers_are_read() {
        let count = |lines: &[&str]| {
            let mut counts = Counts::default();
            for line in lines {
                counts.add_line(line);
            }
            counts
        };
        let clap = count(&["\x1b[1m38\x1b[0m run, 30 passed, 2 failed, 1 warnings, 5 skipped\n"]);
        let wanted = Counts {
            passed: 30,
            failed: 2,
            warnings: 1,
            skipped: 5,
        };
        assert_eq!(clap, wanted);
        let vst3 = count(&["[Scan Buses]", "Result: 47 tests passed, 3 tests failed"]);
        assert_eq!((vst3.passed, vst3.failed), (47, 3));
        let pluginval = count(&[
            "Completed tests in pluginval / Open plugin",
            "!!! WARNING: Enabling all buses failed",
            "Completed tests in pluginval / Basic bus",
            "!!! Test 1 failed: Genre not restored on setStateInformation",
            "FAILED!!  1 test failed, out of a total of 9",
            "*** FAILED",
        ]);
        let wanted = Counts {
            passed: 2,
            failed: 1,
            warnings: 1,
            skipped: 0,
        };
        assert_eq!(pluginval, wanted);
        let crash = count(&["*** FAILED: VALIDATION CRASHED"]);
        assert_eq!((crash.passed, crash.failed), (0, 1));
    }

    #[cfg(unix)]
    #[test]
    fn a_crash_is_a_failure_though_nothing_was_counted() {
        let mut crash = Command::new("sh");
        crash.args([
            "-c",
            "echo 'Result: 2 tests passed, 0 tests failed'; kill -SEGV $$",
        ]);
        let (counts, good) = watch(&mut crash).unwrap();
        assert_eq!((counts.passed, counts.failed, good), (2, 0, false));
    }

    #[test]
    fn a_folder_without_bundles_is_refused() {
        let args = Args {
            bundles: vec![crate::root().join("docs")],
            all: false,
            fuzz_seconds: 0,
            install_deps: false,
        };
        let error = folders(&args).unwrap_err().to_string();
        assert!(error.contains("has no Third Stream.clap"), "{error}");
    }
}
