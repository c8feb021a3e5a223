//! `cargo xtask hosts`: the built plugin in hosts that others wrote, as far as they are installed.
//!
//! Each host has a script in `tests/hosts` or `tests/ardour` that plays a clip through the plugin,
//! exports it, and saves, opens and shows it, whatever that host can. What left the plugin is held
//! against what `play` says, note by note. A host that is not there is no failure: it is said how
//! to get it.

mod clip;
mod notes;
mod table;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::bundle;
use crate::process::{cargo, line, run as run_process};
use notes::{Comparison, Note};
use table::Row;

/// Beats a second in what is played: the clip's tempo, 132.
const BEATS_A_SECOND: f64 = 132.0 / 60.0;

/// Which hosts, and where the result goes.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The hosts; all without any: ardour, qtractor, dawdreamer, pedalboard.
    hosts: Vec<String>,
    /// How far the knob is turned towards classical, in percent; can be given more than once.
    #[arg(long, default_values_t = [0, 100], value_parser = clap::value_parser!(u8).range(0..=100))]
    amount: Vec<u8>,
    /// The folder with the bundles; without it the release is built.
    #[arg(long)]
    bundles: Option<PathBuf>,
    /// The built player; without it, it is built.
    #[arg(long)]
    play: Option<PathBuf>,
    /// Put the table into docs/hosts.md, too.
    #[arg(long)]
    markdown: bool,
}

/// A host and what it needs.
struct Host {
    /// Its name on the command line.
    name: &'static str,
    shown: &'static str,
    format: &'static str,
    script: &'static str,
    /// Programs that must be on the PATH, or paths from the repository's root.
    needs: &'static [&'static str],
    get: &'static str,
    /// In what it writes down when notes left the plugin.
    unit: Unit,
    /// True if it plays a single channel.
    one_channel: bool,
    /// True if it shows which notes left the plugin; one that does not is run once.
    shows_notes: bool,
}

#[derive(Clone, Copy)]
enum Unit {
    Beats,
    Seconds,
}

/// Where the Python packages are looked for, below the folder of built things.
const PYTHON: &str = "hosts/python";
const GET_PYTHON: &str = "apt-get install xvfb openbox xdotool wmctrl; python3 -m venv \
    target/hosts/python; target/hosts/python/bin/pip install dawdreamer pedalboard numpy";

const HOSTS: [Host; 4] = [
    Host {
        name: "ardour",
        shown: "Ardour",
        format: "VST3",
        script: "tests/ardour/run.sh",
        needs: &["ardour", "cc"],
        get: "apt-get install ardour gcc (and for its window jackd2 xvfb openbox xdotool wmctrl)",
        unit: Unit::Seconds,
        one_channel: false,
        shows_notes: true,
    },
    Host {
        name: "qtractor",
        shown: "qtractor",
        format: "CLAP",
        script: "tests/hosts/qtractor.sh",
        needs: &["qtractor", "jackd", "Xvfb", "openbox", "xdotool", "cc"],
        get: "apt-get install qtractor jackd2 xvfb openbox xdotool gcc libgl1-mesa-dri",
        unit: Unit::Beats,
        one_channel: true,
        shows_notes: true,
    },
    Host {
        name: "dawdreamer",
        shown: "DawDreamer",
        format: "VST3",
        script: "tests/hosts/python.sh",
        needs: &["python:dawdreamer", "Xvfb", "openbox", "xdotool", "wmctrl"],
        get: GET_PYTHON,
        unit: Unit::Seconds,
        one_channel: true,
        shows_notes: false,
    },
    Host {
        name: "pedalboard",
        shown: "pedalboard",
        format: "VST3",
        script: "tests/hosts/python.sh",
        needs: &["python:pedalboard", "Xvfb", "openbox"],
        get: GET_PYTHON,
        unit: Unit::Seconds,
        one_channel: true,
        shows_notes: false,
    },
];

