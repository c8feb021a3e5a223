//! Live: a group of bars sounds transferred one group later.
//!
//! Three kinds of events lie on the unwrapped clock, each at a tick: markers of the input timeline
//! (a slot ends, a group's first answer is requested), times at which answers are taken up, and the
//! performer's notes. Order within a tick: input, markers, output.

use third_stream_model::genre::Direction;
use third_stream_model::perform::{Body, Clock, Message, Performer};
use third_stream_model::roll::STEPS_PER_SLOT;
use third_stream_model::roll::edits::LEAD_STEPS;
use third_stream_model::roll::quantise::STEPS_PER_BEAT;

use super::answers::{Answers, Ask};
use super::clock::{BeatClock, Change};
use super::groups::{Closed, Groups};
use super::mode::{Block, Emit, HAIR, HALF_STEP, LEAD, Leave, ModePlayer};
use super::pending::Terms;
use super::sides::Sides;
use super::snapshot::{CoreView, PlayState};
use super::{NOTICE, Settings, Transport};
use crate::link::{Answer, AudioEnd, IN_A_BLOCK};
use crate::memory::Meter;

/// The Live mode.
#[derive(Debug)]
pub(super) struct Live {
    clock: BeatClock,
    groups: Groups,
    answers: Answers,
    performer: Performer,
    sides: Sides,
    /// The loop, unless it is too short.
    cycle: Option<(f64, f64)>,
    /// Cache of the next marker of the input timeline.
    next: Option<(i64, Marker)>,
    /// Tick up to which the performer has played.
    played: i64,
}

/// Events on the input timeline.
#[derive(Clone, Copy, Debug)]
enum Marker {
    Wrap,
    AskFirst,
    EndSlot,
    TakeUp,
    /// A step of the work on a question is to be done.
    Ask,
}

impl Live {
    pub(super) fn new() -> Self {
        Self {
            clock: BeatClock::new(),
            groups: Groups::new(),
            answers: Answers::new(),
            performer: Performer::new(),
            sides: Sides::new(),
            cycle: None,
            next: None,
            played: 0,
        }
    }
}

impl ModePlayer for Live {
    fn choose(&mut self, message: Message) {
        self.performer.choose(message);
    }

    fn count_anew(&mut self) {
        self.answers.count_anew();
    }

    fn late(&self) -> u32 {
        self.answers.late()
    }

    fn renew(&mut self, link: &AudioEnd) {
        self.next = None;
        self.answers.forget(link);
    }

    fn attend(&mut self, _frames: u32, _settings: &Settings, link: &AudioEnd) {
        self.answers.receive(IN_A_BLOCK, link, &mut self.performer);
    }

    fn begin(&mut self, now: i64, block: Block, emit: &mut Emit) {
        let Block {
            transport,
            settings,
            link,
        } = block;
        self.played = now;
        let (clock, cycle) = (self.clock, self.cycle);
        self.cycle = transport.cycle();
        let change = self.clock.follow(now, transport);
        if change == Change::Jumped {
            self.flush(now, link, emit);
            self.start(now, transport, settings);
            return;
        }
        let ran_on = change == Change::Ran && self.clock.counts_as(&clock) && self.cycle == cycle;
        // A loop's end that was passed without a wrap is over.
        self.next = self.next.filter(|(tick, _)| ran_on && *tick > now);
        let mut beats = self.clock.beats(now);
        let meter = self.meter(beats, transport);
        if let Change::Wrapped(at) = change {
            self.performer.release_held(at);
            beats = at;
        }
        if self.sides.follow(beats, settings.knob) {
            self.turn(beats, transport, settings, link);
        }
        if !self.groups.agrees(meter) {
            self.next = None;
            self.answers.look(&mut self.performer);
            if let Some(closed) = self.groups.follow(beats, meter, &mut self.performer) {
                self.close(&closed, transport, settings, link);
            }
        }
    }

    /// Input sounds a group later, so nothing leaves at once.
    fn hear(&mut self, at: i64, body: Body, _leave: &mut Leave) -> bool {
        let beats = self.clock.beats(at);
        match body {
            Body::On(note) => self.performer.note_on(beats, note),
            Body::Off(note) => {
                // A note-off without a note is late: a jump ended the note.
                self.performer.note_off(beats, note);
                true
            }
            Body::Message(message) => self.performer.message(beats, message),
        }
    }

