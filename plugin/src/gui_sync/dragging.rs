//! A saved phrase that is dragged out of the window, and what is said of it.

use std::path::PathBuf;

use crate::drag::{Drag, DragEnd, DragError};
use crate::editor::Notice;

/// A file on its way out of the window. Dropping it gives the drag up.
#[derive(Debug)]
pub(super) struct Dragging {
    drag: Drag,
    file: PathBuf,
}

impl Dragging {
    /// Begins to drag `file` out of the window of that number; also what is said meanwhile.
    pub(super) fn start(file: PathBuf, window: Option<u32>) -> Result<(Self, Notice), DragError> {
        let drag = Drag::start(file.clone(), window)?;
        let said = format!("Saved {}: drop it onto a track", file.display());
        Ok((Self { drag, file }, Notice::Done(said)))
    }

    /// What came of it, once it is over.
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
