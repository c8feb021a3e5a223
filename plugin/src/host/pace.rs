//! Detects an export that the host does not declare as offline.
//!
//! Some hosts export by playing as fast as they can and tell the plugin nothing. The song then runs
//! ahead of the wall clock by seconds, where a host that plays works ahead by some blocks. Such an
//! export waits for its answers as a bounce does.

use std::time::Instant;

/// Lead, in seconds, that only an export reaches.
const AHEAD: f64 = 1.0;
/// Minimum number of blocks in a lead, so that a single large block is none.
const BLOCKS: u32 = 8;
/// Time in seconds in which the lead must build up; after it the count restarts, so that drift
/// between clocks does not add up.
const WINDOW: f64 = 8.0;
/// Maximum time in seconds that a host may catch up after a stall.
const BEHIND: f64 = -10.0;

/// Compares song time with wall time while the song plays. Audio thread.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// Start of the last block (its end, where it waited), and its length in seconds.
    last: Option<(Instant, f64)>,
    /// Seconds by which the song is ahead.
    lead: f64,
    /// Seconds since the lead started to build up.
    gathered: f64,
    blocks: u32,
    ahead: bool,
}

impl Pace {
    /// A block of `seconds` begins at `now`. True if the host exports.
    pub(crate) fn begin(&mut self, now: Instant, seconds: f64, playing: bool) -> bool {
        if !playing {
            *self = Self::default();
            return false;
        }
        if let Some((before, length)) = self.last {
            let passed = now.saturating_duration_since(before).as_secs_f64();
            self.lead = (self.lead + length - passed).max(BEHIND);
            self.gathered += passed;
            self.blocks = self.blocks.saturating_add(1);
        }
        self.last = Some((now, seconds));
        self.ahead = if self.ahead {
            self.lead > 0.0
        } else {
            self.lead >= AHEAD && self.blocks >= BLOCKS
        };
        if !self.ahead && self.gathered >= WINDOW {
            self.gathered = 0.0;
            self.lead = self.lead.min(0.0);
        }
        self.ahead
    }

    /// The block is over. The plugin's own waiting does not count as the host's time.
    pub(crate) fn end(&mut self, took: impl FnOnce() -> Instant) {
        if self.ahead
            && let Some((begun, _)) = &mut self.last
        {
            *begun = took();
        }
    }
}

#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests run beside the audio thread"
)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Plays blocks of `length` seconds with gaps of `gap`, each taking `waits` in the plugin where
    /// it may wait; returns for each whether it may.
    fn play(blocks: usize, length: f64, waits: f64, gap: impl Fn(usize) -> f64) -> Vec<bool> {
        let (mut pace, mut now) = (Pace::default(), Instant::now());
        let mut block = |index| {
            let ahead = pace.begin(now, length, true);
            now += Duration::from_secs_f64(if ahead { waits } else { 0.0 });
            pace.end(|| now);
            now += Duration::from_secs_f64(gap(index));
            ahead
        };
        (0..blocks).map(&mut block).collect()
    }

    #[test]
    fn an_export_is_found_out_and_stays_one_while_it_waits() {
        // A hundred times real time, where each block waits for two seconds.
        let found = play(10_000, 0.01, 2.0, |_| 0.0001);
        let first = found.iter().position(|ahead| *ahead).unwrap();
        assert!((100..110).contains(&first), "{first}");
        assert!(found[first..].iter().all(|ahead| *ahead));
        // One and a half times real time.
        assert!(play(1000, 0.01, 0.0, |_| 0.0066).contains(&true));
    }

    #[test]
    fn what_is_heard_is_never_one() {
        let hour = 360_000;
        let real_time = [
            // Real time; a slow clock; eight blocks at once, then a pause.
            play(hour, 0.01, 1.0, |_| 0.01),
            play(hour, 0.01, 1.0, |_| 0.009_999),
            play(hour, 0.1, 1.0, |i| if i % 8 == 7 { 0.8 } else { 0.0 }),
            // A stall of three seconds, then catching up.
            play(hour, 0.01, 1.0, |i| match i {
                500 => 3.0,
                501..800 => 0.000_01,
                _ => 0.01,
            }),
        ];
        for (number, blocks) in real_time.iter().enumerate() {
            assert!(!blocks.contains(&true), "{number}");
        }
    }

    #[test]
    fn a_stop_begins_anew() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        let mut play = |playing| (0..150).any(|_| pace.begin(now, 0.01, playing));
        assert!(play(true));
        assert!(!play(false));
        assert!((0..90).all(|_| !pace.begin(now, 0.01, true)));
    }
}
