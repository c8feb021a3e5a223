//! Notes that edits bring: those that are added, and those that sound in a source note's place.
//!
//! The fate of a source note is decided once, where it or what replaces it begins, by the knob
//! of that moment; so no note is half there, whatever the knob does afterwards. When a note of
//! the grid sounds, with the swing of what is around it, is in `grid.rs` (`swung_beats_into`).

use super::notes::{Fate, SOUNDS, Source, Stage};
use super::play::{Hand, off, send};
use super::{Body, Emission, Note, Performer};
use crate::roll::edits::{Change, Edit};
use crate::roll::{STEPS_PER_SLOT, key_of_row};

/// How many of the nearest source notes give an added note its velocity.
const NEAREST: usize = 3;
/// The weakest velocity of an added note: MIDI's.
const WEAKEST: f32 = 1.0 / 127.0;

/// A note that an edit brings.
#[derive(Clone, Copy, Debug)]
pub(super) struct Added {
    pub(super) note: Note,
    /// Its first step and the one at which it ends, counted over all slots.
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) stream: u32,
    /// Its note-on has left and its note-off has not.
    pub(super) sounding: bool,
    /// True if no source note stands behind it.
    pub(super) is_new: bool,
    /// The id of the source note that stands behind it, or is nearest.
    pub(super) near: Option<i32>,
}

impl Added {
    /// True if it sounds on the channel and key of `note`.
    pub(super) fn is_of(&self, note: &Note) -> bool {
        self.sounding && (self.note.channel, self.note.key) == (note.channel, note.key)
    }
}

/// Decisions on the source notes of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Keep,
    Remove,
    /// A note from the first to the second step sounds in their place.
    Replace(i64, i64),
}

/// How much stronger or weaker an added note is for its place in the bar slot.
const fn accent(step: usize) -> f32 {
    match step % STEPS_PER_SLOT {
        0 => 1.05,
        4 | 8 | 12 => 1.0,
        step if step.is_multiple_of(2) => 0.93,
        _ => 0.88,
    }
}

impl Performer {
    /// Decision on the source notes that begin in a cell, under the settings `hand`.
    pub(super) fn verdict(&self, step: i64, row: usize, hand: &Hand) -> Verdict {
        let Some((page, local)) = self.grid.edits_of(step, hand.direction) else {
            return Verdict::Keep;
        };
        let taking = page.edits(hand.direction).taking(local, row);
        match taking.filter(|edit| page.applies(**edit, hand)) {
            Some(edit) => self.taken(step, local, *edit),
            None => Verdict::Keep,
        }
    }

    /// Decision of an edit on the note that it takes, which begins at `step`, step `local` of the
    /// edit's phrase.
    fn taken(&self, step: i64, local: usize, edit: Edit) -> Verdict {
        let Change::Replace {
            start: first,
            length,
        } = edit.change
        else {
            return Verdict::Remove;
        };
        // Both lie in one slot, and a short slot has not all steps.
        let start = step + i64::from(first) - local as i64;
        if self.grid.slot_of(start).map(|slot| slot.serial)
            != self.grid.slot_of(step).map(|slot| slot.serial)
        {
            return Verdict::Remove;
        }
        let first = usize::from(first);
        let end = self.grid.step_after(start, first, usize::from(length));
        Verdict::Replace(start, end)
    }

    /// Decides what becomes of the source notes that begin in a cell and have not begun.
    pub(super) fn decide(
        &mut self,
        step: i64,
        row: usize,
        verdict: Verdict,
        tick: i64,
        emit: &mut impl FnMut(Emission) -> bool,
    ) {
        // One note takes the place of all that share the cell.
        let mut replacement = None;
        let mut fate = if verdict == Verdict::Keep {
            Fate::Kept
        } else {
            Fate::Gone
        };
        let open = |source: &Source| {
            source.stage == Stage::Waiting
                && source.fate == Fate::Undecided
                && source.begins_in(step, row)
        };
        for place in 0..self.notes.len() {
            if self.notes.starts()[place] != step || !open(&self.notes[place]) {
                continue;
            }
            let source = self.notes[place];
            if let (Verdict::Replace(start, end), None) = (verdict, replacement) {
                if self.added.len() == self.added.capacity() {
                    fate = Fate::Kept;
                }
                replacement = Some(Added {
                    note: source.note,
                    start,
                    end,
                    stream: source.stream,
                    sounding: false,
                    is_new: false,
                    near: source.note.id,
                });
            }
            self.notes.change(place, |source| source.fate = fate);
        }
        if let Some(added) = replacement.filter(|_| fate == Fate::Gone) {
            self.added.push(added);
            if self.grid.is_past(added.start) {
                self.begin_added(self.added.len() - 1, tick, emit);
            }
        }
    }

