//! Filling in a phrase: everything but the tune and the harmony is hidden, and drawn in a few
//! passes, each of which hides less of what the last one drew and draws it again.
//!
//! The draw depends on the phrase and the [`SamplerSettings`] alone: each random number is a
//! function of the seed and the cell, and all but those of the onsets of the pass. An onset's
//! number is the same in each pass, so that a note changes only where the network has changed its
//! mind.
//!
//! A draw may go on from one of fewer passes, of the same phrase before its last notes were played
//! ([`Begun`]): it makes the passes that are left, in the first of which the steps that have
//! changed since are hidden whole.

mod draw;

use crate::roll::edits::Edits;
use crate::roll::notes::{GridNote, NoteRoll};
use crate::roll::{CELLS, PITCHES, Roll, STEPS};

use super::attributes::Attributes;
use super::canvas::{Canvas, LENGTHS};
use super::dice::Dice;
use super::feel::straightened;
use super::harmony::HarmonyInput;
use super::tune;
use draw::{OpenCells, rows, sigmoid};

/// Values of the network's output for a cell: the logit of an onset, and of each length.
pub const OUTPUTS: usize = 1 + LENGTHS.len();
/// Rows of the blocks that are hidden together, in steps.
const BLOCK: usize = 8;
/// Passes of the network, unless others are asked for.
pub const PASSES: u8 = 8;

/// Passes of an answer that is needed soon and of which little is played; the next answer to the
/// phrase goes on from it.
pub const FEW_PASSES: u8 = 4;

/// How free a tune is, unless something else is asked for.
pub const FREEDOM: f32 = 0.15;

/// The share of the blocks that is hidden in the last passes.
const LEAST: f64 = 0.1;
/// The share of the passes up to which the temperature stays 1.
const HOT: f32 = 0.3;
/// The temperature of the last pass. Colder draws are thinner, and nearer to what is usual than real
/// music is.
const COLD: f32 = 0.7;
/// The share of seconds ([`Attributes::seconds`]) from which on a semitone is drawn as often as the
/// network holds both of its notes likely. Nothing told counts as the mean over music.
const SECONDS_AS_DRAWN: f32 = 0.1;

/// A phrase counts as one voice if at most one in this many of its steps has two notes.
const SLURRED: usize = 16;
/// Semitones.
const FOURTH: usize = 5;

/// How many notes may begin at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Voices {
    /// As many as the network draws, anywhere.
    #[default]
    Free,
    /// One voice, between two rows (both included).
    One {
        /// The lowest row.
        lowest: u8,
        /// The highest row.
        highest: u8,
    },
}

/// Settings of one draw of the sampler.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SamplerSettings {
    /// Passes of the network, 1 or more.
    pub passes: u8,
    /// How free the tune is: 0 keeps it note by note, 1 lets it change.
    pub freedom: f32,
    /// The attributes of the phrase that is to come.
    pub attributes: Attributes,
    /// What the network is told of the harmony.
    pub harmony: HarmonyInput,
    /// Up to how many pitch classes of each half bar it is told.
    pub pitch_classes: u8,
    /// Seed of the draw.
    pub seed: u64,
    /// The steps (bit k is step k) that are decided: they sound as `played` says.
    pub decided: u64,
    /// The notes that begin in the decided steps.
    pub played: NoteRoll,
    /// How many notes may begin at once.
    pub voices: Voices,
    /// True if a tune that swings becomes straight, unless it is locked.
    pub straight: bool,
}

impl Default for SamplerSettings {
    fn default() -> Self {
        Self {
            passes: PASSES,
            freedom: FREEDOM,
            attributes: Attributes::UNTOLD,
            harmony: HarmonyInput::Triads,
            pitch_classes: 3,
            seed: 0,
            decided: 0,
            played: NoteRoll::EMPTY,
            voices: Voices::Free,
            straight: false,
        }
    }
}

/// A phrase that was filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Its notes.
    pub notes: NoteRoll,
    /// How likely the network held an onset in each cell when it was drawn last, step-major,
    /// [`CELLS`] values.
    pub confidence: Vec<f32>,
}

impl Sample {
    /// The edits that lead from `phrase` to it; `held` as [`Edits::between`] has it.
    pub fn edits(&self, phrase: &NoteRoll, held: u128) -> Edits {
        Edits::between(phrase, &self.notes, &self.confidence, held)
    }
}

/// A draw by [`FEW_PASSES`] of what was known of a phrase, which is gone on from.
#[derive(Clone, Copy, Debug)]
pub struct Begun<'s> {
    /// The draw.
    pub sample: &'s Sample,
    /// The phrase as far as it was known.
    pub phrase: &'s NoteRoll,
}

impl Begun<'_> {
    /// The steps in which `phrase` is what it was then, one bit each: the same cells sound, and the
    /// same notes begin. The others are drawn anew.
    fn known(&self, phrase: &NoteRoll) -> u64 {
        let rolls = |notes: &NoteRoll| [*notes.sounding(), *notes.onsets()];
        let (before, now) = (rolls(self.phrase), rolls(phrase));
        let same = |step: &usize| (0..2).all(|k| before[k].steps()[*step] == now[k].steps()[*step]);
        let steps = (0..STEPS).filter(same);
        steps.fold(0, |known, step| known | 1 << step)
    }
}

