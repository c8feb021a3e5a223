//! Counters of one instance: fate of its requests, and causes of its dry bars. For test hosts; a
//! release build counts nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// True if this build counts.
pub(crate) const COUNTS: bool = cfg!(any(test, feature = "rt-check"));

/// A counted event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counted {
    /// A request was sent.
    Asked,
    /// A request was not sent for want of room.
    NoRoom,
    /// A response was sent, of any outcome.
    Answered,
    /// A response said that the request was stale.
    Stale,
    /// A response said that the networks failed.
    Refused,
    /// A response was used.
    Taken,
    /// A bar was dry although it was asked about in time.
    Late,
    /// A bar was dry because it could not be asked about in time: play began, or the song jumped,
    /// right before it.
    Unasked,
}

/// Number of kinds.
const KINDS: usize = Counted::Unasked as usize + 1;

/// Counters of one instance; clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Counts(Option<Arc<[AtomicU64; KINDS]>>);

impl Default for Counts {
    fn default() -> Self {
        Self(COUNTS.then(Arc::default))
    }
}

impl Counts {
    /// Adds one. A reader that knows of a response finds it counted.
    pub(crate) fn add(&self, counted: Counted) {
        if COUNTS && let Some(counts) = &self.0 {
            counts[counted as usize].fetch_add(1, Ordering::Release);
        }
    }

    /// The count of one kind.
    #[cfg(any(test, feature = "rt-check"))]
    pub(crate) fn of(&self, counted: Counted) -> u64 {
        let counts = self.0.as_ref();
        counts.map_or(0, |counts| counts[counted as usize].load(Ordering::Acquire))
    }

    /// True if no other clone is left, so that the counts are final.
    #[cfg(feature = "rt-check")]
    pub(crate) fn are_final(&self) -> bool {
        let counts = self.0.as_ref();
        counts.is_none_or(|counts| Arc::strong_count(counts) == 1)
    }
}
