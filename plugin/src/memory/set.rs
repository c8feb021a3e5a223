//! A bit set of phrases, by index.

use super::store::PHRASES;

const WORD: usize = u64::BITS as usize;

/// A set of phrases, 0..[`PHRASES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PhraseSet([u64; PHRASES / WORD]);

impl PhraseSet {
    /// The empty set.
    pub(crate) const NONE: Self = Self([0; PHRASES / WORD]);

    /// The first `count` phrases.
    pub(crate) fn first(count: usize) -> Self {
        Self(std::array::from_fn(|word| {
            let left = count.saturating_sub(word * WORD).min(WORD);
            u64::MAX.checked_shr((WORD - left) as u32).unwrap_or(0)
        }))
    }

    /// Adds a phrase.
    pub(crate) fn insert(&mut self, phrase: usize) {
        if let Some(word) = self.0.get_mut(phrase / WORD) {
            *word |= 1 << (phrase % WORD);
        }
    }

    /// Removes a phrase.
    pub(crate) fn remove(&mut self, phrase: usize) {
        if let Some(word) = self.0.get_mut(phrase / WORD) {
            *word &= !(1 << (phrase % WORD));
        }
    }

    /// True if the set contains a phrase.
    pub(crate) fn contains(&self, phrase: usize) -> bool {
        let word = self.0.get(phrase / WORD);
        word.is_some_and(|word| word >> (phrase % WORD) & 1 == 1)
    }

    /// Intersection.
    pub(crate) fn and(&self, other: &Self) -> Self {
        Self(std::array::from_fn(|word| self.0[word] & other.0[word]))
    }

    /// Difference.
    pub(crate) fn without(&self, other: &Self) -> Self {
        Self(std::array::from_fn(|word| self.0[word] & !other.0[word]))
    }

    /// The lowest phrase from `from` on, or else the lowest of all.
    pub(crate) fn next(&self, from: usize) -> Option<usize> {
        self.lowest(from).or_else(|| self.lowest(0))
    }

    fn lowest(&self, from: usize) -> Option<usize> {
        let words = self.0.iter().enumerate().skip(from / WORD);
        let mut found = words.filter_map(|(place, word)| {
            let below = if place == from / WORD {
                (1 << (from % WORD)) - 1
            } else {
                0
            };
            let left = word & !below;
            (left != 0).then(|| place * WORD + left.trailing_zeros() as usize)
        });
        found.next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_is_found_all_round() {
        let mut set = PhraseSet::NONE;
        assert_eq!(set.next(0), None);
        for phrase in [3, 64, 200, PHRASES - 1] {
            set.insert(phrase);
        }
        set.remove(200);
        let next = [0, 3, 4, 64, 65, 200, PHRASES].map(|from| set.next(from));
        let last = Some(PHRASES - 1);
        assert_eq!(
            next,
            [Some(3), Some(3), Some(64), Some(64), last, last, Some(3)]
        );
        assert!(set.contains(64) && !set.contains(200) && !set.contains(PHRASES));
    }

    #[test]
    fn the_first_so_many_are_those() {
        for count in [0, 1, 63, 64, 65, PHRASES] {
            let set = PhraseSet::first(count);
            let inside = (0..PHRASES).filter(|phrase| set.contains(*phrase));
            assert_eq!(inside.count(), count);
            assert_eq!(set.next(0), (count > 0).then_some(0));
        }
        let (some, few) = (PhraseSet::first(70), PhraseSet::first(66));
        assert_eq!(some.without(&few).next(0), Some(66));
        assert_eq!(some.and(&few), few);
    }
}
