//! Training: the loop, its checkpoints and reports, and what learns in it.
//!
//! | module | what it is |
//! |---|---|
//! | [`arranger`] | the arranger: its batches, steps, losses and validation |
//! | [`cyclegan`] | the CycleGAN: its steps, losses and validation |
//! | [`recipe`] | what a run does, in one small file |
//! | [`schedule`] | the learning rate over the steps |
//! | [`run`] | the loop, and what may learn in it |
//! | [`record`] | what a run is: pair, music, recipe |
//! | [`checkpoint`] | everything that the next step needs, in one file |
//! | [`progress`] | progress bar, plain lines, `metrics.jsonl` |
//! | [`page`] | the run's page, `report.html` |
//! | `lock` | the lock of a run's folder |

pub mod arranger;
pub mod checkpoint;
pub mod cyclegan;
mod lock;
pub mod page;
pub mod progress;
pub mod recipe;
pub mod record;
pub mod run;
pub mod schedule;

pub use lock::LockError;
