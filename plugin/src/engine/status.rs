//! The worker's status for the editor: figures as atomics, texts behind a lock that the audio
//! thread never takes.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

/// State of the worker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WorkerState {
    /// No worker: the instance was never activated.
    #[default]
    Asleep,
    /// Loading and warming up the networks.
    Loading,
    /// Answering.
    Ready,
    /// Loading or a pass failed: no answers, notes play dry.
    Failed,
}

/// The status, written by the worker and read by the editor.
#[derive(Debug, Default)]
pub struct Status {
    state: AtomicU8,
    passes: AtomicU64,
    /// Duration of the last pass in nanoseconds; 0 before the first.
    last_pass: AtomicU64,
    device: Mutex<String>,
    error: Mutex<Option<String>>,
    refused: Mutex<BTreeMap<NonZeroU32, String>>,
}

/// A snapshot of the status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// State of the worker.
    pub state: WorkerState,
    /// Forward passes since the start, without the warm-up.
    pub passes: u64,
    /// Duration of the last pass.
    pub last_pass: Option<Duration>,
    /// Device that the networks run on; empty until they are loaded.
    pub device: String,
    /// The reason of a failure.
    pub error: Option<String>,
    /// User weights that cannot be used, by number, with the reason; requests for them play dry.
    pub refused: BTreeMap<NonZeroU32, String>,
}

impl Status {
    /// Takes a snapshot.
    pub fn read(&self) -> Reading {
        let nanos = self.last_pass.load(Ordering::Relaxed);
        Reading {
            state: state_of(self.state.load(Ordering::Acquire)),
            passes: self.passes.load(Ordering::Relaxed),
            last_pass: (nanos > 0).then(|| Duration::from_nanos(nanos)),
            device: self.device.lock().clone(),
            error: self.error.lock().clone(),
            refused: self.refused.lock().clone(),
        }
    }

    /// The state alone.
    pub fn state(&self) -> WorkerState {
        state_of(self.state.load(Ordering::Acquire))
    }

    pub(super) fn set(&self, state: WorkerState) {
        if state != WorkerState::Failed {
            *self.error.lock() = None;
        }
        self.state.store(state as u8, Ordering::Release);
    }

    pub(super) fn fail(&self, error: String) {
        *self.error.lock() = Some(error);
        self.set(WorkerState::Failed);
    }

    pub(super) fn refuse(&self, own: NonZeroU32, why: String) {
        self.refused.lock().insert(own, why);
    }

    pub(super) fn accept(&self, own: NonZeroU32) {
        self.refused.lock().remove(&own);
    }

    pub(super) fn loaded(&self, device: &str) {
        self.runs_on(device);
        self.set(WorkerState::Ready);
    }

    pub(super) fn runs_on(&self, device: &str) {
        let mut known = self.device.lock();
        if *known != device {
            device.clone_into(&mut known);
        }
    }

    pub(super) fn passed(&self, took: Duration) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX).max(1);
        self.last_pass.store(nanos, Ordering::Relaxed);
        self.passes.fetch_add(1, Ordering::Relaxed);
    }
}

const fn state_of(number: u8) -> WorkerState {
    match number {
        1 => WorkerState::Loading,
        2 => WorkerState::Ready,
        3 => WorkerState::Failed,
        _ => WorkerState::Asleep,
    }
}
