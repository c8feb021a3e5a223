//! The sizes of the blocks in which a host calls a plugin.

use crate::dice::Dice;

/// One size, some sizes in turn, or a different one each time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Blocks {
    /// Always this many samples.
    Fixed(u32),
    /// These, again and again.
    InTurn(Vec<u32>),
    /// From 1 to `largest`, drawn from `seed`.
    Random {
        /// Same seed, same sizes.
        seed: u64,
        /// The largest block.
        largest: u32,
    },
}

impl Blocks {
    /// Sizes from 1 to `largest`, drawn from `seed`.
    pub const fn random(seed: u64, largest: u32) -> Self {
        Self::Random { seed, largest }
    }

    /// The largest block that can come.
    pub fn largest(&self) -> u32 {
        match self {
            Self::Fixed(size) => *size,
            Self::InTurn(sizes) => sizes.iter().copied().max().unwrap_or(1),
            Self::Random { largest, .. } => *largest,
        }
    }

    /// The sizes, without end.
    pub fn sizes(&self) -> impl Iterator<Item = u32> {
        let blocks = self.clone();
        let mut dice = Dice::of_state(match self {
            Self::Random { seed, .. } => seed | 1,
            _ => 1,
        });
        let mut index = 0;
        std::iter::repeat_with(move || match &blocks {
            Self::Fixed(size) => *size,
            Self::InTurn(sizes) => {
                index += 1;
                sizes[(index - 1) % sizes.len()]
            }
            Self::Random { largest, .. } => 1 + ((dice.next() >> 33) % u64::from(*largest)) as u32,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_come_as_they_were_asked_for() {
        let first = |blocks: Blocks| blocks.sizes().take(4).collect::<Vec<_>>();
        assert_eq!(first(Blocks::Fixed(7)), [7; 4]);
        assert_eq!(first(Blocks::InTurn(vec![1, 4096])), [1, 4096, 1, 4096]);
        let random = Blocks::random(3, 100);
        assert_eq!(first(random.clone()), first(random.clone()));
        assert!(
            random
                .sizes()
                .take(1000)
                .all(|size| (1..=100).contains(&size))
        );
    }
}
