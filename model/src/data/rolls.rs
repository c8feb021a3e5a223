//! Phrases in memory, or in a file of packed rolls from which they are read when they are drawn.
//!
//! So a phrase takes eight bytes of memory, not two kilobytes. What is kept are whole notes; who
//! needs only the cells that sound asks for rolls.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

use crate::roll::notes::NoteRoll;
use crate::roll::{Roll, STEPS};

/// Bytes of a packed step: 84 bits.
pub(super) const STEP_BYTES: usize = 11;
/// Bytes of the packed cells of a phrase.
const CELL_BYTES: usize = STEPS * STEP_BYTES;
/// Bytes of a packed phrase: the cells that sound, then those in which notes begin.
pub(super) const ROLL_BYTES: usize = 2 * CELL_BYTES;

/// Phrases in their order, read when they are asked for.
///
/// May be shared by threads; one at a time reads from the file.
#[derive(Clone, Debug)]
pub struct Rolls(Kept);

#[derive(Clone, Debug)]
enum Kept {
    Here(Vec<NoteRoll>),
    There {
        file: Arc<Mutex<File>>,
        /// Where in the file each begins.
        places: Vec<u64>,
    },
}

impl Rolls {
    /// No phrase.
    pub const NONE: Self = Self(Kept::Here(Vec::new()));

    /// The packed rolls that begin at `places` in `file`.
    pub(super) fn there(file: Arc<Mutex<File>>, places: Vec<u64>) -> Self {
        Self(Kept::There { file, places })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match &self.0 {
            Kept::Here(rolls) => rolls.len(),
            Kept::There { places, .. } => places.len(),
        }
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The cells of one phrase that sound.
    ///
    /// # Errors
    /// The file of the rolls cannot be read.
    pub fn get(&self, place: usize) -> io::Result<Roll> {
        Ok(*self.notes(place)?.sounding())
    }

    /// One phrase as whole notes.
    ///
    /// # Errors
    /// The file of the rolls cannot be read.
    pub fn notes(&self, place: usize) -> io::Result<NoteRoll> {
        match &self.0 {
            Kept::Here(rolls) => Ok(rolls[place]),
            Kept::There { file, places } => {
                let mut packed = [0; ROLL_BYTES];
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                let read = file.seek(SeekFrom::Start(places[place]));
                read.and_then(|_| file.read_exact(&mut packed))
                    .map_err(|why| {
                        let why = format!("the file of rolls cannot be read any more: {why}");
                        io::Error::other(why + "; start again")
                    })?;
                Ok(unpack(&packed))
            }
        }
    }

    /// The phrases at these places.
    ///
    /// # Errors
    /// The file of the rolls cannot be read.
    pub fn read(&self, places: impl IntoIterator<Item = usize>) -> io::Result<Vec<Roll>> {
        places.into_iter().map(|place| self.get(place)).collect()
    }

    /// The phrases at these places as whole notes.
    ///
    /// # Errors
    /// The file of the rolls cannot be read.
    pub fn read_notes(&self, places: impl IntoIterator<Item = usize>) -> io::Result<Vec<NoteRoll>> {
        places.into_iter().map(|place| self.notes(place)).collect()
    }

    /// All phrases, at most `size` at a time.
    pub fn chunks(&self, size: usize) -> impl Iterator<Item = io::Result<Vec<Roll>>> {
        let ends = move |from: usize| from..self.len().min(from + size);
        (0..self.len())
            .step_by(size)
            .map(move |from| self.read(ends(from)))
    }

    /// At most `most` of them, at even distances, so that every piece has its part.
    ///
    /// # Errors
    /// The file of the rolls cannot be read.
    pub fn subset(&self, most: usize) -> io::Result<Vec<Roll>> {
        self.read(evenly_spaced(self.len(), most))
    }

    /// The phrases of [`Rolls::subset`] as whole notes.
    ///
    /// # Errors
    /// The file of the rolls cannot be read.
    pub fn subset_notes(&self, most: usize) -> io::Result<Vec<NoteRoll>> {
        self.read_notes(evenly_spaced(self.len(), most))
    }

    /// Puts `others` behind. What comes from different files is read into memory.
    pub(super) fn append(&mut self, others: Self) -> io::Result<()> {
        if self.is_empty() {
            *self = others;
            return Ok(());
        }
        match (&mut self.0, others.0) {
            (Kept::Here(rolls), Kept::Here(more)) => rolls.extend(more),
            (
                Kept::There { file, places },
                Kept::There {
                    file: other,
                    places: more,
                },
            ) if Arc::ptr_eq(file, &other) => places.extend(more),
            (_, others) => {
                let others = Self(others);
                let mut rolls = self.read_notes(0..self.len())?;
                rolls.extend(others.read_notes(0..others.len())?);
                *self = rolls.into();
            }
        }
        Ok(())
    }

    /// Keeps those that `kept` marks.
    pub(super) fn keep(&mut self, kept: &[bool]) {
        match &mut self.0 {
            Kept::Here(rolls) => keep(rolls, kept),
            Kept::There { places, .. } => keep(places, kept),
        }
    }
}

impl Default for Rolls {
    fn default() -> Self {
        Self::NONE
    }
}

impl From<Vec<NoteRoll>> for Rolls {
    fn from(phrases: Vec<NoteRoll>) -> Self {
        Self(Kept::Here(phrases))
    }
}

impl From<Vec<Roll>> for Rolls {
    fn from(rolls: Vec<Roll>) -> Self {
        rolls.into_iter().collect()
    }
}

impl FromIterator<Roll> for Rolls {
    fn from_iter<T: IntoIterator<Item = Roll>>(rolls: T) -> Self {
        let phrases: Vec<NoteRoll> = rolls.into_iter().map(NoteRoll::from).collect();
        phrases.into()
    }
}

/// Keeps of `all` those that `kept` marks.
pub(super) fn keep<T>(all: &mut Vec<T>, kept: &[bool]) {
    let mut marks = kept.iter();
    all.retain(|_| marks.next().copied().unwrap_or_default());
    all.shrink_to_fit();
}

/// A phrase in the form of the file.
pub(super) fn pack(phrase: &NoteRoll) -> [u8; ROLL_BYTES] {
    let mut packed = [0; ROLL_BYTES];
    let parts = [phrase.sounding(), phrase.onsets()];
    let steps = parts.into_iter().flat_map(Roll::steps);
    for (step, bytes) in steps.zip(packed.chunks_exact_mut(STEP_BYTES)) {
        bytes.copy_from_slice(&step.to_le_bytes()[..STEP_BYTES]);
    }
    packed
}

/// The phrase that was [`pack`]ed.
pub(super) fn unpack(packed: &[u8; ROLL_BYTES]) -> NoteRoll {
    let cells = |packed: &[u8]| {
        let mut steps = [0; STEPS];
        for (step, bytes) in steps.iter_mut().zip(packed.chunks_exact(STEP_BYTES)) {
            let mut wide = [0; 16];
            wide[..STEP_BYTES].copy_from_slice(bytes);
            *step = u128::from_le_bytes(wide);
        }
        Roll::from_steps(steps)
    };
    let (sounding, onsets) = packed.split_at(CELL_BYTES);
    NoteRoll::new(cells(sounding), cells(onsets))
}

/// At most `most` of `count` places, evenly spaced, so that every piece has its part.
pub fn evenly_spaced(count: usize, most: usize) -> Vec<usize> {
    let taken = count.min(most);
    (0..taken).map(|place| place * count / taken).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::roll::notes::GridNote;

    fn roll(row: usize) -> Roll {
        let mut roll = Roll::EMPTY;
        roll.fill(row, row % STEPS, STEPS);
        roll
    }

    fn there(rolls: &[Roll]) -> Rolls {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"head").unwrap();
        for roll in rolls {
            file.write_all(&pack(&NoteRoll::from(*roll))).unwrap();
        }
        let places = (0..rolls.len()).map(|place| (4 + place * ROLL_BYTES) as u64);
        Rolls::there(Arc::new(Mutex::new(file)), places.collect())
    }

