//! A track's events, read as players read them.
//!
//! Running status goes on after meta events and system exclusive messages. A data byte above 127
//! counts as 127. System messages that belong on a wire and not into a file are read past. Of
//! each of these the first place is kept as an [`Oddity`].

use std::ops::Range;

use super::message::{SmfMessage, data_bytes, exclusive, message, meta};

/// One event of a track.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Ticks from the start of the track.
    pub tick: u64,
    /// Its meaning.
    pub message: SmfMessage,
    /// Status and data bytes of a channel message, data bytes 127 at most and those that it has
    /// not 0; status 0 otherwise.
    pub(super) short: [u8; 3],
    /// Where among the track's bytes it is, without delta time; a channel message may lack its
    /// status.
    pub(super) bytes: Range<usize>,
}

impl Event {
    /// Status and data bytes of a channel message (the second data byte is 0 where it has one);
    /// `None` for other events.
    pub const fn channel_message(&self) -> Option<[u8; 3]> {
        match self.short[0] {
            0 => None,
            _ => Some(self.short),
        }
    }
}

/// The events in a track's bytes.
pub(super) struct Reading {
    /// The events, the end of the track as the last where it was found.
    pub(super) events: Vec<Event>,
    /// How far the events go.
    pub(super) end: usize,
    /// Why they go no farther.
    pub(super) stop: Stop,
    /// The first place of each kind of oddity.
    pub(super) oddities: Vec<(usize, Oddity)>,
}

/// Why no more events were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The end-of-track event.
    End,
    /// The bytes end behind an event.
    Over,
    /// The bytes end inside an event.
    Cut,
    /// The next track begins inside what would be an event.
    Track,
    /// The bytes are no event, for this reason.
    Nonsense(&'static str),
}

/// Flaws of a track, past which it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Oddity {
    /// A data byte above 127.
    Data(u8),
    /// A system message of the wire.
    Status(u8),
}

/// Reads events up to the end of the track, or as far as they can be read, and no farther than to
/// what `is_head` takes for the head of another track. In what a text or the like holds there is
/// no head.
pub(super) fn read(data: &[u8], is_head: impl Fn(&[u8]) -> bool) -> Reading {
    let holds_head = |mut bytes: Range<usize>| bytes.any(|at| is_head(&data[at..]));
    let mut reading = Reading {
        events: Vec::with_capacity((data.len() / 3).min(MOST_AT_ONCE)),
        end: 0,
        stop: Stop::Over,
        oddities: Vec::new(),
    };
    let mut bytes = Bytes { data, at: 0 };
    let (mut tick, mut running) = (0, 0);
    while bytes.at < data.len() {
        match event(&mut bytes, &mut running, &mut reading.oddities) {
            Ok((delta, mut event)) => {
                let holds = matches!(data[event.bytes.start], 0xf0 | 0xf7 | 0xff);
                let end = if holds { event.bytes.start } else { bytes.at };
                if holds_head(reading.end..end) {
                    reading.stop = Stop::Track;
                    break;
                }
                tick += u64::from(delta);
                event.tick = tick;
                reading.end = bytes.at;
                let over = event.message == SmfMessage::EndOfTrack;
                reading.events.push(event);
                if over {
                    reading.stop = Stop::End;
                    return reading;
                }
            }
            Err(stop) => {
                let head = holds_head(reading.end..bytes.at);
                reading.stop = if head { Stop::Track } else { stop };
                break;
            }
        }
    }
    reading
}

/// Largest number of events that memory is reserved for at once.
const MOST_AT_ONCE: usize = 1 << 12;
/// The end-of-track event, without delta time.
pub(super) const END_OF_TRACK: [u8; 3] = [0xff, 0x2f, 0];

/// One event with its delta time; its tick is still to come.
fn event(
    bytes: &mut Bytes,
    running: &mut u8,
    oddities: &mut Vec<(usize, Oddity)>,
) -> Result<(u32, Event), Stop> {
    let delta = bytes.number("a delta time of more than four bytes")?;
    let start = bytes.at;
    let first = bytes.byte()?;
    let mut short = [0; 3];
    let message = match first {
        0xff => {
            let kind = bytes.byte()?;
            meta(kind, bytes.payload()?)
        }
        0xf0 | 0xf7 => exclusive(first, bytes.payload()?),
        0xf1..=0xfe => {
            note(oddities, start, Oddity::Status(first));
            let data = match first {
                0xf1 | 0xf3 => 1,
                0xf2 => 2,
                _ => 0,
            };
            bytes.take(data)?;
            SmfMessage::Other
        }
        0x80..=0xef => {
            *running = first;
            short = channel_message(bytes, first, oddities)?;
            message(short)
        }
        _ if *running == 0 => {
            return Err(Stop::Nonsense("a data byte with no status byte before it"));
        }
        _ => {
            bytes.at = start;
            short = channel_message(bytes, *running, oddities)?;
            message(short)
        }
    };
    let event = Event {
        tick: 0,
        message,
        short,
        bytes: start..bytes.at,
    };
    Ok((delta, event))
}

fn channel_message(
    bytes: &mut Bytes,
    status: u8,
    oddities: &mut Vec<(usize, Oddity)>,
) -> Result<[u8; 3], Stop> {
    let at = bytes.at;
    let data = bytes.take(data_bytes(status))?;
    let mut short = [status, 0, 0];
    for (place, byte) in data.iter().enumerate() {
        if *byte > 127 {
            note(oddities, at + place, Oddity::Data(*byte));
        }
        short[place + 1] = (*byte).min(127);
    }
    Ok(short)
}

/// Keeps the first of each kind.
fn note(oddities: &mut Vec<(usize, Oddity)>, at: usize, oddity: Oddity) {
    let kind = std::mem::discriminant(&oddity);
    if oddities
        .iter()
        .all(|(_, known)| std::mem::discriminant(known) != kind)
    {
        oddities.push((at, oddity));
    }
}

/// Bytes that are read from the front.
struct Bytes<'a> {
    data: &'a [u8],
    at: usize,
}

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Stop> {
        let end = self.at.checked_add(count).ok_or(Stop::Cut)?;
        let taken = self.data.get(self.at..end).ok_or(Stop::Cut)?;
        self.at = end;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, Stop> {
        self.take(1).map(|byte| byte[0])
    }

    /// A number of variable length, which may have up to four bytes.
    fn number(&mut self, too_long: &'static str) -> Result<u32, Stop> {
        let mut number = 0;
        for _ in 0..4 {
            let byte = self.byte()?;
            number = number << 7 | u32::from(byte & 0x7f);
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Stop::Nonsense(too_long))
    }

    /// Data with its length before it.
    fn payload(&mut self) -> Result<&'a [u8], Stop> {
        let length = self.number("a length of more than four bytes")?;
        self.take(length as usize)
    }
}
