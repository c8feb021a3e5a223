//! In place: the second pass over a bar is transferred, at its own place, to the sample; and so is
//! the first pass of a project that is opened again.

use third_stream_model::genre::Direction;
use third_stream_model::roll::notes::NoteRoll;
use third_stream_model::transfer::Wish;
use third_stream_tests::clip;
use third_stream_tests::dice::Dice;
use third_stream_tests::host::{Blocks, Instance, Pace, Setup};
use third_stream_tests::recording::{Recording, Sounded};
use third_stream_tests::song::{ClipNote, HostSong, Passage, Script};

use crate::expected::{assert_equal, roll_between};
use crate::music::{phrase, roll_of, scattered};
use crate::network::{assert_rolls, ends, transfer};
use crate::stage::{Stage, knob, plugin};
use crate::transport::{assert_paired, random_moves, random_passages};

const IN_PLACE: (&str, f64) = ("Mode", 1.0);

/// The notes of these beats of play, from their start, without ids.
fn between(recording: &Recording, from: f64, beats: f64) -> Vec<(u64, u64, u8, u8, u64)> {
    let sample = |beats| recording.timeline.sample_of_beats_played(beats).round() as u64;
    let (start, end) = (sample(from), sample(from + beats));
    let inside = |note: &Sounded| (start..end).contains(&note.on);
    let notes = recording.notes().into_iter().filter(inside);
    notes
        .map(|note| {
            let velocity = note.velocity.to_bits();
            (
                note.on - start,
                note.off - start,
                note.channel,
                note.key,
                velocity,
            )
        })
        .collect()
}

fn looped(notes: Vec<ClipNote>, beats: f64, laps: f64) -> Script {
    let passages = [Passage::cycle(0.0, beats, beats * laps), Passage::REST];
    Script::new(HostSong::new(240.0, notes), passages)
}

#[test]
fn at_the_centre_each_pass_is_the_first_to_the_sample() {
    let Some(plugin) = plugin() else { return };
    for beats in [4.0, 8.0, 12.0, 20.0] {
        let mut notes = scattered(17, 30, 0.0, beats);
        // The loop's end cuts notes in each pass.
        for note in &mut notes {
            note.release = note.release.min(beats);
        }
        let recording = plugin.bounce(&[IN_PLACE], &looped(notes, beats, 3.0));
        let first = between(&recording, 0.0, beats);
        assert_eq!(first.len(), 30);
        for lap in [1.0, 2.0] {
            assert_eq!(
                between(&recording, beats * lap, beats),
                first,
                "lap {lap} of {beats}"
            );
        }
    }
}

#[test]
fn the_second_pass_is_the_network_s_output() {
    let Some(plugin) = plugin() else { return };
    // Nothing sounds in the last beat, so both answers are the same.
    let source = roll_of(&phrase());
    let edits = transfer().edits(&source, ends(Direction::AToB), &Wish::default());
    let edits = edits.unwrap();
    for amount in [1.0, 0.5] {
        let script = looped(phrase(), 16.0, 2.0);
        let recording = plugin.bounce(&[IN_PLACE, knob(amount)], &script);
        assert_same(&roll_between(&recording, 0.0), &source);
        let wanted = edits.apply(&source, amount as f32);
        assert_ne!(wanted, source);
        assert_same(&roll_between(&recording, 16.0), &wanted);
    }
}

#[test]
fn a_loop_of_two_bars_is_transferred_on_its_second_pass() {
    let Some(plugin) = plugin() else { return };
    let notes: Vec<ClipNote> = phrase()
        .into_iter()
        .filter(|note| note.release < 7.0)
        .collect();
    let known = u64::from(u32::MAX);
    // Nothing sounds in the last beat. Bars that were never heard are taken to go on as the others.
    let again = notes.iter().map(|note| ClipNote {
        onset: note.onset + 8.0,
        release: note.release + 8.0,
        ..*note
    });
    let source = roll_of(&notes.iter().copied().chain(again).collect::<Vec<_>>());
    let edits = transfer().edits(&source, ends(Direction::BToA), &Wish::default());
    let wanted = edits.unwrap().within(known).apply(&source, 1.0);
    let wanted = wanted.beginning_in(known);
    let recording = plugin.bounce(&[IN_PLACE, knob(-1.0)], &looped(notes, 8.0, 3.0));
    for lap in [1.0, 2.0] {
        let found = roll_between(&recording, 8.0 * lap).beginning_in(known);
        assert_same(&found, &wanted);
    }
}

