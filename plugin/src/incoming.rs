//! Incoming notes for the editor, which shows them before they sound. Written by the audio thread,
//! read by the editor, atomics only.
//!
//! `Ear` sits between the host's events and the core and counts quarters from the four-bar cycle of
//! the song in which play began; [`Incoming`] is the shared buffer.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::rt::{BlockEvent, Body, Port, Transport};

/// Capacity: the last notes.
const ROOM: usize = 256;
/// Resolution of starts and lengths, in parts of a quarter.
const PARTS: f64 = 96.0;
/// Bits of a start or a length.
const BITS: u32 = 26;
/// Length of a note that is held; also the maximum time.
const HELD: u64 = (1 << BITS) - 1;
/// Tolerance of an expected position in quarters; beyond it the song has jumped.
const JUMP: f64 = 0.05;
/// Bars in a cycle: a multiple of every group length.
const CYCLE: i64 = 4;

/// An incoming note, in quarters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coming {
    /// MIDI key.
    pub key: u8,
    /// Start.
    pub start: f64,
    /// End; now, if the note is held.
    pub end: f64,
}

/// Notes that came in since play began.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HeardNotes {
    /// The last notes, oldest first.
    pub notes: Vec<Coming>,
    /// The present, in quarters from the same origin.
    pub now: f64,
    /// Quarters per bar.
    pub bar: f64,
}

/// The shared buffer. One writer, any number of readers, no lock.
#[derive(Debug)]
pub struct Incoming {
    /// Number of notes since play began.
    count: AtomicU32,
    now: AtomicU32,
    bar: AtomicU32,
    notes: [AtomicU64; ROOM],
}

impl Default for Incoming {
    fn default() -> Self {
        Self {
            count: AtomicU32::new(0),
            now: AtomicU32::new(0),
            bar: AtomicU32::new(4 * PARTS as u32),
            notes: std::array::from_fn(|_| AtomicU64::new(0)),
        }
    }
}

/// Quarters in parts, as stored.
fn parts(quarters: f64) -> u64 {
    ((quarters * PARTS).round().max(0.0) as u64).min(HELD - 1)
}

impl Incoming {
    /// The notes since play began. Editor thread.
    pub fn read(&self) -> HeardNotes {
        let quarters = |parts: u64| parts as f64 / PARTS;
        let now = u64::from(self.now.load(Ordering::Relaxed));
        let count = self.count.load(Ordering::Acquire) as usize;
        let notes = (count.saturating_sub(ROOM)..count).map(|index| {
            let word = self.notes[index % ROOM].load(Ordering::Relaxed);
            let (start, length) = (word >> BITS & HELD, word & HELD);
            let end = if length == HELD {
                now.max(start)
            } else {
                start + length
            };
            Coming {
                key: (word >> (2 * BITS + 4)) as u8,
                start: quarters(start),
                end: quarters(end),
            }
        });
        HeardNotes {
            notes: notes.collect(),
            now: quarters(now),
            bar: quarters(u64::from(self.bar.load(Ordering::Relaxed))),
        }
    }

    fn clear(&self) {
        self.count.store(0, Ordering::Release);
        self.now.store(0, Ordering::Relaxed);
    }

    fn on(&self, channel: u8, key: u8, at: f64) {
        let count = self.count.load(Ordering::Relaxed);
        let voice = u64::from(key) << 4 | u64::from(channel & 0xf);
        let word = voice << (2 * BITS) | parts(at) << BITS | HELD;
        self.notes[count as usize % ROOM].store(word, Ordering::Relaxed);
        // Overflow is out of reach, and harmless: it looks like a new start of play.
        self.count.store(count.wrapping_add(1), Ordering::Release);
    }

    fn off(&self, channel: u8, key: u8, at: f64) {
        let voice = u64::from(key) << 4 | u64::from(channel & 0xf);
        let count = self.count.load(Ordering::Relaxed) as usize;
        for index in (count.saturating_sub(ROOM)..count).rev() {
            let place = &self.notes[index % ROOM];
            let word = place.load(Ordering::Relaxed);
            if word >> (2 * BITS) == voice && word & HELD == HELD {
                let length = parts(at).saturating_sub(word >> BITS & HELD);
                place.store(word & !HELD | length, Ordering::Relaxed);
                return;
            }
        }
    }
}

