//! What holds for every piece: nothing hangs, block sizes do not matter, knob 0 is as played, and
//! the ends are the network's output.

use proptest::prelude::*;
use third_stream_model::genre::Direction;
use third_stream_model::roll::{Roll, STEPS_PER_SLOT, row_of_key};

use super::super::{Body, Message, Mode, Settings};
use super::song::{
    Network, Played, Script, any_blocks, any_notes, edits, events, note, pair, transport,
};
use crate::link::Answer;

const BEAT: i64 = 24_000;
const STEP: i64 = BEAT / 4;
const GROUP: i64 = BEAT * 16;

fn knob(knob: f32) -> Settings {
    Settings {
        knob,
        ..Settings::default()
    }
}

/// What sounds in `first..first + count` steps of the song's output.
fn heard(played: &Played, first: i64, count: i64) -> Vec<u128> {
    let mut steps = vec![0; count as usize];
    for (on, off, note) in pair(&played.output) {
        let Some(row) = row_of_key(note.key).filter(|_| note.channel != 9) else {
            continue;
        };
        for (index, step) in (first..).zip(&mut steps) {
            let middle = index * STEP + STEP / 2;
            if (on..off).contains(&middle) {
                *step |= 1 << row;
            }
        }
    }
    steps
}

/// What the network wanted to sound in those steps: of each group the first beat by the first
/// answer and the rest by the second.
fn wanted(played: &Played, groups: u32, amount: f32, direction: Direction) -> Vec<u128> {
    let mut steps = Vec::new();
    for group in 0..groups {
        let answer = |answer| {
            let mut asked = played.requests.iter();
            let asked =
                asked.find(|r| (r.group, r.answer, r.direction) == (group, answer, direction));
            asked.map(|r| (r.roll, edits(r))).unwrap()
        };
        let (first, second) = (answer(Answer::First), answer(Answer::Second));
        let source: &Roll = &second.0;
        for step in 0..64 {
            let (roll, edits) = if step < 4 { &first } else { &second };
            let mask = edits.mask(step, amount);
            steps.push(source.steps()[step] & !mask | !roll.steps()[step] & mask);
        }
    }
    steps
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn knob_at_zero_is_as_played(
        notes in any_notes(), blocks in any_blocks(), quantise in 0.0..=1.0f32,
        tempo in 60.0..200.0f64,
    ) {
        let mut transport = transport();
        transport.tempo = tempo;
        let settings = Settings { quantise, ..knob(0.0) };
        let mut input = events(&notes);
        input.insert(0, (3, Body::Message(Message::Bend { channel: 1, value: 0.3 })));
        input.sort_by_key(|(tick, _)| *tick);
        let played = Script::new(transport, settings, input.clone()).play(&blocks);
        let delay = 16.0 * 60.0 / tempo * 48_000.0;
        prop_assert_eq!(played.output.len(), input.len());
        for ((left, body), (entered, was)) in played.output.iter().zip(&input) {
            prop_assert_eq!(body, was);
            prop_assert!(((left - entered) as f64 - delay).abs() <= 0.5 + 1e-6);
        }
    }

    #[test]
    fn block_sizes_do_not_matter(
        notes in any_notes(), blocks in any_blocks(), others in any_blocks(),
        knobs in proptest::collection::vec((-1.0..=1.0f32, 0..GROUP), 1..6),
        quantise in 0.0..=1.0f32, delay_bars in prop_oneof![Just(1), Just(2), Just(4)],
    ) {
        let settings = Settings { quantise, delay_bars, ..knob(knobs[0].0) };
        let mut script = Script::new(transport(), settings, events(&notes));
        let mut tick = 0;
        for (knob, after) in knobs {
            tick += after + 1;
            script = script.then(tick, |scene| scene.settings.knob = knob);
        }
        script.end = script.end.max(tick + 1);
        let (one, other) = (script.play(&blocks), script.play(&others));
        pair(&one.output);
        prop_assert_eq!(one.output, other.output);
    }

    #[test]
    fn the_ends_are_the_networks_output(
        notes in any_notes(), blocks in any_blocks(), up in any::<bool>(), amount in 0.01..=1.0f32,
        end in any::<bool>(),
    ) {
        let amount = if end { 1.0 } else { amount };
        let (value, direction) = if up {
            (amount, Direction::AToB)
        } else {
            (-amount, Direction::BToA)
        };
        let played = Script::new(transport(), knob(value), events(&notes)).play(&blocks);
        let groups = 2;
        let heard = heard(&played, 64, i64::from(groups) * 64);
        prop_assert_eq!(heard, wanted(&played, groups, amount, direction));
    }

    #[test]
    fn edits_are_nested(notes in any_notes(), a in 0.0..=1.0f32, b in 0.0..=1.0f32) {
        let (less, more) = (a.min(b), a.max(b));
        let play = |amount| {
            let script = Script::new(transport(), knob(amount), events(&notes));
            heard(&script.play(&[1024]), 64, 64)
        };
        let (source, few, many) = (play(1e-9), play(less), play(more));
        for step in 0..64 {
            let changed = few[step] ^ source[step];
            prop_assert_eq!(changed & (many[step] ^ source[step]), changed);
        }
    }

    #[test]
    fn nothing_hangs_whatever_the_transport_does(
        notes in any_notes(), blocks in any_blocks(), refuse in 0..4usize, silent in any::<bool>(),
        changes in proptest::collection::vec((0..11u8, 1..200_000i64, -1.0..=1.0f32), 1..8),
    ) {
        let mut script = Script::new(transport(), knob(0.9), events(&notes));
        if silent {
            script.network = Network::Silent;
        }
        script.refuse = refuse;
        let mut tick = 0;
        for (kind, after, knob) in changes {
            tick += after;
            script = script.then(tick, |scene| {
                let (transport, settings) = (&mut scene.transport, &mut scene.settings);
                settings.knob = knob;
                match kind {
                    0 => transport.playing = !transport.playing,
                    1 => transport.position = transport.position.map(|p| p + 7.3),
                    2 => settings.bypass = !settings.bypass,
                    3 => settings.delay_bars = 1,
                    4 => transport.loop_range = Some((1.0, 3.5)),
                    5 => transport.loop_range = None,
                    6 => transport.time_signature = (7, 8),
                    7 => settings.mode = Mode::InPlace,
                    8 => settings.mode = Mode::Live,
                    9 => settings.forget = !settings.forget,
                    _ => transport.tempo = 90.0 + f64::from(knob) * 40.0,
                }
            });
        }
        let last = tick.max(script.end) + 1;
        script = script.then(last, |scene| scene.transport.playing = false);
        script.end = last + 60_000;
        pair(&script.play(&blocks).output);
    }
}

#[test]
fn every_block_size_from_one_up() {
    let notes: Vec<_> = (0..40)
        .map(|i| {
            (
                i * 7_919 + 13,
                5_003 + i * 11,
                note(0, 50 + (i % 9) as u8, None, 0.5),
            )
        })
        .collect();
    let script = |knob_at| {
        let mut script = Script::new(transport(), knob(knob_at), events(&notes));
        script.end = GROUP * 2;
        script
    };
    let whole = script(0.7).play(&[4096]).output;
    for size in [1, 7, 32, 441, 1000] {
        assert_eq!(script(0.7).play(&[size]).output, whole, "blocks of {size}");
    }
    let as_played = script(0.0).play(&[1]).output;
    let expected: Vec<_> = events(&notes)
        .into_iter()
        .map(|(tick, body)| (tick + GROUP, body))
        .collect();
    assert_eq!(as_played, expected);
    assert_eq!(STEPS_PER_SLOT as i64 * 4 * STEP, GROUP);
}
