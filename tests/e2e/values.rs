//! The values that a host gives to the parameters of a VST3: inside blocks, without blocks, and
//! between them.

use std::time::Duration;

use third_stream_tests::host::{Blocks, Pace, Setup};
use third_stream_tests::song::{ClipNote, HostSong, Script};
use third_stream_tests::threads;

use crate::music::{phrase, scattered};
use crate::stage::{alone, knob, plugin};
use crate::vst3::{assert_equal, instance, library};

/// The framework's worker, as it calls its thread.
const WORKER: &str = "bg-worker";

/// Many values of many parameters, some at the sample of a note or of each other.
fn automated() -> HostSong {
    let mut song = HostSong::new(240.0, scattered(31, 320, 0.0, 36.0));
    let step = |number: u32| f64::from(number * 7 % 23) / 22.0;
    let often = |name, from: f64, every: f64, count: u32| {
        (0..count).map(move |number| (from + f64::from(number) * every, name, step(number)))
    };
    song.automation.extend(often("Genre", 0.013, 0.041, 1000));
    song.automation.extend(often("Quantise", 0.0, 0.25, 160));
    song.automation.extend(often("Density", 0.002, 0.37, 100));
    song.automation
        .extend(often("Scale guard", 0.002, 0.37, 100));
    let melody = (0..20).map(|half| (f64::from(half) * 2.1, "Melody lock", f64::from(half % 2)));
    song.automation.extend(melody);
    song.automation
        .extend([(21.117, "Bypass", 1.0), (23.201, "Bypass", 0.0)]);
    song
}

fn script(song: HostSong) -> Script {
    Script::once(song, 60.0)
}

fn blocks(size: u32) -> Setup {
    Setup::in_blocks(Blocks::Fixed(size))
}

fn rushed() -> Setup {
    Setup::paced(Pace::Rushed)
}

#[test]
fn every_value_counts_at_its_own_sample_whatever_the_block_size() {
    let (Some(library), Some(clap)) = (library(), plugin()) else {
        return;
    };
    let script = script(automated());
    let wanted = clap.bounce(&[], &script);
    assert!(wanted.notes().len() > 50, "{}", wanted.notes().len());
    for size in [1, 7, 64, 441, 1000, 4096] {
        let mut vst3 = instance(&library, &[]);
        let found = vst3.perform(&script, &blocks(size)).unwrap();
        assert_equal(&found, &wanted, &format!("blocks of {size}"));
    }
}

#[test]
fn controllers_and_parameters_in_one_block_keep_their_samples() {
    let Some(library) = library() else { return };
    let mut song = automated();
    song.notes = vec![ClipNote::new(1.0, 2.0, 60)];
    song.automation.retain(|(_, name, _)| *name != "Bypass");
    song.messages = (0..200_u8)
        .map(|number| {
            let beat = 0.031 + f64::from(number) * 0.05;
            let bytes = match number % 4 {
                0 => [0xB0, 1, number / 2],
                1 => [0xE0, number / 2, 64],
                2 => [0xD3, number / 2, 0],
                _ => [0xB3, 74, number / 2],
            };
            (beat, bytes)
        })
        .collect();
    let wanted: Vec<_> = song
        .messages
        .iter()
        .map(|(beat, bytes)| (((beat + 16.0) * 12_000.0).round() as u64, *bytes))
        .collect();
    for size in [64, 4096] {
        let mut vst3 = instance(&library, &[]);
        let script = script(song.clone());
        let found = vst3.perform(&script, &blocks(size)).unwrap();
        assert_eq!(found.messages(), wanted, "blocks of {size}");
        assert!(!found.notes().is_empty());
    }
}

/// That worker crashes if an editor opens while it looks at a value.
#[test]
fn automation_wakes_no_other_thread() {
    let _alone = alone();
    let Some(library) = library() else { return };
    let mut vst3 = instance(&library, &[]);
    vst3.perform(&script(automated()), &rushed()).unwrap();
    // Until nothing wakes it any more; it has slept before.
    let settled = || {
        std::thread::sleep(Duration::from_millis(200));
        threads::rests(WORKER)
    };
    let mut before = settled();
    while before == Some(0) || before != settled() {
        before = settled();
    }
    if before.is_none() {
        return; // The system does not list threads.
    }
    vst3.perform(&script(automated()), &rushed()).unwrap();
    assert_eq!(settled(), before);
    // The worker is seen where it does have something to do.
    vst3.deactivate();
    assert!(settled() > before);
}

#[test]
fn changes_without_a_block_count() {
    let Some(library) = library() else { return };
    let mut vst3 = instance(&library, &[]);
    vst3.perform(&script(HostSong::new(240.0, [])), &rushed())
        .unwrap();
    vst3.flush(&[knob(0.5), ("Bypass", 1.0)], &rushed())
        .unwrap();
    let value = |name| vst3.parameter(name).unwrap().value;
    assert_eq!((value("Genre"), value("Bypass")), (0.75, 1.0));
}

#[test]
fn what_was_said_is_saved_though_no_block_has_come() {
    let Some(library) = library() else { return };
    let moves = |place| HostSong::new(240.0, phrase()).knob([(0.0, place), (7.3, place / 2.0)]);
    let mut vst3 = instance(&library, &[]);
    vst3.perform(&script(moves(-0.5)), &rushed()).unwrap();
    let saved = |vst3: &third_stream_tests::vst3::Vst3Instance| {
        let mut other = instance(&library, &[]);
        other.restore(&vst3.save().unwrap()).unwrap();
        (
            vst3.parameter("Genre").unwrap().value,
            other.parameter("Genre").unwrap().value,
        )
    };
    assert_eq!(saved(&vst3), (0.375, 0.375), "what the blocks brought");
    vst3.say("Genre", 0.875).unwrap();
    assert_eq!(saved(&vst3), (0.875, 0.875), "what was said");
    // The host then sends it, too, and what it sends is the last word.
    vst3.say("Genre", 0.2).unwrap();
    vst3.perform(&script(moves(0.5)), &rushed()).unwrap();
    assert_eq!(saved(&vst3), (0.625, 0.625), "what the blocks brought");
    // A state that is loaded is, too; and what is said last stays when blocks end.
    let state = vst3.save().unwrap();
    vst3.say("Genre", 0.25).unwrap();
    vst3.restore(&state).unwrap();
    assert_eq!(saved(&vst3), (0.625, 0.625), "what was loaded");
    vst3.say("Genre", 0.25).unwrap();
    vst3.deactivate();
    assert_eq!(saved(&vst3), (0.25, 0.25), "what was said last");
}
