//! When the snapshot is published, and whether its rolls are drawn: that costs more than all else
//! in a block, so it is done only while somebody looks.

use std::sync::Arc;

use super::snapshot::{CoreView, PlayState, Snapshot, SnapshotWriter};

/// How often a second the snapshot is published.
const VIEWS_PER_SECOND: f64 = 90.0;

/// What is shown at once when it changes, looked at or not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct News {
    pub(super) state: PlayState,
    pub(super) late: u32,
    pub(super) dropped: u32,
    pub(super) learned: u32,
    pub(super) waiting: u32,
}

impl News {
    /// The view without rolls.
    pub(super) fn view(&self) -> CoreView {
        CoreView {
            state: self.state,
            late: self.late,
            dropped: self.dropped,
            learned: self.learned,
            waiting: self.waiting,
            ..CoreView::default()
        }
    }
}

/// The audio thread's end of the snapshot.
#[derive(Debug)]
pub(super) struct Display {
    snapshot: SnapshotWriter,
    shown: Option<News>,
    /// Samples since the snapshot was published.
    unseen: f64,
    /// How often it was read, and the samples since that was more than before.
    reads: (u32, f64),
}

impl Display {
    pub(super) const fn new(snapshot: Arc<Snapshot>) -> Self {
        Self {
            snapshot: SnapshotWriter::new(snapshot),
            shown: None,
            unseen: f64::INFINITY,
            reads: (0, 0.0),
        }
    }

    /// So many samples have passed.
    pub(super) fn pass(&mut self, frames: u32) {
        self.unseen += f64::from(frames);
    }

    /// Whether it is time for the next view, if anybody looks.
    pub(super) fn is_due(&self, sample_rate: f64) -> bool {
        self.unseen * VIEWS_PER_SECOND >= sample_rate
    }

    /// Whether a view is to be published, and then whether with rolls.
    pub(super) fn wants(&mut self, news: News, playing: bool, sample_rate: f64) -> Option<bool> {
        let changed = self.shown != Some(news);
        let due = playing && self.is_due(sample_rate);
        if !changed && !due {
            return None;
        }
        let looked_at = self.is_looked_at(sample_rate);
        self.unseen = 0.0;
        self.shown = Some(news);
        (changed || looked_at).then_some(looked_at)
    }

    pub(super) fn publish(&self, view: &CoreView) {
        self.snapshot.publish(view);
    }

    /// Whether the snapshot was read within a second, by what was seen of that when it was last due.
    fn is_looked_at(&mut self, sample_rate: f64) -> bool {
        let (before, unread) = self.reads;
        let reads = self.snapshot.reads();
        let unread = if reads == before {
            unread + self.unseen
        } else {
            0.0
        };
        self.reads = (reads, unread);
        unread < sample_rate
    }
}
