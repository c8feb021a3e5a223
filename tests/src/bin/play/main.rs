//! Plays a MIDI file through the built plugin, so that it can be heard and seen without a
//! sequencer: as a MIDI file, as sound, and as two rolls that move in the terminal.
#![expect(clippy::print_stdout, reason = "a command-line tool")]

mod player;

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Parser as _;
use third_stream_model::genre::{Direction, Genre, Pair};
use third_stream_tests::comparison::count;
use third_stream_tests::host::{Setup, load_plugin_under_test};
use third_stream_tests::rolls::View;
use third_stream_tests::score::Score;
use third_stream_tests::song::{Note, Passage, Script, Song};
use third_stream_tests::{midi_file, synth};

use player::Player;

/// Frames a second in the terminal.
const FRAMES: u64 = 20;

/// Play a MIDI file through the plugin.
#[derive(clap::Parser)]
#[command(bin_name = "cargo xtask play")]
struct Args {
    /// The MIDI file
    file: PathBuf,
    /// Where the knob goes: jazz, classic or pop
    #[arg(long, default_value = "classic")]
    to: Genre,
    /// The genre pair; needed towards pop: jazz-pop or classic-pop
    #[arg(long)]
    pair: Option<Pair>,
    /// How far the knob is turned, 0 to 100 %
    #[arg(long, default_value_t = 100.0, value_parser = percent)]
    amount: f64,
    /// How far kept notes are pulled to the grid of 16ths, 0 to 100 %
    #[arg(long, default_value_t = 100.0, value_parser = percent)]
    quantise: f64,
    /// A file to write, .mid or .wav; can be given twice
    #[arg(long, value_name = "FILE")]
    out: Vec<PathBuf>,
    /// Write MIDI files with a single track, for programs that read the first only
    #[arg(long)]
    one_track: bool,
    /// Let the system's own player play the sound
    #[arg(long)]
    listen: bool,
    /// Whether to show the rolls moving: in a terminal, always or never
    #[arg(long, value_enum, default_value = "auto")]
    view: When,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum When {
    Auto,
    Always,
    Never,
}

fn percent(text: &str) -> Result<f64, String> {
    let number = text.trim_end_matches('%').trim().parse::<f64>();
    match number {
        Ok(number) if (0.0..=100.0).contains(&number) => Ok(number),
        _ => Err("expected a percentage from 0 to 100".to_owned()),
    }
}

fn main() -> Result<()> {
    let args = Args::parse();
    let kinds = args.out.iter().map(|path| kind(path));
    let kinds = kinds.collect::<Result<Vec<_>>>()?;
    let bytes = std::fs::read(&args.file)
        .with_context(|| format!("{}: cannot read the file", args.file.display()))?;
    let score = Score::read(&bytes)
        .with_context(|| format!("{}: cannot be played", args.file.display()))?;
    ensure!(
        !score.song.notes.is_empty(),
        "{}: has no notes",
        args.file.display()
    );
    let result = perform(&score, &args)?;
    let source = &score.song;
    report(&score, &result);
    let mut sound = None;
    let mut wav = || {
        sound
            .get_or_insert_with(|| synth::wav(&synth::render(&result)))
            .clone()
    };
    for (path, kind) in args.out.iter().zip(kinds) {
        let bytes = match kind {
            Kind::Midi => midi_file::write_song("Third Stream", &result, args.one_track)?,
            Kind::Sound => wav(),
        };
        write_whole(path, &bytes)?;
        println!("wrote {}", path.display());
    }
    let player = if args.listen {
        Some(Player::start(&wav())?)
    } else {
        None
    };
    let shown = match args.view {
        When::Auto => std::io::stdout().is_terminal(),
        When::Always => true,
        When::Never => false,
    };
    if shown {
        view(source, &result)?;
    }
    player.map_or(Ok(()), Player::finish)
}

enum Kind {
    Midi,
    Sound,
}

fn kind(path: &Path) -> Result<Kind> {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("mid" | "midi") => Ok(Kind::Midi),
        Some("wav") => Ok(Kind::Sound),
        _ => bail!(
            "{}: expected a name that ends in .mid or .wav",
            path.display()
        ),
    }
}

