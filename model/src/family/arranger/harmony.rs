//! The harmony of a phrase: with its [tune](super::tune) what the arranger keeps.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use super::canvas::{HALF_BARS, Harmony};
use crate::roll::guard::rows_of_classes;
use crate::roll::{Roll, STEPS};

/// Steps of a half bar.
const HALF_BAR: usize = STEPS / HALF_BARS;

/// What a network is told of a phrase's harmony.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HarmonyInput {
    /// The pitch classes that sound longest: [`strongest`]. Sevenths and ninths of jazz are among
    /// them, so a triad of classical music is an uncommon jazz chord.
    #[default]
    Strongest,
    /// The triad that fits best: [`triads`]. Most chords of any genre contain one, so it says
    /// little about the genre.
    Triads,
}

impl HarmonyInput {
    /// Up to `most` pitch classes of each half bar.
    pub fn of(self, sounding: &Roll, most: usize) -> Harmony {
        match self {
            Self::Strongest => strongest(sounding, most),
            Self::Triads => triads(sounding, most),
        }
    }
}

/// The `most` pitch classes that sound longest in each half bar. Of two that sound as long, the
/// one with the lower note comes first.
pub fn strongest(sounding: &Roll, most: usize) -> Harmony {
    each_half_bar(sounding, |steps| {
        classes(by_strength(&Chroma::of(steps)), most)
    })
}

/// The triad that explains each half bar best, of which only what sounds is taken: its root, third
/// and fifth, fewer if `most` is less, the strongest first. More than three are the triad and the
/// strongest other pitch classes. Where no triad explains half of what sounds, they are the
/// [`strongest`].
///
/// Roots weigh more in the bass, and a diminished triad less, since a seventh chord has one too.
pub fn triads(sounding: &Roll, most: usize) -> Harmony {
    each_half_bar(sounding, |steps| {
        let chroma = Chroma::of(steps);
        let triad = chroma.best_triad();
        let within = |class: usize| triad >> class & 1 == 1;
        let order = by_strength(&chroma);
        let explained: u32 = (0..12)
            .filter(|c| within(*c))
            .map(|c| chroma.steps[c])
            .sum();
        if 2 * explained < chroma.steps.iter().sum::<u32>() {
            return classes(order, most);
        }
        let (members, others): (Vec<usize>, Vec<usize>) =
            order.into_iter().partition(|class| within(*class));
        let others = others.into_iter().filter(|_| most > 3);
        classes(members.into_iter().chain(others), most)
    })
}

fn each_half_bar(sounding: &Roll, classes: impl Fn(&[u128]) -> u16) -> Harmony {
    let mut harmony = Harmony::default();
    let half_bars = sounding.steps().chunks_exact(HALF_BAR);
    for (found, steps) in harmony.0.iter_mut().zip(half_bars) {
        *found = classes(steps);
    }
    harmony
}

/// The first `most` pitch classes as bits.
fn classes(order: impl IntoIterator<Item = usize>, most: usize) -> u16 {
    order
        .into_iter()
        .take(most)
        .fold(0, |all, class| all | 1 << class)
}

/// The pitch classes that sound, the strongest first.
fn by_strength(chroma: &Chroma) -> Vec<usize> {
    let mut order: Vec<usize> = (0..12).filter(|class| chroma.steps[*class] > 0).collect();
    order.sort_by_key(|class| (Reverse(chroma.steps[*class]), chroma.lowest[*class]));
    order
}

/// What sounds in a half bar, by pitch class.
struct Chroma {
    /// The steps for which each sounds, those of its octaves added.
    steps: [u32; 12],
    /// The steps in which each is the bass.
    bass: [u32; 12],
    /// The lowest row of each.
    lowest: [u32; 12],
}

impl Chroma {
    fn of(steps: &[u128]) -> Self {
        let mut bass = [0; 12];
        for step in steps.iter().filter(|step| **step != 0) {
            bass[step.trailing_zeros() as usize % 12] += 1;
        }
        let all = steps.iter().fold(0, |all, step| all | step);
        Self {
            steps: std::array::from_fn(|class| {
                let rows = rows_of_classes(1 << class);
                steps.iter().map(|step| (step & rows).count_ones()).sum()
            }),
            bass,
            lowest: std::array::from_fn(|class| {
                (all & rows_of_classes(1 << class)).trailing_zeros()
            }),
        }
    }

