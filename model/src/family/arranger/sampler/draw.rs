//! One pass of the draw: which notes begin in the hidden cells, and how long they are.

use super::{OUTPUTS, Voices};
use crate::family::arranger::canvas::LENGTHS;
use crate::family::arranger::dice::Dice;
use crate::roll::notes::GridNote;
use crate::roll::{CELLS, PITCHES, Roll, STEPS};

/// The highest temperature of the lengths.
const LENGTHS_HOT: f32 = 0.6;

/// The cells that a pass draws, and what it draws them by.
pub(super) struct OpenCells<'p> {
    pub(super) hidden: &'p Roll,
    /// The cells in which shown notes sound.
    pub(super) shown: &'p Roll,
    /// The network's output: [`OUTPUTS`] planes of [`CELLS`] values.
    pub(super) logits: &'p [f32],
    /// The temperature.
    pub(super) heat: f32,
    /// What the likelihood of a note is multiplied by where a likelier one, or a shown one, sounds a
    /// semitone from it; 1 or more leaves it as it is. The notes of a pass are drawn by themselves,
    /// so without it two that exclude each other come together.
    pub(super) seconds: f32,
    /// For the onsets and for the lengths.
    pub(super) dice: [Dice; 2],
}

impl OpenCells<'_> {
    /// Adds the notes that are drawn.
    pub(super) fn draw(&self, voices: Voices, drawn: &mut Vec<GridNote>) {
        debug_assert_eq!(self.logits.len(), OUTPUTS * CELLS);
        let mut begin = Vec::new();
        for step in 0..STEPS {
            begin.clear();
            match voices {
                Voices::Free => self.of_chord(step, &mut begin),
                Voices::One { lowest, highest } => {
                    begin.extend(self.of_line(step, [lowest, highest].map(usize::from)));
                }
            }
            drawn.extend(begin.iter().map(|row| GridNote {
                start: step as u8,
                row: *row as u8,
                length: self.length(step, *row),
            }));
        }
    }

    /// The rows in which notes begin at a step, the likeliest first.
    fn of_chord(&self, step: usize, begin: &mut Vec<usize>) {
        let thrown = |row: usize| self.dice[0].of_cell(step, row);
        let likely = |row: usize| sigmoid(self.logit(step, row));
        begin.extend(rows(self.hidden.steps()[step]).filter(|row| thrown(*row) < likely(*row)));
        if self.seconds >= 1.0 {
            return;
        }
        begin.sort_by(|a, b| self.logit(step, *b).total_cmp(&self.logit(step, *a)));
        let mut taken = self.shown.steps()[step];
        begin.retain(|row| {
            let beside = taken << 1 | taken >> 1;
            let stays = beside >> row & 1 == 0 || thrown(*row) < self.seconds * likely(*row);
            taken |= u128::from(stays) << row;
            stays
        });
    }

    /// The row in which a note of one voice begins at a step, if one does. Given that at most one
    /// begins, each weighs as much as its odds.
    fn of_line(&self, step: usize, [lowest, highest]: [usize; 2]) -> Option<usize> {
        let band = lowest..=highest;
        let odds = |row: usize| self.logit(step, row).clamp(-30.0, 30.0).exp();
        let mut cells = rows(self.hidden.steps()[step]).filter(|row| band.contains(row));
        let open: f32 = cells.clone().map(odds).sum();
        let mut left = self.dice[0].of_cell(step, 0) * (1.0 + open) - 1.0;
        cells.find(|row| {
            if left < 0.0 {
                return false;
            }
            left -= odds(*row);
            left < 0.0
        })
    }

    fn logit(&self, step: usize, row: usize) -> f32 {
        self.logits[step * PITCHES + row] / self.heat
    }

    /// The length of a note that begins in a cell, drawn from the network's.
    fn length(&self, step: usize, row: usize) -> u8 {
        let heat = self.heat.min(LENGTHS_HOT);
        let at = |class: usize| self.logits[(1 + class) * CELLS + step * PITCHES + row] / heat;
        let most = (0..LENGTHS.len()).map(at).fold(f32::MIN, f32::max);
        let weight = |class: usize| (at(class) - most).exp();
        let total: f32 = (0..LENGTHS.len()).map(weight).sum();
        let mut left = self.dice[1].of_length(step, row) * total;
        let drawn = (0..LENGTHS.len()).find(|class| {
            left -= weight(*class);
            left < 0.0
        });
        LENGTHS[drawn.unwrap_or(LENGTHS.len() - 1)]
    }
}

/// The rows of a step's cells, from the lowest.
pub(super) fn rows(mut cells: u128) -> impl Iterator<Item = usize> + Clone {
    std::iter::from_fn(move || {
        let row = cells.trailing_zeros() as usize;
        cells &= cells.wrapping_sub(1);
        (row < PITCHES).then_some(row)
    })
}

pub(super) fn sigmoid(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun(seconds: f32, shown: &Roll) -> Vec<GridNote> {
        let mut logits = vec![-50.0; OUTPUTS * CELLS];
        for step in 0..STEPS {
            logits[step * PITCHES + 40] = 5.0;
            logits[step * PITCHES + 41] = 4.0;
            logits[step * PITCHES + 43] = 4.0;
        }
        let cells = OpenCells {
            hidden: &Roll::from_steps([!0; STEPS]),
            shown,
            logits: &logits,
            heat: 1.0,
            seconds,
            dice: [Dice::new(1), Dice::new(2)],
        };
        let mut drawn = Vec::new();
        cells.draw(Voices::Free, &mut drawn);
        drawn
    }

    fn count(drawn: &[GridNote], row: u8) -> usize {
        drawn.iter().filter(|note| note.row == row).count()
    }

    #[test]
    fn of_two_notes_a_semitone_apart_the_less_likely_is_rarer() {
        let free = begun(1.0, &Roll::EMPTY);
        let rare = begun(0.25, &Roll::EMPTY);
        let never = begun(0.0, &Roll::EMPTY);
        for drawn in [&free, &rare, &never] {
            assert_eq!(count(drawn, 40), count(&free, 40));
            assert_eq!(count(drawn, 43), count(&free, 43));
        }
        let semitone = |drawn: &[GridNote]| count(drawn, 41);
        assert!(semitone(&free) > 55 && (5..30).contains(&semitone(&rare)));
        assert!(semitone(&never) < 5);
    }

    #[test]
    fn a_shown_note_keeps_its_neighbours_away() {
        let shown = Roll::from_steps([1 << 42; STEPS]);
        let drawn = begun(0.0, &shown);
        assert_eq!([41, 43].map(|row| count(&drawn, row)), [0, 0]);
        assert!(count(&drawn, 40) > 55);
    }
}
