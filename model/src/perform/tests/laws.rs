//! The laws of the performer.

use proptest::prelude::*;

use super::*;
use crate::roll::swing::Swing;

/// Source notes of which no two of a key overlap on the grid, in ticks: onset, length, key.
fn any_source() -> impl Strategy<Value = Vec<(f64, f64, Note)>> {
    let notes = proptest::collection::vec((0..15_000i64, 1..3_000i64, 24..44u8), 1..40);
    notes.prop_map(|mut notes| {
        notes.sort_unstable();
        let mut free = [0; 128];
        let step = |ticks: i64| (ticks + 120) / 240;
        notes.retain(|(onset, length, key)| {
            let free = &mut free[usize::from(*key)];
            let fits = step(*onset) >= *free;
            if fits {
                *free = step(onset + length).max(step(*onset) + 1);
            }
            fits
        });
        let source = (0..).zip(notes).map(|(id, (onset, length, key))| {
            let onset = onset as f64 / 960.0;
            let release = (onset + length as f64 / 960.0).min(16.0);
            let id = Some(id);
            (
                onset,
                release,
                Note {
                    id,
                    ..note(key, 0.5)
                },
            )
        });
        source.collect()
    })
}

/// A random answer of a network: some notes less, some more.
fn any_wish() -> impl Strategy<Value = (Vec<usize>, Vec<GridNote>)> {
    let added =
        (0..64u8, 0..24usize, 1..6u8).prop_map(|(start, row, length)| grid(start, row, length));
    let removed = proptest::collection::vec(0..40usize, 0..20);
    (removed, proptest::collection::vec(added, 0..20))
}

fn grant(roll: &mut NoteRoll, (removed, added): &(Vec<usize>, Vec<GridNote>)) {
    let notes: Vec<GridNote> = roll.notes().collect();
    for note in removed.iter().filter_map(|index| notes.get(*index)) {
        roll.remove(usize::from(note.start), usize::from(note.row));
    }
    for note in added {
        roll.add(*note);
    }
}

proptest! {
    #[test]
    fn full_amount_on_the_grid_sounds_as_the_network_wants(
        source in any_source(), wish in any_wish(), middle in 0..15_000i64,
    ) {
        let (mut performer, wanted) = phrase(&source, |roll| grant(roll, &wish));
        let swing = performer.window(0, 16.0).swing;
        prop_assume!(swing == Swing::STRAIGHT);
        // Where the piece is cut does not matter.
        let mut cut = Vec::new();
        for (from, until) in [(0, middle), (middle, 960 * 20)] {
            performer.run(&Ticks, from, until, FULL, &mut |emission| {
                cut.push(emission);
                true
            });
        }
        let mut played = NoteRoll::EMPTY;
        let mut held: Vec<(i64, Note)> = Vec::new();
        for emission in cut {
            match emission.body {
                Body::On(note) => held.push((emission.tick, note)),
                Body::Off(off) => {
                    let own = |(_, on): &(i64, Note)| (on.id, on.key) == (off.id, off.key);
                    let place = held.iter().position(own);
                    let (on, note) = held.remove(place.expect("an off without its on"));
                    prop_assert_eq!((on % 240, emission.tick % 240), (0, 0));
                    let length = (emission.tick - on) / 240;
                    played.add(grid((on / 240) as u8, row_of_key(note.key).unwrap(), length as u8));
                }
                Body::Message(_) => {}
            }
        }
        prop_assert!(held.is_empty());
        prop_assert_eq!(played, wanted);
    }

    #[test]
    fn no_note_is_half_there_whatever_the_knob_does(
        source in any_source(), wish in any_wish(),
        moves in proptest::collection::vec((0..2000i64, -1.0..=1.0f32), 1..30),
    ) {
        let (mut performer, wanted) = phrase(&source, |roll| grant(roll, &wish));
        let swing = performer.window(0, 16.0).swing;
        let mut events = Vec::new();
        let mut now = 0;
        for (ticks, knob) in moves.into_iter().chain([(960 * 20, 0.5)]) {
            let control = Control { knob, quantise: 0.0, ..FULL };
            performer.run(&Ticks, now, now + ticks, control, &mut |emission| {
                events.push(emission);
                true
            });
            now += ticks;
        }
        let on_of = |key: u8, tick: i64| events.iter().any(|e| {
            e.tick == tick && matches!(e.body, Body::On(note) if note.key == key)
        });
        let at = |step: usize| Ticks.tick((step as f64 + swing.late(step as i64)) / 4.0);
        for (place, emission) in events.iter().enumerate() {
            let Body::On(note) = emission.body else { continue };
            let off = events[place..].iter().find(|e| {
                matches!(e.body, Body::Off(off) if (off.id, off.key) == (note.id, note.key))
            });
            let off = off.expect("a note that hangs").tick;
            let ends = |end: i64| off == end || off < end && on_of(note.key, off);
            let as_played = source.iter().any(|(onset, release, other)| {
                other.id == note.id && Ticks.tick(*onset) == emission.tick && ends(Ticks.tick(*release))
            });
            let as_wanted = wanted.notes().any(|other| {
                key_of_row(usize::from(other.row)) == note.key
                    && at(usize::from(other.start)) == emission.tick
                    && ends(at(other.end()))
            });
            prop_assert!(as_played || as_wanted, "{:?} until {}", emission, off);
        }
    }
}

/// Notes as they are played: onset and length in 32nds of a beat, and key.
fn any_playing() -> impl Strategy<Value = Vec<(i64, i64, u8)>> {
    proptest::collection::vec((0..640i64, 1..200i64, 58..64u8), 1..80)
}

proptest! {
    /// Whatever enters and is played until then.
    #[test]
    fn a_window_that_is_drawn_later_is_that_of_its_moment(notes in any_playing()) {
        let mut events = Vec::new();
        for (at, length, key) in notes {
            events.push((at, Body::On(note(key, 0.5))));
            events.push((at + length, Body::Off(note(key, 0.0))));
        }
        events.sort_by_key(|(at, _)| *at);
        let mut performer = Performer::new();
        performer.expect_delay(4.0);
        let mut slot = performer.open_slot(0.0, 16);
        let mut asked: Option<(i64, i64, Moment, Heard)> = None;
        for now in 0..640 {
            let beats = f64::from(now as i32) / 32.0;
            for (_, body) in events.iter().filter(|(at, _)| *at == now) {
                match body {
                    Body::On(note) => performer.note_on(beats, *note),
                    Body::Off(note) => performer.note_off(beats, *note),
                    Body::Message(_) => true,
                };
            }
            if let Some((at, first, moment, then)) = asked && at + 2 == now {
                let mut later = Heard::default();
                performer.draw(first, &moment, &mut later);
                later.swing = performer.swing(first, &moment);
                prop_assert_eq!(later, then);
            }
            let mut last = slot;
            if now % 128 == 0 && now > 0 {
                performer.freeze_slot(slot);
                performer.settle(slot, slot, 4.0);
                last = slot;
                slot = performer.open_slot(beats, 16);
            }
            if now % 128 == 0 || now % 128 == 96 {
                let first = last - 3;
                let then = performer.window(first, beats);
                asked = Some((now, first, performer.moment(beats), then));
            }
            performer.run(&Ticks, now * 30, now * 30 + 30, FULL, &mut |_| true);
        }
    }
}
