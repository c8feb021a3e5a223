//! Drag and drop of a saved file out of the editor's window, on X11.
//!
//! baseview starts no drags, so a thread speaks XDND 5 over a connection of its own. It ends when
//! the file is taken or refused, when the editor closes, or by a timeout.

#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "for X11 only"))]
mod source;
#[cfg(target_os = "linux")]
mod x11;

use std::io;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use crate::cancellable::Cancellable;

#[cfg(target_os = "linux")]
pub(crate) use x11::window_id;

/// The X11 id of a window; `None` on other systems.
#[cfg(not(target_os = "linux"))]
pub(crate) fn window_id<W>(_: &W) -> Option<u32> {
    None
}

/// True if files can be dragged out of the window on this system.
pub(crate) const AVAILABLE: bool = cfg!(target_os = "linux");

/// How a drag ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DragEnd {
    /// Another program took the file.
    Taken,
    /// Nothing under the pointer accepts files.
    Refused,
    /// The button was held too long, or the editor closed.
    GivenUp,
}

/// Why a drag could not start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DragError {
    /// No thread.
    #[error("Not dragged: {0}: the file is saved, take it from its folder")]
    Thread(#[from] io::Error),
    /// No X server, or an error from it.
    #[error("Not dragged: the X server: {0}: the file is saved, take it from its folder")]
    Server(String),
}

/// A running drag of a file. Dropping this cancels it and joins its thread.
#[derive(Debug)]
pub(crate) struct Drag(Cancellable<Result<DragEnd, DragError>>);

impl Drag {
    /// Starts to drag `file` (an absolute path) with the first mouse button, which is down.
    /// `window` is the editor's own and accepts nothing.
    pub(crate) fn start(file: PathBuf, window: Option<u32>) -> Result<Self, DragError> {
        let drag = move |stop: &AtomicBool| drag(&file, window, stop);
        Ok(Self(Cancellable::start("third-stream-drag", drag)?))
    }

    /// The result, once the drag is over.
    pub(crate) fn done(&mut self) -> Option<Result<DragEnd, DragError>> {
        // A panic in the thread counts as a cancelled drag.
        Some(self.0.done()?.unwrap_or(Ok(DragEnd::GivenUp)))
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
