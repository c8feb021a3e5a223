//! What the second judge sees of a phrase: shares and means that do not change when the phrase
//! is transposed.

use crate::roll::{PITCHES, Roll, STEPS, STEPS_PER_SLOT};

// How many of each kind of trait there are.
const RHYTHM: usize = 3 * STEPS_PER_SLOT + 2;
const LENGTHS: usize = 9;
const CHORDS: usize = 6 + 9;
const INTERVALS: usize = 12 + 12 + 2 * LEAPS;
const HARMONY: usize = 6 + 7 + 3;
const REGISTER: usize = 5;
/// Melodic intervals from an octave down to an octave up.
const LEAPS: usize = 25;
/// Length of a profile.
pub(super) const TRAITS: usize = RHYTHM + LENGTHS + CHORDS + INTERVALS + HARMONY + REGISTER;

/// The rows that sound in a step, lowest first.
fn rows(sounding: u128) -> impl Iterator<Item = usize> + Clone {
    (0..PITCHES).filter(move |row| sounding >> row & 1 == 1)
}

/// Counts made into shares of their sum.
fn shares<const N: usize>(counts: [f32; N]) -> [f32; N] {
    let total: f32 = counts.iter().sum();
    counts.map(|count| count / total.max(1.0))
}

/// The profile of a phrase.
pub(super) fn traits(roll: &Roll) -> Vec<f32> {
    let onsets = roll.onsets();
    let mut traits = Vec::with_capacity(TRAITS);
    rhythm(roll, &onsets, &mut traits);
    traits.extend(lengths(roll, &onsets));
    chords(roll, &onsets, &mut traits);
    intervals(roll, &onsets, &mut traits);
    harmony(roll, &mut traits);
    register(roll, &onsets, &mut traits);
    debug_assert_eq!(traits.len(), TRAITS);
    traits
}

/// Where in the bar notes start: all, the highest and the lowest sounding; how much of a bar's
/// rhythm comes back in the next, and of a beat's.
fn rhythm(roll: &Roll, onsets: &Roll, traits: &mut Vec<f32>) {
    let mut places = [[0.0; STEPS_PER_SLOT]; 3];
    for (step, (starting, sounding)) in onsets.steps().iter().zip(roll.steps()).enumerate() {
        let place = step % STEPS_PER_SLOT;
        places[0][place] += starting.count_ones() as f32;
        if *starting != 0 {
            places[1][place] += f32::from(sounding.ilog2() == starting.ilog2());
            places[2][place] += f32::from(sounding.trailing_zeros() == starting.trailing_zeros());
        }
    }
    traits.extend(places.map(shares).as_flattened());
    let starts: Vec<bool> = onsets
        .steps()
        .iter()
        .map(|starting| *starting != 0)
        .collect();
    for span in [STEPS_PER_SLOT, 4] {
        let same = starts
            .iter()
            .zip(&starts[span..])
            .filter(|(now, then)| now == then);
        traits.push(same.count() as f32 / (STEPS - span) as f32);
    }
}

/// How long notes sound: 1, 2, 3, 4, to 6, to 8, to 12, to 16 steps, longer.
fn lengths(roll: &Roll, onsets: &Roll) -> [f32; LENGTHS] {
    let mut counts = [0.0; LENGTHS];
    for (start, starting) in onsets.steps().iter().enumerate() {
        for row in rows(*starting) {
            let length = (start..STEPS)
                .take_while(|step| roll.get(*step, row))
                .count();
            let group = [1, 2, 3, 4, 6, 8, 12, 16]
                .iter()
                .filter(|most| length > **most)
                .count();
            counts[group] += 1.0;
        }
    }
    shares(counts)
}

/// How many notes start together (1 to 6 and more) and sound together (0 to 8 and more).
fn chords(roll: &Roll, onsets: &Roll, traits: &mut Vec<f32>) {
    let (mut starting, mut sounding) = ([0.0; 6], [0.0; 9]);
    for (onsets, sounds) in onsets.steps().iter().zip(roll.steps()) {
        if *onsets != 0 {
            starting[(onsets.count_ones() as usize - 1).min(5)] += 1.0;
        }
        sounding[(sounds.count_ones() as usize).min(8)] += 1.0;
    }
    traits.extend(shares(starting));
    traits.extend(shares(sounding));
}

