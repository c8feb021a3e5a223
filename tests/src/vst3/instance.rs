//! An instance of a VST3 plugin: its buses, its parameters, its state.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use vst3::ComPtr;
use vst3::Steinberg::Vst::{
    BusDirections, BusDirections_, BusInfo, BusInfo_::BusFlags_, IAudioProcessor,
    IAudioProcessorTrait, IComponent, IComponentTrait, IEditController, IEditControllerTrait,
    IMidiMapping, IMidiMappingTrait, MediaTypes, MediaTypes_, ParamID, ParameterInfo,
    ParameterInfo_::ParameterFlags_, ProcessModes, ProcessModes_, ProcessSetup, SpeakerArr,
    SymbolicSampleSizes_,
};
use vst3::Steinberg::{IPluginBaseTrait, kResultOk};

use super::module::Module;
use super::parts::{Host, Stream, pointer};
use super::wide_text;
use crate::host::{Pace, Setup, walk};

/// `kIsHidden`, which the bindings do not have.
const IS_HIDDEN: i32 = 1 << 4;

/// A bus of the plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bus {
    /// Channels: of audio, or MIDI channels.
    pub channels: i32,
    /// True if hosts switch it on without being asked.
    pub active: bool,
}

/// The plugin's buses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Buses {
    /// Audio, in and out.
    pub audio: (Vec<Bus>, Vec<Bus>),
    /// Notes, in and out.
    pub events: (Vec<Bus>, Vec<Bus>),
}

/// A parameter as the host sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// Its stable id.
    pub id: ParamID,
    /// Its name.
    pub name: String,
    /// Its value, 0..=1.
    pub value: f64,
    /// True if the host may automate it.
    pub automatable: bool,
    /// True if the host is asked not to show it.
    pub hidden: bool,
    /// True if the host takes it for the bypass.
    pub is_bypass: bool,
}

/// An instance of the plugin.
pub struct Vst3Instance {
    pub(super) processor: ComPtr<IAudioProcessor>,
    controller: ComPtr<IEditController>,
    mapping: Option<ComPtr<IMidiMapping>>,
    component: ComPtr<IComponent>,
    _host: Host,
    /// How it was activated: the largest block, the sample rate, the mode.
    active: Option<(i32, f64, i32)>,
    /// True if the audio thread has said since then that it begins.
    processing: Cell<bool>,
    /// Last, so that the library is there as long as the references into it.
    _module: Rc<Module>,
}

/// Refuses what is not `kResultOk`.
fn done(what: &str, result: i32) -> Result<()> {
    ensure!(
        result == kResultOk,
        "the plugin failed to {what} ({result})"
    );
    Ok(())
}

impl Vst3Instance {
    pub(super) fn new(
        module: Rc<Module>,
        component: ComPtr<IComponent>,
        controller: ComPtr<IEditController>,
        host: Host,
    ) -> Result<Self> {
        com!(controller.setComponentHandler(host.handler()));
        let processor = component.cast::<IAudioProcessor>();
        Ok(Self {
            processor: processor.context("the plugin does not process")?,
            mapping: controller.cast(),
            controller,
            component,
            _host: host,
            active: None,
            processing: Cell::new(false),
            _module: module,
        })
    }

    /// The plugin's buses.
    pub fn buses(&self) -> Buses {
        let list = |media: MediaTypes, direction: BusDirections| {
            let (media, direction) = (media as i32, direction as i32);
            let count = com!(self.component.getBusCount(media, direction));
            let bus = |index| {
                // SAFETY: numbers and characters, for which zeros are values.
                let mut info: BusInfo = unsafe { std::mem::zeroed() };
                let result =
                    com!(
                        self.component
                            .getBusInfo(media, direction, index, &raw mut info)
                    );
                (result == kResultOk).then_some(Bus {
                    channels: info.channelCount,
                    active: info.flags & BusFlags_::kDefaultActive as u32 != 0,
                })
            };
            (0..count).filter_map(bus).collect()
        };
        let both = |media| {
            let input = list(media, BusDirections_::kInput);
            (input, list(media, BusDirections_::kOutput))
        };
        Buses {
            audio: both(MediaTypes_::kAudio),
            events: both(MediaTypes_::kEvent),
        }
    }

    /// The plugin's parameters, in its order.
    pub fn parameters(&self) -> Vec<Listed> {
        let count = com!(self.controller.getParameterCount());
        let listed = |index| {
            // SAFETY: numbers and characters, for which zeros are values.
            let mut info: ParameterInfo = unsafe { std::mem::zeroed() };
            let result = com!(self.controller.getParameterInfo(index, &raw mut info));
            (result == kResultOk).then(|| Listed {
                id: info.id,
                name: wide_text(&info.title),
                value: com!(self.controller.getParamNormalized(info.id)),
                automatable: info.flags & ParameterFlags_::kCanAutomate != 0,
                hidden: info.flags & IS_HIDDEN != 0,
                is_bypass: info.flags & ParameterFlags_::kIsBypass != 0,
            })
        };
        (0..count).filter_map(listed).collect()
    }

