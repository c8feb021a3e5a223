//! In place: phrases without room for a request are asked about as soon as there is some.

use std::time::Duration;

use third_stream_model::genre::Direction;

use super::clip::{ClipNote, Passage, in_place, script};
use super::song::{Played, pair};
use crate::link::Request;
use crate::memory::Keeper;

/// Phrases of the song: more than can be pending.
const PHRASES: usize = 20;
/// Beats per phrase.
const PHRASE: f64 = 16.0;

/// Eighths, each phrase different.
fn song() -> Vec<ClipNote> {
    let one = |i: usize| {
        let onset = i as f64 * 0.5;
        let key = 48 + (i * 7 % 24 + i / 32) as u8;
        (onset, onset + 0.375, key, 0.5)
    };
    (0..PHRASES * 32).map(one).collect()
}

/// Plays the first passage in one block, so that no answer comes in between, and the rest in blocks
/// of 512 samples. Also returns how many of the remembered phrases were asked about.
fn learned_at_one_go(passages: &[Passage]) -> (Played, usize) {
    let keeper = Keeper::default();
    let mut blocks = vec![48_000 * 600];
    blocks.resize(20_000, 512);
    let played = script(&song(), in_place(1.0), passages).play_from(&keeper, &blocks);
    // A loaded project is asked about as a whole.
    let again = script(&[], in_place(1.0), &[Passage::Stop(16.0)]).play_from(&keeper, &[512]);
    let towards =
        |request: &&Request| request.direction == Direction::AToB && !request.roll.is_empty();
    let whole: Vec<_> = again.requests.iter().filter(towards).collect();
    assert_eq!(whole.len(), PHRASES);
    let asked = |roll| played.requests.iter().any(|request| request.roll == roll);
    let asked = whole.iter().filter(|request| asked(request.roll)).count();
    (played, asked)
}

#[test]
fn a_song_that_was_learned_at_one_go_is_asked_about_while_it_stands() {
    let beats = PHRASES as f64 * PHRASE;
    let mut passages = vec![Passage::Play(0.0, beats), Passage::Stop(4.0)];
    let (played, asked) = learned_at_one_go(&passages);
    assert_eq!((asked, played.view.waiting), (PHRASES, 0));
    passages.extend([Passage::Play(0.0, beats), Passage::Stop(1.0)]);
    let (played, _) = learned_at_one_go(&passages);
    assert_eq!((played.view.late, played.view.waiting), (0, 0));
}

#[test]
fn the_same_while_the_song_plays_elsewhere() {
    let beats = PHRASES as f64 * PHRASE;
    let passages = [Passage::Play(0.0, beats), Passage::Play(2000.0, 16.0)];
    let (played, asked) = learned_at_one_go(&passages);
    assert_eq!((asked, played.view.waiting), (PHRASES, 0));
}

/// Twelve phrases in two beats, more than can be pending, then a pause.
fn hurried() -> Vec<Passage> {
    let starts = (0..12).map(|phrase| f64::from(phrase) * PHRASE);
    let mut passages: Vec<_> = starts.map(|from| Passage::Play(from, 0.125)).collect();
    passages.push(Passage::Play(2000.0, 8.0));
    passages
}

#[test]
fn what_had_no_room_is_asked_about_when_an_answer_counts() {
    let played = script(&song(), in_place(1.0), &hurried()).play(&[512]);
    let heard =
        |request: &&Request| request.direction == Direction::AToB && !request.roll.is_empty();
    assert_eq!(played.requests.iter().filter(heard).count(), 12);
    assert_eq!(played.view.waiting, 0);
}

#[test]
fn what_had_no_room_counts_at_the_same_beat_in_any_blocks_and_in_a_bounce() {
    let mut passages = hurried();
    let starts = (0..12).map(|phrase| f64::from(phrase) * PHRASE);
    passages.extend(starts.map(|from| Passage::Play(from, 4.0)));
    passages.push(Passage::Stop(1.0));
    let script = script(&song(), in_place(1.0), &passages);
    let played = script.play(&[512]);
    pair(&played.output);
    assert_eq!(played.view.late, 0);
    for blocks in [&[64][..], &[4096], &[17, 3000]] {
        assert_eq!(script.play(blocks).output, played.output, "{blocks:?}");
    }
    let bounced = script.bounce(&[1024], |_| Duration::from_micros(300));
    assert_eq!(bounced.output, played.output);
}
