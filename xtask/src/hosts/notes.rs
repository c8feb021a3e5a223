//! Notes that a host got from the plugin beside those that it should get.

use std::fmt;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use midly::{MidiMessage, Smf, Timing, TrackEventKind};

/// Beats that count as the same: hosts count in samples.
const NEAR: f64 = 0.01;
/// Steps of a velocity that count as the same: some cut off what others round.
const AS_LOUD: f64 = 1.01;
/// Number of first notes that are aligned to find how much later the plugin plays.
const FIRST: usize = 24;

/// A note, in beats.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Note {
    pub(super) on: f64,
    pub(super) length: f64,
    pub(super) channel: u8,
    pub(super) key: u8,
    pub(super) velocity: f64,
}

impl Note {
    fn is(&self, other: &Self, later: f64) -> bool {
        self.key == other.key
            && self.channel == other.channel
            && (self.velocity - other.velocity).abs() <= AS_LOUD
            && (self.on - other.on - later).abs() <= NEAR
            && (self.length - other.length).abs() <= 2.0 * NEAR
    }
}

/// A note's end or beginning, in the order of time.
struct Event {
    at: f64,
    on: bool,
    channel: u8,
    key: u8,
    velocity: f64,
}

/// Notes from their beginnings and ends; one that does not end is none.
fn paired(events: impl Iterator<Item = Event>) -> Vec<Note> {
    let mut held: Vec<Event> = Vec::new();
    let mut notes = Vec::new();
    for event in events {
        if event.on {
            held.push(event);
            continue;
        }
        let own = |other: &Event| (other.channel, other.key) == (event.channel, event.key);
        if let Some(place) = held.iter().position(own) {
            let begin = held.remove(place);
            notes.push(Note {
                on: begin.at,
                length: event.at - begin.at,
                channel: begin.channel,
                key: begin.key,
                velocity: begin.velocity,
            });
        }
    }
    notes.sort_by(|a, b| a.on.total_cmp(&b.on).then(a.key.cmp(&b.key)));
    notes
}

/// The notes of a MIDI file of one track.
pub(super) fn of_midi(path: &Path) -> Result<Vec<Note>> {
    let bytes =
        std::fs::read(path).with_context(|| format!("could not read {}", path.display()))?;
    let smf = Smf::parse(&bytes).with_context(|| format!("{} is no MIDI file", path.display()))?;
    let Timing::Metrical(ticks) = smf.header.timing else {
        bail!("{} does not count in beats", path.display());
    };
    let per_beat = f64::from(ticks.as_int());
    let track = smf.tracks.first().context("a MIDI file without a track")?;
    let mut tick = 0_u64;
    let events = track.iter().filter_map(|event| {
        tick += u64::from(event.delta.as_int());
        let TrackEventKind::Midi { channel, message } = event.kind else {
            return None;
        };
        let (on, key, velocity) = match message {
            MidiMessage::NoteOn { key, vel } => (vel > 0, key, vel),
            MidiMessage::NoteOff { key, vel } => (false, key, vel),
            _ => return None,
        };
        Some(Event {
            at: tick as f64 / per_beat,
            on,
            channel: channel.as_int(),
            key: key.as_int(),
            velocity: f64::from(velocity.as_int()),
        })
    });
    Ok(paired(events))
}

/// The notes that a listener wrote down; `beats` of them are its unit of time.
pub(super) fn of_heard(text: &str, beats: f64) -> Result<Vec<Note>> {
    let mut events = Vec::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [at, on, _dialect, channel, key, velocity] = words[..] else {
            continue;
        };
        ensure!(matches!(on, "on" | "off"), "a listener wrote {line:?}");
        let said = || format!("a listener wrote {line:?}");
        events.push(Event {
            at: at.parse::<f64>().with_context(said)? * beats,
            on: on == "on",
            channel: channel.parse().with_context(said)?,
            key: key.parse().with_context(said)?,
            velocity: velocity.parse().with_context(said)?,
        });
    }
    Ok(paired(events.into_iter()))
}

