//! The real-time core without a host, for the fuzzer: the caller is host and network at once.
//! Feature `fuzz` only.

use std::sync::Arc;

use nice_plug::params::persist::PersistentField;

use crate::link::{Failure, Request, WorkerEnd, link};
use crate::memory::{Keeper, Saved};
use crate::rt::snapshot::Snapshot;
use crate::rt::{AudioCore, Port, Settings, Transport};
use third_stream_model::roll::edits::Edits;

/// A core with its memory, and the worker's end of its link.
pub struct Headless {
    core: Box<AudioCore>,
    worker: WorkerEnd,
    keeper: Arc<Keeper>,
}

impl Default for Headless {
    fn default() -> Self {
        let (audio, worker) = link(1);
        let keeper = Arc::new(Keeper::default());
        let (memory, post) = keeper.open();
        let core = AudioCore::new(audio, Arc::new(Snapshot::default()), memory, post);
        Self {
            core: Box::new(core),
            worker,
            keeper,
        }
    }
}

impl Headless {
    /// Processes a block, as the audio thread does.
    pub fn process(
        &mut self,
        frames: u32,
        transport: &Transport,
        settings: &Settings,
        port: &mut impl Port,
    ) {
        self.core.process(frames, transport, settings, port);
    }

    /// Resets the core, as a host does.
    pub fn reset(&mut self) {
        self.core.reset();
    }

    /// Answers at most `most` requests and files the memory's changes.
    pub fn answer(&self, most: usize, answer: impl Fn(&Request) -> Result<Edits, Failure>) {
        for _ in 0..most {
            let Ok(Some(request)) = self.worker.next() else {
                break;
            };
            self.worker.respond(request.respond(answer(&request)));
        }
        self.keeper.file();
    }

    /// Saves and loads the project.
    pub fn reload(&self) {
        let saved: Saved = self.keeper.map(Clone::clone);
        self.keeper.set(saved);
    }
}
