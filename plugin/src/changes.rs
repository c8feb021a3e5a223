//! How often anything that is set has changed, in one number that the audio thread compares.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// How often any parameter has changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changes(Arc<AtomicU32>);

impl Changes {
    /// What the framework calls behind each change of a parameter, on whichever thread.
    pub(crate) fn count<T>(&self) -> Arc<dyn Fn(T) + Send + Sync> {
        let changes = self.clone();
        Arc::new(move |_| changes.add())
    }

    /// Counts one more change.
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::Release);
    }

    /// The count now.
    pub(crate) fn count_now(&self) -> u32 {
        self.0.load(Ordering::Acquire)
    }
}
