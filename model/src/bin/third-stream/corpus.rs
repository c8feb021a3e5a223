//! `corpus`: makes the starter corpus from a larger one, by rules on licences and on the age of
//! the works.
//!
//! The same music, authors and rows to leave out give the same bytes; from the starter corpus
//! itself comes the starter corpus.

mod age;
mod rows;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use flate2::read::GzDecoder;
use flate2::{Compression, GzBuilder};
use third_stream_model::genre::Genre;
use third_stream_model::words::plural;

use crate::evaluate::write;
use rows::Row;

/// The manifest's name.
const MANIFEST: &str = "MANIFEST.csv";

/// Options of `corpus`.
#[derive(clap::Args, Debug)]
pub(crate) struct CorpusArgs {
    /// The corpus to choose from: a folder with MANIFEST.csv and one <genre>.tar.gz for each genre
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The folder to write into, in which authors.csv and left-out.csv lie
    #[arg(long, value_name = "DIR", default_value = "corpus")]
    out: PathBuf,
}

/// Chooses, packs, and says what there is.
pub(crate) fn run(args: &CorpusArgs) -> Result<()> {
    let rows = rows::chosen(&args.data.join(MANIFEST), &args.out)?;
    let mut files = BTreeMap::new();
    for genre in Genre::ALL {
        let of_genre: Vec<&Row> = rows.iter().filter(|row| row.is_of(genre)).collect();
        if of_genre.is_empty() {
            continue;
        }
        let name = format!("{}.tar.gz", genre.folder());
        files.insert(name.clone(), archive(&args.data.join(&name), &of_genre)?);
        let phrases = of_genre.iter().map(|row| row.phrases).sum();
        println!(
            "{genre}: {}, {}, {} bytes",
            plural(of_genre.len(), "piece"),
            plural(phrases, "phrase"),
            files[&name].len()
        );
    }
    files.insert(MANIFEST.to_owned(), rows::manifest(&rows)?);
    // Only now, so that the corpus may be made from itself.
    for (name, bytes) in &files {
        write(&args.out.join(name), bytes)?;
    }
    println!("in {}", args.out.display());
    Ok(())
}

/// An archive of the files of `rows`, out of another.
fn archive(from: &Path, rows: &[&Row]) -> Result<Vec<u8>> {
    let at = || from.display().to_string();
    let wanted: BTreeSet<&str> = rows.iter().map(|row| &*row.file).collect();
    let mut found = BTreeMap::new();
    let file = File::open(from).with_context(at)?;
    let mut entries = tar::Archive::new(GzDecoder::new(BufReader::new(file)));
    for entry in entries.entries().with_context(at)? {
        let mut entry = entry.with_context(at)?;
        let name = entry
            .path()
            .with_context(at)?
            .to_string_lossy()
            .into_owned();
        if wanted.contains(&*name) {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).with_context(at)?;
            found.insert(name, bytes);
        }
    }
    if let Some(missing) = wanted.iter().find(|name| !found.contains_key(**name)) {
        ensure!(
            false,
            "{}: has no {missing}, which its manifest names",
            at()
        );
    }
    // No names, users or times of this machine.
    let sink = GzBuilder::new().write(Vec::new(), Compression::best());
    let mut packed = tar::Builder::new(sink);
    for (name, bytes) in &found {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        packed.append_data(&mut header, name, &bytes[..])?;
    }
    Ok(packed.into_inner()?.finish()?)
}

#[cfg(test)]
mod tests;
