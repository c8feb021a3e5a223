//! Edited phrases to timed notes: what the plugin plays live and what the command line writes.
//!
//! A [`Performer`] is fed on the **input timeline** (slots of the grid, source notes, messages)
//! and plays on the **output timeline**, later by each group's delay (0 on the command line).
//! All times are quarter notes; a [`Clock`] says on which tick (a sample, a tick of a file) a time
//! falls. Every decision is taken at its own tick with the [`Control`] of that tick, so the result
//! does not depend on how a piece is cut into calls of [`Performer::run`].
//!
//! The order of calls for a phrase:
//! 1. [`Performer::open_slot`] for its (up to four) bar slots, then [`Performer::settle`];
//! 2. [`Performer::note`] (or `note_on`/`note_off`) for the notes that begin in it, including those
//!    whose onset lies up to an eighth of a beat before it and so rounds up to its first step;
//! 3. [`Performer::window`] gives the phrase for the network; [`Performer::set_page`],
//!    [`Performer::fill`] and [`Performer::attach`] bring the edits;
//! 4. [`Performer::run`] up to an eighth of a beat before the end of what is known (the next
//!    phrase's first notes may be early), and to the end after the last phrase.
//!
//! Pure, of fixed capacity, and without allocation once it is made: the audio thread may call all
//! of it except [`Performer::new`].

mod added;
mod event;
mod grid;
mod notes;
mod play;
mod played;
mod window;

pub use event::{Body, Expression, Message, Note};
pub use grid::{PAGES, SlotPart};

use std::collections::VecDeque;

pub use crate::drums::DRUM_CHANNEL;
use crate::drums::DrumParts;
use crate::genre::Direction;
use crate::roll::edits::Edits;
use crate::roll::guard::Guard;
use crate::roll::heard::Heard;
use crate::roll::notes::NoteRoll;
use crate::roll::{PITCHES, STEPS_PER_SLOT, row_of_key};
use added::Added;
use grid::Grid;
use notes::{ENDS, FARTHEST_PULL, Fate, Notes, OVER, Source, Stage};
use play::{Hand, Rest};
pub use window::Moment;

/// Source notes that are remembered at once: held, waiting, sounding, or ended a bar ago.
const NOTES: usize = 2048;
/// Messages that wait at once.
const MESSAGES: usize = 16_384;
/// Note-offs that come so soon (beats) after a jump belong to the notes that it ended.
const SAME_TIME: f64 = 1e-4;
/// Times (beats) that differ by less are the same.
const NOISE: f64 = 1e-6;
/// The controller of the sustain pedal.
const SUSTAIN: u8 = 64;
/// From beats of the output timeline to ticks: samples in the plugin, ticks of a file otherwise.
pub trait Clock {
    /// The tick nearest to `beats`. Must not fall while `beats` grows.
    fn tick(&self, beats: f64) -> i64;
}

/// The user's settings, constant during a call of [`Performer::run`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Control {
    /// −1 (the pair's first genre) … 0 (as played) … 1 (its second genre).
    pub knob: f32,
    /// 0 keeps the feel, 1 lies on the grid at full amount, less at less; without effect where
    /// there are no edits (a bar that plays dry).
    pub quantise: f32,
    /// Limits on the network's edits.
    pub guard: Guard,
}

/// An event that leaves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Emission {
    /// When.
    pub tick: i64,
    /// The event.
    pub body: Body,
    /// For the strike of a note that the network added: the id of the nearest source note, if it
    /// has one. `Some(None)` where it has none.
    pub added_near: Option<Option<i32>>,
}

/// A message that waits for its time.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    at: f64,
    delay: f64,
    sequence: u64,
    message: Message,
}

/// Plays edited phrases. See the [module](self) for the order of calls.
#[derive(Debug)]
pub struct Performer {
    grid: Grid,
    notes: Notes,
    /// Notes that have ended are gone that were over before this step.
    gone: i64,
    added: Vec<Added>,
    messages: VecDeque<Waiting>,
    /// Number of the next source event: events of one tick leave in the order in which they
    /// entered.
    sequence: u64,
    /// Delay of source events that come, until [`Performer::settle`] says it for their group.
    expected_delay: f64,
    /// All that waits has that delay and the grid's present stream.
    is_alike: bool,
    /// The channels that are drums.
    drums: DrumParts,
    /// The channels whose sustain pedal is down, one bit each.
    pedals: u16,
    /// The last pitched source note, for added notes that have no other near.
    last: Note,
    /// How long nothing happens, if that is known: most blocks end here.
    rest: Option<Rest>,
}

