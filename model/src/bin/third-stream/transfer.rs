//! `third-stream transfer`: a MIDI file, or a folder of them, to another genre or style.

mod target;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use third_stream_model::files;
use third_stream_model::genre::{Direction, Pair};
use third_stream_model::perform::Control;
use third_stream_model::roll::guard::Guard;
use third_stream_model::shipped;
use third_stream_model::smf::Smf;
use third_stream_model::song::parts::{Kind, Parts};
use third_stream_model::song::{Counts, PartSelection, Song};
use third_stream_model::svg;
use third_stream_model::transfer::{SongTransfer, Transfer, Wish};

use target::Target;
use third_stream_model::words::plural;

/// Options of `transfer`.
#[derive(clap::Args)]
pub(crate) struct TransferArgs {
    /// A MIDI file, or a folder with MIDI files
    input: PathBuf,
    /// The file to write, or the folder for the files of a folder
    output: PathBuf,
    /// Target: jazz, classic or pop, or a style of your own by its name or its file
    /// (`learn-style`)
    #[arg(long, value_name = "GENRE|STYLE")]
    to: String,
    /// How much of the transfer is applied, 0 to 100 %; at 0 the file stays as it is
    #[arg(long, default_value = "100", allow_hyphen_values = true, value_parser = percent)]
    amount: f32,
    /// How far the notes are pulled to the grid of 16ths, 0 to 100 %
    #[arg(long, default_value = "100", allow_hyphen_values = true, value_parser = percent)]
    quantise: f32,
    /// Keep the melody: the top line, or the tracks that --tracks takes for a voice, are not
    /// edited, and nothing is added above
    #[arg(long)]
    melody_lock: bool,
    /// How free the tune is, 0 (as played) to 100 %; --melody-lock means 0
    #[arg(long, default_value = "15", allow_hyphen_values = true, value_parser = percent)]
    tune: f32,
    /// How much of the harmony is kept: kept, three or enriched
    #[arg(long, value_enum, default_value = "three")]
    harmony: Harmony,
    /// Which take, 1 to 16: another number is another answer
    #[arg(long, default_value = "1", value_parser = clap::value_parser!(u8).range(1..=16))]
    variation: u8,
    /// Keep added notes in the source's key, 0 to 100 %: the less sure ones go first
    #[arg(long, default_value = "0", allow_hyphen_values = true, value_parser = percent)]
    scale_guard: f32,
    /// Fewer added notes (-100) to fewer removed ones (100), in percent
    #[arg(long, default_value = "0", allow_hyphen_values = true, value_parser = signed_percent)]
    density: f32,
    /// The genre pair: jazz-classic, jazz-pop or classic-pop [default: the first that the weights
    /// know and that leads to the target]
    #[arg(long)]
    pair: Option<Pair>,
    /// A weights file in place of the bundled one
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
    /// Draw before and after as an SVG file (for a folder: a folder of them)
    #[arg(long, value_name = "FILE")]
    pictures: Option<PathBuf>,
    /// Transfer only these tracks, counted from 1, such as 1,3; or say what tracks are taken for,
    /// such as 1=voice,2=bass,3=chords,4=keep
    #[arg(long, value_delimiter = ',', value_name = "N[=KIND]")]
    tracks: Vec<Track>,
    /// Transfer only these channels, 1 to 16; never drums (10, and others that the file marks)
    #[arg(long, value_delimiter = ',', allow_hyphen_values = true, value_parser = channel)]
    channels: Vec<u8>,
}

/// How much of the harmony is kept.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Harmony {
    /// The triad of each half bar and one more pitch class
    Kept,
    /// The triad
    Three,
    /// Two notes of the triad, the rest is the network's
    Enriched,
}

impl Harmony {
    /// Pitch classes of each half bar that are kept.
    const fn pitch_classes(self) -> u8 {
        match self {
            Self::Kept => 4,
            Self::Three => 3,
            Self::Enriched => 2,
        }
    }
}

