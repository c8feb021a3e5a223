//! Bars, slots and groups on the input timeline: where a group begins, when it is over, and how
//! long after it sounds.
//!
//! A group has as many whole bars as fit into the D slots of the delay (one bar at least), so it
//! begins and ends at bar lines. At the start of play its phase comes from the bar's number in the
//! song, and what lies before the start is empty. From there on bars are counted on the unwrapped
//! clock; a change of meter begins a new group.

use third_stream_model::perform::Performer;
use third_stream_model::roll::SLOTS;

use crate::memory::{Meter, SAME, SLOT, slots_of, steps_of as steps};

/// A group that is over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Closed {
    pub(super) group: u32,
    /// Its first and last slot.
    pub(super) first: i64,
    pub(super) last: i64,
    /// How much later it sounds: its own length in beats.
    pub(super) delay: f64,
}

/// The group that is being heard.
#[derive(Clone, Copy, Debug)]
pub(super) struct Groups {
    delay_bars: u32,
    bar: f64,
    bar_start: f64,
    slot_in_bar: u32,
    slot: i64,
    slot_start: f64,
    slot_end: f64,
    group: u32,
    first: i64,
    group_start: f64,
    /// Slots opened in the group, bars ended in it.
    slots: u32,
    bars: u32,
}

impl Groups {
    pub(super) const fn new() -> Self {
        Self {
            delay_bars: 4,
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
            bars: 0,
        }
    }

    pub(super) const fn group(&self) -> u32 {
        self.group
    }

    pub(super) const fn first(&self) -> i64 {
        self.first
    }

    /// When the present slot is over.
    pub(super) const fn slot_end(&self) -> f64 {
        self.slot_end
    }

    /// Begins at beat `now`: the group of this place in the song, its past slots empty.
    pub(super) fn start(
        &mut self,
        now: f64,
        meter: Meter,
        delay_bars: u8,
        performer: &mut Performer,
    ) {
        self.delay_bars = u32::from(delay_bars).clamp(1, SLOTS as u32);
        self.group = 0;
        self.slots = 0;
        self.bars = 0;
        let in_bar = self.take_meter(now, meter);
        let phase = meter.number.rem_euclid(i64::from(self.bars_per_group())) as u32;
        // A bar of more than four slots is cut into groups of its own.
        let skipped = in_bar / SLOTS as u32 * SLOTS as u32;
        self.bar_start -= f64::from(phase) * self.bar;
        self.slot_in_bar = skipped;
        self.group_start = self.nominal_start();
        self.open(performer);
        self.first = self.slot;
        self.bars = 0;
        while self.bars < phase || self.slot_in_bar < in_bar {
            performer.freeze_slot(self.slot);
            self.step_on();
            self.open(performer);
        }
        performer.expect_delay(self.planned().1 - self.group_start);
    }

    /// The present slot is over: opens the next one, and perhaps a new group.
    pub(super) fn end_slot(&mut self, performer: &mut Performer) -> Option<Closed> {
        performer.freeze_slot(self.slot);
        let end = self.slot_end;
        let last = self.slot;
        self.step_on();
        let over = self.is_over();
        self.open(performer);
        let closed = over.then(|| self.close(last, end, performer));
        performer.expect_delay(self.planned().1 - self.group_start);
        closed
    }

    /// Whether what the host says of the bar is what is counted here, so that [`Self::follow`] has
    /// nothing to do.
    pub(super) fn agrees(&self, meter: Meter) -> bool {
        let ahead = meter.start - self.bar_start;
        let on_bar_line = || {
            let bars = ahead / self.bar;
            (bars - bars.round()).abs() * self.bar < SAME
        };
        (meter.bar - self.bar).abs() <= SAME && (ahead.abs() < SAME || on_bar_line())
    }

