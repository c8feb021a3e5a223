//! The figures of one direction of a transfer: the metrics of [`content`],
//! [`chroma`] and [`texture`] over many phrases.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::journey::Journey;
use super::{chroma, content, texture};
use crate::roll::Roll;

/// What became of the content, over all phrases of one direction. Means over phrases, except
/// density and cells changed, which divide sums, so that a sparse phrase weighs little.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Content {
    /// Chroma cosine of source and output.
    pub chroma_cosine: f64,
    /// F1 of (onset, pitch) of source and output.
    pub onset_f1: f64,
    /// F1 of the sounding cells of source and output.
    pub cell_f1: f64,
    /// F1 of (onset, pitch) of the source and what came back through both generators.
    pub cycle_onset_f1: f64,
    /// F1 of the sounding cells of the source and what came back.
    pub cycle_cell_f1: f64,
    /// The same where the second generator heard probabilities, as in the paper's code; `None`
    /// where there are none.
    pub soft_cycle_onset_f1: Option<f64>,
    /// Sounding cells of the outputs to those of the sources.
    pub density_ratio: f64,
    /// Notes of the outputs to those of the sources: density is blind to a shower of short ones.
    pub notes_ratio: f64,
    /// Cells added and removed, to the cells of the sources.
    pub cells_changed: f64,
    /// Content retention: lower is better, 0 is the identity.
    pub content_retention: f64,
    /// Share of the source's skyline onsets that are onsets of the output.
    pub melody_fidelity: f64,
    /// Cosine of the onsets at the 16 steps of the bar of source and output.
    pub groove_kept: f64,
    /// Different outputs to all outputs.
    pub distinct_share: f64,
    /// Different outputs to different sources: near 0 for a generator that has collapsed.
    pub distinct_outputs: f64,
}

impl Content {
    /// Compares phrases with their outputs and with what came back.
    pub fn measure(journey: &Journey) -> Self {
        let Journey {
            source,
            output,
            back,
            soft_back,
        } = journey;
        let there = || source.iter().zip(output);
        let cycle = || source.iter().zip(back);
        let onset_f1 = |(x, y): (&Roll, &Roll)| content::onset_f1(x, y);
        let soft = soft_back.as_ref().map(|back| source.iter().zip(back));
        let cells: u32 = source.iter().map(Roll::count).sum();
        let ratio = |count: u32| f64::from(count) / f64::from(cells.max(1));
        let notes =
            |rolls: &[Roll]| -> u32 { rolls.iter().map(|roll| roll.onsets().count()).sum() };
        Self {
            chroma_cosine: mean(there().map(|(x, y)| chroma::cosine(x, y))),
            onset_f1: mean(there().map(onset_f1)),
            cell_f1: mean(there().map(|(x, y)| content::cell_f1(x, y))),
            cycle_onset_f1: mean(cycle().map(onset_f1)),
            cycle_cell_f1: mean(cycle().map(|(x, y)| content::cell_f1(x, y))),
            soft_cycle_onset_f1: soft.map(|cycle| mean(cycle.map(onset_f1))),
            density_ratio: ratio(output.iter().map(Roll::count).sum()),
            notes_ratio: f64::from(notes(output)) / f64::from(notes(source).max(1)),
            cells_changed: ratio(there().map(|(x, y)| x.difference(y).count()).sum()),
            content_retention: mean(there().filter_map(|(x, y)| content::retention(x, y))),
            melody_fidelity: mean(there().filter_map(|(x, y)| content::melody_kept(x, y))),
            groove_kept: mean(there().map(|(x, y)| texture::groove_kept(x, y))),
            distinct_share: different(output) as f64 / output.len().max(1) as f64,
            distinct_outputs: different(output) as f64 / different(source).max(1) as f64,
        }
    }
}

