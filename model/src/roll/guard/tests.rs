//! The laws of guards, and what each of them keeps.

use proptest::prelude::*;

use super::*;
use crate::roll::tests::any_roll;
use crate::roll::{CELLS, edits::THRESHOLD};

fn any_guard() -> impl Strategy<Value = Guard> {
    (any::<bool>(), 0.0..=1.0f32, -1.0..=1.0f32).prop_map(|(melody_lock, scale, density)| Guard {
        melody_lock,
        scale,
        density,
    })
}

/// Edits that lead from one roll to another, all of them sure to another degree.
fn edits(from: &Roll, to: &Roll) -> Edits {
    let mut values = vec![0.0; CELLS];
    to.write_values(&mut values);
    for (place, value) in values.iter_mut().enumerate() {
        let doubt = 0.4 * (place * 7919 % CELLS) as f32 / CELLS as f32;
        *value = (*value - doubt).abs();
    }
    Edits::rank(from, &values, THRESHOLD)
}

proptest! {
    #[test]
    fn the_default_takes_nothing_away(x in any_roll(), y in any_roll(), amount in 0.0..=1.0f32) {
        let edits = edits(&x, &y);
        let facts = Facts::of(&x);
        prop_assert_eq!(facts.apply(&edits, amount, &Guard::default()), edits.apply(&x, amount));
    }

    #[test]
    fn a_guard_only_takes_away_and_edits_grow_with_the_amount(
        x in any_roll(), y in any_roll(), guard in any_guard(), a in 0.0..=1.0f32, b in 0.0..=1.0f32,
    ) {
        let edits = edits(&x, &y);
        let facts = Facts::of(&x);
        prop_assert_eq!(facts.apply(&edits, 0.0, &guard), x);
        for step in 0..STEPS {
            let few = facts.mask(&edits, step, a.min(b), &guard);
            let many = facts.mask(&edits, step, a.max(b), &guard);
            prop_assert_eq!(few & !many, 0);
            prop_assert_eq!(many & !edits.mask(step, a.max(b)), 0);
        }
    }

    #[test]
    fn a_locked_melody_is_the_melody_after_any_edit(x in any_roll(), y in any_roll()) {
        let guard = Guard { melody_lock: true, ..Guard::default() };
        let out = Facts::of(&x).apply(&edits(&x, &y), 1.0, &guard);
        // The highest row of each step in which a melody note begins is the same.
        let onsets = x.onsets();
        for step in 0..STEPS {
            let top = |roll: &Roll| 128 - roll.steps()[step].leading_zeros();
            let begins = x.steps()[step] != 0
                && onsets.steps()[step] >> (top(&x) - 1) & 1 == 1;
            if begins {
                prop_assert_eq!(top(&out), top(&x));
                prop_assert_eq!(out.onsets().steps()[step] >> (top(&x) - 1) & 1, 1);
            }
        }
    }

    #[test]
    fn the_ends_of_density_add_nothing_or_remove_nothing(x in any_roll(), y in any_roll()) {
        let edits = edits(&x, &y);
        let facts = Facts::of(&x);
        let out = |density| facts.apply(&edits, 1.0, &Guard { density, ..Guard::default() });
        let (thin, dense) = (out(-1.0), out(1.0));
        for step in 0..STEPS {
            prop_assert_eq!(thin.steps()[step] & !x.steps()[step], 0);
            prop_assert_eq!(x.steps()[step] & !dense.steps()[step], 0);
        }
    }

    #[test]
    fn a_full_scale_guard_adds_only_in_the_key(x in any_roll(), y in any_roll()) {
        let facts = Facts::of(&x);
        let guard = Guard { scale: 1.0, ..Guard::default() };
        let out = facts.apply(&edits(&x, &y), 1.0, &guard);
        for step in 0..STEPS {
            let added = out.steps()[step] & !x.steps()[step];
            prop_assert_eq!(added & !facts.scale, 0);
        }
    }
}

#[test]
fn the_melody_keeps_its_lengths_and_nothing_is_added_above() {
    let mut source = Roll::EMPTY;
    source.fill(50, 0, 4);
    source.fill(30, 0, 16);
    source.fill(52, 8, 12);
    let mut target = Roll::EMPTY;
    target.fill(50, 0, 6);
    target.fill(60, 2, 3);
    target.fill(51, 5, 6);
    target.fill(40, 5, 6);
    let guard = Guard {
        melody_lock: true,
        ..Guard::default()
    };
    let out = Facts::of(&source).apply(&edits(&source, &target), 1.0, &guard);
    let mut expected = Roll::EMPTY;
    expected.fill(50, 0, 4);
    expected.fill(52, 8, 12);
    expected.fill(40, 5, 6);
    assert_eq!(out, expected);
}
