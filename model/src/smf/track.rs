//! A track: its events, the bytes they were written as, and the editing of its notes.

use std::ops::Range;

use super::SmfError;
use super::chunk::{Chunk, HEAD, LARGEST_NUMBER, write_number};
use super::flaw::{Flaw, FlawKind};
use super::message::{SmfMessage, data_bytes, message};
use super::track_reader::{END_OF_TRACK, Event, Oddity, Stop};

/// A note to be written into a track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewNote {
    /// Start in ticks.
    pub start: u64,
    /// End in ticks, not before the start.
    pub end: u64,
    /// 0..=15.
    pub channel: u8,
    /// 0..=127.
    pub key: u8,
    /// 1..=127.
    pub velocity: u8,
    /// Release velocity, 0..=127.
    pub off_velocity: u8,
}

impl NewNote {
    /// A note that sounds from tick `start` to `end`, with the usual release velocity, 64.
    pub const fn new(channel: u8, key: u8, (start, end): (u64, u64), velocity: u8) -> Self {
        Self {
            start,
            end,
            channel,
            key,
            velocity,
            off_velocity: 64,
        }
    }
}

/// One track of a file.
#[derive(Clone, Debug)]
pub struct Track {
    /// Id and length of the chunk as read.
    head: [u8; HEAD],
    /// The chunk's data as read, and behind it the bytes of events that were added.
    store: Vec<u8>,
    /// How many of the bytes in `store` were read.
    read: usize,
    /// Bytes behind the events: behind the end of the track, or of an event that was cut off.
    tail: Range<usize>,
    events: Vec<Event>,
    edited: bool,
}

impl Track {
    /// A chunk as track number `index`, and what is wrong in it.
    pub(super) fn read(chunk: Chunk, index: usize) -> Result<(Self, Vec<Flaw>), SmfError> {
        let claimed = chunk.claimed();
        let (data, reading) = (chunk.data, chunk.reading);
        let begin = chunk.at + HEAD;
        let nonsense = match reading.stop {
            Stop::Nonsense(what) => Some(what),
            // The track's end stands behind it: its length is wrong, it is not cut off.
            Stop::Cut if data.ends_with(&END_OF_TRACK) => {
                Some("an event that is longer than the rest of the track")
            }
            _ => None,
        };
        if let Some(what) = nonsense {
            return Err(SmfError::Track {
                track: index + 1,
                byte: begin + reading.end,
                what,
            });
        }
        let mut flaws = Vec::new();
        let mut flaw = |byte, kind| {
            flaws.push(Flaw {
                track: Some(index),
                byte,
                kind,
            });
        };
        let found = data.len();
        if claimed != found {
            flaw(chunk.at + 4, FlawKind::Length { claimed, found });
        }
        let oddities = reading.oddities.into_iter();
        for (at, oddity) in oddities.filter(|(at, _)| *at < reading.end) {
            let kind = match oddity {
                Oddity::Data(byte) => FlawKind::Data(byte),
                Oddity::Status(byte) => FlawKind::Status(byte),
            };
            flaw(begin + at, kind);
        }
        match reading.stop {
            Stop::End | Stop::Nonsense(_) => {}
            _ if reading.end == found => flaw(begin + found, FlawKind::NoEnd),
            _ => flaw(begin + reading.end, FlawKind::Cut),
        }
        let mut track = Self {
            head: chunk.head,
            store: data.to_vec(),
            read: found,
            tail: reading.end..found,
            events: reading.events,
            edited: false,
        };
        if reading.stop != Stop::End {
            track.store.extend_from_slice(&END_OF_TRACK);
            track.events.push(Event {
                tick: track.end_tick(),
                message: SmfMessage::EndOfTrack,
                short: [0; 3],
                bytes: found..track.store.len(),
            });
        }
        Ok((track, flaws))
    }

    /// The events in order of time; the last is the end of the track.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// True if notes were taken out or put in.
    pub(super) const fn is_edited(&self) -> bool {
        self.edited
    }

