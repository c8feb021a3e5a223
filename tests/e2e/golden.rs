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
use third_stream_tests::recording::{Output, Recording};
use third_stream_tests::song::{ClipNote, Script};
use third_stream_tests::vst3;

use crate::in_place;
use crate::stage::{alone, plugin};

/// Beats between two strikes of a key, and of the shortest note.
const SHORTEST: f64 = 0.02;
/// Name of the fixture, and the place of the Mode parameter.
const WAYS: [(&str, f64); 2] = [("song-live", 0.0), ("song-in-place", 1.0)];

/// The passes of the In place tests. VST3 has no numbers of notes, so a key is let go before it is
/// struck again: otherwise the formats may rightly differ in which of two strikes ends.
fn passes() -> Script {
    let mut script = in_place::passes();
    let notes = &mut script.song.notes;
    notes.sort_by(|a, b| a.onset.total_cmp(&b.onset));
    for index in 0..notes.len() {
        let note = notes[index];
        let same = |other: &&ClipNote| (other.channel, other.key) == (note.channel, note.key);
        if let Some(next) = notes[index + 1..].iter().find(same) {
            notes[index].release = note.release.min(next.onset - SHORTEST);
        }
    }
    notes.retain(|note| note.release - note.onset >= SHORTEST);
    script
}

/// An event a line, in order of time: sample, what, channel, key, velocity. Each start has its end.
fn list(recording: &Recording) -> String {
    let notes = recording.notes().len();
    let mut events: Vec<(u64, &str, u8, u8, u8)> = recording
        .events
        .iter()
        .filter_map(|(sample, event)| match *event {
            Output::On {
                channel,
                key,
                velocity,
                ..
            } => Some((
                *sample,
                "on",
                channel,
                key,
                (velocity * 127.0).round() as u8,
            )),
            Output::Off { channel, key, .. } => Some((*sample, "off", channel, key, 0)),
            _ => None,
        })
        .collect();
    assert_eq!(events.len(), 2 * notes);
    // VST3 has an order of its own for what leaves at one sample, and no numbers of notes.
    events.sort_unstable();
    let mut text = String::from("# sample, on or off, channel, key, velocity\n");
    for (sample, what, channel, key, velocity) in events {
        let _ = writeln!(text, "{sample} {what} {channel} {key} {velocity}");
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
    assert_eq!(count(found), count(wanted), "{what}: number of events");
}

#[test]
fn the_song_is_as_it_was_as_bounce_and_as_playback() {
    let Some(plugin) = plugin() else { return };
    for (name, mode) in WAYS {
        let set = [("Mode", mode)];
        let bounced = list(&plugin.bounce(&set, &passes()));
        assert!(
            bounced.lines().count() > 1600,
            "{}",
            bounced.lines().count()
        );
        verify(name, &bounced);
        let setup = Setup::paced(Pace::RealTime { group: 1.0 });
        let mut instance = plugin.instance(&set);
        instance.wait_until_ready(&setup).unwrap();
        let played = list(&instance.perform(&passes(), &setup).unwrap());
        assert_equal(&played, &bounced, "playback");
    }
}

/// A VST3's host does not say the bar's number, so after a change of meter the bars fall into other
/// phrases than in CLAP: in place the network's windows differ, and so does the list.
#[test]
fn the_vst3_plays_the_same_song_live_and_its_own_in_place() {
    let _alone = alone();
    let Some(library) = vst3::Vst3Library::under_test().map(Result::unwrap) else {
        return;
    };
    for (name, mode) in [("song-live", 0.0), ("song-in-place-vst3", 1.0)] {
        let mut instance = library.instance().unwrap();
        instance.set("Mode", mode).unwrap();
        let found = list(&instance.perform(&passes(), &Setup::default()).unwrap());
        verify(name, &found);
    }
}
