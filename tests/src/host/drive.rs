//! The audio thread: calls the plugin block by block and records what leaves.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use clack_host::events::event_types::{
    MidiEvent, NoteOffEvent, NoteOnEvent, ParamValueEvent, TransportEvent, TransportFlags,
};
use clack_host::events::spaces::CoreEventSpace;
use clack_host::events::{EventFlags, EventHeader, Match};
use clack_host::prelude::*;
use clack_host::utils::{BeatTime, SecondsTime};

use super::callbacks::Handlers;
use super::room::Room;
use super::{Instance, Pace, Parameter, Setup};
use crate::recording::{Output, Recording};
use crate::song::timeline::{Input, Span, Timeline};
use crate::song::{Script, Song};
use crate::threads;

/// The name of the plugin's engine thread.
const ENGINE_THREAD: &str = "third-stream-engine";

/// Waits until the engine has nothing to do.
pub(super) fn wait_for_engine(patience: Duration) {
    threads::wait_for_worker(ENGINE_THREAD, patience, Duration::from_secs(1));
}

impl Instance {
    /// Plays the script through the plugin and records what leaves. The plugin stays active, so
    /// that a second script goes on where the first one ended.
    pub fn perform(&mut self, script: &Script, setup: &Setup) -> Result<Recording> {
        self.activate(setup)?;
        let parameters = self.parameters();
        let processor = self.processor.take().context("the plugin is not active")?;
        let timeline = Timeline::new(script, setup.sample_rate);
        let (processor, result) = std::thread::scope(|scope| {
            let audio = std::thread::Builder::new().name("host audio".into());
            let work = || audio_thread(processor, &timeline, &script.song, &parameters, setup);
            let audio = audio.spawn_scoped(scope, work).context("no audio thread")?;
            // Meanwhile the main thread serves the plugin.
            while !audio.is_finished() {
                self.serve();
                std::thread::sleep(Duration::from_millis(1));
            }
            audio
                .join()
                .map_err(|_| anyhow!("the audio thread panicked"))
        })?;
        self.processor = Some(processor);
        self.serve();
        let (events, longest_call) = result?;
        Ok(Recording {
            timeline,
            events,
            longest_call,
        })
    }
}

type Recorded = (Vec<(u64, Output)>, Duration);

/// Processes the whole timeline; gives the processor back for the main thread to deactivate.
fn audio_thread(
    processor: StoppedPluginAudioProcessor<Handlers>,
    timeline: &Timeline,
    song: &Song,
    parameters: &[Parameter],
    setup: &Setup,
) -> (StoppedPluginAudioProcessor<Handlers>, Result<Recorded>) {
    let mut processor = match processor.start_processing() {
        Ok(started) => started,
        Err(error) => {
            let error_text = anyhow!("the plugin did not start to process");
            return (error.into_stopped_processor(), Err(error_text));
        }
    };
    let result = process(&mut processor, timeline, song, parameters, setup);
    (processor.stop_processing(), result)
}

fn process(
    processor: &mut StartedPluginAudioProcessor<Handlers>,
    timeline: &Timeline,
    song: &Song,
    parameters: &[Parameter],
    setup: &Setup,
) -> Result<Recorded> {
    let mut recorded = (Vec::new(), Duration::ZERO);
    let mut room = Room::new(setup.room);
    let mut inputs = timeline.inputs.iter().peekable();
    let mut sizes = setup.blocks.sizes();
    let mut beats_played = 0.0;
    for span in &timeline.spans {
        let per_sample = span.beats_per_sample(timeline.sample_rate);
        let mut now = span.start;
        while now < span.end() {
            // A block ends where the transport changes, as in hosts.
            let frames = u64::from(sizes.next().unwrap_or(1)).min(span.end() - now);
            let mut entering = EventBuffer::with_capacity(64);
            while let Some((sample, input)) = inputs.next_if(|(at, _)| *at < now + frames) {
                push(&mut entering, (sample - now) as u32, *input, parameters)?;
            }
            let transport = transport(span, now, timeline.sample_rate, song);
            room.clear();
            let call = Instant::now();
            call_plugin(processor, frames as u32, &entering, &mut room, &transport)?;
            recorded.1 = recorded.1.max(call.elapsed());
            take(&room, now, frames, &mut recorded.0)?;
            now += frames;
            let before = beats_played;
            beats_played += frames as f64 * per_sample;
            if let Pace::RealTime { group } = setup.pace
                && asks_between(before, beats_played, group)
            {
                wait_for_engine(Duration::from_secs(20));
            }
        }
    }
    Ok(recorded)
}

/// Whether a group's end, or the beat before it, lies between two positions. Groups are counted
/// from the script's start, so scripts in real time start at the start of a group.
fn asks_between(before: f64, after: f64, group: f64) -> bool {
    [0.0, 1.0]
        .iter()
        .any(|lead| ((after + lead) / group).floor() > ((before + lead) / group).floor())
}