    /// The tick of the end-of-track event, which is always the last.
    pub fn end_tick(&self) -> u64 {
        self.events.last().map_or(0, |event| event.tick)
    }

    /// Takes out the events with the indices in `remove` (note-ons and note-offs) and puts in
    /// `notes`. All other events keep their time and order. At one tick, added note-offs come
    /// first and added note-ons last (behind them the note-offs of notes without length); the end
    /// of the track moves only for notes behind it.
    pub fn replace_notes(&mut self, remove: &[usize], notes: &[NewNote]) {
        if remove.is_empty() && notes.is_empty() {
            return;
        }
        self.edited = true;
        let mut keep = vec![true; self.events.len()];
        for index in remove {
            keep[*index] = false;
        }
        let mut old = std::mem::take(&mut self.events);
        let end_of_track = old.pop_if(|event| event.message == SmfMessage::EndOfTrack);
        // The place of an event at its tick: added note-offs, what was there, added note-ons,
        // and the note-offs of those without length.
        let mut placed: Vec<(u64, u8, Event)> = old
            .into_iter()
            .zip(keep)
            .filter(|(_, keep)| *keep)
            .map(|(event, _)| (event.tick, 1, event))
            .collect();
        for note in notes {
            let on = self.note_event(note, note.start, 0x90, note.velocity.clamp(1, 127));
            placed.push((note.start, 2, on));
            let end = note.end.max(note.start);
            let off = self.note_event(note, end, 0x80, note.off_velocity.min(127));
            placed.push((end, if end > note.start { 0 } else { 3 }, off));
        }
        placed.sort_by_key(|(tick, place, _)| (*tick, *place));
        self.events = placed.into_iter().map(|(_, _, event)| event).collect();
        if let Some(mut last) = end_of_track {
            last.tick = last.tick.max(self.end_tick());
            self.events.push(last);
        }
    }

    fn note_event(&mut self, note: &NewNote, tick: u64, status: u8, velocity: u8) -> Event {
        let short = [status | note.channel & 15, note.key & 127, velocity];
        let start = self.store.len();
        self.store.extend_from_slice(&short);
        Event {
            tick,
            message: message(short),
            short,
            bytes: start..start + 3,
        }
    }

    /// Appends the track's chunk to `out`: as it was read, where it was not edited.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        if !self.edited {
            out.extend_from_slice(&self.head);
            out.extend_from_slice(&self.store[..self.read]);
            return;
        }
        out.extend_from_slice(b"MTrk\0\0\0\0");
        let start = out.len();
        self.write_events(out, true);
        // Where bytes follow the track's end its chunk is known by its events, and without
        // running status none of them looks like the head of a track.
        if !self.tail.is_empty() || out[start..].windows(4).any(|head| head == b"MTrk") {
            out.truncate(start);
            self.write_events(out, false);
        }
        out.extend_from_slice(&self.store[self.tail.clone()]);
        let length = (out.len() - start) as u32;
        out[start - 4..start].copy_from_slice(&length.to_be_bytes());
    }

    fn write_events(&self, out: &mut Vec<u8>, runs: bool) {
        let mut now = 0;
        let mut running = 0;
        for event in &self.events {
            let mut delta = event.tick.saturating_sub(now);
            now = event.tick;
            while delta > u64::from(LARGEST_NUMBER) {
                // Where notes were taken out, the rest may be too long for one delta time.
                write_number(LARGEST_NUMBER, out);
                out.extend_from_slice(&EMPTY_TEXT);
                delta -= u64::from(LARGEST_NUMBER);
                running = 0;
            }
            write_number(delta as u32, out);
            let bytes = &self.store[event.bytes.clone()];
            let status = event.short[0];
            if status == 0 {
                out.extend_from_slice(bytes);
            } else {
                // With data bytes above 127 as they were: the first of them would be a status.
                let data = &bytes[bytes.len() - data_bytes(status)..];
                if status != running || data[0] > 127 || !runs {
                    out.push(status);
                }
                out.extend_from_slice(data);
            }
            running = status;
        }
    }
}

const EMPTY_TEXT: [u8; 3] = [0xff, 0x01, 0];
