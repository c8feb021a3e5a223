//! A corpus of music: reading it, keeping it, drawing phrases from it.
//!
//! The corpus comes as archives with their manifest ([`Corpus::Archives`], [`Corpus::Starter`]) or
//! as folders of MIDI files ([`Corpus::Folders`]). Either way the split is by piece, never by
//! phrase, and a piece that is left out is named with its [`Reason`].
//!
//! | module | what it is |
//! |---|---|
//! | `archive` | the corpus: `MANIFEST.csv` and one archive a genre |
//! | [`starter`] | the corpus that comes with the programs |
//! | `folder` | any folder of MIDI files |
//! | `cache` | the rolls of a corpus in one file, for a quick second start and little memory |
//! | [`rolls`] | phrases in memory or in that file |
//! | `dataset` | phrases by genre and split |
//! | `weighted` | weighted draws, and the random numbers of a step |
//! | [`batch`] | weighted, transposed draws; a pure function of seed and step |
//! | [`threshold`] | the threshold above which a cell sounds, matched to the density |

pub(crate) mod archive;
pub mod batch;
mod cache;
mod corpus;
mod damaged;
mod dataset;
mod error;
pub(crate) mod folder;
mod left_out;
mod piece;
pub mod rolls;
mod selection;
pub mod starter;
pub mod threshold;
pub(crate) mod weighted;

pub use corpus::Corpus;
pub use damaged::Damaged;
pub use dataset::{Data, Phrases};
pub use error::DataError;
pub(crate) use left_out::summary;
pub use left_out::{LeftOut, Reason};
pub use piece::{Piece, Split};
pub use selection::CorpusSelection;

#[cfg(test)]
pub(crate) mod tests;
