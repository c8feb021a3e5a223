//! The unwrapped beat clock: runs on while the song plays, also where it wraps round its loop.

use third_stream_model::perform::Clock;

use super::Transport;

/// Deviations (beats) up to this are rounding errors: the clock keeps its own count.
const NOISE: f64 = 1e-6;
/// Deviations (beats) up to this are drift (a tempo ramp, a rounded position), not a jump.
const DRIFT: f64 = 0.02;

/// Maximum distance (beats) that a host plays past the loop's end: to the end of a block.
const OVERRUN: f64 = 0.25;

/// Change of the transport since the last block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Change {
    /// Ran on.
    Ran,
    /// Wrapped round the loop, at this unwrapped beat; a little before the block where the host
    /// does not split its blocks at the loop's end.
    Wrapped(f64),
    /// Started, or jumped elsewhere.
    Jumped,
}

/// Beats as a linear function of samples, from an anchor. Both timelines of the performer use it.
#[derive(Clone, Copy, Debug)]
pub(super) struct BeatClock {
    running: bool,
    anchor_tick: i64,
    anchor: f64,
    beats_per_tick: f64,
    /// Unwrapped beats minus song position.
    offset: f64,
    loop_range: Option<(f64, f64)>,
    block_start: i64,
}

impl Clock for BeatClock {
    fn tick(&self, beats: f64) -> i64 {
        let ticks = (beats - self.anchor) / self.beats_per_tick + 0.5;
        // `floor` by hand: a library call on old processors.
        let whole = ticks as i64;
        let floor = whole - i64::from(whole as f64 > ticks);
        self.anchor_tick.saturating_add(floor)
    }
}

impl BeatClock {
    pub(super) const fn new() -> Self {
        Self {
            running: false,
            anchor_tick: 0,
            anchor: 0.0,
            beats_per_tick: 1e-5,
            offset: 0.0,
            loop_range: None,
            block_start: 0,
        }
    }

    /// The unwrapped beat of a tick.
    pub(super) fn beats(&self, tick: i64) -> f64 {
        self.anchor + (tick - self.anchor_tick) as f64 * self.beats_per_tick
    }

    /// Unwrapped beats minus song position.
    pub(super) const fn offset(&self) -> f64 {
        self.offset
    }

    /// The song position at a tick.
    pub(super) fn position(&self, tick: i64) -> f64 {
        self.beats(tick) - self.offset
    }

    /// The first tick at or after `beats`.
    pub(super) fn tick_from(&self, beats: f64) -> i64 {
        let ticks = ((beats - self.anchor) / self.beats_per_tick - NOISE).ceil();
        self.anchor_tick.saturating_add(ticks as i64)
    }

    /// Wraps: the song position jumps back by `beats`, to the start of its loop, while the clock
    /// runs on.
    pub(super) fn wrap(&mut self, beats: f64) {
        self.offset += beats;
    }

    /// True if ticks and beats relate as in `before`.
    pub(super) fn counts_as(&self, before: &Self) -> bool {
        self.anchor_tick == before.anchor_tick
            && self.anchor == before.anchor
            && self.beats_per_tick == before.beats_per_tick
            && self.offset == before.offset
    }

    /// Duration of `beats` at the present tempo, in seconds.
    pub(super) fn seconds(&self, beats: f64, sample_rate: f64) -> f64 {
        beats / self.beats_per_tick / sample_rate
    }

    /// Stops: the next block that plays starts anew.
    pub(super) const fn stop(&mut self) {
        self.running = false;
    }

    /// Follows the transport of a block that starts at tick `now`, while the song plays.
    pub(super) fn follow(&mut self, now: i64, transport: &Transport) -> Change {
        let beats_per_tick = transport.tempo / 60.0 / transport.sample_rate;
        let ticks = (now - self.block_start) as f64;
        let tempo_change = (beats_per_tick - self.beats_per_tick).abs() * ticks;
        let expected = self.beats(now);
        let loop_range = transport.loop_range.or(self.loop_range);
        self.block_start = now;
        self.loop_range = transport.loop_range;
        if !self.running {
            self.running = true;
            return self.jump(now, transport.position.unwrap_or(0.0), beats_per_tick);
        }
        let reported = transport.position.unwrap_or(expected - self.offset);
        let deviation = reported - (expected - self.offset);
        let slack = DRIFT + tempo_change;
        if deviation.abs() <= slack {
            let drift = if deviation.abs() > NOISE {
                deviation
            } else {
                0.0
            };
            if drift != 0.0 || beats_per_tick != self.beats_per_tick {
                self.anchor_at(now, expected + drift, beats_per_tick);
            }
            return Change::Ran;
        }
        if let Some(since) = wraps(expected - self.offset, reported, slack, loop_range) {
            self.offset = expected - reported;
            if beats_per_tick != self.beats_per_tick {
                self.anchor_at(now, expected, beats_per_tick);
            }
            return Change::Wrapped(expected - since);
        }
        if let Some((start, _)) = loop_range
            && (reported - start).abs() <= NOISE
            && (0.0..=OVERRUN).contains(&-deviation)
        {
            // The host played past the loop's end before it jumped; the clock had wrapped in time.
            self.offset = expected - reported;
            return Change::Ran;
        }
        self.jump(now, reported, beats_per_tick)
    }