/// Plays the whole file; what left, begun where the file begins.
fn perform(score: &Score, args: &Args) -> Result<Song> {
    let pair = args.pair.or_else(|| Pair::meant_by(args.to));
    let pair = pair.context("two pairs lead to pop: say --pair jazz-pop or --pair classic-pop")?;
    let side = match pair.towards(args.to) {
        Some(Direction::AToB) => 1.0,
        Some(Direction::BToA) => -1.0,
        None => bail!(
            "the pair {pair} leads to {} and {}, not to {}; name another --pair",
            pair.a,
            pair.b,
            args.to
        ),
    };
    let library = load_plugin_under_test()?;
    let mut instance = library.instance()?;
    instance.set("Quantise", args.quantise / 100.0)?;
    let place = Pair::ALL
        .iter()
        .position(|known| *known == pair)
        .unwrap_or(0);
    instance.set("Pair", place as f64 / (Pair::ALL.len() - 1) as f64)?;
    let song = score.song.clone().knob([(0.0, side * args.amount / 100.0)]);
    // Until what was played last has sounded.
    let longest_delay = score.delay().unwrap_or(16.0) + 16.0;
    let passages = [
        Passage::play(0.0, score.end() + longest_delay),
        Passage::Stop { seconds: 0.1 },
    ];
    let recording = instance.perform(&Script::new(song, passages), &Setup::default())?;
    Ok(score.result(&recording, score.delay().unwrap_or(0.0)))
}

fn report(score: &Score, result: &Song) {
    let transferred = score.transferred_channels();
    let pitched = |song: &Song| -> Vec<Note> {
        let notes = song.notes.iter();
        let notes = notes.filter(|note| transferred >> note.channel & 1 == 1);
        notes.copied().collect()
    };
    let counts = count(&pitched(&score.song), &pitched(result), f64::MIN, f64::MAX);
    println!("{counts}");
    if let Some(what) = &score.damage {
        println!("The file is damaged ({what}); it was read past that.");
    }
    match score.delay() {
        Some(beats) => println!("The plugin plays {beats} beats later; here both begin together."),
        None => println!(
            "The time signature changes in this file, and the plugin's delay with it: the result \
             sounds as late as it left the plugin."
        ),
    }
}

/// Shows the rolls in time until the end.
fn view(source: &Song, result: &Song) -> Result<()> {
    let releases = source
        .notes
        .iter()
        .chain(&result.notes)
        .map(|note| note.release);
    let end = releases.fold(0.0, f64::max);
    let seconds = synth::seconds_at(&source.tempo, end);
    let view = View::new(source, result, true);
    let mut out = std::io::stdout().lock();
    let start = Instant::now();
    let mut beat = 0.0;
    // Past the first frame, each overwrites the one before.
    let mut back = String::new();
    for frame in 0..=(seconds * FRAMES as f64) as u64 {
        let due = Duration::from_millis(frame * 1000 / FRAMES);
        std::thread::sleep(due.saturating_sub(start.elapsed()));
        while synth::seconds_at(&source.tempo, beat + 0.01) <= due.as_secs_f64() {
            beat += 0.01;
        }
        let lines = view.frame(beat).replace('\n', "\x1b[K\n");
        write!(out, "{back}{lines}")?;
        out.flush()?;
        back = format!("\x1b[{}A", view.lines());
    }
    Ok(())
}

/// Writes beside the file and renames, so that there is never half a file.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.new"));
    let failed = || format!("{}: cannot write the file", path.display());
    std::fs::write(&beside, bytes).with_context(failed)?;
    std::fs::rename(&beside, path).with_context(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
        let bad = Args::try_parse_from(["play", "a.mid", "--amount", "120"]);
        assert!(bad.is_err());
        assert!(kind(Path::new("a.mp3")).is_err());
    }
}
