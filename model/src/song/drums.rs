//! The drum channels of a file over time.

use std::collections::{BTreeMap, BTreeSet};

use crate::drums::{BANK, DrumParts};
use crate::smf::{Smf, SmfMessage};

/// The drum channels of a file over time.
pub(super) struct DrumMap {
    /// From a tick on, these channels are drums: for all tracks together.
    all: Vec<(u64, DrumParts)>,
    /// Drums of each track that has bank or program changes of its own.
    own: BTreeMap<usize, Vec<(u64, DrumParts)>>,
    /// Tracks with the channels that they choose banks or programs for.
    chosen: BTreeSet<(usize, u8)>,
}

impl DrumMap {
    pub(super) fn of(smf: &Smf) -> Self {
        let mut heard: Vec<(u64, usize, SmfMessage)> = Vec::new();
        let mut chosen = BTreeSet::new();
        for (index, track) in smf.tracks().iter().enumerate() {
            for event in track.events() {
                match event.message {
                    SmfMessage::Controller {
                        channel,
                        number: BANK,
                        ..
                    }
                    | SmfMessage::Program { channel, .. } => {
                        chosen.insert((index, channel));
                    }
                    SmfMessage::Exclusive(_) => {}
                    _ => continue,
                }
                heard.push((event.tick, index, event.message));
            }
        }
        heard.sort_by_key(|(tick, ..)| *tick);
        let tracks: BTreeSet<usize> = chosen.iter().map(|(track, _)| *track).collect();
        let of_track = |track: usize| {
            let own = heard.iter().filter(move |(_, of, message)| {
                *of == track || matches!(message, SmfMessage::Exclusive(_))
            });
            (track, states(own))
        };
        Self {
            all: states(heard.iter()),
            own: tracks.into_iter().map(of_track).collect(),
            chosen,
        }
    }

    /// True if a channel is drums at a tick. The track's own choices come first: files for
    /// several ports use a channel number more than once.
    pub(super) fn is_drum(&self, track: usize, channel: u8, tick: u64) -> bool {
        let own = self.own.get(&track);
        let states = own.filter(|_| self.chosen.contains(&(track, channel)));
        let states = states.unwrap_or(&self.all);
        let behind = states.partition_point(|(at, _)| *at <= tick);
        let state = behind.checked_sub(1).map(|place| states[place].1);
        state.unwrap_or_default().is_drum(channel)
    }
}

/// The states after each change.
fn states<'a>(heard: impl Iterator<Item = &'a (u64, usize, SmfMessage)>) -> Vec<(u64, DrumParts)> {
    let mut states: Vec<(u64, DrumParts)> = Vec::new();
    let mut now = DrumParts::default();
    for (tick, _, message) in heard {
        let before = now;
        now.hear(message);
        if now != before {
            states.push((*tick, now));
        }
    }
    states
}

#[cfg(test)]
mod tests;
