//! The laws of edits, and which notes are one.

use proptest::prelude::*;

use super::*;
use crate::roll::notes::tests::any_notes;
use crate::roll::{CELLS, PITCHES, Roll};

/// Numbers from 0 to 1 in no order, the same for the same seed.
pub(crate) fn noise(seed: u64) -> Vec<f32> {
    let mut state = seed | 1;
    (0..CELLS)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as f32 / (1u64 << 24) as f32
        })
        .collect()
}

fn note(start: u8, row: u8, length: u8) -> GridNote {
    GridNote { start, row, length }
}

fn roll(notes: &[GridNote]) -> NoteRoll {
    notes.iter().copied().collect()
}

fn changes(edits: &Edits) -> Vec<(u8, u8, Change)> {
    let all = edits.all().iter();
    all.map(|edit| (edit.start, edit.row, edit.change))
        .collect()
}

proptest! {
    #[test]
    fn the_ends_are_the_input_and_the_output(x in any_notes(), y in any_notes(), seed: u64) {
        let edits = Edits::between(&x, &y, &noise(seed), 0);
        prop_assert_eq!(edits.apply(&x, 0.0), x);
        prop_assert_eq!(edits.apply(&x, 1.0), y);
    }

    #[test]
    fn edits_only_grow_with_the_amount(
        x in any_notes(), y in any_notes(), seed: u64, a in 0.0..=1.0f32, b in 0.0..=1.0f32,
    ) {
        let edits = Edits::between(&x, &y, &noise(seed), 0);
        let (few, many) = (edits.apply(&x, a.min(b)), edits.apply(&x, a.max(b)));
        for note in few.notes() {
            // New notes stay as the amount grows, and notes that are left were there before.
            prop_assert!(x.notes().any(|n| n == note) || many.notes().any(|n| n == note));
        }
        for note in many.notes().filter(|note| x.notes().any(|n| n == *note)) {
            prop_assert!(few.notes().any(|n| n == note));
        }
    }

    #[test]
    fn no_note_is_half_there(x in any_notes(), y in any_notes(), seed: u64, a in 0.0..=1.0f32) {
        let edits = Edits::between(&x, &y, &noise(seed), 0);
        for note in edits.apply(&x, a).notes() {
            prop_assert!(x.notes().chain(y.notes()).any(|n| n == note), "{:?}", note);
        }
    }

    #[test]
    fn the_number_of_notes_changes_evenly(
        x in any_notes(), y in any_notes(), seed: u64, a in 0.0..=1.0f32,
    ) {
        let edits = Edits::between(&x, &y, &noise(seed), 0);
        let longest = |edits: &Edits| {
            let all = edits.all().iter();
            all.clone().map(|e| all.clone().filter(|o| o.from == e.from).count()).max().unwrap_or(0)
        };
        for adds in [false, true] {
            let of_kind = |edit: &&Edit| edit.note().is_some() == adds;
            let kind = edits.all().iter().filter(of_kind);
            let applied = kind.clone().filter(|edit| edit.from <= level(a)).count();
            let due = kind.count() as f32 * a;
            let slack = longest(&edits) as f32 * 2.0 + 1.0;
            prop_assert!((applied as f32 - due).abs() <= slack, "{applied} of {due} ({adds})");
        }
    }

    #[test]
    fn every_edit_is_found_where_it_is_decided(x in any_notes(), y in any_notes(), seed: u64) {
        let edits = Edits::between(&x, &y, &noise(seed), 0);
        let mut found = 0;
        for step in 0..STEPS {
            for edit in edits.decided_at(step) {
                found += 1;
                prop_assert_eq!(edit.step(), step);
                prop_assert!(edit.from > 0);
                if edit.takes() {
                    let by = edits.taking(usize::from(edit.start), usize::from(edit.row));
                    prop_assert_eq!(by, Some(edit));
                }
            }
        }
        prop_assert_eq!(found, edits.count());
    }

    #[test]
    fn what_is_held_over_stays(x in any_notes(), y in any_notes(), seed: u64, held: u128) {
        let edits = Edits::between(&x, &y, &noise(seed), held);
        let out = edits.apply(&x, 1.0);
        for note in x.notes().filter(|note| note.start == 0 && held >> note.row & 1 == 1) {
            prop_assert!(out.notes().any(|n| n == note));
        }
    }

    #[test]
    fn cells_of_a_network_become_notes(x in any_notes(), seed: u64, density in 0.0..0.6f32) {
        let mut p = vec![0.0; CELLS];
        x.sounding().write_values(&mut p);
        for (p, noise) in p.iter_mut().zip(noise(seed)) {
            if noise < density * 0.1 {
                *p = 1.0 - *p;
            }
        }
        let edits = Edits::rank(&x, &p, THRESHOLD, 0);
        let out = edits.apply(&x, 1.0);
        if edits.count() < CAPACITY - 64 {
            prop_assert_eq!(out.sounding(), &Roll::from_values(&p, THRESHOLD));
        }
        let again = |note: &GridNote| out.onsets().get(usize::from(note.start), usize::from(note.row));
        for note in x.notes().filter(|n| out.sounding().get(usize::from(n.start), usize::from(n.row))) {
            prop_assert!(again(&note), "{:?} is not struck", note);
        }
    }
}

