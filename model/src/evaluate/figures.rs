//! The figures of one direction of a transfer: the metrics of [`super::content`],
//! [`super::chroma`] and [`texture`] over many phrases.

use serde::{Deserialize, Serialize};

use super::texture;
use crate::roll::Roll;

/// Content metrics over all phrases of one direction. Means over phrases, except
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
    /// F1 of onsets where the second generator gets probabilities, as in the paper's code; `None`
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
