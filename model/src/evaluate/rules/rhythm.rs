//! Rhythm by rule. A beat is four steps; jazz plays its second eighth on the fourth of them.

use super::note::{self, Note, notes};
use crate::roll::{Roll, STEPS};

/// Steps in a beat.
const BEAT: usize = 4;
/// The straight off-beat eighth within a beat.
const STRAIGHT: usize = 2;
/// The swung one.
const SWUNG: usize = 3;
/// Steps from which an inner note is struck again on the beats: two beats.
const LONG: usize = 2 * BEAT;

/// Moves starts and ends of notes from one place in a beat to another, in the beats where notes
/// start at `from` and at no other place but the beat itself.
fn shift(roll: &Roll, from: usize, to: usize) -> Roll {
    let onsets = roll.onsets();
    let starts = |step: usize| onsets.steps()[step] != 0;
    let moved: [bool; STEPS / BEAT] = std::array::from_fn(|beat| {
        (1..BEAT).all(|place| starts(beat * BEAT + place) == (place == from))
    });
    let place = |step: usize| {
        if step % BEAT == from && moved[step / BEAT] {
            step - from + to
        } else {
            step
        }
    };
    let notes = notes(roll).into_iter().map(|note| {
        let start = place(note.start);
        Note {
            start,
            end: place(note.end).max(start + 1),
            ..note
        }
    });
    note::roll(notes.collect())
}

/// Straight off-beat eighths become swung ones. Beats with sixteenths stay as they are.
pub(super) fn swing(roll: &Roll) -> Roll {
    shift(roll, STRAIGHT, SWUNG)
}

/// Swung off-beats become straight eighths. Beats with sixteenths stay as they are.
pub(super) fn straighten(roll: &Roll) -> Roll {
    shift(roll, SWUNG, STRAIGHT)
}

/// Notes that start between eighths start on the eighth before.
pub(super) fn to_eighths(roll: &Roll) -> Roll {
    let notes = notes(roll).into_iter().map(|note| Note {
        start: note.start - note.start % 2,
        ..note
    });
    note::roll(notes.collect())
}

/// Notes of two beats or more below the top line are struck again on every beat.
pub(super) fn pulse(roll: &Roll) -> Roll {
    let mut pulsed = *roll;
    for Note { row, start, end } in notes(roll) {
        let is_top = roll.steps()[start] >> row == 1;
        if is_top || end - start < LONG {
            continue;
        }
        for beat in (start + 2..end).filter(|step| step % BEAT == 0) {
            pulsed.set(beat - 1, row, false);
        }
    }
    pulsed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roll::picture;
    use crate::roll::tests::any_roll;
    use proptest::prelude::*;

    fn of(text: &str) -> Roll {
        picture::read(text).unwrap()
    }

    const STRAIGHT_TUNE: &str = "
        64 |..##..##..##..##|..#...#.........|................|................|
        60 |##..##..##..##..|##..##..####....|................|................|
    ";

    #[test]
    fn eighths_swing_and_come_back() {
        let tune = of(STRAIGHT_TUNE);
        let swung = swing(&tune);
        insta::assert_snapshot!(picture::draw(&swung), @r"
         64 |...#...#...#...#|...#...#........|................|................|
         60 |###.###.###.###.|###.###.####....|................|................|
        ");
        assert_eq!(straighten(&swung).onsets(), tune.onsets());
    }

    #[test]
    fn sixteenths_do_not_swing() {
        let run = of(
            "60 |#.#.............|................|................|................|
                      64 |.#.#............|................|................|................|",
        );
        assert_eq!(swing(&run), run);
        assert_eq!(straighten(&run), run);
    }

    #[test]
    fn inner_notes_pulse_and_the_tune_does_not() {
        let chord = of("
            67 |################|................|................|................|
            60 |..##############|####............|................|................|
        ");
        insta::assert_snapshot!(picture::draw(&pulse(&chord)), @r"
         67 |################|................|................|................|
         60 |..#.###.###.###.|####............|................|................|
        ");
    }

    proptest! {
        #[test]
        fn no_note_is_lost_before_the_eighths(roll in any_roll()) {
            for moved in [swing(&roll), straighten(&roll)] {
                prop_assert!(moved.onsets().count() <= roll.onsets().count());
                prop_assert_eq!(pitches(&moved), pitches(&roll));
            }
        }

        #[test]
        fn nothing_starts_between_eighths(roll in any_roll()) {
            let even = to_eighths(&roll);
            prop_assert_eq!(pitches(&even), pitches(&roll));
            for note in notes(&even) {
                prop_assert_eq!(note.start % 2, 0);
            }
        }
    }

    /// The pitches that sound anywhere.
    fn pitches(roll: &Roll) -> u128 {
        roll.steps().iter().fold(0, |all, step| all | step)
    }
}
