//! A part of a host's block as a block of its own.

use crate::rt::{BlockEvent, Port};

/// Events of a part of a block; samples count from its start.
pub(crate) struct Piece<'a, T> {
    /// The whole block.
    block: &'a mut T,
    /// The first event after the part, once it was read.
    ahead: &'a mut Option<BlockEvent>,
    start: u32,
    end: u32,
}

impl<'a, T> Piece<'a, T> {
    /// The part of `block` from sample `start` up to `end`. `ahead` carries over to the next part.
    pub(crate) const fn new(
        block: &'a mut T,
        ahead: &'a mut Option<BlockEvent>,
        (start, end): (u32, u32),
    ) -> Self {
        Self {
            block,
            ahead,
            start,
            end,
        }
    }
}

impl<T: Port> Port for Piece<'_, T> {
    fn next(&mut self) -> Option<BlockEvent> {
        let event = self.ahead.take().or_else(|| self.block.next())?;
        if event.sample >= self.end {
            *self.ahead = Some(event);
            return None;
        }
        let sample = event.sample.saturating_sub(self.start);
        Some(BlockEvent { sample, ..event })
    }

    fn send(&mut self, event: BlockEvent) -> bool {
        let sample = event.sample.saturating_add(self.start);
        self.block.send(BlockEvent { sample, ..event })
    }
}

#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests run beside the audio thread"
)]
mod tests {
    use super::*;
    use crate::rt::{Body, Message};

    fn event(sample: u32) -> BlockEvent {
        let body = Body::Message(Message::Program {
            channel: 0,
            program: 0,
        });
        BlockEvent { sample, body }
    }

    struct Block {
        enter: std::vec::IntoIter<BlockEvent>,
        left: Vec<BlockEvent>,
    }

    impl Port for Block {
        fn next(&mut self) -> Option<BlockEvent> {
            self.enter.next()
        }

        fn send(&mut self, event: BlockEvent) -> bool {
            self.left.push(event);
            true
        }
    }

    #[test]
    fn each_piece_has_its_own_events_and_they_leave_where_they_were() {
        let samples = [0, 3, 99, 100, 100, 299, 300, 511, 700];
        let mut block = Block {
            enter: samples.map(event).to_vec().into_iter(),
            left: Vec::new(),
        };
        let (mut ahead, mut lengths) = (None, Vec::new());
        for (start, end) in [(0, 100), (100, 120), (120, 300), (300, u32::MAX)] {
            let mut piece = Piece::new(&mut block, &mut ahead, (start, end));
            let mut here = 0;
            while let Some(event) = piece.next() {
                assert!(event.sample < end - start);
                assert!(piece.send(event));
                here += 1;
            }
            lengths.push(here);
        }
        assert_eq!(lengths, [3, 2, 1, 3]);
        assert_eq!(block.left, samples.map(event));
    }
}