    /// If an event enters at `until`, the song wraps round its loop first.
    fn advance(&mut self, until: i64, enters: bool, block: Block, emit: &mut Emit) {
        let Block {
            transport,
            settings,
            link,
        } = block;
        let control = settings.control();
        loop {
            let (tick, marker) = match self.next {
                Some(next) => next,
                None => *self.next.insert(self.next_marker()),
            };
            let to = tick.clamp(self.played, until.max(self.played));
            self.performer
                .run(&self.clock, self.played, to, control, &mut |emission| {
                    emit(emission)
                });
            self.played = to;
            let wraps = enters && tick == until && matches!(marker, Marker::Wrap);
            if tick >= until && !wraps {
                return;
            }
            self.next = None;
            match marker {
                Marker::Wrap => self.wrap(transport, settings, link),
                Marker::AskFirst => self.ask_first(transport, settings, link),
                Marker::EndSlot => {
                    self.answers.look(&mut self.performer);
                    if let Some(closed) = self.groups.end_slot(&mut self.performer) {
                        self.close(&closed, transport, settings, link);
                    }
                }
                Marker::Ask => self.answers.step(link, &mut self.performer),
                Marker::TakeUp => {
                    let (direction, _) = Direction::of_knob(settings.knob);
                    self.answers
                        .switch(transport.offline, direction, link, &mut self.performer);
                }
            }
        }
    }

    fn stop(&mut self, now: i64, link: &AudioEnd, emit: &mut Emit) {
        self.flush(now, link, emit);
        self.clock.stop();
    }

    fn quiet_until(&self, settings: &Settings) -> Option<i64> {
        let (marker, _) = self.next?;
        let played = self.performer.rests(&self.clock, settings.control())?;
        Some(played.min(marker))
    }

    fn runs_on(&mut self, now: i64, position: Option<f64>) -> bool {
        self.clock.runs_on(now, position)
    }

    fn view(&self, now: i64, settings: &Settings, view: &mut CoreView) {
        let beats = self.clock.beats(now);
        let place = self.performer.playhead(beats);
        let playing = place.and_then(|(slot, step)| {
            let (window, first) = self.answers.window_of(slot)?;
            Some((slot, step, window, first))
        });
        let Some((slot, step, window, first)) = playing else {
            view.state = PlayState::Listening;
            return;
        };
        let steps = STEPS_PER_SLOT as i64;
        view.playhead = ((slot - window) * steps) as f32 + step as f32;
        view.first_step = ((first - window) * steps) as u8;
        view.source = self.performer.window(window, beats).notes;
        view.output = view.source;
        let (direction, _) = Direction::of_knob(settings.knob);
        let by = self.performer.playing_by(slot, step as usize, direction);
        match by {
            Some((page, base, true)) if base == window => {
                let output = self.performer.page_output(page, settings.control());
                view.output = output.unwrap_or(view.source);
            }
            Some((_, _, true)) => {}
            _ => view.state = PlayState::Dry,
        }
    }
}

impl Live {
    /// Ends sounding notes, forgets input and requests.
    fn flush(&mut self, now: i64, link: &AudioEnd, emit: &mut Emit) {
        self.next = None;
        self.performer.flush(now, &mut |emission| emit(emission));
        self.answers.forget(link);
    }

    /// Starts to listen at tick `now`.
    fn start(&mut self, now: i64, transport: &Transport, settings: &Settings) {
        self.next = None;
        self.sides.start(settings.knob);
        let beats = self.clock.beats(now);
        let meter = self.meter(beats, transport);
        self.groups
            .start(beats, meter, settings.delay_bars, &mut self.performer);
    }

    fn next_marker(&self) -> (i64, Marker) {
        let mut next = (self.clock.tick(self.groups.slot_end()), Marker::EndSlot);
        if !self.answers.asked(self.groups.group()) {
            let tick = self.clock.tick(self.groups.planned().1 - LEAD);
            // Play that starts later is not asked about ahead: see `close`.
            if (self.played..=next.0).contains(&tick) {
                next = (tick, Marker::AskFirst);
            }
        }
        let answers = &self.answers;
        let others = [
            (answers.next_step(), Marker::Ask),
            (answers.next(), Marker::TakeUp),
        ];
        for (at, marker) in others {
            let tick = at.map(|at| self.clock.tick(at));
            if let Some(tick) = tick.filter(|tick| *tick < next.0) {
                next = (tick, marker);
            }
        }
        if let Some((_, end)) = self.cycle
            && self.clock.position(self.played) < end - HAIR
        {
            let tick = self.clock.tick_from(end + self.clock.offset());
            if tick <= next.0 {
                next = (tick, Marker::Wrap);
            }
        }
        next
    }

