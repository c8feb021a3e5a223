//! From loading to unloading: ports, parameters, state, several instances, threads.

use std::time::{Duration, Instant};

use third_stream_tests::host::{self, Pace, Ports, Setup};
use third_stream_tests::song::{HostSong, Passage, Script};
use third_stream_tests::threads;

use crate::music::{phrase, scattered};
use crate::stage::{alone, knob, plugin};

/// In real time and in a hurry: work is pending when it ends.
fn rushed() -> Setup {
    Setup::paced(Pace::Rushed)
}

fn script(beats: f64) -> Script {
    Script::new(HostSong::new(240.0, phrase()), [Passage::play(0.0, beats)])
}

#[test]
fn the_plugin_is_a_note_effect_without_latency() {
    let Some(plugin) = plugin() else { return };
    let mut instance = plugin.instance(&[]);
    let ports = Ports {
        notes: (1, 1),
        audio: (0, 0),
    };
    assert_eq!(instance.ports(), ports);
    // Four bars of music are a musical delay and depend on the tempo: no latency.
    assert_eq!(instance.latency(), 0);
    assert_eq!(plugin.library.id(), "org.third-stream.third-stream");
}

#[test]
fn the_parameters_are_few_and_speak() {
    let Some(plugin) = plugin() else { return };
    let mut instance = plugin.instance(&[]);
    let parameters = instance.parameters();
    for name in [
        "Genre", "Pair", "Quantise", "Mode", "Delay", "Forget", "Bypass",
    ] {
        assert!(
            parameters.iter().any(|p| p.name == name),
            "{name} is missing"
        );
    }
    let bypasses: Vec<_> = parameters.iter().filter(|p| p.is_bypass).collect();
    assert_eq!(bypasses.len(), 1);
    assert_eq!(bypasses[0].name, "Bypass");
    let genre = |place| {
        let mut instance = plugin.instance(&[]);
        instance.text_of("Genre", place).unwrap()
    };
    assert_eq!(genre(0.5), "as played");
    assert!(genre(1.0).contains("classical"));
    assert!(genre(0.0).contains("jazz"));
    let mut instance = plugin.instance(&[("Pair", 0.5)]);
    assert_eq!(instance.text_of("Genre", 1.0).unwrap(), "100 % pop");
    assert_eq!(instance.text_of("Pair", 1.0).unwrap(), "Classical – Pop");
}

#[test]
fn hardware_knobs_find_a_page() {
    let Some(plugin) = plugin() else { return };
    let pages = plugin.instance(&[]).pages();
    let [(first, knobs), (second, taste)] = &pages[..] else {
        panic!("two pages, not {}", pages.len());
    };
    assert_eq!((first.as_str(), second.as_str()), ("Third Stream", "Taste"));
    assert_eq!(knobs.len(), 8);
    assert_eq!(knobs[0], "Genre");
    for name in ["Tune", "Harmony", "Variation", "Voices"] {
        assert!(taste.iter().any(|parameter| parameter == name), "{taste:?}");
    }
}

#[test]
fn what_is_saved_comes_back() {
    let Some(plugin) = plugin() else { return };
    let set = [
        knob(0.44),
        ("Quantise", 0.3),
        ("Mode", 1.0),
        ("Delay", 1.0),
        ("Bypass", 1.0),
    ];
    let mut first = plugin.instance(&set);
    let saved = first.save().unwrap();
    let mut second = plugin.instance(&[]);
    assert_ne!(second.parameters(), first.parameters());
    second.restore(&saved).unwrap();
    assert_eq!(second.parameters(), first.parameters());
    // And what comes back is what is saved again.
    assert_eq!(second.save().unwrap(), saved);
}

#[test]
fn a_state_that_is_none_is_refused_and_changes_nothing() {
    let Some(plugin) = plugin() else { return };
    let mut instance = plugin.instance(&[knob(-0.5)]);
    let before = instance.parameters();
    for bytes in [&b"nonsense"[..], &[0xFF; 64], &[]] {
        assert!(instance.restore(bytes).is_err());
        assert_eq!(instance.parameters(), before);
    }
    let saved = instance.save().unwrap();
    assert!(instance.restore(&saved[..saved.len() / 2]).is_err());
    assert_eq!(instance.parameters(), before);
}

