//! The player's command line: plays a MIDI file through the built plugin, in a window with the
//! plugin's editor, or without a display as MIDI file, sound, and two piano rolls that scroll in
//! the terminal.
#![expect(clippy::print_stderr, reason = "a command-line tool")]

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use clap::Parser as _;
use third_stream_model::genre::{Genre, Pair};
use third_stream_player::settings::PlayerSettings;
use third_stream_player::{terminal, window};
use third_stream_tests::score::Score;
use third_stream_tests::{clip, midi_file};

/// Play a MIDI file through the plugin.
#[derive(clap::Parser)]
#[command(bin_name = "cargo xtask play")]
struct Args {
    /// The MIDI file; where none is named, sixteen bars of a jazz trio
    file: Option<PathBuf>,
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
    /// Play in the terminal even where there is a display
    #[arg(long)]
    terminal: bool,
    /// A file to write, .mid or .wav, without a window; can be given twice
    #[arg(long, value_name = "FILE")]
    out: Vec<PathBuf>,
    /// Write MIDI files with a single track, for programs that read the first only
    #[arg(long)]
    one_track: bool,
    /// Without a window, let the system's own player play the sound
    #[arg(long)]
    listen: bool,
    /// Without a window, whether to show the rolls moving: in a terminal, always or never
    #[arg(long, value_enum, default_value = "auto")]
    view: When,
}

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum When {
    Auto,
    Always,
    Never,
}

impl Args {
    /// True if a window is to be opened.
    fn wants_window(&self) -> bool {
        !self.terminal && !self.listen && self.out.is_empty() && self.view == When::Auto
    }
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
    let settings = PlayerSettings {
        to: args.to,
        pair: args.pair,
        amount: args.amount,
        quantise: args.quantise,
    };
    settings.knob()?;
    let (name, score) = score(args.file.as_deref())?;
    if args.wants_window() && window::has_display() {
        match window::run(&name, score.song.clone(), settings) {
            Err(error) if error.is::<window::NoWindow>() => {
                eprintln!("{error:#}; playing in the terminal");
            }
            done => return done,
        }
    }
    let view = match args.view {
        When::Auto => None,
        When::Always => Some(true),
        When::Never => Some(false),
    };
    let wish = terminal::RenderRequest {
        settings,
        out: args.out,
        one_track: args.one_track,
        listen: args.listen,
        view,
    };
    terminal::run(&score, &wish)
}

/// The file and its name, or the clip.
fn score(file: Option<&std::path::Path>) -> Result<(String, Score)> {
    let Some(path) = file else {
        let bytes = midi_file::write_song("A jazz trio", &clip::song(), false)?;
        return Ok(("A jazz trio".to_owned(), Score::read(&bytes)?));
    };
    let score = window::read(path)?;
    ensure!(
        !score.song.notes.is_empty(),
        "{}: has no notes",
        path.display()
    );
    let name = path.file_name().context("a file has a name")?;
    Ok((name.to_string_lossy().into_owned(), score))
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
    }

    #[test]
    fn files_and_a_terminal_s_rolls_want_no_window() {
        let wants = |line: &[&str]| {
            let line = ["play"].iter().chain(line);
            Args::try_parse_from(line).unwrap().wants_window()
        };
        assert!(wants(&[]) && wants(&["a.mid", "--to", "jazz"]));
        assert!(!wants(&["--terminal"]) && !wants(&["--listen"]));
        assert!(!wants(&["--out", "a.wav"]) && !wants(&["--view", "never"]));
    }

    #[test]
    fn the_clip_plays_where_no_file_is_named() {
        let (name, score) = score(None).unwrap();
        assert_eq!(name, "A jazz trio");
        assert_eq!(score.song.notes.len(), clip::song().notes.len());
        let missing = self::score(Some(std::path::Path::new("missing.mid")));
        assert!(format!("{:#}", missing.err().unwrap()).contains("missing.mid"));
    }
}
