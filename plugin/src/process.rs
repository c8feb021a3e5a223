//! What all instances of this process share: the worker that runs the plugin's networks, and the
//! numbers by which it tells the instances apart.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::engine::{self, InferenceWorker};
use crate::weights;

/// The process's worker: the one that runs, or a new one that loads the plugin's own weights.
/// Hold it as long as the instance lives. Main thread.
pub fn worker() -> Arc<InferenceWorker> {
    engine::shared(weights::load)
}

/// A number for whoever asks the worker in this process.
pub(crate) fn next_instance() -> u64 {
    static INSTANCES: AtomicU64 = AtomicU64::new(0);
    INSTANCES.fetch_add(1, Ordering::Relaxed)
}
