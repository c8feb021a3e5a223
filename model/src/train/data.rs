//! Phrases to train on, by genre and split, with what was left out and why.
//!
//! The corpus comes as archives with their manifest ([`Corpus::Archives`]) or as folders of MIDI
//! files ([`Corpus::Folders`]). Either way the split is by piece, never by phrase, and a piece
//! that is left out is named with its [`Reason`].

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::genre::Genre;
use crate::roll::Roll;

use super::{archive, folder};

/// Which phrases: those that are learned, those that choose the checkpoint, those that are
/// looked at once for each figure that is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Split {
    /// Learned from.
    Train,
    /// Cut from the training pieces; chooses checkpoints and settings.
    Validation,
    /// Only for reported figures.
    Test,
}

impl Split {
    /// All splits.
    pub const ALL: [Self; 3] = [Self::Train, Self::Validation, Self::Test];

    /// The name that users read and type.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl std::str::FromStr for Split {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|split| split.name() == name)
            .ok_or_else(|| format!("unknown split {name:?}: expected train, validation or test"))
    }
}

/// Where the music is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Corpus {
    /// A folder with `MANIFEST.csv` and one `<genre>.tar.gz` for each genre.
    Archives(PathBuf),
    /// One folder of MIDI files for each genre, searched with its subfolders.
    Folders(BTreeMap<Genre, PathBuf>),
}

/// Which rows of a manifest are used. Folders of MIDI files are used whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Only pieces whose licence class is `clean`, other editions of a piece included.
    /// Otherwise every class, without the other editions.
    pub clean: bool,
    /// Also the tier `extra` (ragtime in the corpus).
    pub extra: bool,
}

/// One piece of music: a file of the corpus.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// Its place in the corpus, `/` between folders.
    pub file: String,
    /// The collection that it comes from, such as `bushgrafts`.
    pub source: String,
    /// Its split.
    pub split: Split,
    /// How often each of its phrases is drawn, relative to other pieces' phrases.
    pub weight: f32,
    /// Its phrases.
    pub rolls: Vec<Roll>,
}

/// Why a piece was left out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Its licence class is not `clean`, and only clean pieces were asked for.
    NotClean,
    /// Another edition of a piece that is already there.
    OtherEdition,
    /// Of the tier `extra`, which was not asked for.
    Extra,
    /// The same bytes as another file of the folder.
    Copy,
    /// Not named like a MIDI file.
    NotNamedMidi,
    /// In the manifest, but not in the archive.
    Missing,
    /// Cannot be read as MIDI, with the reader's own words.
    Unreadable(String),
    /// No phrase of four bars with enough notes in it.
    NoPhrase,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotClean => f.write_str("licence class is not clean"),
            Self::OtherEdition => f.write_str("another edition of a piece that is used"),
            Self::Extra => f.write_str("tier extra, not asked for"),
            Self::Copy => f.write_str("the same bytes as another file"),
            Self::NotNamedMidi => f.write_str("name does not end in .mid, .midi, .smf or .kar"),
            Self::Missing => f.write_str("named in the manifest but not in the archive"),
            Self::Unreadable(why) => write!(f, "not readable as MIDI: {why}"),
            Self::NoPhrase => f.write_str("no phrase with enough notes"),
        }
    }
}

/// A piece that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Its genre.
    pub genre: Genre,
    /// Its place in the corpus.
    pub file: String,
    /// Why.
    pub reason: Reason,
}

