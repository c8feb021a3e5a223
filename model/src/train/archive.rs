//! The corpus: `MANIFEST.csv` with one row a file, and `<genre>.tar.gz` with the files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use flate2::read::GzDecoder;
use sha2::{Digest, Sha256};

use crate::genre::Genre;

use super::cache::{self, Midi, Reading};
use super::data::{Damaged, DataError, LeftOut, Piece, Reason, Selection, Split};

/// Of a hundred training compositions, how many are kept for validation.
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

/// The pieces of `genre` that `selection` asks for, in the manifest's order.
pub(super) fn read(
    dir: &Path,
    genre: Genre,
    selection: Selection,
    cache: Option<&Path>,
    left_out: &mut Vec<LeftOut>,
    damaged: &mut Vec<Damaged>,
) -> Result<Vec<Piece>, DataError> {
    let manifest = dir.join("MANIFEST.csv");
    let rows = rows(&manifest, dir, genre)?;
    let archive = dir.join(format!("{}.tar.gz", genre.folder()));
    if !archive.is_file() {
        return Err(DataError::NoArchive(archive));
    }
    let mut found = readings(&archive, cache)?;
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
        let (rolls, damage) = reading.map_or((None, None), |one| (Some(one.rolls), one.damage));
        match (refused(&row, selection), rolls) {
            (None, Some(Ok(rolls))) if !rolls.is_empty() => {
                damaged.extend(damage.map(|what| Damaged {
                    genre,
                    file: row.file.clone(),
                    phrases: rolls.len(),
                    what,
                }));
                pieces.push(Piece {
                    source: row.file.split('/').nth(1).unwrap_or_default().to_owned(),
                    file: row.file,
                    split,
                    weight,
                    rolls,
                });
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
fn rows(manifest: &Path, dir: &Path, genre: Genre) -> Result<Vec<Row>, DataError> {
    if !manifest.is_file() {
        return Err(DataError::NoManifest(dir.to_owned()));
    }
    let broken = |source| DataError::Manifest {
        path: manifest.to_owned(),
        source,
    };
    let mut all = csv::Reader::from_path(manifest).map_err(broken)?;
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
            path: manifest.to_owned(),
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

/// Whether a training composition is kept for validation: by its name alone, so that all its
/// versions go the same way and more rows change nothing for the others.
fn is_validation(composition: &str) -> bool {
    let digest = Sha256::digest(format!("validation {composition}"));
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    u64::from_le_bytes(first) % 100 < VALIDATION_PERCENT
}

/// Why the row is not used, if it is not.
fn refused(row: &Row, selection: Selection) -> Option<Reason> {
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

/// Every file of the archive, by name.
fn readings(archive: &Path, cache: Option<&Path>) -> Result<BTreeMap<String, Reading>, DataError> {
    let broken = |source| DataError::Read {
        path: archive.to_owned(),
        source,
    };
    let open = || File::open(archive).map(BufReader::new);
    let mut key = Sha256::new();
    open()
        .and_then(|mut bytes| io::copy(&mut bytes, &mut key))
        .map_err(broken)?;
    let found = cache::read_through(
        cache,
        &key.finalize().into(),
        |_| true,
        |put| {
            for entry in tar::Archive::new(GzDecoder::new(open()?)).entries()? {
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
