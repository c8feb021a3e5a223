//! The adapter with the framework's types.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::disallowed_types,
    reason = "tests run beside the audio thread"
)]

use nice_plug::prelude::Transport as HostTransport;

use super::timeline::Timeline;
use super::*;

type Host = NoteEvent<()>;

/// A process context with queues only.
fn pass(events: &[Host]) -> Vec<BlockEvent> {
    let mut held = Held::default();
    let mut out = Vec::new();
    for event in events {
        match incoming(event) {
            Incoming::Event(event) => {
                held.follow(event.body);
                out.push(event);
            }
            Incoming::Some(event, address) => {
                held.expand(event, address);
                while let Some(event) = held.expanded() {
                    out.push(event);
                }
            }
            Incoming::Nothing => {}
        }
    }
    out
}

fn on(channel: u8, key: u8, id: i32) -> Host {
    NoteEvent::NoteOn {
        timing: 3,
        voice_id: VoiceID::ID(id),
        channel: Channel::Number(channel),
        key: Key::Number(key),
        velocity: 0.7,
    }
}

#[test]
fn every_kind_of_event_comes_back_as_it_went_in() {
    let (voice_id, channel, key) = (VoiceID::ID(9), Channel::Number(2), Key::Number(61));
    let timing = 17;
    macro_rules! of_note {
        ($kind:ident, $field:ident: $value:expr) => {
            NoteEvent::$kind {
                timing,
                voice_id,
                channel,
                key,
                $field: $value,
            }
        };
    }
    macro_rules! of_channel {
        ($kind:ident, $($field:ident: $value:expr),+) => {
            NoteEvent::$kind {
                timing,
                channel: 4,
                $($field: $value),+
            }
        };
    }
    let events: Vec<Host> = vec![
        of_note!(NoteOn, velocity: 0.3),
        NoteEvent::NoteOff {
            timing,
            voice_id: VoiceID::Wildcard,
            channel,
            key,
            velocity: 0.9,
        },
        of_note!(PolyPressure, pressure: 0.1),
        of_note!(PolyVolume, gain: 1.5),
        of_note!(PolyPan, pan: -0.2),
        of_note!(PolyTuning, tuning: 7.25),
        of_note!(PolyVibrato, vibrato: 0.4),
        of_note!(PolyExpression, expression: 0.5),
        of_note!(PolyBrightness, brightness: 0.6),
        of_channel!(MidiCC, cc: 64, value: 1.0),
        of_channel!(MidiPitchBend, value: 0.25),
        of_channel!(MidiChannelPressure, pressure: 0.75),
        of_channel!(MidiProgramChange, program: 12),
    ];
    for event in &events {
        let Incoming::Event(core) = incoming(event) else {
            panic!("{event:?} is not understood");
        };
        assert_eq!(outgoing::<crate::ThirdStream<false>>(core), *event);
    }
}

#[test]
fn a_choke_ends_the_note() {
    let choke = NoteEvent::Choke {
        timing: 5,
        voice_id: VoiceID::ID(1),
        channel: Channel::Number(0),
        key: Key::Number(60),
    };
    let out = pass(&[on(0, 60, 1), choke]);
    assert!(matches!(
        out[1].body,
        Body::Off(Note {
            key: 60,
            id: Some(1),
            ..
        })
    ));
    assert_eq!(out[1].sample, 5);
}

#[test]
fn open_addresses_reach_the_held_notes_and_no_others() {
    let off = |voice_id, channel, key| NoteEvent::NoteOff {
        timing: 8,
        voice_id,
        channel,
        key,
        velocity: 0.0,
    };
    let held = [on(0, 60, 1), on(0, 64, 2), on(1, 60, 3)];
    let ended = |last: Host| {
        let mut events = held.to_vec();
        events.push(last);
        // Ended notes are no longer held: a second time there is nothing to end.
        events.push(last);
        let mut ended: Vec<(u8, u8, Option<i32>)> = pass(&events)[3..]
            .iter()
            .map(|event| match event.body {
                Body::Off(note) => (note.channel, note.key, note.id),
                other => panic!("{other:?}"),
            })
            .collect();
        ended.sort_unstable();
        ended
    };
    let (any, all_keys) = (VoiceID::Wildcard, Key::Wildcard);
    assert_eq!(
        ended(off(any, Channel::Wildcard, all_keys)),
        [(0, 60, Some(1)), (0, 64, Some(2)), (1, 60, Some(3))]
    );
    assert_eq!(
        ended(off(any, Channel::Number(0), all_keys)),
        [(0, 60, Some(1)), (0, 64, Some(2))]
    );
    assert_eq!(
        ended(off(VoiceID::ID(3), Channel::Wildcard, all_keys)),
        [(1, 60, Some(3))]
    );
    assert_eq!(
        ended(off(any, Channel::Wildcard, Key::Number(60))),
        [(0, 60, Some(1)), (1, 60, Some(3))]
    );

    let bend = NoteEvent::PolyTuning {
        timing: 8,
        voice_id: VoiceID::ID(2),
        channel: Channel::Wildcard,
        key: all_keys,
        tuning: 1.0,
    };
    let out = pass(&[held[0], held[1], bend]);
    assert_eq!(out.len(), 3);
    assert!(matches!(
        out[2].body,
        Body::Message(Message::Expression {
            key: 64,
            id: Some(2),
            ..
        })
    ));
}

