//! Error messages to users, side by side: one style everywhere.
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

use third_stream_model::classify::judge::JudgeError;
use third_stream_model::data::{DataError, Split};
use third_stream_model::evaluate::EvaluateError;
use third_stream_model::genre::{Genre, Pair};
use third_stream_model::smf::SmfError;
use third_stream_model::song::SongError;
use third_stream_model::train::LockError;
use third_stream_model::train::checkpoint::CheckpointError;
use third_stream_model::train::recipe::library::RecipeError;
use third_stream_model::train::record::RecordError;
use third_stream_model::train::run::RunError;
use third_stream_model::transfer::TransferError;
use third_stream_model::user_weights::{Pairs, UserWeightsError};
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
        SmfError::Track {
            track: 2,
            byte: 43,
            what: "a data byte with no status byte before it",
        }
        .to_string(),
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
        WeightsError::Memory { bytes: 82_000_001 }.to_string(),
        TransferError::Memory { bytes: 38_000_001 }.to_string(),
        UserWeightsError::Missing(path()).to_string(),
        UserWeightsError::NoFile(path()).to_string(),
        UserWeightsError::Refused(path(), WeightsError::Unreadable("InvalidHeader".into()))
            .to_string(),
        UserWeightsError::Pair {
            path: path(),
            found: Pairs(vec![Pair::JAZZ_POP]),
            expected: Pair::JAZZ_CLASSIC,
        }
        .to_string(),
        UserWeightsError::Name("../x".into()).to_string(),
        UserWeightsError::NoFolder.to_string(),
        UserWeightsError::Io(path(), full()).to_string(),
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
        DataError::NothingLeft {
            place: path(),
            genre: Genre::Jazz,
            left_out: "2 files are no MIDI files".into(),
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
        RecipeError::Unknown("paper".into()).to_string(),
        RecipeError::Broken {
            name: "FILE".into(),
            why: "EOF at line 1".into(),
        }
        .to_string(),
        JudgeError::File {
            path: path(),
            source: full(),
        }
        .to_string(),
        JudgeError::Foreign {
            path: path(),
            why: "it is cut".into(),
        }
        .to_string(),
        JudgeError::NoPhrases {
            split: Split::Train,
            genre: Genre::Jazz,
            pair: Pair::JAZZ_CLASSIC,
        }
        .to_string(),
        EvaluateError::NoPhrases("first").to_string(),
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

/// The command line's whole error messages.
#[cfg(unix)]
#[test]
fn what_the_command_line_says() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("EMPTY")).unwrap();
    std::fs::write(folder.path().join("CUT"), "MThd").unwrap();
    let damaged = b"MThd\0\0\0\x06\0\0\0\x01\0\x60MTrk\0\0\0\x07\0<P\0\xff/\0";
    std::fs::write(folder.path().join("DAMAGED"), damaged).unwrap();
    let lines = [
        "transfer NONE out.mid --to jazz",
        "transfer CUT out.mid --to jazz",
        "transfer DAMAGED out.mid --to jazz",
        "transfer EMPTY out --to jazz",
        "transfer CUT out.mid --to swing",
        "transfer CUT out.mid --to jazz --weights CUT",
        "inspect NONE",
        "inspect CUT",
        "adopt NONE --name mine",
        "adopt CUT --name mine",
        "adopt CUT --name ../mine",
        "evaluate --data EMPTY --weights NONE",
        "evaluate --data EMPTY --weights CUT",
        "examples --data EMPTY --weights CUT --out CUT",
        "sweep NONE --out EMPTY",
        "sweep CUT --out EMPTY",
        "train --pair jazz-pop",
        "train --data NONE --run RUN",
        "train --data EMPTY --run RUN",
        "train --a EMPTY --b EMPTY --run RUN",
        "train --a EMPTY --b EMPTY --run RUN --family arranger",
        "train --genre jazz=EMPTY --run RUN",
        "train --genre jazz=EMPTY --genre jazz=EMPTY --run RUN",
        "train --genre jazz=EMPTY --genre pop=EMPTY --run RUN",
        "train --genre blues=EMPTY --genre pop=EMPTY --run RUN",
        "train --genre jazz=EMPTY --genre pop=EMPTY --run RUN --family cyclegan",
        "train --data EMPTY --run RUN --from NONE",
        "train --data EMPTY --run RUN --from CUT",
        "train --data EMPTY --run RUN --family cyclegan",
        "train --data EMPTY --run RUN --family diffusion",
        "train --data EMPTY --run RUN --recipe cyclegan --family arranger",
        "train --data EMPTY --run RUN --recipe NONE",
        "train --data EMPTY --run RUN --recipe CUT",
        "train --data EMPTY --run RUN --set steps",
        "train --data EMPTY --run RUN --set steps=many",
        "train --resume EMPTY",
    ];
    let mut all = String::new();
    for line in lines {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_third-stream"))
            .args(line.split(' '))
            .current_dir(folder.path())
            .env("RUST_BACKTRACE", "0")
            .env("XDG_DATA_HOME", folder.path().join("DATA"))
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "{line}: {said}");
        assert!(
            said.starts_with("error: ") && !said.contains("panicked"),
            "{line}: {said}"
        );
        let left = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 3, "{line}: left something behind");
        writeln!(all, "$ third-stream {line}\n{said}").expect("into memory");
    }
    insta::assert_snapshot!(all);
}
