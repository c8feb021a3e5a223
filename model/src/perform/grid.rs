//! The grid on which the performer plays: bar slots in their order, and the pages of edits.
//!
//! Steps are counted through over all slots, so that a note may reach over many of them.

use std::collections::VecDeque;
use std::ops::Range;

use super::play::Hand;
use crate::genre::Direction;
use crate::roll::edits::{Edit, Edits};
use crate::roll::guard::Facts;
use crate::roll::heard::Heard;
use crate::roll::notes::NoteRoll;
use crate::roll::quantise::STEPS_PER_BEAT;
use crate::roll::swing::Swing;
use crate::roll::{SLOTS, STEPS_PER_SLOT};

/// Slots that are remembered at once.
const SLOTS_KEPT: usize = 32;
/// Pages of edits: two answers of six groups.
pub const PAGES: usize = 12;
/// Slack for the noise of host positions, in steps.
const NOISE_STEPS: f64 = 1e-6;

/// Which part of a slot: it may play by two answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotPart {
    /// The leading steps, see [`Performer::set_lead`](super::Performer::set_lead).
    Lead,
    /// All others.
    Main,
}

/// The answer by which a part of a slot plays.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source {
    page: usize,
    /// The first slot of the page's window.
    first: i64,
    /// True if the edits of each direction were there in time.
    filled: [bool; 2],
}

/// The network's input for a slot: which rows sound at each step, and which begin.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cells {
    pub(super) sounding: [u128; STEPS_PER_SLOT],
    pub(super) onsets: [u128; STEPS_PER_SLOT],
}

impl Cells {
    /// Silence.
    pub(super) const NONE: Self = Self {
        sounding: [0; STEPS_PER_SLOT],
        onsets: [0; STEPS_PER_SLOT],
    };
}

/// One bar slot.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    pub(super) serial: i64,
    /// Input timeline, beats.
    pub(super) start: f64,
    /// The number of its first step.
    pub(super) base: i64,
    pub(super) steps: usize,
    /// From the input to the output timeline; `None` until its group is settled.
    delay: Option<f64>,
    pub(super) stream: u32,
    pub(super) lead: usize,
    sources: [Option<Source>; 2],
    /// What sounds in it is fixed, see [`Grid::frozen`].
    is_frozen: bool,
    /// The next step to be played; beyond `steps` when it is over.
    pub(super) cursor: usize,
}

/// Edits of one phrase in both directions.
#[derive(Clone, Debug)]
pub(super) struct Page {
    /// Number of the phrase that the network was asked about.
    pub(super) facts: Facts,
    swing: Swing,
    edits: Box<[Edits]>,
    filled: [bool; 2],
}

impl Page {
    /// The edits in one direction.
    pub(super) fn edits(&self, direction: Direction) -> &Edits {
        &self.edits[direction.index()]
    }

    /// True if an edit is applied by this hand.
    pub(super) fn applies(&self, edit: Edit, hand: &Hand) -> bool {
        self.facts.applies(edit, hand.amount, &hand.guard)
    }
}

/// Slots and pages.
#[derive(Debug)]
pub(super) struct Grid {
    /// Oldest first.
    pub(super) slots: VecDeque<Slot>,
    /// Number of the oldest slots for which nothing is to be played any more.
    over: usize,
    /// What sounds in the slots in which that is fixed, by [`frozen_at`].
    frozen: Box<[Cells]>,
    pages: Vec<Page>,
    next_serial: i64,
    /// Slots of equal delay that follow each other are one stream: within it steps come in the
    /// order of time, and notes reach from slot to slot.
    pub(super) stream: u32,
    stream_delay: Option<f64>,
}

impl Grid {
    pub(super) fn new() -> Self {
        let page = Page {
            facts: Facts::default(),
            swing: Swing::STRAIGHT,
            edits: vec![Edits::NONE; 2].into_boxed_slice(),
            filled: [false; 2],
        };
        Self {
            slots: VecDeque::with_capacity(SLOTS_KEPT),
            over: 0,
            frozen: vec![Cells::NONE; SLOTS_KEPT].into_boxed_slice(),
            pages: vec![page; PAGES],
            next_serial: 0,
            stream: 0,
            stream_delay: None,
        }
    }

