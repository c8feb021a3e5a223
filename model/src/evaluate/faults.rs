//! Counts of faults in outputs, to be read beside the counts of real music, which has some of
//! everything.

use serde::{Deserialize, Serialize};

use super::histograms::rows;
use crate::family::arranger::{harmony, tune};
use crate::roll::STEPS;
use crate::roll::notes::NoteRoll;

/// Pitch classes that are a half bar's harmony.
const HARMONY: usize = 4;
/// Steps of a half bar.
const HALF_BAR: usize = STEPS / crate::family::arranger::HALF_BARS;
/// Semitones that a line moves without leaping.
const OCTAVE: u8 = 12;

/// Counts to 100 notes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Faults {
    /// Notes that begin a semitone from another that sounds.
    pub clusters: f64,
    /// Notes whose pitch class is none of the four that sound longest in the half bar in which
    /// they begin.
    pub outside: f64,
    /// Leaps of more than an octave, to 100 notes of the tune (see [`tune::tune`]).
    pub tune_leaps: f64,
    /// Leaps of more than an octave, to 100 notes of the lowest line.
    pub bass_leaps: f64,
    /// Notes of a single step.
    pub short: f64,
}

impl Faults {
    /// The counts over all phrases.
    pub fn measure(phrases: &[NoteRoll]) -> Self {
        let mut counts = Counts::default();
        for phrase in phrases {
            counts.add(phrase);
        }
        let of = |count: usize, all: usize| 100.0 * count as f64 / all.max(1) as f64;
        Self {
            clusters: of(counts.clusters, counts.notes),
            outside: of(counts.outside, counts.notes),
            tune_leaps: of(counts.leaps[0], counts.line[0]),
            bass_leaps: of(counts.leaps[1], counts.line[1]),
            short: of(counts.short, counts.notes),
        }
    }
}

#[derive(Default)]
struct Counts {
    notes: usize,
    clusters: usize,
    outside: usize,
    short: usize,
    /// Notes of the tune and of the lowest line, and the leaps among them.
    line: [usize; 2],
    leaps: [usize; 2],
}

impl Counts {
    fn add(&mut self, phrase: &NoteRoll) {
        let harmony = harmony::strongest(phrase.sounding(), HARMONY);
        for note in phrase.notes() {
            let (start, row) = (usize::from(note.start), usize::from(note.row));
            let sounding = phrase.sounding().steps()[start];
            self.notes += 1;
            self.clusters += usize::from((sounding << 1 | sounding >> 1) >> row & 1 == 1);
            let classes = harmony.0[start / HALF_BAR];
            self.outside += usize::from(classes >> (row % 12) & 1 == 0);
            self.short += usize::from(note.length == 1);
        }
        let tune: Vec<u8> = tune::tune(phrase).notes().map(|note| note.row).collect();
        for (at, line) in [tune, lowest(phrase)].into_iter().enumerate() {
            self.line[at] += line.len();
            let leaps = line
                .windows(2)
                .filter(|pair| pair[0].abs_diff(pair[1]) > OCTAVE);
            self.leaps[at] += leaps.count();
        }
    }
}

/// The rows of the notes that are the lowest that sounds where they begin, in their order.
fn lowest(phrase: &NoteRoll) -> Vec<u8> {
    let steps = phrase
        .sounding()
        .steps()
        .iter()
        .zip(phrase.onsets().steps());
    let lowest = steps.filter_map(|(sounding, begin)| {
        let row = rows(*sounding).next()?;
        (begin >> row & 1 == 1).then_some(row as u8)
    });
    lowest.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roll::notes::GridNote;

    fn faults(notes: &[(u8, u8, u8)]) -> Faults {
        let notes = notes
            .iter()
            .map(|&(start, row, length)| GridNote { start, row, length });
        Faults::measure(&[notes.collect()])
    }

    #[test]
    fn a_cluster_is_counted_where_it_begins() {
        let apart = faults(&[(0, 40, 4), (0, 42, 4), (4, 41, 4), (20, 41, 1)]);
        assert_eq!([apart.clusters, apart.short], [0.0, 25.0]);
        let held = faults(&[(0, 40, 8), (4, 41, 4), (20, 50, 4), (20, 51, 4)]);
        assert_eq!(held.clusters, 75.0);
    }

    #[test]
    fn a_passing_note_is_outside_and_a_leap_is_one() {
        let chord = [(0, 24, 8), (0, 28, 8), (0, 31, 8), (0, 34, 8)];
        let passing = [&chord[..], &[(2, 38, 1)]].concat();
        assert_eq!(faults(&chord).outside, 0.0);
        assert_eq!(faults(&passing).outside, 20.0);
        let bass = [(0, 10, 4), (4, 23, 4), (8, 22, 4), (12, 10, 4)];
        assert_eq!(faults(&bass).bass_leaps, 25.0);
        assert_eq!(
            faults(&[(0, 60, 4), (4, 40, 4), (4, 73, 4)]).tune_leaps,
            50.0
        );
    }

    #[test]
    fn nothing_has_no_faults() {
        assert_eq!(Faults::measure(&[]), Faults::default());
    }
}
