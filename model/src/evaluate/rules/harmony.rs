//! Harmony by rule: the scale of the phrase, the chord of each bar, and what a genre adds to it
//! or takes from it.

use std::cmp::Reverse;
use std::ops::Range;

use super::note::{self, Note, notes};
use crate::roll::{LOWEST_KEY, PITCHES, Roll, SLOTS, STEPS_PER_SLOT};

/// Semitones of a major scale above its first degree; its relative minor has the same.
const MAJOR: [usize; 7] = [0, 2, 4, 5, 7, 9, 11];
/// The fewest pitches that are a chord.
const CHORD: u32 = 3;
/// The fewest pitches of a full chord, which bears a ninth or can lose an extension.
const FULL: u32 = 4;

/// The pitch class of a row, C is 0.
const fn class(row: usize) -> usize {
    (row + LOWEST_KEY as usize) % 12
}

/// The rows that sound in a step, lowest first.
fn rows(sounding: u128) -> impl DoubleEndedIterator<Item = usize> + Clone {
    (0..PITCHES).filter(move |row| sounding >> row & 1 == 1)
}

/// A diatonic scale by its major tonic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Scale {
    tonic: usize,
}

impl Scale {
    /// The scale that holds most of what sounds; of two, the one with more of tonic and dominant.
    fn of(roll: &Roll) -> Self {
        let mut weights = [0; 12];
        let sounding = roll.steps().iter().flat_map(|step| rows(*step));
        sounding.for_each(|row| weights[class(row)] += 1);
        let fit = |tonic: &usize| -> (u32, u32, Reverse<usize>) {
            let at = |semitones: usize| weights[(tonic + semitones) % 12];
            let inside = MAJOR.into_iter().map(at).sum();
            (inside, at(0) + at(7), Reverse(*tonic))
        };
        Self {
            tonic: (0..12).max_by_key(fit).unwrap_or(0),
        }
    }

    fn holds(self, class: usize) -> bool {
        MAJOR.contains(&((class + 12 - self.tonic) % 12))
    }

    /// The pitch class of a degree, 0 the tonic, any number of octaves up.
    const fn degree(self, degree: usize) -> usize {
        (self.tonic + MAJOR[degree % 7]) % 12
    }

    /// The triad of the scale that fits what sounds in `bar` best; its root counts once more
    /// where it is the lowest pitch. `None` for a silent bar.
    fn chord(self, roll: &Roll, bar: Range<usize>) -> Option<Chord> {
        let (mut weights, mut lowest) = ([0_u32; 12], [0_u32; 12]);
        for step in &roll.steps()[bar] {
            rows(*step).for_each(|row| weights[class(row)] += 1);
            if let Some(row) = rows(*step).next() {
                lowest[class(row)] += 1;
            }
        }
        if weights == [0; 12] {
            return None;
        }
        let fit = |root: &usize| {
            let triad = [0, 2, 4].map(|third| weights[self.degree(root + third)]);
            let fit: u32 = triad.iter().sum::<u32>() + lowest[self.degree(*root)];
            (fit, Reverse(*root))
        };
        let root = (0..7).max_by_key(fit)?;
        let whole_tone = (self.degree(root + 1) + 12 - self.degree(root)) % 12 == 2;
        Some(Chord {
            triad: [0, 2, 4].map(|third| self.degree(root + third)),
            seventh: self.degree(root + 6),
            ninth: whole_tone.then(|| self.degree(root + 1)),
        })
    }
}

/// A chord of the scale, as pitch classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Chord {
    triad: [usize; 3],
    seventh: usize,
    /// The major ninth; chords whose ninth is minor have none.
    ninth: Option<usize>,
}

impl Chord {
    fn extends(&self, class: usize) -> bool {
        class == self.seventh || Some(class) == self.ninth
    }
}

/// The bars of a phrase as steps.
fn bars() -> impl Iterator<Item = Range<usize>> {
    (0..SLOTS).map(|bar| bar * STEPS_PER_SLOT..(bar + 1) * STEPS_PER_SLOT)
}

/// Where a chord of three pitches or more is struck, it gets the seventh of its bar's chord; one
/// of four the major ninth too. They lie between lowest and highest pitch and sound until the
/// first note of the chord ends.
pub(super) fn extend(roll: &Roll) -> Roll {
    let scale = Scale::of(roll);
    let onsets = roll.onsets();
    let mut extended = *roll;
    for bar in bars() {
        let Some(chord) = scale.chord(roll, bar.clone()) else {
            continue;
        };
        for step in bar.clone() {
            let sounding = roll.steps()[step];
            if sounding.count_ones() < CHORD || onsets.steps()[step] == 0 {
                continue;
            }
            let in_triad = |class: &&usize| rows(sounding).any(|row| self::class(row) == **class);
            if chord.triad.iter().filter(in_triad).count() < 2 {
                continue;
            }
            let lasts = |step: &usize| roll.steps()[*step] & sounding == sounding;
            let end = (step..bar.end).find(|step| !lasts(step)).unwrap_or(bar.end);
            let full = sounding.count_ones() >= FULL;
            let ninth = chord.ninth.filter(|_| full);
            for class in [Some(chord.seventh), ninth].into_iter().flatten() {
                if let Some(row) = place(sounding, class) {
                    extended.fill(row, step, end);
                }
            }
        }
    }
    extended
}

