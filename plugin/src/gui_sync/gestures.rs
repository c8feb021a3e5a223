//! Sets parameters through the host, as gestures.

use nice_plug::prelude::{Param, ParamSetter};

use crate::editor::{ControlId, Gesture};
use crate::params::ThirdStreamParams;
use crate::values::ParamValues;

/// Forwards a control's gesture to the host.
pub(super) fn turn(
    params: &ThirdStreamParams,
    setter: &ParamSetter,
    control: ControlId,
    gesture: &Gesture,
) {
    fn to<P: Param>(setter: &ParamSetter, param: &P, gesture: &Gesture) {
        match gesture {
            Gesture::Begin(_) => setter.begin_set_parameter(param),
            Gesture::Set(_, value) => setter.set_parameter_normalized(param, *value),
            _ => setter.end_set_parameter(param),
        }
    }
    match control {
        ControlId::Genre => to(setter, &params.genre, gesture),
        ControlId::Pair => to(setter, &params.pair, gesture),
        ControlId::Quantise => to(setter, &params.quantise, gesture),
        ControlId::Tune => to(setter, &params.tune, gesture),
        ControlId::Harmony => to(setter, &params.harmony, gesture),
        ControlId::Variation => to(setter, &params.variation, gesture),
        ControlId::Voices => to(setter, &params.voices, gesture),
        ControlId::Melody => to(setter, &params.melody, gesture),
        ControlId::Scale => to(setter, &params.scale, gesture),
        ControlId::Density => to(setter, &params.density, gesture),
        ControlId::Mode => to(setter, &params.mode, gesture),
        ControlId::Delay => to(setter, &params.delay, gesture),
        ControlId::Bypass => to(setter, &params.bypass, gesture),
    }
}

/// Sets a parameter through the host, as one gesture.
pub(super) fn set_whole<P: Param>(setter: &ParamSetter, param: &P, wanted: P::Plain) {
    setter.begin_set_parameter(param);
    setter.set_parameter(param, wanted);
    setter.end_set_parameter(param);
}

/// Sets the parameters named in `settings` through the host, one gesture for each that changes.
pub(super) fn set(params: &ThirdStreamParams, setter: &ParamSetter, settings: &ParamValues) {
    fn to<P: Param<Plain: PartialEq>>(setter: &ParamSetter, param: &P, wanted: Option<P::Plain>) {
        if let Some(wanted) = wanted
            && wanted != param.unmodulated_plain_value()
        {
            set_whole(setter, param, wanted);
        }
    }
    to(setter, &params.genre, settings.genre);
    to(setter, &params.pair, settings.pair);
    to(setter, &params.quantise, settings.quantise);
    to(setter, &params.tune, settings.tune);
    to(setter, &params.harmony, settings.harmony);
    to(setter, &params.variation, settings.variation);
    to(setter, &params.voices, settings.voices);
    to(setter, &params.melody, settings.melody);
    to(setter, &params.scale, settings.scale);
    to(setter, &params.density, settings.density);
    to(setter, &params.mode, settings.mode);
    to(setter, &params.delay, settings.delay);
}