#[test]
fn an_instance_that_goes_with_work_pending_disturbs_no_other() {
    let Some(plugin) = plugin() else { return };
    let alone = plugin.bounce(&[knob(1.0)], &ended(40.0));
    for _ in 0..3 {
        let mut leaving = plugin.instance(&[knob(1.0)]);
        let mut staying = plugin.instance(&[knob(1.0)]);
        // Up to just after both requests of the first group.
        leaving.perform(&script(16.1), &rushed()).unwrap();
        let start = Instant::now();
        drop(leaving);
        assert!(
            start.elapsed() < Duration::from_secs(5),
            "{:?}",
            start.elapsed()
        );
        let stayed = staying.perform(&ended(40.0), &Setup::default()).unwrap();
        assert_eq!(stayed.events, alone.events);
    }
}

fn ended(beats: f64) -> Script {
    Script::once(HostSong::new(240.0, phrase()), beats)
}

#[test]
fn two_instances_play_at_the_same_time() {
    let Some(plugin) = plugin() else { return };
    let whole = ended(40.0);
    let places = [1.0, -1.0];
    let alone = places.map(|place| plugin.bounce(&[knob(place)], &whole));
    // Each in a thread of its own, so that their requests meet in the one engine.
    let library = &plugin.library;
    let together = std::thread::scope(|scope| {
        let threads = places.map(|place| {
            let whole = &whole;
            scope.spawn(move || {
                let (name, place) = knob(place);
                let mut instance = library.instance().unwrap();
                instance.set(name, place).unwrap();
                instance.perform(whole, &Setup::default()).unwrap()
            })
        });
        threads.map(|thread| thread.join().unwrap())
    });
    for (together, alone) in together.iter().zip(&alone) {
        assert_eq!(together.events, alone.events);
    }
}

/// There are more threads than `before`, until `leave` is called.
pub(crate) fn assert_threads_end(round: u32, before: usize, leave: impl FnOnce()) {
    assert!(
        threads::count().unwrap() > before,
        "the engine has no thread?"
    );
    leave();
    let after = threads::settle(before, Duration::from_secs(5)).unwrap();
    assert!(
        after <= before,
        "round {round}: {before} threads before, {after} after"
    );
}

#[test]
fn unloading_leaves_no_thread_behind() {
    let alone = alone();
    if host::plugin_under_test().is_none() {
        return;
    }
    let Some(before) = threads::count() else {
        return; // The system does not list threads.
    };
    for round in 0..4 {
        let library = host::load_plugin_under_test().unwrap();
        let mut first = library.instance().unwrap();
        let mut second = library.instance().unwrap();
        first.perform(&script(16.1), &rushed()).unwrap();
        second.perform(&script(15.2), &rushed()).unwrap();
        assert_threads_end(round, before, || drop((first, second, library)));
    }
    drop(alone);
}

#[test]
fn an_instance_that_never_played_goes_quietly() {
    let Some(plugin) = plugin() else { return };
    for _ in 0..5 {
        drop(plugin.instance(&[]));
    }
    let mut idle = plugin.instance(&[]);
    idle.wait_until_ready(&rushed()).unwrap();
    idle.deactivate();
}

#[test]
fn a_change_of_sample_rate_starts_anew() {
    let Some(plugin) = plugin() else { return };
    let mut instance = plugin.instance(&[]);
    let song = HostSong::new(240.0, scattered(3, 30, 0.0, 15.0));
    let script = Script::once(song, 36.0);
    for sample_rate in [48_000.0, 96_000.0, 44_100.0] {
        instance.deactivate();
        let setup = Setup {
            sample_rate,
            ..Setup::default()
        };
        let recording = instance.perform(&script, &setup).unwrap();
        assert_eq!(recording.notes().len(), 30, "at {sample_rate} Hz");
    }
}
