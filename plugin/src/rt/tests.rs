//! Laws of the real-time core, with a song, a host and answers made up.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::disallowed_types,
    reason = "no audio thread here"
)]

mod clip;
mod counts;
mod drums;
mod dry;
mod in_place;
mod laws;
mod offline;
mod room;
mod saved;
mod sessions;
mod shown;
mod song;
mod transport;
mod turn;
mod unwanted;

pub(super) use song::transport;
