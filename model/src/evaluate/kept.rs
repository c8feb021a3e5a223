//! Recognisability of the source: is the output recognised among others, and is
//! the tune there?

use serde::{Deserialize, Serialize};

use super::chroma;
use crate::data::rolls::evenly_spaced;
use crate::family::arranger::tune;
use crate::roll::notes::NoteRoll;
use crate::roll::{PITCHES, STEPS};

/// Sources among which the right one is to be found.
pub const AMONG: usize = 200;
/// Steps of a beat.
const BEAT: usize = 4;
/// Values of a phrase: how long each pitch class sounds in each beat.
const VALUES: usize = STEPS / BEAT * 12;

/// Share of the sources that is kept in the outputs, over many phrases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// See [`recognised`].
    pub recognised: f64,
    /// See [`tune_kept`].
    pub tune: f64,
    /// Cosine of the chroma of source and output (see [`chroma`]), the mean over phrases.
    pub chroma: f64,
}

impl Kept {
    /// Compares sources with their outputs, of which there are as many.
    pub fn measure(sources: &[NoteRoll], outputs: &[NoteRoll]) -> Self {
        let pairs = sources.iter().zip(outputs);
        let chroma = pairs.map(|(x, y)| chroma::cosine(x.sounding(), y.sounding()));
        Self {
            recognised: recognised(sources, outputs),
            tune: tune_kept(sources, outputs),
            chroma: super::figures::mean(chroma),
        }
    }
}

/// The share of outputs to which no source is nearer than their own, by the cosine of pitch
/// classes beat by beat, among at most [`AMONG`] sources at even distances. Silence is not
/// recognised. The identity gives 1, a random phrase about one in [`AMONG`].
pub fn recognised(sources: &[NoteRoll], outputs: &[NoteRoll]) -> f64 {
    let places = evenly_spaced(sources.len().min(outputs.len()), AMONG);
    let of = |phrases: &[NoteRoll]| -> Vec<[f32; VALUES]> {
        places
            .iter()
            .map(|place| by_beats(&phrases[*place]))
            .collect()
    };
    let (known, heard) = (of(sources), of(outputs));
    let found = heard.iter().enumerate().filter(|(own, heard)| {
        let to =
            |known: &[f32; VALUES]| -> f32 { known.iter().zip(*heard).map(|(x, y)| x * y).sum() };
        let right = to(&known[*own]);
        right > 0.0 && known.iter().all(|other| to(other) <= right)
    });
    found.count() as f64 / places.len().max(1) as f64
}

/// How long each pitch class sounds in each beat, of length 1 in all; zeros for silence.
fn by_beats(phrase: &NoteRoll) -> [f32; VALUES] {
    let mut values = [0.0f32; VALUES];
    for (step, sounding) in phrase.sounding().steps().iter().enumerate() {
        for row in (0..PITCHES).filter(|row| sounding >> row & 1 == 1) {
            values[step / BEAT * 12 + row % 12] += 1.0;
        }
    }
    let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
    if length > 0.0 {
        for value in &mut values {
            *value /= length;
        }
    }
    values
}

/// The share of the notes of the sources' tunes (see [`tune::tune`]) for which the output has
/// an onset of the same pitch at most a step away. All notes count the same; 0 where there are
/// none.
pub fn tune_kept(sources: &[NoteRoll], outputs: &[NoteRoll]) -> f64 {
    let (mut notes, mut kept) = (0u32, 0u32);
    for (source, output) in sources.iter().zip(outputs) {
        let tune = tune::tune(source);
        let onsets = output.onsets().steps();
        for (step, line) in tune.onsets().steps().iter().enumerate() {
            let from = step.saturating_sub(1);
            let near = onsets.iter().take(step + 2).skip(from);
            let near = near.fold(0, |all, onsets| all | onsets);
            notes += line.count_ones();
            kept += (line & near).count_ones();
        }
    }
    f64::from(kept) / f64::from(notes.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roll::notes::GridNote;

    /// A tune of four notes over a held bass, each phrase with other pitches.
    fn phrase(number: u8) -> NoteRoll {
        let note = |start, row, length| GridNote { start, row, length };
        [
            note(0, 4 + number % 12, 64),
            note(0, 50 + number % 12, 4),
            note(8, 52 + number % 7, 4),
            note(16, 54 + number % 5, 4),
            note(32, 51 + number % 11, 8),
        ]
        .into_iter()
        .collect()
    }

    /// The phrase with its tune moved by `by` steps.
    fn later(phrase: &NoteRoll, steps: u8) -> NoteRoll {
        let moved = phrase.notes().map(|mut note| {
            note.start += if note.row > 40 { steps } else { 0 };
            note
        });
        moved.collect()
    }

    #[test]
    fn a_tune_a_step_later_is_the_same_and_two_steps_later_is_lost() {
        let sources: Vec<NoteRoll> = (0..10).map(phrase).collect();
        let moved = |steps| -> Vec<NoteRoll> { sources.iter().map(|x| later(x, steps)).collect() };
        assert_eq!(tune_kept(&sources, &sources), 1.0);
        assert_eq!(tune_kept(&sources, &moved(1)), 1.0);
        assert_eq!(tune_kept(&sources, &moved(2)), 0.0);
        let other: Vec<NoteRoll> = sources.iter().map(|x| x.transpose(1)).collect();
        assert_eq!(tune_kept(&sources, &other), 0.0);
        let mut first = sources[0];
        first.remove(8, 52);
        assert_eq!(tune_kept(&sources[..1], &[first]), 0.75);
    }

    #[test]
    fn a_phrase_is_recognised_by_its_harmony_and_silence_is_not() {
        let sources: Vec<NoteRoll> = (0..60).map(phrase).collect();
        assert_eq!(recognised(&sources, &sources), 1.0);
        let octave: Vec<NoteRoll> = sources.iter().map(|x| x.transpose(12)).collect();
        assert_eq!(recognised(&sources, &octave), 1.0);
        let mut turned = sources.clone();
        turned.rotate_left(1);
        assert_eq!(recognised(&sources, &turned), 0.0);
        assert_eq!(recognised(&sources, &vec![NoteRoll::EMPTY; 60]), 0.0);
        // One phrase for all is the right one once.
        assert!(recognised(&sources, &vec![sources[3]; 60]) <= 1.0 / 30.0);
        let kept = Kept::measure(&sources, &sources);
        assert_eq!([kept.recognised, kept.tune], [1.0; 2]);
        assert!((kept.chroma - 1.0).abs() < 1e-9);
    }
}
