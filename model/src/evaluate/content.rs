//! How much of the source phrase is left in the output: what the paper's S leaves out.
//!
//! All functions are pure and look at binary rolls. Each says what it gives for the identity,
//! so that a table can be read without its formula.

use crate::roll::Roll;

/// The widest transposition that [`retention`] forgives, in semitones either way.
pub const RETENTION_SEMITONES: i32 = 11;

/// Sounding cells that the two rolls share.
fn shared(x: &Roll, y: &Roll) -> u32 {
    let pairs = x.steps().iter().zip(y.steps());
    pairs.map(|(x, y)| (x & y).count_ones()).sum()
}

/// F1 of the sounding cells (0..=1, symmetric); identity and two empty rolls give 1.
pub fn cell_f1(x: &Roll, y: &Roll) -> f64 {
    let cells = x.count() + y.count();
    if cells == 0 {
        return 1.0;
    }
    2.0 * f64::from(shared(x, y)) / f64::from(cells)
}

/// F1 of the (onset step, pitch) sets (0..=1, symmetric); identity and two empty rolls give 1.
///
/// Between a phrase and what came back through both generators this is the cycle onset F1.
pub fn onset_f1(x: &Roll, y: &Roll) -> f64 {
    cell_f1(&x.onsets(), &y.onsets())
}

/// Cells added and removed, as a share of the source's cells (0 for identity, no upper end);
/// `None` for an empty source.
pub fn changed(source: &Roll, output: &Roll) -> Option<f64> {
    let cells = source.count();
    (cells > 0).then(|| f64::from(source.difference(output).count()) / f64::from(cells))
}

/// [`changed`] with the output moved by the number of semitones that makes it least
/// (czhang0808 2019, "content retention"): lower is better, 0 for identity and for a pure
/// transposition that stays inside the 84 rows. `None` for an empty source.
pub fn retention(source: &Roll, output: &Roll) -> Option<f64> {
    (-RETENTION_SEMITONES..=RETENTION_SEMITONES)
        .filter_map(|semitones| changed(source, &output.transpose(semitones)))
        .min_by(f64::total_cmp)
}

/// The skyline: onsets of the pitch that is the highest sounding one at its step.
pub fn skyline(roll: &Roll) -> Roll {
    let onsets = roll.onsets();
    let mut line = Roll::EMPTY;
    for (step, sounding) in roll.steps().iter().enumerate() {
        if let Some(top) = sounding.checked_ilog2() {
            let top = top as usize;
            line.set(step, top, onsets.get(step, top));
        }
    }
    line
}

/// The share of the source's skyline onsets that are onsets of the output too (1 for identity);
/// `None` where the source has none.
pub fn melody_kept(source: &Roll, output: &Roll) -> Option<f64> {
    let line = skyline(source);
    let notes = line.count();
    (notes > 0).then(|| f64::from(shared(&line, &output.onsets())) / f64::from(notes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roll::picture;
    use crate::roll::tests::any_roll;
    use proptest::prelude::*;

    const SOURCE: &str = "
        72 |####............|................|................|................|
        67 |....####........|................|................|................|
        60 |########........|................|................|................|
    ";

    #[test]
    fn a_held_note_under_the_tune_is_no_melody() {
        let source = picture::read(SOURCE).unwrap();
        let tune = picture::draw(&skyline(&source));
        insta::assert_snapshot!(tune, @r"
         72 |#...............|................|................|................|
         67 |....#...........|................|................|................|
        ");
        let mut output = source;
        output.clear(4, 8);
        assert_eq!(melody_kept(&source, &output), Some(0.5));
        assert_eq!(melody_kept(&Roll::EMPTY, &output), None);
    }

    #[test]
    fn figures_of_a_known_edit() {
        let source = picture::read(SOURCE).unwrap();
        let mut output = source;
        output.fill(67 - 24, 4, 8); // nothing new
        output.fill(64 - 24, 8, 12); // four cells and one onset more
        assert_eq!(changed(&source, &output), Some(4.0 / 16.0));
        assert_eq!(cell_f1(&source, &output), 32.0 / 36.0);
        assert_eq!(onset_f1(&source, &output), 6.0 / 7.0);
    }

    proptest! {
        #[test]
        fn the_identity_keeps_everything(x in any_roll()) {
            prop_assert_eq!(cell_f1(&x, &x), 1.0);
            prop_assert_eq!(onset_f1(&x, &x), 1.0);
            if !x.is_empty() {
                prop_assert_eq!(changed(&x, &x), Some(0.0));
                prop_assert_eq!(retention(&x, &x), Some(0.0));
                prop_assert_eq!(melody_kept(&x, &x), Some(1.0));
            }
        }

        #[test]
        fn f1_is_symmetric_and_in_range(x in any_roll(), y in any_roll()) {
            for f1 in [cell_f1, onset_f1] {
                prop_assert_eq!(f1(&x, &y), f1(&y, &x));
                prop_assert!((0.0..=1.0).contains(&f1(&x, &y)));
            }
        }

        #[test]
        fn retention_forgives_a_transposition(x in any_roll(), by in -11..=11i32) {
            let moved = x.transpose(by);
            prop_assume!(!x.is_empty() && moved.count() == x.count());
            prop_assert_eq!(retention(&x, &moved), Some(0.0));
        }

        #[test]
        fn retention_is_no_more_than_the_change(x in any_roll(), y in any_roll()) {
            prop_assert!(retention(&x, &y) <= changed(&x, &y));
        }

        #[test]
        fn the_melody_kept_is_a_share(x in any_roll(), y in any_roll()) {
            if let Some(share) = melody_kept(&x, &y) {
                prop_assert!((0.0..=1.0).contains(&share));
            }
        }
    }
}