    /// Forgets the slots; the pages may be written again.
    pub(super) fn clear(&mut self) {
        self.slots.clear();
        self.over = 0;
        self.stream = self.stream.wrapping_add(1);
        self.stream_delay = None;
    }

    pub(super) fn open(&mut self, start: f64, steps: usize) -> i64 {
        if self.slots.len() == SLOTS_KEPT {
            self.slots.pop_front();
            self.over = self.over.saturating_sub(1);
        }
        let base = self.slots.back().map_or(0, |s| s.base + s.steps as i64);
        let serial = self.next_serial;
        self.next_serial += 1;
        self.slots.push_back(Slot {
            serial,
            start,
            base,
            steps: steps.clamp(1, STEPS_PER_SLOT),
            delay: None,
            stream: self.stream,
            lead: 0,
            sources: [None; 2],
            is_frozen: false,
            cursor: 0,
        });
        serial
    }

    pub(super) fn resize(&mut self, steps: usize) {
        if let Some(slot) = self.slots.back_mut() {
            slot.steps = steps.clamp(1, STEPS_PER_SLOT);
        }
    }

    pub(super) fn skip(&mut self, at: f64) {
        if let Some(slot) = self.slots.back_mut() {
            let steps = ((at - slot.start) * STEPS_PER_BEAT - NOISE_STEPS).ceil();
            slot.cursor = (steps.max(0.0) as usize).min(slot.steps);
        }
    }

    /// Where slot `serial` is in the list.
    pub(super) fn place(&self, serial: i64) -> Option<usize> {
        let place = usize::try_from(serial - self.slots.front()?.serial).ok()?;
        (place < self.slots.len()).then_some(place)
    }

    /// The step nearest to `at` (input timeline), also before and after the open slots.
    pub(super) fn step_at(&self, at: f64) -> i64 {
        let place = self.slots.iter().rposition(|slot| slot.start <= at);
        let Some(slot) = self.slots.get(place.unwrap_or(0)) else {
            return 0;
        };
        let local = ((at - slot.start) * STEPS_PER_BEAT + 0.5 + NOISE_STEPS).floor() as i64;
        let newest = place.is_none_or(|place| place + 1 == self.slots.len());
        let most = if newest { i64::MAX } else { slot.steps as i64 };
        slot.base + local.min(most)
    }

    /// See [`Performer::settle`](super::Performer::settle). Returns the group's steps and times,
    /// and its stream.
    pub(super) fn settle(
        &mut self,
        first: i64,
        last: i64,
        delay: f64,
    ) -> Option<(Range<i64>, Range<f64>, u32)> {
        if self.stream_delay.is_some_and(|before| before != delay) {
            self.stream = self.stream.wrapping_add(1);
        }
        self.stream_delay = Some(delay);
        let places = self.place(first)?..=self.place(last)?;
        if places.is_empty() {
            return None;
        }
        let end = self.slots.get(places.end() + 1);
        let (from, to) = (self.slots[*places.start()], self.slots[*places.end()]);
        let end = end.map_or(to.start + to.steps as f64 / STEPS_PER_BEAT, |next| {
            next.start
        });
        for slot in self.slots.range_mut(places) {
            slot.delay = Some(delay);
            slot.stream = self.stream;
        }
        let steps = from.base..to.base + to.steps as i64;
        Some((steps, from.start..end, self.stream))
    }

    /// Begins a page anew; true if slots used what was there before.
    pub(super) fn begin_page(&mut self, page: usize, phrase: &Heard) -> bool {
        let Some(place) = self.pages.get_mut(page) else {
            return false;
        };
        place.facts.set_source(&phrase.notes);
        place.swing = phrase.swing;
        place.filled = [false; 2];
        let mut used = false;
        for source in self.slots.iter_mut().flat_map(|slot| &mut slot.sources) {
            if source.is_some_and(|source| source.page == page) {
                *source = None;
                used = true;
            }
        }
        used
    }

    /// The second half of the work on a page, before it is filled.
    pub(super) fn end_page(&mut self, page: usize) {
        if let Some(page) = self.pages.get_mut(page) {
            page.facts.set_limits();
        }
    }

