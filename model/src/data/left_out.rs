//! Pieces that were left out, and why.

use std::collections::BTreeMap;
use std::fmt;

use crate::genre::Genre;

/// Why a piece was left out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Its licence class is not `clean`, and only clean pieces were asked for.
    NotClean,
    /// Another edition of a piece that is already there.
    OtherEdition,
    /// Tier `extra`, which was not asked for.
    Extra,
    /// Equals another file of the folder, byte for byte.
    Copy,
    /// Neither named nor begun like a MIDI file.
    NotMidi,
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
            Self::NotMidi => f.write_str("no MIDI file by its content or name"),
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

/// How many were left out for which reason, in one line.
pub(crate) fn summary<'a>(left_out: impl Iterator<Item = &'a LeftOut>) -> String {
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
