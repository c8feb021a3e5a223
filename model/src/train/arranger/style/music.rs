//! The user's files: phrases to learn from, and whole pieces that are kept back to see what was
//! learned.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::data::archive::{self, Shelf};
use crate::data::{CorpusSelection, DataError, Piece, summary};
use crate::data::{folder, starter};
use crate::family::arranger::{straightened, tune};
use crate::genre::Genre;
use crate::roll::notes::NoteRoll;
use crate::weights::hex;
use crate::words::plural;

/// Fewer phrases cannot be learned from.
pub const FEWEST: usize = 16;
/// At most one phrase in this many is held out.
const PART: usize = 4;

/// Music that cannot be learned from.
#[derive(Debug, thiserror::Error)]
pub enum MusicError {
    /// The folder cannot be read, or has no MIDI file.
    #[error(transparent)]
    Folder(#[from] DataError),
    /// The starter corpus has no such collection.
    #[error(
        "--collection {name}: {} has no such collection; there are: {there}",
        starter::NAME
    )]
    NoCollection {
        /// The collection that was asked for.
        name: String,
        /// The collections that there are.
        there: String,
    },
    /// There is too little.
    #[error(
        "{folder}: found {found}, {left_out}; a style needs at least two files with {FEWEST} \
         phrases of four bars to learn from beside those of a whole file that is kept back to \
         see what was learned: add more music"
    )]
    TooLittle {
        /// The folder.
        folder: PathBuf,
        /// Number of pieces and phrases found, in words.
        found: String,
        /// Pieces left out, with reasons.
        left_out: String,
    },
}

/// The music of a style.
#[derive(Clone, Debug)]
pub struct Music {
    /// The phrases to learn from.
    pub learned: Vec<NoteRoll>,
    /// Their files.
    pub files: Vec<String>,
    /// The phrases of the files that are kept back.
    pub kept_back: Vec<NoteRoll>,
    /// These files.
    pub kept_files: Vec<String>,
    /// Files that were left out, in words.
    pub left_out: String,
    /// SHA-256 of all files' contents, in hexadecimal.
    pub hash: String,
}

impl Music {
    /// The pitched music below a folder. Which files are kept back depends on what is in the
    /// files, not on their names.
    ///
    /// # Errors
    /// If it cannot be read, or is too little.
    pub fn read(dir: &Path) -> Result<Self, MusicError> {
        let (mut left_out, mut damaged) = (Vec::new(), Vec::new());
        // The genre is only what reports would name it.
        let found = folder::pieces(dir, Genre::Jazz, None, &mut left_out, &mut damaged)?;
        let left_out = summary(left_out.iter());
        let unreadable = |source| {
            let path = dir.to_owned();
            DataError::Read { path, source }
        };
        Self::of_pieces(found, left_out)
            .map_err(unreadable)?
            .map_err(|(found, left_out)| MusicError::TooLittle {
                folder: dir.to_owned(),
                found,
                left_out,
            })
    }

    /// The pieces of a collection of the starter corpus.
    ///
    /// # Errors
    /// If it has no such collection, or one that is too small.
    pub fn of_starter(collection: &str) -> Result<Self, MusicError> {
        let mut collections = Vec::new();
        let mut found = Vec::new();
        for genre in starter::GENRES {
            let (mut left_out, mut damaged) = (Vec::new(), Vec::new());
            let selection = CorpusSelection::default();
            let shelf = Shelf::Starter;
            let pieces = archive::read(shelf, genre, selection, None, &mut left_out, &mut damaged)?;
            for (digest, piece) in pieces {
                if piece.source == collection {
                    found.push((digest, piece));
                } else if !collections.contains(&piece.source) {
                    collections.push(piece.source);
                }
            }
        }
        if found.is_empty() {
            return Err(MusicError::NoCollection {
                name: collection.to_owned(),
                there: collections.join(", "),
            });
        }
        let unreadable = |source| DataError::Read {
            path: starter::NAME.into(),
            source,
        };
        Self::of_pieces(found, summary([].iter()))
            .map_err(unreadable)?
            .map_err(|(found, left_out)| MusicError::TooLittle {
                folder: starter::NAME.into(),
                found,
                left_out,
            })
    }

    /// Deals pieces, each with the hash of its file. Where they are too few, what was found and
    /// left out.
    pub(super) fn of_pieces(
        mut pieces: Vec<([u8; 32], Piece)>,
        left_out: String,
    ) -> std::io::Result<Result<Self, (String, String)>> {
        pieces.sort_by_key(|(digest, _)| *digest);
        let count: usize = pieces.iter().map(|(_, piece)| piece.rolls.len()).sum();
        let files = pieces.len();
        let mut room = count / PART;
        let mut back: Vec<usize> = Vec::new();
        for (index, (_, piece)) in pieces.iter().enumerate() {
            if piece.rolls.len() <= room {
                room -= piece.rolls.len();
                back.push(index);
            }
        }
        if back.is_empty() {
            let shortest = (0..files).min_by_key(|index| pieces[*index].1.rolls.len());
            back.extend(shortest);
        }
        let mut hash = Sha256::new();
        let mut music = Self {
            learned: Vec::new(),
            files: Vec::new(),
            kept_back: Vec::new(),
            kept_files: Vec::new(),
            left_out,
            hash: String::new(),
        };
        for (index, (digest, piece)) in pieces.into_iter().enumerate() {
            hash.update(digest);
            let (phrases, files) = if back.contains(&index) {
                (&mut music.kept_back, &mut music.kept_files)
            } else {
                (&mut music.learned, &mut music.files)
            };
            phrases.extend(piece.rolls.read_notes(0..piece.rolls.len())?);
            files.push(piece.file);
        }
        music.files.sort();
        music.kept_files.sort();
        music.hash = hex(&hash.finalize());
        if music.learned.len() < FEWEST {
            let found = format!("{} in {}", plural(count, "phrase"), plural(files, "file"));
            return Ok(Err((found, music.left_out)));
        }
        Ok(Ok(music))
    }

    /// True if the tunes of at least a quarter of the phrases swing.
    pub(super) fn swings(&self) -> bool {
        let tunes = self.learned.iter().map(tune::tune);
        let swung = tunes.filter(|tune| straightened(tune) != *tune).count();
        4 * swung >= self.learned.len()
    }
}