#[test]
fn the_same_key_nearby_is_one_note_replaced() {
    let source = roll(&[
        note(4, 30, 2),
        note(20, 30, 2),
        note(3, 40, 1),
        note(32, 50, 4),
    ]);
    let output = roll(&[
        note(4, 30, 6),
        note(22, 30, 1),
        note(5, 40, 1),
        note(35, 50, 4),
    ]);
    let edits = Edits::between(&source, &output, &vec![0.5; CELLS], 0);
    let expected = [
        // Over the border between a slot's first beat and its rest, and three steps apart.
        (3, 40, Change::Remove),
        (
            4,
            30,
            Change::Replace {
                start: 4,
                length: 6,
            },
        ),
        (5, 40, Change::Add { length: 1 }),
        (
            20,
            30,
            Change::Replace {
                start: 22,
                length: 1,
            },
        ),
        (32, 50, Change::Remove),
        (35, 50, Change::Add { length: 4 }),
    ];
    assert_eq!(changes(&edits), expected);
}

#[test]
fn the_surest_comes_first_and_kinds_take_turns() {
    let source = roll(&[note(0, 10, 1), note(4, 10, 1)]);
    let output = roll(&[note(0, 40, 1), note(8, 40, 1)]);
    let mut p = vec![0.0; CELLS];
    p[10] = 0.4;
    p[4 * PITCHES + 10] = 0.1;
    p[40] = 0.6;
    p[8 * PITCHES + 40] = 0.9;
    let edits = Edits::between(&source, &output, &p, 0);
    let half = edits.apply(&source, 0.5);
    assert!(half.notes().eq([note(0, 10, 1), note(8, 40, 1)]));
    let most = edits.apply(&source, 0.99);
    assert!(
        most.notes()
            .eq([note(0, 10, 1), note(0, 40, 1), note(8, 40, 1)])
    );
}

#[test]
fn the_least_sure_is_left_out_where_there_is_no_room() {
    let every_cell = |length| {
        (0..CELLS).map(move |cell| note((cell / PITCHES) as u8, (cell % PITCHES) as u8, length))
    };
    let output: NoteRoll = every_cell(1).collect();
    let p: Vec<f32> = (0..CELLS).map(|cell| cell as f32 / CELLS as f32).collect();
    let edits = Edits::between(&NoteRoll::EMPTY, &output, &p, 0);
    assert_eq!(edits.count(), CAPACITY);
    let out = edits.apply(&NoteRoll::EMPTY, 1.0);
    assert_eq!(out.count() as usize, CAPACITY);
    assert!(
        out.notes()
            .all(|note| usize::from(note.start) >= STEPS - CAPACITY / PITCHES - 1)
    );
}

#[test]
fn edits_can_be_kept_to_some_steps() {
    let source = roll(&[note(4, 10, 1), note(20, 10, 1), note(40, 10, 1)]);
    let output = roll(&[note(14, 40, 8), note(22, 10, 4)]);
    let edits = Edits::between(&source, &output, &vec![0.5; CELLS], 0);
    let first_slot = edits.within(0xffff);
    assert_eq!(
        changes(&first_slot),
        [(4, 10, Change::Remove), (14, 40, Change::Add { length: 2 })]
    );
    assert_eq!(edits.within(u64::MAX), edits);
    assert_eq!(edits.within(0), Edits::NONE);
}
