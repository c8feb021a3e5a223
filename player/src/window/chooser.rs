//! The system's file dialog.

use std::sync::mpsc::{Receiver, channel};

use rfd::FileDialog;

use super::Chosen;

/// The dialog, while it is open.
#[derive(Default)]
pub(super) struct Chooser {
    answer: Option<Receiver<Chosen>>,
}

impl Chooser {
    /// Opens the dialog, unless it is open.
    pub(super) fn open(&mut self) {
        if self.answer.is_some() {
            return;
        }
        let (say, answer) = channel();
        let ask = move || {
            let dialog = FileDialog::new().set_title("Open a MIDI file");
            let dialog = dialog.add_filter("MIDI files", &["mid", "midi", "MID"]);
            // The window may be closed by now.
            let _ = say.send(dialog.pick_file());
        };
        if cfg!(target_os = "macos") {
            // On this system all windows belong to the main thread.
            ask();
        } else if std::thread::Builder::new().spawn(ask).is_err() {
            return;
        }
        self.answer = Some(answer);
    }

    /// The file chosen since the last call.
    pub(super) fn chosen(&mut self) -> Chosen {
        use std::sync::mpsc::TryRecvError;
        match self.answer.as_ref()?.try_recv() {
            Err(TryRecvError::Empty) => None,
            Ok(chosen) => {
                self.answer = None;
                chosen
            }
            Err(TryRecvError::Disconnected) => {
                self.answer = None;
                None
            }
        }
    }
}
