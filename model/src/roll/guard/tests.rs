//! The laws of guards, and what each of them keeps.

use proptest::prelude::*;

use super::*;
use crate::roll::STEPS;
use crate::roll::edits::tests::noise;
use crate::roll::notes::tests::any_notes;

fn any_guard() -> impl Strategy<Value = Guard> {
    (any::<bool>(), 0.0..=1.0f32, -1.0..=1.0f32).prop_map(|(melody_lock, scale, density)| Guard {
        melody_lock,
        scale,
        density,
    })
}

/// Edits that lead from one phrase to another, all of them sure to another degree.
fn edits(from: &NoteRoll, to: &NoteRoll) -> Edits {
    Edits::between(from, to, &noise(7919), 0)
}

fn roll(notes: &[(u8, u8, u8)]) -> NoteRoll {
    let note = |(start, row, length): (u8, u8, u8)| GridNote { start, row, length };
    notes.iter().copied().map(note).collect()
}

proptest! {
    #[test]
    fn the_default_leaves_nothing_out(x in any_notes(), y in any_notes(), amount in 0.0..=1.0f32) {
        let edits = edits(&x, &y);
        let out = Facts::of(&x).apply(&edits, amount, &Guard::default());
        prop_assert_eq!(out, edits.apply(&x, amount));
    }

    #[test]
    fn a_guard_only_leaves_out_and_edits_grow_with_the_amount(
        x in any_notes(), y in any_notes(), guard in any_guard(), a in 0.0..=1.0f32, b in 0.0..=1.0f32,
    ) {
        let edits = edits(&x, &y);
        let facts = Facts::of(&x);
        prop_assert_eq!(facts.apply(&edits, 0.0, &guard), x);
        for edit in edits.all() {
            let applies = |amount| facts.applies(*edit, amount, &guard);
            prop_assert!(!applies(a.min(b)) || applies(a.max(b)));
            prop_assert!(!applies(a) || edit.from <= level(a));
        }
    }

    #[test]
    fn a_locked_melody_is_the_melody_after_any_edit(x in any_notes(), y in any_notes()) {
        let guard = Guard { melody_lock: true, ..Guard::default() };
        let out = Facts::of(&x).apply(&edits(&x, &y), 1.0, &guard);
        // The highest row of each step in which a melody note begins is the same.
        for step in 0..STEPS {
            let top = |roll: &NoteRoll| 128 - roll.sounding().steps()[step].leading_zeros();
            let begins = x.sounding().steps()[step] != 0
                && x.onsets().steps()[step] >> (top(&x) - 1) & 1 == 1;
            if begins {
                prop_assert_eq!(top(&out), top(&x));
                prop_assert_eq!(out.onsets().steps()[step] >> (top(&x) - 1) & 1, 1);
            }
        }
    }

    #[test]
    fn the_ends_of_density_add_nothing_or_remove_nothing(x in any_notes(), y in any_notes()) {
        let edits = edits(&x, &y);
        let facts = Facts::of(&x);
        let applied = |density| {
            let guard = Guard { density, ..Guard::default() };
            edits.all().iter().filter(move |edit| facts.applies(**edit, 1.0, &guard))
        };
        let adds = |edit: &Edit| matches!(edit.change, Change::Add { .. });
        prop_assert!(!applied(-1.0).any(adds));
        prop_assert!(applied(1.0).all(|edit| edit.change != Change::Remove));
    }

    #[test]
    fn a_full_scale_guard_adds_only_in_the_key(x in any_notes(), y in any_notes()) {
        let facts = Facts::of(&x);
        let guard = Guard { scale: 1.0, ..Guard::default() };
        let out = facts.apply(&edits(&x, &y), 1.0, &guard);
        for step in 0..STEPS {
            let added = out.sounding().steps()[step] & !x.sounding().steps()[step];
            // A row of the source that another key lacks is in its scale.
            prop_assert_eq!(added & !facts.scale, 0);
        }
    }
}

#[test]
fn the_melody_keeps_its_lengths_and_nothing_is_added_above() {
    let source = roll(&[(0, 50, 4), (0, 30, 16), (8, 52, 4)]);
    let target = roll(&[(0, 50, 6), (2, 60, 1), (5, 51, 1), (5, 40, 1)]);
    let guard = Guard {
        melody_lock: true,
        ..Guard::default()
    };
    let out = Facts::of(&source).apply(&edits(&source, &target), 1.0, &guard);
    assert_eq!(out, roll(&[(0, 50, 4), (8, 52, 4), (5, 40, 1)]));
}
