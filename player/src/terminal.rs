//! Playback without a window: renders the whole file at once, then writes files, plays sound and
//! scrolls two rolls.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use third_stream_model::files::write_in_folder;
use third_stream_tests::comparison::count;
use third_stream_tests::host::{Setup, load_plugin_under_test};
use third_stream_tests::midi_file;
use third_stream_tests::score::Score;
use third_stream_tests::song::{ClipNote, HostSong, Passage, Script};

use crate::rolls::View;
use crate::settings::PlayerSettings;
use crate::synth;
use crate::system_player::Player;

/// Frames per second in the terminal.
const FRAMES: u64 = 20;

/// Options of a rendering.
pub struct RenderRequest {
    /// The plugin's settings.
    pub settings: PlayerSettings,
    /// Files to write, .mid or .wav.
    pub out: Vec<PathBuf>,
    /// MIDI files get a single track.
    pub one_track: bool,
    /// Play the sound through the system's player.
    pub listen: bool,
    /// Show the rolls; `None` does so in a terminal.
    pub view: Option<bool>,
}

/// Renders the file and executes the request.
#[expect(clippy::print_stdout, reason = "what the terminal's way is for")]
pub fn run(score: &Score, wish: &RenderRequest) -> Result<()> {
    let kinds = wish.out.iter().map(|path| kind(path));
    let kinds = kinds.collect::<Result<Vec<_>>>()?;
    let result = perform(score, &wish.settings)?;
    report(score, &result);
    let mut sound = None;
    let mut wav = || {
        sound
            .get_or_insert_with(|| synth::wav(&synth::render(&result)))
            .clone()
    };
    for (path, kind) in wish.out.iter().zip(kinds) {
        let bytes = match kind {
            Kind::Midi => midi_file::write_song("Third Stream", &result, wish.one_track)?,
            Kind::Sound => wav(),
        };
        write(path, &bytes)?;
        println!("wrote {}", path.display());
    }
    let player = if wish.listen {
        Some(Player::start(&wav())?)
    } else {
        None
    };
    if wish.view.unwrap_or_else(|| std::io::stdout().is_terminal()) {
        view(&score.song, &result)?;
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

/// Renders the whole file; the output starts where the file does.
fn perform(score: &Score, settings: &PlayerSettings) -> Result<HostSong> {
    let library = load_plugin_under_test()?;
    let mut instance = library.instance()?;
    settings.give(&mut instance)?;
    let song = score.song.clone().knob([(0.0, settings.knob()?)]);
    // Until the last delayed notes have sounded.
    let longest_delay = score.delay().unwrap_or(16.0) + 16.0;
    let passages = [
        Passage::play(0.0, score.end() + longest_delay),
        Passage::REST,
    ];
    let recording = instance.perform(&Script::new(song, passages), &Setup::default())?;
    Ok(score.result(&recording, score.delay().unwrap_or(0.0)))
}

#[expect(clippy::print_stdout, reason = "what the terminal's way is for")]
fn report(score: &Score, result: &HostSong) {
    let transferred = score.transferred_channels();
    let pitched = |song: &HostSong| -> Vec<ClipNote> {
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

/// Scrolls the rolls in real time until the end.
fn view(source: &HostSong, result: &HostSong) -> Result<()> {
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
    // Each frame overwrites the last.
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

/// Writes a whole file and creates its folder.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    write_in_folder(path, bytes)
        .with_context(|| format!("{}: cannot write the file", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_in_a_folder_that_is_not_there_yet_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out/deep/song.wav");
        write(&path, b"sound").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"sound");
        let names = std::fs::read_dir(path.parent().unwrap()).unwrap();
        assert_eq!(names.count(), 1, "no half file stays");
    }

    #[test]
    fn only_what_can_be_written_is_named() {
        assert!(kind(Path::new("a.mp3")).is_err());
        assert!(matches!(kind(Path::new("a.midi")), Ok(Kind::Midi)));
    }
}