fn assert_same(found: &NoteRoll, wanted: &NoteRoll) {
    assert_rolls(found, wanted, "in place");
}

#[test]
fn a_project_that_is_opened_again_is_transferred_from_its_first_bar() {
    let Some(plugin) = plugin() else { return };
    let set = [IN_PLACE, knob(1.0)];
    let mut first = plugin.instance(&set);
    let script = Script::once(song(), 120.0);
    let learned = first.perform(&script, &Setup::default()).unwrap();
    let second = first.perform(&script, &Setup::default()).unwrap();
    assert_ne!(learned.events, second.events);
    let saved = first.save().unwrap();
    assert!(saved.len() < 40_000, "{} bytes for 32 bars", saved.len());
    drop(first);

    let mut again = plugin.instance(&[]);
    again.restore(&saved).unwrap();
    assert_eq!(again.save().unwrap(), saved);
    let opened = again.perform(&script, &Setup::default()).unwrap();
    assert_equal(&opened, &second, "opened again");
    // Nothing new was heard, so nothing new is saved.
    assert_eq!(again.save().unwrap(), saved);
    forget(&plugin, &saved, &script, &learned);
}

/// A project whose bars are forgotten plays as on the first day.
fn forget(plugin: &Stage, saved: &[u8], script: &Script, learned: &Recording) {
    let mut instance = plugin.instance(&[]);
    instance.restore(saved).unwrap();
    let mut script = script.clone();
    script.song.automation.push((0.0, "Forget", 1.0));
    let mut first = vec![Passage::REST];
    first.append(&mut script.passages);
    script.passages = first;
    let played = instance.perform(&script, &Setup::default()).unwrap();
    let shift = 4_800;
    let found: Vec<_> = played
        .notes()
        .iter()
        .map(|n| (n.on - shift, n.key))
        .collect();
    let wanted: Vec<_> = learned.notes().iter().map(|n| (n.on, n.key)).collect();
    assert_eq!(found, wanted);
}

/// 32 bars with a tempo change, eight bars of 3/4 and the knob on the move.
fn song() -> HostSong {
    let mut notes = clip::song().notes;
    notes.extend(scattered(5, 150, 64.0, 119.0));
    let mut song = HostSong::new(200.0, notes);
    song.tempo = vec![(0.0, 200.0), (21.5, 160.0), (70.0, 230.0)];
    song.meter = vec![(0.0, (4, 4)), (64.0, (3, 4)), (88.0, (4, 4))];
    let moves = (0..120).map(|beat| {
        let beat = f64::from(beat);
        (beat + 0.37, (beat / 13.0).sin())
    });
    song.knob(moves)
}

/// Once through, a loop over a change of meter, and once through again.
pub(crate) fn passes() -> Script {
    let passages = [
        Passage::play(0.0, 120.0),
        Passage::REST,
        Passage::cycle(56.0, 73.0, 51.0),
        Passage::play(0.0, 120.0),
        Passage::REST,
    ];
    Script::new(song(), passages)
}

#[test]
fn a_bounce_is_identical_to_the_playback_whatever_the_blocks() {
    let Some(plugin) = plugin() else { return };
    let bounced = plugin.bounce(&[IN_PLACE], &passes());
    let random = Blocks::random(4, 1500);
    for blocks in [Blocks::Fixed(64), Blocks::Fixed(4096), random] {
        let setup = Setup::in_blocks(blocks.clone());
        let again = plugin.perform(&[IN_PLACE], &passes(), &setup);
        assert_equal(&again, &bounced, &format!("{blocks:?}"));
    }
    let setup = Setup::paced(Pace::RealTime { group: 1.0 });
    let mut instance = plugin.instance(&[IN_PLACE]);
    instance.wait_until_ready(&setup).unwrap();
    let played = instance.perform(&passes(), &setup).unwrap();
    assert_equal(&played, &bounced, "playback");
}

