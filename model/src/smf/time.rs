//! Ticks to beats and back. A beat is a quarter note.

use super::{Division, Smf};

/// Tempo where a file names none: 120 quarters a minute, in microseconds a quarter.
const DEFAULT_TEMPO: u32 = 500_000;

/// A stretch of constant relation between ticks and beats.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    tick: u64,
    beat: f64,
    ticks_per_beat: f64,
}

/// The beats of a file's ticks. With ticks per quarter the relation is the same everywhere; with
/// SMPTE ticks, which are fractions of a second, it follows the tempo map.
#[derive(Clone, Debug)]
pub struct BeatMap {
    /// Never empty; the first begins at tick 0.
    stretches: Vec<Stretch>,
}

impl BeatMap {
    /// The map of a file.
    pub fn of(smf: &Smf) -> Self {
        let mut first = Stretch {
            tick: 0,
            beat: 0.0,
            ticks_per_beat: 0.0,
        };
        let ticks_per_second = match smf.division() {
            Division::TicksPerQuarter(ticks) => {
                first.ticks_per_beat = f64::from(ticks);
                return Self {
                    stretches: vec![first],
                };
            }
            Division::TicksPerSecond(ticks) => ticks,
        };
        let ticks_per_beat = |micros: u32| ticks_per_second * f64::from(micros) / 1e6;
        first.ticks_per_beat = ticks_per_beat(DEFAULT_TEMPO);
        let mut map = Self {
            stretches: vec![first],
        };
        for (tick, micros) in smf.tempos() {
            let stretch = Stretch {
                tick,
                beat: map.beats(tick),
                ticks_per_beat: ticks_per_beat(micros),
            };
            map.stretches.pop_if(|last| last.tick == tick);
            map.stretches.push(stretch);
        }
        map
    }

    /// The time of a tick in beats from the start of the file.
    pub fn beats(&self, tick: u64) -> f64 {
        let index = self.stretches.partition_point(|s| s.tick <= tick);
        let stretch = self.stretches[index.saturating_sub(1)];
        stretch.beat + (tick - stretch.tick) as f64 / stretch.ticks_per_beat
    }

    /// The tick nearest to a time in beats.
    pub fn tick(&self, beats: f64) -> u64 {
        let index = self.stretches.partition_point(|s| s.beat <= beats);
        let stretch = self.stretches[index.saturating_sub(1)];
        let ticks = (beats - stretch.beat) * stretch.ticks_per_beat;
        stretch.tick + ticks.round().max(0.0) as u64
    }
}
