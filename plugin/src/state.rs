//! State that a project saves beside the parameters, and migration of other versions.
//!
//! A state of a newer version is refused as a whole, and kept inside the state that this version
//! saves: opened again with the newer plugin, the project is complete.

use nice_plug::plugin::ParamValue;
use nice_plug::prelude::PluginState;
use serde::{Deserialize, Deserializer, Serialize};

use crate::values::{self, Look, ParamValues, Side};

/// Version of the state that is written.
///
/// 1: Live only. 2: mode and In place's memory. 3: A/B comparison. 4: user weights. 5: tune,
/// harmony, variation and voices.
pub const VERSION: u32 = 5;

/// First version with the arranger's networks.
const ARRANGER: u32 = 5;

/// Name of the persisted field.
const FIELD: &str = "state";
/// Names that version 2 added.
const MODE: &str = "mode";
const FORGET: &str = "forget";
const MEMORY: &str = "memory";
/// Name that version 4 added.
const WEIGHTS: &str = "weights";
/// Names that version 5 added.
const TUNE: &str = "tune";
const HARMONY: &str = "harmony";
const VARIATION: &str = "variation";
const VOICES: &str = "voices";

/// Saved state beside the parameters.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SavedState {
    /// Version of this layout.
    pub version: u32,
    /// The project was made with the networks before the arranger. Not saved, so reported once.
    #[serde(default, skip_serializing)]
    pub earlier: bool,
    /// Width and height of the editor in logical pixels.
    #[serde(default = "default_editor_size", deserialize_with = "window")]
    pub window: (f32, f32),
    /// The chosen theme; `None` follows the system, or is dark if that is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look: Option<Look>,
    /// Zoom of the editor, in percent.
    #[serde(default = "usual_scale", skip_serializing_if = "is_usual")]
    pub scale: u16,
    /// Position of the knob (percent) before it was held at "as played" to compare.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<f32>,
    /// The A/B comparison.
    #[serde(default, skip_serializing_if = "Compare::is_unused")]
    pub compare: Compare,
    /// The refused state of a newer plugin, to be given back to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newer: Option<Box<PluginState>>,
}

/// The A/B comparison; the parameters are the side in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Compare {
    /// The side in use.
    pub side: Side,
    /// Settings of the other side, once it has its own.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "other"
    )]
    pub other: Option<ParamValues>,
}

impl Compare {
    /// Swaps the sides: stores `now` and returns the settings of the other side; `None` the first
    /// time, when both are the same.
    pub fn swap(&mut self, now: ParamValues) -> Option<ParamValues> {
        self.side = match self.side {
            Side::A => Side::B,
            Side::B => Side::A,
        };
        self.other.replace(now)
    }

    fn is_unused(&self) -> bool {
        *self == Self::default()
    }
}

/// The editor's initial size, in logical pixels.
pub const fn default_editor_size() -> (f32, f32) {
    (960.0, 560.0)
}

