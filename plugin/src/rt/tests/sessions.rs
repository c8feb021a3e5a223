//! Random sessions: play, stop, seek, loop, change mode, pair, tempo and (also while playing)
//! meter, move the knob, forget, save and load. Checks: no hanging notes, events in order,
//! repeatable, independent of block size.
//!
//! `THIRD_STREAM_SESSIONS=10000` runs as many, `=618..619` a range of session numbers.

use std::ops::Range;
use std::time::Duration;

use third_stream_model::genre::Pair;

use super::super::{PlayMode, Settings};
use super::clip::{ClipNote, Passage, script};
use super::song::{Network, Played, Scene, Script, pair};
use crate::link::WeightsId;

/// Default number of sessions.
const SESSIONS: u64 = 40;
/// Ticks for which the song is stopped after loading: time for eight phrases, four of them pending
/// at once, in the longest blocks.
const STANDS: i64 = 9_600;

/// xorshift64, seeded with the session's number.
struct Dice(u64);

impl Dice {
    fn draw(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 20) % limit
    }

    /// In 48ths of a beat, which fall on ticks.
    fn beats(&mut self, limit: u64) -> f64 {
        self.draw(limit * 48) as f64 / 48.0
    }

    fn knob(&mut self) -> f32 {
        self.draw(41) as f32 / 20.0 - 1.0
    }
}

fn clip(dice: &mut Dice) -> Vec<ClipNote> {
    (0..20 + dice.draw(60))
        .map(|_| {
            let onset = dice.beats(28);
            let longest = 1 + 5 * dice.draw(2);
            let length = 1.0 / 48.0 + dice.beats(longest);
            let key = 45 + dice.draw(20) as u8;
            (
                onset,
                onset + length,
                key,
                (1 + dice.draw(127)) as f32 / 127.0,
            )
        })
        .collect()
}