    /// Compares with what the host says of the bar at beat `now`: after a jump to a loop start
    /// that is not on our bar lines, or a change of meter, goes on with the new bar lines.
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
        let section = (meter.bar - self.bar).abs() > SAME;
        let begins = self.slot_in_bar == 0 && (meter.start - self.slot_start).abs() < SAME;
        let closed = if begins || (now - self.slot_start).abs() < SAME {
            self.reshape(now, meter, section, performer)
        } else {
            self.cut(now, meter, section, performer)
        };
        performer.expect_delay(self.planned().1 - self.group_start);
        closed
    }

    /// How many slots the group will have and when it will end, if the meter stays.
    pub(super) fn planned(&self) -> (u32, f64) {
        let mut ahead = *self;
        loop {
            let end = ahead.slot_end;
            ahead.step_on();
            if ahead.is_over() {
                return (ahead.slots, end);
            }
            ahead.slots += 1;
            ahead.slot_end = ahead.nominal_end();
        }
    }

    /// The present slot has only just begun: it takes the new shape.
    fn reshape(
        &mut self,
        now: f64,
        meter: Meter,
        section: bool,
        performer: &mut Performer,
    ) -> Option<Closed> {
        let closed = (section && self.slots > 1)
            .then(|| self.close(self.slot - 1, self.slot_start, performer));
        self.slot_in_bar = self.take_meter(now, meter);
        self.slot_end = self.nominal_end();
        performer.resize_slot(steps(self.slot_end - self.slot_start));
        closed
    }

    /// The present slot ends here, and a new one begins somewhere in a bar.
    fn cut(
        &mut self,
        now: f64,
        meter: Meter,
        section: bool,
        performer: &mut Performer,
    ) -> Option<Closed> {
        let end = now.min(self.slot_end);
        let last = self.slot;
        performer.resize_slot(steps(end - self.slot_start));
        performer.freeze_slot(last);
        self.bars += 1;
        self.slot_in_bar = self.take_meter(now, meter);
        let full = self.slots >= SLOTS as u32 || self.bars >= self.bars_per_group();
        let over = section || full;
        let into = ((now - self.nominal_start()) * SLOT + SAME)
            .floor()
            .max(0.0)
            / SLOT;
        self.open_from(self.nominal_start() + into, performer);
        over.then(|| self.close(last, end, performer))
    }

    /// Ends the group with slot `last` at `end`; slots after it belong to the next group.
    fn close(&mut self, last: i64, end: f64, performer: &mut Performer) -> Closed {
        let closed = Closed {
            group: self.group,
            first: self.first,
            last,
            delay: end - self.group_start,
        };
        performer.settle(closed.first, closed.last, closed.delay);
        self.group = self.group.wrapping_add(1);
        self.first = last + 1;
        self.group_start = end;
        self.slots = 1;
        self.bars = 0;
        closed
    }

    /// Takes new bar lines; returns which slot of its bar beat `now` is in.
    fn take_meter(&mut self, now: f64, meter: Meter) -> u32 {
        self.bar = meter.bar;
        self.bar_start = meter.start;
        let slot = ((now - meter.start + SAME) / SLOT).floor().max(0.0);
        (slot as u32).min(self.slots_per_bar() - 1)
    }

    fn slots_per_bar(&self) -> u32 {
        slots_of(self.bar) as u32
    }

    fn bars_per_group(&self) -> u32 {
        (self.delay_bars / self.slots_per_bar()).max(1)
    }

    fn is_over(&self) -> bool {
        self.slots >= SLOTS as u32 || self.slot_in_bar == 0 && self.bars >= self.bars_per_group()
    }

    /// Moves on to the next slot of the bar, or of the next bar.
    fn step_on(&mut self) {
        self.slot_in_bar += 1;
        if self.slot_in_bar >= self.slots_per_bar() {
            self.slot_in_bar = 0;
            self.bar_start += self.bar;
            self.bars += 1;
        }
    }

    fn nominal_start(&self) -> f64 {
        self.bar_start + f64::from(self.slot_in_bar) * SLOT
    }

    fn nominal_end(&self) -> f64 {
        (self.nominal_start() + SLOT).min(self.bar_start + self.bar)
    }

    fn open(&mut self, performer: &mut Performer) {
        self.open_from(self.nominal_start(), performer);
    }

    fn open_from(&mut self, start: f64, performer: &mut Performer) {
        self.slot_start = start;
        self.slot_end = self.nominal_end();
        self.slot = performer.open_slot(start, steps(self.slot_end - start));
        self.slots += 1;
    }
}