const RATE: f32 = 48_000.0;
/// Beats per sample at 120 beats a minute.
const BEAT: f64 = 2.0 / RATE as f64;

fn transport(position: f64) -> HostTransport {
    let mut transport = HostTransport::new(RATE);
    transport.playing = true;
    transport.tempo = Some(120.0);
    transport.time_sig_numerator = Some(4);
    transport.time_sig_denominator = Some(4);
    transport.pos_beats = Some(position);
    transport.bar_start_pos_beats = Some((position / 4.0).floor() * 4.0);
    transport.bar_number = Some((position / 4.0).floor() as i32);
    transport
}

/// The transport in a bar that starts at `start` with this number.
fn in_bar(position: f64, start: f64, number: i32) -> HostTransport {
    let mut transport = transport(position);
    transport.bar_start_pos_beats = Some(start);
    transport.bar_number = Some(number);
    transport
}

/// The transport with a loop.
fn looped(position: f64, range: (f64, f64)) -> HostTransport {
    let mut transport = transport(position);
    transport.loop_range_beats = Some(range);
    transport
}

fn near(a: Option<f64>, b: f64) -> bool {
    a.is_some_and(|a| (a - b).abs() < 1e-6)
}

#[test]
fn what_the_host_does_not_say_has_a_default() {
    let mut host = HostTransport::new(RATE);
    host.tempo = Some(f64::NAN);
    host.time_sig_denominator = Some(0);
    let now = *Timeline::default().block(&host, 64, true);
    assert_eq!((now.tempo, now.time_signature), (120.0, (4, 4)));
    assert_eq!(
        (now.position, now.bar_start, now.bar_number),
        (None, None, None)
    );
    assert!(now.offline && !now.playing);
}

#[test]
fn a_plain_song_passes_unchanged() {
    let mut timeline = Timeline::default();
    for block in 0..1000 {
        let position = f64::from(block) * 480.0 * BEAT;
        let now = timeline.block(&transport(position), 480, false);
        assert_eq!(now.position, Some(position));
        assert_eq!(now.bar_start, Some((position / 4.0).floor() * 4.0));
    }
    // A seek is reported as one.
    let now = timeline.block(&transport(7.3), 480, false);
    assert_eq!(now.position, Some(7.3));
}

#[test]
fn a_bar_that_has_not_begun_is_not_this_one() {
    // The report of Ardour 7.3 in VST3.
    let said = |position: f64, start: f64| {
        let mut host = transport(position);
        host.bar_start_pos_beats = Some(start);
        Timeline::default().block(&host, 1024, false).bar_start
    };
    assert_eq!(said(0.0, 4.0), Some(0.0));
    assert_eq!(said(3.99, 4.0), Some(0.0));
    assert_eq!(said(8.5, 12.0), Some(8.0));
    assert_eq!(said(-1.0, 0.0), Some(-4.0));
    // A hair before the line is on it, as in hosts that count samples.
    assert_eq!(said(3.999_99, 4.0), Some(4.0));
    assert_eq!(said(5.0, 4.0), Some(4.0));
}

#[test]
fn bars_that_are_counted_from_one_are_those_of_others() {
    // The report of qtractor 0.9.31.
    for block in 0..1000 {
        let mut host = transport(f64::from(block) * 480.0 * BEAT);
        let number = host.bar_number.unwrap();
        host.bar_number = Some(number + 1);
        let now = *Timeline::default().block(&host, 480, false);
        assert_eq!(now.bar_number, Some(i64::from(number)));
        assert_eq!(now.bar_start, host.bar_start_pos_beats);
    }
    // After a bar of 3/4 the position does not determine the number: the host's is used.
    let now = *Timeline::default().block(&in_bar(8.0, 7.0, 2), 480, false);
    assert_eq!((now.bar_start, now.bar_number), (Some(7.0), Some(2)));
}

#[test]
fn a_bar_s_start_that_is_left_unset_is_counted() {
    for number in [0, 1, 9] {
        let now = *Timeline::default().block(&in_bar(37.5, 0.0, number), 480, false);
        assert_eq!((now.bar_start, now.bar_number), (Some(36.0), Some(9)));
    }
}

#[test]
fn a_position_that_stands_while_the_song_plays_is_not_said() {
    let mut timeline = Timeline::default();
    let host = transport(0.0);
    assert_eq!(timeline.block(&host, 480, false).position, Some(0.0));
    for _ in 0..10 {
        assert_eq!(timeline.block(&host, 480, false).position, None);
    }
    // With the transport stopped the position stays.
    let mut host = transport(3.0);
    host.playing = false;
    for _ in 0..3 {
        assert_eq!(timeline.block(&host, 480, false).position, Some(3.0));
    }
}

