//! What In place remembers of the song, and how it comes from the project and goes back into it.
//!
//! | part | what it is | thread |
//! |---|---|---|
//! | `place` | which phrase a bar slot belongs to | any |
//! | `notes`, `store`, `set`, `heard` | the memory as the core plays it, of fixed size | audio |
//! | `document`, `code` | the memory as it is saved | main, engine |
//! | `song` | the memory as one song, to be saved as MIDI | editor |
//!
//! The audio thread owns the [`Memory`](store::Memory) and sends every change, by value, over a
//! channel. The [`Keeper`] on the other side files the changes in a document, and that is what a
//! project saves. The other way a memory is handed over whole: the keeper makes it, the audio
//! thread swaps it for its own and sends that back to be freed. Nobody waits for anybody.

mod code;
mod document;
mod heard;
mod notes;
mod place;
mod set;
mod song;
mod store;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use crossbeam::channel::{Receiver, Sender, bounded};
use nice_plug::params::persist::PersistentField;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

pub(crate) use code::CodeError;
use document::{Document, Filing};
pub(crate) use notes::{Remembered, TICKS, ticks};
pub(crate) use place::{Meter, Place, SAME, SLOT, steps_of};
pub(crate) use song::{Section, Song, SongNote};
pub(crate) use store::Memory;

/// Changes that can wait to be filed: the engine looks every few milliseconds.
const FILINGS: usize = 64;
/// Memories on their way back to be freed; never more than have been handed over.
const RETURNS: usize = 4;

/// The memory in a project's state: the document's bytes as base64.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Saved(String);

/// Files what the audio thread has learned and hands it what a project brings. Called from the
/// host's main thread, the editor and the engine; never from the audio thread.
#[derive(Debug, Default)]
pub(crate) struct Keeper {
    desk: Mutex<Desk>,
}

#[derive(Debug, Default)]
struct Desk {
    document: Document,
    /// What was forgotten last, to be brought back.
    forgotten: Document,
    /// Grows with each memory that is handed over.
    epoch: u32,
    /// The ends of the channels, once an instance is active.
    channels: Option<Channels>,
}

#[derive(Debug)]
struct Channels {
    filings: Receiver<Filing>,
    handovers: Sender<Memory>,
    /// Set behind each memory that is handed over.
    handed: Arc<AtomicBool>,
    /// The other end, to take back what was not taken up.
    untaken: Receiver<Memory>,
    returns: Receiver<Memory>,
}

/// The audio thread's end: it sends changes and takes up memories.
#[derive(Debug)]
pub(crate) struct Post {
    filings: Sender<Filing>,
    handovers: Receiver<Memory>,
    handed: Arc<AtomicBool>,
    returns: Sender<Memory>,
}

impl Keeper {
    /// The memory and the audio thread's end for an instance that is activated for the first
    /// time. Allocates.
    pub(crate) fn open(&self) -> (Memory, Post) {
        let mut desk = self.desk.lock();
        let (filing_in, filing_out) = bounded(FILINGS);
        let (handover_in, handover_out) = bounded(1);
        let (return_in, return_out) = bounded(RETURNS);
        let handed = Arc::new(AtomicBool::new(false));
        desk.channels = Some(Channels {
            filings: filing_out,
            handovers: handover_in,
            handed: Arc::clone(&handed),
            untaken: handover_out.clone(),
            returns: return_out,
        });
        let post = Post {
            filings: filing_in,
            handovers: handover_out,
            handed,
            returns: return_in,
        };
        (Memory::of(&desk.document, desk.epoch), post)
    }

    /// Files what has come and frees what was sent back. Quick.
    pub(crate) fn file(&self) {
        self.desk.lock().file();
    }

    /// Forgets every bar: the editor's button.
    pub(crate) fn forget(&self) {
        let mut desk = self.desk.lock();
        desk.file();
        let Desk {
            document,
            forgotten,
            ..
        } = &mut *desk;
        document.put_aside(forgotten);
        desk.load(Document::default());
    }

    /// Brings back what was forgotten last, by button or parameter. What was learned since is put
    /// aside in its place, so doing it twice changes nothing.
    pub(crate) fn bring_back(&self) {
        let mut desk = self.desk.lock();
        desk.file();
        if desk.forgotten.len() == 0 {
            return;
        }
        let document = std::mem::take(&mut desk.forgotten);
        desk.forgotten = std::mem::take(&mut desk.document);
        desk.load(document);
    }

