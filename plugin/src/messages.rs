//! All messages of the plugin to its user, in the editor or the host's log, side by side.

use std::fmt::Write as _;
use std::io::{Error, ErrorKind};
use std::path::PathBuf;

use third_stream_model::genre::Pair;

use crate::drag::DragError;
use crate::engine::ModelError;
use crate::export::ExportError;
use crate::memory::CodeError;
use crate::presets::PresetError;

fn messages() -> Vec<String> {
    let path = || PathBuf::from("DIR/file");
    let full = || Error::from(ErrorKind::StorageFull);
    let json = serde_json::from_str::<u32>("{").expect_err("no number");
    vec![
        PresetError::Json(path(), json).to_string(),
        PresetError::Newer(path(), 9).to_string(),
        PresetError::Range(path(), "genre", 720.0, -100.0, 100.0).to_string(),
        PresetError::NoName.to_string(),
        PresetError::Factory("Swing".into()).to_string(),
        PresetError::NoFolder.to_string(),
        PresetError::Io(path(), full()).to_string(),
        ExportError::Empty.to_string(),
        ExportError::NothingLearned.to_string(),
        ExportError::Cancelled.to_string(),
        ExportError::NoFolder.to_string(),
        ExportError::Io(path(), full()).to_string(),
        DragError::Thread(Error::from(ErrorKind::WouldBlock)).to_string(),
        DragError::Server("another drag is going on".into()).to_string(),
        ModelError::NoWeights(Pair::JAZZ_CLASSIC).to_string(),
        ModelError::Own {
            number: std::num::NonZeroU32::MIN,
            text: "DIR/mine.safetensors: the file is cut".into(),
        }
        .to_string(),
        ModelError::Weights("the file is cut".into()).to_string(),
        ModelError::Pass("panic: no reason".into()).to_string(),
        CodeError::Long(1 << 30).to_string(),
        CodeError::Text.to_string(),
        CodeError::Layout(9).to_string(),
        CodeError::Cut(12).to_string(),
        CodeError::Rest(3).to_string(),
        CodeError::Value {
            what: "a note's key",
            found: 200,
            limit: 128,
            at: 40,
        }
        .to_string(),
    ]
}

#[test]
fn what_users_are_told() {
    let mut all = String::new();
    for message in messages() {
        assert!(!message.contains('\n'), "more than a line: {message}");
        assert!(!message.ends_with('.'), "a full stop: {message}");
        writeln!(all, "{message}").expect("into memory");
    }
    insta::assert_snapshot!(all);
}