    /// A step begins: what is decided and what begins there.
    pub(super) fn begin_edits(
        &mut self,
        step: i64,
        stream: u32,
        tick: i64,
        hand: &Hand,
        emit: &mut impl FnMut(Emission) -> bool,
    ) {
        let number = match self.grid.edits_of(step, hand.direction) {
            Some((page, local)) => page.edits(hand.direction).decided_at(local).len(),
            None => 0,
        };
        for index in 0..number {
            let Some((page, local)) = self.grid.edits_of(step, hand.direction) else {
                break;
            };
            let edit = page.edits(hand.direction).decided_at(local)[index];
            let applies = page.applies(edit, hand);
            match edit.change {
                Change::Replace { .. } => {
                    let source = step + i64::from(edit.start) - local as i64;
                    let verdict = if applies {
                        self.taken(source, usize::from(edit.start), edit)
                    } else {
                        Verdict::Keep
                    };
                    self.decide(source, usize::from(edit.row), verdict, tick, emit);
                }
                Change::Add { length } if applies => {
                    let end = self.grid.step_after(step, local, usize::from(length));
                    self.add((step, end), usize::from(edit.row), local, stream);
                }
                // A note that is removed is asked about at its own onset.
                Change::Add { .. } | Change::Remove => {}
            }
        }
        let begins =
            |added: &Added| !added.sounding && added.stream == stream && added.start <= step;
        while let Some(place) = self.added.iter().position(begins) {
            self.begin_added(place, tick, emit);
        }
    }

    /// A note of `row` is to sound from the first to the second step.
    fn add(&mut self, steps: (i64, i64), row: usize, local: usize, stream: u32) {
        if self.added.len() == self.added.capacity() {
            return;
        }
        let (near, velocity) = self.nearest(steps.0, row);
        let note = Note {
            channel: near.channel,
            key: key_of_row(row),
            id: None,
            velocity: (velocity * accent(local)).clamp(WEAKEST, 1.0),
        };
        self.added.push(Added {
            note,
            start: steps.0,
            end: steps.1,
            stream,
            sounding: false,
            is_new: true,
            near: near.id,
        });
    }

    /// Strikes a note that waits, and ends what sounds of its channel and key. One that may not
    /// leave is forgotten.
    fn begin_added(&mut self, place: usize, tick: i64, emit: &mut impl FnMut(Emission) -> bool) {
        let added = self.added.remove(place);
        let note = added.note;
        for place in 0..self.notes.len() {
            let same_key = |of: Note| (of.channel, of.key) == (note.channel, note.key);
            if self.notes.is(place, SOUNDS) && same_key(self.notes[place].note) {
                self.silence(place, tick, 0.0, emit);
            }
        }
        self.end_added(tick, emit, |other| other.is_of(&note));
        let sounding = emit(Emission {
            tick,
            body: Body::On(note),
            added_near: added.is_new.then_some(added.near),
        });
        if sounding {
            self.added.push(Added { sounding, ..added });
        }
    }

    /// Ends notes that edits brought, and forgets those that wait.
    pub(super) fn end_added(
        &mut self,
        tick: i64,
        emit: &mut impl FnMut(Emission) -> bool,
        ends: impl Fn(&Added) -> bool,
    ) {
        self.added.retain(|added| {
            let ends = ends(added);
            if ends && added.sounding {
                send(emit, tick, Body::Off(off(added.note, 0.0)));
            }
            !ends
        });
    }

    /// The source note nearest to a cell, and the mean velocity of the nearest few.
    fn nearest(&self, step: i64, row: usize) -> (Note, f32) {
        let mut nearest = [(i64::MAX, self.last); NEAREST];
        let mut found = 0;
        for source in self.notes.iter().filter(|note| !self.is_gone(note)) {
            let Some(distance) = source.distance(step, row) else {
                continue;
            };
            let place = nearest.iter().position(|(least, _)| distance < *least);
            if let Some(place) = place {
                nearest[place..].rotate_right(1);
                nearest[place] = (distance, source.note);
                found = (found + 1).min(NEAREST);
            }
        }
        let used = &nearest[..found.max(1)];
        let sum: f32 = used.iter().map(|(_, note)| note.velocity).sum();
        (nearest[0].1, sum / used.len() as f32)
    }
}
