//! Fuzzes the real-time core as an arbitrary host. Checks: no panic, every event in its block and
//! in order, every note-off has its note-on, nothing sounds at the end.
#![no_main]

use std::cell::RefCell;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use third_stream::headless::Headless;
use third_stream::link::Failure;
use third_stream::rt::{
    BlockEvent, Body, Guard, Message, Note, PlayMode, Port, Settings, Transport,
};
use third_stream_model::genre::{Direction, Pair};
use third_stream_model::roll::edits::{Edits, THRESHOLD};
use third_stream_model::roll::{CELLS, Roll};

/// An action of host or user.
#[derive(Arbitrary, Debug)]
enum Action {
    /// A block.
    Block(u16),
    On {
        after: u16,
        channel: u8,
        key: u8,
        velocity: u8,
    },
    Off {
        after: u16,
        nth: u8,
    },
    /// A note-off, possibly without a note-on.
    Stray {
        channel: u8,
        key: u8,
    },
    Controller {
        after: u16,
        channel: u8,
        number: u8,
        value: f32,
    },
    Play(bool),
    Seek(i16),
    /// An arbitrary position.
    Position(Option<f64>),
    Bar(Option<f64>, Option<i64>),
    Tempo(f64),
    Meter(u16, u16),
    Loop(Option<(i16, u16)>),
    OddLoop(f64, f64),
    Knob(f32),
    Quantise(f32),
    Guard {
        melody_lock: bool,
        scale: f32,
        density: f32,
    },
    InPlace(bool),
    Delay(u8),
    Bypass(bool),
    Forget(bool),
    Reset,
    Reload,
    /// Answers at most `most` requests after each block.
    Answers {
        most: u8,
        fails: bool,
    },
    /// Number of events that fit into a block.
    Room(u8),
}

/// Input and output of a block.
struct Host<'a> {
    frames: u32,
    entering: std::slice::Iter<'a, BlockEvent>,
    sounding: &'a mut Vec<Note>,
    last: u32,
    room: u8,
}

impl Port for Host<'_> {
    fn next(&mut self) -> Option<BlockEvent> {
        self.entering.next().copied()
    }

    fn send(&mut self, event: BlockEvent) -> bool {
        if self.room == 0 {
            return false;
        }
        self.room = self.room.saturating_sub(u8::from(self.room < u8::MAX));
        assert!(event.sample < self.frames.max(1), "outside the block");
        assert!(event.sample >= self.last, "not in the order of time");
        self.last = event.sample;
        match event.body {
            Body::On(note) => self.sounding.push(note),
            Body::Off(off) => {
                let own = |on: &Note| (on.id, on.channel, on.key) == (off.id, off.channel, off.key);
                let place = self.sounding.iter().position(own);
                self.sounding
                    .swap_remove(place.expect("a note-off without its note-on"));
            }
            Body::Message(_) => {}
        }
        true
    }
}

/// A test network that changes cells near its input's notes.
fn probabilities(roll: &Roll, direction: Direction) -> Vec<f32> {
    let mut values = vec![0.0; CELLS];
    roll.write_values(&mut values);
    let shift = 3 + direction.index() * 4;
    (0..CELLS)
        .map(|cell| 0.6 * values[cell] + 0.55 * values[(cell + CELLS - shift) % CELLS])
        .map(|value| value.min(1.0))
        .collect()
}

thread_local! {
    /// Shared by many runs: its memory takes milliseconds to allocate.
    static CORE: RefCell<(u32, Headless)> = RefCell::new((0, Headless::default()));
}