    /// Fixes what sounds in the slot at `place`.
    pub(super) fn freeze(&mut self, place: usize, cells: &Cells) {
        let slot = &mut self.slots[place];
        slot.is_frozen = true;
        self.frozen[frozen_at(slot.serial)] = *cells;
    }

    /// What sounds in a slot, if that is fixed.
    pub(super) fn frozen(&self, slot: &Slot) -> Option<&Cells> {
        slot.is_frozen.then(|| &self.frozen[frozen_at(slot.serial)])
    }

    /// Number of the oldest slots for which nothing is to be played any more.
    pub(super) const fn over(&self) -> usize {
        self.over
    }

    /// A slot was played: some of the oldest may be over now.
    pub(super) fn pass_over(&mut self) {
        while let Some(slot) = self.slots.get(self.over) {
            let ended = slot.cursor == slot.steps && !self.ends_stream(self.over);
            if slot.delay.is_none() || slot.cursor <= slot.steps && !ended {
                return;
            }
            self.over += 1;
        }
    }

    pub(super) fn fill(&mut self, page: usize, direction: Direction, edits: &Edits) {
        if let Some(page) = self.pages.get_mut(page) {
            page.edits[direction.index()].copy_from(edits);
            page.filled[direction.index()] = true;
        }
    }

    pub(super) fn attach(
        &mut self,
        (slot, part): (i64, SlotPart),
        page: usize,
        first: i64,
        due: [bool; 2],
    ) {
        let filled = self.pages.get(page).map(|page| page.filled);
        if let (Some(place), Some([one, other])) = (self.place(slot), filled) {
            let filled = [one && due[0], other && due[1]];
            self.slots[place].sources[part as usize] = Some(Source {
                page,
                first,
                filled,
            });
        }
    }

    pub(super) fn set_lead(&mut self, slot: i64, steps: usize) {
        if let Some(place) = self.place(slot) {
            self.slots[place].lead = steps;
        }
    }

    pub(super) fn playhead(&self, beats: f64) -> Option<(i64, f64)> {
        self.slots.iter().rev().find_map(|slot| {
            let step = (beats - slot.start - slot.delay?) * STEPS_PER_BEAT;
            (0.0..slot.steps as f64)
                .contains(&step)
                .then_some((slot.serial, step))
        })
    }

    pub(super) fn playing_by(
        &self,
        slot: i64,
        step: usize,
        direction: Direction,
    ) -> Option<(usize, i64, bool)> {
        let source = self.slots[self.place(slot)?].source(step)?;
        Some((source.page, source.first, source.filled[direction.index()]))
    }

    pub(super) fn begins(&self, slot: i64) -> Option<f64> {
        let slot = self.slots.get(self.place(slot)?)?;
        Some(slot.start + slot.delay?)
    }

    pub(super) fn has_answer(&self, slot: i64, part: SlotPart, direction: Direction) -> bool {
        let slot = self.place(slot).and_then(|place| self.slots.get(place));
        slot.and_then(|slot| slot.sources[part as usize])
            .is_some_and(|source| source.filled[direction.index()])
    }

    pub(super) fn page_output(&self, page: usize, hand: &Hand) -> Option<NoteRoll> {
        let page = self.pages.get(page)?;
        let at = hand.direction.index();
        let output = || page.facts.apply(&page.edits[at], hand.amount, &hand.guard);
        page.filled[at].then(output)
    }

    /// The slot that `step` is in.
    pub(super) fn slot_of(&self, step: i64) -> Option<&Slot> {
        let after = self.slots.partition_point(|slot| slot.base <= step);
        let slot = self.slots.get(after.checked_sub(1)?);
        slot.filter(|slot| slot.contains(step))
    }

    /// The edits of `step` in `direction`, if it has any: the page and the step in its window.
    pub(super) fn edits_of(&self, step: i64, direction: Direction) -> Option<(&Page, usize)> {
        let slot = self.slot_of(step)?;
        let local = usize::try_from(step - slot.base).ok()?;
        let source = slot.source(local).filter(|s| s.filled[direction.index()])?;
        self.page_of(slot, source, local)
    }

