//! Files and folders through a small untrained network.

mod cases;

use std::collections::BTreeMap;
use std::ffi::OsStr;

use candle_core::{Device, Tensor};
use clap::Parser;
use third_stream_model::family::cyclegan::{Generator, GeneratorConfig};
use third_stream_model::nn::init::Store;
use third_stream_model::smf::{NewNote, SmfMessage};
use third_stream_model::weights::{self, CycleGanHeader, FamilyHeader, Header};

use super::*;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    args: TransferArgs,
}

/// Runs `transfer` with `options` on files of `folder`.
fn transfer(folder: &Path, from: &str, to: &str, options: &[&str]) -> Result<()> {
    let weights = folder.join("weights.safetensors");
    fs::write(&weights, untrained()).unwrap();
    let (from, to) = (folder.join(from), folder.join(to));
    let fixed = [OsStr::new("transfer"), from.as_os_str(), to.as_os_str()];
    let weights = [OsStr::new("--weights"), weights.as_os_str()];
    let options = options.iter().map(OsStr::new);
    let words = fixed.into_iter().chain(weights).chain(options);
    run(&Cli::try_parse_from(words)?.args)
}

/// Weights that edit freely: without skip the cells are a matter of chance.
fn untrained() -> Vec<u8> {
    let generator = GeneratorConfig::new(2, 1, 0.0);
    let tensors = |seed| -> BTreeMap<String, Tensor> {
        let store = Store::new(seed);
        Generator::new(&generator, &store.builder(&Device::Cpu)).unwrap();
        let variables = store.variables().into_iter();
        variables
            .map(|(name, variable)| (name, variable.as_tensor().clone()))
            .collect()
    };
    let header = Header::new(FamilyHeader::CycleGan(CycleGanHeader {
        pair: "jazz-classic".into(),
        generator,
        threshold: [0.5, 0.5],
    }));
    weights::write(&header, [&tensors(1), &tensors(2)]).unwrap()
}

/// Two tracks, a few notes on channels 1 and 2, eight bars long.
fn tune() -> Vec<u8> {
    let mut bytes = b"MThd\0\0\0\x06\0\x01\0\x02\0\x60".to_vec();
    for _ in 0..2 {
        bytes.extend_from_slice(b"MTrk\0\0\0\x05\x98\x00\xff\x2f\0");
    }
    let mut smf = Smf::read(&bytes).unwrap();
    for track in 0..2 {
        let notes: Vec<NewNote> = (0..40)
            .map(|n| {
                NewNote::new(
                    track,
                    50 + track * 12 + (n * 7 % 12) as u8,
                    (n * 72 + 5, n * 72 + 60),
                    70,
                )
            })
            .collect();
        smf.tracks_mut()[usize::from(track)].replace_notes(&[], &notes);
    }
    smf.write()
}

fn notes_of(bytes: &[u8], track: usize) -> Vec<(u64, SmfMessage)> {
    let smf = Smf::read(bytes).unwrap();
    let events = smf.tracks()[track].events().iter();
    events.map(|event| (event.tick, event.message)).collect()
}

#[test]
fn a_file_is_transferred_and_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("in.mid"), tune()).unwrap();
    let picture = path("pictures/out.svg");
    let options = ["--to", "classical", "--amount", "80%", "--pictures"];
    let options = [&options[..], &[picture.to_str().unwrap()]].concat();
    transfer(folder.path(), "in.mid", "new/out.mid", &options).unwrap();
    let written = fs::read(path("new/out.mid")).unwrap();
    assert_ne!(notes_of(&written, 0), notes_of(&tune(), 0));
    let ends = |bytes: &[u8]| Smf::read(bytes).unwrap().end_tick();
    assert_eq!(ends(&written), ends(&tune()));
    let drawn = fs::read_to_string(picture).unwrap();
    assert!(drawn.contains("jazz \u{2192} classic, amount 80 %, quantise 100 %"));
    let left: Vec<_> = fs::read_dir(path("new")).unwrap().collect();
    assert_eq!(left.len(), 1, "no half file is left");
}

#[test]
fn at_amount_zero_the_file_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("in.mid"), tune()).unwrap();
    let options = ["--to", "jazz", "--amount", "0"];
    transfer(folder.path(), "in.mid", "out.mid", &options).unwrap();
    assert_eq!(fs::read(folder.path().join("out.mid")).unwrap(), tune());
}

#[test]
fn only_the_named_channels_and_tracks_are_transferred() {
    for selection in [["--channels", "2"], ["--tracks", "2"]] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("in.mid"), tune()).unwrap();
        let options = [&["--to", "jazz"], &selection[..]].concat();
        transfer(folder.path(), "in.mid", "out.mid", &options).unwrap();
        let written = fs::read(folder.path().join("out.mid")).unwrap();
        assert_eq!(notes_of(&written, 0), notes_of(&tune(), 0));
        assert_ne!(notes_of(&written, 1), notes_of(&tune(), 1));
    }
}

