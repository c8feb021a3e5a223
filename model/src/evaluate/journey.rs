//! Phrases on their way through both generators and back, and what a judge says of them.

use super::EvaluateError;
use super::figures::Content;
use super::translator::{Cycle, Translator};
use crate::classify::judge::Judge;
use crate::classify::style::Shares;
use crate::genre::Direction;
use crate::roll::Roll;

/// Phrases sent at a time, so that memory stays small.
const CHUNK: usize = 16;

/// Phrases with what became of them: x, x̂ and, through the binary x̂, x̃.
#[derive(Clone, Debug, PartialEq)]
pub struct Journey {
    /// The sources x.
    pub source: Vec<Roll>,
    /// The outputs x̂.
    pub output: Vec<Roll>,
    /// What came back through the other generator, x̃.
    pub back: Vec<Roll>,
    /// What came back where the other generator heard probabilities; see [`Cycle::soft_back`].
    pub soft_back: Option<Vec<Roll>>,
}

impl Journey {
    /// Sends phrases through both generators, `direction` first; `progress` hears of each group
    /// of phrases that is back.
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
        let mut journey = Self {
            source: source.to_vec(),
            output: Vec::with_capacity(source.len()),
            back: Vec::with_capacity(source.len()),
            soft_back: Some(Vec::new()),
        };
        for chunk in source.chunks(CHUNK) {
            let cycle = translator
                .cycle(chunk, direction)
                .map_err(EvaluateError::Translate)?;
            journey.add(chunk.len(), cycle)?;
            progress(chunk.len());
        }
        Ok(journey)
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

    /// What became of the content.
    pub fn content(&self) -> Content {
        Content::measure(self)
    }

    /// Which phrases a judge calls the source genre of `direction`.
    pub fn verdicts(&self, judge: &Judge, direction: Direction) -> Result<Verdicts, EvaluateError> {
        let of = |rolls: &Vec<Roll>| -> Result<Vec<bool>, EvaluateError> {
            let first = judge.says_first(rolls)?;
            let source_is_first = direction == Direction::AToB;
            Ok(first
                .into_iter()
                .map(|first| first == source_is_first)
                .collect())
        };
        Ok(Verdicts {
            source: of(&self.source)?,
            output: of(&self.output)?,
            back: of(&self.back)?,
            soft_back: self.soft_back.as_ref().map(of).transpose()?,
        })
    }
}

/// What one judge says of a journey's phrases: `true` where it hears the source genre.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdicts {
    source: Vec<bool>,
    output: Vec<bool>,
    back: Vec<bool>,
    soft_back: Option<Vec<bool>>,
}

impl Verdicts {
    /// The shares, with x̃ through the binary roll.
    pub fn shares(&self) -> Shares {
        Shares::of(&self.source, &self.output, &self.back)
    }

    /// The shares with the paper's soft x̃, if there is one.
    pub fn soft_shares(&self) -> Option<Shares> {
        let back = self.soft_back.as_ref()?;
        Some(Shares::of(&self.source, &self.output, back))
    }

    /// The verdicts at the places that `belongs` says.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::translator::{Identity, TranslateError};

    fn note(row: usize) -> Roll {
        let mut roll = Roll::EMPTY;
        roll.fill(row, 0, 4);
        roll
    }

    #[test]
    fn no_phrases_is_an_error_that_says_which() {
        let error = Journey::of(&Identity, &[], Direction::BToA, &mut |_| ()).unwrap_err();
        insta::assert_snapshot!(
            error,
            @"no phrases of the pair's second genre to evaluate: expected a corpus (--data) with both"
        );
    }

    #[test]
    fn the_journey_goes_there_and_back() {
        /// Moves up on the way there and down on the way back, one short.
        struct Moves;
        impl Translator for Moves {
            fn translate(
                &self,
                rolls: &[Roll],
                to: Direction,
            ) -> Result<Vec<Roll>, TranslateError> {
                let by = [5, -4][to.index()];
                Ok(rolls.iter().map(|roll| roll.transpose(by)).collect())
            }
        }
        let rolls: Vec<_> = (30..70).map(note).collect();
        let moved = |by| -> Vec<_> { rolls.iter().map(|roll| roll.transpose(by)).collect() };
        let mut heard = Vec::new();
        let mut progress = |count| heard.push(count);
        let journey = Journey::of(&Moves, &rolls, Direction::AToB, &mut progress).unwrap();
        assert_eq!(journey.output, moved(5));
        assert_eq!(journey.back, moved(1));
        assert_eq!(journey.soft_back, None);
        assert_eq!(heard, [16, 16, 8]);
        let back = Journey::of(&Moves, &rolls, Direction::BToA, &mut |_| ()).unwrap();
        assert_eq!(back.output, moved(-4));
    }

    #[test]
    fn a_translator_that_loses_phrases_is_found_out() {
        struct Loses;
        impl Translator for Loses {
            fn translate(&self, r: &[Roll], _: Direction) -> Result<Vec<Roll>, TranslateError> {
                Ok(r[1..].to_vec())
            }
        }
        let rolls: Vec<_> = (0..20).map(note).collect();
        let error = Journey::of(&Loses, &rolls, Direction::AToB, &mut |_| ()).unwrap_err();
        let text = error.to_string();
        assert_eq!(text, "the generators failed: 15 phrases came back for 16");
    }

    #[test]
    fn parts_of_verdicts_are_verdicts_of_parts() {
        let verdicts = Verdicts {
            source: vec![true, true, false, true],
            output: vec![false, false, true, false],
            back: vec![true, false, true, true],
            soft_back: Some(vec![true; 4]),
        };
        let shares = verdicts.part(|place| place % 2 == 0).shares();
        assert_eq!([shares.source, shares.output, shares.back], [0.5, 0.5, 1.0]);
        let soft = verdicts.soft_shares().unwrap();
        assert_eq!([soft.source, soft.output, soft.back], [0.75, 0.25, 1.0]);
    }
}
