//! A pair of generators as the evaluation sees it, and two of the baselines that stand beside it
//! in every table: the identity and a random phrase of the target genre. The third are the
//! [`rules`](super::rules).

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::data::rolls::Rolls;
use crate::family::cyclegan::rolls_of_values;
use crate::genre::Direction;
use crate::nn::init::hash;
use crate::roll::Roll;
use crate::transfer::CycleGanTransfer;

/// Why phrases could not be translated, as told by whatever translates them.
pub type TranslateError = Box<dyn std::error::Error + Send + Sync>;

/// Phrases after one generator and after both; each list as long as that of the phrases sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Cycle {
    /// After the first generator, x̂.
    pub output: Vec<Roll>,
    /// After the second, which heard the notes of x̂: x̃.
    pub back: Vec<Roll>,
    /// After the second, which heard the probabilities of x̂ as in the paper's code; `None` where
    /// there are no probabilities.
    pub soft_back: Option<Vec<Roll>>,
}

/// Two generators, one for each direction: binary rolls in, binary rolls out.
pub trait Translator {
    /// The transfer of each of `rolls`, in their order; as many come out as go in.
    ///
    /// # Errors
    /// The generators fail.
    fn translate(&self, rolls: &[Roll], direction: Direction) -> Result<Vec<Roll>, TranslateError>;

    /// There and back, `direction` first.
    ///
    /// # Errors
    /// The generators fail.
    fn cycle(&self, rolls: &[Roll], direction: Direction) -> Result<Cycle, TranslateError> {
        let output = self.translate(rolls, direction)?;
        Ok(Cycle {
            back: self.translate(&output, direction.reverse())?,
            output,
            soft_back: None,
        })
    }
}

impl Translator for CycleGanTransfer {
    fn translate(&self, rolls: &[Roll], direction: Direction) -> Result<Vec<Roll>, TranslateError> {
        let probabilities = self.probabilities(rolls, direction)?;
        Ok(rolls_of_values(&probabilities, self.threshold(direction)))
    }

    fn cycle(&self, rolls: &[Roll], direction: Direction) -> Result<Cycle, TranslateError> {
        let [there, back] = self.there_and_back(rolls, direction)?;
        let output = rolls_of_values(&there, self.threshold(direction));
        let reverse = direction.reverse();
        Ok(Cycle {
            back: self.translate(&output, reverse)?,
            output,
            soft_back: Some(rolls_of_values(&back, self.threshold(reverse))),
        })
    }
}

/// Leaves every phrase unchanged: content 1, S 0.
#[derive(Clone, Copy, Debug, Default)]
pub struct Identity;

impl Translator for Identity {
    fn translate(&self, rolls: &[Roll], _: Direction) -> Result<Vec<Roll>, TranslateError> {
        Ok(rolls.to_vec())
    }
}

/// Answers with a random real phrase of the target genre, determined by phrase, direction and seed:
/// S near its ceiling, content by chance.
#[derive(Clone, Debug)]
pub struct RandomTarget {
    /// Real phrases of the pair's first and second genre.
    pools: [Rolls; 2],
    seed: u64,
}

impl RandomTarget {
    /// From real phrases of the pair's first and second genre.
    pub fn new(a: Rolls, b: Rolls, seed: u64) -> Self {
        Self {
            pools: [a, b],
            seed,
        }
    }

    fn pick(&self, roll: &Roll, direction: Direction) -> Result<Roll, TranslateError> {
        let pool = &self.pools[direction.reverse().index()];
        // Seeded by the phrase, so that the answer does not depend on the phrase's place.
        let bytes = roll.steps().iter().flat_map(|step| step.to_le_bytes());
        let mut random = ChaCha8Rng::seed_from_u64(hash(bytes, self.seed));
        if pool.is_empty() {
            return Err("the random target has no phrases to choose from".into());
        }
        Ok(pool.get(random.random_range(0..pool.len()))?)
    }
}

impl Translator for RandomTarget {
    fn translate(&self, rolls: &[Roll], direction: Direction) -> Result<Vec<Roll>, TranslateError> {
        rolls
            .iter()
            .map(|roll| self.pick(roll, direction))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use candle_core::{Device, Tensor};

    use super::*;
    use crate::family::cyclegan::{Generator, GeneratorConfig};
    use crate::nn::init::Store;
    use crate::weights::{self, CycleGanHeader, FamilyHeader, Header};

    fn note(row: usize) -> Roll {
        let mut roll = Roll::EMPTY;
        roll.fill(row, 0, 4);
        roll
    }

    #[test]
    fn the_random_target_is_of_the_other_genre_and_repeats() {
        let (a, b): (Vec<_>, Vec<_>) = ((0..40).map(note).collect(), (40..80).map(note).collect());
        let random = RandomTarget::new(a.clone().into(), b.clone().into(), 7);
        let first = random.translate(&a, Direction::AToB).unwrap();
        assert!(first.iter().all(|roll| b.contains(roll)));
        assert_eq!(random.translate(&a, Direction::AToB).unwrap(), first);
        assert_eq!(
            random.translate(&a[3..5], Direction::AToB).unwrap(),
            first[3..5]
        );
        let distinct: std::collections::BTreeSet<_> = first.iter().map(|r| *r.steps()).collect();
        assert!(distinct.len() > 15, "only {} of 40 differ", distinct.len());
        let other = RandomTarget::new(a.clone().into(), b.into(), 8);
        assert_ne!(other.translate(&a, Direction::AToB).unwrap(), first);
    }

    #[test]
    fn an_empty_pool_is_an_error() {
        let random = RandomTarget::new(vec![note(1)].into(), Rolls::NONE, 0);
        assert!(random.translate(&[note(1)], Direction::AToB).is_err());
    }

    /// A small network of random weights without a skip, so that its probabilities lie about
    /// the threshold.
    fn transfer() -> CycleGanTransfer {
        let generator = GeneratorConfig::new(1, 1, 0.0);
        let tensors = |seed| -> BTreeMap<String, Tensor> {
            let store = Store::new(seed);
            Generator::new(&generator, &store.builder(&Device::Cpu)).unwrap();
            let variables = store.variables().into_iter();
            variables
                .map(|(name, variable)| (name, variable.as_detached_tensor()))
                .collect()
        };
        let header = Header::new(FamilyHeader::CycleGan(CycleGanHeader {
            pair: "jazz-classic".into(),
            generator,
            threshold: [0.5, 0.5],
        }));
        let bytes = weights::write(&header, [&tensors(1), &tensors(2)]).unwrap();
        CycleGanTransfer::from_bytes(&bytes).unwrap()
    }

    #[test]
    fn the_soft_cycle_is_another_than_that_through_notes() {
        let (transfer, rolls) = (transfer(), [note(20), note(40)]);
        for direction in Direction::BOTH {
            let cycle = transfer.cycle(&rolls, direction).unwrap();
            let output = transfer.translate(&rolls, direction).unwrap();
            assert_eq!(cycle.output, output);
            let reverse = direction.reverse();
            assert_eq!(cycle.back, transfer.translate(&output, reverse).unwrap());
            assert_ne!(cycle.soft_back.unwrap(), cycle.back);
        }
    }
}
