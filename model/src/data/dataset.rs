//! Phrases by genre and split, with the pieces that were left out and why.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{io, iter};

use sha2::{Digest, Sha256};

use super::archive::{self, Shelf};
use super::rolls::{Rolls, keep};
use super::{Corpus, CorpusSelection, Damaged, DataError, LeftOut, Piece, Split};
use super::{damaged, folder, left_out};
use crate::genre::Genre;

/// The phrases of one genre and split.
#[derive(Clone, Debug, Default)]
pub struct Phrases {
    /// The rolls, in the order of their pieces.
    pub rolls: Rolls,
    /// How often each is drawn, relative to the others. As long as `rolls`.
    pub weights: Vec<f32>,
    /// The place of each phrase's collection in [`Data::sources`]. As long as `rolls`.
    pub sources: Vec<u16>,
    /// The place of each phrase's piece in `files`. As long as `rolls`.
    pub piece_of: Vec<u32>,
    /// The files of the pieces.
    pub files: Vec<String>,
    /// Number of pieces that they come from.
    pub pieces: usize,
}

impl Phrases {
    /// Keeps the phrases that `kept` marks.
    fn keep(&mut self, kept: &[bool]) {
        self.rolls.keep(kept);
        keep(&mut self.weights, kept);
        keep(&mut self.sources, kept);
        keep(&mut self.piece_of, kept);
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
    damaged: Vec<Damaged>,
    hash: String,
}

impl Data {
    /// Reads the phrases of `genres`. With `cache`, a folder that exists, the rolls are kept
    /// there, and found again as long as the music is the same; otherwise they are in a temporary
    /// file. Memory is taken for what is known of each phrase, not for its cells.
    ///
    /// # Errors
    /// See [`DataError`].
    pub fn read(
        corpus: &Corpus,
        genres: &[Genre],
        selection: CorpusSelection,
        cache: Option<&Path>,
    ) -> Result<Self, DataError> {
        let mut pieces = BTreeMap::new();
        let (mut left_out, mut damaged) = (Vec::new(), Vec::new());
        for &genre in genres {
            let (left_out, damaged) = (&mut left_out, &mut damaged);
            let mut shelved = |shelf: Shelf| {
                let found = archive::read(shelf, genre, selection, cache, left_out, damaged)?;
                let pieces = found.into_iter().map(|(_, piece)| piece).collect();
                Ok::<(PathBuf, Vec<Piece>), DataError>((shelf.archive(genre), pieces))
            };
            let (place, found) = match corpus {
                Corpus::Archives(dir) => shelved(Shelf::Folder(dir))?,
                Corpus::Starter => shelved(Shelf::Starter)?,
                Corpus::Folders(folders) => match folders.get(&genre) {
                    Some(dir) => {
                        let found = folder::read(dir, genre, cache, left_out, damaged)?;
                        (dir.clone(), found)
                    }
                    None => continue,
                },
            };
            if !found.iter().any(|piece| piece.split == Split::Train) {
                return Err(DataError::NothingLeft {
                    place,
                    genre,
                    left_out: left_out::summary(left_out.iter().filter(|one| one.genre == genre)),
                });
            }
            pieces.insert(genre, found);
        }
        let data = Self::of_pieces(pieces, left_out).map_err(DataError::Rolls)?;
        Ok(Self { damaged, ..data })
    }

    /// The phrases of `pieces`, which are read once for the hash.
    ///
    /// # Errors
    /// The file of the rolls cannot be read.
    pub fn of_pieces(
        pieces: BTreeMap<Genre, Vec<Piece>>,
        left_out: Vec<LeftOut>,
    ) -> io::Result<Self> {
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
                part.files.push(piece.file);
                for place in 0..piece.rolls.len() {
                    for step in piece.rolls.get(place)?.steps() {
                        hash.update(step.to_le_bytes());
                    }
                    part.weights.push(piece.weight);
                    part.sources.push(source as u16);
                    part.piece_of.push(part.pieces as u32 - 1);
                }
                part.rolls.append(piece.rolls)?;
            }
        }
        Ok(Self {
            phrases,
            sources,
            left_out,
            damaged: Vec::new(),
            hash: crate::weights::hex(&hash.finalize()),
        })
    }

    /// The corpus restricted to those training pieces whose index within their genre `belongs`
    /// accepts, so that two networks can learn from different pieces. Keeps the hash.
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
            rolls: Rolls::NONE,
            weights: Vec::new(),
            sources: Vec::new(),
            piece_of: Vec::new(),
            files: Vec::new(),
            pieces: 0,
        };
        self.phrases.get(&(genre, split)).unwrap_or(&NONE)
    }

    /// The validation phrases of a genre, or where there are none its training phrases.
    pub fn held_out(&self, genre: Genre) -> &Phrases {
        match self.phrases(genre, Split::Validation) {
            none if none.rolls.is_empty() => self.phrases(genre, Split::Train),
            some => some,
        }
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

    /// The pieces that are used although something is wrong in their files.
    pub fn damaged(&self) -> &[Damaged] {
        &self.damaged
    }

    /// SHA-256 of all phrases with their genre, split and weight, in hexadecimal.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Pieces and phrases of each genre and split as a table, then why pieces were left out and
    /// what is used of damaged ones.
    pub fn table(&self) -> String {
        let head = ["genre", "split", "pieces", "phrases"].map(str::to_owned);
        let counts = self.phrases.iter().map(|((genre, split), part)| {
            let (pieces, phrases) = (part.pieces, part.rolls.len());
            [
                genre.to_string(),
                split.to_string(),
                pieces.to_string(),
                phrases.to_string(),
            ]
        });
        let mut lines: Vec<String> = iter::once(head)
            .chain(counts)
            .map(|[genre, split, pieces, phrases]| {
                format!("{genre:<8} {split:<11} {pieces:>7} {phrases:>8}\n")
            })
            .collect();
        for genre in self.genres() {
            let left_out = self.left_out.iter().filter(|one| one.genre == genre);
            lines.push(format!("{genre}: {}\n", left_out::summary(left_out)));
            let damaged = self.damaged.iter().filter(|one| one.genre == genre);
            let damaged = damaged::summary(damaged).map(|text| format!("{genre}: {text}\n"));
            lines.extend(damaged);
        }
        lines.concat()
    }
}
