//! Converts the host's transport into the core's: valid at the first sample of each block.
//!
//! In VST3 the plugin splits a host's block where a parameter changes ([`Timeline::piece`]). In
//! CLAP nice-plug splits it there and where the transport changes, and computes the transport for
//! each part. Two of its results would look like a seek or a new bar, and are corrected here:
//!
//! * the start and number of the bar follow from the position alone, which is wrong in a song with
//!   a time signature change: they are carried on from the part before;
//! * a transport event inside a block gives the position at that event, and the samples from the
//!   block's start are added once more: they are subtracted.
//!
//! Corrected as well: Ardour 7 reports the next bar's start in VST3; qtractor counts bars from 1;
//! other hosts do not update the bar's start or the position.

use nice_plug::prelude::Transport as HostTransport;

use crate::rt::Transport;

/// Number of recent parts, by which an offset is recognised as the distance between two of them.
const PIECES: usize = 16;
/// Tolerance of an expected position, in beats.
const EXACT: f64 = 1e-4;
/// Rounding error of a bar line, in beats; less than a sample.
const HAIR: f64 = 1e-6;

/// Tracks the transport from block to block. Audio thread.
#[derive(Debug)]
pub(crate) struct Timeline {
    /// Transport of the newest part.
    now: Transport,
    /// Lengths of the recent parts in samples, in a ring.
    pieces: [u32; PIECES],
    /// Index of the newest part.
    newest: usize,
    /// Position that the host reported with the last block.
    said: Option<f64>,
}

impl Default for Timeline {
    fn default() -> Self {
        Self {
            now: Transport::STOPPED,
            pieces: [0; PIECES],
            newest: 0,
            said: None,
        }
    }
}

impl Timeline {
    /// Forgets the past, so that the next block starts anew.
    pub(crate) fn reset(&mut self) {
        *self = Self::default();
    }

    /// The transport at the first sample of a block of `frames` samples.
    pub(crate) fn block(&mut self, host: &HostTransport, frames: u32, offline: bool) -> &Transport {
        let last = &self.now;
        let last_played = last.playing;
        let expected = last.position.filter(|_| last.playing && host.playing);
        let length = f64::from(self.pieces[self.newest % PIECES]);
        let expected = expected.map(|before| before + length * beats_per_sample(last));
        let stands = host.pos_beats.is_some() && host.pos_beats == self.said;
        self.said = host.pos_beats;
        if !self.runs_on(host, offline, expected) {
            let mut now = read(host, offline);
            if stands && last_played && host.playing && length > 0.0 {
                // It plays, but the position does not move: the host does not report it.
                (now.position, now.bar_start, now.bar_number) = (None, None, None);
            }
            if let (Some(expected), Some(position)) = (expected, now.position) {
                now.position = Some(self.without_offset(position, expected, &now));
                carry_bar(&mut now, &self.now, expected);
            }
            self.now = now;
        }
        self.add(frames);
        &self.now
    }

    /// The transport at the first sample of the next part, of `frames` samples, of the same block:
    /// the host reports nothing new, the song runs on, also round its loop.
    pub(crate) fn piece(&mut self, frames: u32) -> &Transport {
        let length = f64::from(self.pieces[self.newest % PIECES]);
        let now = &mut self.now;
        if let Some(before) = now.position.filter(|_| now.playing) {
            let mut position = before + length * beats_per_sample(now);
            if let Some((start, end)) = now.cycle()
                && before < end - HAIR
                && position >= end - HAIR
            {
                position = start + (position - end).max(0.0) % (end - start);
            }
            now.position = Some(position);
            let bars = now.bar_start.map_or(0.0, |start| {
                ((position + HAIR - start) / bar_length(now)).floor()
            });
            if bars != 0.0 {
                now.bar_start = now.bar_start.map(|start| start + bars * bar_length(now));
                now.bar_number = now.bar_number.map(|number| number + bars as i64);
            }
        }
        self.add(frames);
        &self.now
    }

    fn add(&mut self, frames: u32) {
        self.newest = (self.newest + 1) % PIECES;
        self.pieces[self.newest] = frames;
    }

    /// Fast path: true if the host reports only that the song is at its `expected` position, as in
    /// most blocks; then nothing else changes.
    fn runs_on(&mut self, host: &HostTransport, offline: bool, expected: Option<f64>) -> bool {
        let (Some(expected), Some(position)) = (expected, host.pos_beats) else {
            return false;
        };
        let last = &self.now;
        let (beats, value) = last.time_signature;
        let same = (position - expected).abs() <= EXACT
            && host.bar_start_pos_beats == last.bar_start
            && host.bar_number.map(i64::from) == last.bar_number
            && host.tempo == Some(last.tempo)
            && host.loop_range_beats == last.loop_range
            && host.time_sig_numerator == Some(i32::from(beats))
            && host.time_sig_denominator == Some(i32::from(value))
            && f64::from(host.sample_rate) == last.sample_rate
            && offline == last.offline
            // Otherwise the bar would have to be corrected.
            && last.bar_start.is_none_or(|start| start <= position + EXACT);
        if same {
            self.now.position = Some(position);
        }
        same
    }

