//! Listening: compares what enters with what is remembered of the bar, and writes what differs.
//!
//! A note belongs to the slot of the step nearest to its onset, so a slot is listened to from half
//! a step before it to half a step before its end. Of what was listened to in one go, notes that
//! are remembered and did not come are taken out, notes that came and are not remembered are put
//! in; what was not listened to stays.

use crate::memory::{Memory, Place, Remembered, TICKS, ticks};
use crate::rt::Note;
use crate::rt::mode::HALF_STEP;

/// Times (beats) that differ by less are the same.
const NOISE: f64 = 1e-6;
/// A note is heard again as it is remembered if its times (beats) differ by less.
const UNCHANGED: f64 = 2e-3;
/// Notes that can be held or not yet written at once.
const ROOM: usize = 256;

/// A note that entered in this pass.
#[derive(Clone, Copy, Debug)]
struct Heard {
    note: Note,
    /// Where it is remembered.
    phrase: usize,
    index: usize,
    /// The song's beats.
    slot_start: f64,
    /// The song's beats.
    onset: f64,
    /// The song's beats; infinite while the key is down.
    release: f64,
    /// The song's beats; infinite while key or pedal is down.
    ring: f64,
    release_velocity: f32,
    /// The remembered note, once there is one.
    entry: Option<u32>,
    /// Whether it was remembered before: then the performer plays that one in its place.
    expected: bool,
    /// Whether it was that, and is as it was so far.
    same: bool,
    written: bool,
}

const NOTHING: Heard = Heard {
    note: Note {
        channel: 0,
        key: 0,
        id: None,
        velocity: 0.0,
    },
    phrase: 0,
    index: 0,
    slot_start: 0.0,
    onset: 0.0,
    release: 0.0,
    ring: 0.0,
    release_velocity: 0.0,
    entry: None,
    expected: false,
    same: false,
    written: true,
};

/// Listens to one pass over a stretch of the song.
#[derive(Debug)]
pub(super) struct Learner {
    /// In the order in which they entered.
    heard: [Heard; ROOM],
    count: usize,
    /// Tells the notes of this pass from those of the passes before.
    pass: u32,
    /// Where the pass began, in the song's beats.
    begin: f64,
    /// The slot that is listened to, and its phrase where the memory has room for it.
    place: Option<(Place, usize)>,
    /// Since when this slot is listened to, and what of it is written, in the song's beats.
    since: f64,
    written: f64,
    /// Nothing is listened to: what is remembered stays as it is.
    deaf: bool,
    /// The channels whose sustain pedal is down, one bit each.
    pedals: u16,
}

impl Learner {
    #[expect(
        clippy::large_stack_arrays,
        reason = "made once, when an instance is activated"
    )]
    pub(super) const fn new() -> Self {
        Self {
            heard: [NOTHING; ROOM],
            count: 0,
            pass: 0,
            begin: 0.0,
            place: None,
            since: 0.0,
            written: 0.0,
            deaf: false,
            pedals: 0,
        }
    }

    /// From now on nothing is listened to.
    pub(super) const fn stop_learning(&mut self) {
        self.deaf = true;
    }

    /// The phrase that is listened to.
    pub(super) fn phrase(&self) -> Option<usize> {
        self.place.map(|(_, phrase)| phrase)
    }

    /// A pass begins at `position`. Nothing of an older one counts.
    pub(super) fn begin(&mut self, position: f64) {
        self.count = 0;
        self.pass = self.pass.wrapping_add(1).max(1);
        self.begin = position;
        self.place = None;
        self.pedals = 0;
    }

    /// From `since` on `place` is listened to. Notes that are not written yet belong to it.
    pub(super) fn aim(&mut self, place: &Place, since: f64, memory: &mut Memory) {
        self.place = if self.deaf {
            None
        } else {
            memory.enter(place.key).map(|phrase| (*place, phrase))
        };
        self.since = since;
        self.written = since;
        let Some((_, phrase)) = self.place else {
            return;
        };
        for heard in self
            .heard
            .iter_mut()
            .take(self.count)
            .filter(|h| !h.written)
        {
            heard.phrase = phrase;
            heard.index = place.index;
            heard.slot_start = place.start;
        }
    }

    /// A pitched note enters. True: it is remembered here, so the performer plays it.
    pub(super) fn note_on(&mut self, position: f64, note: Note, memory: &mut Memory) -> bool {
        let Some((place, phrase)) = self.place else {
            return false;
        };
        let Some(free) = self.heard.get_mut(self.count) else {
            return false;
        };
        self.count += 1;
        let distance =
            |remembered: &Remembered| (place.start + remembered.onset() - position).abs();
        let expected = memory
            .list(phrase, place.index)
            .filter(|(_, remembered, pass)| {
                *pass != self.pass
                    && (remembered.channel, remembered.key) == (note.channel, note.key)
                    && place.start + remembered.onset() >= self.begin - NOISE
                    && distance(remembered) <= HALF_STEP
            })
            .min_by(|a, b| distance(a.1).total_cmp(&distance(b.1)))
            .map(|(entry, ..)| entry);
        if let Some(entry) = expected {
            memory.notes.heard(entry, self.pass);
        }
        *free = Heard {
            note,
            phrase,
            index: place.index,
            slot_start: place.start,
            onset: position,
            release: f64::INFINITY,
            ring: f64::INFINITY,
            release_velocity: 0.0,
            entry: expected,
            expected: expected.is_some(),
            same: expected.is_some(),
            written: false,
        };
        expected.is_some()
    }

    /// A note-off enters. Whether its note is played by the performer; `None` if it is unknown.
    pub(super) fn note_off(
        &mut self,
        position: f64,
        off: Note,
        memory: &mut Memory,
    ) -> Option<bool> {
        let held =
            |heard: &&mut Heard| heard.release == f64::INFINITY && heard.note.is_ended_by(&off);
        let heard = self.heard.iter_mut().take(self.count).find(held)?;
        heard.release = position;
        heard.release_velocity = off.velocity;
        if self.pedals >> (heard.note.channel & 15) & 1 == 0 {
            heard.ring = position;
        }
        heard.rewrite((position, position), memory);
        Some(heard.expected)
    }

    /// The sustain pedal of a channel moves.
    pub(super) fn pedal(&mut self, position: f64, channel: u8, down: bool, memory: &mut Memory) {
        let bit = 1 << (channel & 15);
        if down {
            self.pedals |= bit;
            return;
        }
        self.pedals &= !bit;
        for heard in self.heard.iter_mut().take(self.count) {
            let own = heard.note.channel & 15 == channel & 15;
            if own && heard.release < f64::INFINITY && heard.ring == f64::INFINITY {
                heard.ring = position;
                heard.rewrite((position, position), memory);
            }
        }
    }

    /// Writes what was heard up to `until`. A new note that is still held is taken to sound to
    /// `end`, one that is remembered as long as before or to `until`.
    pub(super) fn write(&mut self, until: f64, end: f64, memory: &mut Memory) {
        if let Some((place, phrase)) = self.place
            && until > self.written
        {
            let (pass, begin, from) = (self.pass, self.begin, self.written.max(self.begin));
            memory.retain(phrase, place.index, |note, heard_in| {
                let at = place.start + note.onset();
                heard_in == pass || at < from - NOISE || at >= until - NOISE || at < begin - NOISE
            });
            memory.know(
                phrase,
                place.index,
                steps_between(&place, self.since, until),
            );
            self.written = until;
        }
        let mut kept = 0;
        for place in 0..self.count {
            let Some(heard) = self.heard.get_mut(place) else {
                break;
            };
            if heard.written {
                heard.rewrite((until, end), memory);
            } else {
                heard.write((until, end), self.pass, memory);
            }
            if heard.ring == f64::INFINITY {
                self.heard.copy_within(place..=place, kept);
                kept += 1;
            }
        }
        self.count = kept;
    }

    /// The pass ends at `position`: what is held ends there.
    pub(super) fn finish(&mut self, position: f64, memory: &mut Memory) {
        self.write(position, position, memory);
        self.count = 0;
        self.place = None;
    }
}

