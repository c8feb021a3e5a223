//! From two phrases to the edits between them, ranked. Allocates; for the engine's thread.
//!
//! Notes of one row that overlap, one of the source and one of the output, would cut each other,
//! so their edits are one unit: they apply together. Units are ranked by what the network thinks
//! of them, those that add and those that only remove each for themselves, and then merged in
//! proportion, so that the number of notes changes evenly from one end to the other.

use std::collections::BTreeSet;

use super::{CAPACITY, Change, Edit, Edits, FULL, part_start};
use crate::roll::notes::{GridNote, NoteRoll};
use crate::roll::{PITCHES, Roll};

/// Largest distance in steps from a replaced note's onset to the new one.
const FARTHEST: u8 = 2;

/// Edits of one row that apply together.
struct Unit {
    edits: Vec<Edit>,
    /// The first step after all that they touch.
    end: usize,
    adds: bool,
    /// Rank by the network's confidence in the notes that begin here: added ones the likelier the
    /// sooner, removed ones the other way round. Higher comes first.
    merit: f32,
}

impl Edits {
    /// The edits that lead from `source` to `output`.
    ///
    /// `confidence` is the network's probability for each cell (step-major, `CELLS` long) that a
    /// note begins there. A source note that begins at step 0 in a row of `held` (row 0 in the
    /// lowest bit) began before the phrase: it is not edited, nor is anything added in it.
    pub fn between(source: &NoteRoll, output: &NoteRoll, confidence: &[f32], held: u128) -> Self {
        let is_held = |note: &GridNote| note.start == 0 && held >> note.row & 1 == 1;
        let in_held = |note: &GridNote| {
            let held = source.note_at(0, usize::from(note.row)).filter(is_held);
            held.is_some_and(|held| usize::from(note.start) < held.end())
        };
        let (before, after): (BTreeSet<GridNote>, BTreeSet<GridNote>) =
            (source.notes().collect(), output.notes().collect());
        let gone = before.difference(&after).filter(|note| !is_held(note));
        let new = after.difference(&before).filter(|note| !in_held(note));
        let paired = pair(&gone.copied().collect::<Vec<_>>(), new.copied().collect());
        let mut units = join(paired, confidence);
        rank(&mut units);
        let kept: Vec<Edit> = levelled(units);
        Self::in_order(&kept.iter().copied())
    }

    /// The edits that lead from `source` to the cells whose probability (step-major, `CELLS`
    /// long) is above `threshold`: each run of them is a note, and a source note that begins in
    /// one of them begins there again. `held` is as in [`Edits::between`].
    pub fn rank(source: &NoteRoll, probabilities: &[f32], threshold: f32, held: u128) -> Self {
        let wanted = Roll::from_values(probabilities, threshold);
        let output = NoteRoll::new(wanted, *source.onsets());
        Self::between(source, &output, probabilities, held)
    }
}

/// Finds the new notes that take the place of one that goes; all others are removed and added.
/// Each edit comes with the steps that it touches.
fn pair(gone: &[GridNote], mut new: Vec<GridNote>) -> Vec<(Edit, std::ops::Range<usize>)> {
    let mut partners: Vec<Option<GridNote>> = vec![None; gone.len()];
    for distance in 0..=FARTHEST {
        for (note, partner) in gone.iter().zip(&mut partners) {
            let fits = |other: &GridNote| {
                let same_part =
                    part_start(usize::from(other.start)) == part_start(usize::from(note.start));
                other.row == note.row && other.start.abs_diff(note.start) == distance && same_part
            };
            if partner.is_none()
                && let Some(place) = new.iter().position(fits)
            {
                *partner = Some(new.remove(place));
            }
        }
    }
    let taken = gone.iter().zip(partners).map(|(note, partner)| {
        let from = usize::from(note.start);
        let (change, range) = match partner {
            None => (Change::Remove, from..note.end()),
            Some(GridNote { start, length, .. }) => {
                let first = from.min(usize::from(start));
                let end = partner.map_or(0, |partner| partner.end()).max(note.end());
                (Change::Replace { start, length }, first..end)
            }
        };
        (edit(*note, change), range)
    });
    let added = new.iter().map(|note| {
        let length = note.length;
        let range = usize::from(note.start)..note.end();
        (edit(*note, Change::Add { length }), range)
    });
    taken.chain(added).collect()
}

