//! The VST3 export: wraps the framework's component.
//!
//! The framework passes on the process mode (playback or bounce) of the set-up *before* the current
//! one: a bounce would not wait for its answers, and the next playback would wait on the audio
//! thread. So [`Component`] sets the framework up twice; other calls are forwarded.
//!
//! Values for the plugin's own parameters do not reach the framework: during a block
//! [`param_filter`] takes them out for `process`, between blocks [`pending_params`] keeps them.
//! docs/upstream.md says why.
#![expect(
    unsafe_code,
    reason = "VST3's interfaces are C++: each of their functions takes pointers"
)]

mod factory;
mod param_filter;
mod pending_params;

use std::mem::MaybeUninit;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nice_plug::wrapper::vst3::Wrapper;
use nice_plug::wrapper::vst3::vst3::Class;
use nice_plug::wrapper::vst3::vst3::ComRef;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::{
    BusDirection, BusInfo, CtrlNumber, IAudioProcessor, IAudioProcessorTrait, IComponent,
    IComponentHandler, IComponentTrait, IEditController, IEditControllerTrait, IMidiMapping,
    IMidiMappingTrait, INoteExpressionController, INoteExpressionControllerTrait,
    IProcessContextRequirements, IProcessContextRequirementsTrait, IoMode, MediaType,
    NoteExpressionTypeID, NoteExpressionTypeInfo, NoteExpressionValue, ParamID, ParamValue,
    ParameterInfo, ProcessData, ProcessSetup, RoutingInfo, SpeakerArrangement, String128, TChar,
    kNoParamId,
};
use nice_plug::wrapper::vst3::vst3::Steinberg::{
    FIDString, FUnknown, IBStream, IPlugView, IPluginBaseTrait, TBool, TUID, int16, int32,
    kInvalidArgument, kResultOk, tresult, uint32,
};

use crate::automation::Automation;
use param_filter::ParamFilter;
use pending_params::PendingParams;

/// The plugin in VST3: with the pass-through bus.
type Plugin = crate::ThirdStream<true>;

/// An instance as the host gets it.
struct Component {
    framework: Wrapper<Plugin>,
    intake: ParamFilter,
    said: PendingParams,
    /// The host has asked for the MIDI controllers' parameters. Before that they are hidden: there
    /// are 2,080, and some hosts take half a minute for them.
    maps_controllers: AtomicBool,
}

impl Default for Component {
    fn default() -> Self {
        let (automation, framework) = Automation::shared_with(Wrapper::<Plugin>::default);
        let ids = (0..automation.parameters() as int32).map(|index| id_of(&framework, index));
        Self {
            intake: ParamFilter::new(Arc::clone(&automation), ids.collect()),
            said: PendingParams::new(automation),
            maps_controllers: AtomicBool::new(false),
            framework,
        }
    }
}

/// The host's id of a parameter.
fn id_of(framework: &Wrapper<Plugin>, index: int32) -> ParamID {
    let mut info = MaybeUninit::<ParameterInfo>::zeroed();
    // SAFETY: there is room for the result.
    let result = unsafe { framework.getParameterInfo(index, info.as_mut_ptr()) };
    if result != kResultOk {
        return kNoParamId;
    }
    // SAFETY: plain numbers and characters, initialised with zeros.
    unsafe { info.assume_init() }.id
}

impl Component {
    /// Processes a block, or parameter changes without a block.
    ///
    /// # Safety
    /// As for `IAudioProcessor::process`.
    unsafe fn pass_block(&self, data: *mut ProcessData) -> tresult {
        // SAFETY: the host's structure, valid during its call.
        let own = unsafe { data.as_ref() }.and_then(|data| {
            // SAFETY: null, or the host's object, valid during its call.
            let changes = unsafe { ComRef::from_raw(data.inputParameterChanges) }?;
            let rest = self.intake.take(changes, data.numSamples)?;
            Some((rest, data))
        });
        let Some((rest, host)) = own else {
            // SAFETY: promised by the host.
            return unsafe { self.framework.process(data) };
        };
        let mut data = ProcessData {
            inputParameterChanges: rest,
            ..*host
        };
        // SAFETY: the host's data, with changes that show a part of the host's.
        let result = unsafe { self.framework.process(&raw mut data) };
        self.intake.end();
        result
    }
}

