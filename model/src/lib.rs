//! Third Stream: the piano roll, the networks, their training and the transfer.
//!
//! | module | what it is | feature |
//! |---|---|---|
//! | [`genre`] | genres, genre pairs, directions | – |
//! | [`perform`] | edited phrases to timed notes, live and on the command line | – |
//! | [`roll`] | the piano roll of a phrase, its edits, quantisation | – |

pub mod genre;
pub mod perform;
pub mod roll;