/// Fills in `phrase`. `fill` writes the network's outputs for a canvas, [`OUTPUTS`] planes of
/// [`CELLS`] values; its errors end the draw. With `begun` all but the first [`FEW_PASSES`] passes
/// are made, from that draw.
///
/// ```
/// use std::convert::Infallible;
///
/// use third_stream_model::family::arranger::sampler::{SamplerSettings, sample};
/// use third_stream_model::roll::notes::{GridNote, NoteRoll};
///
/// let tune = GridNote { start: 0, row: 48, length: 8 };
/// let phrase: NoteRoll = [tune].into_iter().collect();
/// // A network that is sure of silence, and a tune that is locked.
/// let settings = SamplerSettings { freedom: 0.0, ..SamplerSettings::default() };
/// let filled = sample(&phrase, &settings, None, |_canvas, logits| {
///     logits.fill(-50.0);
///     Ok::<(), Infallible>(())
/// })?;
/// assert_eq!(filled.notes, phrase);
/// # Ok::<(), Infallible>(())
/// ```
///
/// # Errors
/// Those of `fill`.
pub fn sample<E>(
    phrase: &NoteRoll,
    settings: &SamplerSettings,
    begun: Option<Begun<'_>>,
    mut fill: impl FnMut(&Canvas, &mut [f32]) -> Result<(), E>,
) -> Result<Sample, E> {
    let dice = Dice::new(settings.seed);
    // Of one voice every note is the tune.
    let tune = match settings.voices {
        Voices::Free => tune::tune(phrase),
        Voices::One { .. } => *phrase,
    };
    let fixed = Fixed::new(phrase, &tune, settings);
    let mut canvas = Canvas {
        tune: if settings.straight && settings.freedom > 0.0 {
            straightened(&tune)
        } else {
            tune
        },
        harmony: settings
            .harmony
            .of(phrase.sounding(), usize::from(settings.pitch_classes)),
        ..Canvas::default()
    };
    let mut logits = vec![0.0; OUTPUTS * CELLS];
    let mut drawn = fixed.notes();
    let mut confidence = vec![0.0; CELLS];
    let passes = settings.passes.max(1);
    let seconds = settings.attributes.seconds() / SECONDS_AS_DRAWN;
    let mut pass = 0;
    let mut unknown = 0;
    if let Some(begun) = begun {
        pass = FEW_PASSES.min(passes - 1);
        unknown = !begun.known(phrase);
        let open = fixed.open(&Roll::from_steps([!0; STEPS]));
        drawn.extend(
            begun
                .sample
                .notes
                .notes()
                .filter(|note| is_in(&open, *note)),
        );
        drawn.sort_unstable();
        confidence.copy_from_slice(&begun.sample.confidence);
    }
    for pass in pass..passes {
        let of_pass = dice.of_pass(pass);
        let hidden = hidden(pass, passes, of_pass);
        canvas.hidden = fixed.open(&with_steps(&hidden, std::mem::take(&mut unknown)));
        canvas.shown = drawn
            .iter()
            .copied()
            .filter(|n| !is_in(&canvas.hidden, *n))
            .collect();
        fill(&canvas, &mut logits)?;
        let heat = temperature(pass, passes);
        drawn = canvas.shown.notes().collect();
        let cells = OpenCells {
            hidden: &canvas.hidden,
            shown: canvas.shown.sounding(),
            logits: &logits,
            heat,
            seconds,
            dice: [dice, of_pass],
        };
        cells.draw(settings.voices, &mut drawn);
        // Later notes cut earlier ones of their row, so the order of time is that of adding.
        drawn.sort_unstable();
        remember(&canvas.hidden, &logits, &mut confidence);
    }
    let drawn = drawn.into_iter().collect();
    let locked = |note| is_in(&fixed.locked, note);
    let notes = settings.voices.apply(&drawn, locked);
    Ok(Sample { notes, confidence })
}

/// The cells that pass `pass` hides: all at first, then ever fewer blocks of a row.
fn hidden(pass: u8, passes: u8, dice: Dice) -> Roll {
    let gone = f64::from(pass) / (f64::from(passes) * 0.8);
    let share = if pass == 0 {
        1.0
    } else {
        (1.0 - gone).max(LEAST)
    };
    let mut steps = [0u128; STEPS];
    for (block, steps) in steps.chunks_exact_mut(BLOCK).enumerate() {
        let rows = (0..PITCHES).filter(|row| f64::from(dice.of_block(block, *row)) < share);
        let mask = rows.fold(0, |mask, row| mask | 1 << row);
        steps.fill(mask);
    }
    Roll::from_steps(steps)
}

