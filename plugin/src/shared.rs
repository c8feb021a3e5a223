//! What one instance of the plugin shares with its editor, beside the parameters.

use std::sync::Arc;

use parking_lot::Mutex;

use crate::engine::{Reading, Status};
use crate::incoming::Incoming;
use crate::rt::snapshot::Snapshot;

/// Read by the editor; the audio thread knows the snapshot and the incoming notes.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    /// What the audio thread shows of itself, by atomics.
    pub(crate) snapshot: Arc<Snapshot>,
    /// The notes that come in, by atomics.
    pub(crate) incoming: Incoming,
    /// The worker's status; `None` before the first activation. Locked by the host's main thread
    /// and the editor, never by the audio thread.
    status: Mutex<Option<Arc<Status>>>,
}

impl Shared {
    /// From now on the engine's state is that of `status`.
    pub(crate) fn follow(&self, status: &Arc<Status>) {
        *self.status.lock() = Some(Arc::clone(status));
    }

    /// The engine's state now.
    pub(crate) fn engine(&self) -> Reading {
        let status = self.status.lock().clone();
        status.map(|status| status.read()).unwrap_or_default()
    }
}
