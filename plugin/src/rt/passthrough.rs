//! Notes that pass straight through: while the transport stands still or the plugin is bypassed,
//! and in place those that are not played from memory.
//! A note-off follows its note-on's route, whatever the transport does in between.

use third_stream_model::perform::Note;

/// Notes that are held at once on this route.
const HELD: usize = 256;

/// The held notes of the straight route, oldest first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Passthrough {
    held: [Note; HELD],
    count: usize,
}

impl Passthrough {
    pub(super) const fn new() -> Self {
        let none = Note {
            channel: 0,
            key: 0,
            id: None,
            velocity: 0.0,
        };
        Self {
            held: [none; HELD],
            count: 0,
        }
    }

    /// Remembers a note-on. False: the table is full, the note must not leave.
    pub(super) fn hold(&mut self, note: Note) -> bool {
        let Some(place) = self.held.get_mut(self.count) else {
            return false;
        };
        *place = note;
        self.count += 1;
        true
    }

    /// The note that the note-off `off` ends, if it came by this route.
    pub(super) fn release(&mut self, off: Note) -> Option<Note> {
        let held = self.held.get(..self.count)?;
        let place = held.iter().position(|note| note.is_ended_by(&off))?;
        let note = *held.get(place)?;
        self.held.copy_within(place + 1..self.count, place);
        self.count -= 1;
        Some(note)
    }

    /// The oldest held note, taken out.
    pub(super) fn take(&mut self) -> Option<Note> {
        let note = *self.held.get(..self.count)?.first()?;
        self.release(note)
    }

    /// Whether a message speaks to a note of this route.
    pub(super) fn has(&self, channel: u8, key: u8, id: Option<i32>) -> bool {
        let to = Note {
            channel,
            key,
            id,
            velocity: 0.0,
        };
        let held = self.held.iter().take(self.count);
        held.into_iter().any(|note| note.is_ended_by(&to))
    }

    /// Whether this pitch sounds by this route.
    pub(super) fn sounds(&self, note: Note) -> bool {
        self.held
            .iter()
            .take(self.count)
            .any(|held| held.channel == note.channel && held.key == note.key)
    }
}
