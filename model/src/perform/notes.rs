//! Source notes and how far each has come on the output timeline.

use super::Note;

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
