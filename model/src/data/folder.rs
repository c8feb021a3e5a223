//! Any folder of MIDI files, searched with its subfolders.
//!
//! The split is by the files' content: sorted by their hash, a tenth each go to test and to
//! validation. So names and places do not matter, and copies cannot be on two sides.

use std::collections::BTreeSet;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::files;
use crate::genre::Genre;
use crate::roll::notes::NoteRoll;

use super::cache::{self, Midi};
use crate::data::{Damaged, DataError, LeftOut, Piece, Reason, Split};

/// Phrases with fewer onsets are not learned from, as in the corpus.
const FEWEST_ONSETS: u32 = 8;
/// One file in this many goes to test, and one to validation.
const PART: usize = 10;

/// The pieces below `dir`, sorted by name.
pub(crate) fn read(
    dir: &Path,
    genre: Genre,
    cache: Option<&Path>,
    left_out: &mut Vec<LeftOut>,
    damaged: &mut Vec<Damaged>,
) -> Result<Vec<Piece>, DataError> {
    pieces(dir, genre, cache, left_out, damaged).map(deal)
}

/// The pieces below `dir`, each with the SHA-256 of its file, without a split.
pub(crate) fn pieces(
    dir: &Path,
    genre: Genre,
    cache: Option<&Path>,
    left_out: &mut Vec<LeftOut>,
    damaged: &mut Vec<Damaged>,
) -> Result<Vec<([u8; 32], Piece)>, DataError> {
    if !dir.is_dir() {
        return Err(DataError::NotFolder(dir.to_owned()));
    }
    let mut leave = |file: String, reason| {
        left_out.push(LeftOut {
            genre,
            file,
            reason,
        });
    };
    let paths = files::below(dir).map_err(|(path, source)| DataError::Read { path, source })?;
    let (mut midi, mut others) = (Vec::new(), 0);
    for path in paths {
        match files::is_midi(&path) {
            Ok(true) => midi.push(path),
            Ok(false) => {
                others += 1;
                leave(name_in(dir, &path), Reason::NotMidi);
            }
            Err(why) => leave(name_in(dir, &path), Reason::Unreadable(why.to_string())),
        }
    }
    if midi.is_empty() {
        return Err(DataError::NoMidi {
            path: dir.to_owned(),
            others,
        });
    }

    let mut files = Vec::new();
    let mut key = Sha256::new();
    for path in midi {
        let name = name_in(dir, &path);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(why) => {
                leave(name, Reason::Unreadable(why.to_string()));
                continue;
            }
        };
        key.update(format!("{name} {}\n", bytes.len()));
        let digest: [u8; 32] = Sha256::digest(&bytes).into();
        key.update(digest);
        files.push((path, digest));
    }
    let enough = |phrase: &NoteRoll| phrase.sounding().onsets().count() >= FEWEST_ONSETS;
    let found = cache::read_through(cache, &key.finalize().into(), enough, |put| {
        for (path, digest) in files {
            put(Midi {
                file: name_in(dir, &path),
                bytes: std::fs::read(&path)?,
                digest: Some(digest),
            })?;
        }
        Ok(())
    });
    let found = found.map_err(|source| DataError::Read {
        path: dir.to_owned(),
        source,
    })?;

    let mut seen = BTreeSet::new();
    let mut pieces = Vec::new();
    for reading in found {
        if !seen.insert(reading.digest) {
            leave(reading.file, Reason::Copy);
            continue;
        }
        match reading.rolls {
            Err(why) => leave(reading.file, Reason::Unreadable(why)),
            Ok(rolls) if rolls.is_empty() => leave(reading.file, Reason::NoPhrase),
            Ok(rolls) => {
                damaged.extend(reading.damage.map(|what| Damaged {
                    genre,
                    file: reading.file.clone(),
                    phrases: rolls.len(),
                    what,
                }));
                let source = match reading.file.split_once('/') {
                    Some((top, _)) => top.to_owned(),
                    None => name_of(dir),
                };
                let piece = Piece::new(reading.file, source, Split::Train, rolls);
                pieces.push((reading.digest, piece));
            }
        }
    }
    Ok(pieces)
}

/// Gives each piece its split, by the order of the digests.
fn deal(mut pieces: Vec<([u8; 32], Piece)>) -> Vec<Piece> {
    let part = pieces.len() / PART;
    pieces.sort_by_key(|(digest, _)| *digest);
    for (place, (_, piece)) in pieces.iter_mut().enumerate() {
        piece.split = match place {
            place if place < part => Split::Test,
            place if place < 2 * part => Split::Validation,
            _ => Split::Train,
        };
    }
    let mut pieces: Vec<Piece> = pieces.into_iter().map(|(_, piece)| piece).collect();
    pieces.sort_by(|a, b| a.file.cmp(&b.file));
    pieces
}

/// The path of a file below `dir`, `/` between folders on every system.
fn name_in(dir: &Path, path: &Path) -> String {
    let inside = path.strip_prefix(dir).unwrap_or(path);
    let parts: Vec<_> = inside.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}

fn name_of(dir: &Path) -> String {
    dir.file_name().map_or_else(
        || ".".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    )
}
