//! The course of a pass: its start and end, its slots, and the answers that they play by.

use third_stream_model::genre::Direction;
use third_stream_model::perform::{Body, Emission, SlotPart};
use third_stream_model::roll::edits::LEAD_STEPS;
use third_stream_model::roll::quantise::STEPS_PER_BEAT;

use super::requests::AT_ONCE;
use super::{InPlace, Run, Stage};
use crate::link::{AudioEnd, Counted};
use crate::memory::{Place, SAME};
use crate::rt::mode::{Block, Emit, HAIR, HALF_STEP, LEAD};
use crate::rt::pending::Terms;
use crate::rt::{NOTICE, Note};

impl InPlace {
    /// True if the performer is at `position`, by the host's bar lines. A slot that has just begun
    /// takes their shape.
    pub(super) fn is_at(&mut self, position: f64, block: Block) -> bool {
        let Some(run) = self.run else {
            return false;
        };
        let found = Place::at(position, &self.meter);
        let begins = |stage: &Stage| (position - stage.place.start).abs() < SAME;
        if found.is(&run.here.place) && run.ahead.is_none_or(|ahead| !begins(&ahead)) {
            return true;
        }
        let Some(ahead) = run.ahead else {
            return (run.here.place.end - position).abs() < SAME;
        };
        if found.is(&ahead.place) {
            return true;
        }
        if !begins(&ahead) || (found.start - ahead.place.start).abs() > SAME {
            return false;
        }
        self.performer.resize_slot(found.steps());
        self.learner
            .aim(&found, found.start - HALF_STEP, &mut self.memory);
        let stage = Stage {
            place: found,
            phrase: self.memory.find(found.key),
            slot: ahead.slot,
        };
        self.performer.set_lead(stage.slot, LEAD_STEPS);
        self.latch(&stage, SlotPart::Lead, block);
        if let Some(run) = &mut self.run {
            run.ahead = Some(stage);
        }
        true
    }

    /// Jumps: the pass ended at position `ended`, a new one starts where the song is.
    pub(super) fn restart(&mut self, ended: f64, block: Block, emit: &mut Emit) {
        self.leave(ended, block.link, emit);
        self.enter(block);
    }

    /// Ends the pass at position `ended`: sounding notes and listening.
    pub(super) fn leave(&mut self, ended: f64, link: &AudioEnd, emit: &mut Emit) {
        let tick = self.played;
        if let Some(run) = self.run.take() {
            let heard = [self.learner.phrase(), run.here.phrase];
            self.learner.finish(ended, &mut self.memory);
            for phrase in heard.into_iter().flatten() {
                self.ask_ahead(phrase, self.clock.beats(tick) + LEAD, link);
            }
        }
        self.performer.flush(tick, &mut |emission| emit(emission));
        while let Some(note) = self.dry.take() {
            let off = Note {
                velocity: 0.0,
                ..note
            };
            emit(Emission {
                tick,
                body: Body::Off(off),
                added_near: None,
            });
        }
    }

    /// Starts a pass where the song is.
    pub(super) fn enter(&mut self, block: Block) {
        let position = self.clock.position(self.played);
        let place = Place::at(position, &self.meter);
        self.learner.begin(position);
        self.learner.aim(&place, position, &mut self.memory);
        let stage = self.open(&place);
        self.performer.skip(position + self.clock.offset());
        let begin = position.max(place.start);
        let skipped = ((begin - place.start) * STEPS_PER_BEAT).ceil() as usize;
        self.performer.set_lead(stage.slot, skipped + LEAD_STEPS);
        self.latch(&stage, SlotPart::Lead, block);
        self.feed(&stage, position - HAIR, f64::INFINITY);
        self.run = Some(self.run_from(stage, begin, block));
    }

    /// The timeline of `stage`, played from `begin` on.
    fn run_from(&mut self, stage: Stage, begin: f64, block: Block) -> Run {
        let end = self.end_of(&stage.place, begin);
        let main_at = begin + LEAD - HALF_STEP;
        let lead_at = end - LEAD;
        let run = Run {
            here: stage,
            ahead: None,
            main_at: (main_at < stage.place.end - HALF_STEP - HAIR).then_some(main_at),
            lead_at: (lead_at > begin).then_some(lead_at),
        };
        if run.main_at.is_none() {
            self.count_late(&stage, &[SlotPart::Lead], block);
        }
        run
    }

