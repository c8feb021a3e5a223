//! Phrases before and after, chosen by a fixed rule, so that good ones are not picked by hand.
//!
//! The rule: the phrases of the split stand in the order of their piece's SHA-256 and then of
//! time, and every k-th is taken, k being as large as the number of phrases allows.

mod midi;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::EvaluateError;
use super::arrange::Arrange;
use crate::data::{Data, Split};
use crate::genre::{Direction, Pair};
use crate::roll::edits::Edits;
use crate::roll::notes::NoteRoll;
use crate::smf::Smf;
use crate::song::{PartSelection, Song};
use crate::svg::{self, Picture};

pub use midi::write as write_midi;

/// One phrase before and after.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// Its number, from 1.
    pub number: usize,
    /// The genre that it comes from.
    pub source: String,
    /// The genre that it was moved to.
    pub target: String,
    /// The piece's file in the corpus.
    pub file: String,
    /// The collection of the piece.
    pub collection: String,
    /// Which of the piece's phrases it is, from 0: its bars are `4 phrase + 1` to `4 phrase + 4`
    /// of the file as the corpus has it.
    pub phrase: usize,
    /// As it was.
    pub before: NoteRoll,
    /// The output at full amount.
    pub after: NoteRoll,
    /// The first of each direction at the amounts of [`BETWEEN`], where the networks write edits.
    pub between: Vec<NoteRoll>,
}

/// The amounts, in percent, at which the way from before to after is shown.
pub const BETWEEN: [u8; 3] = [25, 50, 75];

/// Which phrases are shown.
#[derive(Clone, Copy, Debug)]
pub struct Choice<'a> {
    /// The genre pair.
    pub pair: Pair,
    /// The phrases' split.
    pub split: Split,
    /// Phrases of each direction, at most.
    pub each: usize,
    /// Only pieces of these collections; all if empty.
    pub collections: &'a [String],
}

/// The examples of both directions, the first direction first.
///
/// # Errors
/// The transfer fails, the corpus has no phrase of a genre, or the file of the rolls cannot be
/// read.
pub fn examples(
    data: &Data,
    choice: &Choice,
    way: &dyn Arrange,
) -> Result<Vec<Example>, EvaluateError> {
    let mut examples = Vec::new();
    for direction in Direction::BOTH {
        let (source, target) = (choice.pair.source(direction), choice.pair.target(direction));
        let phrases = data.phrases(source, choice.split);
        let places = places(data, choice, direction);
        if places.is_empty() {
            let which = ["first", "second"][direction.index()];
            return Err(EvaluateError::NoPhrases(which));
        }
        for (number, place) in places.into_iter().enumerate() {
            let before = phrases.rolls.notes(place).map_err(EvaluateError::Rolls)?;
            let after = way.arrange(&[before], source, target);
            let after = after.map_err(EvaluateError::Translate)?;
            let edits = (number == 0).then(|| way.edits(&before, source, target));
            let edits = edits.transpose().map_err(EvaluateError::Translate)?;
            let between = |edits: Edits| {
                let amounts = BETWEEN.map(|percent| f32::from(percent) / 100.0);
                amounts.map(|amount| edits.apply(&before, amount)).to_vec()
            };
            let piece = phrases.piece_of[place];
            let first = phrases.piece_of.iter().position(|other| *other == piece);
            examples.push(Example {
                number: examples.len() + 1,
                source: source.to_string(),
                target: target.to_string(),
                file: phrases.files[piece as usize].clone(),
                collection: data.sources()[usize::from(phrases.sources[place])].clone(),
                phrase: place - first.unwrap_or(place),
                before,
                after: after.first().copied().unwrap_or_default(),
                between: edits.flatten().map(between).unwrap_or_default(),
            });
        }
    }
    Ok(examples)
}

/// The places of the chosen phrases of a direction, by the rule above.
fn places(data: &Data, choice: &Choice, direction: Direction) -> Vec<usize> {
    let phrases = data.phrases(choice.pair.source(direction), choice.split);
    let order: Vec<[u8; 32]> = phrases
        .files
        .iter()
        .map(|file| Sha256::digest(file).into())
        .collect();
    let wanted = |place: &usize| {
        let name = &data.sources()[usize::from(phrases.sources[*place])];
        choice.collections.is_empty() || choice.collections.contains(name)
    };
    let mut all: Vec<usize> = (0..phrases.rolls.len()).filter(wanted).collect();
    all.sort_by_key(|place| (order[phrases.piece_of[*place] as usize], *place));
    let every = (all.len() / choice.each.max(1)).max(1);
    let taken = all.into_iter().skip(every / 2).step_by(every);
    taken.take(choice.each).collect()
}

