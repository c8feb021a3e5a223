//! Attributes of a whole phrase: how dense it is, how many notes sound and begin together, how long
//! they are, where the bass lies. The network is told those of the phrase that it is to fill in, as
//! attribute-conditioned models of music are (von Rütte et al., FIGARO, 2023).
//!
//! | place | attribute |
//! |---|---|
//! | 0 | logarithm of the number of notes |
//! | 1–5 | shares of the steps at which 0, 1, 2, 3, 4 notes sound |
//! | 6–9 | of the steps at which notes begin, those with 1, 2, 3, 4 of them |
//! | 10 | share of the steps at which notes begin |
//! | 11, 12 | of the notes, those that begin on beats, on eighths between |
//! | 13–16 | of the notes, those of 1, of 2, of 3 or 4, of 6 or 8 steps |
//! | 17, 18 | sounding pairs an octave apart, and one or two semitones apart, for each sounding cell |
//! | 19, 20 | mean and deviation of the lowest sounding row |
//! | 21, 22 | shares of the steps, and of the beats, at which the lowest note begins |
//! | 23, 24 | how alike bars are: in the steps at which notes begin, and in the notes |
//! | 25, 26 | mean and deviation of the rows in which notes begin |

use super::length_class;
use crate::roll::STEPS;
use crate::roll::notes::NoteRoll;

/// Their number.
pub const ATTRIBUTES: usize = 27;

/// Means of the attributes, of 9,000 training phrases of the clean corpus, 3,000 of each genre.
const MEANS: [f32; ATTRIBUTES] = [
    4.25, 0.02974, 0.1313, 0.201, 0.146, 0.2043, 0.4619, 0.2295, 0.1085, 0.104, 0.5242, 0.5704,
    0.2381, 0.2517, 0.2938, 0.282, 0.1303, 0.1555, 0.05655, 24.47, 6.9, 0.261, 0.6723, 0.8086,
    0.1705, 37.57, 9.979,
];
/// Their deviations.
const DEVIATIONS: [f32; ATTRIBUTES] = [
    0.3646, 0.07294, 0.1485, 0.2026, 0.1771, 0.2033, 0.2157, 0.1708, 0.1179, 0.1178, 0.1965,
    0.1731, 0.1516, 0.2088, 0.1955, 0.179, 0.1222, 0.1114, 0.06087, 6.982, 3.339, 0.135, 0.2544,
    0.1394, 0.1284, 4.531, 2.368,
];
/// The place of the share of seconds.
const SECONDS: usize = 18;
/// The largest attribute, in deviations from its mean.
const LARGEST: f32 = 3.0;

/// Steps of a bar.
const BAR: usize = 16;
/// The pairs of bars that are compared.
const PAIRS: [[usize; 2]; 6] = [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]];

/// The attributes of a phrase, in deviations from their mean over music; 0 where nothing is told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Attributes(pub [f32; ATTRIBUTES]);

impl Attributes {
    /// Nothing is told.
    pub const UNTOLD: Self = Self([0.0; ATTRIBUTES]);

    /// Those of a phrase.
    pub fn of(phrase: &NoteRoll) -> Self {
        let measured = measured(phrase);
        Self(std::array::from_fn(|place| {
            let deviation = (measured[place] - MEANS[place]) / DEVIATIONS[place];
            deviation.clamp(-LARGEST, LARGEST)
        }))
    }

    /// Pairs of notes that sound one or two semitones apart, for each sounding cell.
    pub(super) fn seconds(&self) -> f32 {
        (self.0[SECONDS] * DEVIATIONS[SECONDS] + MEANS[SECONDS]).max(0.0)
    }
}