const fn edit(note: GridNote, change: Change) -> Edit {
    Edit {
        from: 0,
        start: note.start,
        row: note.row,
        change,
    }
}

/// Makes one unit of edits that touch the same cells.
fn join(mut edits: Vec<(Edit, std::ops::Range<usize>)>, confidence: &[f32]) -> Vec<Unit> {
    edits.sort_by_key(|(edit, range)| (edit.row, range.start, edit.start));
    let mut units: Vec<Unit> = Vec::new();
    for (edit, range) in edits {
        let begins = edit.note().map_or(edit.start, |note| note.start);
        let cell = usize::from(begins) * PITCHES + usize::from(edit.row);
        let chance = confidence.get(cell).copied().unwrap_or(0.0);
        let adds = edit.note().is_some();
        let merit = if adds { chance } else { -chance };
        match units.last_mut() {
            Some(unit) if unit.edits[0].row == edit.row && range.start < unit.end => {
                unit.edits.push(edit);
                unit.end = unit.end.max(range.end);
                unit.merit = match (unit.adds, adds) {
                    (true, false) => unit.merit,
                    (false, true) => merit,
                    _ => unit.merit.max(merit),
                };
                unit.adds |= adds;
            }
            _ => units.push(Unit {
                edits: vec![edit],
                end: range.end,
                adds,
                merit,
            }),
        }
    }
    units
}

/// Puts units in the order in which they apply.
fn rank(units: &mut Vec<Unit>) {
    let place = |unit: &Unit| (unit.edits[0].start, unit.edits[0].row);
    units.sort_by(|a, b| {
        let merit = b.merit.total_cmp(&a.merit);
        merit.then_with(|| place(a).cmp(&place(b)))
    });
    let (adding, removing): (Vec<Unit>, Vec<Unit>) = std::mem::take(units)
        .into_iter()
        .partition(|unit| unit.adds);
    let count = |units: &[Unit]| units.iter().map(|unit| unit.edits.len()).sum::<usize>();
    let (adds, removes) = (count(&adding), count(&removing));
    let (mut added, mut removed) = (0, 0);
    let (mut adding, mut removing) = (
        adding.into_iter().peekable(),
        removing.into_iter().peekable(),
    );
    // Shares of both kinds, as fractions with one denominator.
    let share = |unit: Option<&Unit>, done: usize, others: usize| {
        unit.map(|unit| (done + unit.edits.len()) * others)
    };
    loop {
        let add = share(adding.peek(), added, removes);
        let remove = share(removing.peek(), removed, adds);
        let unit = match (add, remove) {
            (Some(add), Some(remove)) if add > remove => removing.next(),
            (None, Some(_)) => removing.next(),
            (Some(_), _) => adding.next(),
            (None, None) => return,
        };
        let Some(unit) = unit else { return };
        let done = if unit.adds { &mut added } else { &mut removed };
        *done += unit.edits.len();
        units.push(unit);
    }
}

/// The edits of the first units that have room, each with the amount from which it applies.
fn levelled(units: Vec<Unit>) -> Vec<Edit> {
    let mut kept = Vec::new();
    let mut ends = Vec::new();
    for unit in units {
        if kept.len() + unit.edits.len() > CAPACITY {
            break;
        }
        kept.extend(unit.edits);
        ends.push(kept.len());
    }
    let count = kept.len() as u64;
    let mut begin = 0;
    for end in ends {
        let from = (end as u64 * u64::from(FULL)).div_ceil(count) as u16;
        for edit in &mut kept[begin..end] {
            edit.from = from;
        }
        begin = end;
    }
    kept
}
