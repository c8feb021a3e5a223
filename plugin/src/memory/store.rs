//! The memory in the core: a hash table of phrases by their position in the song, each with its
//! notes and the networks' edits.
//!
//! Look-up takes constant time and nothing grows: all but the constructors are real-time safe.

use third_stream_model::genre::Direction;
use third_stream_model::roll::edits::Edits;
use third_stream_model::roll::heard::Heard;
use third_stream_model::roll::notes::NoteRoll;
use third_stream_model::roll::swing::Swing;
use third_stream_model::roll::{SLOTS, STEPS_PER_SLOT};

use super::document::{Document, FiledBar, Filing};
use super::notes::{NONE, Notes, Remembered};
use super::place::PhraseKey;
use super::set::PhraseSet;

/// Capacity in phrases: 2,048 bars of 4/4, over an hour of music.
pub(crate) const PHRASES: usize = 512;
/// Size of the index; at most half full.
const INDEX: usize = PHRASES * 2;

/// Content of a bar slot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    /// The steps that were listened to, one bit each; 0 for a bar never played.
    pub(crate) known: u16,
    /// Head of its list of notes.
    first: u32,
    /// It changed since it was last filed.
    unfiled: bool,
}

/// The networks' answer about a phrase.
#[derive(Clone, Debug)]
struct Answer {
    /// Ticket of the request that it answers; 0 for none.
    ticket: u32,
    /// The networks' input that it belongs to.
    heard: Heard,
    edits: [Edits; 2],
    filled: [bool; 2],
}

/// A phrase: four bar slots.
#[derive(Clone, Debug)]
struct Phrase {
    key: PhraseKey,
    slots: [Slot; SLOTS],
    /// Ticket of the newest request; 0 for none.
    asked: u32,
    /// The networks' input of that request.
    asked_heard: Heard,
    answer: Answer,
    /// Its content is known and has no up to date answer.
    waiting: bool,
}

/// The whole memory: up to some 8 MiB on the heap, committed by the system as it is filled. Created
/// at activation and when a project is loaded; handed over as a whole.
#[derive(Debug)]
pub(crate) struct Memory {
    /// Number of the loading that it comes from; changes of an older one are ignored.
    epoch: u32,
    /// The vector has a fixed capacity, and the length of the most phrases ever used: the system
    /// commits no memory for the rest.
    phrases: Vec<Phrase>,
    used: usize,
    /// Index of a phrase plus one, by the hash of its key; 0 is vacant.
    index: Box<[u16]>,
    pub(crate) notes: Notes,
    /// Indices of the slots to be filed, oldest first, in a ring.
    unfiled: Box<[u16]>,
    oldest: usize,
    count: usize,
    /// Everything was forgotten, which is to be filed first.
    forgot: bool,
    learned: u32,
    waiting: u32,
    /// Waiting phrases without a pending request: a project brought them, or there was no room for
    /// their request.
    unasked: PhraseSet,
    /// Phrases without an answer because a project brought them or the weights changed.
    brought: PhraseSet,
}

/// The networks' input for an empty phrase.
pub(super) const SILENCE: Heard = Heard {
    notes: NoteRoll::EMPTY,
    held: 0,
    swing: Swing::STRAIGHT,
};

const SLOT: Slot = Slot {
    known: 0,
    first: NONE,
    unfiled: false,
};

impl Phrase {
    const fn new(key: PhraseKey) -> Self {
        Self {
            key,
            slots: [SLOT; SLOTS],
            asked: 0,
            asked_heard: SILENCE,
            answer: Answer {
                ticket: 0,
                heard: SILENCE,
                edits: [Edits::NONE; 2],
                filled: [false; 2],
            },
            waiting: false,
        }
    }
}

impl Memory {
    /// An empty memory. Allocates.
    pub(crate) fn new(epoch: u32) -> Self {
        Self {
            epoch,
            phrases: Vec::with_capacity(PHRASES),
            used: 0,
            index: vec![0; INDEX].into_boxed_slice(),
            notes: Notes::new(),
            unfiled: vec![0; PHRASES * SLOTS].into_boxed_slice(),
            oldest: 0,
            count: 0,
            forgot: false,
            learned: 0,
            waiting: 0,
            unasked: PhraseSet::NONE,
            brought: PhraseSet::NONE,
        }
    }

