//! Source notes and how far each has come on the output timeline.

use std::ops::Index;

use super::{NOISE, NOTES, Note, SAME_TIME};

/// No end of a note is pulled farther than this (beats).
pub(super) const FARTHEST_PULL: f64 = 1.0;

/// How far a source note has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Its onset is still to come.
    Waiting,
    /// Its onset has passed, its release not; it may not sound, because of an edit.
    Open,
    /// It has ended. Kept for a bar, because added notes take their velocity from it.
    Done,
}

/// Decision of the edits on a source note, made once, for the whole note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Neither it nor what may take its place has begun.
    Undecided,
    /// It sounds as played.
    Kept,
    /// It is not struck; another note may sound in its place.
    Gone,
}

/// One source note.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source {
    pub(super) note: Note,
    /// Its row in the roll; `None` for what passes untouched.
    pub(super) row: Option<usize>,
    /// Input timeline, beats.
    pub(super) onset: f64,
    /// Input timeline, beats; infinite while held.
    pub(super) release: f64,
    pub(super) release_velocity: f32,
    /// First step that it covers, counted over all slots.
    pub(super) start: i64,
    /// First step that it no longer covers; `MAX` while held.
    pub(super) end: i64,
    /// First step at which it is over for the network: like `end`, but a note that the sustain
    /// pedal holds rings on until the pedal is up. `MAX` while held by key or pedal.
    pub(super) rings: i64,
    /// From the input to the output timeline, beats.
    pub(super) delay: f64,
    /// The stream of slots whose edits it follows.
    pub(super) stream: u32,
    pub(super) sequence: u64,
    pub(super) release_sequence: u64,
    pub(super) stage: Stage,
    pub(super) fate: Fate,
    /// Another note of its channel and key begins in the same step: neither is pulled to the grid,
    /// where they would be one.
    pub(super) crowded: bool,
    /// A note-on has left and its note-off has not.
    pub(super) sounding: bool,
    /// Ended because the song jumped, not by a note-off.
    pub(super) cut_by_jump: bool,
}

impl Source {
    /// True if its note-off has not entered yet.
    pub(super) fn held(&self) -> bool {
        self.release == f64::INFINITY
    }

    /// Its row as a bit of a step; 0 for what passes untouched.
    pub(super) fn bit(&self) -> u128 {
        self.row.map_or(0, |row| 1 << row)
    }

    /// True if it sounds still, though as played it had ended when `next`, of its channel and key,
    /// began.
    pub(super) fn is_over_before(&self, next: &Self) -> bool {
        let same = (self.note.channel, self.note.key) == (next.note.channel, next.note.key);
        self.sounding && same && self.release <= next.onset
    }

    /// Ends it: at `at`, that is before step `end`, but it covers one step at least.
    pub(super) fn end_at(&mut self, at: f64, end: i64, sequence: u64, velocity: f32) {
        self.release = at;
        self.end = end.max(self.start + 1);
        self.rings = self.end;
        self.release_sequence = sequence;
        self.release_velocity = velocity;
    }

    /// True if it begins in this cell.
    pub(super) fn begins_in(&self, step: i64, row: usize) -> bool {
        self.row == Some(row) && self.start == step
    }

    /// How far it is from a cell: steps between them plus semitones between them.
    pub(super) fn distance(&self, step: i64, row: usize) -> Option<i64> {
        let last = self.end.saturating_sub(1);
        let steps = (self.start - step).max(step.saturating_sub(last)).max(0);
        Some(steps + (self.row? as i64 - row as i64).abs())
    }
}

/// A mark of a note: a note-off may still find it.
pub(super) const ENDS: u8 = 1;
/// A mark of a note: it sounds.
pub(super) const SOUNDS: u8 = 2;
/// A mark of a note: it has ended.
pub(super) const OVER: u8 = 4;

/// The source notes that are remembered, in the order in which they came. What is looked for among
/// all of them has a list of its own, so that a search reads a small part of their memory.
#[derive(Debug)]
pub(super) struct Notes {
    all: Vec<Source>,
    /// A beat of the output timeline before which nothing happens to a note; infinite if nothing
    /// more does.
    due: Vec<f64>,
    /// As [`Source::start`].
    start: Vec<i64>,
    /// As [`Source::rings`].
    rings: Vec<i64>,
    marks: Vec<u8>,
}

