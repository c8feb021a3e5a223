//! Third Stream: the piano roll, the networks, their training and the transfer.
//!
//! | module | what it is | feature |
//! |---|---|---|
//! | [`genre`] | genres, genre pairs, directions | – |
//! | [`roll`] | the piano roll of a phrase, its edits, quantisation | – |
//! | [`smf`] | Standard MIDI files, read and written back | – |
//! | [`song`] | a file's notes in beats, its bars, phrases and rolls | – |
//! | `net` | the generator and the discriminator, with their operations | `net` |
//! | `train` | the corpus, batches, the loop, checkpoints, reports, evaluation | `train` |

pub mod genre;
#[cfg(feature = "net")]
pub mod net;
pub mod roll;
pub mod smf;
pub mod song;
#[cfg(feature = "train")]
pub mod train;
