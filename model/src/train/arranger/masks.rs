//! Which cells are hidden in training, so that the network has met every share and shape of what
//! it may be asked to fill in.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::roll::{PITCHES, Roll, STEPS};

/// All rows of a step.
const ALL_ROWS: u128 = (1 << PITCHES) - 1;
/// Steps of a block.
const BLOCKS: [usize; 3] = [4, 8, 16];
/// The least height of a band of pitch: an octave.
const LEAST_BAND: usize = 12;
/// The lowest row of a band is below this.
const BAND_FROM: usize = 60;

/// The shape of what is hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// Everything.
    All,
    /// Blocks of some steps of one pitch.
    Blocks,
    /// Single cells.
    Cells,
    /// Spans of time.
    Spans,
    /// A band of pitch.
    Band,
}

impl Shape {
    /// With its share of the masks.
    const SHARES: [(Self, f64); 5] = [
        (Self::All, 0.15),
        (Self::Blocks, 0.4),
        (Self::Cells, 0.15),
        (Self::Spans, 0.15),
        (Self::Band, 0.15),
    ];

    fn draw(rng: &mut ChaCha8Rng) -> Self {
        let mut left: f64 = rng.random();
        for (shape, share) in Self::SHARES {
            if left < share {
                return shape;
            }
            left -= share;
        }
        Self::Band
    }
}

/// The cells that are hidden; at least one. Of a shape with a share, many cells are hidden more
/// often than few.
pub fn mask(rng: &mut ChaCha8Rng) -> Roll {
    let shape = Shape::draw(rng);
    let hidden = of_shape(shape, rng);
    if hidden.is_empty() {
        return Roll::from_steps([ALL_ROWS; STEPS]);
    }
    hidden
}

fn of_shape(shape: Shape, rng: &mut ChaCha8Rng) -> Roll {
    let share = 1.0 - rng.random::<f64>().powf(1.5);
    let block = BLOCKS[rng.random_range(0..BLOCKS.len() as u32) as usize];
    match shape {
        Shape::All => Roll::from_steps([ALL_ROWS; STEPS]),
        Shape::Blocks => blocks(block, || some_rows(share, rng)),
        Shape::Cells => blocks(1, || some_rows(share, rng)),
        Shape::Spans => blocks(block, || {
            if rng.random::<f64>() < share {
                ALL_ROWS
            } else {
                0
            }
        }),
        Shape::Band => {
            let low = rng.random_range(0..BAND_FROM as u32) as usize;
            let least = low + LEAST_BAND;
            let high = rng.random_range(least as u32..=PITCHES as u32) as usize;
            let rows = ((1u128 << (high - low)) - 1) << low;
            Roll::from_steps([rows; STEPS])
        }
    }
}

/// Hides the same rows in each block of `length` steps.
fn blocks(length: usize, mut rows: impl FnMut() -> u128) -> Roll {
    let mut steps = [0; STEPS];
    for block in steps.chunks_exact_mut(length) {
        block.fill(rows());
    }
    Roll::from_steps(steps)
}

/// Each row with the chance `share`.
fn some_rows(share: f64, rng: &mut ChaCha8Rng) -> u128 {
    (0..PITCHES).fold(0, |rows, row| {
        rows | u128::from(rng.random::<f64>() < share) << row
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::weighted::random;
    use crate::roll::CELLS;

    const MASKS: u64 = 4000;

    fn hidden(roll: &Roll) -> f64 {
        f64::from(roll.count()) / CELLS as f64
    }

    #[test]
    fn shapes_come_in_their_shares() {
        let mut rng = random(1, 0, b"test");
        let drawn: Vec<Shape> = (0..MASKS).map(|_| Shape::draw(&mut rng)).collect();
        for (shape, share) in Shape::SHARES {
            let count = drawn.iter().filter(|one| **one == shape).count();
            let found = count as f64 / MASKS as f64;
            assert!((found - share).abs() < 0.03, "{shape:?}: {found}");
        }
        let sum: f64 = Shape::SHARES.iter().map(|(_, share)| share).sum();
        assert!((sum - 1.0).abs() < 1e-9);
    }

    #[test]
    fn shapes_are_what_they_are_called() {
        let mut rng = random(2, 0, b"test");
        for _ in 0..200 {
            let all = of_shape(Shape::All, &mut rng);
            assert_eq!(hidden(&all), 1.0);
            let spans = of_shape(Shape::Spans, &mut rng);
            assert!(
                spans
                    .steps()
                    .iter()
                    .all(|rows| [0, ALL_ROWS].contains(rows))
            );
            assert!(spans.steps().chunks(4).all(|four| four[0] == four[3]));
            let blocks = of_shape(Shape::Blocks, &mut rng);
            assert!(blocks.steps().chunks(4).all(|four| four[0] == four[3]));
            let band = of_shape(Shape::Band, &mut rng);
            let rows = band.steps()[0];
            assert!(band.steps().iter().all(|step| *step == rows));
            let height = PITCHES as u32 - rows.trailing_zeros() - (rows.leading_zeros() - 44);
            assert!(height >= 12 && rows.count_ones() == height);
        }
    }

    #[test]
    fn many_cells_are_hidden_more_often_than_few() {
        let mut rng = random(3, 0, b"test");
        let shares: Vec<f64> = (0..MASKS)
            .map(|_| hidden(&of_shape(Shape::Cells, &mut rng)))
            .collect();
        // The mean of 1 − u^1.5 for u between 0 and 1 is 0.6.
        let mean = shares.iter().sum::<f64>() / MASKS as f64;
        assert!((mean - 0.6).abs() < 0.02, "{mean}");
        assert!(shares.iter().any(|share| *share < 0.1));
        for step in 0..500 {
            assert!(!mask(&mut random(4, step, b"test")).is_empty());
        }
    }
}
