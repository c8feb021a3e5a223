//! The built VST3 in a small host of its own: the same notes as the CLAP's, and what only VST3
//! has: buses, controllers as parameters, the mode in which it is set up.

use std::time::Duration;

use third_stream_tests::clip;
use third_stream_tests::host::{Blocks, Pace, Setup};
use third_stream_tests::recording::{Output, Recording, Sounded};
use third_stream_tests::song::{ClipNote, HostSong, Passage, Script};
use third_stream_tests::threads;
use third_stream_tests::vst3::{Bus, Buses, Vst3Instance, Vst3Library};

use crate::expected::{assert_same, later};
use crate::lifecycle::assert_threads_end;
use crate::music::{phrase, scattered};
use crate::stage::{alone, knob, plugin};

/// The VST3 under test; `None` if no variable names it.
pub(crate) fn library() -> Option<Vst3Library> {
    Vst3Library::under_test().map(Result::unwrap)
}

/// A new instance with these parameters at these places (0..=1) of their ranges.
pub(crate) fn instance(library: &Vst3Library, parameters: &[(&str, f64)]) -> Vst3Instance {
    let mut instance = library.instance().unwrap();
    for (name, place) in parameters {
        instance.set(name, *place).unwrap();
    }
    instance
}

/// The output without the notes' ids: the framework makes its own for VST3, of key and
/// channel. What leaves at one sample is sorted, as VST3 puts controllers before notes.
fn events(recording: &Recording) -> Vec<(u64, String)> {
    let mut events: Vec<_> = recording
        .events
        .iter()
        .map(|(sample, event)| {
            let text = match event {
                Output::On {
                    channel,
                    key,
                    velocity,
                    ..
                } => format!("on {channel} {key} {velocity}"),
                Output::Off { channel, key, .. } => format!("off {channel} {key}"),
                other => format!("{other:?}"),
            };
            (*sample, text)
        })
        .collect();
    events.sort();
    events
}

pub(crate) fn assert_equal(one: &Recording, other: &Recording, what: &str) {
    let (one, other) = (events(one), events(other));
    let first = one.iter().zip(&other).find(|(a, b)| a != b);
    assert_eq!(first, None, "{what}: the first difference");
    assert_eq!(one.len(), other.len(), "{what}");
}

/// The clip in which tempo and time signature change, with the knob on the move.
fn script() -> Script {
    let moves = (0..80).map(|beat| {
        let beat = f64::from(beat);
        (beat + 0.13, (beat / 11.0).sin())
    });
    let mut song = clip::song().knob(moves);
    song.tempo.extend([(21.5, 90.0), (50.0, 171.0)]);
    song.meter.extend([(24.0, (3, 4)), (36.0, (4, 4))]);
    Script::once(song, 80.0)
}

#[test]
fn the_notes_are_the_clap_s() {
    let (Some(library), Some(clap)) = (library(), plugin()) else {
        return;
    };
    for blocks in [
        Blocks::Fixed(512),
        Blocks::Fixed(4096),
        Blocks::random(8, 900),
    ] {
        let setup = Setup::in_blocks(blocks.clone());
        let wanted = clap.perform(&[], &script(), &setup);
        let found = instance(&library, &[]).perform(&script(), &setup).unwrap();
        assert!(found.notes().len() > 300, "{}", found.notes().len());
        assert_equal(&found, &wanted, &format!("{blocks:?}"));
    }
}

#[test]
fn a_loop_gives_the_notes_of_the_clap_s() {
    let (Some(library), Some(clap)) = (library(), plugin()) else {
        return;
    };
    for (start, end) in [(0.0, 8.0), (3.0, 16.5)] {
        let song =
            HostSong::new(240.0, scattered(29, 70, 0.0, 20.0)).knob([(0.0, 0.8), (9.1, -0.6)]);
        let script = Script::new(song, [Passage::cycle(start, end, 70.0), Passage::REST]);
        let wanted = clap.bounce(&[], &script);
        let mut vst3 = instance(&library, &[]);
        let found = vst3.perform(&script, &Setup::default()).unwrap();
        assert!(!found.notes().is_empty());
        assert_equal(&found, &wanted, &format!("{start}..{end}"));
    }
}

