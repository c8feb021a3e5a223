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
use super::walk::{Block, walk};
use super::{Instance, Pace, Parameter, Setup};
use crate::audio_call::watched;
use crate::recording::{Output, Recording};
use crate::song::timeline::{Input, Timeline};
use crate::song::{HostSong, Script};

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
        Ok(recording(timeline, result?))
    }
}

pub(super) fn recording(timeline: Timeline, (events, calls): Recorded) -> Recording {
    Recording {
        timeline,
        events,
        longest_call: calls.iter().max().copied().unwrap_or_default(),
        calls,
    }
}

/// Processes the whole timeline; gives the processor back for the main thread to deactivate.
fn audio_thread(
    processor: StoppedPluginAudioProcessor<Handlers>,
    timeline: &Timeline,
    song: &HostSong,
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
    let mut player = Player::new(parameters, setup);
    let result = walk(timeline, setup, |block| {
        player.play(&mut processor, block, song)
    });
    (
        processor.stop_processing(),
        result.map(|()| player.recorded),
    )
}

/// The output of a script, and the time of each call.
pub(super) type Recorded = (Vec<(u64, Output)>, Vec<Duration>);

/// Plays blocks and records what leaves.
pub(super) struct Player<'a> {
    sample_rate: f64,
    parameters: &'a [Parameter],
    pace: Pace,
    room: Room,
    pub(super) recorded: Recorded,
}

impl<'a> Player<'a> {
    pub(super) fn new(parameters: &'a [Parameter], setup: &Setup) -> Self {
        Self {
            sample_rate: setup.sample_rate,
            parameters,
            pace: setup.pace,
            room: Room::new(setup.room),
            recorded: Recorded::default(),
        }
    }

    /// One block of a song.
    pub(super) fn play(
        &mut self,
        processor: &mut StartedPluginAudioProcessor<Handlers>,
        block: &Block,
        song: &HostSong,
    ) -> Result<()> {
        let mut entering = EventBuffer::with_capacity(64);
        for (sample, input) in block.inputs {
            let time = (sample - block.start) as u32;
            push(&mut entering, time, *input, self.parameters)?;
        }
        let transport = transport(block, self.sample_rate, song);
        self.room.clear();
        let call = Instant::now();
        let (frames, room) = (block.frames as u32, &mut self.room);
        watched(self.pace, || {
            call_plugin(processor, frames, &entering, room, &transport)
        })?;
        let (events, calls) = &mut self.recorded;
        calls.push(call.elapsed());
        take(&self.room, block.start, block.frames, events)
    }
}

/// One call. Kept whole, so that its instructions can be counted under its name.
#[inline(never)]
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

fn transport(block: &Block, sample_rate: f64, song: &HostSong) -> TransportEvent {
    let (span, beat) = (block.span, block.beat(sample_rate));
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