/// A corpus that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// No manifest.
    #[error(
        "{0}: no MANIFEST.csv there; --data expects a folder with MANIFEST.csv and \
         <genre>.tar.gz (for folders of MIDI files use --a and --b)"
    )]
    NoManifest(PathBuf),
    /// The manifest is not as expected.
    #[error("{path}: not a manifest as expected: {source}")]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What the reader found.
        source: csv::Error,
    },
    /// A value in the manifest is not one of those expected.
    #[error("{path}: {file}: {column} is {found:?}; expected {expected}")]
    Value {
        /// The manifest.
        path: PathBuf,
        /// The row's file.
        file: String,
        /// The column.
        column: &'static str,
        /// What stands there.
        found: String,
        /// What may stand there.
        expected: &'static str,
    },
    /// The manifest names no piece of a genre.
    #[error("{path}: no row has the genre {}; the genres there are: {found}", genre.folder())]
    NoGenre {
        /// The manifest.
        path: PathBuf,
        /// The genre that was asked for.
        genre: Genre,
        /// The genres that are there.
        found: String,
    },
    /// An archive is missing.
    #[error("{0}: no such archive; the manifest beside it expects one archive for each genre")]
    NoArchive(PathBuf),
    /// A file or folder cannot be read.
    #[error("{path}: cannot be read: {source}")]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Not a folder.
    #[error("{0}: not a folder; expected a folder of MIDI files")]
    NotFolder(PathBuf),
    /// A folder without MIDI files.
    #[error(
        "{path}: no MIDI file in it or its subfolders (.mid, .midi, .smf, .kar); \
         {others} other files"
    )]
    NoMidi {
        /// The folder.
        path: PathBuf,
        /// Files with other names.
        others: usize,
    },
    /// Every file was left out.
    #[error("{place}: no phrase of {genre} is left to train on; {left_out}")]
    NothingLeft {
        /// Where the music should be.
        place: PathBuf,
        /// The genre.
        genre: Genre,
        /// Counts of why, or that all went to the other splits.
        left_out: String,
    },
}

/// The phrases of one genre and split.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Phrases {
    /// The rolls, in the order of their pieces.
    pub rolls: Vec<Roll>,
    /// How often each is drawn, relative to the others. As long as `rolls`.
    pub weights: Vec<f32>,
    /// The place of each phrase's collection in [`Data::sources`]. As long as `rolls`.
    pub sources: Vec<u16>,
    /// The place of each phrase's piece among the pieces of this part. As long as `rolls`.
    pub piece_of: Vec<u32>,
    /// Number of pieces that they come from.
    pub pieces: usize,
}

impl Phrases {
    /// Keeps the phrases that `kept` marks.
    fn keep(&mut self, kept: &[bool]) {
        fn filter<T: Copy>(all: &mut Vec<T>, kept: &[bool]) {
            let marked = all.iter().zip(kept).filter(|(_, kept)| **kept);
            *all = marked.map(|(one, _)| *one).collect();
        }
        filter(&mut self.rolls, kept);
        filter(&mut self.weights, kept);
        filter(&mut self.sources, kept);
        filter(&mut self.piece_of, kept);
        let pieces: BTreeSet<u32> = self.piece_of.iter().copied().collect();
        self.pieces = pieces.len();
    }
}

/// The phrases of a corpus.
#[derive(Clone, Debug)]
pub struct Data {
    phrases: BTreeMap<(Genre, Split), Phrases>,
    sources: Vec<String>,
    left_out: Vec<LeftOut>,
    hash: String,
}

impl Data {
    /// Reads the phrases of `genres`. With `cache`, a folder that exists, the rolls are kept
    /// there, and found again as long as the music is the same.
    pub fn read(
        corpus: &Corpus,
        genres: &[Genre],
        selection: Selection,
        cache: Option<&Path>,
    ) -> Result<Self, DataError> {
        let mut pieces = BTreeMap::new();
        let mut left_out = Vec::new();
        for &genre in genres {
            let (place, found) = match corpus {
                Corpus::Archives(dir) => (
                    dir.join(format!("{}.tar.gz", genre.folder())),
                    archive::read(dir, genre, selection, cache, &mut left_out)?,
                ),
                Corpus::Folders(folders) => match folders.get(&genre) {
                    Some(dir) => (dir.clone(), folder::read(dir, genre, cache, &mut left_out)?),
                    None => continue,
                },
            };
            if !found.iter().any(|piece| piece.split == Split::Train) {
                return Err(DataError::NothingLeft {
                    place,
                    genre,
                    left_out: summary(left_out.iter().filter(|one| one.genre == genre)),
                });
            }
            pieces.insert(genre, found);
        }
        Ok(Self::of_pieces(pieces, left_out))
    }