#[test]
fn the_buses_are_what_hosts_ask_for() {
    let Some(library) = library() else { return };
    assert_eq!(library.name(), "Third Stream");
    let instance = instance(&library, &[]);
    let bus = |channels| {
        let active = true;
        vec![Bus { channels, active }]
    };
    let wanted = Buses {
        audio: (bus(2), bus(2)),
        events: (bus(16), bus(16)),
    };
    assert_eq!(instance.buses(), wanted);
    assert_eq!(instance.latency(), 0);
}

#[test]
fn the_parameters_shown_are_the_clap_s() {
    let (Some(library), Some(clap)) = (library(), plugin()) else {
        return;
    };
    let shown = instance(&library, &[]).shown();
    let wanted = clap.instance(&[]).parameters();
    let names = |parameter: &third_stream_tests::host::Parameter| parameter.name.clone();
    let wanted: Vec<_> = wanted.iter().map(names).collect();
    let found: Vec<_> = shown
        .iter()
        .map(|parameter| parameter.name.clone())
        .collect();
    assert_eq!(found, wanted);
    assert!(shown.iter().all(|parameter| parameter.automatable));
    let bypasses: Vec<_> = shown
        .iter()
        .filter(|parameter| parameter.is_bypass)
        .collect();
    assert_eq!(bypasses.len(), 1);
}

/// VST3 has no controllers but through parameters, one for each controller of each channel. Hosts
/// are asked neither to show nor to automate them, and they are not saved.
#[test]
fn the_controllers_are_out_of_the_way() {
    let Some(library) = library() else { return };
    let instance = instance(&library, &[]);
    let hidden = || {
        let mut listed = instance.parameters();
        listed.retain(|parameter| parameter.hidden);
        listed
    };
    // They are listed from when the host asks which they are.
    assert_eq!(hidden().len(), 0);
    assert!(instance.parameter_of_controller(0, 1).is_some());
    let controllers = hidden();
    assert_eq!(controllers.len(), 16 * 130);
    assert!(controllers.iter().all(|parameter| !parameter.automatable));
    for channel in 0..16 {
        let ids = (0..130).map(|number| instance.parameter_of_controller(channel, number));
        let there = |id| controllers.iter().any(|parameter| Some(parameter.id) == id);
        assert!(ids.into_iter().all(there), "channel {channel}");
    }
    assert!(!String::from_utf8_lossy(&instance.save().unwrap()).contains("CC"));
}

#[test]
fn what_is_saved_comes_back() {
    let Some(library) = library() else { return };
    let set = [
        knob(0.44),
        ("Quantise", 0.3),
        ("Delay", 1.0),
        ("Bypass", 1.0),
    ];
    let first = instance(&library, &set);
    let saved = first.save().unwrap();
    let mut second = instance(&library, &[]);
    assert_ne!(second.shown(), first.shown());
    second.restore(&saved).unwrap();
    assert_eq!(second.shown(), first.shown());
    assert_eq!(second.save().unwrap(), saved);
    assert!(second.restore(b"nonsense").is_err());
    assert!(second.restore(&saved[..saved.len() / 2]).is_err());
    assert_eq!(second.shown(), first.shown());
}

#[test]
fn controllers_go_the_way_of_the_notes() {
    let Some(library) = library() else { return };
    let mut song = HostSong::new(240.0, [ClipNote::new(1.0, 2.0, 60)]);
    song.messages = vec![
        (0.5, [0xB0, 1, 64]),
        (1.1, [0xB0, 64, 127]),
        (1.3, [0xE0, 5, 70]),
        (1.7, [0xA0, 60, 44]),
        (2.25, [0xD0, 33, 0]),
        (3.01, [0xBF, 7, 100]),
        (17.5, [0xB0, 64, 0]),
    ];
    let wanted: Vec<_> = song
        .messages
        .iter()
        .map(|(beat, bytes)| (((beat + 16.0) * 12_000.0).round() as u64, *bytes))
        .collect();
    let script = Script::once(song, 36.0);
    let mut instance = instance(&library, &[]);
    let recording = instance.perform(&script, &Setup::default()).unwrap();
    assert_eq!(recording.messages(), wanted);
}

