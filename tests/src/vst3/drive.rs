//! Calls the plugin block by block and records what leaves.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use vst3::ComWrapper;
use vst3::Steinberg::Vst::{
    AudioBusBuffers, AudioBusBuffers__type0, Event,
    Event_::{EventTypes, EventTypes_},
    Event__type0, IAudioProcessorTrait, NoteOffEvent, NoteOnEvent, PolyPressureEvent,
    ProcessContext,
    ProcessContext_::StatesAndFlags_,
    ProcessData, SymbolicSampleSizes_,
};
use vst3::Steinberg::kResultOk;

use super::instance::{Listed, Vst3Instance, mode};
use super::parts::{Changes, Events, pointer};
use crate::audio_call::watched;
use crate::host::Setup;
use crate::host::walk::{Block, walk};
use crate::recording::{Output, Recording};
use crate::song::timeline::{Input, Timeline};
use crate::song::{HostSong, Script};

/// An instance while the audio thread has it and its own thread waits.
struct Lent<'a>(&'a Vst3Instance);

// SAFETY: the thread that owns the instance waits until the audio thread is done with it, so only
// one thread at a time touches it.
unsafe impl Sync for Lent<'_> {}

impl Lent<'_> {
    const fn instance(&self) -> &Vst3Instance {
        self.0
    }
}

impl Vst3Instance {
    /// Plays the script through the plugin and records what leaves. The plugin stays active, so
    /// that a second script goes on where the first one ended.
    ///
    /// A sound runs along on the audio bus; it must come out as it went in.
    pub fn perform(&mut self, script: &Script, setup: &Setup) -> Result<Recording> {
        self.activate(setup)?;
        let lent = Lent(self);
        // On a thread of its own, as in hosts: plugins look at the thread that calls them.
        std::thread::scope(|scope| {
            let audio = std::thread::Builder::new().name("host audio".into());
            let audio = audio.spawn_scoped(scope, || lent.instance().play(script, setup));
            let played = audio.context("no audio thread")?.join();
            played.map_err(|_| anyhow!("the audio thread panicked"))?
        })
    }

    /// Work of the audio thread.
    fn play(&self, script: &Script, setup: &Setup) -> Result<Recording> {
        self.begin()?;
        let parameters = self.shown();
        let timeline = Timeline::new(script, setup.sample_rate);
        let mut events = Vec::new();
        let mut calls = Vec::new();
        walk(&timeline, setup, |block| {
            let leaving = Events::new(setup.room);
            calls.push(self.call(block, &script.song, &parameters, setup, &leaving)?);
            take(&leaving, block, &mut events)
        })?;
        Ok(Recording {
            timeline,
            events,
            longest_call: calls.iter().max().copied().unwrap_or_default(),
            calls,
        })
    }

    /// Hands parameters over at these places (0..=1) of their ranges without a block, as hosts do
    /// while the sound card stands still. The plugin has to be active.
    pub fn flush(&self, places: &[(&str, f64)], setup: &Setup) -> Result<()> {
        let changes = ComWrapper::new(Changes::default());
        for (name, place) in places {
            changes.add(self.parameter(name)?.id, 0, *place);
        }
        // SAFETY: numbers and pointers, for which zeros are values.
        let nothing: ProcessData = unsafe { std::mem::zeroed() };
        let mut data = ProcessData {
            processMode: mode(setup) as i32,
            symbolicSampleSize: SymbolicSampleSizes_::kSample32 as i32,
            inputParameterChanges: pointer(&changes),
            ..nothing
        };
        let result = watched(setup.pace, || com!(self.processor.process(&raw mut data)));
        ensure!(result == kResultOk, "the plugin took no changes ({result})");
        Ok(())
    }