fn run(core: &mut Headless, actions: &[Action]) {
    let mut transport = Transport {
        position: Some(0.0),
        ..Transport::STOPPED
    };
    let mut settings = Settings::default();
    let (mut sounding, mut struck) = (Vec::new(), Vec::new());
    let mut entering: Vec<BlockEvent> = Vec::new();
    let (mut most, mut fails, mut room) = (16, false, u8::MAX);
    // A reload takes longer than many blocks.
    let mut reloads = 1;
    let mut id = 0;
    let mut block = |core: &mut Headless,
                     transport: &mut Transport,
                     settings: &Settings,
                     entering: &mut Vec<BlockEvent>,
                     frames: u32,
                     most: u8,
                     fails: bool,
                     room: u8| {
        entering.retain(|event| event.sample < frames.max(1));
        entering.sort_by_key(|event| event.sample);
        let mut host = Host {
            frames,
            entering: entering.iter(),
            sounding: &mut sounding,
            last: 0,
            room,
        };
        core.process(frames, transport, settings, &mut host);
        entering.clear();
        if let (true, Some(position)) = (transport.playing, &mut transport.position) {
            *position += f64::from(frames) / transport.sample_rate * transport.tempo / 60.0;
            if let Some((start, end)) = transport.loop_range
                && end > start
                && *position >= end
            {
                *position = start + (*position - end) % (end - start);
            }
        }
        core.answer(usize::from(most), |request| {
            if fails {
                return Err(Failure::Network);
            }
            let probabilities = probabilities(request.roll.sounding(), request.direction);
            let held = request.wish.held;
            Ok(Edits::rank(&request.roll, &probabilities, THRESHOLD, held))
        });
        sounding.len()
    };
    let event = |after: u16, body| BlockEvent {
        sample: u32::from(after),
        body,
    };
    for action in actions {
        match *action {
            Action::Block(frames) => {
                let frames = u32::from(frames);
                block(
                    core,
                    &mut transport,
                    &settings,
                    &mut entering,
                    frames,
                    most,
                    fails,
                    room,
                );
            }
            Action::On {
                after,
                channel,
                key,
                velocity,
            } => {
                id += 1;
                let note = Note {
                    channel: channel % 16,
                    key: key % 128,
                    id: Some(id),
                    velocity: f32::from(velocity % 128) / 127.0,
                };
                struck.push(note);
                entering.push(event(after, Body::On(note)));
            }
            Action::Off { after, nth } if !struck.is_empty() => {
                let note = struck.swap_remove(usize::from(nth) % struck.len());
                entering.push(event(after, Body::Off(note)));
            }
            Action::Off { .. } => {}
            Action::Stray { channel, key } => {
                let note = Note::new(channel % 16, key % 128, None, 0.0);
                entering.push(event(0, Body::Off(note)));
            }
            Action::Controller {
                after,
                channel,
                number,
                value,
            } => {
                let (channel, number) = (channel % 16, number % 128);
                let message = Message::Controller {
                    channel,
                    number,
                    value,
                };
                entering.push(event(after, Body::Message(message)));
            }
            Action::Play(playing) => transport.playing = playing,
            Action::Seek(beat) => transport.position = Some(f64::from(beat) / 4.0),
            Action::Position(position) => transport.position = position,
            Action::Bar(start, number) => {
                (transport.bar_start, transport.bar_number) = (start, number)
            }
            Action::Tempo(tempo) => transport.tempo = tempo,
            Action::Meter(beats, value) => transport.time_signature = (beats, value),
            Action::Loop(range) => {
                transport.loop_range = range.map(|(start, length)| {
                    let start = f64::from(start) / 4.0;
                    (start, start + f64::from(length) / 16.0)
                });
            }
            Action::OddLoop(start, end) => transport.loop_range = Some((start, end)),
            Action::Knob(knob) => settings.knob = knob,
            Action::Quantise(quantise) => settings.quantise = quantise,
            Action::Guard {
                melody_lock,
                scale,
                density,
            } => {
                settings.guard = Guard {
                    melody_lock,
                    scale,
                    density,
                };
            }
            Action::InPlace(on) => {
                settings.mode = if on {
                    PlayMode::InPlace
                } else {
                    PlayMode::Live
                }
            }
            Action::Delay(bars) => settings.delay_bars = bars,
            Action::Bypass(on) => settings.bypass = on,
            Action::Forget(on) => settings.forget = on,
            Action::Reset => core.reset(),
            Action::Reload if reloads > 0 => {
                reloads -= 1;
                core.reload();
            }
            Action::Reload => {}
            Action::Answers {
                most: number,
                fails: all,
            } => (most, fails) = (number, all),
            Action::Room(number) => room = number,
        }
        settings.weights.pair = Pair::JAZZ_CLASSIC;
    }
    // The host ends its held notes and stops; then the plugin must hold none.
    for note in struck {
        entering.push(event(0, Body::Off(note)));
    }
    transport.playing = false;
    transport.tempo = 120.0;
    (settings.forget, settings.bypass) = (false, false);
    for forget in [false, true, false] {
        settings.forget = forget;
        core.reset();
        block(
            core,
            &mut transport,
            &settings,
            &mut entering,
            512,
            16,
            false,
            u8::MAX,
        );
    }
    assert_eq!(sounding, [], "hanging notes");
}

fuzz_target!(|actions: Vec<Action>| {
    CORE.with_borrow_mut(|(runs, core)| {
        *runs += 1;
        if runs.is_multiple_of(5000) {
            *core = Headless::default();
        }
        run(core, &actions);
    });
});
