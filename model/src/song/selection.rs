//! Which notes of a song are transferred.

use std::collections::BTreeSet;

use super::SongNote;

/// A choice of tracks and channels. Empty means all that are pitched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartSelection {
    /// Indices of tracks in the file; all if empty.
    pub tracks: BTreeSet<usize>,
    /// Channels 0..=15; all if empty.
    pub channels: BTreeSet<u8>,
    /// Parts that are left as they are, by track and channel, whatever is named.
    pub except: BTreeSet<(usize, u8)>,
}

impl PartSelection {
    /// True if a note is transferred. Drums never are. Percussion and sound effects on other
    /// channels are only where their track or channel is named.
    pub fn contains(&self, note: &SongNote) -> bool {
        let named = !(self.tracks.is_empty() && self.channels.is_empty());
        !note.is_drum()
            && !self.except.contains(&(note.track, note.channel))
            && (named || note.is_pitched())
            && (self.tracks.is_empty() || self.tracks.contains(&note.track))
            && (self.channels.is_empty() || self.channels.contains(&note.channel))
    }
}
