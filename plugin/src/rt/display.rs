//! Rate at which the snapshot is published. Drawing its rolls costs more than the rest of a block,
//! so it is done only while an editor reads them.

use std::sync::Arc;

use super::snapshot::{CoreView, News, Snapshot, SnapshotWriter};

/// Snapshots per second.
const VIEWS_PER_SECOND: f64 = 90.0;

/// The audio thread's end of the snapshot.
#[derive(Debug)]
pub(super) struct Display {
    snapshot: SnapshotWriter,
    shown: Option<News>,
    /// Samples since the last snapshot.
    unseen: f64,
    /// The snapshot has rolls.
    has_rolls: bool,
    /// Number of reads seen, and samples since it last increased.
    reads: (u32, f64),
}

impl Display {
    pub(super) const fn new(snapshot: Arc<Snapshot>) -> Self {
        Self {
            snapshot: SnapshotWriter::new(snapshot),
            shown: None,
            unseen: f64::INFINITY,
            has_rolls: false,
            reads: (0, 0.0),
        }
    }

    /// Advances by `frames` samples.
    pub(super) fn pass(&mut self, frames: u32) {
        self.unseen += f64::from(frames);
    }

    /// True if the next snapshot is due, should anybody read it.
    pub(super) fn is_due(&self, sample_rate: f64) -> bool {
        self.unseen * VIEWS_PER_SECOND >= sample_rate
    }

    /// `Some` if a snapshot is to be published, with whether it has rolls.
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

    /// Publishes a view with rolls.
    pub(super) fn publish(&mut self, view: &CoreView) {
        self.has_rolls = true;
        self.snapshot.publish(view);
    }

    /// Publishes a view without rolls.
    pub(super) fn publish_news(&mut self, news: &News) {
        if std::mem::take(&mut self.has_rolls) {
            self.snapshot.publish(&news.view());
        } else {
            self.snapshot.publish_news(news);
        }
    }

    /// True if the snapshot was read within the last second, as seen when it was last due.
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
