//! A track: its events, the bytes they were written as, and the editing of its notes.

use std::ops::Range;

use midly::EventBytemapIter;

use super::chunk::{LARGEST_NUMBER, write_number};
use super::message::{Message, data_bytes, is_whole, message, meta_event, status};

/// One event of a track.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Ticks from the start of the track.
    pub tick: u64,
    /// What it says.
    pub message: Message,
    /// Status byte of a channel message, also where the file leaves it out; otherwise 0.
    status: u8,
    /// Where in [`Track::store`] its bytes are, without delta time; those of a channel message
    /// may lack the status.
    bytes: Range<usize>,
}

/// A note to be written into a track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewNote {
    /// Start in ticks.
    pub start: u64,
    /// End in ticks, behind the start.
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

/// One track of a file.
#[derive(Clone, Debug)]
pub struct Track {
    /// The chunk's data as read, and behind it the bytes of events that were added.
    store: Vec<u8>,
    /// How many of the bytes in `store` were read.
    read: usize,
    /// Bytes behind the end-of-track event.
    tail: Range<usize>,
    events: Vec<Event>,
    damaged: bool,
    edited: bool,
}

impl Track {
    /// Reads a chunk's data. `whole` says that the chunk was as long as it claimed.
    pub(super) fn read(data: &[u8], whole: bool) -> Self {
        let mut events = Vec::with_capacity(data.len() / 3);
        let mut iter = EventBytemapIter::new(data);
        let mut tick = 0;
        let mut ended = false;
        while !ended {
            let rest = iter.unread();
            let (delta, bytes, kind) = match iter.next() {
                Some(Ok((bytes, event))) => (event.delta.as_int(), bytes, Some(event.kind)),
                _ => match meta_event(rest) {
                    // A meta event with a value that midly refuses: kept, and read past.
                    Some((delta, bytes, behind)) => {
                        iter = EventBytemapIter::new(behind);
                        (delta, bytes, None)
                    }
                    None => break,
                },
            };
            if !is_whole(bytes) {
                break;
            }
            tick += u64::from(delta);
            let message = kind.as_ref().map_or(Message::Other, message);
            ended = message == Message::EndOfTrack;
            let end = data.len() - iter.unread().len();
            events.push(Event {
                tick,
                message,
                status: kind.as_ref().map_or(0, status),
                bytes: end - bytes.len()..end,
            });
        }
        let mut track = Self {
            store: data.to_vec(),
            read: data.len(),
            tail: 0..0,
            events,
            damaged: !(whole && ended),
            edited: false,
        };
        if ended {
            track.tail = data.len() - iter.unread().len()..data.len();
        } else {
            track.store.extend_from_slice(&END_OF_TRACK);
            track.events.push(Event {
                tick,
                message: Message::EndOfTrack,
                status: 0,
                bytes: data.len()..track.store.len(),
            });
        }
        track
    }

    /// The events in order of time; the last is the end of the track.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Whether the track was cut off, holds bytes that are no event, or has no end-of-track
    /// event. What was read of it, with an end, is written back.
    pub const fn is_damaged(&self) -> bool {
        self.damaged
    }

    /// The tick of the end-of-track event, which is always the last.
    pub fn end_tick(&self) -> u64 {
        self.events.last().map_or(0, |event| event.tick)
    }

    /// Takes out the events with the indices in `remove` (note-ons and note-offs) and puts in
    /// `notes`. All other events keep their time and order. At one tick, added note-offs come
    /// first and added note-ons last; the end of the track moves only for notes behind it.
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
        let end_of_track = old.pop_if(|event| event.message == Message::EndOfTrack);
        // The place of an event at its tick: added note-offs, what was there, added note-ons.
        let mut placed: Vec<(u64, u8, Event)> = old
            .into_iter()
            .zip(keep)
            .filter(|(_, keep)| *keep)
            .map(|(event, _)| (event.tick, 1, event))
            .collect();
        for note in notes {
            let on = self.note_event(note, note.start, 0x90, note.velocity.clamp(1, 127));
            placed.push((note.start, 2, on));
            let end = note.end.max(note.start + 1);
            let off = self.note_event(note, end, 0x80, note.off_velocity.min(127));
            placed.push((end, 0, off));
        }
        placed.sort_by_key(|(tick, place, _)| (*tick, *place));
        self.events = placed.into_iter().map(|(_, _, event)| event).collect();
        if let Some(mut last) = end_of_track {
            last.tick = last.tick.max(self.end_tick());
            self.events.push(last);
        }
    }

    fn note_event(&mut self, note: &NewNote, tick: u64, status: u8, velocity: u8) -> Event {
        let (channel, key) = (note.channel & 15, note.key & 127);
        let start = self.store.len();
        self.store
            .extend_from_slice(&[status | channel, key, velocity]);
        Event {
            tick,
            message: if status == 0x90 {
                Message::NoteOn {
                    channel,
                    key,
                    velocity,
                }
            } else {
                Message::NoteOff {
                    channel,
                    key,
                    velocity,
                }
            },
            status: status | channel,
            bytes: start..start + 3,
        }
    }

    /// Appends the track's chunk to `out`.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"MTrk\0\0\0\0");
        let start = out.len();
        if self.edited || self.damaged {
            self.write_events(out);
        } else {
            out.extend_from_slice(&self.store[..self.read]);
        }
        let length = (out.len() - start) as u32;
        out[start - 4..start].copy_from_slice(&length.to_be_bytes());
    }

    fn write_events(&self, out: &mut Vec<u8>) {
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
            if event.status == 0 {
                out.extend_from_slice(bytes);
            } else {
                if event.status != running {
                    out.push(event.status);
                }
                out.extend_from_slice(&bytes[bytes.len() - data_bytes(event.status)..]);
            }
            running = event.status;
        }
        out.extend_from_slice(&self.store[self.tail.clone()]);
    }
}

const EMPTY_TEXT: [u8; 3] = [0xff, 0x01, 0];
const END_OF_TRACK: [u8; 3] = [0xff, 0x2f, 0];
