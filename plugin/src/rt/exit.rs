//! The way out of one block: everything that leaves goes through here, in order of time.

use third_stream_model::perform::Emission;

use super::outbox::Outbox;
use super::{BlockEvent, Body, Port};

/// Where events leave during one block.
pub(super) struct Exit<'a, P> {
    pub(super) port: &'a mut P,
    pub(super) outbox: &'a mut Outbox,
    /// Counts what is lost.
    pub(super) dropped: &'a mut u32,
    /// Tick at which the block starts.
    pub(super) now: i64,
    /// The block's last sample.
    pub(super) last: u32,
}

impl<P: Port> Exit<'_, P> {
    /// Lets what a performer plays leave at its tick. False: it is lost.
    pub(super) fn emit(&mut self, emission: &Emission) -> bool {
        let sample = (emission.tick - self.now).clamp(0, i64::from(self.last)) as u32;
        self.send(sample, emission.body)
    }

    /// Lets an event leave. False: it is lost.
    pub(super) fn send(&mut self, sample: u32, body: Body) -> bool {
        let kept = self.outbox.send(self.port, BlockEvent { sample, body });
        *self.dropped = self.dropped.saturating_add(u32::from(!kept));
        kept
    }
}
