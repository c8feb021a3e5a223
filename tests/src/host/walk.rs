//! The blocks of a timeline, and the time that a host leaves the engine between them.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::{Blocks, Pace, Setup};
use crate::song::timeline::{Input, Span, Timeline};
use crate::threads;

/// The name of the plugin's engine thread.
const ENGINE_THREAD: &str = "third-stream-engine";

/// One call of the plugin.
pub(crate) struct Block<'a> {
    /// The stretch that it lies in.
    pub(crate) span: &'a Span,
    /// First sample, counted from the script's start.
    pub(crate) start: u64,
    /// Samples in it.
    pub(crate) frames: u64,
    /// Input events, each at its sample from the script's start.
    pub(crate) inputs: &'a [(u64, Input)],
}

impl Block<'_> {
    /// The position in the song at its first sample, in beats.
    pub(crate) fn beat(&self, sample_rate: f64) -> f64 {
        self.span.beat
            + (self.start - self.span.start) as f64 * self.span.beats_per_sample(sample_rate)
    }
}

/// How far a timeline has been played.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cursor {
    /// The stretch that the next block lies in.
    span: usize,
    start: u64,
    /// Inputs that have entered.
    entered: usize,
}

impl Cursor {
    /// The next block, of so many samples at most; a block ends where the transport changes, as in
    /// hosts.
    pub(crate) fn next<'a>(&mut self, timeline: &'a Timeline, most: u32) -> Option<Block<'a>> {
        let spans = timeline.spans.get(self.span..)?;
        let (skipped, span) = (0..).zip(spans).find(|(_, span)| self.start < span.end())?;
        self.span += skipped;
        let (start, left) = (self.start, span.end() - self.start);
        let frames = u64::from(most).min(left);
        self.start += frames;
        let waiting = timeline.inputs.get(self.entered..).unwrap_or_default();
        let entering = waiting.partition_point(|(at, _)| *at < self.start);
        self.entered += entering;
        Some(Block {
            span,
            start,
            frames,
            inputs: &waiting[..entering],
        })
    }

    /// The input events so far.
    pub(crate) fn entered<'a>(&self, timeline: &'a Timeline) -> &'a [(u64, Input)] {
        timeline.inputs.get(..self.entered).unwrap_or_default()
    }
}

/// The blocks of a timeline, one after the other.
pub(crate) struct Walk<'a> {
    timeline: &'a Timeline,
    cursor: Cursor,
    sizes: Box<dyn Iterator<Item = u32> + Send + 'a>,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(timeline: &'a Timeline, blocks: &'a Blocks) -> Self {
        Self {
            timeline,
            cursor: Cursor::default(),
            sizes: Box::new(blocks.sizes()),
        }
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = Block<'a>;

    fn next(&mut self) -> Option<Block<'a>> {
        let most = self.sizes.next().unwrap_or(1);
        self.cursor.next(self.timeline, most)
    }
}

/// Goes through the timeline block by block.
pub(crate) fn walk(
    timeline: &Timeline,
    setup: &Setup,
    mut call: impl FnMut(&Block) -> Result<()>,
) -> Result<()> {
    let mut beats_played = 0.0;
    let begin = Instant::now();
    for block in Walk::new(timeline, &setup.blocks) {
        call(&block)?;
        if setup.pace == Pace::Clock {
            let end = block.start + block.frames;
            let due = Duration::from_secs_f64(end as f64 / timeline.sample_rate);
            std::thread::sleep(due.saturating_sub(begin.elapsed()));
        }
        let before = beats_played;
        beats_played += block.frames as f64 * block.span.beats_per_sample(timeline.sample_rate);
        match setup.pace {
            Pace::RealTime { group } if asks_between(before, beats_played, group) => {
                wait_for_engine(Duration::from_secs(20));
            }
            Pace::Paused { group, pause } if asks_between(before, beats_played, group) => {
                std::thread::sleep(pause);
            }
            _ => {}
        }
    }
    Ok(())
}

/// Waits until the engine has nothing to do, or so long; a second where threads cannot be watched.
pub fn wait_for_engine(patience: Duration) {
    threads::wait_for_worker(ENGINE_THREAD, patience, Duration::from_secs(1));
}

/// Where a group ends just between two blocks it is asked about in the second, and after a loop the
/// song is a part of a sample away from whole beats: both blocks wait.
const HAIR: f64 = 1e-3;

/// So much later (beats) the last of a question's requests has been sent.
const SENT: f64 = 1.0 / 16.0;

/// True if a group's end, or the beat before it, lies between two positions, or the places where
/// what is asked there has been sent. Groups are counted
/// from the script's start, so scripts in real time start at the start of a group.
fn asks_between(before: f64, after: f64, group: f64) -> bool {
    if before == after {
        return false; // The song stands.
    }
    [0.0, 1.0, -SENT, 1.0 - SENT].iter().any(|lead| {
        let number = |beat: f64| ((beat + lead) / group).floor();
        number(after + HAIR) > number(before - HAIR)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engine_is_asked_before_and_at_a_group_s_end() {
        assert!(asks_between(14.9, 15.1, 16.0));
        assert!(!asks_between(15.1, 15.9, 16.0));
        assert!(asks_between(15.9, 16.0, 16.0));
        assert!(asks_between(16.0, 16.1, 16.0));
        assert!(!asks_between(16.1, 29.9, 16.0));
        assert!(asks_between(30.9, 31.0, 16.0));
        assert!(asks_between(16.05, 16.1, 16.0));
        assert!(asks_between(31.05, 31.1, 16.0));
        assert!(!asks_between(32.0, 32.0, 16.0));
    }
}
