//! The key of a phrase: which of the 24 major and minor keys its pitch classes fit best.

use super::rows_of_classes;
use crate::roll::{Roll, STEPS};

/// How well a pitch class fits a major key on C, and a minor key on C: the probe-tone ratings of
/// Krumhansl and Kessler (1982), times 100.
const PROFILES: [[i64; 12]; 2] = [
    [635, 223, 348, 233, 438, 409, 252, 519, 239, 366, 229, 288],
    [633, 268, 352, 538, 260, 353, 254, 475, 398, 269, 334, 317],
];

/// The scales: major; minor with both its sixths and sevenths.
const SCALES: [u16; 2] = [0b1010_1011_0101, 0b1111_1010_1101];

/// The rows in the key of the roll, and those of pitch classes that it uses itself. All rows for
/// an empty roll.
pub(super) fn rows(source: &Roll) -> u128 {
    if source.is_empty() {
        return !0;
    }
    let weights = weights(source);
    let (tonic, mode) = key(&weights);
    let scale = u32::from(SCALES[mode]);
    let scale = ((scale << tonic | scale >> (12 - tonic)) & 0xfff) as u16;
    let used = (0..12).filter(|class| weights[*class] > 0);
    rows_of_classes(used.fold(scale, |classes, class| classes | 1 << class))
}

/// The sounding cells of each pitch class.
fn weights(source: &Roll) -> [i64; 12] {
    // The cells of each row are counted in all rows at once: plane `p` has bit `p` of the counts.
    let mut planes = [0; STEPS.ilog2() as usize + 1];
    for step in source.steps() {
        let mut carry = *step;
        for plane in &mut planes {
            (*plane, carry) = (*plane ^ carry, *plane & carry);
        }
    }
    std::array::from_fn(|class| {
        let rows: u128 = rows_of_classes(1 << class);
        let counts = planes.iter().enumerate();
        counts
            .map(|(bit, plane)| i64::from((plane & rows).count_ones()) << bit)
            .sum()
    })
}

/// Tonic (0: C) and mode (0: major, 1: minor) of the profile with the best correlation. Both
/// profiles are compared after their means are taken away and by their own size; whole numbers,
/// so that every machine finds the same key.
fn key(weights: &[i64; 12]) -> (usize, usize) {
    let total: i64 = weights.iter().sum();
    let mut best = (0, 0);
    let mut most = f64::NEG_INFINITY;
    for (mode, profile) in PROFILES.iter().enumerate() {
        let sum: i64 = profile.iter().sum();
        let size: i64 = profile.iter().map(|value| (12 * value - sum).pow(2)).sum();
        for tonic in 0..12 {
            let product: i64 = (0..12)
                .map(|class| {
                    (12 * weights[class] - total) * (12 * profile[(class + 12 - tonic) % 12] - sum)
                })
                .sum();
            let fit = product as f64 / (size as f64).sqrt();
            if fit > most {
                most = fit;
                best = (tonic, mode);
            }
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roll::PITCHES;
    use crate::roll::tests::any_roll;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn each_cell_counts_for_its_class(roll in any_roll()) {
            let mut cells = [0; 12];
            for (step, row) in (0..STEPS).flat_map(|step| (0..PITCHES).map(move |row| (step, row))) {
                cells[row % 12] += i64::from(roll.get(step, row));
            }
            prop_assert_eq!(weights(&roll), cells);
        }
    }

    fn chords(chords: &[[usize; 3]]) -> Roll {
        let mut roll = Roll::EMPTY;
        for (place, chord) in chords.iter().enumerate() {
            for row in chord {
                roll.fill(36 + row, 8 * place, 8 * place + 8);
            }
        }
        roll
    }

    #[test]
    fn cadences_tell_their_key() {
        let c_major = chords(&[[0, 4, 7], [5, 9, 12], [7, 11, 14], [0, 4, 7]]);
        assert_eq!(key(&weights(&c_major)), (0, 0));
        let a_minor = chords(&[[9, 12, 16], [2, 5, 9], [4, 8, 11], [9, 12, 16]]);
        assert_eq!(key(&weights(&a_minor)), (9, 1));
        for by in 1..12 {
            let moved = c_major.transpose(by as i32);
            assert_eq!(key(&weights(&moved)), (by, 0));
        }
    }

    #[test]
    fn used_classes_are_allowed_and_foreign_ones_are_not() {
        let mut roll = chords(&[[0, 4, 7], [5, 9, 12], [7, 11, 14], [0, 4, 7]]);
        roll.fill(36 + 6, 60, 61);
        let rows = rows(&roll);
        let allowed = |class: usize| rows >> (48 + class) & 1 == 1;
        let all: Vec<usize> = (0..12).filter(|class| allowed(*class)).collect();
        assert_eq!(all, [0, 2, 4, 5, 6, 7, 9, 11]);
    }

    #[test]
    fn silence_allows_everything() {
        assert_eq!(rows(&Roll::EMPTY), !0);
    }
}
