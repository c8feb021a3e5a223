//! A song of 32 bars with a tempo change, a stretch of 3/4, a loop and the knob on the move: its
//! notes are in `tests/fixtures`, and both formats play them, as playback and as a bounce.
//!
//! Where they are meant to change (other weights, a change of the core), write them anew, look at
//! the difference and say so in `CHANGELOG.md`:
//!
//! ```sh
//! THIRD_STREAM_GOLDEN=write cargo xtask check
//! ```

use std::fmt::Write as _;
use std::path::PathBuf;

use third_stream_tests::host::{Pace, Setup};
use third_stream_tests::recording::Recording;
use third_stream_tests::vst3;

use crate::in_place::passes;
use crate::stage::plugin;

/// Name of the fixture, and the place of the Mode parameter.
const WAYS: [(&str, f64); 2] = [("song-live", 0.0), ("song-in-place", 1.0)];

/// A note a line: first and last sample, channel, key, velocity.
fn list(recording: &Recording) -> String {
    let mut notes: Vec<_> = recording
        .notes()
        .into_iter()
        .map(|note| {
            let velocity = (note.velocity * 127.0).round() as u8;
            (note.on, note.off, note.channel, note.key, velocity)
        })
        .collect();
    // VST3 has an order of its own for what leaves at one sample.
    notes.sort_unstable();
    let mut text = String::from("# on off channel key velocity; at 48,000 samples a second\n");
    for (on, off, channel, key, velocity) in notes {
        let _ = writeln!(text, "{on} {off} {channel} {key} {velocity}");
    }
    text
}

/// Panics at the first line that is not as it was, or writes the file anew where that is wanted.
fn verify(name: &str, found: &str) {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/{name}.txt"));
    if std::env::var_os("THIRD_STREAM_GOLDEN").is_some_and(|wish| wish == "write") {
        std::fs::write(&file, found).unwrap();
        return;
    }
    let wanted = std::fs::read_to_string(&file).unwrap();
    assert_equal(found, &wanted, name);
}

fn assert_equal(found: &str, wanted: &str, what: &str) {
    let mut lines = found.lines().zip(wanted.lines()).enumerate();
    let first = lines.find(|(_, (found, wanted))| found != wanted);
    assert_eq!(
        first, None,
        "{what}: the first (line, (found, wanted)); see tests/e2e/golden.rs"
    );
    let count = |text: &str| text.lines().count();
    assert_eq!(count(found), count(wanted), "{what}: number of notes");
}

#[test]
fn the_song_is_as_it_was_as_bounce_and_as_playback() {
    let Some(plugin) = plugin() else { return };
    for (name, mode) in WAYS {
        let set = [("Mode", mode)];
        let bounced = list(&plugin.bounce(&set, &passes()));
        assert!(bounced.lines().count() > 800, "{}", bounced.lines().count());
        verify(name, &bounced);
        let setup = Setup {
            pace: Pace::RealTime { group: 1.0 },
            ..Setup::default()
        };
        let mut instance = plugin.instance(&set);
        instance.wait_until_ready(&setup).unwrap();
        let played = list(&instance.perform(&passes(), &setup).unwrap());
        assert_equal(&played, &bounced, "playback");
    }
}

#[test]
fn the_vst3_plays_the_same_song() {
    let (Some(plugin), Some(library)) = (plugin(), vst3::Library::under_test()) else {
        return;
    };
    let library = library.unwrap();
    for (name, mode) in WAYS {
        let mut instance = library.instance().unwrap();
        instance.set("Mode", mode).unwrap();
        let found = list(&instance.perform(&passes(), &Setup::default()).unwrap());
        let wanted = list(&plugin.bounce(&[("Mode", mode)], &passes()));
        assert_equal(&found, &wanted, name);
    }
}
