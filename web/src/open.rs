//! The open file, with a cache of the networks' answers.

use std::collections::{BTreeMap, VecDeque};

use third_stream_model::roll::edits::Edits;
use third_stream_model::song::PartSelection;
use third_stream_model::transfer::{SongTransfer, Transfer};

use crate::PageError;
use crate::settings::{Question, Settings};
use crate::shown::{About, Shown};

/// Number of questions in the cache: both ends of a knob, before and after a change.
const KEPT: usize = 4;

/// Answers to one question, by phrase. A phrase without notes has `Some(None)`.
type Answers = Vec<Option<Option<Edits>>>;

/// The open file and its answers.
#[derive(Debug)]
pub(crate) struct Open {
    file: SongTransfer,
    /// Least recently used first.
    answers: VecDeque<(Question, Answers)>,
    written: Vec<u8>,
}

impl Open {
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, PageError> {
        let file = SongTransfer::read(bytes, &PartSelection::default(), &BTreeMap::new())?;
        Ok(Self {
            file,
            answers: VecDeque::new(),
            written: bytes.to_vec(),
        })
    }

    pub(crate) fn about(&self) -> About {
        About::of(&self.file)
    }

    /// Phrases with notes that have no answer under these settings.
    pub(crate) fn missing(&self, settings: &Settings) -> Result<Vec<usize>, PageError> {
        let Some(question) = settings.question()? else {
            return Ok(Vec::new());
        };
        let answers = self.answers_to(&question);
        let phrases = self.file.phrases().iter().enumerate();
        let asked = phrases.filter(|(_, phrase)| !phrase.heard.notes.is_empty());
        let missing = asked.filter(|(index, _)| answers.is_none_or(|a| a[*index].is_none()));
        Ok(missing.map(|(index, _)| index).collect())
    }

    fn answers_to(&self, question: &Question) -> Option<&Answers> {
        let mut kept = self.answers.iter();
        let found = kept.find(|(asked, _)| asked == question);
        found.map(|(_, answers)| answers)
    }

    /// Runs the networks on a phrase.
    pub(crate) fn ask(
        &mut self,
        transfer: &Transfer,
        settings: &Settings,
        phrase: usize,
    ) -> Result<(), PageError> {
        let Some(question) = settings.question()? else {
            return Ok(());
        };
        let phrases = self.file.phrases().len();
        if phrase >= phrases {
            return Err(PageError::Request(format!("phrase {phrase} of {phrases}")));
        }
        let ends = settings.ends()?;
        let edits = self.file.edits(phrase, question.wish(), |notes, wish| {
            transfer.edits(notes, ends, wish)
        })?;
        let place = self
            .answers
            .iter()
            .position(|(asked, _)| *asked == question);
        let kept = place.and_then(|place| self.answers.remove(place));
        let (_, mut answers) = kept.unwrap_or_else(|| (question, vec![None; phrases]));
        answers[phrase] = Some(edits);
        self.answers.push_back((question, answers));
        if self.answers.len() > KEPT {
            self.answers.pop_front();
        }
        Ok(())
    }

    /// Applies the answers with these settings and writes the file.
    pub(crate) fn render(&mut self, settings: &Settings) -> Result<Shown, PageError> {
        if let Some(missing) = self.missing(settings)?.first() {
            return Err(PageError::Unanswered(missing + 1));
        }
        let answers = settings.question()?;
        let answers = answers.and_then(|question| self.answers_to(&question));
        let phrases = 0..self.file.phrases().len();
        let edits = phrases.map(|index| answers.and_then(|answers| answers[index].flatten()));
        let edits: Vec<Option<Edits>> = edits.collect();
        let rendition = self.file.render(&edits, settings.control());
        self.written = self.file.written(&rendition);
        Shown::of(&self.file, &rendition, &self.written)
    }

    /// The file as last rendered.
    pub(crate) fn written(&self) -> &[u8] {
        &self.written
    }
}
