//! The bars of a song as slots of up to 16 steps.
//!
//! A 4/4 bar fills a slot, a shorter bar its first steps; a longer bar is cut into slots. A time
//! signature begins a bar wherever it stands, so a pick-up bar is as long as the file's time
//! signatures make it.

use crate::roll::quantise::{STEPS_PER_BEAT, nearest_step};
use crate::roll::{SLOTS, STEPS_PER_SLOT};

use super::MOST_SLOTS;

/// A quarter-note beat has this share of a slot.
const BEATS_PER_SLOT: f64 = STEPS_PER_SLOT as f64 / STEPS_PER_BEAT;

/// Two times in beats closer than this are one.
const SAME: f64 = 1e-6;

/// A bar, or up to four beats of a longer bar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slot {
    /// Start in beats.
    pub start: f64,
    /// End in beats.
    pub end: f64,
    /// Steps that it has, 1..=16. The last is shorter where the bar is no multiple of a 16th.
    pub steps: usize,
    /// Number of its bar, from 0.
    pub bar: usize,
}

/// The slots of a song in order of time, without gaps.
///
/// A grid index counts 16 steps to each slot, whether the slot has them or not: step `i` of slot
/// `s` is `16 s + i`, so that `index / 64` is the phrase and `index % 64` the roll's step.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    slots: Vec<Slot>,
}

impl Grid {
    /// The slots from beat 0 to the end of the bar in which the last note ends (`last`, in
    /// beats), and on to the end of its phrase unless the file ends before (`end`). The bars are
    /// 4/4 until the first of the time signatures, which are in order of time. `None` if there
    /// would be more than [`MOST_SLOTS`].
    pub(super) fn of(
        signatures: impl Iterator<Item = (f64, (u8, u32))>,
        last: f64,
        end: f64,
    ) -> Option<Self> {
        let mut changes = signatures.peekable();
        let mut slots: Vec<Slot> = Vec::new();
        let mut bar_length = 4.0;
        let mut start = 0.0;
        for bar in 0.. {
            while let Some((_, (numerator, denominator))) =
                changes.next_if(|(at, _)| *at <= start + SAME)
            {
                bar_length = 4.0 * f64::from(numerator) / f64::from(denominator);
            }
            let complete = slots.len().is_multiple_of(SLOTS) || start >= end - SAME;
            if start >= last - SAME && bar > 0 && complete {
                break;
            }
            let mut bar_end = start + bar_length;
            if let Some((at, _)) = changes.peek()
                && *at < bar_end - SAME
            {
                bar_end = *at;
            }
            while start < bar_end - SAME {
                let slot_end = if bar_end - start > BEATS_PER_SLOT + SAME {
                    start + BEATS_PER_SLOT
                } else {
                    bar_end
                };
                let steps = ((slot_end - start) * STEPS_PER_BEAT - SAME).ceil();
                slots.push(Slot {
                    start,
                    end: slot_end,
                    steps: (steps as usize).clamp(1, STEPS_PER_SLOT),
                    bar,
                });
                start = slot_end;
            }
            start = bar_end;
            if slots.len() > MOST_SLOTS {
                return None;
            }
        }
        Some(Self { slots })
    }

    /// The slots; at least one.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// Number of phrases of four slots, the last perhaps with fewer.
    pub fn phrases(&self) -> usize {
        self.slots.len().div_ceil(SLOTS)
    }

    /// The slots of phrase `index`, four or, at the end, fewer.
    pub fn slots_of_phrase(&self, index: usize) -> &[Slot] {
        let start = (index * SLOTS).min(self.slots.len());
        &self.slots[start..self.slots.len().min(start + SLOTS)]
    }

    /// The index of the slot in which a time in beats lies; the last slot for times behind it.
    pub fn slot(&self, beats: f64) -> usize {
        let behind = self.slots.partition_point(|slot| slot.start <= beats);
        behind.saturating_sub(1)
    }

    /// The grid index of the step nearest to a time in beats; behind the last slot, the index
    /// behind its steps.
    pub fn nearest(&self, beats: f64) -> usize {
        let slot = self.slot(beats);
        let step = nearest_step(beats - self.slots[slot].start).max(0) as usize;
        if step < self.slots[slot].steps {
            slot * STEPS_PER_SLOT + step
        } else {
            (slot + 1) * STEPS_PER_SLOT
        }
    }

    /// The grid indices `start..end` that a note from `onset` to `release` (in beats) covers:
    /// both ends at their nearest step, at least one step long.
    pub fn note_steps(&self, onset: f64, release: f64) -> (usize, usize) {
        let start = self.nearest(onset);
        (start, self.nearest(release).max(start + 1))
    }

    /// True if there is a step with this grid index: short slots lack the last of their 16.
    pub fn has(&self, index: usize) -> bool {
        let slot = self.slots.get(index / STEPS_PER_SLOT);
        slot.is_some_and(|slot| index % STEPS_PER_SLOT < slot.steps)
    }

    /// The time in beats of a grid index. Steps that a short slot lacks are at its end.
    pub fn beats(&self, index: usize) -> f64 {
        let Some(slot) = self.slots.get(index / STEPS_PER_SLOT) else {
            return self.slots.last().map_or(0.0, |slot| slot.end);
        };
        let step = index % STEPS_PER_SLOT;
        slot.end.min(slot.start + step as f64 / STEPS_PER_BEAT)
    }
}
