//! Laws for every piece: no hanging notes, independence of block size, knob 0 is as played, and the
//! ends are the network's output.

use proptest::prelude::*;
use third_stream_model::genre::Direction;
use third_stream_model::roll::notes::{GridNote, NoteRoll};
use third_stream_model::roll::{STEPS, STEPS_PER_SLOT, row_of_key};

use super::super::{Body, Message, Note, PlayMode, Settings};
use super::clip::live;
use super::song::{
    Network, Played, Script, any_blocks, any_notes, edits, events, note, pair, transport,
};
use crate::link::Answer;

const BEAT: i64 = 24_000;
const STEP: i64 = BEAT / 4;
const GROUP: i64 = BEAT * 16;

/// The notes of each of the first `groups` groups, which sound a group later.
fn heard(played: &Played, groups: usize) -> Vec<NoteRoll> {
    let mut rolls = vec![NoteRoll::EMPTY; groups];
    for (on, off, note) in pair(&played.output) {
        let Some(row) = row_of_key(note.key).filter(|_| note.channel != 9) else {
            continue;
        };
        let step = |tick: i64| (tick - GROUP + STEP / 2).div_euclid(STEP);
        let (start, end) = (step(on), step(off));
        if let Some(roll) = rolls.get_mut((start / STEPS as i64) as usize) {
            roll.add(GridNote {
                start: (start % STEPS as i64) as u8,
                row: row as u8,
                length: (end - start).max(1) as u8,
            });
        }
    }
    rolls
}

/// The expected notes: of each group the first beat by the first answer, the rest by the second.
/// Notes kept in the first beat have their full length.
fn wanted(played: &Played, groups: usize, amount: f32, direction: Direction) -> Vec<NoteRoll> {
    let of_group = |group| {
        let answer = |answer| {
            let mut asked = played.requests.iter();
            let asked =
                asked.find(|r| (r.group, r.answer, r.direction) == (group, answer, direction));
            asked
                .map(|r| (r.roll, edits(r).apply(&r.roll, amount)))
                .unwrap()
        };
        let (first, second) = (answer(Answer::First), answer(Answer::Second));
        let lead = first.1.beginning_in(0b1111);
        let lead = lead.notes().map(|note| {
            let place = (usize::from(note.start), usize::from(note.row));
            let kept = first.0.note_at(place.0, place.1) == Some(note);
            let whole = second.0.note_at(place.0, place.1).filter(|_| kept);
            whole.unwrap_or(note)
        });
        let rest = second.1.beginning_in(!0b1111);
        lead.chain(rest.notes()).collect()
    };
    (0..groups as u32).map(of_group).collect()
}

/// Notes that share no cell of the roll, and end in their group.
fn notes_apart() -> impl Strategy<Value = Vec<(i64, i64, Note)>> {
    any_notes().prop_map(|mut notes| {
        let mut taken = std::collections::BTreeSet::new();
        notes.retain(|(onset, length, note)| {
            let step = |tick: i64| (tick + STEP / 2) / STEP;
            let steps = step(*onset)..step(onset + length).max(step(*onset) + 1);
            let group = STEPS as i64;
            let fits = steps.start / group == (steps.end - 1) / group
                && steps.clone().all(|step| !taken.contains(&(note.key, step)));
            if fits {
                taken.extend(steps.map(|step| (note.key, step)));
            }
            fits
        });
        notes
    })
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
        let settings = Settings { quantise, ..live(0.0) };
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
        let settings = Settings { quantise, delay_bars, ..live(knobs[0].0) };
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
        notes in notes_apart(), blocks in any_blocks(), up in any::<bool>(),
        amount in 0.01..=1.0f32, end in any::<bool>(),
    ) {
        let amount = if end { 1.0 } else { amount };
        let (value, direction) = if up {
            (amount, Direction::AToB)
        } else {
            (-amount, Direction::BToA)
        };
        let played = Script::new(transport(), live(value), events(&notes)).play(&blocks);
        prop_assert_eq!(heard(&played, 2), wanted(&played, 2, amount, direction));
    }

    #[test]
    fn edits_are_nested(notes in notes_apart(), a in 0.0..=1.0f32, b in 0.0..=1.0f32) {
        let (less, more) = (a.min(b), a.max(b));
        let play = |amount| {
            let script = Script::new(transport(), live(amount), events(&notes));
            heard(&script.play(&[1024]), 1)[0]
        };
        let (source, few, many) = (play(1e-9), play(less), play(more));
        let [source, few, many] = [&source, &few, &many].map(|roll| roll.onsets().steps());
        for step in 0..STEPS {
            let changed = few[step] ^ source[step];
            prop_assert_eq!(changed & (many[step] ^ source[step]), changed);
        }
    }

    #[test]
    fn what_is_decided_is_told_to_the_second_answer(
        notes in any_notes(), delay_bars in prop_oneof![Just(1), Just(2), Just(4)],
    ) {
        let settings = Settings { delay_bars, ..live(1.0) };
        let played = Script::new(transport(), settings, events(&notes)).play(&[512]);
        let bars = usize::from(delay_bars);
        for asked in &played.requests {
            let lead = usize::from(asked.answer == Answer::Second) * 4;
            let before = (4 - bars) * 16;
            let steps = if before + lead == 0 { 0 } else { !0 >> (64 - before - lead) };
            prop_assert_eq!(asked.wish.decided, steps);
            let told = asked.wish.played;
            prop_assert_eq!(told, told.beginning_in(steps));
            if asked.answer == Answer::Second {
                let mut others = played.requests.iter();
                let first = others.find(|r| (r.group, r.direction) == (asked.group, asked.direction));
                let first = first.unwrap();
                let sounds = edits(first).apply(&first.roll, 1.0);
                let lead = 0b1111 << before;
                let (told, sounds) = (told.beginning_in(lead), sounds.beginning_in(lead));
                prop_assert_eq!(told.onsets(), sounds.onsets());
            }
        }
    }

    #[test]
    fn nothing_hangs_whatever_the_transport_does(
        notes in any_notes(), blocks in any_blocks(), refuse in 0..4usize, silent in any::<bool>(),
        changes in proptest::collection::vec((0..11u8, 1..200_000i64, -1.0..=1.0f32), 1..8),
    ) {
        let mut script = Script::new(transport(), live(0.9), events(&notes));
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
                    7 => settings.mode = PlayMode::InPlace,
                    8 => settings.mode = PlayMode::Live,
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
        .map(|i| (i, note(0, 50 + (i % 9) as u8, None, 0.5)))
        .map(|(i, note)| (i * 7_919 + 13, 5_003 + i * 11, note))
        .collect();
    let script = |knob_at| {
        let mut script = Script::new(transport(), live(knob_at), events(&notes));
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