impl Notes {
    /// No notes. Allocates room for all.
    pub(super) fn new() -> Self {
        Self {
            all: Vec::with_capacity(NOTES),
            due: Vec::with_capacity(NOTES),
            start: Vec::with_capacity(NOTES),
            rings: Vec::with_capacity(NOTES),
            marks: Vec::with_capacity(NOTES),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn is_full(&self) -> bool {
        self.all.len() == NOTES
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, Source> {
        self.all.iter()
    }

    pub(super) fn due(&self) -> &[f64] {
        &self.due
    }

    pub(super) fn starts(&self) -> &[i64] {
        &self.start
    }

    pub(super) fn rings(&self) -> &[i64] {
        &self.rings
    }

    /// True if a note has one of these marks.
    pub(super) fn is(&self, place: usize, marks: u8) -> bool {
        self.marks[place] & marks != 0
    }

    /// The places of the notes that have one of these marks.
    pub(super) fn marked(&self, marks: u8) -> impl Iterator<Item = usize> + '_ {
        let all = self.marks.iter().enumerate();
        all.filter_map(move |(place, of)| (of & marks != 0).then_some(place))
    }

    /// Appends a note; there must be room.
    pub(super) fn push(&mut self, note: Source) {
        self.due.push(note.due());
        self.start.push(note.start);
        self.rings.push(note.rings);
        self.marks.push(note.marks());
        self.all.push(note);
    }

    /// Changes a note.
    pub(super) fn change<R>(&mut self, place: usize, change: impl FnOnce(&mut Source) -> R) -> R {
        let note = &mut self.all[place];
        let result = change(note);
        self.due[place] = note.due();
        self.rings[place] = note.rings;
        self.marks[place] = note.marks();
        result
    }

    pub(super) fn remove(&mut self, place: usize) {
        self.all.remove(place);
        self.due.remove(place);
        self.start.remove(place);
        self.rings.remove(place);
        self.marks.remove(place);
    }

    /// Removes the notes that have ended and for which `goes` is true.
    pub(super) fn remove_over(&mut self, goes: impl Fn(&Source) -> bool) {
        let mut kept = 0;
        for place in 0..self.all.len() {
            if self.is(place, OVER) && goes(&self.all[place]) {
                continue;
            }
            if kept < place {
                self.all[kept] = self.all[place];
                self.due[kept] = self.due[place];
                self.start[kept] = self.start[place];
                self.rings[kept] = self.rings[place];
                self.marks[kept] = self.marks[place];
            }
            kept += 1;
        }
        self.truncate(kept);
    }

    pub(super) fn clear(&mut self) {
        self.truncate(0);
    }

    fn truncate(&mut self, length: usize) {
        self.all.truncate(length);
        self.due.truncate(length);
        self.start.truncate(length);
        self.rings.truncate(length);
        self.marks.truncate(length);
    }
}

impl Index<usize> for Notes {
    type Output = Source;

    fn index(&self, place: usize) -> &Source {
        &self.all[place]
    }
}

impl Source {
    /// A beat of the output timeline before which nothing happens to it, however far its ends are
    /// pulled; infinite if nothing more does.
    fn due(&self) -> f64 {
        match self.stage {
            Stage::Waiting => self.onset + self.delay - FARTHEST_PULL,
            Stage::Open if !self.held() => self.release + self.delay - FARTHEST_PULL,
            Stage::Open | Stage::Done => f64::INFINITY,
        }
    }

    fn marks(&self) -> u8 {
        let mark = |is: bool, mark: u8| if is { mark } else { 0 };
        mark(self.held() || self.cut_by_jump, ENDS)
            | mark(self.sounding, SOUNDS)
            | mark(self.stage == Stage::Done, OVER)
    }

    /// True if the note-off `off` that comes at `at` ends it, or belongs to it though a jump ended
    /// it.
    pub(super) fn is_ended(&self, off: &Note, at: f64) -> bool {
        let cut = || self.cut_by_jump && at - self.release < SAME_TIME;
        self.note.is_ended_by(off) && (self.held() || cut())
    }

    /// True if it is held and began before `at`.
    pub(super) fn is_held_from_before(&self, at: f64) -> bool {
        self.held() && self.onset < at - NOISE
    }
}

impl Note {
    /// A note of this channel, key, id and velocity.
    pub const fn new(channel: u8, key: u8, id: Option<i32>, velocity: f32) -> Self {
        Self {
            channel,
            key,
            id,
            velocity,
        }
    }

    /// True if the note-off `off` ends this note: by id where both have one, else by channel and
    /// key.
    pub fn is_ended_by(&self, off: &Self) -> bool {
        match (self.id, off.id) {
            (Some(mine), Some(theirs)) => mine == theirs,
            _ => self.channel == off.channel && self.key == off.key,
        }
    }
}
