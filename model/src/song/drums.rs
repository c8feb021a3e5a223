//! Which channels are drums, and when: not channel 10 alone.
//!
//! A part becomes drums by Roland's GS part mode or Yamaha's XG part mode (system exclusive), and
//! by a kit: a program under XG's banks 126 and 127 or General MIDI 2's bank 120. GS has melodic
//! sounds under these banks, so they count only where no GS reset came before. Channel 10 is
//! always drums: what is kept from the networks by mistake stays as it was.

use std::collections::{BTreeMap, BTreeSet};

use crate::smf::{Exclusive, Message, Smf};

use super::DRUM_CHANNEL;

/// Bank select, the part of it that chooses kits.
const BANK: u8 = 0;

/// The channels that are drums after what was heard so far. Pure, of fixed size, without
/// allocation: a file's reader and the audio thread may use it alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DrumParts {
    /// The bank that the next program of each channel is taken from.
    banks: [u8; 16],
    /// Channels with a kit, one bit each.
    kits: u16,
    /// Channels whose part mode is drums, one bit each.
    modes: u16,
    /// Whether the banks are those of GS.
    gs: bool,
}

impl DrumParts {
    /// Whether the channel (0..=15) is drums.
    pub const fn is_drum(&self, channel: u8) -> bool {
        let bit = 1 << (channel & 15);
        channel & 15 == DRUM_CHANNEL || (self.kits | self.modes) & bit != 0
    }

    /// A controller moves. A kits' bank counts at once, another with its first program.
    pub const fn controller(&mut self, channel: u8, number: u8, value: u8) {
        if number == BANK {
            let channel = channel & 15;
            self.banks[channel as usize] = value;
            if self.is_kits(value) {
                self.kits |= 1 << channel;
            }
        }
    }

    /// A program is chosen.
    pub const fn program(&mut self, channel: u8) {
        let channel = channel & 15;
        if self.is_kits(self.banks[channel as usize]) {
            self.kits |= 1 << channel;
        } else {
            self.kits &= !(1 << channel);
        }
    }

    /// A system exclusive message.
    pub const fn exclusive(&mut self, message: Exclusive) {
        match message {
            Exclusive::Reset | Exclusive::GsReset => {
                *self = Self {
                    banks: [0; 16],
                    kits: 0,
                    modes: 0,
                    gs: matches!(message, Exclusive::GsReset),
                };
            }
            Exclusive::Part { channel, drums } => {
                let bit = 1 << (channel & 15);
                self.modes = if drums {
                    self.modes | bit
                } else {
                    self.modes & !bit
                };
            }
        }
    }

    /// What an event of a file says.
    pub const fn hear(&mut self, message: &Message) {
        match *message {
            Message::Controller {
                channel,
                number,
                value,
            } => self.controller(channel, number, value),
            Message::Program { channel, .. } => self.program(channel),
            Message::Exclusive(message) => self.exclusive(message),
            _ => {}
        }
    }

    const fn is_kits(&self, bank: u8) -> bool {
        !self.gs && matches!(bank, 120 | 126 | 127)
    }
}

/// The drum channels of a file over time.
pub(super) struct DrumMap {
    /// From a tick on, these channels are drums: for all tracks together.
    all: Vec<(u64, DrumParts)>,
    /// The same for each track that chooses banks or programs: by its own choices.
    own: BTreeMap<usize, Vec<(u64, DrumParts)>>,
    /// Tracks with the channels that they choose banks or programs for.
    chosen: BTreeSet<(usize, u8)>,
}

impl DrumMap {
    pub(super) fn of(smf: &Smf) -> Self {
        let mut heard: Vec<(u64, usize, Message)> = Vec::new();
        let mut chosen = BTreeSet::new();
        for (index, track) in smf.tracks().iter().enumerate() {
            for event in track.events() {
                match event.message {
                    Message::Controller {
                        channel,
                        number: BANK,
                        ..
                    }
                    | Message::Program { channel, .. } => {
                        chosen.insert((index, channel));
                    }
                    Message::Exclusive(_) => {}
                    _ => continue,
                }
                heard.push((event.tick, index, event.message));
            }
        }
        heard.sort_by_key(|(tick, ..)| *tick);
        let tracks: BTreeSet<usize> = chosen.iter().map(|(track, _)| *track).collect();
        let of_track = |track: usize| {
            let own = heard.iter().filter(move |(_, of, message)| {
                *of == track || matches!(message, Message::Exclusive(_))
            });
            (track, states(own))
        };
        Self {
            all: states(heard.iter()),
            own: tracks.into_iter().map(of_track).collect(),
            chosen,
        }
    }

    /// Whether a channel is drums at a tick. The track's own choices come first: files for
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
fn states<'a>(heard: impl Iterator<Item = &'a (u64, usize, Message)>) -> Vec<(u64, DrumParts)> {
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