    /// The phrases of `pieces`.
    pub fn of_pieces(pieces: BTreeMap<Genre, Vec<Piece>>, left_out: Vec<LeftOut>) -> Self {
        let mut phrases = BTreeMap::<_, Phrases>::new();
        let mut sources = Vec::<String>::new();
        let mut hash = Sha256::new();
        for (genre, pieces) in pieces {
            for piece in pieces {
                let source = sources.iter().position(|name| *name == piece.source);
                let source = source.unwrap_or_else(|| {
                    sources.push(piece.source.clone());
                    sources.len() - 1
                });
                hash.update(format!("{genre} {} {}\n", piece.split, piece.rolls.len()));
                hash.update(piece.weight.to_le_bytes());
                let part = phrases.entry((genre, piece.split)).or_default();
                part.pieces += 1;
                for roll in piece.rolls {
                    for step in roll.steps() {
                        hash.update(step.to_le_bytes());
                    }
                    part.rolls.push(roll);
                    part.weights.push(piece.weight);
                    part.sources.push(source as u16);
                    part.piece_of.push(part.pieces as u32 - 1);
                }
            }
        }
        Self {
            phrases,
            sources,
            left_out,
            hash: hex(&hash.finalize()),
        }
    }

    /// The same corpus with only those training pieces whose place within their genre `belongs`
    /// chooses, so that two networks can learn from different pieces. Keeps the hash.
    #[must_use]
    pub fn with_training_pieces(&self, belongs: impl Fn(u32) -> bool) -> Self {
        let mut part = self.clone();
        for ((_, split), phrases) in &mut part.phrases {
            if *split == Split::Train {
                let kept: Vec<bool> = phrases.piece_of.iter().map(|at| belongs(*at)).collect();
                phrases.keep(&kept);
            }
        }
        part
    }

    /// The phrases of a genre and split; empty where there are none.
    pub fn phrases(&self, genre: Genre, split: Split) -> &Phrases {
        static NONE: Phrases = Phrases {
            rolls: Vec::new(),
            weights: Vec::new(),
            sources: Vec::new(),
            piece_of: Vec::new(),
            pieces: 0,
        };
        self.phrases.get(&(genre, split)).unwrap_or(&NONE)
    }

    /// The genres that are there.
    pub fn genres(&self) -> Vec<Genre> {
        let mut genres: Vec<Genre> = self.phrases.keys().map(|(genre, _)| *genre).collect();
        genres.dedup();
        genres
    }

    /// Names of the collections that phrases come from.
    pub fn sources(&self) -> &[String] {
        &self.sources
    }

    /// The pieces that were left out.
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    /// SHA-256 of all phrases with their genre, split and weight, in hexadecimal.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Pieces and phrases of each genre and split as a table, then why pieces were left out.
    pub fn table(&self) -> String {
        let mut text = format!(
            "{:<8} {:<11} {:>7} {:>8}\n",
            "genre", "split", "pieces", "phrases"
        );
        for ((genre, split), part) in &self.phrases {
            let (name, phrases) = (genre.name(), part.rolls.len());
            text.push_str(&format!(
                "{name:<8} {split:<11} {:>7} {phrases:>8}\n",
                part.pieces
            ));
        }
        for genre in self.genres() {
            let reasons = summary(self.left_out.iter().filter(|one| one.genre == genre));
            text.push_str(&format!("{genre}: {reasons}\n"));
        }
        text
    }
}

/// How many were left out for which reason, in one line.
fn summary<'a>(left_out: impl Iterator<Item = &'a LeftOut>) -> String {
    let mut counts = BTreeMap::<String, usize>::new();
    let mut unreadable = Vec::new();
    let mut total = 0;
    for one in left_out {
        total += 1;
        match &one.reason {
            Reason::Unreadable(_) => unreadable.push(one),
            other => *counts.entry(other.to_string()).or_default() += 1,
        }
    }
    let mut reasons: Vec<String> = counts
        .into_iter()
        .map(|(reason, count)| format!("{count} {reason}"))
        .collect();
    if let Some(LeftOut { file, reason, .. }) = unreadable.first() {
        reasons.push(format!(
            "{} unreadable, the first {file}: {reason}",
            unreadable.len()
        ));
    }
    match total {
        0 => "no file left out".to_owned(),
        1 => format!("1 file left out: {}", reasons.concat()),
        _ => format!("{total} files left out: {}", reasons.join("; ")),
    }
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
pub(super) mod tests;
