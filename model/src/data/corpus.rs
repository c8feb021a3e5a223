//! Where the music is.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::archive::Shelf;
use crate::genre::Genre;

/// Where the music is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Corpus {
    /// A folder with `MANIFEST.csv` and one `<genre>.tar.gz` for each genre.
    Archives(PathBuf),
    /// One folder of MIDI files for each genre, searched with its subfolders.
    Folders(BTreeMap<Genre, PathBuf>),
    /// The starter corpus, which is in the program; see [`starter`](crate::data::starter).
    Starter,
}

impl Corpus {
    /// The genres that there is music of: those with an archive, or with a folder.
    pub fn genres(&self) -> Vec<Genre> {
        let is_there = |genre: &Genre| match self {
            Self::Archives(dir) => Shelf::Folder(dir).has(*genre),
            Self::Folders(folders) => folders.contains_key(genre),
            Self::Starter => Shelf::Starter.has(*genre),
        };
        Genre::ALL.into_iter().filter(is_there).collect()
    }
}
