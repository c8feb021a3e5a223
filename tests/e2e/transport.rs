//! Transport actions: stop, seek, loop, start anywhere. After each of them, each note that left
//! ends once, and nothing of the past sounds after a jump.

use third_stream_tests::dice::Dice;
use third_stream_tests::host::{Blocks, Setup};
use third_stream_tests::recording::Recording;
use third_stream_tests::song::{ClipNote, HostSong, LiveNote, Passage, Script};

use crate::expected::{assert_same, later};
use crate::music::scattered;
use crate::stage::{knob, plugin};

const STOP: Passage = Passage::Stop { seconds: 0.5 };

fn song(until: f64) -> HostSong {
    HostSong::new(240.0, scattered(23, until as usize * 3, 0.0, until))
}

/// The sample at which the numbered span starts.
fn start_of_span(recording: &Recording, index: usize) -> u64 {
    recording.timeline.spans[index].start
}

#[test]
fn a_stop_ends_all_notes_at_once() {
    let Some(plugin) = plugin() else { return };
    let mut cut = 0;
    for position in [0.0, 1.0, -1.0] {
        let script = Script::new(song(20.0), [Passage::play(0.0, 19.3), STOP]);
        let recording = plugin.bounce(&[knob(position)], &script);
        let stopped = start_of_span(&recording, 1);
        let notes = recording.notes();
        cut += notes.iter().filter(|note| note.off == stopped).count();
        assert!(notes.iter().all(|note| note.off <= stopped), "{position}");
    }
    assert!(cut > 0, "none was cut");
}

#[test]
fn a_seek_forgets_what_was_heard() {
    let Some(plugin) = plugin() else { return };
    // The clip has notes before beat 20 and after beat 40, the jump is at 18.
    let mut song = song(20.0);
    let there = scattered(5, 30, 40.0, 52.0);
    song.notes.extend(there.iter().copied());
    let passages = [Passage::play(0.0, 18.0), Passage::play(40.0, 36.0), STOP];
    let script = Script::new(song, passages);
    let recording = plugin.bounce(&[], &script);
    let jump = start_of_span(&recording, 1);
    let wanted = later(&recording.timeline, 16.0);
    // Before the jump: what was due by then, cut at the jump. After it: what was played after it.
    let heard_after =
        |note: &&third_stream_tests::recording::Sounded| note.on >= jump + (16.0 * 12_000.0) as u64;
    let notes = recording.notes();
    let after: Vec<_> = notes
        .iter()
        .filter(|note| note.on >= jump)
        .copied()
        .collect();
    let wanted_after: Vec<_> = wanted.iter().filter(heard_after).copied().collect();
    assert_eq!(wanted_after.len(), 30);
    assert_same(&after, &wanted_after, "after the jump");
    assert!(notes.iter().all(|note| note.on >= jump || note.off <= jump));
}

#[test]
fn a_loop_shorter_than_the_delay_plays_on() {
    let Some(plugin) = plugin() else { return };
    // Two bars, and one: the notes of each round sound four bars later, round after round.
    for length in [8.0, 4.0] {
        let song = HostSong::new(240.0, scattered(3, 14, 0.0, length - 0.1));
        let script = Script::new(song, [Passage::cycle(0.0, length, 48.0), STOP]);
        let recording = plugin.bounce(&[], &script);
        assert_delayed_until_the_end(&recording, 16.0);
    }
}

#[test]
fn a_loop_longer_than_the_delay_plays_on() {
    let Some(plugin) = plugin() else { return };
    let song = HostSong::new(240.0, scattered(9, 50, 0.0, 24.0));
    let script = Script::new(song, [Passage::cycle(0.0, 24.0, 96.0), STOP]);
    let recording = plugin.bounce(&[], &script);
    assert_delayed_until_the_end(&recording, 16.0);
}

#[test]
fn loops_off_the_bar_lines_hang_nothing() {
    let Some(plugin) = plugin() else { return };
    for (start, end) in [(1.3, 6.8), (3.0, 5.5), (0.5, 21.25), (2.0, 2.75)] {
        for position in [0.0, 0.7, -1.0] {
            let mut script = Script::new(song(22.0), [Passage::cycle(start, end, 70.0), STOP]);
            script.ends_held_notes = position == 0.7;
            let setup = Setup::in_blocks(Blocks::random(2, 2000));
            let recording = plugin.perform(&[knob(position)], &script, &setup);
            assert!(!recording.notes().is_empty(), "{start}..{end} is silent");
        }
    }
}

#[test]
fn a_note_that_the_host_forgets_at_the_loop_s_end_is_ended() {
    let Some(plugin) = plugin() else { return };
    let song = HostSong::new(
        240.0,
        [ClipNote::new(6.0, 99.0, 60), ClipNote::new(1.0, 2.0, 64)],
    );
    let mut script = Script::new(song, [Passage::cycle(0.0, 8.0, 40.0), STOP]);
    script.ends_held_notes = false;
    let recording = plugin.bounce(&[], &script);
    let long = recording.notes();
    let long: Vec<_> = long.iter().filter(|note| note.key == 60).collect();
    // Rounds at beats 6, 14 and 22 sound at 22, 30 and 38, each to the end of its round.
    let beats: Vec<f64> = long
        .iter()
        .flat_map(|note| [note.on, note.off])
        .map(|sample| recording.timeline.beats_played(sample))
        .collect();
    assert_eq!(beats, [22.0, 24.0, 30.0, 32.0, 38.0, 40.0]);
}

