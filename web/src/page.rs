//! What the page has: the networks and one file.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use third_stream_model::genre::GenreError;
use third_stream_model::transfer::{SongTransferError, Transfer, TransferError};
use third_stream_model::weights::WeightsError;

use crate::open::Open;
use crate::settings::Settings;

/// Why something was not done, in words for the page's user.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// The weights are damaged, or need more memory than there is.
    #[error("the page's weights cannot be used: {0}; build the page again")]
    Weights(#[from] WeightsError),
    /// The file is no MIDI file, or too long.
    #[error(transparent)]
    File(#[from] SongTransferError),
    /// A pass failed.
    #[error(transparent)]
    Pass(#[from] TransferError),
    /// There are no weights yet.
    #[error("the networks are not loaded yet")]
    NoWeights,
    /// There is no file yet.
    #[error("no MIDI file is open; open one first")]
    NoFile,
    /// A pair of genres that is none.
    #[error(transparent)]
    Pair(GenreError),
    /// A control beyond its ends.
    #[error("{what} is at {value}, expected {lowest} to {highest}")]
    Range {
        /// Its name.
        what: &'static str,
        /// Where it is.
        value: f32,
        /// Its lowest value.
        lowest: i8,
        /// Its highest.
        highest: i8,
    },
    /// Answers are missing.
    #[error("phrase {0} has no answer yet")]
    Unanswered(usize),
    /// A request that the page never makes.
    #[error("the page and its module do not fit together ({0}); build the page again")]
    Request(String),
}

/// A phrase and the settings it is asked with.
#[derive(Deserialize)]
struct Ask {
    settings: Settings,
    phrase: usize,
}

/// The networks and the file that is open.
#[derive(Debug, Default)]
pub struct Page {
    transfer: Option<Transfer>,
    open: Option<Open>,
}

impl Page {
    /// Does a task with what was sent, and gives the answer's bytes.
    ///
    /// | task | sent | answer |
    /// |---|---|---|
    /// | 0 | a weights file | nothing |
    /// | 1 | a MIDI file | JSON: its bars, tempo, tracks, notes |
    /// | 2 | JSON: the settings | JSON: the phrases that have no answer yet |
    /// | 3 | JSON: the settings, a phrase | nothing; the networks have answered |
    /// | 4 | JSON: the settings | JSON: what became of each note, and the notes now |
    /// | 5 | nothing | the MIDI file of the last task 4 |
    ///
    /// # Errors
    /// If it cannot be done.
    pub fn call(&mut self, task: u32, sent: &[u8]) -> Result<Vec<u8>, PageError> {
        match task {
            0 => {
                self.transfer = Some(Transfer::from_bytes(sent)?);
                Ok(Vec::new())
            }
            1 => {
                // What is open stays so if this is no MIDI file.
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
