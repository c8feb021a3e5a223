//! Third Stream: the piano roll, the networks, their training and the transfer.
//!
//! | module | what it is | feature |
//! |---|---|---|
//! | `family` | the arranger: the network that plays by default | `net` |
//! | [`drums`] | which channels are drums | – |
//! | [`genre`] | genres, genre pairs, directions | – |
//! | [`perform`] | edited phrases to timed notes, live and on the command line | – |
//! | [`roll`] | the piano roll of a phrase, its edits, quantisation | – |
//! | [`smf`] | standard MIDI files, read and written without loss | – |
//! | [`song`] | a file's notes in beats, its bars, slots and phrases | – |
//! | [`svg`] | before and after as a picture | – |
//! | `net` | the generator and the discriminator, with their operations | `net` |
//! | `weights` | weights files: both generators of a pair and their header | `net` |
//! | [`files`] | files that are whole or not there | – |
//! | [`words`] | words for counts | – |
//! | `shipped` | the weights that come with the programs | `net` |
//! | `own` | weights of the user's own, in the user's folder | `net` |
//! | `transfer` | a roll through a generator to its edits | `net` |
//! | `train` | corpus, batches, losses, steps, checkpoints, evaluation | `train` |

pub mod drums;
#[cfg(feature = "net")]
pub mod family;
pub mod files;
pub mod genre;
#[cfg(feature = "net")]
pub mod net;
#[cfg(feature = "net")]
pub mod own;
pub mod perform;
pub mod roll;
#[cfg(feature = "net")]
pub mod shipped;
pub mod smf;
pub mod song;
pub mod svg;
#[cfg(feature = "train")]
pub mod train;
#[cfg(feature = "net")]
pub mod transfer;
#[cfg(feature = "net")]
pub mod weights;
pub mod words;
