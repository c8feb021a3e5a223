//! Histograms of notes, compared with those of real music: the area that two of them
//! share, after Yang and Lerch, "On the evaluation of generative models in music" (2020).

use serde::{Deserialize, Serialize};

use crate::family::arranger::tune;
use crate::roll::notes::NoteRoll;
use crate::roll::{PITCHES, STEPS, STEPS_PER_SLOT};

/// The longest length that is counted by itself, in steps.
const LONGEST: usize = 32;
/// The most notes at once that are counted by themselves.
const MOST: usize = 12;
/// The widest melodic interval that is counted by itself, in semitones.
const WIDEST: i32 = 13;
/// Semitones of one range of the register.
const RANGE: usize = 6;

/// The area that the histograms of two sets of phrases share: 0 (nothing in common) to 1 (the
/// same). Symmetric.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Overlap {
    /// Lengths of notes: 1 to 31 steps, longer.
    pub lengths: f64,
    /// Onsets at the 16 steps of the bar.
    pub onsets: f64,
    /// Notes that sound at once, step by step: 0 to 11, more.
    pub polyphony: f64,
    /// Intervals from note to note of the tune (see [`tune::tune`]): 12 semitones down to 12
    /// up, wider.
    pub melodic: f64,
    /// Intervals between notes that sound together where one of them begins, within the octave.
    pub harmonic: f64,
    /// Pitches of notes, in ranges of six semitones.
    pub register: f64,
    /// The mean of these.
    pub mean: f64,
}

impl Overlap {
    /// Compares two sets of phrases.
    pub fn measure(x: &[NoteRoll], y: &[NoteRoll]) -> Self {
        let (x, y) = (Histograms::of(x), Histograms::of(y));
        let [lengths, onsets, polyphony, melodic, harmonic, register] =
            std::array::from_fn(|at| shared(&x.0[at], &y.0[at]));
        let all = [lengths, onsets, polyphony, melodic, harmonic, register];
        Self {
            lengths,
            onsets,
            polyphony,
            melodic,
            harmonic,
            register,
            mean: all.iter().sum::<f64>() / all.len() as f64,
        }
    }
}

/// The area that two histograms share, each scaled to an area of 1; two empty ones share 1.
fn shared(x: &[u64], y: &[u64]) -> f64 {
    let (all_x, all_y) = (x.iter().sum::<u64>(), y.iter().sum::<u64>());
    if all_x == 0 || all_y == 0 {
        return f64::from(u8::from(all_x == all_y));
    }
    let each = x.iter().zip(y);
    each.map(|(x, y)| (*x as f64 / all_x as f64).min(*y as f64 / all_y as f64))
        .sum()
}

/// The histograms in the order of [`Overlap`]'s fields.
struct Histograms([Vec<u64>; 6]);

impl Histograms {
    fn of(phrases: &[NoteRoll]) -> Self {
        let bins = [
            LONGEST,
            STEPS_PER_SLOT,
            MOST + 1,
            2 * WIDEST as usize + 1,
            12,
            PITCHES.div_ceil(RANGE),
        ];
        let mut histograms = Self(bins.map(|bins| vec![0; bins]));
        for phrase in phrases {
            histograms.add(phrase);
        }
        histograms
    }

    fn add(&mut self, phrase: &NoteRoll) {
        let [lengths, onsets, polyphony, melodic, harmonic, register] = &mut self.0;
        for note in phrase.notes() {
            lengths[usize::from(note.length).min(LONGEST) - 1] += 1;
            onsets[usize::from(note.start) % STEPS_PER_SLOT] += 1;
            register[usize::from(note.row) / RANGE] += 1;
        }
        for step in 0..STEPS {
            let sounding = phrase.sounding().steps()[step];
            polyphony[(sounding.count_ones() as usize).min(MOST)] += 1;
            let begin = phrase.onsets().steps()[step];
            for low in rows(sounding) {
                for high in rows(sounding & !0 << (low + 1)) {
                    if (begin >> low | begin >> high) & 1 == 1 {
                        harmonic[(high - low) % 12] += 1;
                    }
                }
            }
        }
        let tune: Vec<i32> = tune::tune(phrase)
            .notes()
            .map(|note| i32::from(note.row))
            .collect();
        for pair in tune.windows(2) {
            let interval = (pair[1] - pair[0]).clamp(-WIDEST, WIDEST);
            melodic[(interval + WIDEST) as usize] += 1;
        }
    }
}

/// The rows that are set, from the lowest.
pub(super) fn rows(mut set: u128) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let row = set.trailing_zeros() as usize;
        set &= set.wrapping_sub(1);
        (row < PITCHES).then_some(row)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roll::notes::GridNote;
    use crate::roll::notes::tests::any_notes;
    use proptest::prelude::*;

    fn note(start: u8, row: u8, length: u8) -> GridNote {
        GridNote { start, row, length }
    }

    #[test]
    fn what_is_moved_shows_where_it_was_moved() {
        let phrase: NoteRoll = (0..8).map(|at| note(8 * at, 40 + at, 4)).collect();
        let later: NoteRoll = (0..8).map(|at| note(8 * at + 1, 40 + at, 4)).collect();
        let shorter: NoteRoll = (0..8).map(|at| note(8 * at, 40 + at, 2)).collect();
        let higher = phrase.transpose(12);
        let overlap = |other: &NoteRoll| Overlap::measure(&[phrase], &[*other]);
        assert_eq!(
            [overlap(&later).onsets, overlap(&later).lengths],
            [0.0, 1.0]
        );
        assert_eq!(
            [overlap(&shorter).onsets, overlap(&shorter).lengths],
            [1.0, 0.0]
        );
        assert_eq!(
            [overlap(&higher).register, overlap(&higher).melodic],
            [0.0, 1.0]
        );
        assert_eq!(overlap(&shorter).polyphony, 0.75);
    }

    #[test]
    fn intervals_are_those_of_notes_that_sound_together() {
        let third: NoteRoll = [note(0, 40, 8), note(4, 44, 4)].into_iter().collect();
        let tenth: NoteRoll = [note(0, 40, 8), note(4, 56, 4)].into_iter().collect();
        let fifth: NoteRoll = [note(0, 40, 8), note(4, 47, 4)].into_iter().collect();
        let harmonic = |x, y| Overlap::measure(&[x], &[y]).harmonic;
        assert_eq!([harmonic(third, tenth), harmonic(third, fifth)], [1.0, 0.0]);
    }

    proptest! {
        #[test]
        fn equal_sets_share_all_and_any_two_share_a_part(x in any_notes(), y in any_notes()) {
            prop_assert!((Overlap::measure(&[x, y], &[y, x]).mean - 1.0).abs() < 1e-9);
            let (there, back) = (Overlap::measure(&[x], &[y]), Overlap::measure(&[y], &[x]));
            prop_assert_eq!(there, back);
            prop_assert!((0.0..=1.0 + 1e-9).contains(&there.mean));
        }
    }
}