/// A share from a percentage on either side of 0.
fn signed_percent(text: &str) -> Result<f32, String> {
    let (sign, size) = match text.trim().strip_prefix('-') {
        Some(size) => (-1.0, size),
        None => (1.0, text),
    };
    let size = percent(size).map_err(|_| "expected a percentage from -100 to 100".to_owned())?;
    Ok(sign * size)
}

/// A share from a percentage.
fn percent(text: &str) -> Result<f32, String> {
    let number = text.trim_end_matches('%').trim().parse::<f32>();
    match number {
        Ok(number) if (0.0..=100.0).contains(&number) => Ok(number / 100.0),
        _ => Err("expected a percentage from 0 to 100".to_owned()),
    }
}

/// A channel that can be transferred, from 1.
fn channel(text: &str) -> Result<u8, String> {
    const DRUMS: u8 = 10;
    match text.trim().parse() {
        Ok(DRUMS) => Err(format!(
            "channel {DRUMS} is drums, which are never transferred; expected 1 to 9 or 11 to 16"
        )),
        Ok(channel) if (1..=16).contains(&channel) => Ok(channel),
        _ => Err("expected a channel from 1 to 16 without 10, the drums".to_owned()),
    }
}

/// Transfers a file or a folder. Fails if any file did, after all were tried.
pub(crate) fn run(args: &TransferArgs) -> Result<()> {
    let engine = Engine::of(args)?;
    let TransferArgs { input, output, .. } = args;
    if !input.is_dir() {
        ensure!(
            !output.is_dir(),
            "{}: is a folder, expected a file to write; add the file's name",
            output.display()
        );
        let report = engine.file(input, &args.output, args.pictures.as_deref())?;
        println!("{}: {report}", args.output.display());
        return Ok(());
    }
    folder(&engine)
}

/// Transfers every MIDI file below the input folder and names what is skipped.
fn folder(engine: &Engine) -> Result<()> {
    let TransferArgs { input, output, .. } = engine.args;
    let is_file = |path: &Path| path.exists() && !path.is_dir();
    let wanted = [Some(output), engine.args.pictures.as_ref()];
    if let Some(file) = wanted.into_iter().flatten().find(|path| is_file(path)) {
        bail!(
            "{}: is a file, expected a folder, since {} is one; name a folder or a new name",
            file.display(),
            input.display()
        );
    }
    let found = files::below(input).map_err(|(path, error)| {
        let text = "cannot be listed; expected a folder of MIDI files";
        anyhow::Error::new(error).context(format!("{}: {text}", path.display()))
    })?;
    let (mut done, mut failed, mut skipped) = (0, 0, 0);
    for file in &found {
        let name = file.strip_prefix(input).unwrap_or(file);
        // One that cannot be opened is no other file: the reason comes from reading it.
        if !files::is_midi(file).unwrap_or(true) {
            skipped += 1;
            eprintln!(
                "{}: skipped: no MIDI file by its content or name",
                name.display()
            );
            continue;
        }
        let picture = engine.args.pictures.as_deref();
        let picture = picture.map(|folder| folder.join(name).with_extension("svg"));
        match engine.file(file, &output.join(name), picture.as_deref()) {
            Ok(report) => {
                done += 1;
                println!("{}: {report}", name.display());
            }
            Err(error) => {
                failed += 1;
                eprintln!("{}: failed: {error:#}", name.display());
            }
        }
    }
    ensure!(
        done + failed > 0,
        "{}: expected MIDI files in this folder or below it, by content or name (.mid, .midi, \
         .smf, .kar, .rmi); found none among {}",
        input.display(),
        plural(skipped, "file")
    );
    println!(
        "{} transferred, {failed} failed, {skipped} skipped",
        plural(done, "file")
    );
    ensure!(
        failed == 0,
        "{failed} of {} could not be transferred; the reasons are above",
        plural(done + failed, "file")
    );
    Ok(())
}

