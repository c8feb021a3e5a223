//! Many instances for many hours of song, each with somebody who does anything: plays, stops,
//! seeks, loops, turns the knob, changes the mode, saves and loads. Nothing may hang, nothing may
//! be lost, no answer may be late that the host did not hurry, and memory stays where it is.
//! `cargo xtask soak`.
#![expect(clippy::print_stdout, reason = "a command-line tool")]

mod user;

use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use clap::Parser;
use third_stream_tests::host::{Blocks, Counters, Instance, Library, Pace, Setup};
use third_stream_tests::host::{load_plugin_under_test, plugin_under_test};
use third_stream_tests::memory_use::{resident_kib, slope};
use third_stream_tests::song::Script;
use third_stream_tests::song::timeline::Timeline;

use user::{Dice, fiddle, script};

/// So long the plugin waits for an answer in a bounce before it plays dry.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// How long, and with how many.
#[derive(Parser)]
struct Args {
    /// Hours of song time, over all instances.
    #[arg(long, default_value_t = 1.0)]
    hours: f64,
    /// Ends after so many minutes, wherever it is then.
    #[arg(long)]
    at_most: Option<f64>,
    /// Instances of the plugin.
    #[arg(long, default_value_t = 32)]
    instances: usize,
    /// Same seed, same users: runs of several seeds add up.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// What has been played so far.
#[derive(Default)]
struct Tally {
    /// Seconds of song.
    song: f64,
    sessions: u64,
    notes: usize,
    /// Bars that sounded dry: in bounces (play that starts too late in a group to be asked about)
    /// and where the host hurried.
    dry: [u64; 2],
    /// Hours of song and the MiB that were resident then.
    curve: Vec<(f64, f64)>,
}

fn main() -> Result<()> {
    let args = Args::parse();
    ensure!(args.instances > 0, "at least one instance is needed");
    let library = load_plugin_under_test()?;
    let mut instances = Vec::new();
    for _ in 0..args.instances {
        instances.push(library.instance()?);
    }
    if counters(&library).is_none() {
        println!("this build counts for its editor only: dry bars and lost events are not counted");
    }
    let mut dice = Dice::new(args.seed);
    let (begin, mut shown) = (Instant::now(), Instant::now());
    let longest = args.at_most.map_or(f64::INFINITY, |minutes| minutes * 60.0);
    let mut tally = Tally::default();
    loop {
        // Each once, as an instance takes its memory when it first plays; then any.
        let drawn = dice.draw(args.instances as u64);
        let all = tally.sessions >= args.instances as u64;
        let number = if all { drawn } else { tally.sessions } as usize;
        session(&library, &mut instances[number], &mut dice, &mut tally).with_context(|| {
            format!(
                "seed {}, session {}, instance {number}",
                args.seed, tally.sessions
            )
        })?;
        let over = tally.song >= args.hours * 3600.0 || begin.elapsed().as_secs_f64() >= longest;
        if shown.elapsed() > Duration::from_secs(10) || over {
            shown = Instant::now();
            tally.show();
        }
        if over {
            break;
        }
    }
    println!(
        "{} instances, seed {}, {:.0} s",
        args.instances,
        args.seed,
        begin.elapsed().as_secs_f64()
    );
    tally.sum_up();
    Ok(())
}

/// Some minutes of one instance.
fn session(
    library: &Library,
    instance: &mut Instance,
    dice: &mut Dice,
    tally: &mut Tally,
) -> Result<()> {
    fiddle(instance, dice)?;
    let setup = Setup {
        blocks: Blocks::Random {
            seed: dice.draw(1 << 30),
            largest: 2048,
        },
        pace: [Pace::Offline, Pace::Rushed][dice.draw(2) as usize],
        ..Setup::default()
    };
    let script = script(dice);
    let before = counters(library);
    let recording = instance.perform(&script, &setup)?;
    let played = recording.pair_up().map_err(|broken| anyhow!(broken))?;
    if let (Some(before), Some(after)) = (before, counters(library)) {
        ensure!(after.dropped == 0, "{} events had no room", after.dropped);
        ensure!(after.failed == 0, "the engine has failed");
        let hurried = usize::from(setup.pace == Pace::Rushed);
        tally.dry[hurried] += after.late - before.late;
    }
    ensure!(
        recording.longest_call < LONGEST_WAIT,
        "the plugin waited {:?} for an answer: it was late",
        recording.longest_call
    );
    tally.notes += played.len();
    tally.song += seconds(&script, &setup);
    tally.sessions += 1;
    Ok(())
}

fn counters(library: &Library) -> Option<Counters> {
    library.counters(&plugin_under_test()?)
}

fn seconds(script: &Script, setup: &Setup) -> f64 {
    let timeline = Timeline::new(script, setup.sample_rate);
    let spans = timeline.spans.iter();
    let samples: u64 = spans.map(|span| span.end() - span.start).sum();
    samples as f64 / setup.sample_rate
}

impl Tally {
    /// A line, and a point of the curve.
    fn show(&mut self) {
        let memory = resident_kib().unwrap_or(0) as f64 / 1024.0;
        let hours = self.song / 3600.0;
        self.curve.push((hours, memory));
        println!(
            "{hours:8.3} h  {:6} sessions  {:8} notes  {memory:8.1} MiB",
            self.sessions, self.notes
        );
    }

    fn sum_up(&self) {
        let Self {
            song,
            sessions,
            notes,
            dry: [bounced, hurried],
            curve,
        } = self;
        println!(
            "{:.2} h of song, {sessions} sessions, {notes} notes, none hung; dry bars: {bounced} in bounces, none for a late answer, {hurried} where the host hurried",
            song / 3600.0
        );
        let quarter = curve.len().div_ceil(4);
        let (first, last) = (&curve[..quarter], &curve[curve.len() - quarter..]);
        let mean =
            |part: &[(f64, f64)]| part.iter().map(|point| point.1).sum::<f64>() / part.len() as f64;
        println!(
            "memory: first quarter {:.1} MiB, last {:.1} MiB; {:.2} MiB a song hour over the last half",
            mean(first),
            mean(last),
            slope(&curve[curve.len() / 2..])
        );
    }
}
