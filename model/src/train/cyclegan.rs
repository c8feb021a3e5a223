//! Training of the CycleGAN, step by step as in the authors' code.
//!
//! | module | what it is |
//! |---|---|
//! | [`state`] | networks, optimisers, past fakes, and one step of them |
//! | `losses` | the losses as the authors' code computes them |
//! | `replay` | fakes of earlier steps |
//! | [`learner`] | the training state as the loop drives it |
//! | [`validation`] | which weights of a run are best |

pub mod learner;
mod losses;
mod replay;
pub mod state;
pub mod validation;
