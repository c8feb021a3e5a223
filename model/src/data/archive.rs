//! The corpus: `MANIFEST.csv` with one row a file, and `<genre>.tar.gz` with the files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use sha2::{Digest, Sha256};

use crate::genre::Genre;

use super::cache::{self, Midi, Reading};
use super::starter;
use crate::data::{CorpusSelection, Damaged, DataError, LeftOut, Piece, Reason, Split};

/// Percentage of the training compositions that is held out for validation.
const VALIDATION_PERCENT: u64 = 8;

/// The columns of a manifest that are used.
#[derive(Debug, serde::Deserialize)]
struct Row {
    file: String,
    genre: String,
    composition_id: String,
    tier: String,
    suggested_phrase_weight: f32,
    split: String,
    licence_class: String,
}

/// Where a manifest and its archives are.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shelf<'a> {
    /// In a folder.
    Folder(&'a Path),
    /// In the program: the starter corpus.
    Starter,
}

impl Shelf<'_> {
    /// The manifest's name in messages.
    fn manifest(self) -> PathBuf {
        match self {
            Self::Folder(dir) => dir.join("MANIFEST.csv"),
            Self::Starter => starter::NAME.into(),
        }
    }

    /// The archive's name in messages.
    pub(crate) fn archive(self, genre: Genre) -> PathBuf {
        match self {
            Self::Folder(dir) => dir.join(format!("{}.tar.gz", genre.folder())),
            Self::Starter => starter::NAME.into(),
        }
    }

    /// True if there is an archive of a genre.
    pub(crate) fn has(self, genre: Genre) -> bool {
        match self {
            Self::Folder(_) => self.archive(genre).is_file(),
            Self::Starter => starter::archive(genre).is_some(),
        }
    }

    fn open_manifest(self) -> Result<Box<dyn Read>, DataError> {
        match self {
            Self::Starter => Ok(Box::new(starter::MANIFEST)),
            Self::Folder(dir) if !self.manifest().is_file() => {
                Err(DataError::NoManifest(dir.to_owned()))
            }
            Self::Folder(_) => match File::open(self.manifest()) {
                Ok(file) => Ok(Box::new(file)),
                Err(source) => Err(DataError::Read {
                    path: self.manifest(),
                    source,
                }),
            },
        }
    }

    fn open_archive(self, genre: Genre) -> io::Result<Box<dyn Read>> {
        match self {
            Self::Folder(_) => {
                let file = File::open(self.archive(genre))?;
                Ok(Box::new(BufReader::new(file)))
            }
            Self::Starter => match starter::archive(genre) {
                Some(bytes) => Ok(Box::new(bytes)),
                None => Err(io::ErrorKind::NotFound.into()),
            },
        }
    }
}

/// The pieces of `genre` that `selection` asks for, in the manifest's order, each with the
/// SHA-256 of its file.
pub(crate) fn read(
    shelf: Shelf,
    genre: Genre,
    selection: CorpusSelection,
    cache: Option<&Path>,
    left_out: &mut Vec<LeftOut>,
    damaged: &mut Vec<Damaged>,
) -> Result<Vec<([u8; 32], Piece)>, DataError> {
    let manifest = shelf.manifest();
    let rows = rows(shelf, genre)?;
    if !shelf.has(genre) {
        return Err(DataError::NoArchive(shelf.archive(genre)));
    }
    let mut found = readings(shelf, genre, cache)?;
    let mut pieces = Vec::new();
    for row in rows {
        let split = split(&row, &manifest)?;
        let weight = row.suggested_phrase_weight;
        if !(weight.is_finite() && weight >= 0.0) {
            return Err(DataError::Value {
                path: manifest,
                file: row.file,
                column: "suggested_phrase_weight",
                found: weight.to_string(),
                expected: "a number from 0 up",
            });
        }
        let reading = found.remove(&row.file);
        let digest = reading.as_ref().map(|one| one.digest).unwrap_or_default();
        let (rolls, damage) = reading.map_or((None, None), |one| (Some(one.rolls), one.damage));
        match (refused(&row, selection), rolls) {
            (None, Some(Ok(rolls))) if !rolls.is_empty() => {
                damaged.extend(damage.map(|what| Damaged {
                    genre,
                    file: row.file.clone(),
                    phrases: rolls.len(),
                    what,
                }));
                let piece = Piece {
                    source: row.file.split('/').nth(1).unwrap_or_default().to_owned(),
                    file: row.file,
                    split,
                    weight,
                    rolls,
                };
                pieces.push((digest, piece));
            }
            (refused, rolls) => left_out.push(LeftOut {
                genre,
                file: row.file,
                reason: refused.unwrap_or(match rolls {
                    None => Reason::Missing,
                    Some(Err(why)) => Reason::Unreadable(why),
                    Some(Ok(_)) => Reason::NoPhrase,
                }),
            }),
        }
    }
    Ok(pieces)
}