/// The highest row of a pitch class between the lowest and the highest that sound, no semitone
/// below the highest; `None` where there is none or the class sounds already.
fn place(sounding: u128, class: usize) -> Option<usize> {
    let (lowest, highest) = (rows(sounding).next()?, rows(sounding).next_back()?);
    if rows(sounding).any(|row| self::class(row) == class) {
        return None;
    }
    (lowest + 1..highest.saturating_sub(1)).rfind(|row| self::class(*row) == class)
}

/// Notes outside the scale move a semitone, to a note of their bar's triad if there is one on
/// either side, else down. Where that pitch sounds already they are left out.
pub(super) fn snap(roll: &Roll) -> Roll {
    let scale = Scale::of(roll);
    let chords: Vec<_> = bars().map(|bar| scale.chord(roll, bar)).collect();
    let (mut kept, strangers): (Vec<Note>, Vec<Note>) = notes(roll)
        .into_iter()
        .partition(|note| scale.holds(class(note.row)));
    for note in strangers {
        let triad = chords[note.start / STEPS_PER_SLOT].map(|chord| chord.triad);
        let wanted = |row: &usize| triad.is_some_and(|triad| triad.contains(&class(*row)));
        let below = note.row.checked_sub(1);
        let above = Some(note.row + 1).filter(|row| *row < PITCHES);
        let row = above.filter(|row| wanted(row) && !below.is_some_and(|row| wanted(&row)));
        let Some(row) = row.or(below).or(above) else {
            continue;
        };
        let meets =
            |other: &Note| other.row == row && other.start < note.end && note.start < other.end;
        if !kept.iter().any(meets) {
            kept.push(Note { row, ..note });
        }
    }
    note::roll(kept)
}

/// Sevenths and ninths of the bar's chord leave the inner voices of full chords.
pub(super) fn thin(roll: &Roll) -> Roll {
    let scale = Scale::of(roll);
    let chords: Vec<_> = bars().map(|bar| scale.chord(roll, bar)).collect();
    let stays = |note: &Note| {
        let sounding = roll.steps()[note.start];
        let inner = sounding >> note.row != 1 && sounding.trailing_zeros() as usize != note.row;
        let chord = chords[note.start / STEPS_PER_SLOT];
        let extends = chord.is_some_and(|chord| chord.extends(class(note.row)));
        !(inner && extends && sounding.count_ones() >= FULL)
    };
    note::roll(notes(roll).into_iter().filter(stays).collect())
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

    /// II, V and I of C, then the tonic as a full chord.
    const CADENCE: &str = "
        81 |################|................|................|................|
        79 |................|################|################|################|
        77 |################|................|................|................|
        76 |................|................|................|################|
        74 |................|################|................|................|
        72 |................|................|################|################|
        71 |................|################|................|................|
        64 |................|................|################|................|
        60 |................|................|................|################|
        55 |................|################|................|................|
        50 |################|................|................|................|
    ";

    #[test]
    fn the_scale_and_the_chords_of_a_cadence() {
        let roll = of(CADENCE);
        let scale = Scale::of(&roll);
        assert_eq!(scale.tonic, 0);
        let roots: Vec<_> = bars()
            .map(|bar| scale.chord(&roll, bar).unwrap())
            .map(|chord| (chord.triad[0], chord.seventh, chord.ninth))
            .collect();
        let (c, d, g) = (0, 2, 7);
        assert_eq!(
            roots,
            [
                (d, 0, Some(4)),
                (g, 5, Some(9)),
                (c, 11, Some(2)),
                (c, 11, Some(2))
            ]
        );
    }

    #[test]
    fn triads_become_seventh_chords() {
        insta::assert_snapshot!(picture::draw(&extend(&of(CADENCE))), @r"
         81 |################|................|................|................|
         79 |................|################|################|################|
         77 |################|################|................|................|
         76 |................|................|................|################|
         74 |................|################|................|################|
         72 |################|................|################|################|
         71 |................|################|################|################|
         69 |................|################|................|................|
         64 |................|................|################|................|
         60 |................|................|................|################|
         55 |................|################|................|................|
         50 |################|................|................|................|
        ");
    }

    #[test]
    fn what_was_added_is_taken_away_again() {
        let full = of("
            76 |################|................|................|................|
            72 |################|################|################|################|
            67 |################|................|................|................|
            60 |################|................|................|................|
        ");
        let extended = extend(&full);
        assert!(extended.count() > full.count());
        assert_eq!(thin(&extended), full);
    }

    #[test]
    fn a_chromatic_note_goes_to_the_chord_or_down() {
        let roll = of("
            72 |################|................|................|................|
            67 |############....|................|................|................|
            66 |............####|................|................|................|
            65 |................|########........|................|................|
            64 |################|................|................|................|
            61 |........####....|................|................|................|
            60 |####............|................|................|................|
        ");
        insta::assert_snapshot!(picture::draw(&snap(&roll)), @r"
         72 |################|................|................|................|
         67 |###########.####|................|................|................|
         65 |................|########........|................|................|
         64 |################|................|................|................|
         60 |####....####....|................|................|................|
        ");
    }

    proptest! {
        #[test]
        fn chords_grow_between_their_outer_voices(roll in any_roll()) {
            for (before, after) in roll.steps().iter().zip(extend(&roll).steps()) {
                prop_assert_eq!(before.checked_ilog2(), after.checked_ilog2());
                prop_assert_eq!(before.trailing_zeros(), after.trailing_zeros());
                prop_assert_eq!(before & after, *before);
            }
        }

        #[test]
        fn what_has_snapped_stays(roll in any_roll()) {
            prop_assert_eq!(snap(&snap(&roll)), snap(&roll));
        }
    }
}