    /// The memory of a saved document. Allocates.
    pub(crate) fn of(document: &Document, epoch: u32) -> Self {
        let mut memory = Self::new(epoch);
        for (key, index, bar) in document.bars() {
            let Some(phrase) = memory.enter(key) else {
                continue;
            };
            memory.know(phrase, index, bar.known);
            for note in &bar.notes {
                memory.add(phrase, index, *note, 0);
            }
        }
        // The document's own bars need no filing.
        memory.count = 0;
        for slot in memory.phrases.iter_mut().flat_map(|p| &mut p.slots) {
            slot.unfiled = false;
        }
        memory.await_all();
        memory
    }

    /// Forgets everything.
    pub(crate) fn forget(&mut self) {
        // A pending answer must not find its phrase waiting.
        for phrase in self.phrases.iter_mut().take(self.used) {
            phrase.asked = 0;
            phrase.waiting = false;
        }
        self.used = 0;
        self.index.fill(0);
        self.notes.clear();
        self.oldest = 0;
        self.count = 0;
        self.forgot = true;
        self.learned = 0;
        self.waiting = 0;
        self.unasked = PhraseSet::NONE;
        self.brought = PhraseSet::NONE;
    }

    /// Number of bars that were played, at least in part.
    pub(crate) const fn learned(&self) -> u32 {
        self.learned
    }

    /// Number of phrases that wait for an answer.
    pub(crate) const fn waiting(&self) -> u32 {
        self.waiting
    }

    /// The phrase of a key.
    pub(crate) fn find(&self, key: PhraseKey) -> Option<usize> {
        match self.index.get(self.place(key)) {
            None | Some(0) => None,
            Some(number) => Some(usize::from(*number) - 1),
        }
    }

    /// The phrase of a key, created if needed; `None` if the memory is full.
    pub(crate) fn enter(&mut self, key: PhraseKey) -> Option<usize> {
        let place = self.place(key);
        let number = self.index.get_mut(place)?;
        if *number == 0 {
            if self.used == self.phrases.len() && self.used < PHRASES {
                self.phrases.push(Phrase::new(key));
            }
            let phrase = self.phrases.get_mut(self.used)?;
            phrase.key = key;
            phrase.slots = [SLOT; SLOTS];
            phrase.asked = 0;
            phrase.answer.ticket = 0;
            phrase.answer.filled = [false; 2];
            phrase.waiting = false;
            self.used += 1;
            *number = self.used as u16;
        }
        Some(usize::from(*number) - 1)
    }

