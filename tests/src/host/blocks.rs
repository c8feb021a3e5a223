//! The sizes of the blocks in which a host calls a plugin.

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
        let mut state = match self {
            Self::Random { seed, .. } => seed | 1,
            _ => 0,
        };
        let mut index = 0;
        std::iter::repeat_with(move || match &blocks {
            Self::Fixed(size) => *size,
            Self::InTurn(sizes) => {
                index += 1;
                sizes[(index - 1) % sizes.len()]
            }
            Self::Random { largest, .. } => {
                // xorshift64: a fixed sequence for each seed, on every machine.
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                1 + ((state >> 33) % u64::from(*largest)) as u32
            }
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
        let random = Blocks::Random {
            seed: 3,
            largest: 100,
        };
        assert_eq!(first(random.clone()), first(random.clone()));
        assert!(
            random
                .sizes()
                .take(1000)
                .all(|size| (1..=100).contains(&size))
        );
    }
}
