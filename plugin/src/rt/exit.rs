//! The output of one block: all events leave through it, in order of time.

use third_stream_model::perform::Emission;

use super::outbox::Outbox;
use super::{BlockEvent, Body, Port};

/// The output of one block.
pub(super) struct Exit<'a, P> {
    pub(super) port: &'a mut P,
    pub(super) outbox: &'a mut Outbox,
    /// Number of lost events.
    pub(super) dropped: &'a mut u32,
    /// Tick at which the block starts.
    pub(super) now: i64,
    /// The block's last sample.
    pub(super) last: u32,
}

impl<P: Port> Exit<'_, P> {
    /// Sends a performer's event at its tick; false if it is lost.
    pub(super) fn emit(&mut self, emission: &Emission) -> bool {
        let sample = (emission.tick - self.now).clamp(0, i64::from(self.last)) as u32;
        self.send(sample, emission.body)
    }

    /// Sends an event; false if it is lost.
    pub(super) fn send(&mut self, sample: u32, body: Body) -> bool {
        let kept = self.outbox.send(self.port, BlockEvent { sample, body });
        *self.dropped = self.dropped.saturating_add(u32::from(!kept));
        kept
    }
}
