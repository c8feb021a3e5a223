//! The transfer of Third Stream for a web page: a MIDI file, a knob, a MIDI file.
//!
//! What runs here is what `third-stream transfer` runs: the same reading, the same networks, the
//! same writing. A worker of the page calls [`exports`] with bytes and JSON; all else is plain
//! Rust that is tested without a browser.

pub mod exports;
mod open;
mod page;
mod settings;
mod shown;

pub use page::{Page, PageError};
