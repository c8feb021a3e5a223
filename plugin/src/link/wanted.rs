//! The table of requests that are still wanted: written by the audio thread, read by the worker
//! between two passes. Atomics only, no waiting.
//!
//! The newest request at a place is wanted until it is given up. A new generation makes all earlier
//! requests stale.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use super::Request;

/// Number of places: live two for each of six groups, in place one for each pending phrase.
pub const PLACES: usize = 16;

/// No request; greater than any group's number.
const NOTHING: u64 = u64::MAX;

/// State shared by both ends of a link.
#[derive(Debug)]
pub(super) struct Shared {
    generation: AtomicU32,
    /// The group that is wanted at each place, or [`NOTHING`].
    places: [AtomicU64; PLACES],
    /// The instance is gone.
    gone: AtomicBool,
    /// Set by the worker after each response.
    pub(super) mail: AtomicBool,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            generation: AtomicU32::new(0),
            places: [const { AtomicU64::new(NOTHING) }; PLACES],
            gone: AtomicBool::new(false),
            mail: AtomicBool::new(false),
        }
    }
}

impl Shared {
    /// Makes requests of earlier generations stale.
    pub(super) fn renew(&self, generation: u32) {
        self.generation.store(generation, Ordering::Release);
    }

    /// Makes `request` the one that is wanted at its place. Call before it is sent.
    pub(super) fn count(&self, request: &Request) {
        self.write(request.place, u64::from(request.group));
    }

    /// Makes the request at a place stale.
    pub(super) fn give_up(&self, place: usize) {
        self.write(place, NOTHING);
    }

    fn write(&self, place: usize, group: u64) {
        if let Some(counts) = self.places.get(place) {
            counts.store(group, Ordering::Release);
        }
    }

    /// The instance is gone.
    pub(super) fn leave(&self) {
        self.gone.store(true, Ordering::Release);
    }
}

/// Watches one request. Any thread.
#[derive(Clone, Debug)]
pub(crate) struct Watch {
    shared: Arc<Shared>,
    generation: u32,
    place: usize,
    group: u32,
}

impl Watch {
    pub(super) fn new(shared: &Arc<Shared>, request: &Request) -> Self {
        Self {
            shared: Arc::clone(shared),
            generation: request.generation,
            place: request.place,
            group: request.group,
        }
    }

    /// True if the request's answer can still be used.
    pub(crate) fn is_wanted(&self) -> bool {
        let shared = &self.shared;
        let counts = shared.places.get(self.place);
        !shared.gone.load(Ordering::Acquire)
            && shared.generation.load(Ordering::Acquire) == self.generation
            && counts.is_some_and(|group| group.load(Ordering::Acquire) == u64::from(self.group))
    }
}