    /// The pitch classes of the triad with the highest score, as bits.
    fn best_triad(&self) -> u16 {
        // Semitones of third and fifth, the weight of a step of a member, of a step of the bass.
        const KINDS: [(usize, usize, u32, u32); 3] = [(4, 7, 10, 5), (3, 7, 10, 5), (3, 6, 8, 2)];
        let mut best = (0, 0);
        for (third, fifth, member, bass) in KINDS {
            for root in 0..12 {
                let members = [root, (root + third) % 12, (root + fifth) % 12];
                let steps: u32 = members.iter().map(|class| self.steps[*class]).sum();
                let score = member * steps + bass * self.bass[root];
                if score > best.0 {
                    best = (score, classes(members, 3));
                }
            }
        }
        best.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roll::notes::{GridNote, NoteRoll};

    /// A phrase of notes (start, row, length); row 0 is a C.
    fn phrase(notes: &[(u8, u8, u8)]) -> NoteRoll {
        let notes = notes.iter();
        notes
            .map(|(start, row, length)| GridNote::new(*start, *row, *length))
            .collect()
    }

    /// The first half bar's triad, of rows that sound all through it.
    fn triad(rows: &[u8], most: usize) -> Vec<usize> {
        let notes: Vec<_> = rows.iter().map(|row| (0, *row, 8)).collect();
        let harmony = triads(phrase(&notes).sounding(), most);
        (0..12)
            .filter(|class| harmony.0[0] >> class & 1 == 1)
            .collect()
    }

    #[test]
    fn the_strongest_pitch_classes_are_those_that_sound_longest() {
        let phrase = phrase(&[(0, 24, 8), (0, 40, 6), (4, 31, 4), (7, 45, 1), (8, 26, 1)]);
        let harmony = strongest(phrase.sounding(), 3);
        assert_eq!(harmony.0[0], 1 | 1 << 4 | 1 << 7);
        assert_eq!(harmony.0[1], 1 << 2);
        assert_eq!(harmony.0[2..], [0; 6]);
    }

    #[test]
    fn of_two_that_sound_as_long_the_lower_is_the_harmony() {
        let phrase = phrase(&[(0, 48, 4), (0, 21, 4)]);
        assert_eq!(strongest(phrase.sounding(), 1).0[0], 1 << 9);
    }

    #[test]
    fn a_chord_of_any_genre_has_its_triad() {
        let (c, cm, g) = (vec![0, 4, 7], vec![0, 3, 7], vec![2, 7, 11]);
        assert_eq!(triad(&[24, 36, 40, 43], 3), c, "C");
        assert_eq!(triad(&[28, 36, 40, 43], 3), c, "C/E");
        assert_eq!(triad(&[24, 40, 43, 47, 50], 3), c, "Cmaj9");
        assert_eq!(triad(&[28, 36, 43, 46], 3), c, "C7/E is no Edim");
        assert_eq!(triad(&[24, 39, 43, 46], 3), cm, "Cm7");
        assert_eq!(triad(&[31, 47, 50, 53, 57], 3), g, "G9");
        assert_eq!(triad(&[35, 38, 41], 3), [2, 5, 11], "Bdim");
        assert_eq!(triad(&[31, 38, 43], 3), [2, 7], "nothing is made up");
    }

    #[test]
    fn more_or_fewer_classes_are_the_triad_and_others() {
        let chord = [24, 36, 40, 43, 47];
        assert_eq!(triad(&chord, 4), [0, 4, 7, 11]);
        assert_eq!(triad(&chord, 3), [0, 4, 7]);
        // Of third and fifth, which sound as long, the lower.
        assert_eq!(triad(&chord, 2), [0, 4]);
    }

    #[test]
    fn what_no_triad_explains_is_the_strongest() {
        let cluster = phrase(&[(0, 24, 8), (0, 25, 8), (0, 26, 8), (0, 27, 4), (0, 28, 4)]);
        assert_eq!(triads(cluster.sounding(), 3).0[0], 0b111);
        assert_eq!(triads(&Roll::default(), 3), Harmony::default());
    }
}
