//! Batches: weighted draws of phrases, each moved to a key by chance.
//!
//! The batch of a step is a pure function of the seed and the step, so that a run that goes on
//! after an interruption sees the same batches as one that was never stopped.

use std::io;

use rand::Rng;

use crate::genre::{Genre, Pair};
use crate::roll::Roll;

use crate::data::weighted::{WeightedDraw, key_by_chance, random};
use crate::data::{Data, Split};

/// A source of training batches.
pub trait Batches {
    /// Training data of one step.
    type Batch;

    /// The batch of `step`, a function of the run's seed and the step alone.
    ///
    /// # Errors
    /// The file of the rolls cannot be read.
    fn batch(&self, step: u64) -> io::Result<Self::Batch>;
}

/// The phrases of one training step, with the recipe's batch size each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Phrases of the pair's first genre.
    pub a: Vec<Roll>,
    /// Phrases of the pair's second genre.
    pub b: Vec<Roll>,
    /// Real music of the mixed genres, for the mixed discriminators; empty without them.
    pub mixed: Vec<Roll>,
}

/// How batches are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drawing {
    /// The run's seed.
    pub seed: u64,
    /// Phrases of each genre in a batch.
    pub size: usize,
    /// Largest move in semitones: phrases go up by at most so many and down by at most one
    /// less, so that 6 gives all twelve keys once. 0 leaves them where they are.
    pub transpose: u8,
}

/// A genre that batches need and the corpus does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no training phrase of {0} with a weight above 0; the recipe needs {0}, name a corpus or \
     a folder (--mixed) that has it"
)]
pub struct NoPhrase(Genre);

/// Draws batches from the training phrases of a corpus.
#[derive(Clone, Debug)]
pub struct PairSampler<'d> {
    a: WeightedDraw<'d>,
    b: WeightedDraw<'d>,
    mixed: Vec<WeightedDraw<'d>>,
    drawing: Drawing,
}

impl<'d> PairSampler<'d> {
    /// A sampler for `pair`; `mixed` are the genres of the mixed discriminators, each drawn as
    /// often as the others.
    ///
    /// # Errors
    /// A genre has no training phrase with a weight above 0.
    pub fn new(
        data: &'d Data,
        pair: Pair,
        mixed: &[Genre],
        drawing: Drawing,
    ) -> Result<Self, NoPhrase> {
        let weighted =
            |genre| WeightedDraw::new(data.phrases(genre, Split::Train)).ok_or(NoPhrase(genre));
        Ok(Self {
            a: weighted(pair.a)?,
            b: weighted(pair.b)?,
            mixed: mixed
                .iter()
                .map(|genre| weighted(*genre))
                .collect::<Result<_, _>>()?,
            drawing,
        })
    }

    /// The batch of `step`. Fails where the file of the rolls cannot be read.
    ///
    /// # Errors
    /// The file of the rolls cannot be read.
    pub fn batch(&self, step: u64) -> io::Result<Batch> {
        let mut rng = random(self.drawing.seed, step, b"batch");
        let Drawing {
            size, transpose, ..
        } = self.drawing;
        let mut draw = |sources: &[&WeightedDraw]| -> io::Result<Vec<Roll>> {
            if sources.is_empty() {
                return Ok(Vec::new());
            }
            (0..size)
                .map(|_| {
                    let weighted = sources[rng.random_range(0..sources.len() as u32) as usize];
                    let phrase = weighted.draw(&mut rng)?;
                    let roll = phrase.sounding();
                    Ok(roll.transpose(key_by_chance(roll, transpose, &mut rng)))
                })
                .collect()
        };
        Ok(Batch {
            a: draw(&[&self.a])?,
            b: draw(&[&self.b])?,
            mixed: draw(&self.mixed.iter().collect::<Vec<_>>())?,
        })
    }
}

impl Batches for PairSampler<'_> {
    type Batch = Batch;

    fn batch(&self, step: u64) -> io::Result<Batch> {
        PairSampler::batch(self, step)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::data::Piece;

    fn data(weights: &[f32]) -> Data {
        let pieces = Genre::ALL.map(|genre| {
            let pieces = weights.iter().enumerate().map(|(number, weight)| {
                let mut roll = Roll::EMPTY;
                let row = 20 + 15 * (genre as usize);
                roll.fill(row, number, number + 1);
                Piece {
                    file: format!("{number}.mid"),
                    source: "here".into(),
                    split: Split::Train,
                    weight: *weight,
                    rolls: vec![roll].into(),
                }
            });
            (genre, pieces.collect())
        });
        Data::of_pieces(BTreeMap::from(pieces), Vec::new()).unwrap()
    }

    fn drawing(seed: u64) -> Drawing {
        Drawing {
            seed,
            size: 8,
            transpose: 6,
        }
    }

    #[test]
    fn a_batch_is_given_by_seed_and_step_alone() {
        let data = data(&[1.0; 40]);
        let sampler =
            |seed| PairSampler::new(&data, Pair::JAZZ_CLASSIC, &Genre::ALL, drawing(seed)).unwrap();
        let (one, again) = (sampler(3), sampler(3));
        let forward: Vec<Batch> = (0..4).map(|step| one.batch(step).unwrap()).collect();
        let backward: Vec<Batch> = (0..4)
            .rev()
            .map(|step| again.batch(step).unwrap())
            .collect();
        assert!(forward.iter().eq(backward.iter().rev()));
        assert_ne!(forward[0], forward[1]);
        assert_ne!(forward[0], sampler(4).batch(0).unwrap());
    }

    #[test]
    fn phrases_are_drawn_by_weight_and_mixed_genres_alike() {
        let data = data(&[1.0, 0.0, 3.0]);
        let drawing = Drawing {
            seed: 1,
            size: 4000,
            transpose: 0,
        };
        let batch = PairSampler::new(&data, Pair::JAZZ_POP, &Genre::ALL, drawing)
            .unwrap()
            .batch(0)
            .unwrap();
        let at = |rolls: &[Roll], step: usize, row: usize| {
            rolls.iter().filter(|roll| roll.get(step, row)).count()
        };
        let jazz = 20 + 15 * Genre::Jazz as usize;
        assert_eq!(at(&batch.a, 1, jazz), 0);
        assert!((900..1100).contains(&at(&batch.a, 0, jazz)));
        for genre in Genre::ALL {
            let row = 20 + 15 * genre as usize;
            let count = (0..3)
                .map(|step| at(&batch.mixed, step, row))
                .sum::<usize>();
            assert!((1200..1470).contains(&count), "{genre}: {count} of 4000");
        }
    }
}