    /// One call of the plugin; how long it took.
    fn call(
        &self,
        block: &Block,
        song: &HostSong,
        parameters: &[Listed],
        setup: &Setup,
        leaving: &ComWrapper<Events>,
    ) -> Result<Duration> {
        let entering = Events::new(usize::MAX);
        let changes = ComWrapper::new(Changes::default());
        for (sample, input) in block.inputs {
            let sample = (sample - block.start) as i32;
            self.enter(sample, *input, parameters, &entering, &changes)?;
        }
        let mut context = context(block, setup.sample_rate, song);
        let frames = block.frames as usize;
        let sound = |channel: u64| {
            let at = |i| ((block.start + i) * (3 + channel) % 997) as f32 / 997.0 - 0.5;
            (0..block.frames).map(at).collect::<Vec<_>>()
        };
        let (mut left, mut right) = (sound(0), sound(1));
        let mut out = [vec![f32::NAN; frames], vec![f32::NAN; frames]];
        let mut inputs = [left.as_mut_ptr(), right.as_mut_ptr()];
        let mut outputs = out.each_mut().map(Vec::as_mut_ptr);
        let bus = |channels: &mut [*mut f32; 2]| AudioBusBuffers {
            numChannels: 2,
            silenceFlags: 0,
            __field0: AudioBusBuffers__type0 {
                channelBuffers32: channels.as_mut_ptr(),
            },
        };
        let (mut inputs, mut outputs) = (bus(&mut inputs), bus(&mut outputs));
        let mut data = ProcessData {
            processMode: mode(setup) as i32,
            symbolicSampleSize: SymbolicSampleSizes_::kSample32 as i32,
            numSamples: block.frames as i32,
            numInputs: 1,
            numOutputs: 1,
            inputs: &raw mut inputs,
            outputs: &raw mut outputs,
            inputParameterChanges: pointer(&changes),
            outputParameterChanges: std::ptr::null_mut(),
            inputEvents: pointer(&entering),
            outputEvents: pointer(leaving),
            processContext: &raw mut context,
        };
        let start = Instant::now();
        let result = watched(setup.pace, || com!(self.processor.process(&raw mut data)));
        let took = start.elapsed();
        ensure!(
            result == kResultOk,
            "the plugin failed in a block of {frames} ({result})"
        );
        ensure!(
            out == [left, right],
            "the plugin changed the sound that passes through it"
        );
        Ok(took)
    }

    /// Puts one input where the plugin looks for it. What the format has no way for stays out, as
    /// in every host.
    fn enter(
        &self,
        sample: i32,
        input: Input,
        parameters: &[Listed],
        events: &ComWrapper<Events>,
        changes: &ComWrapper<Changes>,
    ) -> Result<()> {
        let note = |kind: EventTypes, field| {
            events.list.borrow_mut().push(Event {
                busIndex: 0,
                sampleOffset: sample,
                ppqPosition: 0.0,
                flags: 0,
                r#type: kind as u16,
                __field0: field,
            });
        };
        match input {
            Input::On {
                channel,
                key,
                velocity,
                id,
            } => {
                let on = NoteOnEvent {
                    channel: channel.into(),
                    pitch: key.into(),
                    tuning: 0.0,
                    velocity: velocity as f32,
                    length: 0,
                    noteId: id as i32,
                };
                note(EventTypes_::kNoteOnEvent, Event__type0 { noteOn: on });
            }
            Input::Off { channel, key, id } => {
                let off = NoteOffEvent {
                    channel: channel.into(),
                    pitch: key.into(),
                    velocity: 0.0,
                    noteId: id as i32,
                    tuning: 0.0,
                };
                note(EventTypes_::kNoteOffEvent, Event__type0 { noteOff: off });
            }
            Input::Message([status, key, pressure]) if status & 0xF0 == 0xA0 => {
                let pressed = PolyPressureEvent {
                    channel: (status & 0x0F).into(),
                    pitch: key.into(),
                    pressure: f32::from(pressure) / 127.0,
                    noteId: -1,
                };
                let field = Event__type0 {
                    polyPressure: pressed,
                };
                note(EventTypes_::kPolyPressureEvent, field);
            }
            Input::Message([status, first, second]) => {
                let (controller, value) = match status & 0xF0 {
                    0xB0 => (first, f64::from(second) / 127.0),
                    0xD0 => (128, f64::from(first) / 127.0),
                    0xE0 => {
                        let bend = u16::from(second) << 7 | u16::from(first);
                        (129, f64::from(bend) / 16_383.0)
                    }
                    _ => return Ok(()),
                };
                if let Some(id) = self.parameter_of_controller(status & 0x0F, controller) {
                    changes.add(id, sample, value);
                }
            }
            Input::Parameter(name, place) => {
                let parameter = parameters.iter().find(|parameter| parameter.name == name);
                let parameter = parameter.with_context(|| format!("no parameter {name:?}"))?;
                changes.add(parameter.id, sample, place);
            }
        }
        Ok(())
    }
}

