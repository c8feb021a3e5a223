//! In place's memory of the song, and its way into the project and back.
//!
//! | part | what it is | thread |
//! |---|---|---|
//! | `place` | which phrase a bar slot belongs to | any |
//! | `notes`, `store`, `set`, `heard` | the memory in the core, of fixed size | audio |
//! | `document`, `code` | the memory as it is saved | main, engine |
//! | `song` | the memory as one song, for export to MIDI | editor |
//!
//! The audio thread owns the [`Memory`](store::Memory) and sends every change, by value, over a
//! channel. The [`Keeper`] at the other end files the changes in a document, which the project
//! saves. A loaded project goes the other way: the keeper builds a whole memory, the audio thread
//! swaps it for its own and sends the old one back to be freed. No side waits.

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

/// Capacity of the changes' channel; the engine empties it every few milliseconds.
const FILINGS: usize = 64;
/// Capacity of the channel for old memories; never more than were handed over.
const RETURNS: usize = 4;

/// A saved memory: the document's bytes as base64.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Saved(String);

/// Files the changes from the audio thread and hands it loaded memories. Called from the host's
/// main thread, the editor and the engine; never from the audio thread.
#[derive(Debug, Default)]
pub(crate) struct Keeper {
    desk: Mutex<Desk>,
}

#[derive(Debug, Default)]
struct Desk {
    document: Document,
    /// The memory forgotten last, to be brought back.
    forgotten: Document,
    /// Increases with each memory handed over.
    epoch: u32,
    /// The channels' ends, once an instance is active.
    channels: Option<Channels>,
}

#[derive(Debug)]
struct Channels {
    filings: Receiver<Filing>,
    handovers: Sender<Memory>,
    /// Set after each memory handed over.
    handed: Arc<AtomicBool>,
    /// The receiving end, to take back a memory that was not taken up.
    untaken: Receiver<Memory>,
    returns: Receiver<Memory>,
}

/// The audio thread's end: sends changes, takes up memories.
#[derive(Debug)]
pub(crate) struct Post {
    filings: Sender<Filing>,
    handovers: Receiver<Memory>,
    handed: Arc<AtomicBool>,
    returns: Sender<Memory>,
}

impl Keeper {
    /// The memory and the audio thread's end, for an instance's first activation. Allocates.
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

    /// Files the pending changes and frees old memories. Quick.
    pub(crate) fn file(&self) {
        self.desk.lock().file();
    }

    /// Forgets every bar (the editor's button).
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

    /// Brings back the memory forgotten last, by button or parameter, and puts the present one
    /// aside in its place: calling it twice changes nothing.
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

    /// Number of bars that [`Keeper::bring_back`] would bring back.
    pub(crate) fn forgotten(&self) -> usize {
        self.desk.lock().forgotten.len()
    }

    /// An independent copy with the same memory.
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

    /// The whole song as it was played.
    pub(crate) fn song(&self) -> Song {
        let mut desk = self.desk.lock();
        desk.file();
        Song::of(&desk.document)
    }

    /// The document as the project saves it.
    fn save(&self) -> Saved {
        let mut desk = self.desk.lock();
        desk.file();
        if desk.document.len() == 0 {
            return Saved::default();
        }
        Saved(BASE64.encode(code::encode(&desk.document)))
    }

    /// Replaces the present document by a saved one. One that cannot be read is logged and replaced
    /// by an empty one, so that its bars are learned again.
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
        // The forgotten memory belongs to the project before.
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
            // There is room: the last one was just taken back, and only this thread sends.
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

    /// True if a memory waits to be taken up and the old one can be sent back: the audio thread
    /// must not free it. Audio thread.
    pub(crate) fn is_handed_over(&self) -> bool {
        self.handed.load(Ordering::Acquire) && !self.returns.is_full()
    }

    /// Takes up a memory and sends the old one back; false if there is none. Audio thread.
    pub(crate) fn take_up(&self, memory: &mut Memory) -> bool {
        if !self.is_handed_over() {
            return false;
        }
        // Reset first: a later memory is either received below or sets the flag again.
        self.handed.swap(false, Ordering::AcqRel);
        let Ok(new) = self.handovers.try_recv() else {
            return false;
        };
        let old = std::mem::replace(memory, new);
        if let Err(unsent) = self.returns.try_send(old) {
            // The keeper is gone: leaked, because the audio thread must not free.
            std::mem::forget(unsent);
        }
        true
    }
}

#[cfg(test)]
pub(crate) mod tests;
