//! Laws of the real-time core, with a song, a host and answers made up.

mod dry;
mod laws;
mod song;
mod transport;

pub(super) use song::transport;
