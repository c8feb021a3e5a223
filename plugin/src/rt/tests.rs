//! Tests of the real-time core with scripted hosts, songs and networks.
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