/// The attributes as they are.
fn measured(phrase: &NoteRoll) -> [f32; ATTRIBUTES] {
    let sounding = phrase.sounding().steps();
    let onsets = phrase.onsets().steps();
    let count = phrase.count();
    let notes = count.max(1) as f32;
    let share = |count: u32, of: u32| count as f32 / of.max(1) as f32;
    let steps_where =
        |has: &dyn Fn(usize) -> bool| (0..STEPS).filter(|step| has(*step)).count() as u32;
    let begins = steps_where(&|step| onsets[step] != 0);
    let at_phase = |phase: usize| -> u32 {
        (phase..STEPS)
            .step_by(4)
            .map(|step| onsets[step].count_ones())
            .sum()
    };
    let mut lengths = [0; 4];
    let mut rows = [0.0f64; 2];
    for note in phrase.notes() {
        let group = [0, 1, 2, 2, 3, 3].get(length_class(usize::from(note.length)));
        if let Some(group) = group {
            lengths[*group] += 1;
        }
        let row = f64::from(note.row);
        rows[0] += row;
        rows[1] += row * row;
    }
    let apart = |by: u32| -> u32 { sounding.iter().map(|s| (s & s >> by).count_ones()).sum() };
    let cells = phrase.sounding().count();
    let lowest: Vec<(usize, u32)> = (0..STEPS)
        .filter(|step| sounding[*step] != 0)
        .map(|step| (step, sounding[step].trailing_zeros()))
        .collect();
    let of_lowest = lowest.iter().fold([0.0f64; 2], |[sum, squares], (_, row)| {
        let row = f64::from(*row);
        [sum + row, squares + row * row]
    });
    let is_struck = |(step, row): &&(usize, u32)| onsets[*step] >> row & 1 == 1;
    let struck = lowest.iter().filter(is_struck).count() as u32;
    let on_beats = lowest
        .iter()
        .filter(is_struck)
        .filter(|(step, _)| step % 4 == 0)
        .count() as u32;
    let (mut alike, mut again) = (0, 0);
    for [a, b] in PAIRS {
        for step in 0..BAR {
            let [a, b] = [a, b].map(|bar| onsets[bar * BAR + step]);
            alike += u32::from((a == 0) == (b == 0));
            again += (a & b).count_ones();
        }
    }
    let [low, low_spread] = mean_and_deviation(of_lowest, lowest.len() as u32);
    let [middle, spread] = mean_and_deviation(rows, count);
    let sound = |k: u32| {
        share(
            steps_where(&|s| sounding[s].count_ones() == k),
            STEPS as u32,
        )
    };
    let together = |k: u32| share(steps_where(&|s| onsets[s].count_ones() == k), begins);
    let pairs = PAIRS.len() as f32;
    [
        (count as f32 + 4.0).ln(),
        sound(0),
        sound(1),
        sound(2),
        sound(3),
        sound(4),
        together(1),
        together(2),
        together(3),
        together(4),
        share(begins, STEPS as u32),
        at_phase(0) as f32 / notes,
        at_phase(2) as f32 / notes,
        lengths[0] as f32 / notes,
        lengths[1] as f32 / notes,
        lengths[2] as f32 / notes,
        lengths[3] as f32 / notes,
        share(apart(12), cells),
        share(apart(1) + apart(2), cells),
        low,
        low_spread,
        share(struck, STEPS as u32),
        share(on_beats, STEPS as u32 / 4),
        alike as f32 / (pairs * BAR as f32),
        4.0 * again as f32 / (pairs * notes),
        middle,
        spread,
    ]
}

/// Mean and deviation of `count` values of which the sum and the sum of squares are given.
fn mean_and_deviation([sum, squares]: [f64; 2], count: u32) -> [f32; 2] {
    let count = f64::from(count.max(1));
    let mean = sum / count;
    [
        mean as f32,
        (squares / count - mean * mean).max(0.0).sqrt() as f32,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roll::notes::GridNote;

    #[test]
    fn attributes_are_those_of_the_prototype() {
        let beats = (0..16u8).flat_map(|beat| {
            let notes = [
                (0, 20 + beat % 5, 4),
                (2, 40, 2),
                (2, 44, 2),
                (0, 50 + beat, 3),
            ];
            notes.map(|(off, row, length)| GridNote::new(4 * beat + off, row, length))
        });
        let phrase: NoteRoll = beats.chain([GridNote::new(63, 83, 1)]).collect();
        // By the numpy code that the shipped weights were trained with.
        let expected = [
            4.2341, 0.0, 0.0, 0.5, 0.23438, 0.26562, 0.030_303, 0.9697, 0.0, 0.0, 0.51562, 0.49231,
            0.49231, 0.015_385, 0.49231, 0.49231, 0.0, 0.011_299, 0.0, 21.875, 1.4524, 0.25, 1.0,
            0.96875, 0.49231, 41.492, 13.862,
        ];
        let found = measured(&phrase);
        for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
            assert!(
                (found - expected).abs() < 1e-3,
                "{place}: {found}, {expected}"
            );
        }
        let Attributes(told) = Attributes::of(&phrase);
        assert!((told[1] + 0.4077).abs() < 1e-3 && told[7] == LARGEST);
        assert!(Attributes(told).seconds() < 1e-3);
        let cluster: NoteRoll = [40, 41, 43]
            .map(|row| GridNote::new(0, row, 4))
            .into_iter()
            .collect();
        assert!((Attributes::of(&cluster).seconds() - 0.239).abs() < 0.01);
    }

    #[test]
    fn silence_has_attributes() {
        let Attributes(told) = Attributes::of(&NoteRoll::EMPTY);
        assert!(told.iter().all(|value| value.is_finite()));
    }
}