/// Everything that is the same for all files.
struct Engine<'a> {
    args: &'a TransferArgs,
    transfer: Transfer,
    target: Target,
    wish: Wish,
    selection: PartSelection,
}

impl<'a> Engine<'a> {
    fn of(args: &'a TransferArgs) -> Result<Self> {
        let transfer = match &args.weights {
            Some(file) => {
                let bytes = fs::read(file).with_context(|| {
                    format!(
                        "{}: cannot be read; expected a weights file",
                        file.display()
                    )
                })?;
                Transfer::from_bytes(&bytes)
                    .with_context(|| format!("{}: cannot use the weights", file.display()))?
            }
            None => Transfer::from_bytes(shipped::arranger())
                .context("the bundled weights are damaged")?,
        };
        let target = Target::of(args, &transfer)?;
        let named = args.tracks.iter().filter(|track| track.kind.is_none());
        let tracks: BTreeSet<usize> = named.map(|track| track.index).collect();
        let channels: BTreeSet<u8> = args.channels.iter().map(|n| n - 1).collect();
        Ok(Self {
            args,
            transfer,
            target,
            wish: Wish {
                variation: args.variation,
                freedom: if args.melody_lock { 0.0 } else { args.tune },
                pitch_classes: args.harmony.pitch_classes(),
                ..Wish::default()
            },
            selection: PartSelection {
                tracks,
                channels,
                ..PartSelection::default()
            },
        })
    }

    /// Transfers one file and says what was done.
    fn file(&self, input: &Path, output: &Path, picture: Option<&Path>) -> Result<String> {
        ensure!(
            !is_same(input, output),
            "{}: input and output are the same file; name another output",
            input.display()
        );
        if let Some(picture) = picture {
            ensure!(
                picture != output && !is_same(input, picture),
                "{}: the picture would take the place of a MIDI file; name another --pictures",
                picture.display()
            );
        }
        let start = Instant::now();
        let at = || input.display().to_string();
        let bytes = fs::read(input)
            .with_context(|| format!("{}: cannot be read; expected a MIDI file", at()))?;
        let taken_for = self.args.tracks.iter();
        let taken_for = taken_for.filter_map(|track| Some((track.index, track.kind?)));
        let file = SongTransfer::read(&bytes, &self.selection, &taken_for.collect());
        let file = file.with_context(at)?;
        let (smf, song, parts) = (file.smf(), file.song(), file.parts());
        self.check_tracks(smf, song).with_context(at)?;
        let edits = (0..file.phrases().len()).map(|index| {
            let target = |phrase: &_, wish: &_| self.target.edits(&self.transfer, phrase, wish);
            file.edits(index, &self.wish, target)
        });
        let mut edits: Vec<_> = edits.collect::<Result<_, _>>().with_context(at)?;
        let args = self.args;
        let tune = self.tune_tracks();
        let is_given = args.melody_lock && !tune.is_empty();
        if is_given {
            file.lock_tracks(&tune, &mut edits);
        }
        let control = Control {
            knob: match self.target.direction() {
                Direction::AToB => args.amount,
                Direction::BToA => -args.amount,
            },
            quantise: args.quantise,
            guard: Guard {
                melody_lock: args.melody_lock && !is_given,
                scale: args.scale_guard,
                density: args.density,
            },
        };
        let rendition = file.render(&edits, control);
        write(output, &file.written(&rendition))?;
        if let Some(picture) = picture {
            let (before, after) = svg::marks_of_rendition(song, &rendition);
            let drawing = svg::draw(&svg::Picture {
                title: &input.file_stem().unwrap_or_default().to_string_lossy(),
                subtitle: &self.subtitle(),
                grid: song.grid(),
                before: &before,
                after: &after,
            });
            write(picture, drawing.as_bytes())?;
        }
        let damage = smf.damage().map_or(String::new(), |what| {
            format!("; damaged ({what}), read past that, and its bytes kept")
        });
        let phrases = file.phrases().len();
        if phrases == 0 {
            return Ok(format!("no notes to transfer, written as it was{damage}"));
        }
        let tally = rendition.tally(song);
        // Parts that are kept are no part of it.
        let kept = parts.iter().filter(|part| part.kind == Kind::Kept);
        let counted = PartSelection {
            except: kept.map(|part| (part.track, part.channel)).collect(),
            ..self.selection.clone()
        };
        let parts = said(parts);
        Ok(format!(
            "{}{parts}; {}; {} of those kept moved; {:.1} s{damage}",
            plural(phrases, "phrase"),
            Counts::of(song, &counted, tally),
            tally.changed,
            start.elapsed().as_secs_f32()
        ))
    }

