//! Recorded incoming notes, in quarters.

use super::*;
use crate::rt::Note;

/// Half a quarter at 120 beats a minute and 48 kHz.
const BLOCK: u32 = 12_000;

fn transport(position: f64) -> Transport {
    Transport {
        playing: true,
        position: Some(position),
        ..Transport::STOPPED
    }
}

struct Host(Vec<BlockEvent>);

impl Port for Host {
    fn next(&mut self) -> Option<BlockEvent> {
        (!self.0.is_empty()).then(|| self.0.remove(0))
    }

    fn send(&mut self, _: BlockEvent) -> bool {
        true
    }
}

fn event(sample: u32, on: bool, key: u8) -> BlockEvent {
    let note = Note::new(0, key, None, 0.7);
    let body = if on { Body::On(note) } else { Body::Off(note) };
    BlockEvent { sample, body }
}

/// One block; reads all events, as the core does.
fn block(ear: &mut Ear, incoming: &Incoming, transport: &Transport, events: Vec<BlockEvent>) {
    ear.block(transport, BLOCK, false, incoming);
    let mut host = Host(events);
    let mut port = ear.hear(&mut host, BLOCK, incoming);
    while port.next().is_some() {}
}

#[test]
fn notes_are_noted_where_they_were_played() {
    let (mut ear, incoming) = (Ear::default(), Incoming::default());
    block(
        &mut ear,
        &incoming,
        &transport(5.0),
        vec![event(6_000, true, 60)],
    );
    // The second quarter of the second bar, half a block later.
    let held = incoming.read();
    assert_eq!((held.now, held.bar), (5.0, 4.0));
    assert_eq!(held.notes[0].start, 5.25);
    block(
        &mut ear,
        &incoming,
        &transport(5.5),
        vec![event(0, false, 61), event(6_000, false, 60)],
    );
    let note = Coming {
        key: 60,
        start: 5.25,
        end: 5.75,
    };
    assert_eq!(incoming.read().notes, [note]);
}

#[test]
fn a_jump_a_stop_and_a_bypass_begin_anew_and_a_loop_does_not() {
    let (mut ear, incoming) = (Ear::default(), Incoming::default());
    let begin = |ear: &mut Ear| block(ear, &incoming, &transport(7.5), vec![event(0, true, 60)]);
    begin(&mut ear);
    let looped = Transport {
        loop_range: Some((4.0, 8.0)),
        ..transport(4.0)
    };
    block(&mut ear, &incoming, &looped, vec![]);
    let heard = incoming.read();
    assert_eq!((heard.notes.len(), heard.now), (1, 8.0));

    block(&mut ear, &incoming, &transport(20.0), vec![]);
    let heard = incoming.read();
    assert_eq!(
        (heard.notes.len(), heard.now),
        (0, 4.0),
        "the bar after four"
    );

    begin(&mut ear);
    let stopped = Transport {
        playing: false,
        ..transport(8.0)
    };
    block(&mut ear, &incoming, &stopped, vec![event(0, true, 60)]);
    assert_eq!(incoming.read().notes, []);
    begin(&mut ear);
    assert_eq!(incoming.read().notes.len(), 1);
    ear.block(&transport(8.0), BLOCK, true, &incoming);
    assert_eq!(incoming.read().notes, []);
}

#[test]
fn the_last_notes_are_kept() {
    let (mut ear, incoming) = (Ear::default(), Incoming::default());
    let events = (0..ROOM as u32 + 44).flat_map(|index| {
        let key = (index % 100) as u8;
        [event(index, true, key), event(index + 24, false, key)]
    });
    block(&mut ear, &incoming, &transport(0.0), events.collect());
    let heard = incoming.read();
    assert_eq!(heard.notes.len(), ROOM);
    assert_eq!(heard.notes[0].key, 44);
    assert!(
        heard
            .notes
            .is_sorted_by(|one, other| one.start <= other.start)
    );
}
