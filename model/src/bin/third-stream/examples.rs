//! `third-stream examples`: phrases before and after, chosen by a fixed rule, as MIDI and
//! pictures.

use std::path::PathBuf;

use anyhow::{Result, bail, ensure};
use third_stream_model::data::Split;
use third_stream_model::evaluate::arrange::{Arrange, Asked, ByCells};
use third_stream_model::evaluate::examples::{Choice, examples, files};
use third_stream_model::genre::Pair;

use crate::evaluate::write;
use crate::music::{MusicArgs, check_collections};
use crate::named::{Named, load_all};

/// Write phrases before and after, chosen by a fixed rule, as MIDI files and pictures.
#[derive(clap::Args, Debug)]
pub(crate) struct ExamplesArgs {
    /// The weights that make them
    #[arg(long, value_name = "[NAME=]FILE")]
    weights: Named,
    /// The genre pair, where the weights know several [default: jazz-classic]
    #[arg(long)]
    pair: Option<Pair>,
    #[command(flatten)]
    music: MusicArgs,
    /// Phrases to choose from
    #[arg(long, default_value = "test")]
    split: Split,
    /// Phrases of each direction
    #[arg(long, default_value_t = 8, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    each: u16,
    /// Only pieces of these collections, for whoever may not publish the others
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    collections: Vec<String>,
    /// The folder to write into
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Writes the files and their index.
pub(crate) fn run(args: &ExamplesArgs) -> Result<()> {
    let (loaded, arranging) = load_all(std::slice::from_ref(&args.weights))?;
    let cells = loaded.iter().map(|one| {
        let translator = &one.transfer;
        let pair = translator.pair();
        (
            &one.name,
            one.transfer.header(),
            pair,
            ByCells { translator, pair },
        )
    });
    let cells: Vec<_> = cells.collect();
    let by_cells = cells
        .iter()
        .map(|(name, header, pair, way)| (*name, *header, *pair, way as &dyn Arrange));
    let usual = args.pair.unwrap_or(Pair::JAZZ_CLASSIC);
    let notes = arranging.iter().map(|one| {
        let way = Asked::new(&one.drawn);
        (&one.name, one.drawn.header(), usual, way)
    });
    let notes: Vec<_> = notes.collect();
    let by_notes = notes
        .iter()
        .map(|(name, header, pair, way)| (*name, *header, *pair, way as &dyn Arrange));
    let Some((name, header, pair, way)) = by_cells.chain(by_notes).next() else {
        bail!("no weights to show");
    };
    if let Some(music) = args.music.unnamed() {
        println!("{music}");
    }
    let data = args.music.read(pair)?;
    check_collections(&args.collections, &data, pair, args.split)?;
    let choice = Choice {
        pair,
        split: args.split,
        each: usize::from(args.each),
        collections: &args.collections,
    };
    let chosen = examples(&data, &choice, way)?;
    let by = format!(
        "`{name}` (recipe {}, {} steps, seed {})",
        header.recipe, header.steps, header.seed
    );
    let files = files(&chosen, &by, args.split)?;
    ensure!(
        !args.out.is_file(),
        "{}: is a file; expected a folder to write into",
        args.out.display()
    );
    for (name, bytes) in &files {
        write(&args.out.join(name), bytes)?;
    }
    println!(
        "{}: {} phrases before and after, as MIDI and SVG, and their README.md",
        args.out.display(),
        chosen.len()
    );
    Ok(())
}