impl Default for Performer {
    fn default() -> Self {
        Self::new()
    }
}

impl Performer {
    /// A performer that knows nothing. Allocates all that it will ever use (about 1 MiB).
    pub fn new() -> Self {
        Self {
            grid: Grid::new(),
            notes: Notes::new(),
            gone: i64::MIN,
            added: Vec::with_capacity(PITCHES * 2),
            messages: VecDeque::with_capacity(MESSAGES),
            sequence: 0,
            expected_delay: 0.0,
            is_alike: true,
            drums: DrumParts::default(),
            pedals: 0,
            last: Note::new(0, 60, None, 0.7),
            rest: None,
        }
    }

    /// Opens the next bar slot, `steps` (1..=16) long from `start` on the input timeline, and
    /// returns its number. Numbers go up by one, also across [`Performer::flush`]. The oldest of
    /// 32 slots is forgotten; what would still sound by it plays dry.
    pub fn open_slot(&mut self, start: f64, steps: usize) -> i64 {
        self.rest = None;
        self.grid.open(start, steps)
    }

    /// Changes the length of the newest slot (1..=16 steps).
    pub fn resize_slot(&mut self, steps: usize) {
        self.rest = None;
        self.grid.resize(steps);
    }

    /// Fixes what sounds in slot `slot` as context for later windows; call it when the slot is
    /// over. Not needed where windows do not overlap.
    pub fn freeze_slot(&mut self, slot: i64) {
        let Some(place) = self.grid.place(slot) else {
            return;
        };
        let cells = self.cells_to_freeze(&self.grid.slots[place]);
        self.grid.freeze(place, &cells);
    }

    /// Says that slots `first..=last` are a group that is played `delay` beats later: from here
    /// on it can sound.
    pub fn settle(&mut self, first: i64, last: i64, delay: f64) {
        self.rest = None;
        let before = self.grid.stream;
        let settled = self.grid.settle(first, last, delay);
        self.is_alike &= delay == self.expected_delay && self.grid.stream == before;
        let Some((steps, times, stream)) = settled.filter(|_| !self.is_alike) else {
            return;
        };
        for place in 0..self.notes.len() {
            let note = &self.notes[place];
            let inside = match note.row {
                Some(_) => steps.contains(&note.start),
                None => times.contains(&note.onset),
            };
            if inside && note.stage == Stage::Waiting {
                self.notes.change(place, |note| {
                    note.delay = delay;
                    note.stream = stream;
                });
            }
        }
        for message in &mut self.messages {
            if times.contains(&message.at) {
                message.delay = delay;
            }
        }
    }

    /// The delay in beats of source events that come, until their group is settled.
    pub fn expect_delay(&mut self, delay: f64) {
        let empty = self.notes.len() == 0 && self.messages.is_empty();
        self.is_alike = empty || self.is_alike && delay == self.expected_delay;
        self.expected_delay = delay;
    }

    /// A bank or a program may make a channel's part drums, or pitches again: that counts for the
    /// notes that begin from now on. All other messages are nothing here.
    pub fn choose(&mut self, message: Message) {
        match message {
            Message::Controller {
                channel,
                number,
                value,
            } => {
                let value = (value * 127.0).round() as u8;
                self.drums.controller(channel, number, value);
            }
            Message::Program { channel, .. } => self.drums.program(channel),
            _ => {}
        }
    }

    /// True if the notes of a channel are drums, which are never transferred.
    pub const fn is_drum(&self, channel: u8) -> bool {
        self.drums.is_drum(channel)
    }