    /// End of a slot that is played from `begin` on: its own or the loop's.
    fn end_of(&self, place: &Place, begin: f64) -> f64 {
        let cycle = self.wraps_after(begin);
        cycle.map_or(place.end, |(_, end)| end.min(place.end))
    }

    /// Opens a slot of the performer.
    fn open(&mut self, place: &Place) -> Stage {
        let start = place.start + self.clock.offset();
        let slot = self.performer.open_slot(start, place.steps());
        self.performer.settle(slot, slot, 0.0);
        Stage {
            place: *place,
            phrase: self.memory.find(place.key),
            slot,
        }
    }

    /// Gives the performer the notes of a slot with onsets in `from..until`, in the song's beats.
    fn feed(&mut self, stage: &Stage, from: f64, until: f64) {
        let Some(phrase) = stage.phrase else {
            return;
        };
        let offset = self.clock.offset();
        for (_, note, _) in self.memory.list(phrase, stage.place.index) {
            let onset = stage.place.start + note.onset();
            if (from..until).contains(&onset) {
                let played = Note::new(note.channel, note.key, None, note.velocity);
                let onset = onset + offset;
                let release = onset + note.length();
                self.performer
                    .note(onset, release, played, note.release_velocity);
            }
        }
    }

    /// Half a step before the slot's end: writes what was heard of it and opens the next slot.
    pub(super) fn open_next(&mut self, block: Block) {
        let Some(run) = self.run else {
            return;
        };
        let here = run.here.place;
        let until = here.end - HALF_STEP;
        self.learner.write(until, here.end, &mut self.memory);
        if let Some(phrase) = self.memory.find(here.key) {
            self.ask_ahead(phrase, until + self.clock.offset() + LEAD, block.link);
        }
        let place = here.next();
        self.learner.aim(&place, until, &mut self.memory);
        let stage = self.open(&place);
        self.performer.set_lead(stage.slot, LEAD_STEPS);
        self.latch(&stage, SlotPart::Lead, block);
        // Only the notes that were played early: the host may still report a new meter here.
        self.feed(&stage, f64::NEG_INFINITY, place.start - HAIR);
        if let Some(run) = &mut self.run {
            run.ahead = Some(stage);
        }
    }

    /// The next slot begins.
    pub(super) fn step_on(&mut self, block: Block) {
        let Some(stage) = self.run.and_then(|run| run.ahead) else {
            return;
        };
        self.feed(&stage, stage.place.start - HAIR, f64::INFINITY);
        self.run = Some(self.run_from(stage, stage.place.start, block));
    }

    /// After the slot's first beat: the rest plays by the answer as it is now.
    pub(super) fn take_up_main(&mut self, block: Block) {
        let Some(run) = &mut self.run else {
            return;
        };
        run.main_at = None;
        let stage = run.here;
        self.latch(&stage, SlotPart::Main, block);
        if let Some(phrase) = self.memory.find(stage.place.next().key) {
            self.ask_unanswered(phrase, stage.place.end - stage.place.start, block.link);
        }
        self.count_late(&stage, &[SlotPart::Lead, SlotPart::Main], block);
    }

    /// A beat before the slot's end: if the phrase goes on, asks about it so far, for the first
    /// beat of the next slot.
    pub(super) fn ask_first(&mut self, block: Block) {
        let Some(run) = &mut self.run else {
            return;
        };
        run.lead_at = None;
        let here = run.here;
        let position = self.clock.position(self.played);
        let end = self.end_of(&here.place, position);
        let next = match self.cycle {
            Some((start, cycle_end)) if cycle_end <= end + SAME && cycle_end > position => {
                Place::at(start, &self.meter)
            }
            _ => here.place.next(),
        };
        if next.key != here.place.key {
            return;
        }
        // A note up to half a step late may still be the remembered one.
        self.learner
            .write(position - HALF_STEP, end, &mut self.memory);
        let Some(phrase) = self.memory.find(next.key) else {
            return;
        };
        if self.memory.known(phrase, next.index) != 0 {
            let due = end + self.clock.offset() - HALF_STEP;
            self.ask_ahead(phrase, due + HALF_STEP, block.link);
        }
    }