#[test]
fn play_may_start_anywhere() {
    let Some(plugin) = plugin() else { return };
    for start in [2.5, 4.0, 6.0, 13.37, 15.9] {
        let song = HostSong::new(240.0, scattered(31, 40, start, start + 20.0));
        let script = Script::new(song, [Passage::play(start, 44.0), STOP]);
        let recording = plugin.bounce(&[], &script);
        let wanted = later(&recording.timeline, 16.0);
        let found = recording.notes();
        assert_eq!(found.len(), wanted.len(), "from {start}");
        for (found, wanted) in found.iter().zip(&wanted) {
            assert!(found.on.abs_diff(wanted.on) <= 1, "{found:?} {wanted:?}");
            assert!(found.off.abs_diff(wanted.off) <= 1, "{found:?} {wanted:?}");
        }
    }
}

#[test]
fn a_note_held_while_play_starts_or_stops_ends_where_it_began() {
    let Some(plugin) = plugin() else { return };
    let stop = |seconds| Passage::Stop { seconds };
    let passages = [stop(1.0), Passage::play(0.0, 8.0), stop(2.0)];
    let mut script = Script::new(HostSong::new(240.0, []), passages);
    // Struck before play and let go in it: at once, both. Struck in play and let go after it:
    // never sounds, or ends with the stop.
    let before = LiveNote {
        on: 0.5,
        off: 1.5,
        key: 60,
    };
    let across = LiveNote {
        on: 2.0,
        off: 4.0,
        key: 64,
    };
    let after = LiveNote {
        on: 3.5,
        off: 4.5,
        key: 67,
    };
    script.live = vec![before, across, after];
    let recording = plugin.bounce(&[], &script);
    let notes = recording.notes();
    let of = |key| notes.iter().filter(move |note| note.key == key);
    for (note, key) in [(before, 60), (after, 67)] {
        let heard: Vec<_> = of(key).map(|n| (n.on, n.off)).collect();
        let (on, off) = ((note.on * 48_000.0) as u64, (note.off * 48_000.0) as u64);
        assert_eq!(heard, [(on, off)], "key {key}");
    }
    assert!(of(64).all(|note| note.off <= 3 * 48_000), "{notes:?}");
}

/// Two passages and fewer than `more` others, then a stop.
pub(crate) fn random_passages(draw: &mut impl FnMut(u64) -> u64, more: u64) -> Vec<Passage> {
    let mut passages = Vec::new();
    for _ in 0..2 + draw(more) {
        let from = draw(400) as f64 / 10.0;
        let beats = 0.1 + draw(260) as f64 / 10.0;
        passages.push(match draw(4) {
            0 => Passage::Stop { seconds: 0.2 },
            1 => Passage::cycle(from, from + 0.5 + draw(90) as f64 / 10.0, beats),
            _ => Passage::play(from, beats),
        });
    }
    passages.push(STOP);
    passages
}

/// Moves of the knob, by beat.
pub(crate) fn random_moves(draw: &mut impl FnMut(u64) -> u64) -> Vec<(f64, f64)> {
    let moves = (0..20).map(|i| (f64::from(i) * 2.3, draw(201) as f64 / 100.0 - 1.0));
    moves.collect()
}

/// Each note that left has ended.
pub(crate) fn assert_paired(recording: &Recording, script: &Script) {
    let pairs = recording.pair_up();
    assert!(pairs.is_ok(), "{pairs:?}\n{script:?}");
}

#[test]
fn random_transports_hang_nothing() {
    let Some(plugin) = plugin() else { return };
    let mut dice = Dice::of_state(77);
    let mut draw = |limit| dice.draw(limit);
    for round in 0..12 {
        let passages = random_passages(&mut draw, 6);
        let mut script = Script::new(song(50.0).knob(random_moves(&mut draw)), passages);
        script.ends_held_notes = draw(2) == 0;
        script.song.tempo = vec![
            (0.0, 60.0 + draw(240) as f64),
            (17.0, 60.0 + draw(240) as f64),
        ];
        let setup = Setup::in_blocks(Blocks::random(round + 1, 1 + draw(3000) as u32));
        let recording = plugin.perform(&[], &script, &setup);
        assert_paired(&recording, &script);
    }
}

/// All that entered left that much later, as far as the stop at the end let it.
fn assert_delayed_until_the_end(recording: &Recording, beats: f64) {
    let stopped = recording
        .timeline
        .spans
        .iter()
        .find(|span| !span.playing)
        .map_or(u64::MAX, |span| span.start);
    let mut wanted = later(&recording.timeline, beats);
    wanted.retain(|note| note.on < stopped);
    for note in &mut wanted {
        note.off = note.off.min(stopped);
    }
    wanted.sort_by_key(|note| (note.on, note.channel, note.key, note.off));
    assert!(wanted.len() > 20, "too few notes to show anything");
    assert_same(&recording.notes(), &wanted, "looped");
}
