//! A change counter: one number that the audio thread compares to see whether any setting changed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Counts changes of parameters; clones share the count.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changes(Arc<AtomicU32>);

impl Changes {
    /// A callback for the framework, which calls it after each change of a parameter, on any
    /// thread.
    pub(crate) fn count<T>(&self) -> Arc<dyn Fn(T) + Send + Sync> {
        let changes = self.clone();
        Arc::new(move |_| changes.add())
    }

    /// Counts one more change.
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::Release);
    }

    /// The present count.
    pub(crate) fn count_now(&self) -> u32 {
        self.0.load(Ordering::Acquire)
    }
}
