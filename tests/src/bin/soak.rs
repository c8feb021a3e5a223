//! Many instances for many hours of song, each with somebody who does anything: plays, stops,
//! seeks, loops, turns the knob, changes the mode, saves and loads. Nothing may hang, and memory
//! stays where it is. `cargo xtask soak`.
#![expect(clippy::print_stdout, reason = "a command-line tool")]

use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use clap::Parser;
use third_stream_tests::host::{Blocks, Instance, Pace, Setup, load_plugin_under_test};
use third_stream_tests::memory_use::{resident_kib, slope};
use third_stream_tests::song::{Note, Passage, Script, Song};

/// How long, and with how many.
#[derive(Parser)]
struct Args {
    /// Hours of song time, over all instances.
    #[arg(long, default_value_t = 1.0)]
    hours: f64,
    /// Instances of the plugin.
    #[arg(long, default_value_t = 32)]
    instances: usize,
    /// Same seed, same users.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// xorshift64.
struct Dice(u64);

impl Dice {
    fn draw(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 20) % limit
    }

    /// In 48ths of a beat.
    fn beats(&mut self, limit: u64) -> f64 {
        self.draw(limit * 48) as f64 / 48.0
    }

    fn place(&mut self) -> f64 {
        self.draw(101) as f64 / 100.0
    }
}

/// Some minutes of somebody's work.
fn script(dice: &mut Dice) -> Script {
    let notes = (0..20 + dice.draw(120)).map(|_| {
        let onset = dice.beats(60);
        let note = Note::new(
            onset,
            onset + 1.0 / 48.0 + dice.beats(3),
            30 + dice.draw(70) as u8,
        );
        Note {
            velocity: 1 + dice.draw(127) as u8,
            channel: [0, 0, 0, 1, 9][dice.draw(5) as usize],
            ..note
        }
    });
    let notes: Vec<_> = notes.collect();
    let mut song = Song::new([60.0, 97.0, 120.0, 180.0][dice.draw(4) as usize], notes);
    for _ in 0..dice.draw(20) {
        let knob = dice.place() * 2.0 - 1.0;
        song = song.knob([(dice.beats(60), knob)]);
    }
    for _ in 0..dice.draw(4) {
        let name = ["Quantise", "Bypass", "Melody lock", "Density"][dice.draw(4) as usize];
        song.automation
            .push((dice.beats(60), name, dice.place().round()));
    }
    song.automation.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut passages = Vec::new();
    for _ in 0..=dice.draw(5) {
        let from = dice.beats(48);
        passages.push(match dice.draw(4) {
            0 => Passage::Stop {
                seconds: 0.2 + dice.place(),
            },
            1 => {
                let length = [1.0, 4.0, 8.0, 16.0][dice.draw(4) as usize];
                Passage::cycle(from.floor(), from.floor() + length, length + dice.beats(40))
            }
            _ => Passage::play(from, 1.0 + dice.beats(60)),
        });
    }
    passages.push(Passage::Stop { seconds: 0.3 });
    Script::new(song, passages)
}

fn seconds(script: &Script, setup: &Setup) -> f64 {
    let timeline = third_stream_tests::song::timeline::Timeline::new(script, setup.sample_rate);
    let samples: u64 = timeline
        .spans
        .iter()
        .map(|span| span.end() - span.start)
        .sum();
    samples as f64 / setup.sample_rate
}

/// What somebody does to an instance between two passages.
fn fiddle(instance: &mut Instance, dice: &mut Dice) -> Result<()> {
    match dice.draw(8) {
        0 => instance.set("Mode", dice.place().round())?,
        1 => instance.set("Delay", [0.0, 0.5, 1.0][dice.draw(3) as usize])?,
        2 => instance.set("Quantise", dice.place())?,
        3 => {
            let saved = instance.save()?;
            instance.restore(&saved)?;
        }
        4 => instance.deactivate(),
        _ => {}
    }
    Ok(())
}

fn main() -> Result<()> {
    let args = Args::parse();
    ensure!(args.instances > 0, "at least one instance is needed");
    let library = load_plugin_under_test()?;
    let mut instances = Vec::new();
    for _ in 0..args.instances {
        instances.push(library.instance()?);
    }
    let mut dice = Dice(args.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let (begin, mut shown) = (Instant::now(), Instant::now());
    let (mut song, mut notes, mut sessions) = (0.0, 0_usize, 0_u64);
    let mut curve = Vec::new();
    while song < args.hours * 3600.0 {
        // Each once, as an instance takes its memory when it first plays; then any.
        let drawn = dice.draw(args.instances as u64);
        let number = if sessions < args.instances as u64 {
            sessions
        } else {
            drawn
        } as usize;
        let instance = &mut instances[number];
        fiddle(instance, &mut dice)?;
        let setup = Setup {
            blocks: Blocks::Random {
                seed: dice.draw(1 << 30),
                largest: 2048,
            },
            pace: [Pace::Offline, Pace::Rushed][dice.draw(2) as usize],
            ..Setup::default()
        };
        let script = script(&mut dice);
        let recording = instance.perform(&script, &setup)?;
        let played = recording.pair_up().map_err(|broken| anyhow!(broken));
        let place = || format!("seed {}, session {sessions}, instance {number}", args.seed);
        notes += played.with_context(place)?.len();
        song += seconds(&script, &setup);
        sessions += 1;
        if shown.elapsed() > Duration::from_secs(10) || song >= args.hours * 3600.0 {
            shown = Instant::now();
            let memory = resident_kib().unwrap_or(0) as f64 / 1024.0;
            curve.push((song / 3600.0, memory));
            println!(
                "{:8.3} h  {sessions:6} sessions  {notes:8} notes  {memory:8.1} MiB",
                song / 3600.0
            );
        }
    }
    let later = &curve[curve.len() / 2..];
    println!(
        "{:.2} h of song in {:.0} s, {} instances, {sessions} sessions, {notes} notes, none hung; \
         memory {:.2} MiB a song hour over the second half",
        song / 3600.0,
        begin.elapsed().as_secs_f64(),
        args.instances,
        slope(later)
    );
    Ok(())
}