    /// `position` without the samples that were counted twice, if it then is `expected` or the
    /// start of the loop.
    fn without_offset(&self, position: f64, expected: f64, now: &Transport) -> f64 {
        if (position - expected).abs() <= EXACT {
            return position;
        }
        let mut goals = [Some(expected), now.loop_range.map(|(start, _)| start)].into_iter();
        goals
            .find_map(|goal| {
                let goal = goal?;
                let surplus = (position - goal) / beats_per_sample(now);
                self.is_distance(surplus).then_some(goal)
            })
            .unwrap_or(position)
    }

    /// True if `samples` is the distance between the starts of two recent parts.
    fn is_distance(&self, samples: f64) -> bool {
        if !(0.5..=f64::from(u16::MAX)).contains(&samples) {
            return false;
        }
        let piece = |back: usize| self.pieces[(self.newest + PIECES - back) % PIECES];
        (0..PIECES).any(|newest| {
            let mut sum = 0;
            (newest..PIECES).any(|back| {
                sum += piece(back);
                (f64::from(sum) - samples).abs() < 0.01
            })
        })
    }
}

/// Carries the bar on from the last block, where the song runs on and `now` has only the bar
/// computed from its position.
fn carry_bar(now: &mut Transport, last: &Transport, expected: f64) {
    let (Some(position), Some(bar), Some(last_bar)) = (now.position, now.bar_start, last.bar_start)
    else {
        return;
    };
    if bar == last_bar && now.bar_number == last.bar_number {
        return; // nothing to carry, as in most blocks
    }
    let length = bar_length(now);
    let goes_on = (position - expected).abs() <= EXACT
        && now.time_signature == last.time_signature
        && (bar - (position / length).floor() * length).abs() <= EXACT;
    if goes_on {
        let bars = ((position - last_bar) / length).floor();
        now.bar_start = Some(last_bar + bars * length);
        now.bar_number = last.bar_number.map(|number| number + bars as i64);
    }
}

/// The host's transport, uncorrected.
fn read(host: &HostTransport, offline: bool) -> Transport {
    let signature = |part: Option<i32>| {
        part.and_then(|part| u16::try_from(part).ok())
            .filter(|part| *part > 0)
    };
    let tempo = host.tempo.filter(|tempo| tempo.is_finite() && *tempo > 0.0);
    let position = host.pos_beats.filter(|beats| beats.is_finite());
    let time_signature = (
        signature(host.time_sig_numerator).unwrap_or(4),
        signature(host.time_sig_denominator).unwrap_or(4),
    );
    // A bar's start without a position means nothing.
    let bar = position.zip(host.bar_start_pos_beats);
    let bar = bar.map(|(position, start)| {
        let number = host.bar_number.map(i64::from);
        bar_of(start, number, position, time_signature)
    });
    Transport {
        playing: host.playing,
        sample_rate: f64::from(host.sample_rate),
        tempo: tempo.unwrap_or(120.0),
        position,
        bar_start: bar.map(|(start, _)| start),
        bar_number: match bar {
            Some((_, number)) => number,
            None => position.and(host.bar_number).map(i64::from),
        },
        time_signature,
        loop_range: host.loop_range_beats.filter(|(start, end)| end > start),
        offline,
    }
}

/// Start and number of the bar at `position`, from the host's report. The start is trusted, the
/// number only where it agrees.
fn bar_of(
    said: f64,
    number: Option<i64>,
    position: f64,
    time_signature: (u16, u16),
) -> (f64, Option<i64>) {
    let length = quarters(time_signature);
    let mut start = begun(said, position, time_signature);
    // The host has not updated a bar that ended more than its length ago.
    let over = ((position - start + EXACT) / length).floor();
    let stale = over >= 2.0;
    if stale {
        start += over * length;
    }
    // Counted in bars of this length from the song's start; `None` after a change of meter.
    let counted = start / length;
    let fits = (counted - counted.round()).abs() * length <= EXACT && counted.abs() < 1e9;
    let counted = counted.round() as i64;
    // CLAP counts bars from 0; some hosts count from 1.
    let number = number.map(|number| {
        if fits && (stale || number == counted.saturating_add(1)) {
            counted
        } else {
            number
        }
    });
    (start, number)
}

/// Start of the bar at `position`, where the host reports the next one.
fn begun(start: f64, position: f64, time_signature: (u16, u16)) -> f64 {
    if start <= position + EXACT {
        return start;
    }
    let length = quarters(time_signature);
    start - ((start - position - EXACT) / length).ceil() * length
}

fn beats_per_sample(transport: &Transport) -> f64 {
    transport.tempo / 60.0 / transport.sample_rate
}

/// Quarter notes in a bar.
fn bar_length(transport: &Transport) -> f64 {
    quarters(transport.time_signature)
}

fn quarters((beats, value): (u16, u16)) -> f64 {
    f64::from(beats) * 4.0 / f64::from(value)
}
