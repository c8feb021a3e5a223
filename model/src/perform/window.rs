//! Windows: what the networks are asked about, of the source notes of four slots.
//!
//! A window is drawn as it was at a [`Moment`], at once or a little later, between other work.

use super::Performer;
use super::grid::{Cells, Slot};
use super::notes::{Source, Stage};
use super::play::last_ring;
use crate::roll::heard::Heard;
use crate::roll::swing::Swing;
use crate::roll::{SLOTS, STEPS_PER_SLOT};

/// What had entered, and what was gone, at some time.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Notes that are held sound up to this step, and in their first.
    known: i64,
    /// Where notes that have ended are cut, for they may have ended later.
    ended: i64,
    /// Number of the last source event.
    sequence: u64,
    /// Notes that have ended were gone that were over before this step.
    gone: i64,
}

impl Moment {
    /// The step at which a note that begins at `start` and rings to `rings` was over.
    fn end(&self, start: i64, rings: i64) -> i64 {
        let least = start.saturating_add(1);
        if rings == i64::MAX {
            self.known.max(least)
        } else {
            rings.min(self.ended.max(least))
        }
    }

    /// True if a note was there.
    fn has(&self, note: &Source) -> bool {
        let gone = note.stage == Stage::Done && last_ring(note) <= self.gone;
        note.sequence <= self.sequence && !gone
    }
}

impl Performer {
    /// The present, `now` on the input timeline, for [`Performer::draw`] and [`Performer::swing`]
    /// within a beat. Until then, slots may be opened only.
    pub fn moment(&self, now: f64) -> Moment {
        let known = self.grid.step_at(now);
        Moment {
            known,
            ended: known,
            sequence: self.sequence,
            gone: self.gone,
        }
    }

    /// The phrase of the four slots from slot `first`, as far as it is known: slots that are not
    /// open yet are empty, and notes that are held sound up to `now` (input timeline).
    pub fn window(&self, first: i64, now: f64) -> Heard {
        let mut heard = Heard::default();
        let moment = Moment {
            ended: i64::MAX,
            ..self.moment(now)
        };
        self.draw(first, &moment, &mut heard);
        heard.swing = self.swing(first, &moment);
        heard
    }

    /// Draws the notes of a window as it was at a moment, in place. Its swing stays.
    pub fn draw(&self, first: i64, moment: &Moment, heard: &mut Heard) {
        for (index, serial) in (first..).take(SLOTS).enumerate() {
            let slot = self.grid.place(serial).map(|place| &self.grid.slots[place]);
            let frozen = slot.and_then(|slot| self.grid.frozen(slot));
            let drawn = match (frozen, slot) {
                (None, Some(slot)) => Some(self.cells_in(slot, moment)),
                _ => None,
            };
            let cells = frozen.or(drawn.as_ref()).unwrap_or(&Cells::NONE);
            if index == 0 {
                heard.held = cells.sounding[0] & !cells.onsets[0];
            }
            let from = index * STEPS_PER_SLOT;
            heard.notes.redraw(from, &cells.sounding, &cells.onsets);
        }
    }

    /// How the notes swing that begin in the four slots from slot `first`, as it was at a moment.
    pub fn swing(&self, first: i64, moment: &Moment) -> Swing {
        let slot = |serial| Some(&self.grid.slots[self.grid.place(serial)?]);
        let slots: [_; SLOTS] = std::array::from_fn(|index| slot(first + index as i64));
        let all = self.notes.starts().iter().enumerate();
        Swing::of(all.filter_map(|(place, start)| {
            let slot = slots.iter().flatten().find(|slot| slot.contains(*start))?;
            let note = &self.notes[place];
            let counts = note.row.is_some() && moment.has(note);
            counts.then_some(note.onset - slot.start)
        }))
    }

    /// What is fixed as the cells of a slot that is over.
    pub(super) fn cells_to_freeze(&self, slot: &Slot) -> Cells {
        let moment = Moment {
            known: i64::MAX,
            ended: i64::MAX,
            sequence: u64::MAX,
            gone: self.gone,
        };
        self.cells_in(slot, &moment)
    }

    /// The network's input for a slot, from its notes.
    fn cells_in(&self, slot: &Slot, moment: &Moment) -> Cells {
        let mut cells = Cells::NONE;
        let end = slot.base + slot.steps as i64;
        let spans = self.notes.starts().iter().zip(self.notes.rings());
        for (place, (start, rings)) in spans.enumerate() {
            if *start >= end || *start < slot.base && *rings <= slot.base {
                continue;
            }
            let note = &self.notes[place];
            if !moment.has(note) {
                continue;
            }
            let from = (*start).max(slot.base);
            let to = moment.end(*start, *rings).min(end);
            for step in from..to {
                cells.sounding[(step - slot.base) as usize] |= note.bit();
            }
            if *start >= slot.base {
                cells.onsets[(*start - slot.base) as usize] |= note.bit();
            }
        }
        cells
    }
}
