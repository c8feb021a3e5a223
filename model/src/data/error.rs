//! Why a corpus cannot be used.

use std::path::PathBuf;

use crate::genre::Genre;

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
    #[error(
        "{path}: not a manifest: {source}; expected the columns that the corpus's README lists"
    )]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// The CSV reader's error.
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
        /// The value found.
        found: String,
        /// The values expected.
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
    #[error(
        "{path}: cannot be read: {source}; expected music there: see to its permissions, or fetch \
         it again"
    )]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The phrases that were read from the music cannot be read back.
    #[error(transparent)]
    Rolls(std::io::Error),
    /// Not a folder.
    #[error("{0}: not a folder; expected a folder of MIDI files")]
    NotFolder(PathBuf),
    /// A folder without MIDI files.
    #[error(
        "{path}: no MIDI file in it or its subfolders, by content or name (.mid, .midi, .smf, \
         .kar, .rmi); {others} other files"
    )]
    NoMidi {
        /// The folder.
        path: PathBuf,
        /// Other files.
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
