//! Two piano rolls as text for a terminal, input and output, with a playhead.
//!
//! A Braille character shows a 16th and four semitones.

use std::fmt::Write as _;

use third_stream_tests::song::{Bar, ClipNote, HostSong};

/// Width in beats.
const WINDOW: f64 = 16.0;
/// Dot columns per beat.
const COLUMNS: f64 = 8.0;
/// Width in characters.
const WIDTH: usize = (WINDOW * COLUMNS) as usize / 2;
/// Maximum number of lines of one roll, four semitones each.
const MOST_LINES: usize = 9;
/// The drum channel, which is not drawn.
const DRUMS: u8 = 9;

/// Colour of a dot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Colour {
    Kept,
    /// Removed from the input, or added by the transfer.
    Changed,
    /// Sounding now.
    Now,
}

/// Draws both rolls.
pub struct View<'a> {
    source: &'a HostSong,
    result: &'a HostSong,
    /// Lowest key and number of lines.
    keys: (u8, usize),
    colours: bool,
}

impl<'a> View<'a> {
    /// A view of a song and its transfer, with or without colours.
    pub fn new(source: &'a HostSong, result: &'a HostSong, colours: bool) -> Self {
        let notes = source.notes.iter().chain(&result.notes);
        let mut keys: Vec<u8> = notes
            .filter(|n| n.channel != DRUMS)
            .map(|n| n.key)
            .collect();
        keys.sort_unstable();
        let (low, high) = match (keys.first(), keys.last()) {
            (Some(low), Some(high)) => (*low, *high),
            _ => (60, 71),
        };
        let lines = (usize::from(high - low) + 1).div_ceil(4).min(MOST_LINES);
        // Notes out of range are left out on both sides alike.
        let middle = keys.get(keys.len() / 2).copied().unwrap_or(66);
        let span = (lines * 4) as u8;
        let lowest = middle
            .saturating_sub(span / 2)
            .clamp(low, (high + 1).saturating_sub(span).max(low));
        Self {
            source,
            result,
            keys: (lowest, lines),
            colours,
        }
    }

    /// Number of lines of a frame.
    pub const fn lines(&self) -> usize {
        2 * self.keys.1 + 3
    }

    /// The frame at a beat; pages turn every sixteen beats.
    pub fn frame(&self, beat: f64) -> String {
        let Bar { number, start, .. } = self.source.bar_at(beat);
        let from = (beat / WINDOW).floor() * WINDOW;
        let mut text = String::new();
        let _ = writeln!(
            text,
            "bar {:<4} beat {:<4.1}",
            number + 1,
            beat - start + 1.0
        );
        self.roll(
            &mut text,
            &self.source.notes,
            &self.result.notes,
            from,
            beat,
        );
        let head = (((beat - from) * COLUMNS) as usize / 2).min(WIDTH - 1);
        let _ = writeln!(
            text,
            "{}▼{}",
            "─".repeat(head),
            "─".repeat(WIDTH - 1 - head)
        );
        self.roll(
            &mut text,
            &self.result.notes,
            &self.source.notes,
            from,
            beat,
        );
        let _ = writeln!(text, "above: as played, below: what sounds");
        text
    }

    fn roll(
        &self,
        text: &mut String,
        notes: &[ClipNote],
        others: &[ClipNote],
        from: f64,
        now: f64,
    ) {
        let (lowest, lines) = self.keys;
        let mut cells = vec![[(0u8, Colour::Kept); WIDTH]; lines];
        for note in notes {
            let row = usize::from(note.key.wrapping_sub(lowest));
            let inside = note.release > from && note.onset < from + WINDOW;
            if note.channel == DRUMS || note.key < lowest || row >= lines * 4 || !inside {
                continue;
            }
            let same = |other: &ClipNote| {
                other.key == note.key
                    && other.channel == note.channel
                    && other.onset < note.release
                    && other.release > note.onset
            };
            let colour = if (note.onset..note.release).contains(&now) {
                Colour::Now
            } else if others.iter().any(same) {
                Colour::Kept
            } else {
                Colour::Changed
            };
            let column = |beat: f64| ((beat - from) * COLUMNS).round().max(0.0) as usize;
            // A gap before the next note-on.
            let (first, end) = (column(note.onset), column(note.release));
            let end = end.saturating_sub(1).max(first + 1).min(WIDTH * 2);
            for x in first..end {
                let (dots, best) = &mut cells[lines - 1 - row / 4][x / 2];
                *dots |= dot(x % 2, 3 - row % 4);
                *best = (*best).max(colour);
            }
        }
        for line in cells {
            let mut last = Colour::Kept;
            let mut row = String::new();
            for (dots, colour) in line {
                let colour = if dots == 0 { Colour::Kept } else { colour };
                if self.colours && colour != last {
                    row.push_str(match colour {
                        Colour::Kept => "\x1b[0m",
                        Colour::Changed => "\x1b[33m",
                        Colour::Now => "\x1b[1;32m",
                    });
                    last = colour;
                }
                let braille = char::from_u32(0x2800 + u32::from(dots)).unwrap_or(' ');
                row.push(if dots == 0 { ' ' } else { braille });
            }
            if self.colours && last != Colour::Kept {
                row.push_str("\x1b[0m");
            }
            text.push_str(row.trim_end());
            text.push('\n');
        }
    }
}

/// Bit of a dot in a Braille character; row 0 is at the top.
const fn dot(column: usize, row: usize) -> u8 {
    const DOTS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];
    DOTS[column][row]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn song(notes: impl IntoIterator<Item = ClipNote>) -> HostSong {
        HostSong::new(120.0, notes)
    }

    #[test]
    fn a_frame_shows_both_rolls_and_the_playhead() {
        let source = song([
            ClipNote::new(0.0, 1.0, 60),
            ClipNote::new(1.0, 2.0, 67),
            ClipNote::new(4.0, 8.0, 48),
        ]);
        let result = song([
            ClipNote::new(0.0, 1.0, 60),
            ClipNote::new(1.0, 1.5, 64),
            ClipNote::new(4.0, 8.0, 48),
        ]);
        let view = View::new(&source, &result, false);
        let frame = view.frame(5.0);
        assert_eq!(frame.lines().count(), view.lines());
        insta::assert_snapshot!(frame);
    }

    #[test]
    fn changes_and_what_sounds_are_coloured() {
        let source = song([ClipNote::new(0.0, 1.0, 60)]);
        let result = song([ClipNote::new(0.0, 1.0, 60), ClipNote::new(2.0, 3.0, 62)]);
        let frame = View::new(&source, &result, true).frame(2.5);
        assert_eq!(frame.matches("\x1b[1;32m").count(), 1);
        let later = View::new(&source, &result, true).frame(8.0);
        assert_eq!(
            (
                later.matches("\x1b[1;32m").count(),
                later.matches("\x1b[33m").count()
            ),
            (0, 1)
        );
    }

    #[test]
    fn any_song_can_be_drawn() {
        let all =
            song((0..=127).map(|key| ClipNote::new(f64::from(key) / 4.0, f64::from(key), key)));
        for (one, other) in [(&all, &song([])), (&song([]), &song([]))] {
            let view = View::new(one, other, false);
            for beat in [0.0, 15.99, 16.0, 130.0] {
                assert_eq!(view.frame(beat).lines().count(), view.lines());
            }
        }
    }
}
