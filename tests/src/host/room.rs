//! An event list of limited capacity: a host's buffer may be full.

use clack_host::events::UnknownEvent;
use clack_host::events::io::{EventBuffer, OutputEventBuffer, TryPushError};

use crate::audio_call::in_host;

/// Output events of one block, up to a limit.
pub(super) struct Room {
    events: EventBuffer,
    limit: usize,
}

impl Room {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            events: EventBuffer::with_capacity(4096),
            limit,
        }
    }

    pub(super) fn clear(&mut self) {
        self.events.clear();
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &UnknownEvent> {
        self.events.iter()
    }
}

impl OutputEventBuffer for Room {
    fn try_push(&mut self, event: &UnknownEvent) -> Result<(), TryPushError> {
        if self.events.len() as usize >= self.limit {
            return Err(TryPushError::new());
        }
        in_host(|| self.events.push(event));
        Ok(())
    }
}
