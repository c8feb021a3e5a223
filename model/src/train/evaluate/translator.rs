//! A pair of generators as the evaluation sees it, and the two baselines that stand beside every
//! table: the identity and a random phrase of the target genre.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::genre::Direction;
use crate::roll::{CELLS, Roll};
use crate::transfer::Transfer;

/// Why phrases could not be translated, as told by whatever translates them.
pub type TranslateError = Box<dyn std::error::Error + Send + Sync>;

/// Two generators, one for each direction: binary rolls in, binary rolls out.
pub trait Translator {
    /// The transfer of each of `rolls`, in their order; as many come out as go in.
    fn translate(&self, rolls: &[Roll], direction: Direction) -> Result<Vec<Roll>, TranslateError>;
}

/// Phrases given to a translator at a time, so that memory stays small.
const CHUNK: usize = 16;

/// Translates any number of phrases, a few at a time; `progress` hears how many are done.
pub fn translate_all(
    translator: &dyn Translator,
    rolls: &[Roll],
    direction: Direction,
    mut progress: impl FnMut(usize),
) -> Result<Vec<Roll>, TranslateError> {
    let mut output = Vec::with_capacity(rolls.len());
    for chunk in rolls.chunks(CHUNK) {
        output.extend(translator.translate(chunk, direction)?);
        progress(chunk.len());
    }
    if output.len() != rolls.len() {
        let (got, expected) = (output.len(), rolls.len());
        return Err(format!("{got} phrases came back for {expected}").into());
    }
    Ok(output)
}

impl Translator for Transfer {
    fn translate(&self, rolls: &[Roll], direction: Direction) -> Result<Vec<Roll>, TranslateError> {
        let probabilities = self.probabilities(rolls, direction)?;
        let threshold = self.threshold(direction);
        let rolls = probabilities.chunks_exact(CELLS);
        Ok(rolls
            .map(|values| Roll::from_values(values, threshold))
            .collect())
    }
}

/// Leaves every phrase as it is: content 1, S 0.
#[derive(Clone, Copy, Debug, Default)]
pub struct Identity;

impl Translator for Identity {
    fn translate(&self, rolls: &[Roll], _: Direction) -> Result<Vec<Roll>, TranslateError> {
        Ok(rolls.to_vec())
    }
}

/// Answers with a random real phrase of the target genre: S near its ceiling, content by chance.
/// The same phrase, direction and seed always get the same answer.
#[derive(Clone, Debug)]
pub struct RandomTarget {
    /// Real phrases of the pair's first and second genre.
    pools: [Vec<Roll>; 2],
    seed: u64,
}

impl RandomTarget {
    /// From real phrases of the pair's first and second genre.
    pub fn new(a: Vec<Roll>, b: Vec<Roll>, seed: u64) -> Self {
        Self {
            pools: [a, b],
            seed,
        }
    }

    fn pick(&self, roll: &Roll, direction: Direction) -> Option<Roll> {
        let pool = &self.pools[direction.reverse().index()];
        // FNV-1a over the phrase, so that the answer does not depend on the phrase's place.
        let mut hash = 0xcbf2_9ce4_8422_2325_u64 ^ self.seed;
        for byte in roll.steps().iter().flat_map(|step| step.to_le_bytes()) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        let mut random = ChaCha8Rng::seed_from_u64(hash);
        (!pool.is_empty()).then(|| pool[random.random_range(0..pool.len())])
    }
}

impl Translator for RandomTarget {
    fn translate(&self, rolls: &[Roll], direction: Direction) -> Result<Vec<Roll>, TranslateError> {
        let picked: Option<Vec<Roll>> = rolls.iter().map(|r| self.pick(r, direction)).collect();
        picked.ok_or_else(|| "the random target has no phrases to choose from".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(row: usize) -> Roll {
        let mut roll = Roll::EMPTY;
        roll.fill(row, 0, 4);
        roll
    }

    #[test]
    fn the_random_target_is_of_the_other_genre_and_repeats() {
        let (a, b): (Vec<_>, Vec<_>) = ((0..40).map(note).collect(), (40..80).map(note).collect());
        let random = RandomTarget::new(a.clone(), b.clone(), 7);
        let first = random.translate(&a, Direction::AToB).unwrap();
        assert!(first.iter().all(|roll| b.contains(roll)));
        assert_eq!(random.translate(&a, Direction::AToB).unwrap(), first);
        assert_eq!(
            random.translate(&a[3..5], Direction::AToB).unwrap(),
            first[3..5]
        );
        let distinct: std::collections::BTreeSet<_> = first.iter().map(|r| *r.steps()).collect();
        assert!(distinct.len() > 15, "only {} of 40 differ", distinct.len());
        let other = RandomTarget::new(a.clone(), b, 8);
        assert_ne!(other.translate(&a, Direction::AToB).unwrap(), first);
    }

    #[test]
    fn an_empty_pool_is_an_error() {
        let random = RandomTarget::new(vec![note(1)], Vec::new(), 0);
        assert!(random.translate(&[note(1)], Direction::AToB).is_err());
    }

    #[test]
    fn a_translator_that_loses_phrases_is_found_out() {
        struct Loses;
        impl Translator for Loses {
            fn translate(&self, r: &[Roll], _: Direction) -> Result<Vec<Roll>, TranslateError> {
                Ok(r[1..].to_vec())
            }
        }
        let rolls: Vec<_> = (0..20).map(note).collect();
        let error = translate_all(&Loses, &rolls, Direction::AToB, |_| ()).unwrap_err();
        assert_eq!(error.to_string(), "18 phrases came back for 20");
        assert_eq!(
            translate_all(&Identity, &rolls, Direction::AToB, |_| ()).unwrap(),
            rolls
        );
    }
}