#[test]
fn the_piece_after_a_parameter_change_keeps_the_bar() {
    // After a 3/4 bar the song's bars start at 3, 7, 11.
    let mut timeline = Timeline::default();
    timeline.block(&in_bar(8.0, 7.0, 2), 100, false);
    // nice-plug computes 8.0 for the second part's bar, and 2 for its number.
    let now = timeline.block(&transport(8.0 + 100.0 * BEAT), 156, false);
    assert!(near(now.bar_start, 7.0));
    assert_eq!(now.bar_number, Some(2));
    // The next whole block reports it again.
    let next = in_bar(8.0 + 256.0 * BEAT, 7.0, 2);
    assert!(near(timeline.block(&next, 256, false).bar_start, 7.0));
}

#[test]
fn a_transport_event_inside_a_block_is_not_counted_twice() {
    let mut timeline = Timeline::default();
    timeline.block(&transport(1.0), 512, false);
    let start = 1.0 + 512.0 * BEAT;
    timeline.block(&transport(start), 200, false);
    // The event at sample 200 sets a new tempo at the present position; nice-plug adds those 200
    // samples, at the new tempo, once more.
    let place = start + 200.0 * BEAT;
    let faster = 3.0 / f64::from(RATE);
    let mut host = transport(place + 200.0 * faster);
    host.tempo = Some(180.0);
    let now = timeline.block(&host, 100, false);
    assert!(near(now.position, place), "{:?}", now.position);
    // A parameter change at sample 300 of the same block: the surplus is still included.
    let mut host = transport(place + 300.0 * faster);
    host.tempo = Some(180.0);
    let now = timeline.block(&host, 212, false);
    assert!(
        near(now.position, place + 100.0 * faster),
        "{:?}",
        now.position
    );
    // The next block needs no correction.
    let place = place + 312.0 * faster;
    let mut host = transport(place);
    host.tempo = Some(180.0);
    assert_eq!(timeline.block(&host, 512, false).position, Some(place));
}

#[test]
fn a_loop_that_wraps_by_an_event_lands_on_its_start() {
    let mut timeline = Timeline::default();
    let looped = |position: f64| looped(position, (4.0, 8.0));
    let start = 8.0 - 200.0 * BEAT;
    timeline.block(&looped(start), 200, false);
    let now = timeline.block(&looped(4.0 + 200.0 * BEAT), 312, false);
    assert!(near(now.position, 4.0), "{:?}", now.position);
}

#[test]
fn the_song_goes_on_from_piece_to_piece_of_a_block_that_is_cut_here() {
    let mut timeline = Timeline::default();
    // After a 3/4 bar the song's bars start at 3, 7, 11.
    timeline.block(&in_bar(6.99, 3.0, 1), 100, false);
    let now = *timeline.piece(400);
    assert!(near(now.position, 6.99 + 100.0 * BEAT));
    assert_eq!((now.bar_start, now.bar_number), (Some(3.0), Some(1)));
    let now = *timeline.piece(12);
    assert!(near(now.position, 6.99 + 500.0 * BEAT));
    assert_eq!((now.bar_start, now.bar_number), (Some(7.0), Some(2)));
    // The next block is at its expected position.
    let mut host = in_bar(6.99 + 512.0 * BEAT, 7.0, 2);
    let now = timeline.block(&host, 512, false);
    assert_eq!(now.position, host.pos_beats);
    // A stopped song keeps its position.
    host.playing = false;
    timeline.block(&host, 300, false);
    assert_eq!(timeline.piece(212).position, host.pos_beats);
}

#[test]
fn a_block_that_is_cut_here_goes_round_the_loop() {
    let host = looped(7.0 - 100.0 * BEAT, (2.0, 7.0));
    let cut = |pieces: &[u32]| {
        let mut timeline = Timeline::default();
        let (first, others) = pieces.split_first().unwrap();
        timeline.block(&host, *first, false);
        for length in others {
            timeline.piece(*length);
        }
        *timeline.piece(1)
    };
    for (pieces, position) in [
        (&[99][..], 7.0 - BEAT),
        (&[100], 2.0),
        (&[60, 60], 2.0 + 20.0 * BEAT),
        (&[60, 60, 60], 2.0 + 80.0 * BEAT),
    ] {
        let now = cut(pieces);
        assert!(
            near(now.position, position),
            "{pieces:?}: {:?}",
            now.position
        );
        let bar = (position / 4.0).floor();
        assert!(near(now.bar_start, bar * 4.0), "{:?}", now.bar_start);
        assert_eq!(now.bar_number, Some(bar as i64));
    }
    // The host reports the expected position, although a part is as long as the distance from the
    // loop's start.
    let mut timeline = Timeline::default();
    timeline.block(&host, 100, false);
    timeline.piece(412);
    let host = looped(2.0 + 412.0 * BEAT, (2.0, 7.0));
    assert_eq!(timeline.block(&host, 512, false).position, host.pos_beats);
}
