//! Drag of a saved phrase, with its messages.

use std::path::PathBuf;

use crate::drag::{Drag, DragEnd, DragError};
use crate::editor::Notice;

/// A file that is being dragged. Dropping this cancels the drag.
#[derive(Debug)]
pub(super) struct Dragging {
    drag: Drag,
    file: PathBuf,
}

impl Dragging {
    /// Starts to drag `file`; also returns the message meanwhile. `window` is the editor's X11 id.
    pub(super) fn start(file: PathBuf, window: Option<u32>) -> Result<(Self, Notice), DragError> {
        let drag = Drag::start(file.clone(), window)?;
        let said = format!("Saved {}: drop it onto a track", file.display());
        Ok((Self { drag, file }, Notice::Done(said)))
    }

    /// The message about the result, once the drag is over.
    pub(super) fn done(&mut self) -> Option<Notice> {
        let ended = self.drag.done()?;
        let file = self.file.display();
        Some(match ended {
            Ok(DragEnd::Taken) => Notice::Done(format!("Dropped {file}")),
            Ok(DragEnd::Refused) => Notice::Warning(format!(
                "Saved {file}, but what it was dropped on takes no files: try a track or a folder"
            )),
            Ok(DragEnd::GivenUp) => Notice::Done(format!("Saved {file}")),
            Err(error) => Notice::Warning(error.to_string()),
        })
    }
}
