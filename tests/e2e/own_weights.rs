//! Weights of the user's own, named by a project: they play, and where they cannot, the notes are
//! dry and nothing is lost. On Linux, where the user's folder can be moved by the environment.

use std::path::Path;

use third_stream_model::genre::{Direction, Pair};
use third_stream_model::roll::notes::NoteRoll;
use third_stream_model::shipped;
use third_stream_model::transfer::Transfer;
use third_stream_model::user_weights;
use third_stream_model::weights::{CycleGanHeader, FamilyHeader, Header, relabelled, with_header};
use third_stream_tests::host::Setup;

use crate::expected::roll_between;
use crate::music::{phrase, roll_of};
use crate::network::{answers, assert_rolls, ends, script};
use crate::stage::{Stage, knob, plugin};

fn cyclegan(header: &mut Header) -> &mut CycleGanHeader {
    match &mut header.family {
        FamilyHeader::CycleGan(cyclegan) => cyclegan,
        FamilyHeader::Arranger(_) | FamilyHeader::Style(_) => panic!("these are two generators"),
    }
}

/// The plugin, and the user's folder with these weights in it.
fn plugin_with(files: &[(&str, &[u8])]) -> Option<(Stage, tempfile::TempDir)> {
    let plugin = plugin()?;
    let data = tempfile::tempdir().unwrap();
    #[expect(unsafe_code, reason = "the environment is the whole process's")]
    // SAFETY: all other tests of this process wait for this stage, and no instance is there yet.
    unsafe {
        std::env::set_var("XDG_DATA_HOME", data.path());
    }
    let folder = user_weights::folder().unwrap();
    assert!(folder.starts_with(data.path()));
    std::fs::create_dir_all(&folder).unwrap();
    for (name, bytes) in files {
        std::fs::write(user_weights::path(&folder, name).unwrap(), bytes).unwrap();
    }
    Some((plugin, data))
}

/// A project in which these weights were chosen for jazz and classic.
fn project(plugin: &Stage, weights: &str) -> Vec<u8> {
    let saved = plugin.instance(&[knob(1.0)]).save().unwrap();
    let mut state = state(&saved);
    assert_eq!(state["fields"]["weights"], "{}", "none were chosen");
    let chosen = serde_json::json!({ "jazz-classic": weights });
    state["fields"]["weights"] = chosen.to_string().into();
    let json = serde_json::to_vec(&state).unwrap();
    [&(json.len() as u64).to_le_bytes()[..], &json].concat()
}

/// The output of a bounce of the project, and the project as saved after it.
fn bounce(plugin: &Stage, project: &[u8]) -> (NoteRoll, Vec<u8>) {
    let mut instance = plugin.instance(&[]);
    instance.restore(project).unwrap();
    let played = instance
        .perform(&script(phrase()), &Setup::default())
        .unwrap();
    (roll_between(&played, 16.0), instance.save().unwrap())
}

fn state(project: &[u8]) -> serde_json::Value {
    serde_json::from_slice(&project[8..]).unwrap()
}

#[test]
fn a_project_plays_by_the_weights_that_it_names() {
    let networks = shipped::cyclegan().to_vec();
    let Some((plugin, _data)) = plugin_with(&[("mine", &networks)]) else {
        return;
    };
    let source = roll_of(&phrase());
    let wanted = |bytes: &[u8]| {
        let transfer = Transfer::from_bytes(bytes).unwrap();
        answers(&transfer, ends(Direction::AToB), (&source, &source))(1.0)
    };
    let (own, shipped) = (wanted(&networks), wanted(shipped::arranger()));
    assert_ne!(own, shipped, "nothing would be shown");
    let (found, saved) = bounce(&plugin, &project(&plugin, "mine"));
    assert_rolls(&found, &own, "the user's own");
    let named = r#"{"jazz-classic":"mine"}"#;
    assert_eq!(state(&saved)["fields"]["weights"], named);
    // The plugin's CycleGAN, which has no file: the same networks.
    let (found, saved) = bounce(&plugin, &project(&plugin, shipped::CYCLEGAN));
    assert_rolls(&found, &own, shipped::CYCLEGAN);
    let named = format!(r#"{{"jazz-classic":"{}"}}"#, shipped::CYCLEGAN);
    assert_eq!(state(&saved)["fields"]["weights"], named);
    // Beside it, an instance without them.
    let without = plugin.bounce(&[knob(1.0)], &script(phrase()));
    assert_rolls(&roll_between(&without, 16.0), &shipped, "the plugin's");
}

#[test]
fn weights_that_cannot_be_used_leave_the_notes_dry_and_their_name_in_the_project() {
    let whole = shipped::cyclegan().to_vec();
    let other_version = {
        let header = Header {
            format: 9,
            ..Header::read(&whole).unwrap()
        };
        with_header(&whole, &header).unwrap()
    };
    let other_shape = {
        let mut header = Header::read(&whole).unwrap();
        cyclegan(&mut header).generator.residual_blocks += 1;
        with_header(&whole, &header).unwrap()
    };
    let mut hostile = whole.clone();
    hostile[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    let other_pair = relabelled(&whole, Pair::JAZZ_POP).unwrap();
    let Some((plugin, data)) = plugin_with(&[
        ("cut", &whole[..whole.len() / 2]),
        ("foreign", b"MThd"),
        ("other pair", &other_pair),
        ("other version", &other_version),
        ("other shape", &other_shape),
        ("hostile header", &hostile),
    ]) else {
        return;
    };
    let source = roll_of(&phrase());
    let bad = [
        "missing",
        "cut",
        "foreign",
        "other pair",
        "other version",
        "other shape",
        "hostile header",
        "../up",
    ];
    for name in bad {
        let project = project(&plugin, name);
        let (found, saved) = bounce(&plugin, &project);
        assert_rolls(&found, &source, name);
        assert_eq!(state(&saved), state(&project), "{name}");
    }
    comes_back(&plugin, data.path(), &whole);
}

/// Missing weights play as soon as they are there and the project is opened again.
fn comes_back(plugin: &Stage, data: &Path, whole: &[u8]) {
    let folder = user_weights::folder().unwrap();
    assert!(folder.starts_with(data));
    std::fs::write(user_weights::path(&folder, "missing").unwrap(), whole).unwrap();
    let source = roll_of(&phrase());
    let transfer = Transfer::from_bytes(whole).unwrap();
    let wanted = answers(&transfer, ends(Direction::AToB), (&source, &source))(1.0);
    let (found, _) = bounce(plugin, &project(plugin, "missing"));
    assert_rolls(&found, &wanted, "it is back");
}