    /// The parameters that a host shows.
    pub fn shown(&self) -> Vec<Listed> {
        let mut parameters = self.parameters();
        parameters.retain(|parameter| !parameter.hidden);
        parameters
    }

    /// Sets a parameter to a place (0..=1) in its range, as a host does while nothing plays.
    pub fn set(&mut self, name: &str, place: f64) -> Result<()> {
        self.deactivate();
        self.say(name, place)
    }

    /// Tells the controller that a parameter is at this place (0..=1) in its range, whether blocks
    /// are processed or not.
    pub fn say(&self, name: &str, place: f64) -> Result<()> {
        let id = self.parameter(name)?.id;
        let result = com!(self.controller.setParamNormalized(id, place));
        done(&format!("set {name}"), result)
    }

    /// The parameter of that name.
    pub fn parameter(&self, name: &str) -> Result<Listed> {
        let mut parameters = self.shown();
        let place = parameters.iter().position(|other| other.name == name);
        let place = place.with_context(|| format!("the plugin has no {name:?}"))?;
        Ok(parameters.swap_remove(place))
    }

    /// The parameter that takes a MIDI controller (128: channel pressure, 129: pitch bend).
    pub fn parameter_of_controller(&self, channel: u8, controller: u8) -> Option<ParamID> {
        let mapping = self.mapping.as_ref()?;
        let (channel, controller) = (i16::from(channel), i16::from(controller));
        let mut id = 0;
        let result = com!(mapping.getMidiControllerAssignment(0, channel, controller, &raw mut id));
        (result == kResultOk).then_some(id)
    }

    /// The plugin's saved state.
    pub fn save(&self) -> Result<Vec<u8>> {
        let stream = Stream::new(&[]);
        done("save", com!(self.component.getState(pointer(&stream))))?;
        Ok(stream.bytes())
    }

    /// Gives the plugin what it saved.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<()> {
        let stream = Stream::new(bytes);
        done("load", com!(self.component.setState(pointer(&stream))))
    }

    /// The latency that the plugin reports, in samples.
    pub fn latency(&self) -> u32 {
        com!(self.processor.getLatencySamples())
    }

    /// Activates the plugin for these blocks; again only where something has changed.
    pub(super) fn activate(&mut self, setup: &Setup) -> Result<()> {
        let mode = mode(setup) as i32;
        let asked = (setup.blocks.largest() as i32, setup.sample_rate, mode);
        if self.active == Some(asked) {
            return Ok(());
        }
        self.deactivate();
        let mut stereo = [SpeakerArr::kStereo; 2];
        let [input, output] = &mut stereo;
        let (input, output) = (std::ptr::from_mut(input), std::ptr::from_mut(output));
        let result = com!(self.processor.setBusArrangements(input, 1, output, 1));
        done("take a stereo bus", result)?;
        let mut processing = ProcessSetup {
            processMode: mode,
            symbolicSampleSize: SymbolicSampleSizes_::kSample32 as i32,
            maxSamplesPerBlock: asked.0,
            sampleRate: asked.1,
        };
        let result = com!(self.processor.setupProcessing(&raw mut processing));
        done("set up", result)?;
        for media in [MediaTypes_::kAudio, MediaTypes_::kEvent] {
            for direction in [BusDirections_::kInput, BusDirections_::kOutput] {
                let (media, direction) = (media as i32, direction as i32);
                let result = com!(self.component.activateBus(media, direction, 0, 1));
                done("activate a bus", result)?;
            }
        }
        done("activate", com!(self.component.setActive(1)))?;
        self.active = Some(asked);
        Ok(())
    }

    /// Says that processing begins, where that was not said yet. Audio thread.
    pub(super) fn begin(&self) -> Result<()> {
        if self.processing.replace(true) {
            return Ok(());
        }
        done("start", com!(self.processor.setProcessing(1)))
    }

    /// Ends processing, as a host does before it changes settings or unloads.
    pub fn deactivate(&mut self) {
        if self.active.take().is_some() {
            if self.processing.replace(false) {
                com!(self.processor.setProcessing(0));
            }
            com!(self.component.setActive(0));
        }
    }

    /// Gives the engine time to load its weights, as a user does between opening and playing.
    pub fn wait_until_ready(&mut self, setup: &Setup) -> Result<()> {
        self.activate(setup)?;
        walk::wait_for_engine(Duration::from_secs(20));
        Ok(())
    }
}

/// The host's mode as VST3 names it.
pub(super) fn mode(setup: &Setup) -> ProcessModes {
    match setup.pace {
        Pace::Offline => ProcessModes_::kOffline,
        Pace::Rushed | Pace::RealTime { .. } | Pace::Paused { .. } | Pace::Clock => {
            ProcessModes_::kRealtime
        }
    }
}

impl Drop for Vst3Instance {
    fn drop(&mut self) {
        self.deactivate();
        com!(self.component.terminate());
    }
}