    /// Position of `key` in the index, or of the vacancy for it.
    fn place(&self, key: PhraseKey) -> usize {
        let mixed = key.start as u64 ^ u64::from(key.bar) << 40 ^ u64::from(key.part) << 58;
        let hash = (mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as usize;
        let places = (0..INDEX).map(|probe| (hash + probe) % INDEX);
        let mut fits = places.filter(|place| match self.index.get(*place) {
            None | Some(0) => true,
            Some(number) => self.key(usize::from(*number) - 1) == Some(key),
        });
        fits.next().unwrap_or(INDEX)
    }

    pub(super) fn key(&self, phrase: usize) -> Option<PhraseKey> {
        Some(self.phrases.get(phrase)?.key)
    }

    fn slot(&self, phrase: usize, index: usize) -> Option<&Slot> {
        self.phrases.get(phrase)?.slots.get(index)
    }

    fn slot_mut(&mut self, phrase: usize, index: usize) -> Option<&mut Slot> {
        self.phrases.get_mut(phrase)?.slots.get_mut(index)
    }

    /// The steps of a slot that were listened to.
    pub(crate) fn known(&self, phrase: usize, index: usize) -> u16 {
        self.slot(phrase, index).map_or(0, |slot| slot.known)
    }

    /// The steps of a phrase that were listened to, 16 bits per slot.
    pub(crate) fn known_steps(&self, phrase: usize) -> u64 {
        (0..SLOTS).rev().fold(0, |steps, index| {
            steps << STEPS_PER_SLOT | u64::from(self.known(phrase, index))
        })
    }

    /// The notes of a slot: index, note, last pass in which it was heard.
    pub(crate) fn list(
        &self,
        phrase: usize,
        index: usize,
    ) -> impl Iterator<Item = (u32, &Remembered, u32)> {
        let first = self.slot(phrase, index).map_or(NONE, |slot| slot.first);
        self.notes.list(first)
    }

    /// Marks steps of a slot as listened to.
    pub(crate) fn know(&mut self, phrase: usize, index: usize, steps: u16) {
        let Some(slot) = self.slot_mut(phrase, index) else {
            return;
        };
        let (before, after) = (slot.known, slot.known | steps);
        slot.known = after;
        if before == after {
            return;
        }
        self.learned += u32::from(before == 0);
        self.touch(phrase, index);
    }

    /// Adds a note to a slot, heard in `pass`; `None` if there is no room.
    pub(crate) fn add(
        &mut self,
        phrase: usize,
        index: usize,
        note: Remembered,
        pass: u32,
    ) -> Option<u32> {
        let slot = self.phrases.get_mut(phrase)?.slots.get_mut(index)?;
        let place = self.notes.add(&mut slot.first, note, pass)?;
        self.touch(phrase, index);
        Some(place)
    }

    /// Removes from a slot the notes for which `keep`, called with note and last pass, is false.
    pub(crate) fn retain(
        &mut self,
        phrase: usize,
        index: usize,
        keep: impl Fn(&Remembered, u32) -> bool,
    ) {
        if self
            .list(phrase, index)
            .all(|(_, note, pass)| keep(note, pass))
        {
            return;
        }
        let phrases = self.phrases.get_mut(phrase);
        if let Some(slot) = phrases.and_then(|p| p.slots.get_mut(index)) {
            self.notes.retain(&mut slot.first, keep);
            self.touch(phrase, index);
        }
    }

    /// Marks a slot as changed, so that it is filed.
    pub(crate) fn touch(&mut self, phrase: usize, index: usize) {
        let end = (self.oldest + self.count) % self.unfiled.len();
        let Some(slot) = self.slot_mut(phrase, index) else {
            return;
        };
        if std::mem::replace(&mut slot.unfiled, true) {
            return;
        }
        if let Some(place) = self.unfiled.get_mut(end) {
            *place = (phrase * SLOTS + index) as u16;
            self.count += 1;
        }
    }

    /// True if changes are to be filed.
    pub(crate) const fn has_filings(&self) -> bool {
        self.forgot || self.count > 0
    }

    /// Takes the next change off the list.
    pub(crate) fn filing(&mut self) -> Option<Filing> {
        let epoch = self.epoch;
        if std::mem::take(&mut self.forgot) {
            return Some(Filing { epoch, bar: None });
        }
        if self.count == 0 {
            return None;
        }
        let number = usize::from(*self.unfiled.get(self.oldest)?);
        self.oldest = (self.oldest + 1) % self.unfiled.len();
        self.count -= 1;
        let (phrase, index) = (number / SLOTS, number % SLOTS);
        let slot = self.slot_mut(phrase, index)?;
        slot.unfiled = false;
        let mut bar = FiledBar::new(self.key(phrase)?, index, self.known(phrase, index));
        for (_, note, _) in self.list(phrase, index) {
            bar.add(*note);
        }
        let bar = Some(bar);
        Some(Filing { epoch, bar })
    }

    /// True if the phrase's newest request has this input and was not refused.
    pub(crate) fn asked(&self, phrase: usize, heard: &Heard) -> bool {
        let phrase = self.phrases.get(phrase);
        phrase.is_some_and(|p| p.asked != 0 && p.asked_heard == *heard)
    }

    /// True if the phrase is known and has no up to date answer.
    pub(crate) fn waits(&self, phrase: usize) -> bool {
        self.phrases.get(phrase).is_some_and(|p| p.waiting)
    }

    /// Records a request about a phrase with this input. `ticket` is greater than 0.
    pub(crate) fn ask(&mut self, of: usize, ticket: u32, heard: &Heard) {
        if let Some(phrase) = self.phrases.get_mut(of) {
            phrase.asked = ticket;
            phrase.asked_heard = *heard;
            self.waiting += u32::from(!std::mem::replace(&mut phrase.waiting, true));
        }
        self.unasked.remove(of);
    }

    /// Marks a phrase to be asked about later: there was no room for its request.
    pub(crate) fn want(&mut self, of: usize) {
        if let Some(phrase) = self.phrases.iter_mut().take(self.used).nth(of) {
            phrase.asked = 0;
            self.waiting += u32::from(!std::mem::replace(&mut phrase.waiting, true));
            self.unasked.insert(of);
        }
    }

    /// Marks a phrase as not to be asked about.
    pub(crate) fn leave(&mut self, phrase: usize) {
        self.unasked.remove(phrase);
    }

    /// Marks all waiting phrases to be asked about: pending requests will not be answered.
    pub(crate) fn want_waiting(&mut self) {
        let phrases = self.phrases.iter_mut().take(self.used).enumerate();
        for (of, phrase) in phrases.filter(|(_, phrase)| phrase.waiting) {
            phrase.asked = 0;
            self.unasked.insert(of);
        }
    }

    /// The next phrase from `from` on, in turn, that is to be asked about.
    pub(crate) fn unasked(&self, from: usize) -> Option<usize> {
        self.unasked.next(from)
    }

    /// Like [`Self::unasked`], among the phrases that a project brought.
    pub(crate) fn unasked_brought(&self, from: usize) -> Option<usize> {
        self.unasked.and(&self.brought).next(from)
    }

    /// Like [`Self::unasked`], among the phrases played in this run.
    pub(crate) fn unasked_heard(&self, from: usize) -> Option<usize> {
        self.unasked.without(&self.brought).next(from)
    }

    /// Records that `ticket` will not be answered; the phrase may be asked about again.
    pub(crate) fn refuse(&mut self, phrase: usize, ticket: u32) {
        if let Some(phrase) = self.phrases.get_mut(phrase)
            && phrase.asked == ticket
        {
            phrase.asked = 0;
        }
    }

    /// Drops all answers and marks all phrases to be asked about.
    pub(crate) fn await_all(&mut self) {
        self.waiting = self.used as u32;
        for phrase in self.phrases.iter_mut().take(self.used) {
            phrase.asked = 0;
            phrase.answer.ticket = 0;
            phrase.answer.filled = [false; 2];
            phrase.waiting = true;
        }
        self.unasked = PhraseSet::first(self.used);
        self.brought = self.unasked;
    }

    /// True if the phrase has no answer yet because a project brought it: its first answer then
    /// counts as soon as it comes.
    pub(crate) fn is_brought(&self, phrase: usize) -> bool {
        self.brought.contains(phrase)
    }

    /// Takes one direction of the answer to `ticket`, unless a newer one is there.
    pub(crate) fn take(
        &mut self,
        of: usize,
        ticket: u32,
        heard: &Heard,
        direction: Direction,
        edits: &Edits,
    ) {
        let Some(phrase) = self.phrases.iter_mut().take(self.used).nth(of) else {
            return; // forgotten while the networks were asked
        };
        let answer = &mut phrase.answer;
        if answer.ticket != ticket {
            // Tickets may wrap: newer is what lies less than half the circle ahead.
            let newer = answer.ticket == 0 || (ticket.wrapping_sub(answer.ticket) as i32) > 0;
            if !newer {
                return;
            }
            answer.ticket = ticket;
            answer.heard = *heard;
            answer.filled = [false; 2];
        }
        self.brought.remove(of);
        answer.edits[direction.index()].copy_from(edits);
        answer.filled[direction.index()] = true;
        if phrase.asked == ticket && std::mem::take(&mut phrase.waiting) {
            self.waiting -= 1;
        }
    }

    /// A phrase's answer: its ticket, its input, and the directions that it has.
    pub(crate) fn answer(&self, phrase: usize) -> Option<(u32, &Heard, [bool; 2])> {
        let answer = &self.phrases.get(phrase)?.answer;
        (answer.ticket != 0).then_some((answer.ticket, &answer.heard, answer.filled))
    }

    /// The edits of a phrase's answer in one direction, if it has them.
    pub(crate) fn edits(&self, phrase: usize, direction: Direction) -> Option<&Edits> {
        let answer = &self.phrases.get(phrase)?.answer;
        let filled = answer.ticket != 0 && answer.filled[direction.index()];
        filled.then_some(&answer.edits[direction.index()])
    }
}
