//! What phrases of a genre are like: the attributes of some of its training phrases, each with a
//! few figures of its tune, by which one is chosen for a phrase that goes to the genre.
//!
//! The tune is the player's, so the attributes are those of a phrase with a similar tune. It is
//! sought among a few entries: others in each variation and for each kind of phrase, so that a
//! phrase and the next one, which is alike, are arranged alike, and not all music is.

use super::attributes::{ATTRIBUTES, Attributes};
use super::dice::mixed;
use super::tune;
use crate::roll::STEPS;
use crate::roll::notes::NoteRoll;

/// Figures of a tune.
const FIGURES: usize = 4;
/// Values of an entry.
pub const ENTRY: usize = FIGURES + ATTRIBUTES;
/// Entries of a palette beside weights or a style, at most.
pub const ENTRIES: usize = 512;
/// Entries that one is chosen from.
const CHOICE: u64 = 4;

/// Entries of a genre or style, in no order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Palette(Vec<PaletteEntry>);

#[derive(Clone, Copy, Debug, PartialEq)]
struct PaletteEntry {
    tune: [f32; FIGURES],
    attributes: Attributes,
}

impl Palette {
    /// That of phrases.
    pub fn of<'p>(phrases: impl IntoIterator<Item = &'p NoteRoll>) -> Self {
        let entry = |phrase: &NoteRoll| PaletteEntry {
            tune: figures(phrase),
            attributes: Attributes::of(phrase),
        };
        Self(phrases.into_iter().map(entry).collect())
    }

    /// From the values of its entries, one after another, as [`Self::values`] gives them; `None`
    /// if their number does not fit or there are none.
    pub fn of_values(values: &[f32]) -> Option<Self> {
        let (entries, []) = values.as_chunks::<ENTRY>() else {
            return None;
        };
        let entry = |values: &[f32; ENTRY]| {
            let (tune, attributes) = values.split_first_chunk()?;
            Some(PaletteEntry {
                tune: *tune,
                attributes: Attributes(*attributes.first_chunk()?),
            })
        };
        let entries: Vec<_> = entries.iter().map(entry).collect::<Option<_>>()?;
        (!entries.is_empty()).then_some(Self(entries))
    }

    /// The values of its entries: the tune's figures, then the attributes of each.
    pub fn values(&self) -> Vec<f32> {
        let entries = self.0.iter();
        let values = entries.flat_map(|entry| [&entry.tune[..], &entry.attributes.0].concat());
        values.collect()
    }

    /// The number of entries.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// True if it has none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The attributes for a phrase in its take number `variation`: of a few entries those with
    /// the most similar tune. Untold where there are no entries.
    pub fn choose(&self, phrase: &NoteRoll, variation: u8) -> Attributes {
        let tune = figures(phrase);
        let spreads = self.spreads();
        let distance = |entry: &PaletteEntry| -> f32 {
            let each = entry.tune.iter().zip(tune).zip(spreads);
            each.map(|((a, b), spread)| ((a - b) / spread).powi(2))
                .sum()
        };
        let kind = kind(phrase, &tune);
        let chosen = (0..CHOICE).filter_map(|number| {
            let drawn = mixed(kind ^ u64::from(variation) << 56 ^ number << 48);
            let place = drawn.checked_rem(self.0.len() as u64)?;
            self.0.get(place as usize)
        });
        let nearest = chosen.min_by(|a, b| distance(a).total_cmp(&distance(b)));
        nearest.map_or(Attributes::UNTOLD, |entry| entry.attributes)
    }

    /// The deviation of each figure over the entries.
    fn spreads(&self) -> [f32; FIGURES] {
        let count = self.0.len().max(1) as f32;
        std::array::from_fn(|figure| {
            let values = self.0.iter().map(|entry| entry.tune[figure]);
            let mean = values.clone().sum::<f32>() / count;
            let variance = values.map(|value| (value - mean).powi(2)).sum::<f32>() / count;
            variance.sqrt().max(1e-3)
        })
    }
}

