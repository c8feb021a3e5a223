//! One piece of music and the split it belongs to. The split is by piece, never by phrase.

use std::fmt;

use super::rolls::Rolls;

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

/// One piece of music: a file of the corpus.
#[derive(Clone, Debug)]
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
    pub rolls: Rolls,
}

impl Piece {
    /// A piece whose phrases are drawn as often as those of most others.
    pub fn new(
        file: impl Into<String>,
        source: impl Into<String>,
        split: Split,
        rolls: impl Into<Rolls>,
    ) -> Self {
        Self {
            file: file.into(),
            source: source.into(),
            split,
            weight: 1.0,
            rolls: rolls.into(),
        }
    }
}
