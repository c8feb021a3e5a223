//! How phrases look, whatever they were made from: figures to be read beside those of real
//! music of the source and of the target genre.
//!
//! All functions are pure and look at binary rolls.

use crate::roll::{PITCHES, Roll, STEPS, STEPS_PER_SLOT};

/// Steps in a beat.
const BEAT: usize = 4;

/// Onsets of each pitch class (the roll's lowest first).
fn classes(roll: &Roll) -> [u32; 12] {
    let mut classes = [0; 12];
    for sounding in roll.onsets().steps() {
        for (row, class) in (0..PITCHES).zip((0..12).cycle()) {
            classes[class] += (sounding >> row & 1) as u32;
        }
    }
    classes
}

/// The share of onsets that lie in the best fitting of the twelve diatonic scales (1 at most,
/// 7/12 for an even spread over the octave); `None` where nothing starts.
///
/// A major scale and its relative minor hold the same pitches, so twelve sets are all.
pub fn scale_consistency(roll: &Roll) -> Option<f64> {
    const MAJOR: [usize; 7] = [0, 2, 4, 5, 7, 9, 11];
    let classes = classes(roll);
    let notes: u32 = classes.iter().sum();
    let in_scale = |root: usize| -> u32 { MAJOR.iter().map(|i| classes[(root + i) % 12]).sum() };
    let best = (0..12).map(in_scale).max()?;
    (notes > 0).then(|| f64::from(best) / f64::from(notes))
}

/// Entropy of the pitch classes of the onsets in bits, 0 (one pitch class) to log₂ 12 ≈ 3.585;
/// `None` where nothing starts.
pub fn pitch_class_entropy(roll: &Roll) -> Option<f64> {
    let classes = classes(roll);
    let notes: u32 = classes.iter().sum();
    let bits = |count: &u32| {
        let share = f64::from(*count) / f64::from(notes);
        -share * share.log2()
    };
    let heard = classes.iter().filter(|count| **count > 0);
    (notes > 0).then(|| heard.map(bits).sum())
}

/// Pitches that sound together, averaged over the steps in which anything sounds (1 or more);
/// `None` where nothing sounds.
pub fn polyphony(roll: &Roll) -> Option<f64> {
    let steps = roll.steps().iter().filter(|step| **step != 0).count();
    (steps > 0).then(|| f64::from(roll.count()) / steps as f64)
}

/// Sounding pitches in a step, averaged over all steps.
pub fn notes_per_step(roll: &Roll) -> f64 {
    f64::from(roll.count()) / STEPS as f64
}

/// Notes that start in a bar, averaged over the bars.
pub fn notes_per_bar(roll: &Roll) -> f64 {
    f64::from(roll.onsets().count()) / (STEPS / STEPS_PER_SLOT) as f64
}

/// The share of notes that sound for a single step; `None` where nothing starts.
pub fn short_notes(roll: &Roll) -> Option<f64> {
    let onsets = roll.onsets();
    let notes = onsets.count();
    let next = roll.steps().iter().skip(1).chain(&[0]);
    let short = onsets.steps().iter().zip(next);
    let short: u32 = short
        .map(|(starts, next)| (starts & !next).count_ones())
        .sum();
    (notes > 0).then(|| f64::from(short) / f64::from(notes))
}

/// Pairs of neighbouring pitches that sound at once, to the sounding cells; `None` where nothing
/// sounds.
pub fn semitones(roll: &Roll) -> Option<f64> {
    let cells = roll.count();
    let pairs = roll
        .steps()
        .iter()
        .map(|step| (step & step >> 1).count_ones());
    (cells > 0).then(|| f64::from(pairs.sum::<u32>()) / f64::from(cells))
}

/// The share of beats in which nothing sounds.
pub fn empty_beats(roll: &Roll) -> f64 {
    let beats = roll.steps().chunks_exact(BEAT);
    let empty = beats.filter(|beat| beat.iter().all(|step| *step == 0));
    empty.count() as f64 / (STEPS / BEAT) as f64
}

/// Onsets at each of the 16 steps of the bar.
fn places(roll: &Roll) -> [f64; STEPS_PER_SLOT] {
    let mut places = [0.0; STEPS_PER_SLOT];
    for (step, starting) in roll.onsets().steps().iter().enumerate() {
        places[step % STEPS_PER_SLOT] += f64::from(starting.count_ones());
    }
    places
}