/// Intervals between what sounds together and above the lowest note, by pitch class, and the
/// leaps of the highest and of the lowest line.
fn intervals(roll: &Roll, onsets: &Roll, traits: &mut Vec<f32>) {
    let (mut between, mut above_bass) = ([0.0; 12], [0.0; 12]);
    let mut lines: [Vec<usize>; 2] = Default::default();
    for (sounding, starting) in roll.steps().iter().zip(onsets.steps()) {
        let rows = rows(*sounding);
        for (number, low) in rows.clone().enumerate() {
            for high in rows.clone().skip(number + 1) {
                between[(high - low) % 12] += 1.0;
                if number == 0 {
                    above_bass[(high - low) % 12] += 1.0;
                }
            }
        }
        if *starting != 0 {
            let ends = |bits: &u128| [bits.ilog2() as usize, bits.trailing_zeros() as usize];
            for ((line, start), sound) in lines.iter_mut().zip(ends(starting)).zip(ends(sounding)) {
                if start == sound {
                    line.push(start);
                }
            }
        }
    }
    traits.extend(shares(between));
    traits.extend(shares(above_bass));
    for line in lines {
        let mut leaps = [0.0; LEAPS];
        for pair in line.windows(2) {
            leaps[(pair[1] + 12).saturating_sub(pair[0]).min(LEAPS - 1)] += 1.0;
        }
        traits.extend(shares(leaps));
    }
}

/// How pitch classes stand to each other, how many a beat holds, and how alike the harmony is
/// one beat, half a bar and a bar later.
fn harmony(roll: &Roll, traits: &mut Vec<f32>) {
    let beats: Vec<[f32; 12]> = roll
        .steps()
        .chunks_exact(4)
        .map(|steps| {
            let mut classes = [0.0; 12];
            steps
                .iter()
                .flat_map(|s| rows(*s))
                .for_each(|row| classes[row % 12] += 1.0);
            classes
        })
        .collect();
    let all: [f32; 12] = shares(std::array::from_fn(|class| {
        beats.iter().map(|beat| beat[class]).sum()
    }));
    for apart in 1..=6 {
        traits.push(
            (0..12)
                .map(|class: usize| all[class] * all[(class + apart) % 12])
                .sum(),
        );
    }
    let mut sizes = [0.0; 7];
    for beat in &beats {
        sizes[beat.iter().filter(|class| **class > 0.0).count().min(6)] += 1.0;
    }
    traits.extend(shares(sizes));
    let dot = |x: &[f32; 12], y: &[f32; 12]| -> f32 { x.iter().zip(y).map(|(x, y)| x * y).sum() };
    for apart in [1, 2, 4] {
        let pairs = || beats.iter().zip(&beats[apart..]);
        let alike = pairs().map(|(x, y)| dot(x, y) / (dot(x, x) * dot(y, y)).sqrt().max(1.0));
        traits.push(alike.sum::<f32>() / pairs().count() as f32);
    }
}

/// Sounding pitches and onsets a step, the mean and the spread of the distance between highest
/// and lowest, and the spread of all pitches, in octaves.
fn register(roll: &Roll, onsets: &Roll, traits: &mut Vec<f32>) {
    let spread = |values: &[f32]| {
        let count = values.len().max(1) as f32;
        let mean = values.iter().sum::<f32>() / count;
        let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f32>() / count;
        (mean, variance.sqrt())
    };
    traits.push(roll.count() as f32 / STEPS as f32);
    traits.push(onsets.count() as f32 / STEPS as f32);
    let sounding = || roll.steps().iter().filter(|step| **step != 0);
    let ambit: Vec<f32> = sounding()
        .map(|step| (step.ilog2() - step.trailing_zeros()) as f32 / 12.0)
        .collect();
    let pitches: Vec<f32> = sounding()
        .flat_map(|step| rows(*step))
        .map(|row| row as f32 / 12.0)
        .collect();
    let (mean, deviation) = spread(&ambit);
    traits.extend([mean, deviation, spread(&pitches).1]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roll::tests::any_roll;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_transposed_phrase_has_the_same_traits(roll in any_roll(), by in -6..=6i32) {
            let moved = roll.transpose(by);
            prop_assume!(moved.count() == roll.count());
            for (place, (a, b)) in traits(&roll).iter().zip(traits(&moved)).enumerate() {
                prop_assert!((a - b).abs() < 1e-3, "trait {} is {} and {}", place, a, b);
            }
        }

        #[test]
        fn traits_are_finite_and_all_there(roll in any_roll()) {
            let traits = traits(&roll);
            prop_assert_eq!(traits.len(), TRAITS);
            prop_assert!(traits.iter().all(|value| value.is_finite()));
        }
    }

    #[test]
    fn the_empty_phrase_has_traits() {
        assert_eq!(traits(&Roll::EMPTY).len(), TRAITS);
    }
}
