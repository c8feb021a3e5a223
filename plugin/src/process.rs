//! State shared by all instances in the process: the worker, and the numbers by which it identifies
//! them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::engine::{self, InferenceWorker};
use crate::weights;

/// The process's worker; without one, starts a worker with the plugin's weights. Hold it while the
/// instance lives. Main thread.
pub fn worker() -> Arc<InferenceWorker> {
    engine::shared(weights::load)
}

/// A new number for a client of the worker.
pub(crate) fn next_instance() -> u64 {
    static INSTANCES: AtomicU64 = AtomicU64::new(0);
    INSTANCES.fetch_add(1, Ordering::Relaxed)
}
