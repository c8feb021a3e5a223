//! Training of the arranger: it learns to fill in hidden notes of real phrases of each genre.
//!
//! | module | what it is |
//! |---|---|
//! | [`masks`] | which cells are hidden |
//! | [`disturb`] | a tune that is not quite the phrase's, and a harmony that is not quite right |
//! | [`batch`] | what a step learns from; a pure function of seed and step |
//! | [`loss`] | what the logits say wrongly of hidden cells |
//! | [`state`] | the network, its running mean and optimiser, and one step of them |
//! | [`learner`] | the training state as the loop drives it |
//! | [`style`] | a style of the user's own, which a trained network learns in minutes |
//! | [`validation`] | which weights of a run are best |

pub mod batch;
pub mod disturb;
pub mod learner;
pub mod loss;
pub mod masks;
pub mod state;
pub mod style;
pub mod validation;
