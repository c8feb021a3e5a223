//! Playing: which event comes next on the output timeline, and what it does.

use super::added::Added;
use super::notes::{FARTHEST_PULL, Fate, SOUNDS, Source, Stage};
use super::{Body, Clock, Control, Emission, Note, Performer};
use crate::genre::Direction;
use crate::roll::guard::Guard;
use crate::roll::quantise::pull;
use crate::roll::{STEPS, STEPS_PER_SLOT};

/// A bar: how long a note that has ended is kept for the velocity of added ones, in steps.
const KEPT_STEPS: i64 = STEPS_PER_SLOT as i64;
/// A phrase: so long a note that only the pedal holds is kept, in steps.
const LONGEST_RING: i64 = STEPS as i64;
/// A stream ends this much (beats) after its last step, so that a group that follows on the same
/// tick is settled before.
const END_SLACK: f64 = 1e-6;
/// A note that is gone is still kept so many steps, for a window that is drawn later.
const KEPT_GONE: i64 = 4;
/// Notes that are gone are removed once in so many steps, between two beats.
const REMOVED_EVERY: i64 = 4;
/// The step of these at which that happens.
const REMOVED_AT: i64 = 2;

/// The next event. Events of one tick go by class, then in the order in which they entered.
#[derive(Clone, Copy, Debug)]
enum Next {
    /// A grid step (or the end) of the slot at this place.
    Step(usize),
    /// The onset of the note at this place.
    Onset(usize),
    /// Its release.
    Release(usize),
    /// The first of the messages.
    Message,
}

/// Finds what comes next among all that is to come.
struct Soonest<'a, C> {
    clock: &'a C,
    until: i64,
    /// Tick, class and sequence of the first event before tick `until`, and what it is.
    first: Option<((i64, u8, u64), Next)>,
    /// The earliest beat of all.
    earliest: f64,
    /// A beat that is known to lie on a later tick than `first`.
    later: f64,
}

/// Up to when nothing happens.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rest {
    /// When the next event is due, in beats of the output timeline.
    until: f64,
    /// Direction and pull to the grid by which that was found.
    by: (Direction, f64),
}

impl Rest {
    /// Something happens at `beats`, or later.
    pub(super) fn by_then(self, beats: f64) -> Self {
        let until = self.until.min(beats);
        Self { until, ..self }
    }
}

/// Direction, amount, guard and pull to the grid of a [`Control`], made safe.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hand {
    pub(super) direction: Direction,
    pub(super) amount: f32,
    pub(super) guard: Guard,
    /// How far notes are pulled to the grid, 0..=1: Quantise times the amount.
    quantise: f64,
}

impl Hand {
    pub(super) fn of(control: Control) -> Self {
        let knob = if control.knob.is_finite() {
            control.knob
        } else {
            0.0
        };
        let (direction, amount) = Direction::of_knob(knob);
        let asked = f64::from(control.quantise);
        let quantise = if amount > 0.0 && asked > 0.0 {
            asked.min(1.0) * f64::from(amount)
        } else {
            0.0
        };
        Self {
            direction,
            amount,
            guard: control.guard,
            quantise,
        }
    }
}

impl<'a, C: Clock> Soonest<'a, C> {
    const fn new(clock: &'a C, until: i64) -> Self {
        Self {
            clock,
            until,
            first: None,
            earliest: f64::INFINITY,
            later: f64::INFINITY,
        }
    }

    /// True if what was offered comes before all that happens at `beats` or later.
    fn is_before(&mut self, beats: f64) -> bool {
        if beats >= self.later {
            return true;
        }
        match self.first {
            _ if beats <= self.earliest => false,
            Some(((first, ..), _)) if first >= self.clock.tick(beats) => false,
            Some(_) => {
                self.later = beats;
                true
            }
            None => true,
        }
    }

    fn offer(&mut self, beats: f64, class: u8, sequence: u64, next: Next) {
        if beats < self.earliest {
            self.earliest = beats;
        } else if self.first.is_none() {
            return; // What is earlier than this is not before `until`.
        }
        let tick = self.clock.tick(beats);
        let rank = (tick, class, sequence);
        if tick < self.until && self.first.as_ref().is_none_or(|(least, _)| rank < *least) {
            self.first = Some((rank, next));
        }
    }

    /// The first event before tick `until`, or else the beat of the earliest of all.
    fn found(self) -> Result<(i64, Next), f64> {
        match self.first {
            Some(((tick, ..), next)) => Ok((tick, next)),
            None => Err(self.earliest),
        }
    }
}