/// Files that all hosts get.
struct Stage {
    clap: PathBuf,
    vst3: PathBuf,
    play: PathBuf,
    /// The folder for what comes of it, one for each host.
    folder: PathBuf,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    ensure!(
        cfg!(target_os = "linux"),
        "the scripts of these hosts are for Linux"
    );
    let chosen = chosen(&args.hosts)?;
    let (absent, present): (Vec<&Host>, Vec<&Host>) = chosen
        .into_iter()
        .partition(|host| host.missing().is_some());
    for host in &absent {
        let missing = host.missing().unwrap_or_default();
        println!(
            "{}: not run, there is no {missing}. To get it:\n    {}",
            host.shown, host.get
        );
    }
    if present.is_empty() {
        return Ok(());
    }
    let stage = Stage::build(args)?;
    let mut rows = Vec::new();
    for host in &present {
        for amount in args
            .amount
            .iter()
            .take(if host.shows_notes { usize::MAX } else { 1 })
        {
            rows.push(stage.row(host, *amount));
        }
    }
    println!("\n{}", table::text(&rows));
    if args.markdown {
        table::write(&crate::root().join("docs/hosts.md"), &rows)?;
    }
    let failed: Vec<&str> = rows
        .iter()
        .filter(|row| !row.good)
        .map(|row| row.host)
        .collect();
    ensure!(
        failed.is_empty(),
        "not as `play` has it in {}",
        failed.join(", ")
    );
    Ok(())
}

fn chosen(names: &[String]) -> Result<Vec<&'static Host>> {
    for name in names {
        if !HOSTS.iter().any(|host| host.name == name) {
            let known: Vec<&str> = HOSTS.iter().map(|host| host.name).collect();
            bail!(
                "there is no host {name:?}; expected one of {}",
                known.join(", ")
            );
        }
    }
    let asked = |host: &&Host| names.is_empty() || names.iter().any(|name| name == host.name);
    Ok(HOSTS.iter().filter(asked).collect())
}

impl Host {
    /// The first thing that it needs and that is not there.
    fn missing(&self) -> Option<&'static str> {
        let there = |need: &str| match need.strip_prefix("python:") {
            Some(package) => has_package(package),
            None => on_path(need),
        };
        self.needs.iter().copied().find(|need| !there(need))
    }
}

fn on_path(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
    })
}

/// True if the environment for the Python hosts has a package.
fn has_package(name: &str) -> bool {
    let lib = crate::target().join(PYTHON).join("lib");
    let versions = fs::read_dir(lib).into_iter().flatten().flatten();
    versions
        .map(|version| version.path().join("site-packages").join(name))
        .any(|package| package.exists())
}

impl Stage {
    /// Builds what is not there.
    fn build(args: &Args) -> Result<Self> {
        let absolute = |path: &Path| {
            path.canonicalize()
                .with_context(|| format!("there is no {}", path.display()))
        };
        let (clap, vst3) = if let Some(folder) = &args.bundles {
            let folder = absolute(folder)?;
            (
                folder.join("Third Stream.clap"),
                folder.join("Third Stream.vst3"),
            )
        } else {
            let bundles = bundle::bundle("release", &[])?;
            (bundles.clap, bundles.vst3)
        };
        let play = if let Some(play) = &args.play {
            absolute(play)?
        } else {
            let package = "third-stream-player";
            run_process(&mut cargo(&[
                "build",
                "--release",
                "-p",
                package,
                "--bin",
                "play",
            ]))?;
            crate::target().join("release/play")
        };
        let folder = crate::target().join("hosts/runs");
        Ok(Self {
            clap,
            vst3,
            play,
            folder,
        })
    }

    /// One host's row. What goes wrong is said in it: the other hosts are run all the same.
    fn row(&self, host: &Host, amount: u8) -> Row {
        println!("\n── {}", host.shown);
        self.try_row(host, amount).unwrap_or_else(|error| {
            eprintln!("{}: {error:#}", host.shown);
            Row::failed(host.shown, host.format, &error)
        })
    }