/// The rows of `genre`.
fn rows(shelf: Shelf, genre: Genre) -> Result<Vec<Row>, DataError> {
    let broken = |source| DataError::Manifest {
        path: shelf.manifest(),
        source,
    };
    let mut all = csv::Reader::from_reader(shelf.open_manifest()?);
    let rows: Vec<Row> = all
        .deserialize()
        .collect::<Result<_, _>>()
        .map_err(broken)?;
    let genres: BTreeSet<String> = rows.iter().map(|row| row.genre.clone()).collect();
    let rows: Vec<Row> = rows
        .into_iter()
        .filter(|row| row.genre.parse() == Ok(genre))
        .collect();
    if rows.is_empty() {
        return Err(DataError::NoGenre {
            path: shelf.manifest(),
            genre,
            found: genres.into_iter().collect::<Vec<_>>().join(", "),
        });
    }
    Ok(rows)
}

/// The row's split; a share of the training compositions is for validation.
fn split(row: &Row, manifest: &Path) -> Result<Split, DataError> {
    match row.split.as_str() {
        "test" => Ok(Split::Test),
        "train" if is_validation(&row.composition_id) => Ok(Split::Validation),
        "train" => Ok(Split::Train),
        other => Err(DataError::Value {
            path: manifest.to_owned(),
            file: row.file.clone(),
            column: "split",
            found: other.to_owned(),
            expected: "train or test",
        }),
    }
}

/// True if a training composition is kept for validation: by its name alone, so that all its
/// versions go the same way and more rows change nothing for the others.
fn is_validation(composition: &str) -> bool {
    let digest = Sha256::digest(format!("validation {composition}"));
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    u64::from_le_bytes(first) % 100 < VALIDATION_PERCENT
}

/// Why the row is not used, if it is not.
fn refused(row: &Row, selection: CorpusSelection) -> Option<Reason> {
    if selection.clean && row.licence_class != "clean" {
        Some(Reason::NotClean)
    } else if !selection.clean && row.tier.ends_with("+duplicate") {
        Some(Reason::OtherEdition)
    } else if !selection.extra && row.tier.starts_with("extra") {
        Some(Reason::Extra)
    } else {
        None
    }
}

/// Every file of a genre's archive, by name.
fn readings(
    shelf: Shelf,
    genre: Genre,
    cache: Option<&Path>,
) -> Result<BTreeMap<String, Reading>, DataError> {
    let broken = |source| DataError::Read {
        path: shelf.archive(genre),
        source,
    };
    let mut key = Sha256::new();
    shelf
        .open_archive(genre)
        .and_then(|mut bytes| io::copy(&mut bytes, &mut key))
        .map_err(broken)?;
    let found = cache::read_through(
        cache,
        &key.finalize().into(),
        |_| true,
        |put| {
            for entry in tar::Archive::new(GzDecoder::new(shelf.open_archive(genre)?)).entries()? {
                let mut entry = entry?;
                if entry.header().entry_type().is_file() {
                    let file = entry.path()?.to_string_lossy().into_owned();
                    let mut bytes = Vec::new();
                    entry.read_to_end(&mut bytes)?;
                    put(Midi {
                        file,
                        bytes,
                        digest: None,
                    })?;
                }
            }
            Ok(())
        },
    );
    let found = found.map_err(broken)?;
    Ok(found
        .into_iter()
        .map(|one| (one.file.clone(), one))
        .collect())
}
