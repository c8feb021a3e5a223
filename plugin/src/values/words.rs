//! Texts of the knob's values, to be shown in hosts and editor and typed by users.

use third_stream_model::genre::{Direction, Genre, Pair};

/// Tolerance of the centre, in percent: normalised values in hosts are not exact.
const CENTRE: f32 = 0.05;

/// Percent to −1..=1, exactly 0 at the centre.
pub(crate) fn knob_of_percent(percent: f32) -> f32 {
    if percent.abs() < CENTRE {
        0.0
    } else {
        (percent / 100.0).clamp(-1.0, 1.0)
    }
}

/// A genre's name in sentences and menus; identifiers use its own.
pub const fn genre_label(genre: Genre) -> &'static str {
    match genre {
        Genre::Jazz => "jazz",
        Genre::Classic => "classical",
        Genre::Pop => "pop",
    }
}

/// The text of a knob at `percent`: `72 % classical`, `as played`, `40 % jazz`.
pub fn genre_text(pair: Pair, percent: f32) -> String {
    let (direction, amount) = Direction::of_knob(knob_of_percent(percent));
    if amount == 0.0 {
        return "as played".into();
    }
    let amount = amount * 100.0;
    let genre = genre_label(pair.target(direction));
    // Whole percents; one decimal for values that would read as 0 or were set that finely.
    if (amount - amount.round()).abs() < CENTRE && amount >= 0.5 {
        format!("{amount:.0} % {genre}")
    } else {
        format!("{amount:.1} % {genre}")
    }
}

/// Parses `72 % classical`, `72 classic`, `jazz 40`, `jazz`, `-40`, `as played`; `None` for
/// anything else.
pub fn read_genre(pair: Pair, text: &str) -> Option<f32> {
    let text = text.trim().to_lowercase().replace(['%', '\u{a0}'], " ");
    if matches!(text.trim(), "as played" | "dry" | "off") {
        return Some(0.0);
    }
    let mut amount = None;
    let mut sign = None;
    for word in text.split_whitespace() {
        if let Ok(genre) = word.parse::<Genre>() {
            let direction = pair.towards(genre)?;
            let side = if direction == Direction::AToB {
                1.0
            } else {
                -1.0
            };
            if sign.replace(side).is_some() {
                return None;
            }
        } else if amount.replace(number(word)?).is_some() {
            return None;
        }
    }
    let percent = match (amount, sign) {
        (None, None) => return None,
        (None, Some(sign)) => sign * 100.0,
        (Some(amount), None) => amount,
        // "-40 jazz" means the same as "40 jazz".
        (Some(amount), Some(sign)) => sign * amount.abs(),
    };
    Some(percent.clamp(-100.0, 100.0))
}

/// A finite number with a decimal comma or point, a true minus sign, and optionally a percent sign.
pub(crate) fn number(text: &str) -> Option<f32> {
    let text = text.trim().trim_end_matches('%').trim();
    let value: f32 = text.replace(',', ".").replace('−', "-").parse().ok()?;
    value.is_finite().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_knob_speaks_in_genres() {
        let say = |percent| genre_text(Pair::JAZZ_CLASSIC, percent);
        assert_eq!(say(72.0), "72 % classical");
        assert_eq!(say(-40.0), "40 % jazz");
        assert_eq!(say(0.0), "as played");
        assert_eq!(say(-0.01), "as played");
        assert_eq!(say(12.5), "12.5 % classical");
        assert_eq!(say(-0.3), "0.3 % jazz");
    }

    #[test]
    fn what_people_type_is_understood() {
        let read = |text| read_genre(Pair::JAZZ_CLASSIC, text);
        for (text, percent) in [
            ("72 classic", 72.0),
            ("72 % classic", 72.0),
            ("classical 72%", 72.0),
            ("-40", -40.0),
            ("−40", -40.0),
            ("jazz 40", -40.0),
            ("-40 jazz", -40.0),
            ("JAZZ", -100.0),
            ("12,5", 12.5),
            ("250", 100.0),
            (" as played ", 0.0),
        ] {
            assert_eq!(read(text), Some(percent), "{text}");
        }
        for text in [
            "",
            "rock 20",
            "pop 20",
            "20 30",
            "jazz classic",
            "nan",
            "inf",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_can_be_typed(percent in -100.0..=100.0f32) {
            for pair in Pair::ALL {
                let again = read_genre(pair, &genre_text(pair, percent)).unwrap();
                prop_assert!((again - percent).abs() <= 0.051, "{} became {}", percent, again);
            }
        }
    }
}