/// The cosine of the onsets at the 16 steps of the bar of two rolls (0..=1, symmetric): is the
/// groove kept? Identity and two empty rolls give 1.
pub fn groove_kept(x: &Roll, y: &Roll) -> f64 {
    let (x, y) = (places(x), places(y));
    let dot = |x: &[f64], y: &[f64]| -> f64 { x.iter().zip(y).map(|(x, y)| x * y).sum() };
    let squares = dot(&x, &x) * dot(&y, &y);
    if squares > 0.0 {
        (dot(&x, &y) / squares.sqrt()).min(1.0)
    } else {
        f64::from(u8::from(x == y))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roll::picture;
    use crate::roll::tests::any_roll;
    use proptest::prelude::*;

    #[test]
    fn all_twelve_pitches_fit_no_scale() {
        let mut roll = Roll::EMPTY;
        (0..12).for_each(|row| roll.fill(row, row, row + 1));
        assert_eq!(scale_consistency(&roll), Some(7.0 / 12.0));
        assert!((pitch_class_entropy(&roll).unwrap() - 12.0_f64.log2()).abs() < 1e-12);
        assert_eq!(scale_consistency(&Roll::EMPTY), None);
        assert_eq!(pitch_class_entropy(&Roll::EMPTY), None);
    }

    #[test]
    fn octaves_are_one_pitch_class_and_two_are_one_bit() {
        let octaves = "72 |##..............|................|................|................|
                       60 |....####........|................|................|................|";
        let octaves = picture::read(octaves).unwrap();
        assert_eq!(pitch_class_entropy(&octaves), Some(0.0));
        let mut two = octaves;
        two.fill(7, 20, 21);
        two.fill(7, 22, 23);
        assert_eq!(pitch_class_entropy(&two), Some(1.0));
        assert_eq!(empty_beats(&octaves), 14.0 / 16.0);
        assert_eq!(polyphony(&octaves), Some(1.0));
    }

    #[test]
    fn notes_are_counted_and_the_short_ones_among_them() {
        let line = "72 |##.#............|................|................|#..............#|
                    60 |....####........|................|................|................|";
        let line = picture::read(line).unwrap();
        assert_eq!(notes_per_bar(&line), 5.0 / 4.0);
        assert_eq!(short_notes(&line), Some(3.0 / 5.0));
        assert_eq!(short_notes(&Roll::EMPTY), None);
    }

    #[test]
    fn semitones_are_neighbours_that_sound_at_once() {
        let chords = "61 |##..............|................|................|................|
                      60 |.###............|................|................|................|
                      59 |.#.#............|................|................|................|";
        let chords = picture::read(chords).unwrap();
        assert_eq!(semitones(&chords), Some(3.0 / 7.0));
        assert_eq!(semitones(&Roll::EMPTY), None);
    }

    #[test]
    fn the_groove_is_the_place_in_the_bar() {
        let at = |steps: &[usize]| {
            let mut roll = Roll::EMPTY;
            for step in steps {
                roll.fill(30, *step, step + 1);
            }
            roll
        };
        assert_eq!(groove_kept(&at(&[0, 8]), &at(&[16, 24])), 1.0);
        assert_eq!(groove_kept(&at(&[0, 8]), &at(&[3, 11])), 0.0);
        assert!((groove_kept(&at(&[0, 8]), &at(&[0])) - 0.5_f64.sqrt()).abs() < 1e-12);
        assert_eq!(groove_kept(&at(&[0]), &Roll::EMPTY), 0.0);
    }

    proptest! {
        #[test]
        fn figures_stay_in_range(x in any_roll(), y in any_roll()) {
            if let Some(share) = scale_consistency(&x) {
                prop_assert!((7.0 / 12.0 - 1e-12..=1.0).contains(&share));
            }
            if let Some(bits) = pitch_class_entropy(&x) {
                prop_assert!((0.0..=12.0_f64.log2() + 1e-12).contains(&bits));
            }
            prop_assert!(polyphony(&x).is_none_or(|voices| voices >= 1.0));
            prop_assert!((0.0..=1.0).contains(&empty_beats(&x)));
            prop_assert!(semitones(&x).is_none_or(|share| (0.0..1.0).contains(&share)));
            prop_assert!((0.0..=1.0).contains(&groove_kept(&x, &y)));
            prop_assert_eq!(groove_kept(&x, &y), groove_kept(&y, &x));
            prop_assert!(groove_kept(&x, &x) > 1.0 - 1e-12);
        }
    }
}