/// The audio thread's end: counts quarters and records incoming notes.
#[derive(Debug, Default)]
pub(crate) struct Ear {
    /// Quarters since play began, from the start of a cycle.
    now: f64,
    /// Quarters per sample in this block; 0 while the song stands still.
    sample: f64,
    /// Expected position of the next block.
    expected: Option<f64>,
}

impl Ear {
    /// A block of `frames` samples begins. Audio thread.
    pub(crate) fn block(
        &mut self,
        transport: &Transport,
        frames: u32,
        bypass: bool,
        incoming: &Incoming,
    ) {
        if !transport.playing || bypass {
            if self.sample != 0.0 {
                *self = Self::default();
                incoming.clear();
            }
            return;
        }
        let (count, value) = transport.time_signature;
        let bar = (f64::from(count) * 4.0 / f64::from(value.max(1))).max(0.25);
        if self.sample == 0.0 || self.has_jumped(transport) {
            incoming.clear();
            self.now = place(transport, bar);
        }
        let quarters = transport.tempo / 60.0 / transport.sample_rate;
        let is_sane = quarters.is_finite() && quarters > 0.0;
        self.sample = if is_sane { quarters } else { f64::MIN_POSITIVE };
        incoming
            .now
            .store(parts(self.now) as u32, Ordering::Relaxed);
        incoming.bar.store(parts(bar) as u32, Ordering::Relaxed);
        let passes = f64::from(frames) * self.sample;
        self.now += passes;
        self.expected = transport.position.map(|at| at + passes);
    }

    /// True if the song is not at its expected position; a loop's wrap is no jump.
    fn has_jumped(&self, transport: &Transport) -> bool {
        let (Some(expected), Some(position)) = (self.expected, transport.position) else {
            return false;
        };
        let wraps = transport.cycle().is_some_and(|(start, end)| {
            let over = expected - end;
            over > -JUMP && (position - start - over).abs() < 2.0 * JUMP
        });
        (expected - position).abs() > JUMP && !wraps
    }

    /// Wraps `port` so that incoming notes are recorded. After [`Self::block`].
    pub(crate) const fn hear<'a, P: Port>(
        &self,
        port: &'a mut P,
        frames: u32,
        incoming: &'a Incoming,
    ) -> Overheard<'a, P> {
        Overheard {
            port,
            incoming,
            start: self.now - frames as f64 * self.sample,
            sample: self.sample,
        }
    }
}

/// Quarters from the start of the cycle to the position.
fn place(transport: &Transport, bar: f64) -> f64 {
    let Some(position) = transport.position.filter(|at| at.is_finite()) else {
        return 0.0;
    };
    let start = transport.bar_start.filter(|at| at.is_finite());
    let start = start.unwrap_or_else(|| (position / bar).floor() * bar);
    let number = transport.bar_number;
    let number = number.unwrap_or_else(|| (start / bar).round() as i64);
    number.rem_euclid(CYCLE) as f64 * bar + (position - start).clamp(0.0, bar)
}

/// A port that records incoming notes.
pub(crate) struct Overheard<'a, P> {
    port: &'a mut P,
    incoming: &'a Incoming,
    /// Quarters at the block's first sample.
    start: f64,
    /// Quarters per sample; 0 records nothing.
    sample: f64,
}

impl<P: Port> Port for Overheard<'_, P> {
    #[inline]
    fn next(&mut self) -> Option<BlockEvent> {
        let event = self.port.next()?;
        if self.sample != 0.0 {
            let at = self.start + f64::from(event.sample) * self.sample;
            match event.body {
                Body::On(note) => self.incoming.on(note.channel, note.key, at),
                Body::Off(note) => self.incoming.off(note.channel, note.key, at),
                Body::Message(_) => {}
            }
        }
        Some(event)
    }

    fn send(&mut self, event: BlockEvent) -> bool {
        self.port.send(event)
    }
}

#[cfg(test)]
mod tests;
