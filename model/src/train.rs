//! Training: the corpus, batches, the loop, its checkpoints and its reports.
//!
//! | module | what it is |
//! |---|---|
//! | [`data`] | phrases of each genre and split, with what was left out and why |
//! | [`arranger`] | the arranger: its batches, steps, losses and validation |
//! | `archive` | the corpus: `MANIFEST.csv` and one archive a genre |
//! | [`starter`] | the corpus that comes with the programs |
//! | `folder` | any folder of MIDI files |
//! | `cache` | the rolls of a corpus in one file, for a quick second start and little memory |
//! | [`rolls`] | phrases in memory or in that file |
//! | [`evaluate`] | judge, metrics, baselines, tables |
//! | [`batch`] | weighted, transposed draws; a pure function of seed and step |
//! | [`recipe`] | what a run does, in one small file |
//! | [`state`] | networks, optimisers, past fakes, and one step of them |
//! | `losses` | the losses as the authors' code computes them |
//! | `adam` | the optimiser |
//! | `past` | fakes of earlier steps |
//! | [`validation`] | which weights of a run are best |
//! | `urn` | weighted draws, and the random numbers of a step |
//! | [`schedule`] | the learning rate over the steps |
//! | [`learner`] | the training state as the loop drives it |
//! | [`run`] | the loop, and what may learn in it |
//! | [`record`] | what a run is: pair, music, recipe |
//! | [`checkpoint`] | everything that the next step needs, in one file |
//! | [`threshold`] | the threshold above which a cell sounds, matched to the density |
//! | [`report`] | progress bar, plain lines, `metrics.jsonl` |
//! | `lock` | the lock of a run's folder |

mod adam;
mod archive;
pub mod arranger;
pub mod batch;
mod cache;
pub mod checkpoint;
pub mod data;
pub mod evaluate;
mod folder;
pub mod learner;
mod lock;
mod losses;
pub mod page;
mod past;
pub mod recipe;
pub mod record;
pub mod report;
pub mod rolls;
pub mod run;
pub mod schedule;
pub mod starter;
pub mod state;
pub mod threshold;
mod urn;
pub mod validation;

pub use lock::LockError;