/// `hidden` with all cells of some steps.
fn with_steps(hidden: &Roll, steps: u64) -> Roll {
    let hidden = hidden.steps();
    let all = |step: usize| if steps >> step & 1 == 1 { !0 } else { 0 };
    Roll::from_steps(std::array::from_fn(|step| hidden[step] | all(step)))
}

/// The temperature of a pass: 1 at first, then falling to [`COLD`].
fn temperature(pass: u8, passes: u8) -> f32 {
    if passes < 2 {
        return COLD;
    }
    let gone = f32::from(pass) / f32::from(passes - 1);
    if gone < HOT {
        1.0
    } else {
        1.0 + (COLD - 1.0) * (gone - HOT) / (1.0 - HOT)
    }
}

/// Keeps what the network held likely in the cells that were drawn.
fn remember(hidden: &Roll, logits: &[f32], confidence: &mut [f32]) {
    for (step, cells) in hidden.steps().iter().enumerate() {
        for row in rows(*cells) {
            let cell = step * PITCHES + row;
            confidence[cell] = sigmoid(logits[cell]);
        }
    }
}

impl Voices {
    /// One voice, at most a fourth beyond the phrase's register, if the phrase is of one voice but
    /// for a step here and there, as slurs overlap. Else free.
    pub fn of_phrase(phrase: &NoteRoll) -> Self {
        let steps = phrase.sounding().steps();
        let sounding = steps.iter().filter(|step| **step != 0).count();
        let together = steps.iter().filter(|step| step.count_ones() > 1).count();
        let all = steps.iter().fold(0, |all, step| all | step);
        if all == 0 || together * SLURRED > sounding {
            return Self::Free;
        }
        let highest = all.ilog2() as usize + FOURTH;
        Self::One {
            lowest: (all.trailing_zeros() as usize).saturating_sub(FOURTH) as u8,
            highest: highest.min(PITCHES - 1) as u8,
        }
    }

    /// Where there is one voice, ends each note where the next begins, and leaves one of those that
    /// begin together; not of those that are locked.
    fn apply(self, notes: &NoteRoll, locked: impl Fn(GridNote) -> bool) -> NoteRoll {
        if self == Self::Free {
            return *notes;
        }
        let mut line: Vec<GridNote> = notes.notes().collect();
        // None is drawn where a locked one begins.
        line.dedup_by(|next, note| next.start == note.start && !locked(*next));
        let starts: Vec<usize> = line.iter().map(|note| usize::from(note.start)).collect();
        for note in line.iter_mut().filter(|note| !locked(**note)) {
            let start = usize::from(note.start);
            let next = starts.iter().find(|next| **next > start);
            note.length = note.length.min((next.unwrap_or(&STEPS) - start) as u8);
        }
        line.into_iter().collect()
    }
}

/// Cells that the draw may not change: the decided steps, and a tune that is locked.
struct Fixed {
    notes: Vec<GridNote>,
    /// Cells that are never hidden.
    closed: Roll,
    /// Cells in which notes of a locked tune begin.
    locked: Roll,
}

impl Fixed {
    fn new(phrase: &NoteRoll, tune: &NoteRoll, settings: &SamplerSettings) -> Self {
        let mut fixed = Self {
            notes: settings
                .played
                .beginning_in(settings.decided)
                .notes()
                .collect(),
            closed: Roll::EMPTY,
            locked: Roll::EMPTY,
        };
        let mut closed = [0u128; STEPS];
        for (step, cells) in closed.iter_mut().enumerate() {
            if settings.decided >> step & 1 == 1 {
                *cells = !0;
            }
        }
        if settings.freedom <= 0.0 {
            let whole = tune.notes().filter_map(|note| {
                let decided = settings.decided >> note.start & 1 == 1;
                let note = phrase.note_at(usize::from(note.start), usize::from(note.row));
                note.filter(|_| !decided)
            });
            let mut locked = [0u128; STEPS];
            // Nothing hides the tune: its own row stays, and all above it. Of one voice all stays.
            let lowest = |note: GridNote| match settings.voices {
                Voices::Free => note.row,
                Voices::One { .. } => 0,
            };
            for note in whole {
                fixed.notes.push(note);
                locked[usize::from(note.start)] |= 1 << note.row;
                for cells in &mut closed[usize::from(note.start)..note.end()] {
                    *cells |= !0 << lowest(note);
                }
            }
            fixed.locked = Roll::from_steps(locked);
        }
        fixed.closed = Roll::from_steps(closed);
        fixed.notes.sort_unstable();
        fixed
    }

    fn notes(&self) -> Vec<GridNote> {
        self.notes.clone()
    }

    /// `hidden` without the cells that stay.
    fn open(&self, hidden: &Roll) -> Roll {
        let (hidden, closed) = (hidden.steps(), self.closed.steps());
        Roll::from_steps(std::array::from_fn(|step| hidden[step] & !closed[step]))
    }
}

/// True if a note begins in one of the cells.
const fn is_in(cells: &Roll, note: GridNote) -> bool {
    cells.get(note.start as usize, note.row as usize)
}

#[cfg(test)]
mod tests;
