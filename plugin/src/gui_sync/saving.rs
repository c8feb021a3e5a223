//! Export of the learned song on a thread of its own.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::cancellable::Cancellable;
use crate::export::{self, ExportError, SavedSong};
use crate::link::link;
use crate::params::ThirdStreamParams;
use crate::process;
use crate::rt::Settings;

/// A running export. Dropping this cancels it and joins the thread.
#[derive(Debug)]
pub(super) struct Saving(Cancellable<Result<SavedSong, ExportError>>);

impl Saving {
    /// Starts to save the memory with the present settings.
    pub(super) fn start(params: &ThirdStreamParams) -> io::Result<Self> {
        let memory = params.memory.copy();
        let settings = Settings {
            knob: params.knob(),
            quantise: params.quantise.value() / 100.0,
            guard: params.guard(),
            weights: params.settings().weights,
            ..Settings::default()
        };
        let save = move |stop: &AtomicBool| {
            // Held to the end: it may be the only handle of the worker.
            let mut engine = None;
            let connect = || {
                let (audio, worker) = link(process::next_instance());
                engine.insert(process::worker()).attach(worker);
                audio
            };
            let goes_on = || !stop.load(Ordering::Relaxed);
            let folder = export::folder();
            export::song::save(folder.as_deref(), &memory, &settings, connect, goes_on)
        };
        Cancellable::start("third-stream-save", save).map(Self)
    }

    /// The result, once the export is over.
    pub(super) fn done(&mut self) -> Option<Result<SavedSong, ExportError>> {
        // A panic in the thread counts as a cancelled export.
        let done = self.0.done()?;
        Some(done.unwrap_or(Err(ExportError::Cancelled)))
    }
}
