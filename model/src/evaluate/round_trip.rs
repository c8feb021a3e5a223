//! Phrases on their way through both generators and back, and what a judge says of them.

use std::collections::BTreeSet;

use super::EvaluateError;
use super::figures::{Content, mean};
use super::translator::{Cycle, Translator};
use super::{chroma, content, texture};
use crate::classify::judge::GenreClassifier;
use crate::classify::style::SourceShares;
use crate::genre::Direction;
use crate::roll::Roll;

/// Phrases sent at a time, so that memory stays small.
const CHUNK: usize = 16;

/// Phrases with what became of them: x, x̂ and, through the binary x̂, x̃.
#[derive(Clone, Debug, PartialEq)]
pub struct RoundTrip {
    /// The sources x.
    pub source: Vec<Roll>,
    /// The outputs x̂.
    pub output: Vec<Roll>,
    /// Outputs of the other generator for `output`, x̃.
    pub back: Vec<Roll>,
    /// Outputs of the other generator for probabilities; see [`Cycle::soft_back`].
    pub soft_back: Option<Vec<Roll>>,
}

impl RoundTrip {
    /// Sends phrases through both generators, `direction` first; `progress` hears of each group
    /// of phrases that is back.
    ///
    /// # Errors
    /// There are no phrases, the generators fail, or another number of phrases comes back.
    pub fn of(
        translator: &dyn Translator,
        source: &[Roll],
        direction: Direction,
        progress: &mut dyn FnMut(usize),
    ) -> Result<Self, EvaluateError> {
        if source.is_empty() {
            let which = ["first", "second"][direction.index()];
            return Err(EvaluateError::NoPhrases(which));
        }
        let mut trip = Self {
            source: source.to_vec(),
            output: Vec::with_capacity(source.len()),
            back: Vec::with_capacity(source.len()),
            soft_back: Some(Vec::new()),
        };
        for chunk in source.chunks(CHUNK) {
            let cycle = translator
                .cycle(chunk, direction)
                .map_err(EvaluateError::Translate)?;
            trip.add(chunk.len(), cycle)?;
            progress(chunk.len());
        }
        Ok(trip)
    }

    /// Adds what became of `sent` phrases.
    fn add(&mut self, sent: usize, cycle: Cycle) -> Result<(), EvaluateError> {
        let soft = cycle.soft_back.as_ref().map_or(sent, Vec::len);
        for got in [cycle.output.len(), cycle.back.len(), soft] {
            if got != sent {
                let why = format!("{got} phrases came back for {sent}");
                return Err(EvaluateError::Translate(why.into()));
            }
        }
        self.output.extend(cycle.output);
        self.back.extend(cycle.back);
        self.soft_back = self
            .soft_back
            .take()
            .zip(cycle.soft_back)
            .map(|(mut all, more)| {
                all.extend(more);
                all
            });
        Ok(())
    }

    /// The phrases at the places that `belongs` says.
    #[must_use]
    pub fn part(&self, belongs: impl Fn(usize) -> bool) -> Self {
        Self {
            source: part(&self.source, &belongs),
            output: part(&self.output, &belongs),
            back: part(&self.back, &belongs),
            soft_back: self.soft_back.as_ref().map(|soft| part(soft, &belongs)),
        }
    }

    /// Compares the phrases with their outputs and with what came back.
    pub fn content(&self) -> Content {
        let RoundTrip {
            source,
            output,
            back,
            soft_back,
        } = self;
        let there = || source.iter().zip(output);
        let cycle = || source.iter().zip(back);
        let onset_f1 = |(x, y): (&Roll, &Roll)| content::onset_f1(x, y);
        let soft = soft_back.as_ref().map(|back| source.iter().zip(back));
        let cells: u32 = source.iter().map(Roll::count).sum();
        let ratio = |count: u32| f64::from(count) / f64::from(cells.max(1));
        let notes =
            |rolls: &[Roll]| -> u32 { rolls.iter().map(|roll| roll.onsets().count()).sum() };
        Content {
            chroma_cosine: mean(there().map(|(x, y)| chroma::cosine(x, y))),
            onset_f1: mean(there().map(onset_f1)),
            cell_f1: mean(there().map(|(x, y)| content::cell_f1(x, y))),
            cycle_onset_f1: mean(cycle().map(onset_f1)),
            cycle_cell_f1: mean(cycle().map(|(x, y)| content::cell_f1(x, y))),
            soft_cycle_onset_f1: soft.map(|cycle| mean(cycle.map(onset_f1))),
            density_ratio: ratio(output.iter().map(Roll::count).sum()),
            notes_ratio: f64::from(notes(output)) / f64::from(notes(source).max(1)),
            cells_changed: ratio(there().map(|(x, y)| x.difference(y).count()).sum()),
            content_retention: mean(there().filter_map(|(x, y)| content::retention(x, y))),
            melody_fidelity: mean(there().filter_map(|(x, y)| content::melody_kept(x, y))),
            groove_kept: mean(there().map(|(x, y)| texture::groove_kept(x, y))),
            distinct_share: different(output) as f64 / output.len().max(1) as f64,
            distinct_outputs: different(output) as f64 / different(source).max(1) as f64,
        }
    }

    /// Which phrases a judge calls the source genre of `direction`.
    ///
    /// # Errors
    /// The classifier fails.
    pub fn predictions(
        &self,
        judge: &GenreClassifier,
        direction: Direction,
    ) -> Result<Predictions, EvaluateError> {
        let of = |rolls: &Vec<Roll>| -> Result<Vec<bool>, EvaluateError> {
            let first = judge.is_first_genre(rolls)?;
            let source_is_first = direction == Direction::AToB;
            Ok(first
                .into_iter()
                .map(|first| first == source_is_first)
                .collect())
        };
        Ok(Predictions {
            source: of(&self.source)?,
            output: of(&self.output)?,
            back: of(&self.back)?,
            soft_back: self.soft_back.as_ref().map(of).transpose()?,
        })
    }
}

/// One classifier's predictions for a round trip's phrases: `true` for the source genre.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Predictions {
    source: Vec<bool>,
    output: Vec<bool>,
    back: Vec<bool>,
    soft_back: Option<Vec<bool>>,
}

impl Predictions {
    /// The shares, with x̃ through the binary roll.
    pub fn shares(&self) -> SourceShares {
        SourceShares::of(&self.source, &self.output, &self.back)
    }

    /// The shares with the paper's soft x̃, if there is one.
    pub fn soft_shares(&self) -> Option<SourceShares> {
        let back = self.soft_back.as_ref()?;
        Some(SourceShares::of(&self.source, &self.output, back))
    }

    /// The predictions at the places that `belongs` says.
    #[must_use]
    pub fn part(&self, belongs: impl Fn(usize) -> bool) -> Self {
        Self {
            source: part(&self.source, &belongs),
            output: part(&self.output, &belongs),
            back: part(&self.back, &belongs),
            soft_back: self.soft_back.as_ref().map(|soft| part(soft, &belongs)),
        }
    }
}

fn part<T: Copy>(all: &[T], belongs: impl Fn(usize) -> bool) -> Vec<T> {
    let placed = all.iter().enumerate().filter(|(place, _)| belongs(*place));
    placed.map(|(_, one)| *one).collect()
}

/// How many of the rolls are different.
fn different(rolls: &[Roll]) -> usize {
    let set: BTreeSet<_> = rolls.iter().map(Roll::steps).collect();
    set.len()
}

#[cfg(test)]
mod tests;
