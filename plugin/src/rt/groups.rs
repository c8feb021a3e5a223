//! Bars, slots and groups on the input timeline: the start and end of each group, and its delay.
//!
//! The delay is set when play starts: as many whole bars as fit into the D slots of the Delay
//! parameter (at least one bar, at most sixteen beats). It stays until play starts anew, whatever
//! the meter does, so notes keep their order and spacing. A group has as many whole bars as fit
//! into the delay and into four slots, of one length or several. At the start of play its phase
//! follows from the bar's number in the song, and the slots before the start are empty.
//!
//! Bars shorter than half a slot are joined, so that a pickup notated as a short bar does not
//! shorten the delay.

use third_stream_model::perform::Performer;
use third_stream_model::roll::SLOTS;
use third_stream_model::roll::quantise::STEPS_PER_BEAT;

use crate::memory::{Meter, SAME, SLOT, steps_of as steps};

/// Age (beats) below which a slot takes the new bar lines when the song wraps round its loop, so
/// that very short loops do not fill the table of slots.
const YOUNG: f64 = 1.0;

/// A group that has ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Closed {
    pub(super) group: u32,
    /// First and last slot.
    pub(super) first: i64,
    pub(super) last: i64,
}

/// The group that is being played.
#[derive(Clone, Copy, Debug)]
pub(super) struct Groups {
    /// The delay in beats.
    delay: f64,
    /// Bar length as the host reports it, and after joining short bars.
    said: f64,
    bar: f64,
    bar_start: f64,
    slot_in_bar: u32,
    slot: i64,
    slot_start: f64,
    slot_end: f64,
    group: u32,
    first: i64,
    group_start: f64,
    /// Number of slots opened in the group.
    slots: u32,
}

impl Groups {
    pub(super) const fn new() -> Self {
        Self {
            delay: SLOTS as f64 * SLOT,
            said: SLOT,
            bar: SLOT,
            bar_start: 0.0,
            slot_in_bar: 0,
            slot: 0,
            slot_start: 0.0,
            slot_end: SLOT,
            group: 0,
            first: 0,
            group_start: 0.0,
            slots: 0,
        }
    }

    pub(super) const fn group(&self) -> u32 {
        self.group
    }

    pub(super) const fn first(&self) -> i64 {
        self.first
    }

    /// End of the present slot.
    pub(super) const fn slot_end(&self) -> f64 {
        self.slot_end
    }

    /// Time at which the present group will sound.
    pub(super) const fn sounds_at(&self) -> f64 {
        self.group_start + self.delay
    }

    /// Starts at beat `now`, in the group of this place in the song; its earlier slots are empty.
    pub(super) fn start(
        &mut self,
        now: f64,
        meter: Meter,
        delay_bars: u8,
        performer: &mut Performer,
    ) {
        self.group = 0;
        self.slots = 0;
        let together = bars_together(meter.bar);
        let into = meter.number.rem_euclid(together);
        let meter = Meter {
            start: meter.start - into as f64 * meter.bar,
            ..meter
        };
        // A slot must not exceed the delay, which may be shorter than before.
        self.delay = SLOTS as f64 * SLOT;
        self.take_meter(now, meter);
        let bars = (u32::from(delay_bars).clamp(1, SLOTS as u32) / self.slots_per_bar()).max(1);
        self.delay = self.delay.min(f64::from(bars) * self.bar);
        let in_bar = self.take_meter(now, meter);
        let number = meter.number.div_euclid(together);
        let phase = number.rem_euclid(i64::from(bars));
        // A bar of more than four slots is split into several groups.
        let skipped = in_bar / SLOTS as u32 * SLOTS as u32;
        let here = self.bar_start;
        self.bar_start -= phase as f64 * self.bar;
        self.slot_in_bar = skipped;
        self.open(self.nominal_start(), performer);
        self.first = self.slot;
        self.group_start = self.slot_start;
        while self.bar_start < here - SAME || self.slot_in_bar < in_bar {
            performer.freeze_slot(self.slot);
            let (start, _) = self.step_on();
            self.open(start, performer);
        }
        performer.expect_delay(self.delay);
    }

    /// Ends the present slot and opens the next; returns the group if it ended.
    pub(super) fn end_slot(&mut self, performer: &mut Performer) -> Option<Closed> {
        performer.freeze_slot(self.slot);
        let last = self.slot;
        let (start, at_line) = self.step_on();
        let over = !self.fits(self.slots, start, at_line);
        self.open(start, performer);
        over.then(|| self.close(last, performer))
    }

    /// Fast path: true if the host's bar lines equal ours, so that [`Self::follow`] would do
    /// nothing.
    pub(super) fn agrees(&self, meter: Meter) -> bool {
        let ahead = meter.start - self.bar_start;
        let on_bar_line = || {
            let bars = ahead / self.said;
            (bars - bars.round()).abs() * self.said < SAME
        };
        (meter.bar - self.said).abs() <= SAME && (ahead.abs() < SAME || on_bar_line())
    }

    /// Follows the host's bar lines at beat `now`: after a change of meter, or a wrap to a loop
    /// start off our bar lines, continues with the new ones.
    pub(super) fn follow(
        &mut self,
        now: f64,
        meter: Meter,
        performer: &mut Performer,
    ) -> Option<Closed> {
        let now = now.max(self.slot_start);
        if self.agrees(meter) {
            return None;
        }
        let other_meter = (meter.bar - self.said).abs() > SAME;
        let begins = self.slot_in_bar == 0 && (meter.start - self.slot_start).abs() < SAME;
        let young = if other_meter { STEP } else { YOUNG };
        if begins || now - self.slot_start < young - SAME {
            self.reshape(now, meter, performer)
        } else {
            self.cut(now, meter, performer)
        }
    }

