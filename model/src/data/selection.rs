//! Which rows of a manifest are used.

/// Which rows of a manifest are used. Folders of MIDI files are used whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CorpusSelection {
    /// Only pieces whose licence class is `clean`, other editions of a piece included.
    /// Otherwise every class, without the other editions.
    pub clean: bool,
    /// Also the tier `extra` (ragtime in the corpus).
    pub extra: bool,
}