    fn all(rolls: &Rolls) -> Vec<Roll> {
        rolls.read(0..rolls.len()).unwrap()
    }

    #[test]
    fn rolls_in_a_file_are_those_in_memory() {
        let rolls: Vec<Roll> = (0..84).map(roll).collect();
        let (mut here, mut there) = (Rolls::from(rolls.clone()), there(&rolls));
        assert_eq!(all(&there), rolls);
        assert_eq!(there.subset(7).unwrap(), here.subset(7).unwrap());
        let chunks: Vec<Vec<Roll>> = there.chunks(25).map(Result::unwrap).collect();
        assert_eq!(
            chunks.iter().map(Vec::len).collect::<Vec<_>>(),
            [25, 25, 25, 9]
        );
        assert_eq!(chunks.concat(), rolls);
        let kept: Vec<bool> = (0..84).map(|place| place % 3 == 1).collect();
        for rolls in [&mut here, &mut there] {
            rolls.keep(&kept);
        }
        assert_eq!(all(&there), all(&here));
        assert_eq!(there.get(1).unwrap(), roll(4));
    }

    #[test]
    fn a_packed_phrase_keeps_where_its_notes_begin() {
        let struck = |start, length| GridNote::new(start, 40, length);
        let phrase: NoteRoll = [struck(0, 4), struck(4, 2), struck(6, 58)]
            .into_iter()
            .collect();
        assert_eq!(unpack(&pack(&phrase)), phrase);
        assert_eq!(unpack(&pack(&phrase)).count(), 3);
    }

    #[test]
    fn rolls_of_several_places_stay_in_order() {
        let rolls: Vec<Roll> = (0..9).map(roll).collect();
        let mut together = Rolls::NONE;
        together.append(there(&rolls[..3])).unwrap();
        together.append(there(&rolls[3..5])).unwrap();
        together.append(rolls[5..].to_vec().into()).unwrap();
        assert_eq!(all(&together), rolls);
    }

    #[test]
    fn a_file_that_was_cut_is_an_error() {
        let rolls = there(&[roll(1), roll(2)]);
        let Kept::There { file, .. } = &rolls.0 else {
            panic!("in memory");
        };
        file.lock().unwrap().set_len(4 + ROLL_BYTES as u64).unwrap();
        assert_eq!(rolls.get(0).unwrap(), roll(1));
        let why = rolls.get(1).unwrap_err().to_string();
        assert!(why.starts_with("the file of rolls cannot be read any more: "));
    }

    #[test]
    fn a_subset_is_spread_over_all() {
        assert_eq!(evenly_spaced(60, 3), [0, 20, 40]);
        assert_eq!(evenly_spaced(3, 60), [0, 1, 2]);
        assert!(evenly_spaced(0, 5).is_empty());
    }
}
