//! The cells of both rolls, compared.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Mark;
use crate::song::Grid;

/// Kept, removed or added: the class of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It sounds before and after.
    Kept,
    /// It sounds before only.
    Removed,
    /// It sounds after only.
    Added,
}

impl Kind {
    /// The name in the legend and of the style.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Removed => "removed",
            Self::Added => "added",
        }
    }
}

/// One cell: where it sounds, and where it is struck.
#[expect(
    clippy::struct_excessive_bools,
    reason = "two yes-or-no questions of two rolls"
)]
#[derive(Clone, Copy, Default)]
struct Cell {
    before: bool,
    after: bool,
    struck_before: bool,
    struck_after: bool,
}

impl Cell {
    const fn kind(self) -> Kind {
        match (self.before, self.after) {
            (true, true) => Kind::Kept,
            (true, false) => Kind::Removed,
            _ => Kind::Added,
        }
    }

    /// True if a note begins in what is drawn.
    const fn is_struck(self) -> bool {
        match self.kind() {
            Kind::Removed => self.struck_before,
            _ => self.struck_after,
        }
    }
}

/// Cells of one key that are drawn as one: of one kind, and struck at most once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) key: u8,
    /// Grid index of the first cell.
    pub(super) start: usize,
    /// Grid index behind the last.
    pub(super) end: usize,
    pub(super) kind: Kind,
    /// True if a note begins here.
    pub(super) onset: bool,
}

/// All cells of a song that sound before or after.
pub(super) struct Cells {
    cells: BTreeMap<(u8, usize), Cell>,
}

impl Cells {
    pub(super) fn of(grid: &Grid, before: &[Mark], after: &[Mark]) -> Self {
        let mut cells: BTreeMap<(u8, usize), Cell> = BTreeMap::new();
        for (marks, is_after) in [(before, false), (after, true)] {
            for mark in marks {
                let (start, end) = grid.note_steps(mark.onset, mark.release);
                for index in (start..end).filter(|index| grid.has(*index)) {
                    let cell = cells.entry((mark.key, index)).or_default();
                    let struck = index == start;
                    if is_after {
                        cell.after = true;
                        cell.struck_after |= struck;
                    } else {
                        cell.before = true;
                        cell.struck_before |= struck;
                    }
                }
            }
        }
        Self { cells }
    }

    pub(super) fn count(&self, kind: Kind) -> usize {
        let cells = self.cells.values();
        cells.filter(|cell| cell.kind() == kind).count()
    }

    /// The runs within a range of grid indices.
    pub(super) fn runs(&self, range: Range<usize>) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        let inside = self.cells.iter().filter(|((_, at), _)| range.contains(at));
        for ((key, index), cell) in inside {
            if let Some(last) = runs.last_mut()
                && (last.key, last.end, last.kind) == (*key, *index, cell.kind())
                && !cell.is_struck()
            {
                last.end += 1;
                continue;
            }
            runs.push(Run {
                key: *key,
                start: *index,
                end: index + 1,
                kind: cell.kind(),
                onset: cell.is_struck(),
            });
        }
        runs
    }
}
