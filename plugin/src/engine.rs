//! The engine: one worker thread in the process, with a helper for its passes, shared by all
//! instances of the plugin.
//!
//! It is started when the first instance is activated (never while a host scans), and joined
//! before the last instance is gone, so no thread outlives the library. It polls each instance's
//! requests, works on the one that is needed earliest, drops those that nobody waits for any
//! more, and answers. The networks are loaded once, on the worker.
//!
//! No function here may be called from the audio thread: that side only has its channels.

mod fallback;
mod memo;
mod model;
mod status;
mod worker;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;

use parking_lot::Mutex;

pub(crate) use fallback::Fallback;
pub(crate) use model::caught;
pub use model::{Model, ModelError, Question, ranked};
pub use status::{Reading, State, Status};

use third_stream_model::transfer::on_threads;

use crate::link::WorkerEnd;
use crate::memory::Keeper;

/// Makes the model; called once, on the worker.
pub type Load = Box<dyn FnOnce() -> Result<Box<dyn Model>, ModelError> + Send>;

/// The worker of this process while any instance has it.
static WORKER: Mutex<Weak<Engine>> = Mutex::new(Weak::new());

/// The process's worker: the one that runs, or a new one that loads the plugin's own weights.
/// Hold it as long as the instance lives. Main thread.
pub fn shared() -> Arc<Engine> {
    let mut worker = WORKER.lock();
    if let Some(engine) = worker.upgrade() {
        return engine;
    }
    let engine = Arc::new(Engine::start(Box::new(crate::weights::load)));
    *worker = Arc::downgrade(&engine);
    engine
}

/// Threads that the passes are shared out to: sixty-four instances that ask both directions of
/// different music at the same beat need two. More would be in the way of the host's own.
pub(crate) fn threads() -> usize {
    const MOST: usize = 2;
    std::thread::available_parallelism().map_or(1, |cores| cores.get().min(MOST))
}

/// A running worker. Dropping it stops and joins the thread.
#[derive(Debug)]
pub struct Engine {
    inbox: Arc<Inbox>,
    status: Arc<Status>,
    thread: Option<JoinHandle<()>>,
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
}

impl Engine {
    /// Starts a worker that calls `load` first. A system that gives no thread leaves an engine
    /// that has failed: notes play dry.
    pub fn start(load: Load) -> Self {
        Self::start_on(std::thread::Builder::new(), load)
    }

    fn start_on(thread: std::thread::Builder, load: Load) -> Self {
        let inbox = Arc::new(Inbox::default());
        let status = Arc::new(Status::default());
        status.set(State::Loading);
        let (its_inbox, its_status) = (Arc::clone(&inbox), Arc::clone(&status));
        let thread = thread
            .name("third-stream-engine".into())
            .spawn(move || on_threads(threads(), || worker::run(&its_inbox, &its_status, load)))
            .inspect_err(|error| {
                tracing::error!("no thread for the engine: {error}; notes play dry");
                status.fail(format!("no thread: {error}"));
            })
            .ok();
        Self {
            inbox,
            status,
            thread,
        }
    }

    /// Hands the worker an instance's requests. It lets go of them when the other end is dropped.
    pub fn attach(&self, end: WorkerEnd) {
        // Without a thread nobody would ever answer: the end is dropped, so that a bounce does
        // not wait for it.
        if let Some(thread) = &self.thread {
            self.inbox.arrivals.lock().push(end);
            thread.thread().unpark();
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

impl Drop for Engine {
    fn drop(&mut self) {
        self.inbox.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            if thread.join().is_err() {
                tracing::error!("the engine's thread ended in a panic");
            }
        }
    }
}

#[cfg(test)]
mod tests;