/// A session. With `modes` it also changes the mode and reloads the project.
fn session(number: u64, modes: bool) -> Script {
    let mut dice = Dice(number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let clip = clip(&mut dice);
    let settings = Settings {
        knob: dice.knob(),
        quantise: dice.draw(5) as f32 / 4.0,
        mode: if dice.draw(4) == 0 {
            PlayMode::Live
        } else {
            PlayMode::InPlace
        },
        delay_bars: [1, 2, 4][dice.draw(3) as usize],
        ..Settings::default()
    };
    let mut passages = Vec::new();
    for _ in 0..2 + dice.draw(6) {
        let from = dice.beats(24);
        passages.push(match dice.draw(5) {
            0 => Passage::Stop(0.5 + dice.beats(2)),
            1 | 2 => {
                let start = if dice.draw(2) == 0 {
                    from
                } else {
                    from.floor()
                };
                let length = [4.0, 8.0, 16.0, 0.5 + dice.beats(6)][dice.draw(4) as usize];
                Passage::Cycle((start, start + length), length + dice.beats(32))
            }
            _ => Passage::Play(from, 0.25 + dice.beats(24)),
        });
    }
    passages.push(Passage::Stop(1.0));
    let mut script = script(&clip, settings, &passages);
    if dice.draw(8) == 0 {
        script.network = Network::Silent;
    }
    script.refuse = [0, 0, 0, 2][dice.draw(4) as usize];
    let signature = [(4, 4), (4, 4), (3, 4), (7, 8), (5, 4)][dice.draw(5) as usize];
    for scene in &mut script.scenes {
        scene.transport.time_signature = signature;
    }
    change(&mut script, &mut dice, modes);
    script
}

/// Changes of the user's in the middle of passages.
fn change(script: &mut Script, dice: &mut Dice, modes: bool) {
    for _ in 0..dice.draw(12) {
        let tick = dice.draw(script.end as u64) as i64;
        let place = script.scenes.partition_point(|scene| scene.tick < tick);
        let Some(before) = place.checked_sub(1) else {
            continue;
        };
        let mut scene = script.scenes[before].clone();
        let position = scene.position(tick);
        scene.tick = tick;
        scene.transport.position = Some(position);
        if script
            .scenes
            .get(place)
            .is_some_and(|next| next.tick == tick)
        {
            continue;
        }
        script.scenes.insert(place, scene);
        let (kind, knob) = (dice.draw(if modes { 14 } else { 9 }), dice.knob());
        let draw = dice.draw(4) as usize;
        let tempo = [60.0, 97.0, 120.0, 180.0][draw];
        let pair = Pair::ALL[draw % 3];
        for scene in &mut script.scenes[place..] {
            match kind {
                0..5 => scene.settings.knob = knob,
                5 => scene.settings.quantise = knob.abs(),
                6 | 7 => scene.transport.tempo = tempo,
                8 => scene.transport.time_signature = [(2, 4), (3, 4), (4, 4), (1, 4)][draw],
                9 => scene.settings.mode = PlayMode::Live,
                10 => scene.settings.mode = PlayMode::InPlace,
                11 => scene.settings.bypass = !scene.settings.bypass,
                12 => scene.settings.forget = !scene.settings.forget,
                _ => scene.settings.weights = WeightsId::shipped(pair),
            }
        }
    }
    if modes {
        // Answers about a loaded project count as soon as they come, and each is requested in a
        // block of its own: how many come before play depends on the machine, so the song is
        // stopped for a while.
        let stands_on = |scene: &&Scene| {
            let mut later = script.scenes.iter();
            let plays = later.find(|other| other.tick > scene.tick && other.transport.playing);
            plays.is_none_or(|plays| plays.tick - scene.tick >= STANDS)
        };
        let stops = script
            .scenes
            .iter()
            .filter(|scene| !scene.transport.playing)
            .filter(stands_on);
        script.loads = stops
            .map(|scene| scene.tick)
            .filter(|_| dice.draw(3) == 0)
            .collect();
    }
}

/// Prints only the difference between two runs.
fn assert_same(found: &Played, wanted: &Played) {
    let part = |(found, wanted): (&_, &_)| found != wanted;
    let place = found.output.iter().zip(&wanted.output).position(part);
    let place = place.unwrap_or(found.output.len().min(wanted.output.len()));
    let from_there = |played: &Played| played.output[place..].iter().take(4).copied().collect();
    let (found, wanted): (Vec<_>, Vec<_>) = (from_there(found), from_there(wanted));
    assert_eq!(found, wanted, "from event {place} on");
}

fn numbers() -> Range<u64> {
    let Ok(asked) = std::env::var("THIRD_STREAM_SESSIONS") else {
        return 0..SESSIONS;
    };
    let (from, to) = asked.split_once("..").unwrap_or(("0", &asked));
    from.parse().unwrap()..to.parse().unwrap()
}

/// True if other weights are chosen only while the song is stopped: their answers count as soon as
/// they come, which depends on the machine.
fn answers_are_timed(session: &Script) -> bool {
    let same_pair = |scenes: &[Scene]| {
        scenes[0].settings.weights == scenes[1].settings.weights || !scenes[1].transport.playing
    };
    session.scenes.windows(2).all(same_pair)
}

#[test]
fn whatever_somebody_does_nothing_hangs_and_blocks_do_not_matter() {
    for number in numbers() {
        let session = session(number, true);
        println!("session {number}"); // shown where it fails
        let one = session.play(&[512]);
        pair(&one.output);
        assert_same(&session.play(&[512]), &one);
        let mut dice = Dice(number * 2 + 1);
        let sizes: Vec<u32> = (0..5).map(|_| 1 + dice.draw(3000) as u32).collect();
        if session.refuse == 0 && answers_are_timed(&session) {
            assert_same(&session.play(&sizes), &one);
        }
    }
}

#[test]
fn a_bounce_is_the_playback_whatever_somebody_does() {
    for number in numbers() {
        let session = session(number, false);
        if session.refuse > 0 || session.network == Network::Silent {
            continue;
        }
        println!("session {number}");
        let played = session.play(&[256]);
        let pause = |number| Duration::from_micros(number * 7919 % 900);
        let bounced = session.bounce(&[1024, 333], pause);
        assert_same(&bounced, &played);
    }
}
