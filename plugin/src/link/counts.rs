//! What became of one instance's questions, and which of its bars were dry for want of an answer.
//! For a host that tests: a release counts nothing, and its audio thread does nothing for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Whether this build counts.
pub(crate) const COUNTS: bool = cfg!(any(test, feature = "rt-check"));

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counted {
    /// A question that was sent.
    Asked,
    /// A question that was to be sent, and found no room.
    NoRoom,
    /// An answer that was sent, whatever it says.
    Answered,
    /// Of these, one that says only that nobody waits for it any more.
    Stale,
    /// Of these, one that says only that the networks gave none.
    Refused,
    /// An answer that was taken in.
    Taken,
    /// A bar that was dry although it was asked about in time: its answer was not there.
    Late,
    /// A bar that was dry because it could not be asked about in time: play began, or the song
    /// jumped, right before it.
    Unasked,
}

/// How many kinds there are.
const KINDS: usize = Counted::Unasked as usize + 1;

/// The counts of one instance, shared by those who count and those who read.
#[derive(Clone, Debug)]
pub(crate) struct Counts(Option<Arc<[AtomicU64; KINDS]>>);

impl Default for Counts {
    fn default() -> Self {
        Self(COUNTS.then(Arc::default))
    }
}

impl Counts {
    /// Counts one. Who reads that an answer was sent finds it there.
    pub(crate) fn add(&self, counted: Counted) {
        if COUNTS && let Some(counts) = &self.0 {
            counts[counted as usize].fetch_add(1, Ordering::Release);
        }
    }

    /// How many there were.
    #[cfg(any(test, feature = "rt-check"))]
    pub(crate) fn of(&self, counted: Counted) -> u64 {
        let counts = self.0.as_ref();
        counts.map_or(0, |counts| counts[counted as usize].load(Ordering::Acquire))
    }

    /// Whether nobody counts any more.
    #[cfg(feature = "rt-check")]
    pub(crate) fn are_final(&self) -> bool {
        let counts = self.0.as_ref();
        counts.is_none_or(|counts| Arc::strong_count(counts) == 1)
    }
}
