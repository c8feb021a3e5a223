//! Any way to move phrases to another genre as the measures see it: whole notes in, whole notes
//! out.

use rayon::prelude::*;

use super::translator::{TranslateError, Translator};
use crate::family::arranger::sampler::{Begun, FEW_PASSES, Sample};
use crate::genre::{Direction, Genre, Pair};
use crate::roll::edits::{Edits, LEAD_STEPS};
use crate::roll::notes::NoteRoll;
use crate::transfer::{ArrangerTransfer, Towards, TransferError, Wish};

/// Phrases sent to a translator at a time, so that memory stays small.
const CHUNK: usize = 16;

/// A way to move phrases from genre to genre.
pub trait Arrange {
    /// Transfers `phrases`; returns one output for each, in their order.
    ///
    /// # Errors
    /// Where it cannot be done, or not between these genres.
    fn arrange(
        &self,
        phrases: &[NoteRoll],
        source: Genre,
        target: Genre,
    ) -> Result<Vec<NoteRoll>, TranslateError>;

    /// The edits that lead from `phrase` to what becomes of it, by which it is known at every
    /// amount; `None` where whole phrases come back and no edits.
    ///
    /// # Errors
    /// As [`Arrange::arrange`].
    fn edits(
        &self,
        _phrase: &NoteRoll,
        _source: Genre,
        _target: Genre,
    ) -> Result<Option<Edits>, TranslateError> {
        Ok(None)
    }
}

/// The pair and direction that lead from genre to genre.
fn ends(source: Genre, target: Genre) -> Result<(Pair, Direction), TranslateError> {
    let pairs = Pair::ALL.into_iter();
    let mut ends = pairs.filter_map(|pair| {
        let direction = pair.towards(target)?;
        (pair.source(direction) == source).then_some((pair, direction))
    });
    Ok(ends.next().ok_or("no pair has these genres")?)
}

/// A translator of sounding cells. A note that is struck again within a run of cells is struck
/// again where that cell still sounds, as when it is played.
#[derive(Clone, Copy)]
pub struct ByCells<'a> {
    /// The translator.
    pub translator: &'a dyn Translator,
    /// Its pair.
    pub pair: Pair,
}

impl Arrange for ByCells<'_> {
    fn arrange(
        &self,
        phrases: &[NoteRoll],
        source: Genre,
        target: Genre,
    ) -> Result<Vec<NoteRoll>, TranslateError> {
        let direction = self.pair.towards(target);
        let direction = direction.filter(|direction| self.pair.source(*direction) == source);
        let Some(direction) = direction else {
            return Err(format!("{} cannot move {source} to {target}", self.pair).into());
        };
        let mut arranged = Vec::with_capacity(phrases.len());
        for chunk in phrases.chunks(CHUNK) {
            let cells: Vec<_> = chunk.iter().map(|phrase| *phrase.sounding()).collect();
            let outputs = self.translator.translate(&cells, direction)?;
            let both = outputs.into_iter().zip(chunk);
            arranged.extend(both.map(|(output, phrase)| NoteRoll::new(output, *phrase.onsets())));
        }
        Ok(arranged)
    }
}

/// An arranger, and what it is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The arranger.
    pub transfer: &'a ArrangerTransfer,
    /// Options of the transfer.
    pub wish: Wish,
    /// Asked twice, as Live does: first about the phrase without its last beat, then about all of
    /// it, which goes on from the first draw.
    pub as_live: bool,
}

impl<'a> Asked<'a> {
    /// An arranger and its defaults.
    pub fn new(transfer: &'a ArrangerTransfer) -> Self {
        Self {
            transfer,
            wish: Wish::default(),
            as_live: false,
        }
    }

    fn sample(&self, phrase: &NoteRoll, ends: (Pair, Direction)) -> Result<Sample, TransferError> {
        let known = phrase.beginning_in(u64::MAX >> LEAD_STEPS);
        if !self.as_live || known.is_empty() {
            return self.transfer.arrange(phrase, ends, &self.wish);
        }
        let ahead = Wish {
            passes: FEW_PASSES,
            ..self.wish
        };
        let begun = Begun {
            sample: &self.transfer.arrange(&known, ends, &ahead)?,
            phrase: &known,
        };
        let (pair, direction) = ends;
        let target = Towards::Genre(pair, direction);
        self.transfer
            .draw_while(phrase, target, &self.wish, Some(begun), &|| true)
    }
}

impl Arrange for Asked<'_> {
    fn arrange(
        &self,
        phrases: &[NoteRoll],
        source: Genre,
        target: Genre,
    ) -> Result<Vec<NoteRoll>, TranslateError> {
        let ends = ends(source, target)?;
        let arranged = phrases.par_iter().map(|phrase| {
            let sample = self.sample(phrase, ends)?;
            Ok(sample.notes)
        });
        arranged.collect()
    }

    fn edits(
        &self,
        phrase: &NoteRoll,
        source: Genre,
        target: Genre,
    ) -> Result<Option<Edits>, TranslateError> {
        let ends = ends(source, target)?;
        let sample = self.sample(phrase, ends)?;
        Ok(Some(sample.edits(phrase, self.wish.held)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::translator::Identity;
    use crate::roll::notes::GridNote;

    #[test]
    fn a_note_that_is_struck_twice_stays_two_and_other_genres_are_refused() {
        let note = |start| GridNote::new(start, 40, 4);
        let phrase: NoteRoll = [note(0), note(4)].into_iter().collect();
        let by_cells = ByCells {
            translator: &Identity,
            pair: Pair::JAZZ_POP,
        };
        let phrases = vec![phrase; 20];
        let back = by_cells.arrange(&phrases, Genre::Pop, Genre::Jazz).unwrap();
        assert_eq!(back, phrases);
        for (source, target) in [(Genre::Classic, Genre::Jazz), (Genre::Jazz, Genre::Classic)] {
            let error = by_cells.arrange(&phrases, source, target).unwrap_err();
            assert!(
                error.to_string().contains("jazz-pop cannot move"),
                "{error}"
            );
        }
    }
}
