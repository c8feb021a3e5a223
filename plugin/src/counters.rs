//! What all instances in this process have counted, for a host that tests and has no editor to
//! look at. Compiled with the feature `rt-check` only.

use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use crate::engine::State;
use crate::shared::Shared;

/// Every instance that was activated. Main threads only.
static INSTANCES: Mutex<Vec<Weak<Shared>>> = Mutex::new(Vec::new());

/// Sums over all instances that are alive.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct Counters {
    /// Bars that sounded dry because their answer was late, missing or failed.
    pub late: u64,
    /// Notes and messages that were lost because a table was full.
    pub dropped: u64,
    /// Instances whose engine has failed.
    pub failed: u64,
}

/// From now on the instance counts.
pub(crate) fn watch(shared: &Arc<Shared>) {
    let mut instances = INSTANCES.lock();
    instances.retain(|one| one.strong_count() > 0);
    instances.push(Arc::downgrade(shared));
}

/// The counters now. Main thread, while nothing is processed.
#[expect(unsafe_code, reason = "found by its name in the library")]
// SAFETY: no other library has a function of that name.
#[unsafe(no_mangle)]
pub extern "C" fn third_stream_counters() -> Counters {
    let mut sum = Counters::default();
    for shared in INSTANCES.lock().iter().filter_map(Weak::upgrade) {
        let view = shared.snapshot.read().unwrap_or_default();
        sum.late += u64::from(view.late);
        sum.dropped += u64::from(view.dropped);
        sum.failed += u64::from(shared.engine().state == State::Failed);
    }
    sum
}
