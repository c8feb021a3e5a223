//! Bars, pairing and phrases of small files.

use proptest::prelude::*;

use super::*;
use crate::roll::{STEPS, picture};
use crate::smf::{NewNote, tests::file};

/// Ticks in a quarter in these files: a step is 24 ticks.
const QUARTER: u64 = 96;

/// A file of one track with time signatures (tick, numerator, power of two) and notes
/// (start and end in ticks, key).
fn song(signatures: &[(u16, u8, u8)], notes: &[(u64, u64, u8)]) -> Song {
    let mut track = Vec::new();
    let mut now = 0;
    for (tick, numerator, power) in signatures {
        let delta = tick - now;
        now = *tick;
        track.extend_from_slice(&[(delta >> 7) as u8 | 0x80, delta as u8 & 0x7f]);
        track.extend_from_slice(&[0xff, 0x58, 4, *numerator, *power, 24, 8]);
    }
    track.extend_from_slice(&[0, 0xff, 0x2f, 0]);
    let mut smf = Smf::read(&file(0, [0, QUARTER as u8], &[&track])).unwrap();
    let notes: Vec<NewNote> = notes.iter().map(|note| new_note(0, *note)).collect();
    smf.tracks_mut()[0].replace_notes(&[], &notes);
    Song::of(&smf).unwrap()
}

pub(super) fn new_note(channel: u8, (start, end, key): (u64, u64, u8)) -> NewNote {
    NewNote::new(channel, key, (start, end), 80)
}

/// The slots as `bar: start+steps`.
fn bars(song: &Song) -> String {
    let slots = song.grid().slots().iter();
    let texts: Vec<String> = slots
        .map(|slot| format!("{}: {}+{}", slot.bar, slot.start, slot.steps))
        .collect();
    texts.join(", ")
}

#[test]
fn without_a_signature_bars_have_four_quarters() {
    let song = song(&[], &[(4 * QUARTER, 8 * QUARTER, 60)]);
    assert_eq!(bars(&song), "0: 0+16, 1: 4+16");
}

