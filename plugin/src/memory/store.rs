//! The memory as the audio thread has it: phrases by their place in the song, each with what was
//! heard in its bars and the edits that the networks made of it.
//!
//! Everything is found by its key in constant time, however much is remembered, and nothing
//! grows: the audio thread may call all but the constructors.

mod questions;

use third_stream_model::roll::edits::Edits;
use third_stream_model::roll::heard::Heard;
use third_stream_model::roll::notes::NoteRoll;
use third_stream_model::roll::swing::Swing;
use third_stream_model::roll::{SLOTS, STEPS_PER_SLOT};

use super::document::{Document, FiledBar, Filing};
use super::notes::{NONE, Notes, Remembered};
use super::place::PhraseKey;
use super::set::PhraseSet;

/// Phrases that are remembered at once: 2,048 bars of 4/4, over an hour of music.
pub(crate) const PHRASES: usize = 512;
/// Places of the index; at most half of them are taken.
const INDEX: usize = PHRASES * 2;

/// What is remembered of one bar slot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    /// The steps that were heard, one bit each; 0 for a bar that was never heard.
    pub(crate) known: u16,
    /// The list of its notes.
    first: u32,
    /// It has changed since it was filed for saving.
    unfiled: bool,
}

/// What the networks made of a phrase.
#[derive(Clone, Debug)]
struct Answer {
    /// The request that it answers; 0 for none.
    ticket: u32,
    /// What they were asked about.
    heard: Heard,
    edits: [Edits; 2],
    filled: [bool; 2],
}

/// Four bar slots.
#[derive(Clone, Debug)]
struct Phrase {
    key: PhraseKey,
    slots: [Slot; SLOTS],
    /// The newest request; 0 for none.
    asked: u32,
    /// Of that request.
    asked_heard: Heard,
    /// The directions that it was asked in.
    sides: [bool; 2],
    answer: Answer,
    /// Known, but not answered as it now is.
    waiting: bool,
}

/// All that is remembered. Up to some 8 MiB on the heap, in use as it is filled; made when an
/// instance is activated and when a project is loaded, and handed over whole.
#[derive(Debug)]
pub(crate) struct Memory {
    /// Which loading it comes from; what it files only counts until another is loaded.
    epoch: u32,
    /// Of fixed room, and as long as the most that were ever used: what was never used is no
    /// memory of the machine's.
    phrases: Vec<Phrase>,
    used: usize,
    /// A phrase's number plus one by the hash of its key; 0 is vacant.
    index: Box<[u16]>,
    pub(crate) notes: Notes,
    /// Slots that are to be filed, by their number, oldest first, in a ring.
    unfiled: Box<[u16]>,
    oldest: usize,
    count: usize,
    /// That everything was forgotten is to be filed first.
    forgot: bool,
    learned: u32,
    waiting: u32,
    /// Of the phrases that wait, those that are to be asked about as they are, and were not: a
    /// project brought them, or their question found no room.
    unasked: PhraseSet,
    /// By [`Direction::index`]: those that were asked about as they are, but not in this direction.
    one_sided: [PhraseSet; 2],
    /// Without an answer, because a project brought them or other weights are to answer.
    brought: PhraseSet,
}

/// What is heard where nothing is.
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
            sides: [false; 2],
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
            one_sided: [PhraseSet::NONE; 2],
            brought: PhraseSet::NONE,
        }
    }

    /// The memory that was saved. Allocates.
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
        // What came from the document is in the document.
        memory.count = 0;
        for slot in memory.phrases.iter_mut().flat_map(|p| &mut p.slots) {
            slot.unfiled = false;
        }
        memory.await_all();
        memory
    }

    /// Forgets everything.
    pub(crate) fn forget(&mut self) {
        // An answer that is still out must not find its phrase waiting.
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
        self.one_sided = [PhraseSet::NONE; 2];
        self.brought = PhraseSet::NONE;
    }

    /// Bars that were heard, at least in part.
    pub(crate) const fn learned(&self) -> u32 {
        self.learned
    }

    /// Phrases that wait for the networks.
    pub(crate) const fn waiting(&self) -> u32 {
        self.waiting
    }

    /// The phrase with this key.
    pub(crate) fn find(&self, key: PhraseKey) -> Option<usize> {
        match self.index.get(self.place(key)) {
            None | Some(0) => None,
            Some(number) => Some(usize::from(*number) - 1),
        }
    }

    /// The phrase with this key, made if there is none; `None` where the memory is full.
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

    /// Where `key` is in the index, or would be.
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

    /// The steps of a slot that were heard.
    pub(crate) fn known(&self, phrase: usize, index: usize) -> u16 {
        self.slot(phrase, index).map_or(0, |slot| slot.known)
    }

    /// The same of a phrase, 16 bits for each slot.
    pub(crate) fn known_steps(&self, phrase: usize) -> u64 {
        (0..SLOTS).rev().fold(0, |steps, index| {
            steps << STEPS_PER_SLOT | u64::from(self.known(phrase, index))
        })
    }

    /// The notes of a slot: place, note, the pass in which it was last heard.
    pub(crate) fn list(
        &self,
        phrase: usize,
        index: usize,
    ) -> impl Iterator<Item = (u32, &Remembered, u32)> {
        let first = self.slot(phrase, index).map_or(NONE, |slot| slot.first);
        self.notes.list(first)
    }

    /// These steps of a slot were heard.
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

    /// A note of a slot was heard in `pass`. `None` where it has no room.
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

    /// Takes out of a slot the notes that `keep` does not keep, given with their last pass.
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

    /// A slot has changed: it is to be filed.
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

    /// Whether there are changes that are to be filed.
    pub(crate) const fn has_filings(&self) -> bool {
        self.forgot || self.count > 0
    }

    /// The next change that is to be filed, taken off the list.
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
}
