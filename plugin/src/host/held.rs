//! The notes that the host holds, to expand events that leave key or channel open ("every note of
//! this channel", "the note with this id").

use super::Address;
use crate::rt::{BlockEvent, Body, Message, Note};

/// Capacity. Notes beyond it are still ended by their own note-offs.
const ROOM: usize = 256;

/// Held notes, and the event that is being expanded.
#[derive(Debug)]
pub(crate) struct Held {
    notes: [Note; ROOM],
    count: usize,
    /// The event to be expanded, its address, and the next note to check (from the end, because
    /// notes are removed on the way).
    spreading: Option<(BlockEvent, Address, usize)>,
}

impl Default for Held {
    fn default() -> Self {
        let nothing = Note::new(0, 0, None, 0.0);
        Self {
            notes: [nothing; ROOM],
            count: 0,
            spreading: None,
        }
    }
}

impl Held {
    /// Updates the held notes by an event.
    pub(crate) fn follow(&mut self, body: Body) {
        match body {
            Body::On(note) if self.count < ROOM => {
                self.notes[self.count] = note;
                self.count += 1;
            }
            Body::Off(note) => {
                let address = Address {
                    id: note.id,
                    channel: Some(note.channel),
                    key: Some(note.key),
                };
                let mut notes = self.notes[..self.count].iter();
                if let Some(index) = notes.position(|held| address.speaks_to(held)) {
                    self.remove(index);
                }
            }
            Body::On(_) | Body::Message(_) => {}
        }
    }

    /// Expands `event` to all notes with `address`; [`Self::expanded`] yields the results.
    pub(crate) fn expand(&mut self, event: BlockEvent, address: Address) {
        self.spreading = Some((event, address, self.count));
    }

    /// True if [`Self::expanded`] may yield an event.
    pub(crate) const fn is_spreading(&self) -> bool {
        self.spreading.is_some()
    }

    /// The next expanded event.
    pub(crate) fn expanded(&mut self) -> Option<BlockEvent> {
        let (event, address, mut index) = self.spreading?;
        while index > 0 {
            index -= 1;
            let note = self.notes[index];
            if !address.speaks_to(&note) {
                continue;
            }
            if matches!(event.body, Body::Off(_)) {
                self.remove(index);
            }
            self.spreading = Some((event, address, index));
            let body = addressed_to(event.body, &note);
            return Some(BlockEvent { body, ..event });
        }
        self.spreading = None;
        None
    }

    fn remove(&mut self, index: usize) {
        self.notes.copy_within(index + 1..self.count, index);
        self.count -= 1;
    }
}

impl Address {
    fn speaks_to(&self, note: &Note) -> bool {
        // Bitwig sends ids with note-ons only.
        let same_id = self.id.is_none() || note.id.is_none() || self.id == note.id;
        same_id
            && self.channel.is_none_or(|channel| channel == note.channel)
            && self.key.is_none_or(|key| key == note.key)
    }
}

/// The event, addressed to one note.
fn addressed_to(body: Body, to: &Note) -> Body {
    match body {
        Body::On(note) | Body::Off(note) => {
            Body::Off(Note::new(to.channel, to.key, to.id, note.velocity))
        }
        Body::Message(Message::Expression { kind, value, .. }) => {
            Body::Message(Message::Expression {
                kind,
                channel: to.channel,
                key: to.key,
                id: to.id,
                value,
            })
        }
        Body::Message(other) => Body::Message(other),
    }
}