    /// A note begins at `at` on the input timeline. False: the table is full, it will not sound.
    pub fn note_on(&mut self, at: f64, note: Note) -> bool {
        if self.notes.is_full() && !self.forget_one() {
            return false;
        }
        let row = if self.is_drum(note.channel) {
            None
        } else {
            row_of_key(note.key)
        };
        if row.is_some() {
            self.last = note;
        }
        let start = self.grid.step_at(at);
        let source = Source {
            note,
            row,
            onset: at,
            release: f64::INFINITY,
            release_velocity: 0.0,
            start,
            end: i64::MAX,
            rings: i64::MAX,
            delay: self.expected_delay,
            stream: self.grid.stream,
            sequence: self.next_sequence(),
            release_sequence: 0,
            stage: Stage::Waiting,
            fate: Fate::Undecided,
            crowded: row.is_some() && self.crowd(start, note),
            sounding: false,
            cut_by_jump: false,
        };
        self.notes.push(source);
        self.wake(at + self.expected_delay - FARTHEST_PULL);
        true
    }

    /// Marks the notes of this channel and key that begin at `start` as crowded; true if there are
    /// any.
    fn crowd(&mut self, start: i64, note: Note) -> bool {
        let mut crowded = false;
        for place in 0..self.notes.len() {
            let same_key = |of: Note| (of.channel, of.key) == (note.channel, note.key);
            if self.notes.starts()[place] == start && same_key(self.notes[place].note) {
                self.notes.change(place, |other| other.crowded = true);
                crowded = true;
            }
        }
        if crowded {
            self.rest = None;
        }
        crowded
    }

    /// Something happens at `beats` of the output timeline, or later.
    fn wake(&mut self, beats: f64) {
        self.rest = self.rest.map(|rest| rest.by_then(beats));
    }

    /// The note with this id, or else the oldest held one of this channel and key, ends at `at`;
    /// `note.velocity` is the release velocity. False: there is none.
    pub fn note_off(&mut self, at: f64, note: Note) -> bool {
        let sequence = self.next_sequence();
        let end = self.grid.step_at(at);
        let ended = |place: &usize| self.notes[*place].is_ended(&note, at);
        let place = self.notes.marked(ENDS).find(ended);
        let Some(place) = place else {
            return false;
        };
        let pedals = self.pedals;
        let delay = self.notes.change(place, |source| {
            if source.held() {
                source.end_at(at, end, sequence, note.velocity);
                if pedals >> (source.note.channel & 15) & 1 == 1 {
                    source.rings = i64::MAX;
                }
            } else {
                source.cut_by_jump = false;
                source.release_velocity = note.velocity;
            }
            source.delay
        });
        self.wake(at + delay - FARTHEST_PULL);
        true
    }

    /// A whole note at once. False: the table is full.
    pub fn note(&mut self, onset: f64, release: f64, note: Note, release_velocity: f32) -> bool {
        if !self.note_on(onset, note) {
            return false;
        }
        let sequence = self.next_sequence();
        let end = self.grid.step_at(release);
        if let Some(last) = self.notes.len().checked_sub(1) {
            self.notes.change(last, |source| {
                source.end_at(release.max(onset), end, sequence, release_velocity);
            });
        }
        true
    }

    /// Ends every held note that began before `at`, because the song jumped back there and the
    /// host may not say so. A note-off that comes at the same time still finds its note.
    pub fn release_held(&mut self, at: f64) {
        self.rest = None;
        let end = self.grid.step_at(at);
        for place in 0..self.notes.len() {
            if self.notes.is(place, ENDS) && self.notes[place].is_held_from_before(at) {
                let sequence = self.next_sequence();
                self.notes.change(place, |source| {
                    source.end_at(at, end, sequence, 0.0);
                    source.cut_by_jump = true;
                });
            }
        }
        self.lift(at, u16::MAX);
    }

    /// A message enters at `at` on the input timeline. False: the table is full, it is lost.
    ///
    /// The sustain pedal shapes the roll: a note that is let go while the pedal of its channel is
    /// down sounds there until the pedal is up. What leaves is as played: note-off and pedal.
    pub fn message(&mut self, at: f64, message: Message) -> bool {
        self.wake(at + self.expected_delay);
        if let Some((channel, down)) = message.sustain() {
            if down {
                self.pedals |= 1 << channel;
            } else {
                self.pedals &= !(1 << channel);
                self.lift(at, 1 << channel);
            }
        }
        if self.messages.len() == MESSAGES {
            return false;
        }
        let sequence = self.next_sequence();
        self.messages.push_back(Waiting {
            at,
            delay: self.expected_delay,
            sequence,
            message,
        });
        true
    }

