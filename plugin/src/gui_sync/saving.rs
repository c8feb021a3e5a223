//! Export of the learned song on a thread of its own.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use crate::export::{self, ExportError, SavedSong};
use crate::link::link;
use crate::params::ThirdStreamParams;
use crate::process;
use crate::rt::Settings;

/// A running export. Dropping this cancels it and joins the thread.
#[derive(Debug)]
pub(super) struct Saving {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result<SavedSong, ExportError>>>,
}

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
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::Builder::new()
            .name("third-stream-save".into())
            .spawn(move || {
                // Held to the end: it may be the only handle of the worker.
                let mut engine = None;
                let connect = || {
                    let (audio, worker) = link(process::next_instance());
                    engine.insert(process::worker()).attach(worker);
                    audio
                };
                let goes_on = || !stopped.load(Ordering::Relaxed);
                let folder = export::folder();
                export::song::save(folder.as_deref(), &memory, &settings, connect, goes_on)
            })?;
        let thread = Some(thread);
        Ok(Self { stop, thread })
    }

    /// The result, once the export is over.
    pub(super) fn done(&mut self) -> Option<Result<SavedSong, ExportError>> {
        let thread = self.thread.take_if(|thread| thread.is_finished())?;
        // A panic in the thread counts as a cancelled export.
        Some(thread.join().unwrap_or(Err(ExportError::Cancelled)))
    }
}

impl Drop for Saving {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
