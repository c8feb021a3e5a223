//! Knob at the centre: the notes that leave are the notes that entered, four bars later.

use third_stream_tests::host::{Blocks, Pace, Setup};
use third_stream_tests::song::{HostSong, Script};

use crate::expected::{assert_same, later};
use crate::music::scattered;
use crate::stage::plugin;

fn script(tempo: f64) -> Script {
    let song = HostSong::new(tempo, scattered(7, 60, 0.0, 20.0));
    // Until everything has left, and one bar more.
    Script::once(song, 44.0)
}

#[test]
fn every_block_size_gives_the_same_notes_to_the_sample() {
    let Some(plugin) = plugin() else { return };
    let random = Blocks::random(11, 700);
    let sizes = [1, 7, 32, 64, 441, 512, 1000, 4096].map(Blocks::Fixed);
    for blocks in sizes.into_iter().chain([random]) {
        let setup = Setup::in_blocks(blocks.clone());
        // 240 beats a minute at 48 kHz: a beat is 12,000 samples, so four bars are whole.
        let recording = plugin.perform(&[], &script(240.0), &setup);
        let wanted = later(&recording.timeline, 16.0);
        assert_eq!(wanted.len(), 60);
        assert_same(&recording.notes(), &wanted, &format!("{blocks:?}"));
    }
}

#[test]
fn real_time_and_a_rushing_host_change_nothing() {
    let Some(plugin) = plugin() else { return };
    for pace in [Pace::Rushed, Pace::RealTime { group: 16.0 }] {
        let setup = Setup::paced(pace);
        let recording = plugin.perform(&[], &script(240.0), &setup);
        let wanted = later(&recording.timeline, 16.0);
        assert_same(&recording.notes(), &wanted, &format!("{pace:?}"));
    }
}

#[test]
fn four_bars_are_four_bars_across_tempo_changes() {
    let Some(plugin) = plugin() else { return };
    for blocks in [
        Blocks::Fixed(64),
        Blocks::Fixed(1000),
        Blocks::InTurn(vec![1, 4096, 17]),
    ] {
        let mut script = script(120.0);
        script.song.tempo = vec![(0.0, 120.0), (7.25, 150.0), (12.0, 96.0), (25.5, 200.0)];
        let setup = Setup {
            sample_rate: 44_100.0,
            blocks,
            ..Setup::default()
        };
        let recording = plugin.perform(&[], &script, &setup);
        let wanted = later(&recording.timeline, 16.0);
        let found = recording.notes();
        assert_eq!(found.len(), wanted.len());
        for (found, wanted) in found.iter().zip(&wanted) {
            // A host's beats are exact to a fraction of a sample: half-way, both are nearest.
            assert!(found.on.abs_diff(wanted.on) <= 1, "{found:?} {wanted:?}");
            assert!(found.off.abs_diff(wanted.off) <= 1, "{found:?} {wanted:?}");
            let same = |note: &third_stream_tests::recording::Sounded| {
                (note.channel, note.key, note.velocity.to_bits(), note.id)
            };
            assert_eq!(same(found), same(wanted));
        }
    }
}

#[test]
fn quantise_does_nothing_to_what_is_as_played() {
    let Some(plugin) = plugin() else { return };
    for place in [0.0, 0.5, 1.0] {
        let recording = plugin.bounce(&[("Quantise", place)], &script(240.0));
        let wanted = later(&recording.timeline, 16.0);
        assert_same(&recording.notes(), &wanted, &format!("quantise at {place}"));
    }
}

#[test]
fn a_shorter_delay_is_as_exact() {
    let Some(plugin) = plugin() else { return };
    for (place, beats) in [(0.5, 8.0), (1.0, 4.0)] {
        let recording = plugin.bounce(&[("Delay", place)], &script(240.0));
        let wanted = later(&recording.timeline, beats);
        assert_same(&recording.notes(), &wanted, &format!("{beats} beats"));
    }
}

#[test]
fn bars_of_three_beats_are_four_bars_late() {
    let Some(plugin) = plugin() else { return };
    let mut script = script(240.0);
    script.song.meter = vec![(0.0, (3, 4))];
    let recording = plugin.bounce(&[], &script);
    let wanted = later(&recording.timeline, 12.0);
    assert_same(&recording.notes(), &wanted, "3/4");
}

#[test]
fn a_host_whose_buffer_is_full_loses_nothing() {
    let Some(plugin) = plugin() else { return };
    let setup = Setup {
        blocks: Blocks::Fixed(256),
        room: 2,
        ..Setup::default()
    };
    let recording = plugin.perform(&[], &script(240.0), &setup);
    let (found, wanted) = (recording.notes(), later(&recording.timeline, 16.0));
    assert_eq!(found.len(), wanted.len());
    let id = |note: &third_stream_tests::recording::Sounded| note.id;
    let mut found = found;
    let mut wanted = wanted;
    found.sort_by_key(id);
    wanted.sort_by_key(id);
    for (found, wanted) in found.iter().zip(&wanted) {
        // Late by the blocks that had no room, never early.
        let late = wanted.on..wanted.on + 20 * 256;
        assert!(late.contains(&found.on), "{found:?} {wanted:?}");
    }
}
