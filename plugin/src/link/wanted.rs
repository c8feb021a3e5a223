//! Which questions of an instance still count: the audio thread writes it, the worker reads it
//! between two passes of the networks. Atomics only, so neither ever waits for the other.
//!
//! A question has a place; the newest one that was asked at a place counts there until it is
//! given up. A new generation makes all that was asked before count for nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use super::Request;

/// Places of questions: live two for each of six groups, in place one for each phrase that is out.
pub const PLACES: usize = 16;

/// No question: greater than any number of a group.
const NOTHING: u64 = u64::MAX;

/// What one instance still waits for, and whether a response has come.
#[derive(Debug)]
pub(super) struct Shared {
    generation: AtomicU32,
    /// The group that counts at each place, or [`NOTHING`].
    places: [AtomicU64; PLACES],
    /// The instance is gone.
    gone: AtomicBool,
    /// Set by the worker behind each response.
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
    /// Nothing that was asked before this generation counts.
    pub(super) fn renew(&self, generation: u32) {
        self.generation.store(generation, Ordering::Release);
    }

    /// A request is about to be sent: at its place it counts, and nothing else.
    pub(super) fn count(&self, request: &Request) {
        self.write(request.place, u64::from(request.group));
    }

    /// What was asked at a place counts no more.
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

/// Whether one question still counts. Any thread may ask.
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

    /// Whether its answer may still be used.
    pub(crate) fn is_wanted(&self) -> bool {
        let shared = &self.shared;
        let counts = shared.places.get(self.place);
        !shared.gone.load(Ordering::Acquire)
            && shared.generation.load(Ordering::Acquire) == self.generation
            && counts.is_some_and(|group| group.load(Ordering::Acquire) == u64::from(self.group))
    }
}