    /// Fast path: true if the block at tick `now` begins at its expected position, so that
    /// [`Self::follow`] would change nothing. Tempo and loop must be unchanged.
    pub(super) fn runs_on(&mut self, now: i64, position: Option<f64>) -> bool {
        let runs_on = position.is_none_or(|at| (at - self.position(now)).abs() <= NOISE);
        if runs_on {
            self.block_start = now;
        }
        runs_on
    }

    fn jump(&mut self, now: i64, position: f64, beats_per_tick: f64) -> Change {
        self.offset = 0.0;
        self.anchor_at(now, position, beats_per_tick);
        Change::Jumped
    }

    fn anchor_at(&mut self, tick: i64, beats: f64, beats_per_tick: f64) {
        self.anchor_tick = tick;
        self.anchor = beats;
        self.beats_per_tick = beats_per_tick;
    }
}

/// If a jump from the expected to the reported position wraps round the loop: the beats since the
/// loop's end.
fn wraps(expected: f64, reported: f64, slack: f64, loop_range: Option<(f64, f64)>) -> Option<f64> {
    let (start, end) = loop_range?;
    let length = end - start;
    if length <= slack {
        return None;
    }
    let laps = (expected - reported) / length;
    let whole = laps.round() >= 1.0 && (laps - laps.round()).abs() * length <= slack;
    let to_start = (reported - start).abs() <= slack && expected >= end - slack;
    (whole || to_start).then(|| (reported - start).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::super::tests::transport;
    use super::*;

    /// Blocks of 512 samples from `position`, with `change` at the fifth.
    fn fifth_block(change: impl Fn(&mut Transport)) -> (Change, BeatClock, f64) {
        let mut clock = BeatClock::new();
        let mut transport = transport();
        transport.loop_range = Some((4.0, 12.0));
        let per_block = 512.0 * 120.0 / 60.0 / 48_000.0;
        let mut last = Change::Ran;
        for block in 0..5 {
            transport.position = Some(11.95 + f64::from(block) * per_block);
            if block == 4 {
                change(&mut transport);
            }
            last = clock.follow(i64::from(block) * 512, &transport);
            assert_eq!(
                last == Change::Jumped,
                block == 0 || block == 4 && last == Change::Jumped
            );
        }
        (last, clock, 11.95 + 4.0 * per_block)
    }

    #[test]
    fn runs_on_through_noise_and_drift() {
        let (change, clock, beats) = fifth_block(|t| t.position = t.position.map(|p| p + 1e-9));
        assert_eq!(change, Change::Ran);
        assert_eq!(clock.beats(4 * 512), beats);
        let (change, clock, beats) = fifth_block(|t| t.position = t.position.map(|p| p + 0.01));
        assert_eq!(change, Change::Ran);
        assert!((clock.beats(4 * 512) - beats - 0.01).abs() < 1e-9);
    }

    #[test]
    fn a_wrap_goes_on_and_a_seek_does_not() {
        let (change, clock, beats) = fifth_block(|t| t.position = t.position.map(|p| p - 8.0));
        assert!(matches!(change, Change::Wrapped(at) if (at - 12.0).abs() < 1e-9));
        assert!((clock.beats(4 * 512) - beats).abs() < 1e-9);
        assert!((clock.offset() - 8.0).abs() < 1e-9);
        let (change, _, _) = fifth_block(|t| t.position = Some(4.0));
        assert_eq!(change, Change::Wrapped(beats));
        for seek in [3.0, 40.0, 11.0] {
            let (change, clock, _) = fifth_block(|t| t.position = Some(seek));
            assert_eq!(change, Change::Jumped, "to {seek}");
            assert_eq!(clock.beats(4 * 512), seek);
        }
    }

    #[test]
    fn a_host_may_play_beyond_the_loop_s_end() {
        // The clock wrapped in time, 0.03 beats ago; the host reports it only now.
        let (change, mut clock, beats) = fifth_block(|_| {});
        assert_eq!(change, Change::Ran);
        clock.wrap(beats - 4.03);
        let mut host = transport();
        host.loop_range = Some((4.0, 12.0));
        host.position = Some(4.0);
        assert_eq!(clock.follow(4 * 512, &host), Change::Ran);
        assert!((clock.position(4 * 512) - 4.0).abs() < 1e-9);
        assert!((clock.beats(4 * 512) - beats).abs() < 1e-9);
        assert_eq!(clock.tick_from(clock.beats(3000) + 1e-7), 3001);
        assert_eq!(clock.tick_from(clock.beats(3000)), 3000);
    }

    #[test]
    fn ticks_and_beats_agree() {
        let (_, clock, _) = fifth_block(|t| t.tempo = 97.3);
        for tick in 2048..9000 {
            assert_eq!(clock.tick(clock.beats(tick)), tick);
        }
    }
}
