//! Third Stream: the piano roll, the networks, their training and the transfer.
//!
//! | module | what it is | feature |
//! |---|---|---|
//! | [`genre`] | genres, genre pairs, directions | – |
//! | [`perform`] | edited phrases to timed notes, live and on the command line | – |
//! | [`roll`] | the piano roll of a phrase, its edits, quantisation | – |
//! | [`smf`] | Standard MIDI files, read and written back | – |
//! | [`song`] | a file's notes in beats, its bars, phrases and rolls | – |

pub mod genre;
pub mod perform;
pub mod roll;
pub mod smf;
pub mod song;
