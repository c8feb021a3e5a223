//! The edits of a phrase: the cells in which the network's output differs from the input, each
//! with the amount from which it is applied.
//!
//! One forward pass gives a probability for each cell. Edits are ranked by confidence, the
//! distance of the probability from the threshold; amount `a` applies the first share `a` of
//! them. So the output at 0 is the input, at 1 the network's, and the set only grows between.

use super::{CELLS, PITCHES, Roll, STEPS};

/// The probability above which a cell sounds in the network's output, as in the paper's code.
pub const THRESHOLD: f32 = 0.5;

/// Full amount in the scale of [`Edits`].
const FULL: u16 = u16::MAX;

/// For each cell, from which amount the network's value replaces the input's.
///
/// About 10 KiB by value, so that it can pass a channel to the audio thread without a box.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Edits {
    /// 0: no edit. Otherwise the amount (of [`FULL`]) from which the cell is edited.
    from: [u16; CELLS],
}

impl Edits {
    /// No edit at all: the output is the input at every amount.
    pub const NONE: Self = Self { from: [0; CELLS] };

    /// The edits that lead from `source` to the cells whose probability (step-major, `CELLS`
    /// long) is above `threshold`. Allocates for the ranking; for the engine thread.
    pub fn rank(source: &Roll, probabilities: &[f32], threshold: f32) -> Self {
        let mut ranked: Vec<(f32, u16)> = probabilities
            .iter()
            .take(CELLS)
            .enumerate()
            .filter(|(cell, p)| source.get(cell / PITCHES, cell % PITCHES) != (**p > threshold))
            .map(|(cell, p)| ((p - threshold).abs(), cell as u16))
            .collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut edits = Self::NONE;
        let count = ranked.len() as u64;
        for (rank, (_, cell)) in (1..).zip(ranked) {
            edits.from[usize::from(cell)] = (rank * u64::from(FULL) / count) as u16;
        }
        edits
    }

    /// Number of edits at full amount.
    pub fn count(&self) -> usize {
        self.from.iter().filter(|from| **from != 0).count()
    }

    /// Whether the cell is edited at `amount` (0..=1).
    #[inline]
    pub fn applies(&self, step: usize, row: usize, amount: f32) -> bool {
        let from = self.from[step * PITCHES + row];
        from != 0 && from <= level(amount)
    }

    /// The cells of `step` that are edited at `amount`, row 0 in the lowest bit.
    pub fn mask(&self, step: usize, amount: f32) -> u128 {
        self.mask_at(step, level(amount))
    }

    /// The same for an amount in the scale of [`FULL`].
    pub(super) fn mask_at(&self, step: usize, level: u16) -> u128 {
        let from = &self.from[step * PITCHES..(step + 1) * PITCHES];
        let mut edited = [0; PITCHES.next_multiple_of(8)];
        for (cell, from) in edited.iter_mut().zip(from) {
            // At least 1, and at most `level`.
            *cell = u8::from(from.wrapping_sub(1) < level);
        }
        let mut mask = [0; size_of::<u128>()];
        for (byte, eight) in mask.iter_mut().zip(edited.as_chunks().0) {
            // The product has the lowest bits of the eight bytes side by side at its top.
            let product = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080);
            *byte = product.to_le_bytes()[7];
        }
        u128::from_le_bytes(mask)
    }

    /// These edits in the steps of `steps` (bit k is step k), none in the others.
    #[must_use]
    pub fn within(&self, steps: u64) -> Self {
        let mut edits = *self;
        for (step, cells) in edits.from.chunks_exact_mut(PITCHES).enumerate() {
            if steps >> step & 1 == 0 {
                cells.fill(0);
            }
        }
        edits
    }

    /// `source` with the edits of `amount` applied.
    #[must_use]
    pub fn apply(&self, source: &Roll, amount: f32) -> Roll {
        let mut steps = *source.steps();
        for (step, bits) in steps.iter_mut().enumerate().take(STEPS) {
            *bits ^= self.mask(step, amount);
        }
        Roll::from_steps(steps)
    }
}

/// The amount in the scale of [`Edits`]; NaN counts as 0.
pub(super) fn level(amount: f32) -> u16 {
    (amount.clamp(0.0, 1.0) * f32::from(FULL)).round() as u16
}

impl Default for Edits {
    fn default() -> Self {
        Self::NONE
    }
}

impl std::fmt::Debug for Edits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Edits({})", self.count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roll::tests::any_roll;
    use proptest::prelude::*;

    fn any_probabilities() -> impl Strategy<Value = Vec<f32>> {
        (any::<u64>(), 0.0..1.0f32).prop_map(|(seed, density)| {
            let mut state = seed | 1;
            (0..CELLS)
                .map(|_| {
                    state ^= state << 13;
                    state ^= state >> 7;
                    state ^= state << 17;
                    ((state >> 40) as f32 / (1u64 << 24) as f32 * density).min(1.0)
                })
                .collect()
        })
    }

    proptest! {
        #[test]
        fn the_ends_are_the_input_and_the_network(x in any_roll(), p in any_probabilities()) {
            let edits = Edits::rank(&x, &p, THRESHOLD);
            prop_assert_eq!(edits.apply(&x, 0.0), x);
            prop_assert_eq!(edits.apply(&x, 1.0), Roll::from_values(&p, THRESHOLD));
        }

        #[test]
        fn edits_only_grow_with_the_amount(
            x in any_roll(), p in any_probabilities(), a in 0.0..=1.0f32, b in 0.0..=1.0f32,
        ) {
            let edits = Edits::rank(&x, &p, THRESHOLD);
            let (less, more) = (a.min(b), a.max(b));
            let few = edits.apply(&x, less).difference(&x);
            let many = edits.apply(&x, more).difference(&x);
            for step in 0..STEPS {
                prop_assert_eq!(few.steps()[step] & !many.steps()[step], 0);
            }
            for (step, row) in (0..STEPS).flat_map(|step| (0..PITCHES).map(move |row| (step, row))) {
                let applies = edits.applies(step, row, a);
                prop_assert_eq!(edits.mask(step, a) >> row & 1 == 1, applies);
            }
            let share = f64::from(few.count()) - f64::from(less) * edits.count() as f64;
            prop_assert!(share.abs() <= 1.0, "share off by {} edits", share);
        }
    }

    #[test]
    fn edits_can_be_kept_to_some_steps() {
        let edits = Edits::rank(&Roll::EMPTY, &vec![1.0; CELLS], THRESHOLD);
        let some = edits.within(0b101);
        for step in 0..STEPS {
            let kept = if step == 0 || step == 2 {
                edits.mask(step, 1.0)
            } else {
                0
            };
            assert_eq!(some.mask(step, 1.0), kept, "step {step}");
        }
        assert_eq!(edits.within(u64::MAX), edits);
    }

    #[test]
    fn the_surest_edit_comes_first() {
        let mut p = vec![0.0; CELLS];
        p[5] = 0.6;
        p[9] = 0.9;
        let edits = Edits::rank(&Roll::EMPTY, &p, THRESHOLD);
        let half = edits.apply(&Roll::EMPTY, 0.5);
        assert!(half.get(0, 9) && !half.get(0, 5));
    }
}
