//! Playing on without an end: the audio side of an instance, lent to a thread that plays a stretch
//! of a song, stands, and plays another as a hand on the transport wants it.

use anyhow::{Context, Result, anyhow};
use clack_host::prelude::*;

use super::callbacks::Handlers;
use super::drive::Player;
use super::walk::Cursor;
use super::{Instance, Pace, Parameter, Setup};
use crate::recording::Output;
use crate::song::timeline::{Input, Span, Timeline};
use crate::song::{HostSong, Passage, Script};

/// The audio side of an activated instance, to be sent to a thread.
pub struct Audio {
    processor: StoppedPluginAudioProcessor<Handlers>,
    parameters: Vec<Parameter>,
    setup: Setup,
}

impl Instance {
    /// Activates the plugin and lends its audio side; [`Self::take_back`] wants it back. Main
    /// thread, which calls [`Self::idle`] meanwhile.
    pub fn lend(&mut self, setup: &Setup) -> Result<Audio> {
        self.activate(setup)?;
        let parameters = self.parameters();
        let processor = self.processor.take().context("the plugin is not active")?;
        Ok(Audio {
            processor,
            parameters,
            setup: setup.clone(),
        })
    }

    /// Takes the audio side back, so that the plugin can be deactivated.
    pub fn take_back(&mut self, audio: Audio) {
        self.processor = Some(audio.processor);
    }
}

impl Audio {
    /// Starts processing, does the work, ends processing. Audio thread.
    pub fn run<T>(self, work: impl FnOnce(&mut Running) -> Result<T>) -> (Self, Result<T>) {
        let (parameters, setup) = (self.parameters, self.setup);
        let (processor, result) = match self.processor.start_processing() {
            Ok(processor) => {
                let player = Player::new(&parameters, &setup);
                let mut running = Running { processor, player };
                let result = work(&mut running);
                (running.processor.stop_processing(), result)
            }
            Err(error) => {
                let said = anyhow!("the plugin did not start to process");
                (error.into_stopped_processor(), Err(said))
            }
        };
        let lent = Self {
            processor,
            parameters,
            setup,
        };
        (lent, result)
    }

    /// Samples a second.
    pub const fn sample_rate(&self) -> f64 {
        self.setup.sample_rate
    }

    /// True if the plugin may take its time.
    pub fn is_offline(&self) -> bool {
        self.setup.pace == Pace::Offline
    }
}

/// A block: its length in samples, and what left, each at its sample in the block.
pub type Played = (usize, Vec<(usize, Output)>);

/// A plugin that processes.
pub struct Running<'a> {
    processor: StartedPluginAudioProcessor<Handlers>,
    player: Player<'a>,
}

impl Running<'_> {
    /// Plays the next block of the way, of at most `most` samples; `None` where the way is over.
    pub fn step(&mut self, way: &mut Way, song: &HostSong, most: u32) -> Result<Option<Played>> {
        let Some(block) = way.cursor.next(&way.timeline, most) else {
            return Ok(None);
        };
        self.player.play(&mut self.processor, &block, song)?;
        way.beat = block.beat(way.timeline.sample_rate)
            + block.frames as f64 * block.span.beats_per_sample(way.timeline.sample_rate);
        let (events, calls) = &mut self.player.recorded;
        calls.clear();
        let left = events.drain(..);
        let left = left.map(|(sample, output)| ((sample - block.start) as usize, output));
        Ok(Some((block.frames as usize, left.collect())))
    }
}

/// A stretch of play or of standing still, and how far it has been played.
pub struct Way {
    timeline: Timeline,
    cursor: Cursor,
    beat: f64,
}

impl Way {
    /// Plays a song from a beat for a number of beats.
    pub fn play(song: &HostSong, from: f64, beats: f64, sample_rate: f64) -> Self {
        let script = Script::new(song.clone(), [Passage::play(from, beats)]);
        Self {
            timeline: Timeline::new(&script, sample_rate),
            cursor: Cursor::default(),
            beat: from,
        }
    }

    /// Stands at a beat for a number of samples; the inputs enter at their samples.
    pub fn stand(
        song: &HostSong,
        beat: f64,
        frames: u64,
        inputs: Vec<(u64, Input)>,
        sample_rate: f64,
    ) -> Self {
        let span = Span {
            start: 0,
            frames,
            playing: false,
            beat,
            tempo: song.tempo_at(beat),
            cycle: None,
        };
        Self {
            timeline: Timeline {
                sample_rate,
                spans: vec![span],
                inputs,
            },
            cursor: Cursor::default(),
            beat,
        }
    }

    /// Where it has come to, in beats.
    pub const fn beat(&self) -> f64 {
        self.beat
    }

    /// The ends of the notes that have begun and not ended, as inputs at sample 0.
    pub fn ends(&self) -> Vec<(u64, Input)> {
        let mut held: Vec<Input> = Vec::new();
        for (_, input) in self.cursor.entered(&self.timeline) {
            match *input {
                Input::On {
                    channel, key, id, ..
                } => held.push(Input::Off { channel, key, id }),
                Input::Off { .. } => held.retain(|end| end != input),
                Input::Message(_) | Input::Parameter(..) => {}
            }
        }
        held.into_iter().map(|end| (0, end)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::song::ClipNote;

    #[test]
    fn what_is_held_where_play_ends_is_ended_once() {
        let song = HostSong::new(
            120.0,
            [ClipNote::new(0.0, 1.0, 60), ClipNote::new(0.5, 4.0, 62)],
        );
        let mut way = Way::play(&song, 0.0, 8.0, 48_000.0);
        assert!(way.ends().is_empty());
        let mut enter = |samples| way.cursor.next(&way.timeline, samples).map(|b| b.frames);
        // A beat is 24,000 samples.
        assert_eq!(enter(30_000), Some(30_000));
        let ends = way.ends();
        let [(0, Input::Off { key: 62, .. })] = ends[..] else {
            panic!("{ends:?}");
        };
        let _ = way.cursor.next(&way.timeline, 90_000);
        assert!(way.ends().is_empty());
    }
}