/// How two lists of notes compare.
#[derive(Debug, PartialEq)]
pub(super) struct Comparison {
    wanted: usize,
    same: usize,
    others: usize,
    /// Notes with a velocity of 0 among those that were found.
    silent: usize,
}

impl Comparison {
    /// Each wanted note takes one that was found; all may be later by the same time.
    pub(super) fn of(found: &[Note], wanted: &[Note]) -> Self {
        let shifts = wanted.iter().take(FIRST).flat_map(|wanted| {
            let first = found.iter().take(FIRST);
            let same_key =
                first.filter(|found| (found.key, found.channel) == (wanted.key, wanted.channel));
            same_key.map(|found| found.on - wanted.on)
        });
        let same = shifts.map(|later| matches(found, wanted, later)).max();
        let same = same.unwrap_or(0);
        Self {
            wanted: wanted.len(),
            same,
            others: found.len() - same,
            silent: found.iter().filter(|note| note.velocity == 0.0).count(),
        }
    }

    /// Note for note.
    pub(super) const fn is_same(&self) -> bool {
        self.wanted > 0 && self.same == self.wanted && self.others == 0
    }
}

/// How many wanted notes there are among those that were found, so much later.
fn matches(found: &[Note], wanted: &[Note], later: f64) -> usize {
    let mut left = found.to_vec();
    let taken = wanted.iter().filter(|wanted| {
        let place = left.iter().position(|note| note.is(wanted, later));
        place.map(|place| left.swap_remove(place)).is_some()
    });
    taken.count()
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} of {}", self.same, self.wanted)?;
        if self.others > 0 {
            write!(f, ", {} others", self.others)?;
        }
        if self.silent > 0 {
            write!(f, ", {} silent", self.silent)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEARD: &str = "\
        16.0 on clap 0 60 80.4\n\
        16.000001 on midi 1 64 90\n\
        16.5 here\n\
        17.0 off clap 0 60 0\n\
        17.5 off midi 1 64 0\n";

    fn note(on: f64, length: f64, channel: u8, key: u8, velocity: f64) -> Note {
        Note {
            on,
            length,
            channel,
            key,
            velocity,
        }
    }

    fn wanted() -> Vec<Note> {
        vec![note(0.0, 1.0, 0, 60, 80.0), note(0.0, 1.5, 1, 64, 90.0)]
    }

    #[test]
    fn the_same_notes_later_are_the_same() {
        let found = of_heard(HEARD, 1.0).unwrap();
        let comparison = Comparison::of(&found, &wanted());
        assert!(comparison.is_same(), "{comparison:?}");
        assert_eq!(comparison.to_string(), "2 of 2");
        // In seconds, at two beats a second.
        let text =
            "1 on midi 0 60 80\n1 on midi 1 64 90\n1.5 off midi 0 60 0\n1.75 off midi 1 64 0";
        assert!(Comparison::of(&of_heard(text, 2.0).unwrap(), &wanted()).is_same());
    }

    #[test]
    fn what_is_missing_too_much_or_silent_is_told() {
        let found = of_heard(&HEARD.replace("80.4", "0"), 1.0).unwrap();
        let comparison = Comparison::of(&found, &wanted());
        assert!(!comparison.is_same());
        assert_eq!(comparison.to_string(), "1 of 2, 1 others, 1 silent");
        assert_eq!(Comparison::of(&[], &wanted()).to_string(), "0 of 2");
        assert!(!Comparison::of(&[], &[]).is_same(), "nothing is no proof");
        let longer = of_heard(&HEARD.replace("17.5 off", "18 off"), 1.0).unwrap();
        assert_eq!(
            Comparison::of(&longer, &wanted()).to_string(),
            "1 of 2, 1 others"
        );
    }

    #[test]
    fn what_no_listener_writes_is_an_error() {
        assert!(of_heard("1.0 up clap 0 60 80", 1.0).is_err());
        assert!(of_heard("one on clap 0 60 80", 1.0).is_err());
    }
}
