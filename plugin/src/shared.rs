//! State shared by one instance and its editor, beside the parameters.

use std::sync::Arc;

use parking_lot::Mutex;

use crate::engine::{Reading, Status};
use crate::incoming::Incoming;
use crate::rt::snapshot::Snapshot;

/// Read by the editor; the audio thread writes the snapshot and the incoming notes.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    /// The core's snapshot, by atomics.
    pub(crate) snapshot: Arc<Snapshot>,
    /// Incoming notes, by atomics.
    pub(crate) incoming: Incoming,
    /// Status of the worker; `None` before the first activation. Locked by main thread and editor,
    /// never by the audio thread.
    status: Mutex<Option<Arc<Status>>>,
}

impl Shared {
    /// Shows this worker's status from now on.
    pub(crate) fn follow(&self, status: &Arc<Status>) {
        *self.status.lock() = Some(Arc::clone(status));
    }

    /// The engine's status now.
    pub(crate) fn engine(&self) -> Reading {
        let status = self.status.lock().clone();
        status.map(|status| status.read()).unwrap_or_default()
    }
}
