//! Events that pass through: controllers, bend, pressure and programs on the notes' route; drums
//! and keys outside the roll; everything at once with the bypass on.

use third_stream_tests::recording::Output;
use third_stream_tests::song::{ClipNote, HostSong, Script};

use crate::expected::{assert_same, later};
use crate::music::scattered;
use crate::stage::{knob, plugin};

#[test]
fn controllers_go_the_way_of_the_notes() {
    let Some(plugin) = plugin() else { return };
    let mut song = HostSong::new(240.0, [ClipNote::new(1.0, 2.0, 60)]);
    song.messages = vec![
        (0.5, [0xB0, 1, 64]),
        (1.1, [0xB0, 64, 127]),
        (1.3, [0xE0, 5, 70]),
        (2.25, [0xD0, 33, 0]),
        (3.0, [0xC0, 19, 0]),
        (3.01, [0xB3, 7, 100]),
        (17.5, [0xB0, 64, 0]),
    ];
    let times = song.messages.clone();
    // CLAP has a note expression for the pressure on a key; the framework sends it as one.
    song.messages.push((2.5, [0xA0, 60, 44]));
    song.messages.sort_by(|a, b| a.0.total_cmp(&b.0));
    let script = Script::once(song.clone(), 36.0);
    for position in [0.0, 1.0] {
        let recording = plugin.bounce(&[knob(position)], &script);
        let pressure = recording
            .events
            .iter()
            .filter(|(_, e)| matches!(e, Output::Other(_)));
        let at: Vec<_> = pressure.map(|(at, _)| *at).collect();
        assert_eq!(at, [222_000], "{position}");
        let wanted: Vec<_> = times
            .iter()
            .map(|(beat, bytes)| (((beat + 16.0) * 12_000.0).round() as u64, *bytes))
            .collect();
        assert_eq!(recording.messages(), wanted, "{position}");
    }
}

#[test]
fn drums_and_keys_outside_the_roll_are_never_changed() {
    let Some(plugin) = plugin() else { return };
    let mut notes = scattered(41, 40, 0.0, 15.0);
    for (index, note) in notes.iter_mut().enumerate() {
        match index % 3 {
            0 => note.channel = 9,
            1 => note.key = (index % 24) as u8,
            _ => note.key = 108 + (index % 20) as u8,
        }
    }
    let script = Script::once(HostSong::new(240.0, notes), 36.0);
    let recording = plugin.bounce(&[knob(1.0)], &script);
    let mut found = recording.notes();
    found.retain(|note| note.channel == 9 || !(24..=107).contains(&note.key));
    assert_same(&found, &later(&recording.timeline, 16.0), "untouched");
}

#[test]
fn the_bypass_lets_everything_through_at_once() {
    let Some(plugin) = plugin() else { return };
    let script = Script::once(HostSong::new(240.0, scattered(43, 40, 0.0, 15.0)), 20.0);
    let recording = plugin.bounce(&[knob(1.0), ("Bypass", 1.0)], &script);
    let wanted = later(&recording.timeline, 0.0);
    assert_same(&recording.notes(), &wanted, "bypassed");
}

#[test]
fn switching_the_bypass_hangs_nothing() {
    let Some(plugin) = plugin() else { return };
    let mut song = HostSong::new(240.0, scattered(47, 150, 0.0, 50.0)).knob([(0.0, 1.0)]);
    let switches = (1..12).map(|i| (f64::from(i) * 3.9, "Bypass", f64::from(i % 2)));
    song.automation.extend(switches);
    let script = Script::once(song, 50.0);
    let recording = plugin.bounce(&[], &script);
    assert!(recording.notes().len() > 50);
}