    /// The song wraps round its loop within a block.
    fn wrap(&mut self, transport: &Transport, settings: &Settings, link: &AudioEnd) {
        let Some((start, end)) = self.cycle else {
            return;
        };
        let at = end + self.clock.offset();
        let meter = transport.meter(start).at(start);
        self.clock.wrap(end - start);
        self.performer.release_held(at);
        let meter = Meter {
            start: meter.start + self.clock.offset(),
            ..meter
        };
        self.answers.look(&mut self.performer);
        if let Some(closed) = self.groups.follow(at, meter, &mut self.performer) {
            self.close(&closed, transport, settings, link);
        }
    }

    /// One beat before the group's end: asks for the first answer.
    fn ask_first(&mut self, transport: &Transport, settings: &Settings, link: &AudioEnd) {
        let (slots, _) = self.groups.planned();
        let (group, first) = (self.groups.group(), self.groups.first());
        let now = self.clock.beats(self.played);
        let take_up = self.groups.sounds_at() - HALF_STEP;
        let ask = Ask {
            answer: Answer::First,
            group,
            slots: (first, first + i64::from(slots) - 1),
            now,
            terms: self.terms(take_up - now, transport, settings),
            sides: self.sides.wanted(now),
        };
        self.answers.ask(&ask, link, &mut self.performer);
        self.answers.note_lead(group, first, take_up);
        self.performer.set_lead(first, LEAD_STEPS);
    }

    /// A group ends: asks for the second answer, and schedules it for the group's slots.
    fn close(
        &mut self,
        closed: &Closed,
        transport: &Transport,
        settings: &Settings,
        link: &AudioEnd,
    ) {
        let now = self.clock.beats(self.played);
        let led = self.answers.asked(closed.group);
        let begin = self.performer.slot_begins(closed.first).unwrap_or(now);
        // Earlier slots play by the first answer. A group that was started late has none: what
        // sounds within a beat is dry, because whether an answer came in time would depend on the
        // machine.
        let second = if led {
            begin + LEAD
        } else {
            (now + LEAD).max(begin)
        };
        let ask = Ask {
            answer: Answer::Second,
            group: closed.group,
            slots: (closed.first, closed.last),
            now,
            terms: self.terms(second - HALF_STEP - now, transport, settings),
            sides: self.sides.wanted(now),
        };
        self.answers.ask(&ask, link, &mut self.performer);
        if !led && second > begin + HAIR {
            self.answers.miss_lead(closed.group);
        }
        for slot in closed.first..=closed.last {
            let Some(begins) = self.performer.slot_begins(slot) else {
                continue;
            };
            let ahead = (second - begins).max(0.0);
            if ahead > HAIR {
                let steps = (ahead * STEPS_PER_BEAT - HAIR).ceil() as usize;
                self.performer.set_lead(slot, steps);
                if led && slot > closed.first {
                    self.answers
                        .note_lead(closed.group, slot, begins - HALF_STEP);
                }
            }
            self.answers
                .note_main(closed, slot, begins + ahead - HALF_STEP);
        }
        self.answers.give_up_played(closed.group, link);
    }

    /// The knob moved at `now`: the other direction may be needed soon.
    fn turn(&mut self, now: f64, transport: &Transport, settings: &Settings, link: &AudioEnd) {
        let terms = self.terms(NOTICE, transport, settings);
        self.next = None;
        self.answers.turn(now, terms, link, &self.performer);
    }

    /// The terms of a request whose answer is needed in `beats`.
    fn terms(&self, beats: f64, transport: &Transport, settings: &Settings) -> Terms {
        Terms {
            seconds: self.clock.seconds(beats, transport.sample_rate),
            weights: settings.weights,
            taste: settings.taste,
            offline: transport.offline,
        }
    }

    /// The host's bar lines on the unwrapped clock.
    fn meter(&self, beats: f64, transport: &Transport) -> Meter {
        let offset = self.clock.offset();
        let meter = transport.meter(beats - offset);
        Meter {
            start: meter.start + offset,
            ..meter
        }
    }
}