const fn usual_scale() -> u16 {
    100
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
const fn is_usual(scale: &u16) -> bool {
    *scale == usual_scale()
}

/// Valid range of a window's width and height, in logical pixels.
const SIDES: std::ops::RangeInclusive<f32> = 1.0..=16_384.0;

/// Reads a size, or the default if it is invalid. JSON reads numbers beyond f32 as infinity and
/// writes that as `null`, which is no valid state.
fn window<'de, D: Deserializer<'de>>(reader: D) -> Result<(f32, f32), D::Error> {
    let window = <(f32, f32)>::deserialize(reader)?;
    let is_sane = SIDES.contains(&window.0) && SIDES.contains(&window.1);
    Ok(if is_sane {
        window
    } else {
        default_editor_size()
    })
}

/// Reads settings, if all are in range.
fn other<'de, D: Deserializer<'de>>(reader: D) -> Result<Option<ParamValues>, D::Error> {
    let other = Option::<ParamValues>::deserialize(reader)?;
    Ok(other.filter(|settings| settings.outside().is_none()))
}

impl Default for SavedState {
    fn default() -> Self {
        Self {
            version: VERSION,
            earlier: false,
            window: default_editor_size(),
            look: None,
            scale: usual_scale(),
            held: None,
            compare: Compare::default(),
            newer: None,
        }
    }
}

/// The part of the layout that all versions share.
#[derive(Deserialize)]
struct Version {
    version: u32,
}

/// A state's version, if it has a readable one.
fn version_of(state: &PluginState) -> Option<u32> {
    let field = state.fields.get(FIELD)?;
    let version: Version = serde_json::from_str(field).ok()?;
    Some(version.version)
}

/// Migrates a loaded state to this version, in place.
///
/// * of an older version: fields that it lacks get their defaults, whatever was set before,
/// * of a newer version: replaced by an empty state that keeps it,
/// * with a kept state of this version: replaced by that,
/// * unreadable: the field is dropped (its default is used), the parameters stay.
pub fn read(state: &mut PluginState) {
    match version_of(state) {
        Some(version) if version > VERSION => {
            tracing::warn!(
                "the project was saved by a newer Third Stream (state {version}; this plugin reads \
                 up to {VERSION}): its settings are kept for it and not used here"
            );
            let newer = std::mem::replace(state, empty(&state.version));
            keep(state, newer);
        }
        Some(_) => {
            let kept = kept_state(state);
            if let Some(kept) = kept.filter(|kept| version_of(kept) <= Some(VERSION)) {
                *state = kept;
            }
            complete(state);
        }
        None => {
            if state.fields.remove(FIELD).is_some() {
                tracing::warn!("the project's editor state cannot be read: defaults are used");
            }
            complete(state);
        }
    }
}

/// Adds the fields that a state's version lacks. A saved "forget" was left on; it does not forget
/// the loaded memory, which the core takes up after it (`rt::core`).
fn complete(state: &mut PluginState) {
    if let Some(field) = state.fields.get_mut(FIELD) {
        let _ = renumber(field);
    }
    let live = ParamValue::String("live".into());
    state.params.entry(MODE.into()).or_insert(live);
    let off = ParamValue::Bool(false);
    state.params.entry(FORGET.into()).or_insert(off);
    for (name, usual) in [
        (TUNE, ParamValue::F32(values::TUNE)),
        (HARMONY, ParamValue::String("three".into())),
        (VARIATION, ParamValue::I32(1)),
        (VOICES, ParamValue::String("as-played".into())),
    ] {
        state.params.entry(name.into()).or_insert(usual);
    }
    let nothing = || "\"\"".to_owned();
    state.fields.entry(MEMORY.into()).or_insert_with(nothing);
    let none = || "{}".to_owned();
    state.fields.entry(WEIGHTS.into()).or_insert_with(none);
}

/// Sets this version's number in a field of an older one, and marks one from before the arranger.
fn renumber(field: &mut String) -> serde_json::Result<()> {
    let mut value: serde_json::Map<String, serde_json::Value> = serde_json::from_str(field)?;
    let version = value.get("version").and_then(serde_json::Value::as_u64);
    if let Some(version) = version.filter(|version| *version < u64::from(VERSION)) {
        value.insert("version".to_owned(), VERSION.into());
        value.insert("earlier".to_owned(), (version < u64::from(ARRANGER)).into());
        *field = serde_json::to_string(&value)?;
    }
    Ok(())
}

/// The kept state of a newer plugin, if any.
fn kept_state(state: &PluginState) -> Option<PluginState> {
    let own: SavedState = serde_json::from_str(state.fields.get(FIELD)?).ok()?;
    own.newer.map(|newer| *newer)
}

/// A state without parameters and fields: loading it changes nothing.
fn empty(version: &str) -> PluginState {
    PluginState {
        version: version.to_owned(),
        params: std::collections::BTreeMap::new(),
        fields: std::collections::BTreeMap::new(),
    }
}

/// Keeps `newer` in `state`'s own field.
fn keep(state: &mut PluginState, newer: PluginState) {
    let own = SavedState {
        newer: Some(Box::new(newer)),
        ..SavedState::default()
    };
    if let Ok(field) = serde_json::to_string(&own) {
        state.fields.insert(FIELD.to_owned(), field);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nice_plug::params::persist::PersistentField;
    use nice_plug::prelude::Params;

    use crate::params::ThirdStreamParams;
    use third_stream_model::family::arranger::sampler::FREEDOM;
    use third_stream_model::genre::Pair;

    fn saved(field: &str) -> PluginState {
        let mut state = empty("0.1.0");
        state
            .params
            .insert("genre".into(), nice_plug::plugin::ParamValue::F32(72.0));
        state.fields.insert(FIELD.into(), field.into());
        state
    }

    fn json(state: &PluginState) -> String {
        serde_json::to_string(state).unwrap()
    }

    #[test]
    fn this_version_s_state_is_left_as_it_is() {
        let params = ThirdStreamParams::default();
        params.state.lock().window = (1234.0, 500.0);
        params.state.lock().look = Some(Look::Light);
        let (a, b) = [72.0, -30.0]
            .map(|genre| ParamValues {
                genre: Some(genre),
                ..ParamValues::default()
            })
            .into();
        assert_eq!(params.state.lock().compare.swap(a), None);
        assert_eq!(params.state.lock().compare.swap(b), Some(a));
        let mut state = empty("0.1.0");
        state.fields = params.serialize_fields();
        complete(&mut state);
        let before = json(&state);
        read(&mut state);
        assert_eq!(json(&state), before);

        let again = ThirdStreamParams::default();
        again.deserialize_fields(&state.fields);
        assert_eq!(again.state.lock().window, (1234.0, 500.0));
        assert_eq!(again.state.lock().look, Some(Look::Light));
        let compare = again.state.lock().compare;
        assert_eq!((compare.side, compare.other), (Side::A, Some(b)));
    }

    #[test]
    fn a_newer_state_changes_nothing_and_comes_back_whole() {
        let newer = saved(r#"{"version":7,"memory":[1,2,3]}"#);
        let mut state = newer.clone();
        read(&mut state);
        assert!(
            state.params.is_empty(),
            "no parameter of a newer plugin is applied"
        );

        // The project is saved by this version …
        let params = ThirdStreamParams::default();
        params.deserialize_fields(&state.fields);
        assert!(params.state.lock().newer.is_some());
        let fields = params.serialize_fields();
        let kept: SavedState = serde_json::from_str(&fields[FIELD]).unwrap();
        // … and the newer plugin finds its state unchanged.
        assert_eq!(json(&kept.newer.unwrap()), json(&newer));
    }

    #[test]
    fn a_kept_state_that_can_be_read_is_used() {
        let mut original = saved(r#"{"version":1,"window":[700.0,400.0]}"#);
        let mut state = empty("0.0.9");
        keep(&mut state, original.clone());
        read(&mut state);
        complete(&mut original);
        assert_eq!(json(&state), json(&original));
    }

    #[test]
    fn a_broken_field_does_not_cost_the_parameters() {
        let mut state = saved("{\"version\": \"seven\"");
        read(&mut state);
        assert_eq!(state.params.len(), 7);
        assert!(!state.fields.contains_key(FIELD));
    }

    /// Found by the fuzzer: the size was infinite, then `null`, then not a state at all.
    #[test]
    fn a_window_or_settings_beyond_all_numbers_are_left_out() {
        let huge = "6".repeat(60);
        let state = format!(
            r#"{{"version":3,"window":[960,{huge}],"look":"dark","compare":{{"side":"B","other":{{"genre":{huge}}}}}}}"#
        );
        let read: SavedState = serde_json::from_str(&state).unwrap();
        assert_eq!(read.window, default_editor_size());
        assert_eq!((read.compare.side, read.compare.other), (Side::B, None));
        let again: SavedState =
            serde_json::from_str(&serde_json::to_string(&read).unwrap()).unwrap();
        assert_eq!(again.look, Some(Look::Dark));
    }

    #[test]
    fn a_project_of_version_1_opens_live_and_without_memory() {
        // Saved by version 0.1.0 of the plugin.
        let mut state: PluginState = serde_json::from_str(include_str!("state/v1.json")).unwrap();
        assert_eq!(version_of(&state), Some(1));
        read(&mut state);
        assert!(matches!(&state.params[MODE], ParamValue::String(mode) if mode == "live"));
        let params = ThirdStreamParams::default();
        params.memory.set(crate::memory::tests::some_bars());
        assert_ne!(params.serialize_fields()[MEMORY], "\"\"");
        params.deserialize_fields(&state.fields);
        assert_eq!(params.state.lock().window, (1111.0, 600.0));
        assert_eq!(params.serialize_fields()[MEMORY], "\"\"");
    }

    #[test]
    fn a_project_of_version_2_opens_with_its_memory_and_nothing_to_compare() {
        // Saved by a plugin before version 3 of the state.
        let mut state: PluginState = serde_json::from_str(include_str!("state/v2.json")).unwrap();
        assert_eq!(version_of(&state), Some(2));
        read(&mut state);
        assert!(matches!(&state.params[MODE], ParamValue::String(mode) if mode == "in-place"));
        let params = ThirdStreamParams::default();
        let settings = ParamValues::default();
        params.state.lock().compare.swap(settings);
        params.deserialize_fields(&state.fields);
        assert_eq!(params.state.lock().compare, Compare::default());
        assert_eq!(params.state.lock().look, Some(Look::Dark));
        assert_eq!(params.memory.song().notes.len(), 2);
    }

    #[test]
    fn a_project_of_version_3_opens_with_the_plugin_s_weights() {
        // Saved by a plugin before version 4 of the state.
        let mut state: PluginState = serde_json::from_str(include_str!("state/v3.json")).unwrap();
        assert_eq!(version_of(&state), Some(3));
        read(&mut state);
        let params = ThirdStreamParams::default();
        let fields = [(WEIGHTS.to_owned(), r#"{"jazz-pop":"mine"}"#.to_owned())];
        params.deserialize_fields(&fields.into());
        assert_eq!(params.own.name(Pair::JAZZ_POP).as_deref(), Some("mine"));
        params.deserialize_fields(&state.fields);
        assert_eq!(params.own.name(Pair::JAZZ_POP), None);
        assert_eq!(params.state.lock().compare.side, Side::B);
        assert_eq!(params.memory.song().notes.len(), 2);
    }

    #[test]
    fn a_project_of_version_4_opens_with_the_usual_taste() {
        let mut state = saved(r#"{"version":4}"#);
        read(&mut state);
        assert!(matches!(state.params[TUNE], ParamValue::F32(15.0)));
        assert!(matches!(&state.params[HARMONY], ParamValue::String(id) if id == "three"));
        assert!(matches!(state.params[VARIATION], ParamValue::I32(1)));
        assert!(matches!(&state.params[VOICES], ParamValue::String(id) if id == "as-played"));
        let usual = ThirdStreamParams::default();
        assert_eq!((usual.tune.value(), usual.take()), (15.0, 1));
        assert_eq!(usual.tune.value() / 100.0, FREEDOM);
        // The notice about other networks is kept until the project is saved and opened again.
        usual.deserialize_fields(&state.fields);
        assert!(usual.state.lock().earlier);
        let mut again = state.clone();
        again.fields = usual.serialize_fields();
        assert_eq!(version_of(&again), Some(VERSION));
        read(&mut again);
        usual.deserialize_fields(&again.fields);
        assert!(!usual.state.lock().earlier);
    }

    #[test]
    fn a_switch_that_was_left_on_stays_on() {
        let mut state = saved(r#"{"version":2}"#);
        state.params.insert(FORGET.into(), ParamValue::Bool(true));
        state.fields.insert(MEMORY.into(), "\"AQ\"".into());
        read(&mut state);
        assert!(matches!(state.params[FORGET], ParamValue::Bool(true)));
        assert_eq!(state.fields[MEMORY], "\"AQ\"");
    }
}
