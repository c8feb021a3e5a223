//! Measures a built plugin in the tests' host: its `process`, its opening, its memory. Each
//! figure is a line `KEY VALUE`; `cargo xtask bench` runs this, `process` under callgrind too.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program whose output is figures"
)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use third_stream_tests::host::{Blocks, Library, Pace, Setup};
use third_stream_tests::song::{ClipNote, HostSong, Passage, Script};

/// Quarter notes a minute.
const TEMPO: f64 = 180.0;
/// Beats of the script that is measured.
const BEATS: f64 = 64.0;

#[derive(Parser)]
struct Args {
    /// The plugin: a bundle or a library.
    #[arg(long)]
    plugin: PathBuf,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Plays bars In place and writes the plugin's saved state.
    Learn { bars: usize, file: PathBuf },
    /// Plays dense music in blocks of 64 samples and prints how long the calls took, under KEY:
    /// as they were, and of each call the shortest of all plays, which what else ran on the
    /// machine has no part in.
    Process {
        key: String,
        /// A saved state to begin with; without it the plugin plays live.
        #[arg(long)]
        state: Option<PathBuf>,
        /// Beats to play.
        #[arg(long, default_value_t = BEATS)]
        beats: f64,
        /// Milliseconds to wait for the engine's answers, instead of watching its thread.
        #[arg(long)]
        pause: Option<u64>,
        /// Times that the music is played.
        #[arg(long, default_value_t = 5)]
        plays: usize,
    },
    /// Opens the plugin, then 63 more instances.
    Open,
}

fn main() -> Result<()> {
    let args = Args::parse();
    match args.what {
        What::Learn { bars, ref file } => {
            let library = Library::load(&args.plugin)?;
            let mut instance = library.instance()?;
            instance.set("Mode", 1.0)?;
            instance.set("Genre", 1.0)?;
            let beats = bars as f64 * 4.0;
            let setup = Setup {
                blocks: Blocks::Fixed(4096),
                pace: Pace::Rushed,
                ..Setup::default()
            };
            instance.perform(&script(beats), &setup)?;
            // So fast a host is ahead of the plugin's own filing: some bars with each block.
            let mut saved = instance.save()?;
            loop {
                let rest = Passage::Stop { seconds: 0.05 };
                instance.perform(&Script::new(HostSong::new(TEMPO, []), [rest]), &setup)?;
                let before = std::mem::replace(&mut saved, instance.save()?);
                if before == saved {
                    break;
                }
            }
            eprintln!("{bars} bars: {} bytes", saved.len());
            std::fs::write(file, saved).with_context(|| format!("writing {}", file.display()))
        }
        What::Process {
            key,
            state,
            beats,
            pause,
            plays,
        } => process(&args.plugin, &key, state, (beats, pause), plays),
        What::Open => open(&args.plugin),
    }
}

/// Eight notes a beat on four channels, as dense as a busy band.
fn script(beats: f64) -> Script {
    let notes = (0..(beats * 8.0) as usize).map(|i| {
        let onset = i as f64 / 8.0;
        ClipNote {
            channel: (i % 4) as u8,
            ..ClipNote::new(onset, onset + 0.4, 36 + (i * 7 % 48) as u8)
        }
    });
    let stop = Passage::Stop { seconds: 0.05 };
    Script::new(
        HostSong::new(TEMPO, notes),
        [Passage::play(0.0, beats), stop],
    )
}

fn process(
    plugin: &Path,
    key: &str,
    state: Option<PathBuf>,
    (beats, pause): (f64, Option<u64>),
    plays: usize,
) -> Result<()> {
    let library = Library::load(plugin)?;
    let mut instance = library.instance()?;
    if let Some(file) = state {
        instance.restore(&std::fs::read(file)?)?;
    } else if instance.parameter("Genre").is_ok() {
        instance.set("Genre", 1.0)?;
    }
    let setup = Setup {
        blocks: Blocks::Fixed(64),
        pace: match pause {
            Some(pause) => Pace::Paused {
                group: 16.0,
                pause: Duration::from_millis(pause),
            },
            None => Pace::RealTime { group: 16.0 },
        },
        ..Setup::default()
    };
    instance.wait_until_ready(&setup)?;
    std::thread::sleep(Duration::from_millis(pause.unwrap_or(0)));
    let mut shortest = instance.perform(&script(beats), &setup)?.calls;
    let mut calls = shortest.clone();
    for _ in 1..plays {
        let again = instance.perform(&script(beats), &setup)?.calls;
        for (shortest, call) in shortest.iter_mut().zip(&again) {
            *shortest = (*shortest).min(*call);
        }
        calls.extend(again);
    }
    println!("process.wall.{key}.calls {}", calls.len());
    for (kind, mut calls) in [("", calls), ("shortest_", shortest)] {
        calls.sort_unstable();
        let at = |share: f64| {
            let call = calls[((calls.len() - 1) as f64 * share) as usize];
            call.as_secs_f64() * 1e6
        };
        println!("process.wall.{key}.{kind}median_us {:.3}", at(0.5));
        println!("process.wall.{key}.{kind}p9999_us {:.3}", at(0.9999));
    }
    Ok(())
}

fn open(plugin: &Path) -> Result<()> {
    let setup = Setup::default();
    let before = resident()?;
    let start = Instant::now();
    let library = Library::load(plugin)?;
    let mut first = library.instance()?;
    println!("load.open_ms {:.2}", milliseconds(start.elapsed()));
    println!("load.opened_mb {:.1}", resident()? - before);
    first.activate(&setup)?;
    println!(
        "load.open_and_activate_ms {:.2}",
        milliseconds(start.elapsed())
    );
    first.wait_until_ready(&setup)?;
    let one = resident()?;
    println!("load.ready_mb {:.1}", one - before);
    first.perform(
        &script(48.0),
        &Setup {
            pace: Pace::RealTime { group: 16.0 },
            ..setup.clone()
        },
    )?;
    println!("load.played_mb {:.1}", resident()? - before);
    let one = resident()?.max(one);
    let mut others = Vec::new();
    for _ in 0..63 {
        let mut instance = library.instance()?;
        instance.perform(
            &script(8.0),
            &Setup {
                pace: Pace::Rushed,
                ..setup.clone()
            },
        )?;
        others.push(instance);
    }
    println!("load.instances64_above_one_mb {:.1}", resident()? - one);
    Ok(())
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Memory of this process that is in use, in MB.
fn resident() -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")
        .context("this system does not say how much memory a process uses")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next());
    Ok(kilobytes.context("no VmRSS")?.parse::<f64>()? / 1000.0)
}