/// How a set of phrases looks, whatever it was made from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Texture {
    /// Sounding pitches a step.
    pub notes_per_step: f64,
    /// Notes that start in a bar.
    pub notes_per_bar: f64,
    /// Share of notes that sound for a single step.
    pub short_notes: f64,
    /// Pitches that sound together where anything sounds.
    pub polyphony: f64,
    /// Neighbouring pitches that sound at once, to the sounding cells.
    pub semitones: f64,
    /// Share of onsets in the best fitting diatonic scale.
    pub scale_consistency: f64,
    /// Entropy of the pitch classes of the onsets, in bits.
    pub pitch_class_entropy: f64,
    /// Share of beats in which nothing sounds.
    pub empty_beats: f64,
}

impl Texture {
    /// The means over phrases.
    pub fn measure(rolls: &[Roll]) -> Self {
        Self {
            notes_per_step: mean(rolls.iter().map(texture::notes_per_step)),
            notes_per_bar: mean(rolls.iter().map(texture::notes_per_bar)),
            short_notes: mean(rolls.iter().filter_map(texture::short_notes)),
            polyphony: mean(rolls.iter().filter_map(texture::polyphony)),
            semitones: mean(rolls.iter().filter_map(texture::semitones)),
            scale_consistency: mean(rolls.iter().filter_map(texture::scale_consistency)),
            pitch_class_entropy: mean(rolls.iter().filter_map(texture::pitch_class_entropy)),
            empty_beats: mean(rolls.iter().map(texture::empty_beats)),
        }
    }
}

/// The mean of `values`; 0 of none.
pub(super) fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut count) = (0.0, 0_u32);
    for value in values {
        sum += value;
        count += 1;
    }
    sum / f64::from(count.max(1))
}

/// How many of the rolls are different.
fn different(rolls: &[Roll]) -> usize {
    let set: BTreeSet<_> = rolls.iter().map(Roll::steps).collect();
    set.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roll::tests::any_roll;
    use proptest::prelude::*;

    fn measure(source: &[Roll], output: &[Roll], back: &[Roll]) -> Content {
        Content::measure(&Journey {
            source: source.to_vec(),
            output: output.to_vec(),
            back: back.to_vec(),
            soft_back: Some(output.to_vec()),
        })
    }

    fn note(row: usize, length: usize) -> Roll {
        let mut roll = Roll::EMPTY;
        roll.fill(row, 0, length);
        roll
    }

    #[test]
    fn sums_are_divided_not_ratios_averaged() {
        let source = [note(10, 1), note(12, 9)];
        let output = [note(10, 3), note(12, 9)];
        let figures = measure(&source, &output, &source);
        assert_eq!(figures.density_ratio, 1.2);
        assert_eq!(figures.notes_ratio, 1.0);
        assert_eq!(figures.cells_changed, 0.2);
        assert_eq!(figures.cycle_onset_f1, 1.0);
        assert_eq!(figures.soft_cycle_onset_f1, Some(figures.onset_f1));
    }

    #[test]
    fn a_collapsed_generator_is_seen() {
        let source = [note(1, 4), note(2, 4), note(3, 4), note(3, 4)];
        let output = [note(7, 4); 4];
        let figures = measure(&source, &output, &output);
        assert_eq!(figures.distinct_outputs, 1.0 / 3.0);
        assert_eq!(figures.distinct_share, 1.0 / 4.0);
        assert_eq!(figures.onset_f1, 0.0);
    }

    proptest! {
        #[test]
        fn the_identity_keeps_all(rolls in proptest::collection::vec(any_roll(), 1..8)) {
            prop_assume!(rolls.iter().all(|roll| !roll.is_empty()));
            let figures = measure(&rolls, &rolls, &rolls);
            prop_assert!((figures.chroma_cosine - 1.0).abs() < 1e-9);
            let ones = [
                figures.onset_f1,
                figures.cell_f1,
                figures.cycle_onset_f1,
                figures.cycle_cell_f1,
                figures.density_ratio,
                figures.notes_ratio,
                figures.melody_fidelity,
                figures.distinct_outputs,
            ];
            prop_assert_eq!(ones, [1.0; 8]);
            prop_assert!(figures.groove_kept > 1.0 - 1e-12);
            prop_assert_eq!([figures.cells_changed, figures.content_retention], [0.0; 2]);
        }
    }
}
