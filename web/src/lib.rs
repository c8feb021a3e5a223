//! Third Stream for a web page: a MIDI file and a knob in, a MIDI file out.
//!
//! Runs the code of `third-stream transfer`: the same reader, networks and writer. A web worker
//! calls [`exports`] with bytes and JSON; the rest is plain Rust, tested without a browser.

pub mod exports;
mod open;
mod page;
mod settings;
mod shown;

pub use page::{Page, PageError};
