//! The inference engine: one worker for the process, on a thread pool of its own, shared by all
//! instances of the plugin.
//!
//! It starts when the first instance is activated (never while a host scans) and is joined before
//! the last instance is gone, so no thread outlives the library. It loads the networks once, polls
//! the instances' requests, answers the one with the earliest deadline, and drops stale requests,
//! also between two passes of one answer.
//!
//! The audio thread calls nothing here; it only has its channels.

mod firsts;
mod gpu_or_cpu;
mod memo;
mod model;
mod status;
mod worker;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::thread::{JoinHandle, Thread};

use parking_lot::Mutex;
use rayon::{ThreadPool, ThreadPoolBuilder};

pub(crate) use gpu_or_cpu::GpuOrCpu;
pub(crate) use model::caught;
pub use model::{Model, ModelError, Question, Wanted};
pub use status::{Reading, Status, WorkerState};

use crate::link::WorkerEnd;
use crate::memory::Keeper;

/// Creates the model; called once, on the worker.
pub type Load = Box<dyn FnOnce() -> Result<Box<dyn Model>, ModelError> + Send>;

/// The process's worker, while any instance holds it.
static WORKER: Mutex<Weak<InferenceWorker>> = Mutex::new(Weak::new());

/// The process's worker; without one, starts a worker that calls `load` first. Main thread.
pub fn shared(load: fn() -> Result<Box<dyn Model>, ModelError>) -> Arc<InferenceWorker> {
    let mut worker = WORKER.lock();
    if let Some(engine) = worker.upgrade() {
        return engine;
    }
    let engine = Arc::new(InferenceWorker::start(Box::new(load)));
    *worker = Arc::downgrade(&engine);
    engine
}

/// Threads of the pool: two are enough for sixty-four instances that ask in both directions at the
/// same beat. More would compete with the host's.
pub(crate) fn threads() -> usize {
    const MOST: usize = 2;
    std::thread::available_parallelism().map_or(1, |cores| cores.get().min(MOST))
}

/// A running worker. Dropping it stops and joins its threads.
#[derive(Debug)]
pub struct InferenceWorker {
    inbox: Arc<Inbox>,
    status: Arc<Status>,
    /// `None` if no thread could be started.
    threads: Option<Threads>,
}

/// Input of the worker beside the instances' channels.
#[derive(Debug, Default)]
struct Inbox {
    /// Instances added since the worker last looked. Locked by main threads and the worker.
    arrivals: Mutex<Vec<WorkerEnd>>,
    /// Memory keepers added since then.
    keepers: Mutex<Vec<Weak<Keeper>>>,
    /// Asks the worker to end.
    stop: AtomicBool,
    /// Handle of the worker's thread, to wake it.
    worker: OnceLock<Thread>,
}

impl Inbox {
    fn wake(&self) {
        if let Some(worker) = self.worker.get() {
            worker.unpark();
        }
    }
}

/// The worker's thread pool; the worker runs on one of its threads. Dropping this joins them after
/// the worker has ended.
#[derive(Debug)]
struct Threads {
    pool: Option<ThreadPool>,
    handles: Vec<JoinHandle<()>>,
}

impl Threads {
    /// Starts `number` threads with a stack of `stack` bytes; `None` for the default.
    fn start(number: usize, stack: Option<usize>) -> Result<Self, rayon::ThreadPoolBuildError> {
        let mut threads = Self {
            pool: None,
            handles: Vec::new(),
        };
        let pool = ThreadPoolBuilder::new()
            .num_threads(number)
            // Without a handler a panic would abort the host. Panics in a pass are caught by the
            // worker.
            .panic_handler(|_| tracing::error!("the engine's thread ended in a panic"))
            .spawn_handler(|place| {
                let mut thread = std::thread::Builder::new().name("third-stream-engine".into());
                if let Some(stack) = stack {
                    thread = thread.stack_size(stack);
                }
                threads.handles.push(thread.spawn(|| place.run())?);
                Ok(())
            })
            .build()?;
        threads.pool = Some(pool);
        Ok(threads)
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        // The threads end once the pool is dropped.
        self.pool = None;
        for thread in self.handles.drain(..) {
            // A panic was logged where it happened.
            drop(thread.join());
        }
    }
}

impl InferenceWorker {
    /// Starts a worker that calls `load` first. Without a thread the engine is failed, and notes
    /// play dry.
    pub fn start(load: Load) -> Self {
        Self::start_on(None, load)
    }

    fn start_on(stack: Option<usize>, load: Load) -> Self {
        let inbox = Arc::new(Inbox::default());
        let status = Arc::new(Status::default());
        status.set(WorkerState::Loading);
        let (its_inbox, its_status) = (Arc::clone(&inbox), Arc::clone(&status));
        let threads = Threads::start(threads(), stack)
            .or_else(|_| Threads::start(1, stack))
            .inspect_err(|error| {
                tracing::error!("no thread for the engine: {error}; notes play dry");
                status.fail(format!("no thread: {error}"));
            })
            .ok();
        if let Some(pool) = threads.as_ref().and_then(|threads| threads.pool.as_ref()) {
            pool.spawn(move || worker::run(&its_inbox, &its_status, load));
        }
        Self {
            inbox,
            status,
            threads,
        }
    }

    /// Adds an instance; it is removed when its [`AudioEnd`](crate::link::AudioEnd) is dropped.
    pub fn attach(&self, end: WorkerEnd) {
        // Without a thread nobody answers: the end is dropped, so that a bounce does not wait.
        if self.threads.is_some() {
            self.inbox.arrivals.lock().push(end);
            self.inbox.wake();
        }
    }

    /// Lets the worker file the changes of an instance's memory, so that few are pending when the
    /// project is saved. The keeper is removed when nobody else holds it.
    pub(crate) fn keep(&self, keeper: &Arc<Keeper>) {
        self.inbox.keepers.lock().push(Arc::downgrade(keeper));
    }

    /// The worker's state, for the editor.
    pub fn status(&self) -> &Arc<Status> {
        &self.status
    }
}

impl Drop for InferenceWorker {
    fn drop(&mut self) {
        self.inbox.stop.store(true, Ordering::Release);
        self.inbox.wake();
        self.threads = None;
    }
}

#[cfg(test)]
mod tests;
