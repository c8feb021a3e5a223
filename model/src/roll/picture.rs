//! Rolls as text, for tests, snapshots and error messages: one line a sounding pitch, highest
//! first, `#` where it sounds, bar slots between `|`.

use std::fmt::Write;

use super::{LOWEST_KEY, PITCHES, Roll, STEPS, STEPS_PER_SLOT, key_of_row, row_of_key};

/// Draws the pitches that sound, each line `key |step…|step…|…|`. The empty roll gives no line.
///
/// ```
/// use third_stream_model::roll::{Roll, picture};
///
/// let mut roll = Roll::EMPTY;
/// roll.fill(36, 0, 4);
/// let bar = "|................".repeat(3);
/// assert_eq!(picture::draw(&roll), format!(" 60 |####............{bar}|\n"));
/// assert_eq!(picture::read(&picture::draw(&roll)), Ok(roll));
/// ```
pub fn draw(roll: &Roll) -> String {
    let mut text = String::new();
    for row in (0..PITCHES).rev() {
        if (0..STEPS).all(|step| !roll.get(step, row)) {
            continue;
        }
        // Writing to a string cannot fail.
        let _ = write!(text, "{:>3} ", key_of_row(row));
        for step in 0..STEPS {
            if step % STEPS_PER_SLOT == 0 {
                text.push('|');
            }
            text.push(if roll.get(step, row) { '#' } else { '.' });
        }
        text.push_str("|\n");
    }
    text
}

/// A picture that cannot be read, with the number of its line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the roll picture: expected a key from {LOWEST_KEY} up and 64 of # or .")]
pub struct PictureError {
    line: usize,
}

/// Reads what [`draw`] wrote.
///
/// # Errors
/// The text is no picture of a roll; see [`PictureError`].
pub fn read(text: &str) -> Result<Roll, PictureError> {
    let mut roll = Roll::EMPTY;
    for (index, line) in text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
    {
        let wrong = PictureError { line: index + 1 };
        let (key, cells) = line.trim().split_once(' ').ok_or_else(|| wrong.clone())?;
        let key: u8 = key.parse().map_err(|_| wrong.clone())?;
        let row = row_of_key(key).ok_or_else(|| wrong.clone())?;
        let cells: Vec<char> = cells.chars().filter(|c| matches!(c, '#' | '.')).collect();
        if cells.len() != STEPS {
            return Err(wrong);
        }
        for (step, cell) in cells.into_iter().enumerate() {
            roll.set(step, row, cell == '#');
        }
    }
    Ok(roll)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roll::tests::any_roll;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn pictures_round_trip(roll in any_roll()) {
            prop_assert_eq!(read(&draw(&roll)), Ok(roll));
        }
    }

    #[test]
    fn a_wrong_picture_names_its_line() {
        assert_eq!(read("60 ####").unwrap_err().line, 1);
    }
}
