//! The rule-based transfer: what a few lines of textbook knowledge do without any network.
//!
//! It stands in every table beside the identity and the random target phrase, so that a network
//! has to beat more than nothing. All of it is a pure function of the phrase:
//!
//! | towards | rhythm (`rules::rhythm`) | harmony (`rules::harmony`) |
//! |---|---|---|
//! | jazz | straight off-beat eighths go to the fourth 16th of the beat | chords get the seventh of their bar's chord, full ones the ninth too |
//! | classic | swung off-beats go back to the eighth | chromatic notes go to the scale, sevenths and ninths leave the inner voices |
//! | pop | swung off-beats go back, notes that start between eighths start on the eighth before, long inner notes are struck again on every beat | chromatic notes go to the scale |
//!
//! The source genre does not matter: a rule that finds nothing to do changes nothing.

mod harmony;
mod note;
mod rhythm;

use super::translator::{TranslateError, Translator};
use crate::genre::{Direction, Genre, Pair};
use crate::roll::Roll;

/// The rules as a pair of generators.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    pair: Pair,
}

impl Rules {
    /// The rules for both directions of a pair.
    pub const fn new(pair: Pair) -> Self {
        Self { pair }
    }
}

impl Translator for Rules {
    fn translate(&self, rolls: &[Roll], direction: Direction) -> Result<Vec<Roll>, TranslateError> {
        let genre = self.pair.target(direction);
        Ok(rolls.iter().map(|roll| towards(roll, genre)).collect())
    }
}

/// The phrase moved towards a genre by rule.
#[must_use]
pub fn towards(roll: &Roll, genre: Genre) -> Roll {
    match genre {
        Genre::Jazz => harmony::extend(&rhythm::swing(roll)),
        Genre::Classic => harmony::thin(&harmony::snap(&rhythm::straighten(roll))),
        Genre::Pop => {
            let even = rhythm::to_eighths(&rhythm::straighten(roll));
            rhythm::pulse(&harmony::snap(&even))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::texture::scale_consistency;
    use crate::roll::picture;
    use crate::roll::tests::any_roll;
    use proptest::prelude::*;

    /// A held triad of C under a straight tune with an E flat.
    const SOURCE: &str = "
        84 |##..............|................|................|................|
        83 |..##............|................|................|................|
        79 |....####........|................|................|................|
        75 |..........##....|................|................|................|
        67 |################|................|................|................|
        64 |################|................|................|................|
        60 |################|................|................|................|
        48 |################|................|................|................|
    ";

    fn draw(genre: Genre) -> String {
        picture::draw(&towards(&picture::read(SOURCE).unwrap(), genre))
    }

    #[test]
    fn towards_jazz_it_swings_and_adds_the_seventh_and_the_ninth() {
        insta::assert_snapshot!(draw(Genre::Jazz), @r"
         84 |###.............|................|................|................|
         83 |...#............|................|................|................|
         79 |....####........|................|................|................|
         75 |...........#....|................|................|................|
         74 |########........|................|................|................|
         71 |###.####...#....|................|................|................|
         67 |################|................|................|................|
         64 |################|................|................|................|
         62 |...........#....|................|................|................|
         60 |################|................|................|................|
         48 |################|................|................|................|
        ");
    }

    #[test]
    fn towards_classic_the_chromatic_note_goes_to_the_chord() {
        insta::assert_snapshot!(draw(Genre::Classic), @r"
         84 |##..............|................|................|................|
         83 |..##............|................|................|................|
         79 |....####........|................|................|................|
         76 |..........##....|................|................|................|
         67 |################|................|................|................|
         64 |################|................|................|................|
         60 |################|................|................|................|
         48 |################|................|................|................|
        ");
    }

    #[test]
    fn towards_pop_inner_notes_beat_time_too() {
        insta::assert_snapshot!(draw(Genre::Pop), @r"
         84 |##..............|................|................|................|
         83 |..##............|................|................|................|
         79 |....####........|................|................|................|
         76 |..........##....|................|................|................|
         67 |###.###.###.####|................|................|................|
         64 |###.###.###.####|................|................|................|
         60 |###.###.###.####|................|................|................|
         48 |###.###.###.####|................|................|................|
        ");
    }

    #[test]
    fn another_key_is_the_same_music() {
        let roll = picture::read(SOURCE).unwrap();
        for genre in Genre::ALL {
            for by in [-7, 3, 5] {
                let moved = towards(&roll.transpose(by), genre);
                assert_eq!(moved, towards(&roll, genre).transpose(by), "{genre} {by}");
            }
        }
    }

    proptest! {
        #[test]
        fn silence_stays_and_music_does_not_vanish(roll in any_roll()) {
            for genre in Genre::ALL {
                prop_assert_eq!(towards(&Roll::EMPTY, genre), Roll::EMPTY);
                prop_assert_eq!(towards(&roll, genre).is_empty(), roll.is_empty());
            }
        }

        #[test]
        fn nothing_chromatic_is_left_towards_classic_and_pop(roll in any_roll()) {
            prop_assume!(!roll.is_empty());
            for genre in [Genre::Classic, Genre::Pop] {
                prop_assert_eq!(scale_consistency(&towards(&roll, genre)), Some(1.0));
            }
        }
    }
}
