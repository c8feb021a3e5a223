//! The VST3 export: the framework's component inside one of our own.
//!
//! The framework tells a plugin the mode (playback or bounce) of the set-up *before* the current
//! one. A bounce would then not wait for its answers, and the playback after it would wait on the
//! audio thread. So [`Component`] hands every call on, and sets the framework up twice.
#![expect(
    unsafe_code,
    reason = "VST3's interfaces are C++: each of their functions takes pointers"
)]

mod factory;

use nice_plug::wrapper::vst3::Wrapper;
use nice_plug::wrapper::vst3::vst3::Class;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::{
    BusDirection, BusInfo, CtrlNumber, IAudioProcessor, IAudioProcessorTrait, IComponent,
    IComponentHandler, IComponentTrait, IEditController, IEditControllerTrait, IMidiMapping,
    IMidiMappingTrait, INoteExpressionController, INoteExpressionControllerTrait,
    IProcessContextRequirements, IProcessContextRequirementsTrait, IoMode, MediaType,
    NoteExpressionTypeID, NoteExpressionTypeInfo, NoteExpressionValue, ParamID, ParamValue,
    ParameterInfo, ProcessData, ProcessSetup, RoutingInfo, SpeakerArrangement, String128, TChar,
};
use nice_plug::wrapper::vst3::vst3::Steinberg::{
    FIDString, FUnknown, IBStream, IPlugView, IPluginBaseTrait, TBool, TUID, int16, int32,
    kResultOk, tresult, uint32,
};

/// The plugin as VST3 has it: with the pass-through bus.
type Plugin = crate::ThirdStream<true>;

/// What a host gets as an instance.
#[derive(Default)]
struct Component {
    framework: Wrapper<Plugin>,
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

/// Hands calls on as they come; where a name for a first result is given, twice.
macro_rules! hand_on {
    ($($interface:ident {
        $(fn $name:ident($($arg:ident: $type:ty),*) -> $result:ty $([twice: $first:ident])?;)*
    })*) => {$(
        impl $interface for Component {
            $(unsafe fn $name(&self, $($arg: $type),*) -> $result {
                // SAFETY: what the host promises for this call it promises for that one.
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
        fn terminate() -> tresult;
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
        fn setState(state: *mut IBStream) -> tresult;
        fn getState(state: *mut IBStream) -> tresult;
    }
    IEditControllerTrait {
        fn setComponentState(state: *mut IBStream) -> tresult;
        fn setState(state: *mut IBStream) -> tresult;
        fn getState(state: *mut IBStream) -> tresult;
        fn getParameterCount() -> int32;
        fn getParameterInfo(index: int32, info: *mut ParameterInfo) -> tresult;
        fn getParamStringByValue(
            id: ParamID, value: ParamValue, string: *mut String128
        ) -> tresult;
        fn getParamValueByString(
            id: ParamID, string: *mut TChar, value: *mut ParamValue
        ) -> tresult;
        fn normalizedParamToPlain(id: ParamID, value: ParamValue) -> ParamValue;
        fn plainParamToNormalized(id: ParamID, value: ParamValue) -> ParamValue;
        fn getParamNormalized(id: ParamID) -> ParamValue;
        fn setParamNormalized(id: ParamID, value: ParamValue) -> tresult;
        fn setComponentHandler(handler: *mut IComponentHandler) -> tresult;
        fn createView(name: FIDString) -> *mut IPlugView;
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
        fn setProcessing(state: TBool) -> tresult;
        fn process(data: *mut ProcessData) -> tresult;
        fn getTailSamples() -> uint32;
    }
    IMidiMappingTrait {
        fn getMidiControllerAssignment(
            bus: int32, channel: int16, controller: CtrlNumber, id: *mut ParamID
        ) -> tresult;
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
