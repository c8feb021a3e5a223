//! The demo: a jazz trio plays through the built plugin while the knob turns to classic.
//!
//! Writes before.mid, after.mid and a picture, and says what became of the notes.
#![expect(clippy::print_stdout, reason = "a command-line tool")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use third_stream_model::song::{PartSelection, Song as FileSong};
use third_stream_model::{smf, svg};
use third_stream_tests::comparison::count;
use third_stream_tests::host::{Setup, load_plugin_under_test};
use third_stream_tests::recording::Recording;
use third_stream_tests::song::{ClipNote, Passage, Script};
use third_stream_tests::{clip, midi_file};

/// How far the knob is towards classic in each group of four bars.
const KNOB: [f64; 4] = [0.0, 0.4, 0.7, 1.0];
/// Beats in four bars, which is also how much later they sound.
const GROUP: f64 = 16.0;
const HELP: &str = "usage: cargo xtask demo [-- FOLDER]
Plays sixteen bars of jazz through the plugin towards classic and writes before.mid, after.mid
and demo.svg into FOLDER (out, if none is named).";

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = match arguments.next().as_deref() {
        Some("--help" | "-h") => {
            println!("{HELP}");
            return Ok(());
        }
        Some(option) if option.starts_with('-') => bail!("unknown option {option}\n{HELP}"),
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from("out"),
    };
    let before = clip::song().notes;
    let (recording, took) = play()?;
    let after = four_bars_earlier(&recording);
    let files = write(&folder, &before, &after)?;
    table(&before, &after);
    let seconds = recording.timeline.frames() as f64 / recording.timeline.sample_rate;
    println!(
        "\n{seconds:.0} s of music were rendered in {:.1} s, loading the networks included.\n\
         The longest that the host waited for the engine: {} ms.",
        took.as_secs_f64(),
        recording.longest_call.as_millis()
    );
    println!("\nListen to and look at:");
    for file in files {
        println!("    {}", file.display());
    }
    Ok(())
}

/// Plays the clip through the plugin, offline, and four bars more until the last has sounded.
fn play() -> Result<(Recording, Duration)> {
    let library = load_plugin_under_test()?;
    // The knob counts when a bar sounds, four bars after it was played.
    let moves = KNOB.iter().enumerate();
    let moves = moves.map(|(group, knob)| (GROUP * (group + 1) as f64, *knob));
    let song = clip::song().knob(std::iter::once((0.0, 0.0)).chain(moves));
    let end = (clip::BARS * 4) as f64 + GROUP;
    let stop = Passage::REST;
    let script = Script::new(song, [Passage::play(0.0, end), stop]);
    let start = Instant::now();
    let mut instance = library.instance()?;
    println!(
        "{} plays {} bars at {} beats a minute …\n",
        library.name(),
        clip::BARS,
        clip::TEMPO
    );
    let recording = instance.perform(&script, &Setup::default())?;
    Ok((recording, start.elapsed()))
}

/// The notes that left, moved to where they were played.
fn four_bars_earlier(recording: &Recording) -> Vec<ClipNote> {
    let beats = |sample| recording.timeline.beats_played(sample) - GROUP;
    let end = (clip::BARS * 4) as f64;
    let notes = recording.notes().into_iter().map(|note| ClipNote {
        onset: beats(note.on),
        release: beats(note.off).min(end),
        key: note.key,
        velocity: (note.velocity * 127.0).round().clamp(1.0, 127.0) as u8,
        channel: note.channel,
    });
    notes
        .filter(|note| note.onset < note.release)
        .map(|note| ClipNote {
            onset: note.onset.max(0.0),
            ..note
        })
        .collect()
}

fn write(folder: &Path, before: &[ClipNote], after: &[ClipNote]) -> Result<Vec<PathBuf>> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("could not make the folder {}", folder.display()))?;
    let files = [
        ("before.mid", midi("before", before)?),
        ("after.mid", midi("after", after)?),
        ("demo.svg", picture(before, after)?.into_bytes()),
    ];
    let mut written = Vec::new();
    for (name, bytes) in files {
        let path = folder.join(name);
        let beside = folder.join(format!(".{name}.new"));
        let failed = || format!("could not write {}", path.display());
        std::fs::write(&beside, bytes).with_context(failed)?;
        std::fs::rename(&beside, &path).with_context(failed)?;
        written.push(path);
    }
    Ok(written)
}

fn midi(name: &str, notes: &[ClipNote]) -> Result<Vec<u8>> {
    midi_file::write(
        &format!("Third Stream demo, {name}"),
        clip::TEMPO,
        &clip::PARTS,
        notes,
    )
}

/// Both over each other, without the drums.
fn picture(before: &[ClipNote], after: &[ClipNote]) -> Result<String> {
    let file = smf::Smf::read(&midi("before", before)?)?;
    let song = FileSong::of(&file)?;
    let marks = |notes: &[ClipNote]| -> Vec<svg::Mark> {
        let pitched = notes.iter().filter(|note| note.channel != 9);
        pitched
            .map(|note| svg::Mark {
                key: note.key,
                onset: note.onset,
                release: note.release,
            })
            .collect()
    };
    debug_assert_eq!(
        svg::marks(&song, &PartSelection::default()).len(),
        marks(before).len()
    );
    let steps: Vec<String> = KNOB.iter().map(|knob| percent(*knob)).collect();
    Ok(svg::draw(&svg::Picture {
        title: "Third Stream: a jazz trio on its way to classical",
        subtitle: &format!(
            "sixteen bars; the knob in each four of them: {}",
            steps.join(", ")
        ),
        grid: song.grid(),
        before: &marks(before),
        after: &marks(after),
    }))
}

fn table(before: &[ClipNote], after: &[ClipNote]) {
    println!("  bars   knob           notes   kept  removed  added   now");
    for (group, knob) in KNOB.iter().enumerate() {
        let from = group as f64 * GROUP;
        let pitched = |notes: &[ClipNote]| -> Vec<ClipNote> {
            notes.iter().filter(|n| n.channel != 9).copied().collect()
        };
        let counts = count(&pitched(before), &pitched(after), from, from + GROUP);
        println!(
            "{:>6}   {:<14}{:>6}{:>7}{:>9}{:>7}{:>6}",
            format!("{}–{}", group * 4 + 1, group * 4 + 4),
            percent(*knob),
            counts.before,
            counts.kept,
            counts.removed(),
            counts.added(),
            counts.after,
        );
    }
}

fn percent(knob: f64) -> String {
    if knob == 0.0 {
        "as played".into()
    } else {
        format!("{:.0} % classical", knob * 100.0)
    }
}