#[test]
fn a_three_four_bar_fills_twelve_steps_and_a_five_four_bar_two_slots() {
    let song = song(
        &[(0, 3, 2), (3 * 96, 5, 2), (8 * 96, 7, 3)],
        &[(0, 1, 60), (3 * 96, 8 * 96, 62), (8 * 96, 11 * 96, 64)],
    );
    assert_eq!(bars(&song), "0: 0+12, 1: 3+16, 1: 7+4, 2: 8+14");
    let roll = song.rolls()[0];
    insta::assert_snapshot!(picture::draw(roll.sounding()), @r"
    64 |................|................|................|############....|
    62 |................|################|####............|................|
    60 |#...............|................|................|................|
    ");
}

#[test]
fn a_pick_up_bar_is_as_long_as_its_signature() {
    let song = song(&[(0, 1, 2), (96, 4, 2)], &[(0, 96, 67), (96, 480, 60)]);
    assert_eq!(bars(&song), "0: 0+4, 1: 1+16");
    insta::assert_snapshot!(picture::draw(song.rolls()[0].sounding()), @r"
    67 |####............|................|................|................|
    60 |................|################|................|................|
    ");
}

#[test]
fn a_signature_inside_a_bar_begins_a_bar() {
    let song = song(&[(0, 4, 2), (6 * 96, 3, 2)], &[(0, 9 * 96, 60)]);
    assert_eq!(bars(&song), "0: 0+16, 1: 4+8, 2: 6+12");
}

#[test]
fn bars_that_are_no_multiple_of_a_step_end_in_a_shorter_step() {
    let song = song(&[(0, 3, 5), (36, 4, 2)], &[(0, 36, 60), (36, 60, 62)]);
    assert_eq!(bars(&song), "0: 0+2, 1: 0.375+16");
    assert_eq!(song.grid().nearest(0.375), 16);
    assert_eq!(song.grid().beats(1), 0.25);
    assert_eq!(song.grid().beats(2), 0.375);
}

fn notes(events: &[u8]) -> Vec<(u64, u64, bool)> {
    let track = [events, &[0, 0xff, 0x2f, 0]].concat();
    let smf = Smf::read(&file(0, [0, QUARTER as u8], &[&track])).unwrap();
    let song = Song::of(&smf).unwrap();
    let notes = song.notes().iter();
    notes
        .map(|note| (note.start, note.end, note.off_event.is_some()))
        .collect()
}

#[test]
fn overlapping_notes_of_one_key_end_in_the_order_they_began() {
    let events = [0, 0x90, 60, 80, 10, 60, 80, 10, 60, 0, 10, 60, 0];
    assert_eq!(notes(&events), [(0, 20, true), (10, 30, true)]);
}

#[test]
fn a_missing_note_off_ends_where_the_key_is_struck_again() {
    let events = [0, 0x90, 60, 80, 10, 60, 80, 10, 60, 0];
    assert_eq!(notes(&events), [(0, 10, false), (10, 20, true)]);
    // Earlier notes of the key, which are complete, are left alone.
    let events = [
        0, 0x90, 60, 80, 5, 60, 80, 5, 60, 0, 5, 60, 0, 5, 60, 80, 5, 60, 80, 5, 60, 0,
    ];
    assert_eq!(
        notes(&events),
        [
            (0, 10, true),
            (5, 15, true),
            (20, 25, false),
            (25, 30, true)
        ]
    );
}

#[test]
fn a_note_that_is_never_ended_lasts_a_bar_or_to_the_end() {
    let text = [0x88, 0, 0xff, 1, 0];
    let events = [&[0, 0x90, 60, 80][..], &text].concat();
    assert_eq!(notes(&events), [(0, 384, false)]);
    assert_eq!(notes(&[0, 0x90, 60, 80, 50, 0xff, 1, 0]), [(0, 50, false)]);
}

#[test]
fn zero_length_notes_and_stray_note_offs_are_harmless() {
    let events = [0, 0x80, 60, 0, 5, 0x90, 60, 80, 0, 60, 0, 0, 60, 0];
    assert_eq!(notes(&events), [(5, 5, true)]);
}

#[test]
fn drums_are_never_transferred_and_effects_only_when_named() {
    let mut smf = Smf::read(&file(
        1,
        [0, 96],
        &[&[0, 0xc1, 0x7f, 0, 0xff, 0x2f, 0], &[0, 0xff, 0x2f, 0]],
    ))
    .unwrap();
    for (track, channel, key) in [(0, 1, 60), (1, 9, 36), (1, 2, 64), (1, 2, 110)] {
        smf.tracks_mut()[track].replace_notes(&[], &[new_note(channel, (0, 96, key))]);
    }
    let song = Song::of(&smf).unwrap();
    let keys = |selection: &PartSelection| -> Vec<u8> {
        let chosen = song.notes().iter().filter(|note| selection.contains(note));
        chosen.map(|note| note.key).collect()
    };
    let mut selection = PartSelection::default();
    assert_eq!(keys(&selection), [64, 110]);
    selection.tracks.insert(0);
    assert_eq!(keys(&selection), [60]);
    selection.tracks.clear();
    selection.channels.insert(9);
    assert!(keys(&selection).is_empty());
    let phrases = song.phrases(&PartSelection::default());
    assert_eq!(phrases[0].notes.len(), 1, "110 is outside the roll");
    assert_eq!(song.rolls()[0].sounding().count(), 8, "60 and 64");
}

#[test]
fn a_note_across_the_bar_line_is_in_both_phrases() {
    let song = song(&[], &[(15 * 96, 17 * 96, 60), (19 * 96, 19 * 96 + 5, 61)]);
    let phrases = song.phrases(&PartSelection::default());
    assert_eq!(phrases[0].notes, [0]);
    assert_eq!(phrases[1].notes, [0, 1]);
    assert_eq!(phrases[0].roll().count(), 4);
    assert_eq!(phrases[1].roll().count(), 5);
}

#[test]
fn a_repeated_key_is_two_notes_and_one_held_over_begins_again() {
    let song = song(
        &[],
        &[
            (0, 96, 60),
            (96, 192, 60),
            (15 * 96, 17 * 96, 64),
            (17 * 96, 18 * 96, 64),
        ],
    );
    let notes = |phrase: &NoteRoll| -> Vec<(u8, u8)> {
        let notes = phrase.notes();
        notes.map(|note| (note.start, note.length)).collect()
    };
    let [first, second] = song.rolls()[..] else {
        panic!("two phrases");
    };
    assert_eq!(notes(&first), [(0, 4), (4, 4), (60, 4)]);
    assert_eq!(notes(&second), [(0, 4), (4, 4)]);
}

#[test]
fn an_onset_that_rounds_to_the_next_phrase_begins_none_in_training() {
    let early = song(&[], &[(0, 96, 60), (16 * 96 - 5, 16 * 96, 61)]);
    assert_eq!(early.rolls().len(), 1);
    let phrases = early.phrases(&PartSelection::default());
    assert!(phrases[1].roll().get(0, 61 - 24));
}

fn any_signatures() -> impl Strategy<Value = Vec<(u16, u8, u8)>> {
    prop::collection::vec((0..700u16, 1..13u8, 0..7u8), 0..5).prop_map(|changes| {
        let mut now = 0;
        let sum = |(delta, numerator, power)| {
            now += delta;
            (now, numerator, power)
        };
        changes.into_iter().map(sum).collect()
    })
}

proptest! {
    #[test]
    fn slots_follow_each_other_and_every_step_is_its_own_nearest(
        signatures in any_signatures(), end in 1..5000u64,
    ) {
        let song = song(&signatures, &[(0, end, 60)]);
        let slots = song.grid().slots();
        prop_assert_eq!(slots[0].start, 0.0);
        prop_assert!(slots.windows(2).all(|pair| pair[0].end == pair[1].start));
        prop_assert!(slots[slots.len() - 1].end >= end as f64 / QUARTER as f64 - 1e-5);
        for (index, slot) in slots.iter().enumerate() {
            prop_assert!(slot.end > slot.start && slot.steps <= 16);
            let length = (slot.end - slot.start) * 4.0;
            prop_assert!(length <= slot.steps as f64 + 1e-5 && length > slot.steps as f64 - 1.0);
            // Behind a slot's last half step the nearest step is the next slot's first.
            for step in 0..slot.steps {
                let at = song.grid().beats(index * 16 + step);
                prop_assert_eq!(song.grid().nearest(at), index * 16 + step);
            }
        }
    }

    #[test]
    fn the_phrases_hold_every_note_of_the_roll_s_range(
        signatures in any_signatures(),
        strikes in prop::collection::vec((0..6000u64, 0..400u64, 0..128u8), 1..30),
    ) {
        let strikes: Vec<_> = strikes.into_iter().map(|(s, l, key)| (s, s + l.max(1), key)).collect();
        let song = song(&signatures, &strikes);
        let phrases = song.phrases(&PartSelection::default());
        for (index, note) in song.notes().iter().enumerate() {
            let holds = |phrase: &&Phrase| phrase.notes.contains(&index);
            let inside = row_of_key(note.key).is_some();
            prop_assert_eq!(phrases.iter().any(|phrase| holds(&phrase)), inside);
            let (start, end) = song.grid().note_steps(note.onset, note.release);
            for phrase in phrases.iter().filter(holds) {
                prop_assert!(phrase.index >= start / STEPS && phrase.index <= (end - 1) / STEPS);
            }
        }
        let cells: u32 = phrases.iter().map(|phrase| phrase.roll().count()).sum();
        let inside = song.notes().iter().any(|note| row_of_key(note.key).is_some());
        prop_assert_eq!(cells > 0, inside);
    }
}