    /// Bars that [`Keeper::bring_back`] would bring back.
    pub(crate) fn forgotten(&self) -> usize {
        self.desk.lock().forgotten.len()
    }

    /// A keeper of its own with the same memory.
    pub(crate) fn copy(&self) -> Self {
        let mut desk = self.desk.lock();
        desk.file();
        let document = desk.document.clone();
        Self {
            desk: Mutex::new(Desk {
                document,
                ..Desk::default()
            }),
        }
    }

    /// The whole song as it was heard: see [`Song`].
    pub(crate) fn song(&self) -> Song {
        let mut desk = self.desk.lock();
        desk.file();
        Song::of(&desk.document)
    }

    /// The document as it is saved.
    fn save(&self) -> Saved {
        let mut desk = self.desk.lock();
        desk.file();
        if desk.document.len() == 0 {
            return Saved::default();
        }
        Saved(BASE64.encode(code::encode(&desk.document)))
    }

    /// Takes a saved document in place of the present one. What cannot be read is reported and
    /// replaced by an empty one: the bars are then learned again.
    fn load(&self, saved: &Saved) {
        let document = saved.read().unwrap_or_else(|error| {
            tracing::warn!(
                "the bars that In place remembered cannot be read ({error}); they are learned \
                 again on the next pass"
            );
            Document::default()
        });
        let mut desk = self.desk.lock();
        desk.load(document);
        // That was of another project, or of this one before it was opened.
        desk.forgotten = Document::default();
    }
}

impl Desk {
    fn file(&mut self) {
        let Self {
            document,
            forgotten,
            epoch,
            channels: Some(channels),
        } = self
        else {
            return;
        };
        let filings = channels.filings.try_iter();
        for filing in filings.filter(|filing| filing.epoch == *epoch) {
            if filing.bar.is_none() {
                document.put_aside(forgotten);
            }
            document.file(&filing);
        }
        channels.returns.try_iter().for_each(drop);
    }

    fn load(&mut self, document: Document) {
        self.file();
        self.document = document;
        self.epoch = self.epoch.wrapping_add(1);
        if let Some(channels) = &self.channels {
            channels.untaken.try_iter().for_each(drop);
            let memory = Memory::of(&self.document, self.epoch);
            // There is room: what was there was just taken back, and nobody else sends.
            let _ = channels.handovers.try_send(memory);
            channels.handed.store(true, Ordering::Release);
        }
    }
}

impl Saved {
    fn read(&self) -> Result<Document, CodeError> {
        if self.0.is_empty() {
            return Ok(Document::default());
        }
        if self.0.len() > code::MOST_TEXT {
            return Err(CodeError::Long(self.0.len()));
        }
        let bytes = BASE64.decode(&self.0).map_err(|_| CodeError::Text)?;
        code::decode(&bytes)
    }
}

impl PersistentField<'_, Saved> for Arc<Keeper> {
    fn set(&self, saved: Saved) {
        self.load(&saved);
    }

    fn map<F, R>(&self, read: F) -> R
    where
        F: Fn(&Saved) -> R,
    {
        read(&self.save())
    }
}

impl Post {
    /// Sends as many changes as there is room for. Audio thread.
    pub(crate) fn file(&self, memory: &mut Memory) {
        while memory.has_filings() && !self.filings.is_full() {
            let Some(filing) = memory.filing() else {
                return;
            };
            // There is room: only this thread sends.
            let _ = self.filings.try_send(filing);
        }
    }

    /// Whether a memory is handed over. Without room to send the old one back it waits: freeing is
    /// for other threads. Audio thread.
    pub(crate) fn is_handed_over(&self) -> bool {
        self.handed.load(Ordering::Acquire) && !self.returns.is_full()
    }

    /// Takes up a memory that is handed over; the present one goes back to be freed. False: there
    /// is none. Audio thread.
    pub(crate) fn take_up(&self, memory: &mut Memory) -> bool {
        if !self.is_handed_over() {
            return false;
        }
        // First: what comes from here on is either found or announces itself again.
        self.handed.swap(false, Ordering::AcqRel);
        let Ok(new) = self.handovers.try_recv() else {
            return false;
        };
        let old = std::mem::replace(memory, new);
        if let Err(unsent) = self.returns.try_send(old) {
            // Nobody is there any more to free it.
            std::mem::forget(unsent);
        }
        true
    }
}

#[cfg(test)]
pub(crate) mod tests;
