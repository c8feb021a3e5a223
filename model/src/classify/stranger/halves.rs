//! How phrases are divided so that no piece is on both sides.

use std::collections::BTreeMap;

use crate::nn::init::Normal;

/// Fewer pieces than this on either side are divided by phrase.
const LEAST_PIECES: usize = 4;

/// Which of two kinds of phrases, outputs and real ones, belong to the part: `share` of each, as
/// nearly as pieces allow. A piece belongs to the part or does not, in both kinds. A kind of very
/// few pieces is divided by phrase.
pub(crate) fn part(pieces: [&[u64]; 2], share: f64, draw: &mut Normal) -> [Vec<bool>; 2] {
    let few = |kind: &&[u64]| !kind.is_empty() && different(kind) < LEAST_PIECES;
    let by_piece = !pieces.iter().any(few);
    // Phrases of each kind by piece.
    let mut sizes: BTreeMap<u64, [usize; 2]> = BTreeMap::new();
    let own = |kind: usize, place: usize| {
        if by_piece {
            pieces[kind][place]
        } else {
            (2 * place + kind) as u64
        }
    };
    for (kind, all) in pieces.iter().enumerate() {
        for place in 0..all.len() {
            sizes.entry(own(kind, place)).or_default()[kind] += 1;
        }
    }
    let mut order: Vec<u64> = sizes.keys().copied().collect();
    shuffle(&mut order, draw);
    // Each piece goes where the part comes nearer to its share.
    let mut chosen: BTreeMap<u64, bool> = BTreeMap::new();
    let (mut inside, mut seen) = ([0.0; 2], [0.0; 2]);
    for piece in order {
        let size = sizes[&piece].map(|count| count as f64);
        let error = |more: f64| -> f64 {
            let of =
                |kind: usize| inside[kind] + more * size[kind] - share * (seen[kind] + size[kind]);
            of(0).abs() + of(1).abs()
        };
        let belongs = error(1.0) < error(0.0);
        for kind in 0..2 {
            seen[kind] += size[kind];
            inside[kind] += size[kind] * f64::from(u8::from(belongs));
        }
        chosen.insert(piece, belongs);
    }
    [0, 1].map(|kind| {
        let places = 0..pieces[kind].len();
        places.map(|place| chosen[&own(kind, place)]).collect()
    })
}

fn different(pieces: &[u64]) -> usize {
    let mut pieces = pieces.to_vec();
    pieces.sort_unstable();
    pieces.dedup();
    pieces.len()
}

/// Another order, each as likely as any.
pub(crate) fn shuffle<T>(all: &mut [T], draw: &mut Normal) {
    for end in (1..all.len()).rev() {
        all.swap(end, draw.next_below(end + 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_piece_is_on_one_side_and_the_sides_are_even(
            outputs in proptest::collection::vec(0..40u64, 200..300),
            real in proptest::collection::vec(20..60u64, 200..300),
            seed in 0..1000u64,
        ) {
            let inside = part([&outputs, &real], 0.5, &mut Normal::new(seed));
            let mut side = BTreeMap::new();
            for (pieces, inside) in [&outputs, &real].into_iter().zip(&inside) {
                for (piece, inside) in pieces.iter().zip(inside) {
                    prop_assert_eq!(*side.entry(*piece).or_insert(*inside), *inside);
                }
                let share = inside.iter().filter(|inside| **inside).count() as f64;
                prop_assert!((share / inside.len() as f64 - 0.5).abs() < 0.12);
            }
        }
    }

    #[test]
    fn one_piece_is_divided_by_phrase() {
        let inside = part([&[7; 100], &[9; 60]], 0.2, &mut Normal::new(1));
        let count = |inside: &[bool]| inside.iter().filter(|inside| **inside).count();
        assert!(
            (18..=22).contains(&count(&inside[0])),
            "{}",
            count(&inside[0])
        );
        assert!(
            (10..=14).contains(&count(&inside[1])),
            "{}",
            count(&inside[1])
        );
    }
}
