//! Drags a saved file out of the editor's window into another program, where the system is X11.
//!
//! baseview begins no drags, so a thread of its own speaks XDND (version 5) over a connection of
//! its own. It ends when the file was taken or refused, when the editor closes, or by itself.

#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "for X11 only"))]
mod source;
#[cfg(target_os = "linux")]
mod x11;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

#[cfg(target_os = "linux")]
pub(crate) use x11::window_id;

/// The number of a window of X11; here none has one.
#[cfg(not(target_os = "linux"))]
pub(crate) fn window_id<W>(_: &W) -> Option<u32> {
    None
}

/// Whether files can be dragged out of the window here.
pub(crate) const AVAILABLE: bool = cfg!(target_os = "linux");

/// How a drag ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DragEnd {
    /// Another program took the file.
    Taken,
    /// Nothing under the pointer takes files.
    Refused,
    /// The button was held for too long, or the editor closed.
    GivenUp,
}

/// Why there was no drag.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DragError {
    /// The system refused a thread.
    #[error("Not dragged: {0}: the file is saved, take it from its folder")]
    Thread(#[from] io::Error),
    /// The X server is not there, or refused something.
    #[error("Not dragged: the X server: {0}: the file is saved, take it from its folder")]
    Server(String),
}

/// A file that is being dragged. Dropping it gives up and waits for the thread's end.
#[derive(Debug)]
pub(crate) struct Drag {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result<DragEnd, DragError>>>,
}

impl Drag {
    /// Begins to drag `file`, whose path is absolute, with the first button, which is held.
    /// `window` is the editor's own, which takes nothing.
    pub(crate) fn start(file: PathBuf, window: Option<u32>) -> Result<Self, DragError> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::Builder::new()
            .name("third-stream-drag".into())
            .spawn(move || drag(&file, window, &stopped))?;
        let thread = Some(thread);
        Ok(Self { stop, thread })
    }

    /// How it ended, once it has.
    pub(crate) fn done(&mut self) -> Option<Result<DragEnd, DragError>> {
        let thread = self.thread.take_if(|thread| thread.is_finished())?;
        // A panic in it says nothing more than that nobody took the file.
        Some(thread.join().unwrap_or(Ok(DragEnd::GivenUp)))
    }
}

impl Drop for Drag {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(target_os = "linux")]
fn drag(
    file: &std::path::Path,
    window: Option<u32>,
    stop: &AtomicBool,
) -> Result<DragEnd, DragError> {
    x11::drag(file, window, stop).map_err(|error| DragError::Server(error.to_string()))
}

#[cfg(not(target_os = "linux"))]
fn drag(_: &std::path::Path, _: Option<u32>, _: &AtomicBool) -> Result<DragEnd, DragError> {
    Err(DragError::Server("there is none here".into()))
}
