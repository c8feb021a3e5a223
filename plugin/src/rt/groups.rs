//! Bars, slots and groups on the input timeline: where a group begins, when it is over, and how
//! long after it sounds.
//!
//! How long after, is settled where play begins: as many whole bars as fit into the D slots of the
//! delay (one bar at least, sixteen beats at most). It stays so until play begins anew, whatever
//! the meter does, so notes keep their order and their distances. A group has as many whole bars
//! as fit into that delay and into four slots; it may hold bars of several lengths. Where play
//! begins, its phase comes from the bar's number in the song, and what lies before is empty.
//!
//! Bars of less than half a slot are counted together, so that a pickup that is declared as a
//! short bar does not make the delay short.

use third_stream_model::perform::Performer;
use third_stream_model::roll::SLOTS;
use third_stream_model::roll::quantise::STEPS_PER_BEAT;

use crate::memory::{Meter, SAME, SLOT, steps_of as steps};

/// A slot that is younger than this (beats) when the song jumps back round its loop goes on with
/// the new bar lines, so that the shortest loops do not fill the table of slots.
const YOUNG: f64 = 1.0;

/// A group that is over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Closed {
    pub(super) group: u32,
    /// Its first and last slot.
    pub(super) first: i64,
    pub(super) last: i64,
}

/// The group that is being heard.
#[derive(Clone, Copy, Debug)]
pub(super) struct Groups {
    /// How much later all sounds, in beats.
    delay: f64,
    /// Length of a bar as the host says it, and as it is counted here.
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
    /// Slots opened in the group.
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

    /// When the present slot is over.
    pub(super) const fn slot_end(&self) -> f64 {
        self.slot_end
    }

    /// When the group that is being heard will sound.
    pub(super) const fn sounds_at(&self) -> f64 {
        self.group_start + self.delay
    }

    /// Begins at beat `now`: the group of this place in the song, its past slots empty.
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
        // A slot must not be longer than the delay, which may be shorter than the one before.
        self.delay = SLOTS as f64 * SLOT;
        self.take_meter(now, meter);
        let bars = (u32::from(delay_bars).clamp(1, SLOTS as u32) / self.slots_per_bar()).max(1);
        self.delay = self.delay.min(f64::from(bars) * self.bar);
        let in_bar = self.take_meter(now, meter);
        let number = meter.number.div_euclid(together);
        let phase = number.rem_euclid(i64::from(bars));
        // A bar of more than four slots is cut into groups of its own.
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

    /// The present slot is over: opens the next one, and perhaps a new group.
    pub(super) fn end_slot(&mut self, performer: &mut Performer) -> Option<Closed> {
        performer.freeze_slot(self.slot);
        let last = self.slot;
        let (start, at_line) = self.step_on();
        let over = !self.fits(self.slots, start, at_line);
        self.open(start, performer);
        over.then(|| self.close(last, performer))
    }

    /// Whether what the host says of the bar is what is counted here, so that [`Self::follow`] has
    /// nothing to do.
    pub(super) fn agrees(&self, meter: Meter) -> bool {
        let ahead = meter.start - self.bar_start;
        let on_bar_line = || {
            let bars = ahead / self.said;
            (bars - bars.round()).abs() * self.said < SAME
        };
        (meter.bar - self.said).abs() <= SAME && (ahead.abs() < SAME || on_bar_line())
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
        let other_meter = (meter.bar - self.said).abs() > SAME;
        let begins = self.slot_in_bar == 0 && (meter.start - self.slot_start).abs() < SAME;
        let young = if other_meter { STEP } else { YOUNG };
        if begins || now - self.slot_start < young - SAME {
            self.reshape(now, meter, performer)
        } else {
            self.cut(now, meter, performer)
        }
    }

    /// How many slots the group will have and when it will end, if the meter stays.
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

    /// The present slot has only just begun: it takes the new shape.
    fn reshape(&mut self, now: f64, meter: Meter, performer: &mut Performer) -> Option<Closed> {
        self.slot_in_bar = self.take_meter(now, meter);
        let at_line = self.slot_in_bar == 0 && (self.bar_start - self.slot_start).abs() < SAME;
        let before = self.slots - 1;
        let fits = before == 0 || self.fits(before, self.slot_start, at_line);
        // A group that is over already would sound too late; this slot stays in it, and is short.
        let in_time = now - self.slot_start < SAME;
        let closed = (!fits && in_time).then(|| self.close(self.slot - 1, performer));
        self.slot_end = self.end_from(self.slot_start).min(self.sounds_at());
        performer.resize_slot(steps(self.slot_end - self.slot_start));
        closed
    }

    /// The present slot ends here, and a new one begins somewhere in a bar.
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

    /// Ends the group with slot `last`; the slot after it, which is open, is the next group's first.
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

    /// Whether a group of so many slots takes one more, which begins at `start`; at a bar line it
    /// takes the whole bar or nothing of it.
    fn fits(&self, slots: u32, start: f64, at_line: bool) -> bool {
        let most = SLOTS as u32;
        let latest = self.sounds_at() + SAME;
        let bar_fits = slots + self.slots_per_bar() <= most && self.bar_start + self.bar <= latest;
        slots < most && self.end_from(start) <= latest && (bar_fits || !at_line)
    }

    /// Takes new bar lines; returns which slot of its bar beat `now` is in.
    fn take_meter(&mut self, now: f64, meter: Meter) -> u32 {
        self.said = meter.bar;
        self.bar = meter.bar * bars_together(meter.bar) as f64;
        self.bar_start = meter.start;
        let slot = ((now - meter.start + SAME) / self.longest()).floor();
        (slot.max(0.0) as u32).min(self.slots_per_bar() - 1)
    }

    /// The longest slot: what is heard in it sounds after it.
    const fn longest(&self) -> f64 {
        self.delay.min(SLOT)
    }

    fn slots_per_bar(&self) -> u32 {
        ((self.bar - SAME) / self.longest()).ceil().max(1.0) as u32
    }

    /// Moves on to what follows the present slot: the rest of a place in the bar that was too long
    /// for one, the next place of the bar, or the next bar. Returns where that begins, and whether
    /// it is a bar line.
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

    /// Where a slot that begins at `start` ends.
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

/// Beats of a step.
const STEP: f64 = 1.0 / STEPS_PER_BEAT;

/// How many bars of so many beats are counted as one.
fn bars_together(bar: f64) -> i64 {
    if bar < SLOT / 2.0 - SAME {
        (SLOT / bar + SAME).floor() as i64
    } else {
        1
    }
}
