//! Any way to move phrases to another genre as the measures see it: whole notes in, whole notes
//! out.

use candle_core::Device;
use rayon::prelude::*;

use super::translator::{TranslateError, Translator};
use crate::family::arranger::sampler::Settings;
use crate::family::arranger::{Arranger, Styles, seed};
use crate::genre::{Genre, Pair};
use crate::roll::notes::NoteRoll;
use crate::weights::{Header, WeightsError, read_network};

/// Phrases sent to a translator at a time, so that memory stays small.
const CHUNK: usize = 16;

/// A way to move phrases from genre to genre.
pub trait Arrange {
    /// What becomes of each of `phrases`, in their order; as many come out as go in.
    ///
    /// # Errors
    /// Where it cannot be done, or not between these genres.
    fn arrange(
        &self,
        phrases: &[NoteRoll],
        source: Genre,
        target: Genre,
    ) -> Result<Vec<NoteRoll>, TranslateError>;
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

/// How strongly an arranger is led away from the source genre.
const AWAY: f32 = 0.3;

/// An arranger's weights, with the sampler's own settings and the first variation of each phrase.
#[derive(Debug)]
pub struct Drawn {
    arranger: Arranger,
    header: Header,
}

impl Drawn {
    /// The network of a weights file.
    ///
    /// # Errors
    /// If the bytes are no weights file of an arranger.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WeightsError> {
        let (header, network) = read_network(bytes, &Device::Cpu)?;
        let arranger = Arranger::new(network, Device::Cpu);
        let arranger = arranger.map_err(|why| WeightsError::Unreadable(why.to_string()))?;
        Ok(Self { arranger, header })
    }
}

impl Arrange for Drawn {
    fn arrange(
        &self,
        phrases: &[NoteRoll],
        source: Genre,
        target: Genre,
    ) -> Result<Vec<NoteRoll>, TranslateError> {
        let known = self.header.arranger()?;
        let column = |genre| {
            let none = || format!("the weights know no {genre}");
            known.column(genre).ok_or_else(none)
        };
        let (from, to) = (column(source)?, column(target)?);
        let styles = Styles {
            away: Some((Styles::of_column(from).target, AWAY)),
            ..Styles::of_column(to)
        };
        let arranged = phrases.par_iter().map(|phrase| {
            let settings = Settings {
                seed: seed(phrase, to, 0),
                ..Settings::default()
            };
            let sample = self.arranger.arrange(phrase, &styles, &settings)?;
            Ok(sample.notes)
        });
        arranged.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roll::notes::GridNote;
    use crate::train::evaluate::translator::Identity;

    #[test]
    fn a_note_that_is_struck_twice_stays_two_and_other_genres_are_refused() {
        let note = |start| GridNote {
            start,
            row: 40,
            length: 4,
        };
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
