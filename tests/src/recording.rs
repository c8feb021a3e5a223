//! A recording: the plugin's output at absolute samples, and the laws that every recording obeys.

use std::collections::{BTreeMap, VecDeque};

use crate::song::timeline::Timeline;

/// An event that left the plugin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Output {
    /// A note starts.
    On {
        /// MIDI channel.
        channel: u8,
        /// MIDI key.
        key: u8,
        /// 0..=1.
        velocity: f64,
        /// The number of this one strike, where the plugin gives one.
        id: Option<u32>,
    },
    /// A note ends.
    Off {
        /// MIDI channel.
        channel: u8,
        /// MIDI key.
        key: u8,
        /// The number that its start had.
        id: Option<u32>,
    },
    /// A short MIDI message.
    Message([u8; 3]),
    /// Any other event, by its CLAP type.
    Other(u16),
}

/// A note that left: start and end in samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sounded {
    /// Sample of its start.
    pub on: u64,
    /// Sample of its end.
    pub off: u64,
    /// MIDI channel.
    pub channel: u8,
    /// MIDI key.
    pub key: u8,
    /// 0..=1.
    pub velocity: f64,
    /// The plugin's number of it.
    pub id: Option<u32>,
}

/// Everything that left during one script.
#[derive(Clone, Debug)]
pub struct Recording {
    /// The input, in samples.
    pub timeline: Timeline,
    /// The output, in the order in which it left.
    pub events: Vec<(u64, Output)>,
    /// The longest that one call of the plugin took.
    pub longest_call: std::time::Duration,
    /// Duration of each call, in order.
    pub calls: Vec<std::time::Duration>,
}

impl Recording {
    /// The notes that left, by start and key. Panics when a note has no end, or an end no note:
    /// that is the law that no recording may break.
    pub fn notes(&self) -> Vec<Sounded> {
        match self.pair_up() {
            Ok(notes) => notes,
            Err(broken) => panic!("{broken}"),
        }
    }

    /// The short MIDI messages that left.
    pub fn messages(&self) -> Vec<(u64, [u8; 3])> {
        let messages = self
            .events
            .iter()
            .filter_map(|(sample, event)| match event {
                Output::Message(message) => Some((*sample, *message)),
                _ => None,
            });
        messages.collect()
    }

    /// Pairs each start with its end; the error says which has none.
    pub fn pair_up(&self) -> Result<Vec<Sounded>, String> {
        type Key = (u8, u8, Option<u32>);
        let mut sounding: BTreeMap<Key, VecDeque<Sounded>> = BTreeMap::new();
        let mut notes = Vec::new();
        for &(sample, event) in &self.events {
            match event {
                Output::On {
                    channel,
                    key,
                    velocity,
                    id,
                } => sounding
                    .entry((channel, key, id))
                    .or_default()
                    .push_back(Sounded {
                        on: sample,
                        off: sample,
                        channel,
                        key,
                        velocity,
                        id,
                    }),
                Output::Off { channel, key, id } => {
                    let ended = sounding
                        .get_mut(&(channel, key, id))
                        .and_then(VecDeque::pop_front);
                    let Some(note) = ended else {
                        return Err(format!(
                            "at sample {sample} an off without its note: channel {channel}, key \
                             {key}, id {id:?}"
                        ));
                    };
                    notes.push(Sounded {
                        off: sample,
                        ..note
                    });
                }
                Output::Message(_) | Output::Other(_) => {}
            }
        }
        if let Some(note) = sounding.values().flatten().next() {
            return Err(format!("a note hangs: {note:?}"));
        }
        notes.sort_by_key(|note| (note.on, note.channel, note.key, note.off));
        Ok(notes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::song::{HostSong, Script};

    fn recording(events: &[(u64, Output)]) -> Recording {
        Recording {
            timeline: Timeline::new(&Script::new(HostSong::new(120.0, []), []), 48_000.0),
            events: events.to_vec(),
            longest_call: std::time::Duration::ZERO,
            calls: Vec::new(),
        }
    }

    const fn on(key: u8, id: Option<u32>) -> Output {
        Output::On {
            channel: 0,
            key,
            velocity: 0.5,
            id,
        }
    }

    const fn off(key: u8, id: Option<u32>) -> Output {
        Output::Off {
            channel: 0,
            key,
            id,
        }
    }

    #[test]
    fn overlapping_strikes_are_told_apart_by_their_ids() {
        let events = [
            (0, on(60, Some(1))),
            (5, on(60, Some(2))),
            (7, off(60, Some(2))),
            (9, off(60, Some(1))),
        ];
        let ends: Vec<_> = recording(&events).notes().iter().map(|n| n.off).collect();
        assert_eq!(ends, [9, 7]);
    }

    #[test]
    fn a_hanging_note_and_a_lonely_off_are_found() {
        assert!(recording(&[(0, on(60, None))]).pair_up().is_err());
        assert!(recording(&[(0, off(60, None))]).pair_up().is_err());
        let wrong = [(0, on(60, Some(1))), (3, off(60, Some(2)))];
        assert!(recording(&wrong).pair_up().is_err());
    }
}
