//! `learn-style`: a style of one's own from a handful of MIDI files, in minutes.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use candle_core::Device;
use indicatif::{ProgressBar, ProgressStyle};
use third_stream_model::data::starter;
use third_stream_model::files::write_whole;
use third_stream_model::genre::Genre;
use third_stream_model::train::arranger::style::lesson::{StyleFit, StylePlan};
use third_stream_model::train::arranger::style::music::Music;
use third_stream_model::train::arranger::style::{self, About, STEPS_OF_A_LESSON, StyleScores};
use third_stream_model::weights::read_network;
use third_stream_model::{shipped, user_weights};

use third_stream_model::words::plural;

/// Options of `learn-style`.
#[derive(clap::Args)]
pub(crate) struct LearnStyleArgs {
    /// A folder of MIDI files, searched with its subfolders; drums are left out. Without one, the
    /// ragtime of the starter corpus is learned, to try it
    folder: Option<PathBuf>,
    /// Instead of a folder: a collection of the starter corpus, such as openscore-quartets
    #[arg(long, value_name = "NAME", conflicts_with = "folder")]
    collection: Option<String>,
    /// The name of the style, as the plugin lists it
    #[arg(long)]
    name: String,
    /// An arranger's weights to learn on in place of the bundled ones; the style works with those
    /// alone
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
    /// Write the style to this file, not into the plugin's own list
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Steps of learning
    #[arg(long, default_value_t = STEPS_OF_A_LESSON, value_parser = clap::value_parser!(u64).range(1..))]
    steps: u64,
    /// Phrases in a step
    #[arg(long, default_value = "16", value_parser = clap::value_parser!(u16).range(1..=256))]
    batch: u16,
    /// The seed of what is drawn: the same seed and files give the same style
    #[arg(long, default_value = "1")]
    seed: u64,
}

/// Learns, measures on what was kept back, and writes the style if it is of use.
pub(crate) fn run(args: &LearnStyleArgs) -> Result<()> {
    let start = Instant::now();
    ensure!(
        args.name.parse::<Genre>().is_err(),
        "--name {}: that is a genre; choose another name",
        args.name
    );
    let place = if let Some(file) = &args.out {
        Place::File(file)
    } else {
        let folder = user_weights::folder()?;
        // Refused before the work, not after it.
        user_weights::free_path(&folder, &args.name)?;
        Place::List(folder)
    };
    let base = base(args)?;
    let (header, network) = read_network(&base, &Device::Cpu).with_context(|| from(args))?;
    let known = header.arranger()?;
    let genres = Genre::ALL.into_iter();
    let genres = genres.filter_map(|genre| Some((genre, known.column(genre)?)));
    let music = if let Some(folder) = &args.folder {
        Music::read(folder)?
    } else {
        let collection = args.collection.as_deref().unwrap_or(starter::RAGTIME);
        println!("music: {collection} of {}", starter::NAME);
        Music::of_starter(collection)?
    };
    println!(
        "{} of {} to learn from; kept back: {} of {} ({}); {}",
        plural(music.learned.len(), "phrase"),
        plural(music.files.len(), "file"),
        plural(music.kept_back.len(), "phrase"),
        plural(music.kept_files.len(), "file"),
        music.kept_files.join(", "),
        music.left_out,
    );
    let plan = StylePlan {
        steps: args.steps,
        batch: usize::from(args.batch),
        seed: args.seed,
    };
    let mut lesson = StyleFit::new(network, genres.collect(), &music, plan)?;
    println!("begins with the numbers of {}", lesson.near());
    let bar = ProgressBar::new(args.steps).with_style(ProgressStyle::with_template(
        "{bar:30} {pos}/{len} steps, loss {msg}, {eta} left",
    )?);
    for _ in 0..args.steps {
        let loss = lesson.step()?;
        ensure!(
            loss.is_finite(),
            "the loss is not a number; the weights may be damaged"
        );
        bar.set_message(format!("{loss:.3}"));
        bar.inc(1);
    }
    bar.finish_and_clear();
    let about = About {
        name: args.name.clone(),
        seed: args.seed,
        commit: crate::train::commit(),
    };
    let (bytes, scores) =
        style::finish(&lesson, &music, &base, &about).map_err(|error| anyhow::anyhow!(error))?;
    println!("{}", said(&scores, music.kept_back.len()));
    println!(
        "{} in {:.0} s",
        plural(args.steps as usize, "step"),
        start.elapsed().as_secs_f32()
    );
    if scores.gain() <= 0.0 {
        let (best, _) = scores.best();
        bail!(
            "the style is no better than {best} on pieces that it has not seen, so it was not \
             written; expected a lower loss there: give more files, or files that are more alike"
        );
    }
    let path = match place {
        Place::File(file) => {
            let at = || format!("{}: cannot write", file.display());
            write_whole(file, &bytes).with_context(at)?;
            file.to_owned()
        }
        Place::List(folder) => user_weights::keep_style(&folder, &args.name, &bytes)?,
    };
    println!(
        "wrote {} ({} kB)",
        path.display(),
        bytes.len().div_ceil(1000)
    );
    let to = match &args.out {
        Some(file) => file.display().to_string(),
        None => format!("{:?}", args.name),
    };
    println!("to use it: cargo xtask transfer IN.mid OUT.mid --to {to}");
    if args.out.is_none() {
        println!(
            "in the plugin: Pair, then \"{}\" at either end of the knob",
            args.name
        );
    }
    Ok(())
}

/// Where the style goes.
enum Place<'a> {
    File(&'a Path),
    /// The user's folder.
    List(PathBuf),
}

/// The weights that are learned on.
fn base(args: &LearnStyleArgs) -> Result<Vec<u8>> {
    match &args.weights {
        None => Ok(shipped::arranger().to_vec()),
        Some(file) => fs::read(file).with_context(|| {
            let at = file.display();
            format!("{at}: cannot be read; expected an arranger's weights file")
        }),
    }
}

fn from(args: &LearnStyleArgs) -> String {
    let file = args.weights.as_ref();
    file.map_or("the bundled weights".into(), |file| {
        file.display().to_string()
    })
}

/// Before and after, on what was kept back.
fn said(scores: &StyleScores, phrases: usize) -> String {
    let genres = scores.genres.iter();
    let genres = genres.map(|(genre, loss)| format!("{genre} {loss:.3}"));
    let (best, _) = scores.best();
    format!(
        "loss on {}: before {}; with the style {:.3}, {:.1} % below {best}",
        plural(phrases, "unseen phrase"),
        genres.collect::<Vec<_>>().join(", "),
        scores.style,
        100.0 * scores.gain(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn before_and_after_are_said_beside_the_best_genre() {
        let scores = StyleScores {
            genres: vec![(Genre::Jazz, 1.2), (Genre::Pop, 1.5)],
            style: 0.9,
        };
        insta::assert_snapshot!(said(&scores, 40), @"loss on 40 unseen phrases: before jazz 1.200, pop 1.500; with the style 0.900, 25.0 % below jazz");
    }
}
