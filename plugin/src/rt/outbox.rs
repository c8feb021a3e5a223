//! Output queue for events that the full buffer of the host refused; they wait for the next block.

use super::{BlockEvent, Body, Port};

/// Capacity of the queue.
const WAITING: usize = 4096;
/// Part of the capacity that is reserved for note-offs: more than can sound at once.
const FOR_OFFS: usize = 3072;

/// Events that the host has refused.
#[derive(Debug)]
pub(super) struct Outbox {
    waiting: [Body; WAITING],
    count: usize,
}

impl Outbox {
    #[expect(
        clippy::large_stack_arrays,
        reason = "made once, while the plugin is loaded"
    )]
    pub(super) const fn new() -> Self {
        let none = Body::Message(super::Message::Program {
            channel: 0,
            program: 0,
        });
        Self {
            waiting: [none; WAITING],
            count: 0,
        }
    }

    /// True if the queue is empty.
    pub(super) const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Retries the queued events, note-offs first. At the start of a block.
    pub(super) fn resend(&mut self, port: &mut impl Port) {
        self.resend_these(port, |body| matches!(body, Body::Off(_)));
        self.resend_these(port, |_| true);
    }

    /// Sends or queues an event; false if it is lost for want of room, which never happens to a
    /// note-off.
    pub(super) fn send(&mut self, port: &mut impl Port, event: BlockEvent) -> bool {
        if self.count == 0 && port.send(event) {
            return true;
        }
        let room = match event.body {
            Body::Off(off) => {
                let on = self.position(|body| {
                    matches!(body, Body::On(on)
                        if (on.id, on.channel, on.key) == (off.id, off.channel, off.key))
                });
                if let Some(place) = on {
                    self.remove(place); // neither of the two has left
                    return true;
                }
                WAITING
            }
            _ => WAITING - FOR_OFFS,
        };
        if self.count >= room {
            return false;
        }
        if let Some(place) = self.waiting.get_mut(self.count) {
            *place = event.body;
            self.count += 1;
        }
        true
    }

    fn resend_these(&mut self, port: &mut impl Port, these: impl Fn(&Body) -> bool) {
        while let Some(place) = self.position(&these) {
            let Some(body) = self.waiting.get(place).copied() else {
                return;
            };
            if !port.send(BlockEvent { sample: 0, body }) {
                return;
            }
            self.remove(place);
        }
    }

    fn position(&self, these: impl Fn(&Body) -> bool) -> Option<usize> {
        self.waiting.iter().take(self.count).position(these)
    }

    fn remove(&mut self, place: usize) {
        self.waiting.copy_within(place + 1..self.count, place);
        self.count -= 1;
    }
}