impl Performer {
    /// Plays all that is due before tick `until`; what was due before `from` leaves at `from`.
    /// `emit` gets the events in the order of their ticks. It may refuse a note-on (by false):
    /// that note then does not sound and gets no note-off.
    pub fn run(
        &mut self,
        clock: &impl Clock,
        from: i64,
        until: i64,
        control: Control,
        emit: &mut impl FnMut(Emission) -> bool,
    ) {
        if self.rests(clock, control).is_some_and(|tick| tick >= until) {
            return;
        }
        let hand = Hand::of(control);
        let by = (hand.direction, hand.quantise);
        let mut now = from;
        loop {
            let (tick, next) = match self.next(clock, &hand, until) {
                Ok(next) => next,
                Err(later) => {
                    self.rest = Some(Rest { until: later, by });
                    return;
                }
            };
            // Where only one end of a note is pulled to the grid, it may lie before the other.
            now = now.max(tick);
            let tick = now;
            match next {
                Next::Step(place) => self.step(place, tick, &hand, emit),
                Next::Onset(place) => self.onset(place, tick, &hand, emit),
                Next::Release(place) => self.release(place, tick, emit),
                Next::Message => {
                    if let Some(waiting) = self.messages.pop_front() {
                        send(emit, tick, Body::Message(waiting.message));
                    }
                }
            }
        }
    }

    /// Before which tick [`Performer::run`] with this `control` does nothing, if that is known: as
    /// long as nothing else is called.
    pub fn rests(&self, clock: &impl Clock, control: Control) -> Option<i64> {
        let hand = Hand::of(control);
        let rest = self
            .rest
            .filter(|rest| rest.by == (hand.direction, hand.quantise))?;
        Some(clock.tick(rest.until))
    }

    /// Ends all that sounds at `tick` and forgets notes, messages and slots.
    pub fn flush(&mut self, tick: i64, emit: &mut impl FnMut(Emission) -> bool) {
        for place in self.notes.marked(SOUNDS) {
            send(emit, tick, Body::Off(off(self.notes[place].note, 0.0)));
        }
        self.notes.clear();
        for added in self.added.drain(..).filter(|added| added.sounding) {
            send(emit, tick, Body::Off(off(added.note, 0.0)));
        }
        self.rest = None;
        self.messages.clear();
        self.pedals = 0;
        self.gone = i64::MIN;
        self.is_alike = true;
        self.grid.clear();
    }

    /// True if anything sounds: notes whose note-off has not left.
    pub fn sounds(&self) -> bool {
        self.added.iter().any(|added| added.sounding) || self.notes.marked(SOUNDS).next().is_some()
    }

    /// The earliest event before tick `until`, or else the beat of the earliest of all.
    fn next(&self, clock: &impl Clock, hand: &Hand, until: i64) -> Result<(i64, Next), f64> {
        let mut soonest = Soonest::new(clock, until);
        let over = self.grid.over();
        for (place, slot) in self.grid.slots.iter().enumerate().skip(over) {
            let ending = slot.cursor == slot.steps && self.grid.ends_stream(place);
            if (slot.cursor < slot.steps || ending)
                && let Some(time) = self.grid.cursor_time(slot)
            {
                let slack = if ending { END_SLACK } else { 0.0 };
                let order = slot.base as u64 + slot.cursor as u64;
                soonest.offer(time + slack, 1, order, Next::Step(place));
            }
        }
        if let Some(first) = self.messages.front() {
            let time = first.at + first.delay;
            soonest.offer(time, 2, first.sequence, Next::Message);
        }
        for (place, due) in self.notes.due().iter().enumerate() {
            if soonest.is_before(*due) {
                continue;
            }
            let note = &self.notes[place];
            if note.stage == Stage::Waiting {
                let (time, _) = self.pulled(note, hand, note.onset, note.start, note.start);
                soonest.offer(time, 2, note.sequence, Next::Onset(place));
            } else {
                let (time, on_grid) = self.pulled(note, hand, note.release, note.end, note.end - 1);
                // On the grid a note may end where the next of its pitch begins.
                let class = if on_grid { 0 } else { 2 };
                soonest.offer(time, class, note.release_sequence, Next::Release(place));
            }
        }
        soonest.found()
    }

