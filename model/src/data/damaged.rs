//! Pieces whose files are damaged, and what is used of them.

use crate::genre::Genre;

/// A piece that is used although something is wrong in its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damaged {
    /// Its genre.
    pub genre: Genre,
    /// Its place in the corpus.
    pub file: String,
    /// Phrases that are used of it.
    pub phrases: usize,
    /// Description of the damage, with its position.
    pub what: String,
}

/// How many there are and how much is used of them, in one line; `None` where there are none.
pub(super) fn summary<'a>(damaged: impl Iterator<Item = &'a Damaged>) -> Option<String> {
    let damaged: Vec<&Damaged> = damaged.collect();
    let Damaged { file, what, .. } = damaged.first()?;
    let phrases: usize = damaged.iter().map(|one| one.phrases).sum();
    let (count, s) = (damaged.len(), if damaged.len() == 1 { "" } else { "s" });
    Some(format!(
        "{count} damaged file{s} read past the damage, {phrases} phrases of them used; the first \
         {file}: {what}"
    ))
}
