//! The page's settings.

use serde::Deserialize;
use third_stream_model::genre::{Direction, Genre, Pair};
use third_stream_model::perform::Control;
use third_stream_model::roll::guard::Guard;
use third_stream_model::transfer::Wish;

use crate::PageError;

/// The page's controls, with the names and ranges of the command line's options.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// The genres at the knob's two ends, such as `jazz-classic`.
    pair: String,
    /// −100 (all of the pair's first genre) … 0 (as played) … 100 (its second).
    knob: f32,
    /// 0..=100.
    quantise: f32,
    /// 0..=100.
    tune: f32,
    /// Pitch classes of each half bar that are kept, 2..=4.
    harmony: u8,
    /// 1..=16.
    variation: u8,
    melody_lock: bool,
}

/// The part of the settings that the networks' answers depend on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Question {
    target: Genre,
    wish: Wish,
}

impl Question {
    pub(crate) const fn wish(&self) -> &Wish {
        &self.wish
    }
}

impl Settings {
    /// # Errors
    /// If a control is out of its range.
    pub(crate) fn check(&self) -> Result<(), PageError> {
        self.pair()?;
        let within = |what, value: f32, lowest: i8, highest| {
            let range = f32::from(lowest)..=f32::from(highest);
            let out = PageError::Range {
                what,
                value,
                lowest,
                highest,
            };
            range.contains(&value).then_some(()).ok_or(out)
        };
        within("the knob", self.knob, -100, 100)?;
        within("quantise", self.quantise, 0, 100)?;
        within("tune", self.tune, 0, 100)?;
        within("harmony", f32::from(self.harmony), 2, 4)?;
        within("variation", f32::from(self.variation), 1, 16)
    }

    /// The pair and the direction.
    pub(crate) fn ends(&self) -> Result<(Pair, Direction), PageError> {
        Ok((self.pair()?, Direction::of_knob(self.knob).0))
    }

    fn pair(&self) -> Result<Pair, PageError> {
        self.pair.parse().map_err(PageError::Pair)
    }

    /// The question to the networks; `None` with the knob in the middle.
    pub(crate) fn question(&self) -> Result<Option<Question>, PageError> {
        let (pair, direction) = self.ends()?;
        let question = || Question {
            target: pair.target(direction),
            wish: Wish {
                variation: self.variation,
                freedom: if self.melody_lock {
                    0.0
                } else {
                    self.tune / 100.0
                },
                pitch_classes: self.harmony,
                ..Wish::default()
            },
        };
        Ok((self.knob != 0.0).then(question))
    }

    /// The settings for playing the answers.
    pub(crate) fn control(&self) -> Control {
        Control {
            knob: self.knob / 100.0,
            quantise: self.quantise / 100.0,
            guard: Guard {
                melody_lock: self.melody_lock,
                scale: 0.0,
                density: 0.0,
            },
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn at(knob: f32) -> Settings {
        Settings {
            pair: "jazz-classic".to_owned(),
            knob,
            quantise: 100.0,
            tune: 15.0,
            harmony: 3,
            variation: 1,
            melody_lock: false,
        }
    }

    #[test]
    fn the_knob_asks_for_one_end_and_its_middle_for_nothing() {
        let question = |knob| at(knob).question().unwrap();
        assert_eq!(question(0.0), None);
        assert_eq!(question(30.0), question(100.0));
        assert_ne!(question(30.0), question(-30.0));
        let other = Settings {
            pair: "classic-pop".to_owned(),
            ..at(-5.0)
        };
        assert_eq!(other.question().unwrap(), question(5.0));
        let lock = Settings {
            melody_lock: true,
            ..at(5.0)
        };
        assert_ne!(lock.question().unwrap(), question(5.0));
    }

    #[test]
    fn what_is_out_of_range_is_named() {
        at(-100.0).check().unwrap();
        let said = |settings: Settings| settings.check().unwrap_err().to_string();
        assert_eq!(said(at(101.0)), "the knob is at 101, expected -100 to 100");
        assert!(said(at(f32::NAN)).contains("the knob"));
        let settings = Settings {
            harmony: 5,
            ..at(0.0)
        };
        assert_eq!(said(settings), "harmony is at 5, expected 2 to 4");
        let settings = Settings {
            pair: "jazz-rock".to_owned(),
            ..at(0.0)
        };
        assert!(said(settings).contains("rock"));
    }
}