impl Class for Component {
    type Interfaces = (
        IComponent,
        IEditController,
        IAudioProcessor,
        IMidiMapping,
        INoteExpressionController,
        IProcessContextRequirements,
    );
}

/// Forwards calls; twice where a name for the first result is given. Calls in braces are our own.
macro_rules! hand_on {
    ($($interface:ident {
        $(fn $name:ident($($arg:ident: $type:ty),*) -> $result:ty $([twice: $first:ident])?;)*
        $({ $($own:tt)* })?
    })*) => {$(
        impl $interface for Component {
            $($($own)*)?
            $(unsafe fn $name(&self, $($arg: $type),*) -> $result {
                // SAFETY: the host's promise for this call holds for that one.
                let call = || unsafe {
                    <Wrapper<Plugin> as $interface>::$name(&self.framework, $($arg),*)
                };
                $(
                    let $first = call();
                    if $first != kResultOk {
                        return $first;
                    }
                )?
                call()
            })*
        }
    )*};
}

hand_on! {
    IPluginBaseTrait {
        fn initialize(context: *mut FUnknown) -> tresult;
        {
            unsafe fn terminate(&self) -> tresult {
                self.said.forget();
                // SAFETY: promised by the host.
                unsafe { self.framework.terminate() }
            }
        }
    }
    IComponentTrait {
        fn getControllerClassId(class: *mut TUID) -> tresult;
        fn setIoMode(mode: IoMode) -> tresult;
        fn getBusCount(media: MediaType, direction: BusDirection) -> int32;
        fn getBusInfo(
            media: MediaType, direction: BusDirection, index: int32, info: *mut BusInfo
        ) -> tresult;
        fn getRoutingInfo(input: *mut RoutingInfo, output: *mut RoutingInfo) -> tresult;
        fn activateBus(
            media: MediaType, direction: BusDirection, index: int32, state: TBool
        ) -> tresult;
        fn setActive(state: TBool) -> tresult;
        {
            unsafe fn setState(&self, state: *mut IBStream) -> tresult {
                self.said.forget();
                // SAFETY: promised by the host.
                unsafe { IComponentTrait::setState(&self.framework, state) }
            }

            unsafe fn getState(&self, state: *mut IBStream) -> tresult {
                self.said.settle();
                // SAFETY: promised by the host.
                unsafe { IComponentTrait::getState(&self.framework, state) }
            }
        }
    }
    IEditControllerTrait {
        fn setComponentState(state: *mut IBStream) -> tresult;
        fn setState(state: *mut IBStream) -> tresult;
        fn getState(state: *mut IBStream) -> tresult;
        fn getParameterInfo(index: int32, info: *mut ParameterInfo) -> tresult;
        fn getParamStringByValue(
            id: ParamID, value: ParamValue, string: *mut String128
        ) -> tresult;
        fn getParamValueByString(
            id: ParamID, string: *mut TChar, value: *mut ParamValue
        ) -> tresult;
        fn normalizedParamToPlain(id: ParamID, value: ParamValue) -> ParamValue;
        fn plainParamToNormalized(id: ParamID, value: ParamValue) -> ParamValue;
        fn setComponentHandler(handler: *mut IComponentHandler) -> tresult;
        fn createView(name: FIDString) -> *mut IPlugView;
        {
            unsafe fn getParameterCount(&self) -> int32 {
                if self.maps_controllers.load(Ordering::Relaxed) {
                    // SAFETY: takes no pointer.
                    return unsafe { self.framework.getParameterCount() };
                }
                self.intake.parameters()
            }

            unsafe fn getParamNormalized(&self, id: ParamID) -> ParamValue {
                let said = |parameter| self.said.shown(parameter);
                match self.intake.parameter(id).and_then(said) {
                    Some(value) => value.into(),
                    // SAFETY: promised by the host.
                    None => unsafe { self.framework.getParamNormalized(id) },
                }
            }

            unsafe fn setParamNormalized(&self, id: ParamID, value: ParamValue) -> tresult {
                let Some(parameter) = self.intake.parameter(id) else {
                    // SAFETY: promised by the host.
                    return unsafe { self.framework.setParamNormalized(id, value) };
                };
                if !value.is_finite() {
                    return kInvalidArgument;
                }
                self.said.say(parameter, value as f32);
                kResultOk
            }
        }
    }
    IAudioProcessorTrait {
        fn setBusArrangements(
            inputs: *mut SpeakerArrangement, input_count: int32,
            outputs: *mut SpeakerArrangement, output_count: int32
        ) -> tresult;
        fn getBusArrangement(
            direction: BusDirection, index: int32, arrangement: *mut SpeakerArrangement
        ) -> tresult;
        fn canProcessSampleSize(size: int32) -> tresult;
        fn getLatencySamples() -> uint32;
        fn setupProcessing(setup: *mut ProcessSetup) -> tresult [twice: first];
        fn getTailSamples() -> uint32;
        {
            unsafe fn setProcessing(&self, state: TBool) -> tresult {
                // SAFETY: promised by the host.
                let result = unsafe { self.framework.setProcessing(state) };
                self.said.set_processing(state != 0);
                result
            }

            unsafe fn process(&self, data: *mut ProcessData) -> tresult {
                self.said.turn();
                // SAFETY: promised by the host.
                let result = unsafe { self.pass_block(data) };
                self.said.turn();
                result
            }
        }
    }
    IMidiMappingTrait {
        {
            unsafe fn getMidiControllerAssignment(
                &self,
                bus: int32,
                channel: int16,
                controller: CtrlNumber,
                id: *mut ParamID,
            ) -> tresult {
                self.maps_controllers.store(true, Ordering::Relaxed);
                // SAFETY: promised by the host.
                unsafe {
                    self.framework
                        .getMidiControllerAssignment(bus, channel, controller, id)
                }
            }
        }
    }
    INoteExpressionControllerTrait {
        fn getNoteExpressionCount(bus: int32, channel: int16) -> int32;
        fn getNoteExpressionInfo(
            bus: int32, channel: int16, index: int32, info: *mut NoteExpressionTypeInfo
        ) -> tresult;
        fn getNoteExpressionStringByValue(
            bus: int32, channel: int16, id: NoteExpressionTypeID, value: NoteExpressionValue,
            string: *mut String128
        ) -> tresult;
        fn getNoteExpressionValueByString(
            bus: int32, channel: int16, id: NoteExpressionTypeID, string: *const TChar,
            value: *mut NoteExpressionValue
        ) -> tresult;
    }
    IProcessContextRequirementsTrait {
        fn getProcessContextRequirements() -> uint32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controllers_are_listed_once_they_are_asked_for() {
        let component = Component::default();
        // SAFETY: takes no pointer.
        let listed = || unsafe { component.getParameterCount() };
        let own = listed();
        assert_eq!(own, component.intake.parameters());
        let mut id = kNoParamId;
        // SAFETY: there is room for the result.
        let result = unsafe { component.getMidiControllerAssignment(0, 0, 7, &raw mut id) };
        assert_eq!(result, kResultOk);
        // 128 controllers, pressure and bend of 16 channels.
        assert_eq!(listed(), own + 16 * 130);
        assert!((own..listed()).any(|index| id_of(&component.framework, index) == id));
    }

    #[test]
    fn the_vendor_is_not_the_product() {
        use nice_plug::prelude::Plugin as _;
        assert_ne!(Plugin::VENDOR, Plugin::NAME);
    }
}
