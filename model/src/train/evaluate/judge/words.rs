//! The third judge: a linear classifier over the words that a phrase is made of, as mail is
//! sorted.
//!
//! A word is a chord, two chords in a row, the rhythm of a beat, or three notes of the top line in
//! a row; each says itself by intervals, so that a transposed phrase has the same words. Neither
//! guide looks at anything like it, it has no gradient, and to please it a phrase must say what
//! phrases of the genre have said before.

use candle_core::{Device, Result, Tensor};
use candle_nn::{Init, VarBuilder};

use crate::net::init::hash;
use crate::roll::{Roll, STEPS};

/// Words with the same remainder of their hash are the same.
const WORDS: usize = 8192;
/// Steps in a beat.
const BEAT: usize = 4;

/// A linear classifier over words.
pub(in crate::train) struct Words {
    weight: Tensor,
    bias: Tensor,
}

impl Words {
    /// Makes or finds the weights in `weights`.
    pub(super) fn new(weights: &VarBuilder<'_>) -> Result<Self> {
        let nothing = Init::Const(0.0);
        Ok(Self {
            weight: weights.get_with_hints((WORDS, 2), "weight", nothing)?,
            bias: weights.get_with_hints(2, "bias", nothing)?,
        })
    }

    /// The input of some rolls: (rolls, words); the squares of a roll's sum to one.
    pub(super) fn input(rolls: &[Roll], device: &Device) -> Result<Tensor> {
        let mut values = Vec::with_capacity(rolls.len() * WORDS);
        for roll in rolls {
            let mut counts = vec![0.0f32; WORDS];
            words(roll, &mut |word| counts[word as usize % WORDS] += 1.0);
            let said = counts.iter().map(|count| count.ln_1p());
            let length = said.clone().map(|v| v * v).sum::<f32>().sqrt().max(1e-6);
            values.extend(said.map(|value| value / length));
        }
        Tensor::from_vec(values, (rolls.len(), WORDS), device)
    }

    /// Two logits a roll, the pair's first genre first.
    pub(super) fn logits(&self, input: &Tensor) -> Result<Tensor> {
        input.matmul(&self.weight)?.broadcast_add(&self.bias)
    }
}

/// The hash of every word of a phrase; a word is its kind and some numbers.
fn words(roll: &Roll, tell: &mut impl FnMut(u64)) {
    let mut say = |word: &[u64]| {
        tell(hash(word.iter().flat_map(|number| number.to_le_bytes()), 0));
    };
    let onsets = roll.onsets();
    // The pitch classes of each beat as bits, and the class of its lowest note.
    let beats = roll.steps().chunks_exact(BEAT).map(|steps| {
        let sounding = steps.iter().fold(0u128, |all, step| all | step);
        let classes = (0..7).fold(0u64, |all, octave| {
            all | (sounding >> (12 * octave)) as u64 & 0xfff
        });
        (sounding != 0).then(|| (classes, sounding.trailing_zeros() % 12))
    });
    let above = |classes: u64, bass: u32| (classes >> bass | classes << (12 - bass)) & 0xfff;
    let mut before = None;
    for beat in beats {
        if let Some((classes, bass)) = beat {
            say(&[1, above(classes, bass)]);
            if let Some((earlier, bass)) = before {
                say(&[2, above(earlier, bass), above(classes, bass)]);
            }
        }
        before = beat;
    }
    let mut line = Vec::new();
    for beat in 0..STEPS / BEAT {
        let mut rhythm = [3, 0];
        for step in beat * BEAT..(beat + 1) * BEAT {
            let (starting, sounding) = (onsets.steps()[step], roll.steps()[step]);
            rhythm[1] <<= 4;
            if starting == 0 {
                rhythm[1] |= u64::from(sounding != 0);
                continue;
            }
            let top = starting.ilog2() == sounding.ilog2();
            let bottom = starting.trailing_zeros() == sounding.trailing_zeros();
            rhythm[1] |= 2 | u64::from(top) << 2 | u64::from(bottom) << 3;
            if top {
                line.push((step, starting.ilog2()));
            }
        }
        say(&rhythm);
    }
    for notes in line.windows(3) {
        let leap = |from: (usize, u32), to: (usize, u32)| {
            let interval = (i64::from(to.1) - i64::from(from.1)).clamp(-12, 12) + 12;
            [interval as u64, (to.0 - from.0).min(8) as u64]
        };
        let [a, b] = [leap(notes[0], notes[1]), leap(notes[1], notes[2])];
        say(&[4, a[0], a[1], b[0], b[1]]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roll::tests::any_roll;
    use proptest::prelude::*;

    fn said(roll: &Roll) -> Vec<u64> {
        let mut all = Vec::new();
        words(roll, &mut |word| all.push(word));
        all
    }

    proptest! {
        #[test]
        fn a_transposed_phrase_says_the_same(roll in any_roll(), by in -6..=6i32) {
            let moved = roll.transpose(by);
            prop_assume!(moved.count() == roll.count());
            prop_assert_eq!(said(&roll), said(&moved));
        }
    }

    #[test]
    fn other_chords_lines_and_rhythms_are_other_words() {
        let phrase = |third: usize, last: usize, start: usize| {
            let mut roll = Roll::EMPTY;
            for row in [24, 24 + third, 31] {
                roll.fill(row, 0, 4);
            }
            for (row, from) in [(50, 8), (52, 9), (last, start)] {
                roll.fill(row, from, from + 1);
            }
            said(&roll)
        };
        let one = phrase(4, 53, 10);
        for other in [phrase(3, 53, 10), phrase(4, 54, 10), phrase(4, 53, 11)] {
            assert_ne!(one, other);
        }
        // Sixteen beats, two chords, three notes in a row: the chord's top, 50, 52 and 53.
        assert_eq!(one.len(), 16 + 2 + 2);
    }
}
