//! The real-time core without a host: its caller is host and network at once. For the fuzzer;
//! compiled with the feature `fuzz` only.

use std::sync::Arc;

use nice_plug::params::persist::PersistentField;

use crate::link::{Failure, Request, WorkerEnd, link};
use crate::memory::{Keeper, Saved};
use crate::rt::snapshot::Snapshot;
use crate::rt::{AudioCore, Port, Settings, Transport};
use third_stream_model::roll::edits::Edits;

/// A core with its memory, and the other end of its questions.
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
    /// One block, as the audio thread does it.
    pub fn process(
        &mut self,
        frames: u32,
        transport: &Transport,
        settings: &Settings,
        port: &mut impl Port,
    ) {
        self.core.process(frames, transport, settings, port);
    }

    /// As a host's reset.
    pub fn reset(&mut self) {
        self.core.reset();
    }

    /// Answers what was asked, at most `most` times, and files what was learned.
    pub fn answer(&self, most: usize, answer: impl Fn(&Request) -> Result<Edits, Failure>) {
        for _ in 0..most {
            let Ok(Some(request)) = self.worker.next() else {
                break;
            };
            self.worker.respond(request.respond(answer(&request)));
        }
        self.keeper.file();
    }

    /// Saves the project and loads it again.
    pub fn reload(&self) {
        let saved: Saved = self.keeper.map(Clone::clone);
        self.keeper.set(saved);
    }
}
