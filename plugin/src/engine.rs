//! The engine: one worker in the process, on a pool of its own threads, shared by all instances of
//! the plugin.
//!
//! It is started when the first instance is activated (never while a host scans), and joined
//! before the last instance is gone, so no thread outlives the library. It polls each instance's
//! requests, works on the one that is needed earliest, drops those that nobody waits for any
//! more, also between two passes for an answer, and answers. The networks are loaded once, on the worker.
//!
//! No function here may be called from the audio thread: that side only has its channels.

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

/// Makes the model; called once, on the worker.
pub type Load = Box<dyn FnOnce() -> Result<Box<dyn Model>, ModelError> + Send>;

/// The worker of this process while any instance has it.
static WORKER: Mutex<Weak<InferenceWorker>> = Mutex::new(Weak::new());

/// The process's worker: the one that runs, or a new one that calls `load` first. Main thread.
pub fn shared(load: fn() -> Result<Box<dyn Model>, ModelError>) -> Arc<InferenceWorker> {
    let mut worker = WORKER.lock();
    if let Some(engine) = worker.upgrade() {
        return engine;
    }
    let engine = Arc::new(InferenceWorker::start(Box::new(load)));
    *worker = Arc::downgrade(&engine);
    engine
}

/// Threads that the passes are shared out to: sixty-four instances that ask both directions of
/// different music at the same beat need two. More would be in the way of the host's own.
pub(crate) fn threads() -> usize {
    const MOST: usize = 2;
    std::thread::available_parallelism().map_or(1, |cores| cores.get().min(MOST))
}

/// A running worker. Dropping it stops and joins its threads.
#[derive(Debug)]
pub struct InferenceWorker {
    inbox: Arc<Inbox>,
    status: Arc<Status>,
    /// `None` where the system gave no threads.
    threads: Option<Threads>,
}

/// What the worker looks at between two passes, beside the instances' channels.
#[derive(Debug, Default)]
struct Inbox {
    /// Instances that came since the worker last looked. Locked by main threads and the worker.
    arrivals: Mutex<Vec<WorkerEnd>>,
    /// Keepers of memories that came since then.
    keepers: Mutex<Vec<Weak<Keeper>>>,
    /// The worker should end.
    stop: AtomicBool,
    /// Where the worker runs, once it does.
    worker: OnceLock<Thread>,
}

impl Inbox {
    fn wake(&self) {
        if let Some(worker) = self.worker.get() {
            worker.unpark();
        }
    }
}

/// The worker's threads: a pool that nobody else uses, on one of which it lives. Dropping them
/// joins them, once the worker has come to its end.
#[derive(Debug)]
struct Threads {
    pool: Option<ThreadPool>,
    handles: Vec<JoinHandle<()>>,
}

impl Threads {
    /// So many threads with a stack of that size; `None` for the usual one.
    fn start(number: usize, stack: Option<usize>) -> Result<Self, rayon::ThreadPoolBuildError> {
        let mut threads = Self {
            pool: None,
            handles: Vec::new(),
        };
        let pool = ThreadPoolBuilder::new()
            .num_threads(number)
            // Without one a panic would end the host. The worker's own passes are caught in it.
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
        // They end when nobody has their pool.
        self.pool = None;
        for thread in self.handles.drain(..) {
            // Panics were told of where they happened.
            drop(thread.join());
        }
    }
}

impl InferenceWorker {
    /// Starts a worker that calls `load` first. A system that gives no thread leaves an engine
    /// that has failed: notes play dry.
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

    /// Hands the worker an instance's requests. It lets go of them when the other end is dropped.
    pub fn attach(&self, end: WorkerEnd) {
        // Without a thread nobody would ever answer: the end is dropped, so that a bounce does
        // not wait for it.
        if self.threads.is_some() {
            self.inbox.arrivals.lock().push(end);
            self.inbox.wake();
        }
    }

    /// The worker files what the memory's instance learns, so that nothing piles up between two
    /// savings of the project. It lets go when nobody else holds the keeper.
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
