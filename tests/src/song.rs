//! A host's song: notes at their beats, a tempo and a meter map, automation; and a script of
//! playing, looping and stopping.
//!
//! A beat is a quarter note everywhere.

pub mod timeline;

/// A note of a clip.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClipNote {
    /// Start in beats from the song's start.
    pub onset: f64,
    /// End in beats.
    pub release: f64,
    /// MIDI key.
    pub key: u8,
    /// MIDI velocity, 1..=127.
    pub velocity: u8,
    /// MIDI channel, 0..=15.
    pub channel: u8,
}

impl ClipNote {
    /// A note on channel 0 with velocity 100.
    pub const fn new(onset: f64, release: f64, key: u8) -> Self {
        Self {
            onset,
            release,
            key,
            velocity: 100,
            channel: 0,
        }
    }

    /// The velocity as CLAP carries it, 0..=1.
    pub fn loudness(self) -> f64 {
        loudness(self.velocity)
    }
}

/// A MIDI velocity as CLAP carries it, through the single precision that plugins keep.
pub fn loudness(velocity: u8) -> f64 {
    f64::from(f32::from(velocity) / 127.0)
}

/// A song on the host's timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct HostSong {
    /// The clip's notes, in any order.
    pub notes: Vec<ClipNote>,
    /// Short MIDI messages (controllers, bend, …) at their beats.
    pub messages: Vec<(f64, [u8; 3])>,
    /// Steps of automation: the beat, the parameter's name, its place in its range (0..=1).
    pub automation: Vec<(f64, &'static str, f64)>,
    /// Quarter notes a minute from a beat on; the first one holds from the start.
    pub tempo: Vec<(f64, f64)>,
    /// Time signatures from a beat on, each at a bar line; the first one holds from the start.
    pub meter: Vec<(f64, (u16, u16))>,
}

impl HostSong {
    /// A song in 4/4 at a constant tempo.
    pub fn new(tempo: f64, notes: impl IntoIterator<Item = ClipNote>) -> Self {
        Self {
            notes: notes.into_iter().collect(),
            messages: Vec::new(),
            automation: Vec::new(),
            tempo: vec![(0.0, tempo)],
            meter: vec![(0.0, (4, 4))],
        }
    }

    /// With the genre knob (−1..=1) moved at these beats.
    #[must_use]
    pub fn knob(mut self, moves: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let places = moves
            .into_iter()
            .map(|(beat, knob)| (beat, "Genre", f64::midpoint(knob, 1.0)));
        self.automation.extend(places);
        self
    }

    /// The tempo at a beat.
    pub fn tempo_at(&self, beat: f64) -> f64 {
        in_force(&self.tempo, beat).unwrap_or((0.0, 120.0)).1
    }

    /// The bar that a beat is in.
    pub fn bar_at(&self, beat: f64) -> Bar {
        let mut number = 0;
        let mut bar = Bar::default();
        for (index, &(from, meter)) in self.meter.iter().enumerate() {
            let length = f64::from(meter.0) * 4.0 / f64::from(meter.1);
            let until = self.meter.get(index + 1).map_or(f64::INFINITY, |m| m.0);
            if index > 0 && beat < from {
                break;
            }
            // A hair before the line counts as on it, as in hosts that count in samples.
            let bars = ((beat.min(until) - from) / length + 1e-9).floor();
            bar = Bar {
                number: number + bars as i32,
                start: from + bars * length,
                meter,
            };
            number += ((until - from) / length).round().min(1e6) as i32;
        }
        bar
    }
}

/// A bar of a song.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bar {
    /// 0 for the song's first.
    pub number: i32,
    /// Its start in beats.
    pub start: f64,
    /// Its time signature.
    pub meter: (u16, u16),
}

/// The last entry of a map at or before `beat`, else the first.
fn in_force<T: Copy>(map: &[(f64, T)], beat: f64) -> Option<(f64, T)> {
    map.iter()
        .rev()
        .find(|(from, _)| *from <= beat + 1e-9)
        .or(map.first())
        .copied()
}

/// One thing that a host's transport does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Passage {
    /// Plays `beats` beats from `from`, within the loop (start and end in beats) if there is one.
    Play {
        /// The position where play starts.
        from: f64,
        /// How many beats pass.
        beats: f64,
        /// The loop's start and end.
        cycle: Option<(f64, f64)>,
    },
    /// Stands still; the plugin is still called.
    Stop {
        /// How long.
        seconds: f64,
    },
}

impl Passage {
    /// A short stop.
    pub const REST: Self = Self::Stop { seconds: 0.1 };

    /// Plays `beats` beats from `from` without a loop.
    pub const fn play(from: f64, beats: f64) -> Self {
        Self::Play {
            from,
            beats,
            cycle: None,
        }
    }

    /// Plays `beats` beats from the start of the loop `start..end`.
    pub const fn cycle(start: f64, end: f64, beats: f64) -> Self {
        Self::Play {
            from: start,
            beats,
            cycle: Some((start, end)),
        }
    }
}

/// A note played by hand, whether the song plays or not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LiveNote {
    /// Start in seconds from the script's start.
    pub on: f64,
    /// End in seconds.
    pub off: f64,
    /// MIDI key.
    pub key: u8,
}

/// A song and what the transport does with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Script {
    /// The song.
    pub song: HostSong,
    /// Actions of the transport, one after the other.
    pub passages: Vec<Passage>,
    /// Notes played by hand on top.
    pub live: Vec<LiveNote>,
    /// True if the host ends held notes itself where the transport jumps or stops. Some do not.
    pub ends_held_notes: bool,
}

impl Script {
    /// A script in a host that ends held notes where the transport jumps.
    pub fn new(song: HostSong, passages: impl IntoIterator<Item = Passage>) -> Self {
        Self {
            song,
            passages: passages.into_iter().collect(),
            live: Vec::new(),
            ends_held_notes: true,
        }
    }

    /// Plays the first `beats` beats, then stops.
    pub fn once(song: HostSong, beats: f64) -> Self {
        Self::new(song, [Passage::play(0.0, beats), Passage::REST])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_follow_the_meter_map() {
        let mut song = HostSong::new(120.0, []);
        song.meter = vec![(0.0, (4, 4)), (8.0, (3, 4)), (14.0, (6, 8))];
        let bar = |beat| {
            let bar = song.bar_at(beat);
            (bar.number, bar.start)
        };
        assert_eq!(bar(0.0), (0, 0.0));
        assert_eq!(bar(7.9), (1, 4.0));
        assert_eq!(bar(8.0), (2, 8.0));
        assert_eq!(bar(11.5), (3, 11.0));
        assert_eq!(bar(14.0), (4, 14.0));
        assert_eq!(bar(17.5), (5, 17.0));
        assert_eq!(song.bar_at(15.0).meter, (6, 8));
    }

    #[test]
    fn the_tempo_in_force_is_the_last_one() {
        let mut song = HostSong::new(100.0, []);
        song.tempo.push((4.0, 60.0));
        assert_eq!((song.tempo_at(3.9), song.tempo_at(4.0)), (100.0, 60.0));
    }
}