    /// The page that `source` names, and where step `local` of `slot` is in its window.
    fn page_of(&self, slot: &Slot, source: &Source, local: usize) -> Option<(&Page, usize)> {
        let place = usize::try_from(slot.serial - source.first).ok()?;
        (place < SLOTS).then_some((&self.pages[source.page], place * STEPS_PER_SLOT + local))
    }

    /// The page by which a part of slot `serial` plays in `direction`, and where the slot begins
    /// in its window.
    pub(super) fn page_at(
        &self,
        serial: i64,
        part: SlotPart,
        direction: Direction,
    ) -> Option<(&Page, usize)> {
        let slot = &self.slots[self.place(serial)?];
        let source = slot.sources[part as usize].as_ref();
        self.page_of(slot, source.filter(|s| s.filled[direction.index()])?, 0)
    }

    /// True if `step` has edits in `direction`, that is, does not play dry.
    pub(super) fn has_edits(&self, step: i64, direction: Direction) -> bool {
        self.edits_of(step, direction).is_some()
    }

    /// The step that lies `ahead` steps of the window after `step`, whose place in the window is
    /// `local`. A slot that is shorter than 16 steps has only those; one that is not open yet is
    /// taken to be as long as the one before it.
    pub(super) fn step_after(&self, step: i64, local: usize, ahead: usize) -> i64 {
        let after = self.slots.partition_point(|slot| slot.base <= step);
        let mut slots = self.slots.iter().skip(after.saturating_sub(1));
        let (mut base, mut steps) = slots
            .next()
            .map_or((step, STEPS_PER_SLOT), |slot| (slot.base, slot.steps));
        let mut left = local % STEPS_PER_SLOT + ahead;
        while left > STEPS_PER_SLOT {
            left -= STEPS_PER_SLOT;
            base += steps as i64;
            steps = slots.next().map_or(steps, |slot| slot.steps);
        }
        base + left.min(steps) as i64
    }

    /// True if `step` has been played, or will never be.
    pub(super) fn is_past(&self, step: i64) -> bool {
        self.slot_of(step)
            .is_none_or(|slot| slot.base + slot.cursor as i64 > step)
    }

    /// The time of a step on the input timeline, swung as its phrase is, if its slot or the one
    /// before it is known.
    pub(super) fn beats_at(&self, step: i64) -> Option<f64> {
        let slot = self.slot_of(step).or_else(|| self.slot_of(step - 1))?;
        Some(slot.start + self.swung_beats_into(slot, (step - slot.base) as usize))
    }

    /// Beats from the start of a slot to its step `step`, swung as the phrase is by which it plays.
    fn swung_beats_into(&self, slot: &Slot, step: usize) -> f64 {
        let source = slot.source(step).filter(|_| step < slot.steps);
        let swing = source.map_or(Swing::STRAIGHT, |source| self.pages[source.page].swing);
        (step as f64 + swing.late(step as i64)) / STEPS_PER_BEAT
    }

    /// When the next step (or the end) of a slot sounds, on the output timeline.
    pub(super) fn cursor_time(&self, slot: &Slot) -> Option<f64> {
        Some(slot.start + slot.delay? + self.swung_beats_into(slot, slot.cursor))
    }

    /// True if the slot at `place` is the last of its stream, as far as is known.
    pub(super) fn ends_stream(&self, place: usize) -> bool {
        let stream = self.slots[place].stream;
        self.slots
            .get(place + 1)
            .is_none_or(|next| next.delay.is_none() || next.stream != stream)
    }
}

/// Where the cells of a slot are kept.
const fn frozen_at(serial: i64) -> usize {
    serial.rem_euclid(SLOTS_KEPT as i64) as usize
}

impl Slot {
    pub(super) fn contains(&self, step: i64) -> bool {
        (self.base..self.base + self.steps as i64).contains(&step)
    }

    fn source(&self, step: usize) -> Option<&Source> {
        let part = if step < self.lead {
            SlotPart::Lead
        } else {
            SlotPart::Main
        };
        self.sources[part as usize].as_ref()
    }
}
