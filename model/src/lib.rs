//! Third Stream: the piano roll, the networks, their training and the transfer.
//!
//! | module | what it is | feature |
//! |---|---|---|
//! | [`genre`] | genres, genre pairs, directions | – |
//! | [`roll`] | the piano roll of a phrase, its edits, quantisation | – |
//! | [`train`] | training and evaluation | `train` |

pub mod genre;
pub mod roll;
#[cfg(feature = "train")]
pub mod train;