impl Heard {
    /// As it is to be remembered, where `so_far` says how long it lasts if it is still held: where
    /// it was remembered `before`, and where not.
    fn remembered(&self, before: Option<&Remembered>, so_far: (f64, f64)) -> Remembered {
        let lasting = |until: f64, before: Option<u32>| match before.filter(|_| self.expected) {
            _ if until < f64::INFINITY => ticks(until - self.onset),
            Some(before) => before.max(ticks(so_far.0 - self.onset)),
            None => ticks(so_far.1 - self.onset),
        };
        let length = lasting(self.release, before.map(|note| note.length));
        let ring = lasting(self.ring, before.map(|note| note.ring));
        Remembered {
            onset: ((self.onset - self.slot_start) * TICKS).round() as i32,
            length,
            ring: ring.max(length),
            velocity: self.note.velocity.clamp(0.0, 1.0),
            release_velocity: self.release_velocity.clamp(0.0, 1.0),
            channel: self.note.channel,
            key: self.note.key,
        }
    }

    /// Writes it for the first time.
    fn write(&mut self, so_far: (f64, f64), pass: u32, memory: &mut Memory) {
        self.written = true;
        if self.entry.is_some() {
            self.rewrite(so_far, memory);
        } else {
            let note = self.remembered(None, so_far);
            self.entry = memory.add(self.phrase, self.index, note, pass);
        }
    }

    /// Writes what has changed of it since it was written.
    fn rewrite(&mut self, so_far: (f64, f64), memory: &mut Memory) {
        let Some(entry) = self.entry.filter(|_| self.written) else {
            return;
        };
        let Some(before) = memory.notes.at(entry) else {
            return;
        };
        let now = self.remembered(Some(before), so_far);
        self.same &= unchanged(before, &now);
        if !self.same && *before != now {
            *before = now;
            memory.touch(self.phrase, self.index);
        }
    }
}

/// Whether a note is heard as it is remembered. Velocities of a clip come back exactly; a
/// note-off's may be missing where the note still sounds.
fn unchanged(before: &Remembered, now: &Remembered) -> bool {
    let near = |a: i64, b: i64| (a - b).unsigned_abs() < (UNCHANGED * TICKS) as u64;
    near(i64::from(before.onset), i64::from(now.onset))
        && near(i64::from(before.length), i64::from(now.length))
        && near(i64::from(before.ring), i64::from(now.ring))
        && before.velocity == now.velocity
}

/// The steps of a slot that are heard by listening from `since` to `until`, one bit each: those
/// of which the second half was, where their place on the grid is.
fn steps_between(place: &Place, since: f64, until: f64) -> u16 {
    (0..place.steps()).fold(0, |steps, step| {
        let at = place.start + step as f64 * 2.0 * HALF_STEP;
        let end = (at + HALF_STEP).min(place.end);
        let heard = since <= at + NOISE && end <= until + NOISE;
        steps | u16::from(heard) << step
    })
}
