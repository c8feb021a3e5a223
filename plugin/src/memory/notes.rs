//! Remembered notes, and the one table that holds those of all bars.

/// Parts of a beat in which remembered times are counted: finer than a sample, and exact when
/// they are saved.
pub(crate) const TICKS: f64 = 4_194_304.0;
/// Notes that are remembered at once.
const ROOM: usize = 65_536;
/// Notes that are remembered of one bar slot: eight at every step.
pub(crate) const NOTES_PER_BAR: usize = 128;
/// Where a list ends.
pub(crate) const NONE: u32 = u32::MAX;

/// A note as it was heard, without a host's id: those mean nothing on the next pass.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Remembered {
    /// From the start of its slot, in [`TICKS`]; a little before it where it was played early.
    pub(crate) onset: i32,
    /// Until its note-off.
    pub(crate) length: u32,
    /// Until it was over: later than its note-off where the sustain pedal held it.
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
    /// The pass in which it was last heard.
    pass: u32,
    next: u32,
}

/// Lists of notes in one table of fixed size. The audio thread may call all but [`Notes::new`].
#[derive(Debug)]
pub(crate) struct Notes {
    /// Of fixed room, and as long as the most that were ever used.
    entries: Vec<Entry>,
    /// Entries used so far; those that were given back are in `free`.
    used: u32,
    free: u32,
}

impl Notes {
    /// An empty table. Allocates about 2 MiB, in use as it is filled.
    pub(crate) fn new() -> Self {
        Self {
            entries: Vec::with_capacity(ROOM),
            used: 0,
            free: NONE,
        }
    }

    /// Forgets all lists.
    pub(crate) const fn clear(&mut self) {
        self.used = 0;
        self.free = NONE;
    }

    /// Puts a note heard in `pass` at the end of the list that begins with `first`; `None` when
    /// the list or the table is full.
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

    /// Takes out of a list the notes that `keep` does not keep, given with their last pass.
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

    /// The notes of a list: place, note, the pass in which it was last heard.
    pub(crate) fn list(&self, first: u32) -> impl Iterator<Item = (u32, &Remembered, u32)> {
        let mut place = first;
        std::iter::from_fn(move || {
            let here = place;
            let entry = self.entries.get(here as usize)?;
            place = entry.next;
            Some((here, &entry.note, entry.pass))
        })
    }

    /// The note at a place.
    pub(crate) fn at(&mut self, place: u32) -> Option<&mut Remembered> {
        Some(&mut self.entries.get_mut(place as usize)?.note)
    }

    /// Notes that the note at a place was heard in `pass`.
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
    /// Its onset in beats from the start of its slot.
    pub(crate) fn onset(&self) -> f64 {
        f64::from(self.onset) / TICKS
    }

    /// Its length in beats, by its note-off.
    pub(crate) fn length(&self) -> f64 {
        f64::from(self.length) / TICKS
    }

    /// Its length in beats, by key or pedal.
    pub(crate) fn ring(&self) -> f64 {
        f64::from(self.ring) / TICKS
    }
}

/// A length in beats as it is remembered.
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