#[expect(unsafe_code, reason = "a note effect has no audio buffers to describe")]
fn call_plugin(
    processor: &mut StartedPluginAudioProcessor<Handlers>,
    frames: u32,
    entering: &EventBuffer,
    leaving: &mut Room,
    transport: &TransportEvent,
) -> Result<()> {
    // SAFETY: both lists are empty, so there is no buffer that could be too short.
    let audio_in = unsafe { InputAudioBuffers::from_raw_buffers(&[], frames) };
    // SAFETY: as above. `AudioPorts` without ports would say that the block has no frames.
    let mut audio_out = unsafe { OutputAudioBuffers::from_raw_buffers(&mut [], frames) };
    processor
        .process(
            &audio_in,
            &mut audio_out,
            &entering.as_input(),
            &mut OutputEvents::from_buffer(leaving),
            None,
            Some(transport),
        )
        .map_err(|error| anyhow!("the plugin failed in a block of {frames}: {error}"))?;
    Ok(())
}

fn push(events: &mut EventBuffer, time: u32, input: Input, parameters: &[Parameter]) -> Result<()> {
    match input {
        Input::On {
            channel,
            key,
            velocity,
            id,
        } => events.push(&NoteOnEvent::new(
            time,
            Pckn::new(0u16, channel, key, id),
            velocity,
        )),
        Input::Off { channel, key, id } => events.push(&NoteOffEvent::new(
            time,
            Pckn::new(0u16, channel, key, id),
            0.0,
        )),
        Input::Message(bytes) => events.push(&MidiEvent::new(time, 0, bytes)),
        Input::Parameter(name, place) => {
            let parameter = parameters
                .iter()
                .find(|parameter| parameter.name == name)
                .with_context(|| format!("the plugin has no parameter {name:?}"))?;
            let value = parameter.at(place);
            let event = ParamValueEvent::new(time, parameter.id, Pckn::match_all(), value);
            events.push(&event);
        }
    }
    Ok(())
}

/// Records what left in a block; it must be in order and within the block.
fn take(room: &Room, now: u64, frames: u64, events: &mut Vec<(u64, Output)>) -> Result<()> {
    let mut last = 0;
    for event in room.iter() {
        let time = event.header().time();
        ensure!(
            time >= last && u64::from(time) < frames,
            "an event left at sample {time} of a block of {frames}, after one at {last}"
        );
        last = time;
        let specific = |m: Match<u16>| m.into_specific().unwrap_or(255) as u8;
        let output = match event.as_core_event() {
            Some(CoreEventSpace::NoteOn(note)) => Output::On {
                channel: specific(note.channel()),
                key: specific(note.key()),
                velocity: note.velocity(),
                id: note.note_id().into_specific(),
            },
            Some(CoreEventSpace::NoteOff(note)) => Output::Off {
                channel: specific(note.channel()),
                key: specific(note.key()),
                id: note.note_id().into_specific(),
            },
            Some(CoreEventSpace::Midi(midi)) => Output::Message(midi.data()),
            _ => Output::Other(event.header().type_id()),
        };
        events.push((now + u64::from(time), output));
    }
    Ok(())
}

fn transport(span: &Span, now: u64, sample_rate: f64, song: &Song) -> TransportEvent {
    let beat = span.beat + (now - span.start) as f64 * span.beats_per_sample(sample_rate);
    let bar = song.bar_at(beat);
    let mut flags = TransportFlags::HAS_TEMPO
        | TransportFlags::HAS_BEATS_TIMELINE
        | TransportFlags::HAS_SECONDS_TIMELINE
        | TransportFlags::HAS_TIME_SIGNATURE;
    flags.set(TransportFlags::IS_PLAYING, span.playing);
    flags.set(TransportFlags::IS_LOOP_ACTIVE, span.cycle.is_some());
    let (loop_start, loop_end) = span.cycle.unwrap_or_default();
    let seconds = |beat: f64| SecondsTime::from_float(beat * 60.0 / span.tempo);
    TransportEvent {
        header: EventHeader::new_core(0, EventFlags::empty()),
        flags,
        song_pos_beats: BeatTime::from_float(beat),
        song_pos_seconds: seconds(beat),
        tempo: span.tempo,
        tempo_inc: 0.0,
        loop_start_beats: BeatTime::from_float(loop_start),
        loop_end_beats: BeatTime::from_float(loop_end),
        loop_start_seconds: seconds(loop_start),
        loop_end_seconds: seconds(loop_end),
        bar_start: BeatTime::from_float(bar.start),
        bar_number: bar.number,
        time_signature_numerator: bar.meter.0,
        time_signature_denominator: bar.meter.1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engine_is_asked_before_and_at_a_group_s_end() {
        assert!(asks_between(14.9, 15.1, 16.0));
        assert!(!asks_between(15.1, 15.9, 16.0));
        assert!(asks_between(15.9, 16.0, 16.0));
        assert!(!asks_between(16.0, 30.9, 16.0));
        assert!(asks_between(30.9, 31.0, 16.0));
    }
}
