//! Training: the corpus, batches, the loop, its checkpoints and its reports.
//!
//! | module | what it is |
//! |---|---|
//! | [`data`] | phrases of each genre and split, with what was left out and why |
//! | `archive` | the corpus: `MANIFEST.csv` and one archive a genre |
//! | `folder` | any folder of MIDI files |
//! | `cache` | the rolls of a corpus in one file, for a quick second start |
//! | [`evaluate`] | judges, metrics, baselines, tables |

mod archive;
mod cache;
pub mod data;
pub mod evaluate;
mod folder;
