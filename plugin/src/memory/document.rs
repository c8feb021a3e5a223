//! The memory as it is saved: bars in song order. Main and engine threads; the audio thread only
//! sends changes.

use std::collections::BTreeMap;

use super::notes::{NOTES_PER_BAR, Remembered};
use super::place::PhraseKey;

/// A bar slot as it was played.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Bar {
    /// The steps that were listened to, one bit each.
    pub(crate) known: u16,
    /// In playing order.
    pub(crate) notes: Vec<Remembered>,
}

/// All bars that were played.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Document {
    bars: BTreeMap<(PhraseKey, u8), Bar>,
}

/// A change of the memory, by value, from the audio thread.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Filing {
    /// Number of the loading that the memory comes from.
    pub(crate) epoch: u32,
    /// A changed bar; `None` if everything was forgotten.
    pub(crate) bar: Option<FiledBar>,
}

/// A bar slot by value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FiledBar {
    key: PhraseKey,
    index: u8,
    known: u16,
    count: usize,
    notes: [Remembered; NOTES_PER_BAR],
}

impl FiledBar {
    pub(crate) fn new(key: PhraseKey, index: usize, known: u16) -> Self {
        Self {
            key,
            index: index as u8,
            known,
            count: 0,
            notes: [Remembered::default(); NOTES_PER_BAR],
        }
    }

    pub(crate) fn add(&mut self, note: Remembered) {
        if let Some(place) = self.notes.get_mut(self.count) {
            *place = note;
            self.count += 1;
        }
    }
}

impl Document {
    /// Number of bars.
    pub(crate) fn len(&self) -> usize {
        self.bars.len()
    }

    /// The bars in song order: phrase, slot in it, content.
    pub(crate) fn bars(&self) -> impl Iterator<Item = (PhraseKey, usize, &Bar)> {
        self.bars
            .iter()
            .map(|((key, index), bar)| (*key, usize::from(*index), bar))
    }

    /// Sets a bar.
    pub(crate) fn put(&mut self, key: PhraseKey, index: u8, bar: Bar) {
        self.bars.insert((key, index), bar);
    }

    /// Moves all bars to `aside`, replacing its content, unless there are none.
    pub(crate) fn put_aside(&mut self, aside: &mut Self) {
        if self.len() > 0 {
            *aside = std::mem::take(self);
        }
    }

    /// Applies a change.
    pub(crate) fn file(&mut self, filing: &Filing) {
        let Some(filed) = &filing.bar else {
            self.bars.clear();
            return;
        };
        let bar = Bar {
            known: filed.known,
            notes: filed.notes[..filed.count].to_vec(),
        };
        self.put(filed.key, filed.index, bar);
    }
}
