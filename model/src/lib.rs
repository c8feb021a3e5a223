//! Third Stream: the piano roll, the networks, their training and the transfer.
//!
//! | module | what it is | feature |
//! |---|---|---|
//! | [`genre`] | genres, genre pairs, directions | – |
//! | [`roll`] | the piano roll of a phrase, its edits, quantisation | – |
//! | `net` | the generator and the discriminator, with their operations | `net` |

pub mod genre;
#[cfg(feature = "net")]
pub mod net;
pub mod roll;