    /// Every track that is named has to be there and to have notes to transfer.
    fn check_tracks(&self, smf: &Smf, song: &Song) -> Result<()> {
        let named = self.args.tracks.iter().map(|track| track.index);
        for index in named {
            let count = smf.tracks().len();
            ensure!(
                index < count,
                "there is no track {}; the file has {count}",
                index + 1
            );
            let has_notes = |index| {
                let mut notes = song.notes().iter();
                notes.any(|note| note.track == index && !note.is_drum())
            };
            let others = (0..count).filter(|index| has_notes(*index));
            let others: Vec<String> = others.map(|index| (index + 1).to_string()).collect();
            ensure!(
                has_notes(index),
                "track {} has no notes that can be transferred (drums never are); those that \
                 have: {}",
                index + 1,
                others.join(", ")
            );
        }
        Ok(())
    }

    /// The tracks that the user takes for a voice.
    fn tune_tracks(&self) -> BTreeSet<usize> {
        let tracks = self.args.tracks.iter();
        let voices = tracks.filter(|track| track.kind == Some(Kind::Voice));
        voices.map(|track| track.index).collect()
    }

    fn subtitle(&self) -> String {
        format!(
            "{}, amount {:.0} %, quantise {:.0} %",
            self.target,
            self.args.amount * 100.0,
            self.args.quantise * 100.0
        )
    }
}

/// A track, and what it is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Track {
    /// Counted from 0.
    index: usize,
    kind: Option<Kind>,
}

impl std::str::FromStr for Track {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (number, kind) = match text.split_once('=') {
            Some((number, kind)) => (number, Some(kind.parse()?)),
            None => (text, None),
        };
        match number.parse::<u16>() {
            Ok(number) if number > 0 => Ok(Self {
                index: usize::from(number) - 1,
                kind,
            }),
            _ => Err("expected the number of a track, from 1".to_owned()),
        }
    }
}

/// The roles that the tracks were given, where there are several, with a note where one is
/// doubtful.
fn said(parts: &Parts) -> String {
    let lines = parts.iter().filter(|part| part.is_line_of_chords());
    let lines = lines.map(|part| {
        format!(
            "; track {} plays chords and is taken for {}: nothing is added to it",
            part.track + 1,
            part.kind
        )
    });
    let lines = lines.collect::<String>();
    if parts.iter().count() < 2 {
        return lines;
    }
    let each = parts.iter().map(|part| {
        let doubles = part.doubles.map(|(leader, _)| {
            let leader = parts.iter().nth(leader).map_or(0, |part| part.track + 1);
            format!(", doubles {leader}")
        });
        let doubles = doubles.unwrap_or_default();
        format!("{}: {}{doubles}", part.track + 1, part.kind)
    });
    format!("; tracks {}{lines}", each.collect::<Vec<_>>().join("; "))
}

fn is_same(input: &Path, output: &Path) -> bool {
    match (input.canonicalize(), output.canonicalize()) {
        (Ok(input), Ok(output)) => input == output,
        _ => false,
    }
}

/// Writes a whole file, and its folder.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    files::write_in_folder(path, bytes).with_context(|| format!("{}: cannot write", path.display()))
}

#[cfg(test)]
mod tests;
