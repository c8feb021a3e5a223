//! Learning: compares input with the memory of the bar and writes the differences.
//!
//! A note belongs to the slot of the step nearest to its onset, so a slot is listened to from half
//! a step before it to half a step before its end. Within a stretch that was listened to,
//! remembered notes that did not come are removed and new notes are added; the rest of the memory
//! stays.

use crate::memory::{Memory, Place, Remembered, TICKS, ticks};
use crate::rt::Note;
use crate::rt::mode::HALF_STEP;

/// Tolerance of equal times, in beats.
const NOISE: f64 = 1e-6;
/// Tolerance of the times (beats) of a note that is heard again unchanged.
const UNCHANGED: f64 = 2e-3;
/// Capacity: notes that are held or not written yet.
const ROOM: usize = 256;

/// A note of this pass.
#[derive(Clone, Copy, Debug)]
struct Heard {
    note: Note,
    /// The phrase that remembers it.
    phrase: usize,
    index: usize,
    /// Start of its slot, in the song's beats.
    slot_start: f64,
    /// In the song's beats.
    onset: f64,
    /// In the song's beats; infinite while the key is down.
    release: f64,
    /// End, in the song's beats; infinite while key or pedal is down.
    ring: f64,
    release_velocity: f32,
    /// Index of the remembered note, once there is one.
    entry: Option<u32>,
    /// It was remembered before: the performer plays the remembered note in its place.
    expected: bool,
    /// Matches a remembered note and has not deviated yet.
    same: bool,
    written: bool,
}

const NOTHING: Heard = Heard {
    note: Note::new(0, 0, None, 0.0),
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
    /// In order of their onsets.
    heard: [Heard; ROOM],
    count: usize,
    /// Number of this pass.
    pass: u32,
    /// Start of the pass, in the song's beats.
    begin: f64,
    /// The present slot, and its phrase if the memory has room for it.
    place: Option<(Place, usize)>,
    /// Start of listening to this slot, and end of what is written of it, in the song's beats.
    since: f64,
    written: f64,
    /// Learning is off: the memory stays as it is.
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

    /// Learns nothing from now on.
    pub(super) const fn stop_learning(&mut self) {
        self.deaf = true;
    }

    /// The phrase of the present slot.
    pub(super) fn phrase(&self) -> Option<usize> {
        self.place.map(|(_, phrase)| phrase)
    }

    /// Starts a pass at `position` and drops the notes of the last one.
    pub(super) fn begin(&mut self, position: f64) {
        self.count = 0;
        self.pass = self.pass.wrapping_add(1).max(1);
        self.begin = position;
        self.place = None;
        self.pedals = 0;
    }

    /// Listens to `place` from `since` on. Notes that are not written yet will belong to it.
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

    /// A pitched note-on. True if it is remembered here, so that the performer plays it.
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

    /// A note-off. True if its note is played by the performer; `None` if the note is unknown.
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

    /// A channel's sustain pedal.
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

    /// Writes the notes up to `until`. A new note that is still held is written as ending at `end`;
    /// a remembered one keeps its length, or lasts to `until`.
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

    /// Ends the pass at `position`, and with it the held notes.
    pub(super) fn finish(&mut self, position: f64, memory: &mut Memory) {
        self.write(position, position, memory);
        self.count = 0;
        self.place = None;
    }
}

impl Heard {
    /// The note to be remembered. `so_far` has the length of a held note: if it was remembered
    /// `before`, and if not.
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

    /// Writes the note for the first time.
    fn write(&mut self, so_far: (f64, f64), pass: u32, memory: &mut Memory) {
        self.written = true;
        if self.entry.is_some() {
            self.rewrite(so_far, memory);
        } else {
            let note = self.remembered(None, so_far);
            self.entry = memory.add(self.phrase, self.index, note, pass);
        }
    }

    /// Writes the note's changes since it was last written.
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

/// True if a note is heard as it is remembered. A clip repeats its velocities exactly; a note-off's
/// velocity may be missing while the note sounds.
fn unchanged(before: &Remembered, now: &Remembered) -> bool {
    let near = |a: i64, b: i64| (a - b).unsigned_abs() < (UNCHANGED * TICKS) as u64;
    near(i64::from(before.onset), i64::from(now.onset))
        && near(i64::from(before.length), i64::from(now.length))
        && near(i64::from(before.ring), i64::from(now.ring))
        && before.velocity == now.velocity
}

/// The steps of a slot heard between `since` and `until`, one bit each. A step is heard if its
/// second half is, which has its place on the grid.
fn steps_between(place: &Place, since: f64, until: f64) -> u16 {
    (0..place.steps()).fold(0, |steps, step| {
        let at = place.start + step as f64 * 2.0 * HALF_STEP;
        let end = (at + HALF_STEP).min(place.end);
        let heard = since <= at + NOISE && end <= until + NOISE;
        steps | u16::from(heard) << step
    })
}
