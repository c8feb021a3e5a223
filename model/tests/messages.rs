//! What users are told when something cannot be used: one style everywhere, side by side.
//!
//! A message says what it is about, what is wrong, what was expected and what to do. It is one
//! line, begins with the thing (in lower case where it is no name) and has no full stop.

#![expect(
    clippy::unwrap_used,
    reason = "what a test builds on is a test's own failure"
)]

use std::fmt::Write as _;
use std::io::{Error, ErrorKind};
use std::path::PathBuf;

use third_stream_model::genre::{Genre, Pair};
use third_stream_model::smf::SmfError;
use third_stream_model::song::SongError;
use third_stream_model::train::LockError;
use third_stream_model::train::checkpoint::CheckpointError;
use third_stream_model::train::data::DataError;
use third_stream_model::train::recipe::library::RecipeError;
use third_stream_model::train::record::RecordError;
use third_stream_model::train::run::RunError;
use third_stream_model::weights::WeightsError;

fn messages() -> Vec<String> {
    let path = || PathBuf::from("DIR/file");
    let denied = || Error::from(ErrorKind::PermissionDenied);
    let full = || Error::from(ErrorKind::StorageFull);
    vec![
        SmfError::Header("no header".into()).to_string(),
        SmfError::Sequential.to_string(),
        SmfError::Division.to_string(),
        SmfError::NoTrack.to_string(),
        SongError::TooLong.to_string(),
        WeightsError::Unreadable("InvalidHeader".into()).to_string(),
        WeightsError::Foreign("it is missing".into()).to_string(),
        WeightsError::Other {
            what: "the format version",
            found: "9".into(),
            expected: "1".into(),
        }
        .to_string(),
        WeightsError::Tensor {
            name: "ab.x".into(),
            problem: "type F32, expected F16".into(),
        }
        .to_string(),
        DataError::NoManifest("DIR".into()).to_string(),
        DataError::Value {
            path: path(),
            file: "a.mid".into(),
            column: "split",
            found: "both".into(),
            expected: "train or test",
        }
        .to_string(),
        DataError::NoGenre {
            path: path(),
            genre: Genre::Jazz,
            found: "pop".into(),
        }
        .to_string(),
        DataError::NoArchive(path()).to_string(),
        DataError::Read {
            path: path(),
            source: denied(),
        }
        .to_string(),
        DataError::NotFolder(path()).to_string(),
        DataError::NoMidi {
            path: path(),
            others: 3,
        }
        .to_string(),
        RecipeError::Io {
            path: path(),
            source: denied(),
        }
        .to_string(),
        RecordError::Io {
            path: path(),
            source: denied(),
        }
        .to_string(),
        RecordError::Broken {
            path: path(),
            why: "EOF at line 1".into(),
        }
        .to_string(),
        RecordError::Different {
            folder: "DIR".into(),
            differences: "seed was 5 and is 6".into(),
        }
        .to_string(),
        LockError::Taken("DIR".into()).to_string(),
        LockError::Io {
            path: path(),
            source: denied(),
        }
        .to_string(),
        CheckpointError::Io {
            path: path(),
            source: full(),
        }
        .to_string(),
        CheckpointError::Broken {
            path: path(),
            why: "it is cut".into(),
        }
        .to_string(),
        RunError::Occupied("DIR".into()).to_string(),
        RunError::Io {
            path: "DIR".into(),
            source: full(),
        }
        .to_string(),
        RunError::NotFinite {
            step: 8,
            name: "cycle",
            value: f32::NAN,
        }
        .to_string(),
        "swing".parse::<Genre>().unwrap_err().to_string(),
        "jazz".parse::<Pair>().unwrap_err().to_string(),
    ]
}

#[test]
fn every_message_is_in_the_one_style() {
    for message in messages() {
        assert!(!message.contains('\n'), "more than a line: {message}");
        assert!(!message.ends_with('.'), "a full stop: {message}");
        let advice = ["; ", ": ", "expected", "--"];
        assert!(
            advice.iter().any(|sign| message.contains(sign)),
            "says neither what was expected nor what to do: {message}"
        );
    }
}

#[test]
fn what_users_are_told() {
    let mut all = String::new();
    for message in messages() {
        writeln!(all, "{message}").expect("into memory");
    }
    insta::assert_snapshot!(all);
}
