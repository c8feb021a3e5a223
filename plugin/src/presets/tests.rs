//! Presets in a folder of their own.

use super::*;
use crate::params::ThirdStreamParams;
use crate::values::{Delay, Mode};

fn library() -> (tempfile::TempDir, PresetLibrary) {
    let folder = tempfile::tempdir().unwrap();
    let library = PresetLibrary::new(Some(folder.path().join("Third Stream").join("Presets")));
    (folder, library)
}

fn some() -> ParamValues {
    ParamValues {
        genre: Some(12.5),
        mode: Some(Mode::InPlace),
        ..ThirdStreamParams::default().values()
    }
}

fn own(library: &PresetLibrary) -> Vec<String> {
    let presets = library.presets();
    let own = presets.iter().filter(|preset| preset.file.is_some());
    own.map(|preset| preset.name.clone()).collect()
}

#[test]
fn what_is_saved_is_there_for_the_next_instance() {
    let (_kept, mut library) = library();
    library.save(" Zebra ", some()).unwrap();
    library.save("a/b", ParamValues::default()).unwrap();
    library.save("a_b", some()).unwrap();
    let mut next = PresetLibrary::new(library.folder.clone());
    assert!(own(&next).is_empty());
    assert!(next.read().is_empty());
    assert_eq!(own(&next), ["a/b", "a_b", "Zebra"]);
    let presets = next.presets();
    let zebra = presets
        .iter()
        .find(|preset| preset.name == "Zebra")
        .unwrap();
    assert_eq!(zebra.settings, some());

    let other = ParamValues {
        genre: Some(-1.0),
        ..some()
    };
    next.save("Zebra", other).unwrap();
    assert_eq!(own(&next).len(), 3, "the same name is replaced");
    let last = next.presets().len() - 1;
    assert_eq!(next.presets()[last].settings, other);
    next.delete(last).unwrap();
    assert_eq!(own(&next), ["a/b", "a_b"]);
    assert!(library.read().is_empty());
    assert_eq!(own(&library), ["a/b", "a_b"]);
}

#[test]
fn what_cannot_be_read_is_named_and_stays() {
    let (_kept, mut library) = library();
    library.save("good", some()).unwrap();
    let folder = library.folder.clone().unwrap();
    let bad = [
        ("cut.json", r#"{"version":1,"na"#, "is no preset"),
        (
            "new.json",
            r#"{"version":2,"settings":{}}"#,
            "newer Third Stream (preset version 2",
        ),
        (
            "far.json",
            r#"{"version":1,"name":"far","genre":250}"#,
            "genre is 250",
        ),
        (
            "odd.json",
            r#"{"version":1,"name":"odd","mode":"sideways"}"#,
            "sideways",
        ),
        // The file of a preset named "mine".
        ("mine preset.json", "mine", "is no preset"),
    ];
    for (name, text, _) in bad {
        fs::write(folder.join(name), text).unwrap();
    }
    library.save("mine", some()).unwrap();
    let errors: Vec<String> = library.read().iter().map(ToString::to_string).collect();
    assert_eq!(errors.len(), bad.len());
    for (name, text, says) in bad {
        let found = errors.iter().find(|error| error.contains(name)).unwrap();
        assert!(found.contains(says), "{found}");
        assert_eq!(fs::read_to_string(folder.join(name)).unwrap(), text);
    }
    assert_eq!(own(&library), ["good", "mine"]);
}

#[test]
fn a_preset_of_version_1_is_read() {
    let (_kept, mut library) = library();
    let folder = library.folder.clone().unwrap();
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("old.json"), include_str!("v1.json")).unwrap();
    assert!(library.read().is_empty());
    let presets = library.presets();
    let preset = presets.last().unwrap();
    assert_eq!(preset.name, "Sunday matinee");
    let expected = ParamValues {
        genre: Some(-62.5),
        pair: None,
        quantise: Some(80.0),
        melody: Some(true),
        scale: Some(25.0),
        density: Some(-10.0),
        mode: Some(Mode::InPlace),
        delay: Some(Delay::Two),
        ..ParamValues::default()
    };
    assert_eq!(preset.settings, expected);
}

#[test]
fn names_and_the_plugin_s_own_are_guarded() {
    let (_kept, mut library) = library();
    let saved = library.save("  ", some());
    assert!(matches!(saved, Err(PresetError::NoName)));
    let saved = library.save("Recital", some());
    assert!(matches!(saved, Err(PresetError::Factory(_))));
    assert!(matches!(library.delete(0), Err(PresetError::Factory(_))));
    assert!(own(&library).is_empty());
    let saved = PresetLibrary::new(None).save("name", some());
    assert!(matches!(saved, Err(PresetError::NoFolder)));
}

#[test]
fn the_plugin_s_own_can_be_set_and_told_apart() {
    let presets = factory();
    for (index, preset) in presets.iter().enumerate() {
        assert_eq!(preset.settings.outside(), None, "{}", preset.name);
        let twins = presets.iter().filter(|other| other.name == preset.name);
        assert_eq!(twins.count(), 1, "{}", preset.name);
        let same = presets
            .iter()
            .position(|other| other.settings == preset.settings);
        assert_eq!(same, Some(index), "{}", preset.name);
    }
    let now = ThirdStreamParams::default().values();
    let chosen = presets
        .iter()
        .position(|preset| preset.settings.are_in(&now));
    assert_eq!(chosen, Some(0), "the defaults are \"As played\"");
    let moved = ParamValues {
        density: Some(3.0),
        ..now
    };
    assert!(!presets[0].settings.are_in(&moved));
}