    /// When the end `exact` of a note sounds: pulled to step `grid` as far as Quantise and the
    /// amount ask, unless step `decider` plays dry or notes that share a step would become one. And
    /// whether it was pulled.
    fn pulled(
        &self,
        note: &Source,
        hand: &Hand,
        exact: f64,
        grid: i64,
        decider: i64,
    ) -> (f64, bool) {
        let played = (exact + note.delay, false);
        if note.row.is_none()
            || note.crowded
            || hand.quantise <= 0.0
            || !self.grid.has_edits(decider, hand.direction)
        {
            return played;
        }
        match self.grid.beats_at(grid) {
            Some(beats) if (beats - exact).abs() <= FARTHEST_PULL => {
                (pull(exact, beats, hand.quantise) + note.delay, true)
            }
            _ => played,
        }
    }

    /// A source onset: it strikes unless an edit takes it.
    fn onset(
        &mut self,
        place: usize,
        tick: i64,
        hand: &Hand,
        emit: &mut impl FnMut(Emission) -> bool,
    ) {
        let note = self.notes[place];
        if let Some(row) = note.row {
            if note.fate == Fate::Undecided {
                let verdict = self.verdict(note.start, row, hand);
                self.decide(note.start, row, verdict, tick, emit);
            }
            if self.notes[place].fate == Fate::Gone {
                self.notes.change(place, |note| note.stage = Stage::Open);
                return;
            }
            self.end_added(tick, emit, |added| added.is_of(&note.note));
            // Notes that had ended when this one began end before it, however far their ends are
            // pulled.
            for other in 0..self.notes.len() {
                if self.notes.is(other, SOUNDS) && self.notes[other].is_over_before(&note) {
                    let velocity = self.notes[other].release_velocity;
                    self.silence(other, tick, velocity, emit);
                }
            }
        }
        self.notes.change(place, |note| note.stage = Stage::Open);
        self.strike(place, tick, emit);
    }

    /// A source release: the note ends.
    fn release(&mut self, place: usize, tick: i64, emit: &mut impl FnMut(Emission) -> bool) {
        let note = self.notes[place];
        self.silence(place, tick, note.release_velocity, emit);
        self.notes.change(place, |note| note.stage = Stage::Done);
        if note.row.is_none() {
            self.notes.remove(place);
        }
    }

    /// A step of the grid: notes that edits have brought end and begin.
    fn step(
        &mut self,
        place: usize,
        tick: i64,
        hand: &Hand,
        emit: &mut impl FnMut(Emission) -> bool,
    ) {
        let slot = &mut self.grid.slots[place];
        let (stream, step) = (slot.stream, slot.base + slot.cursor as i64);
        let over = slot.cursor >= slot.steps;
        slot.cursor += 1;
        self.grid.pass_over();
        if over {
            self.end_added(tick, emit, |added| added.stream == stream);
            return;
        }
        let ends = |added: &Added| added.sounding && added.stream == stream && added.end <= step;
        self.end_added(tick, emit, ends);
        self.begin_edits(step, stream, tick, hand, emit);
        self.gone = self.gone.max(step - KEPT_STEPS);
        if step.rem_euclid(REMOVED_EVERY) == REMOVED_AT {
            let gone = self.gone - KEPT_GONE;
            self.notes.remove_over(|note| last_ring(note) <= gone);
        }
    }

    /// True if a note ended so long ago that nothing looks at it.
    pub(super) fn is_gone(&self, note: &Source) -> bool {
        note.stage == Stage::Done && last_ring(note) <= self.gone
    }

    fn strike(&mut self, place: usize, tick: i64, emit: &mut impl FnMut(Emission) -> bool) {
        let sounding = send(emit, tick, Body::On(self.notes[place].note));
        self.notes.change(place, |source| {
            source.sounding = sounding;
            if !sounding {
                source.stage = Stage::Done;
            }
        });
    }

    pub(super) fn silence(
        &mut self,
        place: usize,
        tick: i64,
        velocity: f32,
        emit: &mut impl FnMut(Emission) -> bool,
    ) {
        let source = |source: &mut Source| std::mem::take(&mut source.sounding);
        if self.notes.change(place, source) {
            send(emit, tick, Body::Off(off(self.notes[place].note, velocity)));
        }
    }
}

pub(super) fn send(emit: &mut impl FnMut(Emission) -> bool, tick: i64, body: Body) -> bool {
    emit(Emission {
        tick,
        body,
        added_near: None,
    })
}

/// The step at which a note is over for the network, or is taken to be if only the pedal holds it.
pub(super) fn last_ring(note: &Source) -> i64 {
    note.rings.min(note.end.saturating_add(LONGEST_RING))
}

/// The note-off of a note.
pub(super) fn off(note: Note, velocity: f32) -> Note {
    Note { velocity, ..note }
}
