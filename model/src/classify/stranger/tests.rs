//! Strangers on made-up music.

use super::*;
use crate::roll::notes::GridNote;

/// A panel that learns little: these tests are quick, and their music is told apart easily.
const fn panel(seeds: usize, seed: u64) -> Panel {
    Panel {
        seeds,
        seed,
        steps: 100,
    }
}

/// Random chords and lines; each piece has its own density. `shift` is added to every start.
fn made(count: usize, seed: u64, shift: u8) -> PhraseSample {
    let mut draw = Normal::new(seed);
    let phrases = (0..count).map(|_| {
        let notes = 20 + draw.next_below(30);
        let note = |draw: &mut Normal| GridNote {
            start: 2 * draw.next_below(31) as u8 + shift,
            row: 20 + draw.next_below(50) as u8,
            length: 1 + draw.next_below(6) as u8,
        };
        (0..notes).map(|_| note(&mut draw)).collect()
    });
    PhraseSample {
        phrases: phrases.collect(),
        pieces: (0..count as u64)
            .map(|place| (seed << 32) | (place / 8))
            .collect(),
    }
}

#[test]
fn moved_phrases_are_told_from_others() {
    let (real, moved) = (made(80, 1, 0), made(80, 2, 1));
    let figures = stranger(&moved, &real, panel(1, 5)).unwrap();
    assert!(figures.mean > 0.9, "{figures:?}");
}

#[test]
fn two_parts_of_one_source_are_not_told_apart() {
    let figures = stranger(&made(160, 1, 0), &made(160, 2, 0), panel(2, 5)).unwrap();
    assert!((figures.mean - 0.5).abs() < 0.1, "{figures:?}");
    assert!(figures.least <= figures.mean && figures.mean <= figures.most);
}

#[test]
fn threads_do_not_show_and_seeds_do() {
    let (real, moved) = (made(40, 1, 0), made(40, 2, 0));
    let on = |threads, seed| {
        let pool = crate::nn::pool(threads);
        pool.install(|| stranger(&moved, &real, panel(1, seed)).unwrap())
    };
    assert_eq!(on(1, 5), on(3, 5));
    assert_ne!(on(1, 5), on(1, 6));
}

#[test]
fn nothing_to_tell_apart_is_an_error() {
    assert!(stranger(&PhraseSample::default(), &made(40, 1, 0), panel(1, 0)).is_err());
}

#[test]
fn scores_come_back_in_their_order() {
    let marks = [true, false, false, true];
    assert_eq!(
        joined(&marks, [&[1.0, 4.0], &[2.0, 3.0]]),
        [1.0, 2.0, 3.0, 4.0]
    );
    let perfect = [vec![-1.0, -2.0], vec![0.5, 0.0]];
    assert_eq!(accuracy(&perfect), 0.875);
}