    fn try_row(&self, host: &Host, amount: u8) -> Result<Row> {
        let work = self.folder.join(host.name);
        if work.exists() {
            fs::remove_dir_all(&work)
                .with_context(|| format!("could not empty {}", work.display()))?;
        }
        fs::create_dir_all(&work).with_context(|| format!("could not make {}", work.display()))?;
        self.prepare(host, &work, amount)?;
        let mut command = Command::new("bash");
        command
            .arg(crate::root().join(host.script))
            .arg(amount.to_string())
            .arg(host.name)
            .current_dir(crate::root())
            .env("WORK", &work)
            .env("PLAY", &self.play)
            .env("PYTHON", crate::target().join(PYTHON).join("bin/python"))
            .env("THIRD_STREAM_CLAP", &self.clap)
            .env("THIRD_STREAM_VST3", &self.vst3);
        println!("{}", line(&command));
        let status = command.status().context("could not start bash")?;
        let said = fs::read_to_string(work.join("said")).unwrap_or_default();
        let unit = match host.unit {
            Unit::Beats => 1.0,
            Unit::Seconds => BEATS_A_SECOND,
        };
        let mut row = Row::of(host.shown, host.format, &said);
        if host.shows_notes {
            row.knob = format!("{amount} %");
        }
        row.good &= status.success();
        for (name, cell) in [("playback", &mut row.notes), ("export", &mut row.export)] {
            let Ok(heard) = fs::read_to_string(work.join(name)) else {
                continue;
            };
            let found: Vec<Note> = notes::of_heard(&heard, unit)?;
            let wanted = self.wanted(&work, name, (unit, amount))?;
            let comparison = Comparison::of(&found, &wanted);
            row.good &= comparison.is_same();
            *cell = comparison.to_string();
        }
        Ok(row)
    }

    /// The clip, and what should become of it.
    fn prepare(&self, host: &Host, work: &Path, amount: u8) -> Result<()> {
        let fixture = crate::root().join("tests/fixtures/clip.mid");
        let bytes =
            fs::read(&fixture).with_context(|| format!("could not read {}", fixture.display()))?;
        let song = work.join("clip.mid");
        let clip = clip::in_one_track(&bytes, host.one_channel)?;
        fs::write(&song, clip).with_context(|| format!("could not write {}", song.display()))?;
        fs::write(work.join("state"), clip::state(amount)?).context("could not write a state")?;
        self.play(&song, &work.join("expected.mid"), amount)
    }

    /// The plugin's expected output: what `play` makes of the clip, or of the notes that the host
    /// gave, where a listener in front of the plugin wrote them down.
    fn wanted(&self, work: &Path, name: &str, (unit, amount): (f64, u8)) -> Result<Vec<Note>> {
        let Ok(given) = fs::read_to_string(work.join(format!("{name}.front"))) else {
            return notes::of_midi(&work.join("expected.mid"));
        };
        let (song, expected) = (
            work.join(format!("{name}.mid")),
            work.join(format!("{name}-expected.mid")),
        );
        let given = clip::of_notes(&notes::of_heard(&given, unit)?)?;
        fs::write(&song, given).with_context(|| format!("could not write {}", song.display()))?;
        self.play(&song, &expected, amount)?;
        notes::of_midi(&expected)
    }

    /// Plays a song in the tests' own host.
    fn play(&self, song: &Path, to: &Path, amount: u8) -> Result<()> {
        let amount = amount.to_string();
        let mut play = Command::new(&self.play);
        play.arg(song)
            .args(["--one-track", "--view", "never", "--amount", &amount])
            .arg("--out")
            .arg(to)
            .env("THIRD_STREAM_CLAP", &self.clap);
        run_process(&mut play)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_host_has_its_script_and_a_host_that_nobody_knows_is_named() {
        for host in &HOSTS {
            assert!(crate::root().join(host.script).is_file(), "{}", host.name);
            assert!(!host.get.is_empty());
        }
        let error = chosen(&["logic".to_owned()]).err().unwrap().to_string();
        assert!(
            error.contains("logic") && error.contains("qtractor"),
            "{error}"
        );
        assert_eq!(chosen(&[]).unwrap().len(), HOSTS.len());
    }
}
