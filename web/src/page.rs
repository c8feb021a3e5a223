//! State of the page: the networks and one file.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use third_stream_model::genre::GenreError;
use third_stream_model::transfer::{SongTransferError, Transfer, TransferError};
use third_stream_model::weights::WeightsError;

use crate::open::Open;
use crate::settings::Settings;

/// Why a task failed, as a message to the page's user.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// The weights are damaged, or too large for the memory.
    #[error("the page's weights cannot be used: {0}; build the page again")]
    Weights(#[from] WeightsError),
    /// Not a MIDI file, or too long.
    #[error(transparent)]
    File(#[from] SongTransferError),
    /// A pass failed.
    #[error(transparent)]
    Pass(#[from] TransferError),
    /// No weights are loaded.
    #[error("the networks are not loaded yet")]
    NoWeights,
    /// No file is open.
    #[error("no MIDI file is open; open one first")]
    NoFile,
    /// An unknown pair of genres.
    #[error(transparent)]
    Pair(GenreError),
    /// A value out of range.
    #[error("{what} is at {value}, expected {lowest} to {highest}")]
    Range {
        /// Name of the control.
        what: &'static str,
        /// Its value.
        value: f32,
        /// Minimum.
        lowest: i8,
        /// Maximum.
        highest: i8,
    },
    /// This many answers are missing.
    #[error("phrase {0} has no answer yet")]
    Unanswered(usize),
    /// An invalid request.
    #[error("the page and its module do not fit together ({0}); build the page again")]
    Request(String),
}

/// A phrase and the settings of its question.
#[derive(Deserialize)]
struct Ask {
    settings: Settings,
    phrase: usize,
}

/// The networks and the open file.
#[derive(Debug, Default)]
pub struct Page {
    transfer: Option<Transfer>,
    open: Option<Open>,
}

impl Page {
    /// Runs a task on the bytes `sent` and returns the bytes of its answer.
    ///
    /// | task | sent | answer |
    /// |---|---|---|
    /// | 0 | a weights file | nothing |
    /// | 1 | a MIDI file | JSON: its bars, tempo, tracks, notes |
    /// | 2 | JSON: the settings | JSON: the phrases without an answer |
    /// | 3 | JSON: the settings, a phrase | nothing; runs the networks on the phrase |
    /// | 4 | JSON: the settings | JSON: the change of each note, and the notes after it |
    /// | 5 | nothing | the MIDI file of the last task 4 |
    ///
    /// # Errors
    /// The bytes are invalid, or something that the task needs is missing.
    pub fn call(&mut self, task: u32, sent: &[u8]) -> Result<Vec<u8>, PageError> {
        match task {
            0 => {
                self.transfer = Some(Transfer::from_bytes(sent)?);
                Ok(Vec::new())
            }
            1 => {
                // The open file stays if this one cannot be read.
                let open = Open::read(sent)?;
                let about = json(&open.about())?;
                self.open = Some(open);
                Ok(about)
            }
            2 => json(&self.open()?.missing(&settings(sent)?)?),
            3 => {
                let ask: Ask = of_json(sent)?;
                ask.settings.check()?;
                let transfer = self.transfer.as_ref().ok_or(PageError::NoWeights)?;
                let open = self.open.as_mut().ok_or(PageError::NoFile)?;
                open.ask(transfer, &ask.settings, ask.phrase)?;
                Ok(Vec::new())
            }
            4 => {
                let open = self.open.as_mut().ok_or(PageError::NoFile)?;
                json(&open.render(&settings(sent)?)?)
            }
            5 => Ok(self.open()?.written().to_vec()),
            other => Err(PageError::Request(format!("task {other}"))),
        }
    }

    fn open(&self) -> Result<&Open, PageError> {
        self.open.as_ref().ok_or(PageError::NoFile)
    }
}

fn settings(sent: &[u8]) -> Result<Settings, PageError> {
    let settings: Settings = of_json(sent)?;
    settings.check()?;
    Ok(settings)
}

fn of_json<T: DeserializeOwned>(sent: &[u8]) -> Result<T, PageError> {
    serde_json::from_slice(sent).map_err(|error| PageError::Request(error.to_string()))
}

fn json(value: &impl serde::Serialize) -> Result<Vec<u8>, PageError> {
    serde_json::to_vec(value).map_err(|error| PageError::Request(error.to_string()))
}

#[cfg(test)]
mod tests;