impl Example {
    /// The name of its files, without what they hold and their extension.
    pub fn name(&self) -> String {
        format!("{:02}-{}-to-{}", self.number, self.source, self.target)
    }

    /// Both rolls over each other, as SVG.
    ///
    /// # Errors
    /// The phrase cannot be drawn.
    pub fn picture(&self) -> Result<String, EvaluateError> {
        let title = format!(
            "{}. {} \u{2192} {} ({})",
            self.number, self.source, self.target, self.collection
        );
        picture(&title, &self.before, &self.after)
    }

    /// The name of its files at an amount in percent.
    fn name_at(&self, percent: u8) -> String {
        format!("{}-{percent}", self.name())
    }

    /// Its files by name: all phrases as MIDI, and the pictures.
    ///
    /// # Errors
    /// A phrase cannot be drawn.
    pub fn files(&self) -> Result<Vec<(String, Vec<u8>)>, EvaluateError> {
        let name = self.name();
        let midi = |what: &str, roll| {
            let file = format!("{name}-{what}.mid");
            (file, write_midi(roll, &format!("{name} {what}")))
        };
        let mut files = vec![
            midi("before", &self.before),
            midi("after", &self.after),
            (format!("{name}.svg"), self.picture()?.into_bytes()),
        ];
        for (percent, roll) in BETWEEN.iter().zip(&self.between) {
            let title = format!("{}. at {percent} %", self.number);
            let drawn = picture(&title, &self.before, roll)?;
            files.push(midi(&percent.to_string(), roll));
            files.push((
                format!("{}.svg", self.name_at(*percent)),
                drawn.into_bytes(),
            ));
        }
        Ok(files)
    }
}

/// A phrase before and after over each other, as SVG.
///
/// # Errors
/// The phrase cannot be drawn.
pub fn picture(title: &str, before: &NoteRoll, after: &NoteRoll) -> Result<String, EvaluateError> {
    // Drawn from the files' own bytes, so that it shows what they hold.
    let song = |roll| {
        let smf = Smf::read(&write_midi(roll, "")).map_err(|why| why.to_string());
        smf.and_then(|smf| Song::of(&smf).map_err(|why| why.to_string()))
            .map_err(EvaluateError::Picture)
    };
    let (before, after) = (song(before)?, song(after)?);
    let marks = |song| svg::marks(song, &PartSelection::default());
    Ok(svg::draw(&Picture {
        title,
        subtitle: "",
        grid: before.grid(),
        before: &marks(&before),
        after: &marks(&after),
    }))
}

/// All files of the examples and their index, `README.md`; `by` says what made them.
///
/// # Errors
/// A phrase cannot be drawn.
pub fn files(
    examples: &[Example],
    by: &str,
    split: Split,
) -> Result<BTreeMap<String, Vec<u8>>, EvaluateError> {
    let mut files = BTreeMap::new();
    let mut index = format!(
        "# Before and after\n\n\
         {} phrases of the {split} split, moved at full amount by {by}.\n\
         Nobody picked them: the phrases stand in the order of their piece's SHA-256, and every \
         k-th is here.\n\
         The notes lie on the 16-step grid at 120 beats a minute, all as loud: this is what the \
         networks hear and write.\n\
         In the pictures grey notes are kept, red ones that are crossed out removed, blue ones added.\n\n\
         | | piece | bars | before | after | picture |\n|---|---|---|---|---|---|\n",
        examples.len()
    );
    for example in examples {
        let first = 4 * example.phrase + 1;
        let name = example.name();
        // Writing to a string cannot fail.
        let _ = writeln!(
            index,
            "| {}. {} \u{2192} {} | {} | {first}\u{2013}{} | [MIDI]({name}-before.mid) | \
             [MIDI]({name}-after.mid) | [SVG]({name}.svg) |",
            example.number,
            example.source,
            example.target,
            example.file,
            first + 3
        );
        files.extend(example.files()?);
    }
    if examples.iter().any(|example| !example.between.is_empty()) {
        index.push_str(
            "\n## The way of the knob\n\n\
             The first phrase of each direction between the ends. No note is half there: each edit \
             comes whole, in the order of the network's confidence.\n\n",
        );
    }
    for example in examples {
        for (percent, _) in BETWEEN.iter().zip(&example.between) {
            let name = example.name_at(*percent);
            let _ = writeln!(
                index,
                "{}. at {percent} %: [MIDI]({name}.mid)\n\n![at {percent} %]({name}.svg)\n",
                example.number
            );
        }
    }
    files.insert("README.md".to_owned(), index.into_bytes());
    Ok(files)
}

#[cfg(test)]
mod tests;
