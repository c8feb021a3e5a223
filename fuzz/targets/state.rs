//! Fuzzes a project's state: loaded and saved again. The first byte selects what the rest is: a
//! whole state, the editor's field, In place's memory as text, or the bytes in that text.
#![no_main]

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use libfuzzer_sys::fuzz_target;
use nice_plug::prelude::{Params, PluginState};
use third_stream::params::ThirdStreamParams;
use third_stream::state;

fn of_field(name: &str, text: String) -> PluginState {
    PluginState {
        version: "0.1.0".into(),
        params: BTreeMap::new(),
        fields: BTreeMap::from([(name.into(), text)]),
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, bytes)) = bytes.split_first() else {
        return;
    };
    let text = || String::from_utf8_lossy(bytes).into_owned();
    let mut state = match kind % 4 {
        0 => match serde_json::from_slice::<PluginState>(bytes) {
            Ok(state) => state,
            Err(_) => return,
        },
        1 => of_field("state", text()),
        2 => of_field("memory", format!("{:?}", text())),
        _ => of_field("memory", format!("{:?}", STANDARD_NO_PAD.encode(bytes))),
    };
    let mut read = || {
        state::read(&mut state);
        serde_json::to_string(&state).expect("a state can be written")
    };
    // A newer state is first kept as a whole, then completed.
    let [_, twice, again] = [read(), read(), read()];
    assert_eq!(twice, again, "reading comes to rest");

    let params = ThirdStreamParams::default();
    params.deserialize_fields(&state.fields);
    let saved = params.serialize_fields();
    let again = ThirdStreamParams::default();
    again.deserialize_fields(&saved);
    assert_eq!(again.serialize_fields(), saved, "what is saved comes back");
});
