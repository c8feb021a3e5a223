//! Notes that pass straight through: while the transport is stopped or the plugin bypassed, and in
//! place those that are not played from memory. A note-off takes its note-on's route, whatever the
//! transport does in between.

use third_stream_model::perform::Note;

/// Capacity: held notes on this route.
const HELD: usize = 256;

/// The held notes of this route, oldest first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Passthrough {
    held: [Note; HELD],
    count: usize,
}

impl Passthrough {
    pub(super) const fn new() -> Self {
        let none = Note::new(0, 0, None, 0.0);
        Self {
            held: [none; HELD],
            count: 0,
        }
    }

    /// Records a note-on; false if the table is full, and the note must not be sent.
    pub(super) fn hold(&mut self, note: Note) -> bool {
        let Some(place) = self.held.get_mut(self.count) else {
            return false;
        };
        *place = note;
        self.count += 1;
        true
    }

    /// Removes and returns the note that the note-off `off` ends, if it took this route.
    pub(super) fn release(&mut self, off: Note) -> Option<Note> {
        let held = self.held.get(..self.count)?;
        let place = held.iter().position(|note| note.is_ended_by(&off))?;
        let note = *held.get(place)?;
        self.held.copy_within(place + 1..self.count, place);
        self.count -= 1;
        Some(note)
    }

    /// Removes and returns the oldest held note.
    pub(super) fn take(&mut self) -> Option<Note> {
        let note = *self.held.get(..self.count)?.first()?;
        self.release(note)
    }

    /// True if a message addresses a note of this route.
    pub(super) fn has(&self, channel: u8, key: u8, id: Option<i32>) -> bool {
        let to = Note::new(channel, key, id, 0.0);
        let held = self.held.iter().take(self.count);
        held.into_iter().any(|note| note.is_ended_by(&to))
    }

    /// True if this pitch sounds on this route.
    pub(super) fn sounds(&self, note: Note) -> bool {
        self.held
            .iter()
            .take(self.count)
            .any(|held| held.channel == note.channel && held.key == note.key)
    }
}