#[test]
fn a_folder_is_transferred_as_far_as_it_goes_and_failures_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir_all(path("in/deeper")).unwrap();
    fs::write(path("in/a.mid"), tune()).unwrap();
    fs::write(path("in/deeper/b.MID"), tune()).unwrap();
    fs::write(path("in/broken.mid"), b"no MIDI at all").unwrap();
    fs::write(path("in/notes.txt"), b"not to be read").unwrap();
    fs::write(path("in/by content"), tune()).unwrap();
    fs::write(path("in/c.kar"), tune()).unwrap();
    let failure = transfer(folder.path(), "in", "out", &["--to", "classic"]).unwrap_err();
    assert!(failure.to_string().starts_with("1 of 5 files"));
    for name in ["a.mid", "deeper/b.MID", "by content", "c.kar"] {
        assert!(path("out").join(name).exists(), "{name}");
    }
    assert!(!path("out/broken.mid").exists() && !path("out/notes.txt").exists());
    let empty = transfer(folder.path(), "out/deeper/none", "x", &["--to", "classic"]);
    assert!(format!("{:#}", empty.unwrap_err()).contains("none"));
}

#[test]
fn wrong_requests_say_what_was_expected() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("in.mid"), tune()).unwrap();
    let refusal = |to: &str, options: &[&str]| {
        let error = transfer(folder.path(), "in.mid", to, options).unwrap_err();
        format!("{error:#}")
    };
    let message = refusal("out.mid", &["--to", "pop"]);
    assert!(
        message.contains("are for jazz-classic and do not lead to pop;"),
        "{message}"
    );
    let message = refusal("out.mid", &["--to", "jazz", "--pair", "jazz-pop"]);
    assert!(
        message.contains("do not lead to jazz in jazz-pop;"),
        "{message}"
    );
    let message = refusal("in.mid", &["--to", "jazz"]);
    assert!(message.contains("same file"), "{message}");
    let message = refusal("out.mid", &["--to", "jazz", "--amount", "120"]);
    assert!(message.contains("from 0 to 100"), "{message}");
    let message = refusal("out.mid", &["--to", "rock"]);
    assert!(message.contains("expected jazz, classic"), "{message}");
    let message = refusal("out.mid", &["--to", "jazz", "--tracks", "9"]);
    assert!(
        message.contains("there is no track 9; the file has 2"),
        "{message}"
    );
    let message = refusal("out.mid", &["--to", "jazz", "--amount", "-5"]);
    assert!(message.contains("from 0 to 100"), "{message}");
    for (channels, said) in [
        ("10", "10 is drums"),
        ("17", "from 1 to 16"),
        ("0", "from 1 to 16"),
    ] {
        let message = refusal("out.mid", &["--to", "jazz", "--channels", channels]);
        assert!(message.contains(said), "{message}");
    }
    fs::create_dir(folder.path().join("there")).unwrap();
    let message = refusal("there", &["--to", "jazz"]);
    assert!(
        message.contains("is a folder, expected a file"),
        "{message}"
    );
    let smf = Smf::read(&tune()).unwrap();
    let mut empty = smf.clone();
    let song = Song::of(&smf).unwrap();
    let notes = song.notes().iter().filter(|note| note.track == 1);
    let events: Vec<usize> = notes
        .flat_map(|note| [Some(note.on_event), note.off_event])
        .flatten()
        .collect();
    empty.tracks_mut()[1].replace_notes(&events, &[]);
    fs::write(folder.path().join("in.mid"), empty.write()).unwrap();
    let message = refusal("out.mid", &["--to", "jazz", "--tracks", "2=voice"]);
    assert!(
        message.contains("track 2 has no notes that can be transferred")
            && message.ends_with("that have: 1"),
        "{message}"
    );
    assert!(!folder.path().join("out.mid").exists());
}

#[test]
fn a_folder_into_a_file_fails_at_once() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("in")).unwrap();
    fs::write(folder.path().join("in/a.mid"), tune()).unwrap();
    fs::write(folder.path().join("out"), b"mine").unwrap();
    let failure = transfer(folder.path(), "in", "out", &["--to", "jazz"]).unwrap_err();
    assert!(
        failure.to_string().contains("is a file, expected a folder"),
        "{failure}"
    );
    assert_eq!(fs::read(folder.path().join("out")).unwrap(), b"mine");
}

#[test]
fn the_lock_holds_the_voice_that_is_named_and_not_the_top_line() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("in.mid"), tune()).unwrap();
    let keys = |bytes: &[u8], track| {
        let song = Song::of(&Smf::read(bytes).unwrap()).unwrap();
        let notes = song.notes().iter().filter(|note| note.track == track);
        notes.map(|note| note.key).collect::<Vec<u8>>()
    };
    let lock = [
        "--to",
        "jazz",
        "--melody-lock",
        "--quantise",
        "0",
        "--tracks",
    ];
    let changed = |tracks: &str| {
        let options = [&lock[..], &[tracks]].concat();
        transfer(folder.path(), "in.mid", "out.mid", &options).unwrap();
        let written = fs::read(folder.path().join("out.mid")).unwrap();
        [0, 1].map(|track| keys(&written, track) != keys(&tune(), track))
    };
    // Track 1 lies an octave below track 2.
    assert_eq!(changed("1=voice,2=chords"), [false, true]);
    assert!(!changed("2=voice,1=chords")[1]);
}

#[test]
fn a_style_that_is_not_there_or_not_for_these_weights_says_what_there_is() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("in.mid"), tune()).unwrap();
    let refusal = |to: &str| {
        let error = transfer(folder.path(), "in.mid", "out.mid", &["--to", to]).unwrap_err();
        format!("{error:#}")
    };
    let message = refusal("/nowhere/mine.safetensors");
    assert!(
        message.contains("mine.safetensors: there are no such weights"),
        "{message}"
    );
    let weights = folder.path().join("weights.safetensors");
    let message = refusal(weights.to_str().unwrap());
    assert!(
        message.contains("the family is CycleGAN, expected style"),
        "{message}"
    );
}