/// Steps of a beat.
const STEPS_OF_A_BEAT: usize = 4;

/// Of a phrase's tune: the logarithm of its notes, twice the share of the steps at which it sounds,
/// the shares of its notes that begin on beats and on eighths between.
fn figures(phrase: &NoteRoll) -> [f32; FIGURES] {
    let tune = tune::tune(phrase);
    let count = tune.count() as f32;
    let sounds = tune.sounding().steps().iter().filter(|step| **step != 0);
    let at_phase = |phase: usize| {
        let steps = tune
            .onsets()
            .steps()
            .iter()
            .skip(phase)
            .step_by(STEPS_OF_A_BEAT);
        steps.map(|step| step.count_ones()).sum::<u32>() as f32 / count.max(1.0)
    };
    [
        (count + 2.0).ln(),
        2.0 * sounds.count() as f32 / STEPS as f32,
        at_phase(0),
        at_phase(2),
    ]
}

/// A number below 2⁴⁸ that similar phrases share: how many notes they and their tunes have, where in
/// the beat the tune's begin, how high the notes lie; each roughly.
fn kind(phrase: &NoteRoll, tune: &[f32; FIGURES]) -> u64 {
    let count = phrase.count();
    let rows: u32 = phrase.notes().map(|note| u32::from(note.row)).sum();
    let roughly = [
        ((count as f32 + 4.0).ln() * 1.5).round(),
        (tune[0] * 1.5).round(),
        (tune[2] * 4.0).round(),
        (tune[3] * 4.0).round(),
        (rows as f32 / count.max(1) as f32 / 6.0).round(),
    ];
    roughly
        .iter()
        .fold(0, |all, value| all << 8 | *value as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roll::notes::GridNote;

    /// A phrase with a tune of one note every `apart` steps over held chords.
    fn phrase(apart: usize) -> NoteRoll {
        let tune = (0..STEPS)
            .step_by(apart)
            .map(|start| GridNote::new(start as u8, 60, apart as u8));
        let chords =
            (0..4).flat_map(|bar| [20, 24, 27].map(|row| GridNote::new(16 * bar, row, 16)));
        tune.chain(chords).collect()
    }

    #[test]
    fn a_palette_comes_back_from_its_values() {
        let phrases = [1, 2, 4].map(phrase);
        let palette = Palette::of(&phrases);
        let values = palette.values();
        assert_eq!(values.len(), 3 * ENTRY);
        assert_eq!(Palette::of_values(&values), Some(palette));
        assert_eq!(Palette::of_values(&values[1..]), None);
        assert_eq!(Palette::of_values(&[]), None);
    }

    #[test]
    fn attributes_are_those_of_a_similar_tune() {
        let phrases = [2, 4, 8].map(phrase);
        let palette = Palette::of(&phrases);
        let chosen = (1..=16).flat_map(|variation| {
            let palette = &palette;
            phrases
                .iter()
                .map(move |phrase| palette.choose(phrase, variation) == Attributes::of(phrase))
        });
        // Of four entries of three one is missing now and then.
        assert!(chosen.filter(|own| *own).count() > 30);
        assert_eq!(
            Palette(Vec::new()).choose(&phrases[0], 1),
            Attributes::UNTOLD
        );
    }

    #[test]
    fn variations_choose_among_others() {
        let with = |number: u8| {
            let mut phrase = phrase(4);
            phrase.add(GridNote::new(number % 64, 10 + number % 40, 2));
            phrase
        };
        let phrases: Vec<NoteRoll> = (0..200).map(with).collect();
        let palette = Palette::of(&phrases);
        let mut chosen: Vec<String> = (1..=16)
            .map(|variation| format!("{:?}", palette.choose(&phrase(4), variation)))
            .collect();
        chosen.sort_unstable();
        chosen.dedup();
        assert!(chosen.len() > 8, "{}", chosen.len());
    }
}
