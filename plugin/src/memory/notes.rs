//! Remembered notes: one table with a linked list for each bar slot.

/// Ticks per beat of remembered times: finer than a sample, and saved without rounding.
pub(crate) const TICKS: f64 = 4_194_304.0;
/// Capacity of the table.
const ROOM: usize = 65_536;
/// Maximum number of notes in a bar slot: eight at every step.
pub(crate) const NOTES_PER_BAR: usize = 128;
/// End of a list.
pub(crate) const NONE: u32 = u32::MAX;

/// A note as it was played. Without the host's note id, which is not valid on the next pass.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Remembered {
    /// From the start of its slot, in [`TICKS`]; negative where it was played early.
    pub(crate) onset: i32,
    /// Time to its note-off.
    pub(crate) length: u32,
    /// Time to its end, which is after the note-off where the sustain pedal held it.
    pub(crate) ring: u32,
    /// 0..=1.
    pub(crate) velocity: f32,
    /// 0..=1.
    pub(crate) release_velocity: f32,
    /// MIDI channel, 0..=15.
    pub(crate) channel: u8,
    /// MIDI key.
    pub(crate) key: u8,
}

/// One entry of the table.
#[derive(Clone, Copy, Debug)]
struct Entry {
    note: Remembered,
    /// The last pass in which it was heard.
    pass: u32,
    next: u32,
}

/// Lists of notes in one table of fixed size. All but [`Notes::new`] are real-time safe.
#[derive(Debug)]
pub(crate) struct Notes {
    /// The vector has a fixed capacity, and the length of the most entries ever used.
    entries: Vec<Entry>,
    /// Number of entries used so far; released ones are in `free`.
    used: u32,
    free: u32,
}

impl Notes {
    /// An empty table. Allocates about 2 MiB, which the system commits as it is filled.
    pub(crate) fn new() -> Self {
        Self {
            entries: Vec::with_capacity(ROOM),
            used: 0,
            free: NONE,
        }
    }

    /// Removes all lists.
    pub(crate) const fn clear(&mut self) {
        self.used = 0;
        self.free = NONE;
    }

    /// Appends a note heard in `pass` to the list that begins at `first`; `None` if list or table
    /// is full.
    pub(crate) fn add(&mut self, first: &mut u32, note: Remembered, pass: u32) -> Option<u32> {
        let (mut last, mut count) = (NONE, 0);
        for (place, ..) in self.list(*first) {
            last = place;
            count += 1;
        }
        if count >= NOTES_PER_BAR {
            return None;
        }
        let next = NONE;
        let entry = Entry { note, pass, next };
        let place = if self.free == NONE {
            let place = self.used;
            if self.entries.len() == place as usize && self.entries.len() < ROOM {
                self.entries.push(entry);
            }
            self.entries.get(place as usize)?;
            self.used += 1;
            place
        } else {
            let place = self.free;
            self.free = self.entries.get(place as usize)?.next;
            place
        };
        *self.entries.get_mut(place as usize)? = entry;
        self.link(last, place, first);
        Some(place)
    }

    /// Removes from a list the notes for which `keep`, called with note and last pass, is false.
    pub(crate) fn retain(&mut self, first: &mut u32, keep: impl Fn(&Remembered, u32) -> bool) {
        let mut place = std::mem::replace(first, NONE);
        let mut last = NONE;
        while let Some(entry) = self.entries.get(place as usize).copied() {
            let next = entry.next;
            if keep(&entry.note, entry.pass) {
                self.link(last, place, first);
                last = place;
            } else if let Some(entry) = self.entries.get_mut(place as usize) {
                entry.next = std::mem::replace(&mut self.free, place);
            }
            place = next;
        }
        self.link(last, NONE, first);
    }

    /// The notes of a list: index, note, last pass in which it was heard.
    pub(crate) fn list(&self, first: u32) -> impl Iterator<Item = (u32, &Remembered, u32)> {
        let mut place = first;
        std::iter::from_fn(move || {
            let here = place;
            let entry = self.entries.get(here as usize)?;
            place = entry.next;
            Some((here, &entry.note, entry.pass))
        })
    }

    /// The note at an index.
    pub(crate) fn at(&mut self, place: u32) -> Option<&mut Remembered> {
        Some(&mut self.entries.get_mut(place as usize)?.note)
    }

    /// Sets the last pass in which the note at an index was heard.
    pub(crate) fn heard(&mut self, place: u32, pass: u32) {
        if let Some(entry) = self.entries.get_mut(place as usize) {
            entry.pass = pass;
        }
    }

    fn link(&mut self, last: u32, place: u32, first: &mut u32) {
        match self.entries.get_mut(last as usize) {
            Some(entry) => entry.next = place,
            None => *first = place,
        }
    }
}

impl Remembered {
    /// Onset in beats from the start of its slot.
    pub(crate) fn onset(&self) -> f64 {
        f64::from(self.onset) / TICKS
    }

    /// Length in beats, to its note-off.
    pub(crate) fn length(&self) -> f64 {
        f64::from(self.length) / TICKS
    }

    /// Length in beats, to its end by key or pedal.
    pub(crate) fn ring(&self) -> f64 {
        f64::from(self.ring) / TICKS
    }
}

/// A length in beats as ticks.
pub(crate) fn ticks(beats: f64) -> u32 {
    (beats * TICKS).round().clamp(0.0, f64::from(u32::MAX)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(key: u8) -> Remembered {
        Remembered {
            key,
            ..Remembered::default()
        }
    }

    fn keys(notes: &Notes, first: u32) -> Vec<u8> {
        notes.list(first).map(|(_, note, _)| note.key).collect()
    }

    #[test]
    fn what_is_taken_out_makes_room() {
        let mut notes = Notes::new();
        let (mut one, mut two) = (NONE, NONE);
        for key in 0..4 {
            notes.add(&mut one, note(key), 1).unwrap();
            notes.add(&mut two, note(10 + key), 1).unwrap();
        }
        notes.retain(&mut one, |note, _| note.key % 2 == 0);
        assert_eq!(keys(&notes, one), [0, 2]);
        assert_eq!(keys(&notes, two), [10, 11, 12, 13]);
        let used = notes.used;
        notes.add(&mut two, note(20), 1).unwrap();
        notes.add(&mut one, note(30), 1).unwrap();
        assert_eq!(notes.used, used);
        assert_eq!(keys(&notes, one), [0, 2, 30]);
        assert_eq!(keys(&notes, two), [10, 11, 12, 13, 20]);
        notes.retain(&mut one, |_, _| false);
        assert!(keys(&notes, one).is_empty());
    }

    #[test]
    #[cfg_attr(miri, ignore = "takes long there")]
    fn a_full_table_says_so() {
        let mut notes = Notes::new();
        let mut lists = [NONE; ROOM / NOTES_PER_BAR];
        for list in &mut lists {
            for _ in 0..NOTES_PER_BAR {
                assert!(notes.add(list, note(1), 1).is_some());
            }
            assert_eq!(notes.add(list, note(1), 1), None, "more than a bar holds");
        }
        let mut another = NONE;
        assert_eq!(notes.add(&mut another, note(1), 1), None);
        notes.retain(&mut lists[7], |_, _| false);
        assert!(notes.add(&mut another, note(1), 1).is_some());
    }
}