    /// Play begins at `at` in the newest slot: its steps before that are not played.
    pub fn skip(&mut self, at: f64) {
        self.rest = None;
        self.grid.skip(at);
    }

    /// Makes page `page` (0..[`PAGES`]) the place of the edits of a phrase; slots that still use
    /// what was there before play dry from now on.
    pub fn set_page(&mut self, page: usize, phrase: &Heard) {
        self.begin_page(page, phrase);
        self.end_page(page);
    }

    /// The first half of [`Performer::set_page`], for who has little time.
    pub fn begin_page(&mut self, page: usize, phrase: &Heard) {
        if self.grid.begin_page(page, phrase) {
            self.rest = None;
        }
    }

    /// The second half of [`Performer::set_page`]; the page must not be filled before.
    pub fn end_page(&mut self, page: usize) {
        self.grid.end_page(page);
    }

    /// The edits of a page's phrase in one direction have come. They count for what is attached to
    /// the page from now on.
    pub fn fill(&mut self, page: usize, direction: Direction, edits: &Edits) {
        self.grid.fill(page, direction, edits);
    }

    /// Lets a part of a slot play by `page`, whose window begins with slot `first`. Only the
    /// `due` directions count, as far as they are filled: what comes later is too late for it.
    pub fn attach(&mut self, part: (i64, SlotPart), page: usize, first: i64, due: [bool; 2]) {
        self.rest = None;
        self.grid.attach(part, page, first, due);
    }

    /// Sets how many leading steps of slot `slot` belong to [`SlotPart::Lead`] (0 at first).
    pub fn set_lead(&mut self, slot: i64, steps: usize) {
        self.rest = None;
        self.grid.set_lead(slot, steps);
    }

    /// How many leading steps of slot `slot` belong to [`SlotPart::Lead`].
    pub fn lead(&self, slot: i64) -> usize {
        let place = self.grid.place(slot);
        place.map_or(0, |place| self.grid.slots[place].lead.min(STEPS_PER_SLOT))
    }

    /// When slot `slot` begins on the output timeline, once it is settled.
    pub fn slot_begins(&self, slot: i64) -> Option<f64> {
        self.grid.begins(slot)
    }

    /// True if a part of slot `slot` plays by edits in `direction`, that is, not dry.
    pub fn has_answer(&self, slot: i64, part: SlotPart, direction: Direction) -> bool {
        self.grid.has_answer(slot, part, direction)
    }

    /// Number and step (with its fraction) of the slot that sounds at `beats` of the output
    /// timeline.
    pub fn playhead(&self, beats: f64) -> Option<(i64, f64)> {
        self.grid.playhead(beats)
    }

    /// The page and first slot of the window by which `step` of slot `slot` plays, and whether it
    /// has edits in `direction`.
    pub fn playing_by(
        &self,
        slot: i64,
        step: usize,
        direction: Direction,
    ) -> Option<(usize, i64, bool)> {
        self.grid.playing_by(slot, step, direction)
    }

    /// The phrase of a page with the edits that `control` asks for, if they are there.
    pub fn page_output(&self, page: usize, control: Control) -> Option<NoteRoll> {
        self.grid.page_output(page, &Hand::of(control))
    }

    /// The pedals of these channels go up at `at`.
    fn lift(&mut self, at: f64, channels: u16) {
        let end = self.grid.step_at(at);
        let of_channels = |n: &Source| channels >> (n.note.channel & 15) & 1 == 1;
        for place in 0..self.notes.len() {
            let note = &self.notes[place];
            if self.notes.rings()[place] == i64::MAX && !note.held() && of_channels(note) {
                self.notes
                    .change(place, |note| note.rings = end.max(note.end));
            }
        }
    }

    fn next_sequence(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    /// Makes room for a note by forgetting the oldest that has ended.
    fn forget_one(&mut self) -> bool {
        let gone = self.notes.iter().position(|note| self.is_gone(note));
        let done = gone.or_else(|| self.notes.marked(OVER).next());
        if let Some(place) = done {
            self.notes.remove(place);
        }
        done.is_some()
    }
}

#[cfg(test)]
mod tests;