#[test]
fn drums_and_controllers_pass_at_once() {
    let Some(plugin) = plugin() else { return };
    let mut notes = phrase();
    notes.extend((0..16).map(|beat| ClipNote {
        channel: 9,
        ..ClipNote::new(f64::from(beat), f64::from(beat) + 0.2, 44)
    }));
    let mut script = looped(notes, 16.0, 2.0);
    script.song.messages = vec![(3.3, [0xB0, 1, 77]), (9.0, [0xE0, 0, 80])];
    let recording = plugin.bounce(&[IN_PLACE, knob(1.0)], &script);
    let drums = |from| {
        let mut notes = between(&recording, from, 16.0);
        notes.retain(|note| note.2 == 9);
        notes
    };
    assert_eq!(drums(0.0).len(), 16);
    assert_eq!(drums(16.0), drums(0.0));
    assert_eq!(recording.messages().len(), 4);
}

#[test]
fn the_mode_may_change_in_the_song() {
    let Some(plugin) = plugin() else { return };
    let mut script = passes();
    for (beat, mode) in [(5.3, 0.0), (30.0, 1.0), (61.8, 0.0), (90.1, 1.0)] {
        script.song.automation.push((beat, "Mode", mode));
    }
    for blocks in [Blocks::Fixed(441), Blocks::Fixed(2048)] {
        let setup = Setup::in_blocks(blocks);
        let recording = plugin.perform(&[IN_PLACE], &script, &setup);
        assert!(recording.notes().len() > 300);
    }
}

#[test]
fn random_transports_hang_nothing_in_place() {
    let Some(plugin) = plugin() else { return };
    let mut dice = Dice::of_state(91);
    let mut draw = |limit| dice.draw(limit);
    let mut instance = plugin.instance(&[IN_PLACE]);
    for round in 0..12 {
        let passages = random_passages(&mut draw, 5);
        let notes = scattered(round, 150, 0.0, 50.0);
        let song = HostSong::new(240.0, notes).knob(random_moves(&mut draw));
        let mut script = Script::new(song, passages);
        script.ends_held_notes = draw(2) == 0;
        script
            .song
            .automation
            .push((draw(50) as f64, "Mode", draw(2) as f64));
        let blocks = Blocks::random(round + 1, 1 + draw(3000) as u32);
        let setup = Setup::in_blocks(blocks);
        let recording = instance.perform(&script, &setup).unwrap();
        assert_paired(&recording, &script);
        if draw(3) == 0 {
            reload(&mut instance);
        }
    }
}

/// The project is saved and opened again, by the same instance.
fn reload(instance: &mut Instance) {
    let saved = instance.save().unwrap();
    instance.restore(&saved).unwrap();
    assert_eq!(instance.save().unwrap(), saved);
}

#[test]
fn a_project_of_the_first_version_opens() {
    let Some(plugin) = plugin() else { return };
    let state = include_bytes!("../../plugin/src/state/v1.json");
    let mut bytes = (state.len() as u64).to_le_bytes().to_vec();
    bytes.extend(state);
    let mut instance = plugin.instance(&[IN_PLACE]);
    instance.restore(&bytes).unwrap();
    let value = |instance: &mut Instance, name| instance.parameter(name).unwrap().value;
    assert_eq!(value(&mut instance, "Mode"), 0.0);
    // A host sees them from 0 to 1.
    assert!((value(&mut instance, "Genre") - 0.86).abs() < 1e-6);
    assert!((value(&mut instance, "Quantise") - 0.4).abs() < 1e-6);
}