/// Offline, the plugin waits for its answers, however fast the host is; while it plays, it does
/// not wait. It has to know after every change which of the two it is.
#[test]
fn each_bounce_is_the_first_and_each_playback_does_not_wait() {
    let Some(library) = library() else { return };
    // So fast that it is over before the plugin could take the hurry for an export.
    let song = HostSong::new(2700.0, phrase()).knob([(0.0, 1.0)]);
    let script = Script::once(song, 40.0);
    let rushed = Setup {
        pace: Pace::Rushed,
        blocks: Blocks::Fixed(4096),
        ..Setup::default()
    };
    let mut instance = instance(&library, &[]);
    let bounced = instance.perform(&script, &Setup::default()).unwrap();
    for round in 0..2 {
        // A stranger to the engine's memory each time, so that there is something to wait for.
        let mut other = phrase();
        for note in &mut other {
            note.key += 1 + round;
        }
        let mut unknown = script.clone();
        unknown.song.notes = other;
        let played = instance.perform(&unknown, &rushed).unwrap();
        let longest = played.longest_call;
        assert!(
            longest < Duration::from_millis(60),
            "waited for {longest:?}"
        );
        let again = instance.perform(&script, &Setup::default()).unwrap();
        assert_equal(&again, &bounced, &format!("bounce {round}"));
    }
}

#[test]
fn a_host_whose_event_list_is_full_loses_nothing() {
    let Some(library) = library() else { return };
    let song = HostSong::new(240.0, scattered(7, 60, 0.0, 20.0));
    let script = Script::once(song, 44.0);
    let setup = Setup {
        blocks: Blocks::Fixed(256),
        room: 2,
        ..Setup::default()
    };
    let recording = instance(&library, &[]).perform(&script, &setup).unwrap();
    assert_eq!(recording.notes().len(), 60);
}

#[test]
fn the_bypass_lets_everything_through_at_once() {
    let Some(library) = library() else { return };
    let song = HostSong::new(240.0, scattered(43, 40, 0.0, 15.0));
    let script = Script::once(song, 20.0);
    let mut instance = instance(&library, &[knob(1.0), ("Bypass", 1.0)]);
    let recording = instance.perform(&script, &Setup::default()).unwrap();
    let without_ids = |mut notes: Vec<Sounded>| {
        for note in &mut notes {
            note.id = None;
        }
        notes
    };
    let found = without_ids(recording.notes());
    let wanted = without_ids(later(&recording.timeline, 0.0));
    assert_same(&found, &wanted, "bypassed");
}

#[test]
fn unloading_leaves_no_thread_behind() {
    let _alone = alone();
    let Some(before) = threads::count() else {
        return; // The system does not list threads.
    };
    for round in 0..3 {
        let Some(library) = library() else { return };
        let mut instance = instance(&library, &[knob(1.0)]);
        let script = Script::new(HostSong::new(240.0, phrase()), [Passage::play(0.0, 16.1)]);
        let rushed = Setup::paced(Pace::Rushed);
        instance.perform(&script, &rushed).unwrap();
        assert_threads_end(round, before, || drop((instance, library)));
    }
}

#[test]
fn an_automated_instance_that_goes_at_once_disturbs_no_other() {
    let _alone = alone();
    let Some(library) = library() else { return };
    // The framework would hand every automated value to a worker that all instances share, and
    // that ends for all of them when it finds a value whose instance is gone.
    let moves = (0..2_000).map(|step| (f64::from(step) / 125.0, f64::from(step % 21) / 10.0 - 1.0));
    let song = HostSong::new(240.0, phrase()).knob(moves);
    let script = Script::new(song, [Passage::play(0.0, 16.0)]);
    let setup = Setup::paced(Pace::Rushed);
    for _ in 0..10 {
        let (mut goes, mut stays) = (instance(&library, &[]), instance(&library, &[]));
        goes.perform(&script, &setup).unwrap();
        drop(goes);
        stays.perform(&script, &setup).unwrap();
        stays.deactivate();
        // Where the worker is gone, this ends the process.
        drop(stays);
    }
}