/// Records what left in a block; it must be in order and within the block.
fn take(leaving: &Events, block: &Block, events: &mut Vec<(u64, Output)>) -> Result<()> {
    let mut last = 0;
    for event in &*leaving.list.borrow() {
        let time = event.sampleOffset;
        ensure!(
            time >= last && (time as u64) < block.frames && event.busIndex == 0,
            "an event left at sample {time} of a block of {}, after one at {last}",
            block.frames
        );
        last = time;
        events.push((block.start + time as u64, output(event)?));
    }
    Ok(())
}

fn output(event: &Event) -> Result<Output> {
    let id = |id: i32| u32::try_from(id).ok();
    let data = &event.__field0;
    Ok(match EventTypes::from(event.r#type) {
        EventTypes_::kNoteOnEvent => {
            // SAFETY: the type says which member was written.
            let note = unsafe { data.noteOn };
            Output::On {
                channel: note.channel as u8,
                key: note.pitch as u8,
                velocity: note.velocity.into(),
                id: id(note.noteId),
            }
        }
        EventTypes_::kNoteOffEvent => {
            // SAFETY: as above.
            let note = unsafe { data.noteOff };
            Output::Off {
                channel: note.channel as u8,
                key: note.pitch as u8,
                id: id(note.noteId),
            }
        }
        EventTypes_::kPolyPressureEvent => {
            // SAFETY: as above.
            let pressed = unsafe { data.polyPressure };
            let pressure = (pressed.pressure * 127.0).round() as u8;
            Output::Message([0xA0 | pressed.channel as u8, pressed.pitch as u8, pressure])
        }
        EventTypes_::kLegacyMIDICCOutEvent => {
            // SAFETY: as above.
            let midi = unsafe { data.midiCCOut };
            let (channel, first, second) =
                (midi.channel as u8, midi.value as u8, midi.value2 as u8);
            Output::Message(match midi.controlNumber {
                128 => [0xD0 | channel, first, 0],
                129 => [0xE0 | channel, first, second],
                130 => [0xC0 | channel, first, 0],
                controller => [0xB0 | channel, controller, first],
            })
        }
        other => bail!("the plugin sent an event of type {other}"),
    })
}

fn context(block: &Block, sample_rate: f64, song: &HostSong) -> ProcessContext {
    use StatesAndFlags_ as flags;
    let (span, beat) = (block.span, block.beat(sample_rate));
    let bar = song.bar_at(beat);
    let mut state = flags::kProjectTimeMusicValid
        | flags::kTempoValid
        | flags::kTimeSigValid
        | flags::kBarPositionValid;
    if span.playing {
        state |= flags::kPlaying;
    }
    if span.cycle.is_some() {
        state |= flags::kCycleActive | flags::kCycleValid;
    }
    let (loop_start, loop_end) = span.cycle.unwrap_or_default();
    // SAFETY: numbers only, for which zeros are values.
    let nothing: ProcessContext = unsafe { std::mem::zeroed() };
    ProcessContext {
        state: state as u32,
        sampleRate: sample_rate,
        projectTimeSamples: (beat * 60.0 / span.tempo * sample_rate).round() as i64,
        projectTimeMusic: beat,
        barPositionMusic: bar.start,
        cycleStartMusic: loop_start,
        cycleEndMusic: loop_end,
        tempo: span.tempo,
        timeSigNumerator: bar.meter.0.into(),
        timeSigDenominator: bar.meter.1.into(),
        ..nothing
    }
}
