//! Third Stream: the piano roll, the networks, their training and the transfer.
//!
//! | module | what it is | feature |
//! |---|---|---|
//! | `family` | the networks: the arranger, which plays by default, and the CycleGAN | `net` |
//! | [`drums`] | which channels are drums | – |
//! | [`genre`] | genres, genre pairs, directions | – |
//! | [`perform`] | edited phrases to timed notes, live and on the command line | – |
//! | [`roll`] | the piano roll of a phrase, its edits, quantisation | – |
//! | [`smf`] | standard MIDI files, read and written without loss | – |
//! | [`song`] | a file's notes in beats, its bars, slots and phrases | – |
//! | [`svg`] | before and after as a picture | – |
//! | `nn` | operations, kernels, initialisation, forward passes, the optimiser | `net` |
//! | `data` | a corpus of music, and draws from it | `train` |
//! | `classify` | genre classifiers and stranger tests | `train` |
//! | `evaluate` | metrics, baselines and reports | `train` |
//! | `weights` | weights files: both generators of a pair and their header | `net` |
//! | [`files`] | files that are whole or not there | – |
//! | [`words`] | words for counts | – |
//! | `shipped` | the weights that come with the programs | `net` |
//! | `user_weights` | weights of the user's own, in the user's folder | `net` |
//! | `transfer` | a roll through a generator to its edits | `net` |
//! | `train` | losses, steps, checkpoints, the loop | `train` |

#![warn(clippy::missing_errors_doc)]

#[cfg(feature = "train")]
pub mod classify;
#[cfg(feature = "train")]
pub mod data;
pub mod drums;
#[cfg(feature = "train")]
pub mod evaluate;
#[cfg(feature = "net")]
pub mod family;
pub mod files;
pub mod genre;
#[cfg(feature = "net")]
pub mod nn;
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
pub mod user_weights;
#[cfg(feature = "net")]
pub mod weights;
pub mod words;