    /// Asks about a phrase, if it has changed, for notes from unwrapped beat `from` on.
    pub(super) fn ask_ahead(&mut self, phrase: usize, from: f64, link: &AudioEnd) {
        let now = self.clock.beats(self.played);
        // The host may have moved the loop's end nearer.
        let due = (from - HALF_STEP - HAIR).max(now + NOTICE);
        let seconds = self.clock.seconds(due - now, self.sample_rate);
        self.ask(phrase, due, seconds, link);
    }

    /// The next phrase that a project brought or that found no room, if it may be asked about now.
    /// While answers are due, phrases played in this run wait for [`Self::ask_heard`].
    pub(super) fn unasked(&self) -> Option<usize> {
        if !self.requests.has_spare() {
            return None;
        }
        if self.run.is_some() && self.requests.next().is_some() {
            return self.memory.unasked_brought(self.next_unasked);
        }
        self.memory.unasked(self.next_unasked)
    }

    /// An answer starts to count, so there may be room: asks about a phrase that found none. This
    /// happens at a song time, so a bounce does it where playback did.
    pub(super) fn ask_heard(&mut self, link: &AudioEnd) {
        let unasked = self.memory.unasked_heard(self.next_unasked);
        if let Some(phrase) = unasked.filter(|_| self.requests.has_room()) {
            self.next_unasked = phrase + 1;
            self.ask_ahead(phrase, self.clock.beats(self.played) + LEAD, link);
        }
    }

    /// Asks about a phrase without an answer that will be played in `beats`. Only a phrase that a
    /// project brought may be answered at once; all others were played in this run and count a beat
    /// after their request, whether the host waits for answers or not.
    fn ask_unanswered(&mut self, phrase: usize, beats: f64, link: &AudioEnd) {
        // A pending answer is as good as one that is there: a slow machine must not ask more.
        if self.memory.answer(phrase).is_some() || self.requests.is_expected(phrase) {
            return;
        }
        if self.memory.is_brought(phrase) {
            let seconds = self.clock.seconds(beats, self.sample_rate);
            self.ask(phrase, AT_ONCE, seconds, link);
        } else {
            self.ask_ahead(phrase, self.clock.beats(self.played) + LEAD, link);
        }
    }

    pub(super) fn ask(&mut self, phrase: usize, due: f64, seconds: f64, link: &AudioEnd) {
        if self.memory.known_steps(phrase) == 0 {
            self.memory.leave(phrase);
            return;
        }
        let terms = Terms {
            seconds,
            weights: self.weights,
            taste: self.taste,
            offline: self.offline,
        };
        self.requests
            .ask(phrase, due, &terms, &mut self.memory, link);
    }

    /// Counts a remembered bar that plays dry, unless its first answer is not due yet. A missing
    /// answer in the direction away from the knob is not counted.
    fn count_late(&mut self, stage: &Stage, parts: &[SlotPart], block: Block) {
        let known = stage
            .phrase
            .map(|phrase| self.memory.known(phrase, stage.place.index));
        let (direction, _) = Direction::of_knob(block.settings.knob);
        let has = |part: &SlotPart| self.performer.has_answer(stage.slot, *part, direction);
        let early = stage
            .phrase
            .is_some_and(|phrase| self.requests.is_early(phrase));
        // An empty bar is not counted.
        let empty = stage.phrase.is_none_or(|phrase| {
            let mut notes = self.memory.list(phrase, stage.place.index);
            notes.next().is_none()
        });
        if known.is_some_and(|steps| steps != 0) && !empty && !early && !parts.iter().all(has) {
            self.late = self.late.saturating_add(1);
            let overdue = self.overdue == Some(stage.slot);
            block.link.count(if overdue {
                Counted::Late
            } else {
                Counted::Unasked
            });
        }
    }

    /// Lets a part of a slot play by its phrase's present answer, or dry.
    fn latch(&mut self, stage: &Stage, part: SlotPart, block: Block) {
        let Some(phrase) = stage.phrase else {
            return;
        };
        if self.memory.known(phrase, stage.place.index) == 0 {
            return;
        }
        self.ask_unanswered(phrase, 0.0, block.link);
        if block.transport.offline {
            self.requests.wait(phrase, &mut self.memory, block.link);
        }
        if self.requests.is_overdue(phrase) {
            self.overdue = Some(stage.slot);
        }
        let page = self.pages.load(phrase, &self.memory, &mut self.performer);
        if let Some(page) = page {
            let first = stage.slot - stage.place.index as i64;
            self.performer
                .attach((stage.slot, part), page, first, [true; 2]);
        }
    }
}