    /// Number of slots and end of the group, if the meter stays.
    pub(super) fn planned(&self) -> (u32, f64) {
        let mut ahead = *self;
        loop {
            let end = ahead.slot_end;
            let (start, at_line) = ahead.step_on();
            if !ahead.fits(ahead.slots, start, at_line) {
                return (ahead.slots, end);
            }
            ahead.slots += 1;
            ahead.slot_end = ahead.end_from(start);
        }
    }

    /// The present slot has just begun: it takes the new shape.
    fn reshape(&mut self, now: f64, meter: Meter, performer: &mut Performer) -> Option<Closed> {
        self.slot_in_bar = self.take_meter(now, meter);
        let at_line = self.slot_in_bar == 0 && (self.bar_start - self.slot_start).abs() < SAME;
        let before = self.slots - 1;
        let fits = before == 0 || self.fits(before, self.slot_start, at_line);
        // If the group has ended by now it would sound too late: this slot stays in it, shortened.
        let in_time = now - self.slot_start < SAME;
        let closed = (!fits && in_time).then(|| self.close(self.slot - 1, performer));
        self.slot_end = self.end_from(self.slot_start).min(self.sounds_at());
        performer.resize_slot(steps(self.slot_end - self.slot_start));
        closed
    }

    /// Ends the present slot here and opens one inside a bar.
    fn cut(&mut self, now: f64, meter: Meter, performer: &mut Performer) -> Option<Closed> {
        let end = now.min(self.slot_end);
        let last = self.slot;
        performer.resize_slot(steps(end - self.slot_start));
        performer.freeze_slot(last);
        self.slot_in_bar = self.take_meter(now, meter);
        let into = ((now - self.nominal_start()) / STEP + SAME)
            .floor()
            .max(0.0)
            * STEP;
        let start = self.nominal_start() + into;
        let over = !self.fits(self.slots, start, self.slot_in_bar == 0 && into == 0.0);
        self.open(start, performer);
        over.then(|| self.close(last, performer))
    }

    /// Ends the group with slot `last`; the open slot after it is the first of the next group.
    fn close(&mut self, last: i64, performer: &mut Performer) -> Closed {
        let closed = Closed {
            group: self.group,
            first: self.first,
            last,
        };
        performer.settle(closed.first, closed.last, self.delay);
        self.group = self.group.wrapping_add(1);
        self.first = last + 1;
        self.group_start = self.slot_start;
        self.slots = 1;
        closed
    }

    /// True if a group of `slots` slots takes one more that begins at `start`. At a bar line it
    /// takes the whole bar or nothing.
    fn fits(&self, slots: u32, start: f64, at_line: bool) -> bool {
        let most = SLOTS as u32;
        let latest = self.sounds_at() + SAME;
        let bar_fits = slots + self.slots_per_bar() <= most && self.bar_start + self.bar <= latest;
        slots < most && self.end_from(start) <= latest && (bar_fits || !at_line)
    }

    /// Takes new bar lines; returns the index of the bar's slot at beat `now`.
    fn take_meter(&mut self, now: f64, meter: Meter) -> u32 {
        self.said = meter.bar;
        self.bar = meter.bar * bars_together(meter.bar) as f64;
        self.bar_start = meter.start;
        let slot = ((now - meter.start + SAME) / self.longest()).floor();
        (slot.max(0.0) as u32).min(self.slots_per_bar() - 1)
    }

    /// Maximum slot length: a slot sounds after it has ended.
    const fn longest(&self) -> f64 {
        self.delay.min(SLOT)
    }

    fn slots_per_bar(&self) -> u32 {
        ((self.bar - SAME) / self.longest()).ceil().max(1.0) as u32
    }

    /// Advances to the next part of the bar: the rest of a place that was too long for one slot,
    /// the next place, or the next bar. Returns its start, and true at a bar line.
    fn step_on(&mut self) -> (f64, bool) {
        if self.slot_end < self.nominal_end() - SAME {
            return (self.slot_end, false);
        }
        self.slot_in_bar += 1;
        if self.slot_in_bar >= self.slots_per_bar() {
            self.slot_in_bar = 0;
            self.bar_start += self.bar;
        }
        (self.nominal_start(), self.slot_in_bar == 0)
    }

    fn nominal_start(&self) -> f64 {
        self.bar_start + f64::from(self.slot_in_bar) * self.longest()
    }

    fn nominal_end(&self) -> f64 {
        (self.nominal_start() + self.longest()).min(self.bar_start + self.bar)
    }

    /// End of a slot that begins at `start`.
    fn end_from(&self, start: f64) -> f64 {
        self.nominal_end().min(start + self.longest())
    }

    fn open(&mut self, start: f64, performer: &mut Performer) {
        self.slot_start = start;
        self.slot_end = self.end_from(start);
        self.slot = performer.open_slot(start, steps(self.slot_end - start));
        self.slots += 1;
    }
}

/// Step length in beats.
const STEP: f64 = 1.0 / STEPS_PER_BEAT;

/// Number of bars of length `bar` that are joined into one.
fn bars_together(bar: f64) -> i64 {
    if bar < SLOT / 2.0 - SAME {
        (SLOT / bar + SAME).floor() as i64
    } else {
        1
    }
}
