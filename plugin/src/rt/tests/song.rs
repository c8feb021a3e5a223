//! A test host that plays a script in blocks of any size, and a test network.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use proptest::prelude::*;
use third_stream_model::genre::{Direction, Pair};
use third_stream_model::roll::edits::{Edits, THRESHOLD};
use third_stream_model::roll::{CELLS, Roll};

use super::super::snapshot::{CoreView, Snapshot};
use super::super::{AudioCore, BlockEvent, Body, Note, Port, Settings, Transport};
use crate::link::{AudioEnd, Failure, Request, WorkerEnd, link};
use crate::memory::Keeper;

/// 4/4 at 120 beats a minute and 48 kHz: a beat is 24,000 samples.
pub(in super::super) fn transport() -> Transport {
    Transport {
        playing: true,
        position: Some(0.0),
        ..Transport::STOPPED
    }
}

/// A host's state from a tick on. The position is that at `tick`.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    pub(super) tick: i64,
    pub(super) transport: Transport,
    pub(super) settings: Settings,
}

/// Behaviour of the network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Network {
    /// Answers at once.
    Quick,
    /// Never answers.
    Silent,
    /// Reports failure.
    Failing,
    /// Answers with the last generation.
    Stale,
}

/// A scripted session.
#[derive(Clone, Debug)]
pub(super) struct Script {
    pub(super) scenes: Vec<Scene>,
    /// Input by tick.
    pub(super) input: Vec<(i64, Body)>,
    pub(super) end: i64,
    pub(super) network: Network,
    /// The host refuses all but every n-th event.
    pub(super) refuse: usize,
    /// Start and number of the bar at a position, if the host reports them with each block.
    pub(super) bars: Option<fn(f64) -> (f64, i64)>,
    /// Ticks before which the project is saved and reloaded.
    pub(super) loads: Vec<i64>,
    /// The view is read after each block.
    pub(super) looked_at: bool,
}

/// Result of a script.
#[derive(Debug)]
pub(super) struct Played {
    pub(super) output: Vec<(i64, Body)>,
    pub(super) requests: Vec<Request>,
    pub(super) view: CoreView,
}

impl Script {
    /// A script of one scene.
    pub(super) fn new(transport: Transport, settings: Settings, input: Vec<(i64, Body)>) -> Self {
        let last = input.iter().map(|(tick, _)| *tick).max().unwrap_or(0);
        Self {
            scenes: vec![Scene {
                tick: 0,
                transport,
                settings,
            }],
            input,
            end: last + 24_000 * 40,
            network: Network::Quick,
            refuse: 0,
            bars: None,
            loads: Vec::new(),
            looked_at: true,
        }
    }

    /// Adds a scene.
    pub(super) fn then(mut self, tick: i64, change: impl FnOnce(&mut Scene)) -> Self {
        let before = self.scenes.last().unwrap();
        let mut scene = before.clone();
        scene.transport.position = Some(before.position(tick));
        scene.tick = tick;
        change(&mut scene);
        self.scenes.push(scene);
        self
    }

    /// Plays the script in blocks of these sizes, cyclically.
    pub(super) fn play(&self, blocks: &[u32]) -> Played {
        self.play_from(&Keeper::default(), blocks)
    }

    /// Plays the script with the memory of `keeper`, which then has what was learned.
    pub(super) fn play_from(&self, keeper: &Keeper, blocks: &[u32]) -> Played {
        let (audio, worker) = link(1);
        let mut requests = Vec::new();
        let mut played = self.play_with(audio, keeper, blocks, || {
            answer(&worker, self.network, &mut requests);
            keeper.file();
        });
        played.requests = requests;
        played
    }

    /// Plays the script with a worker at the other end of `audio`; calls `after` after each block.
    pub(super) fn play_over(&self, audio: AudioEnd, blocks: &[u32], after: impl FnMut()) -> Played {
        self.play_with(audio, &Keeper::default(), blocks, after)
    }

    /// Plays the script as a bounce, with networks that take `pause(n)` for the n-th answer.
    pub(super) fn bounce(
        &self,
        blocks: &[u32],
        pause: impl Fn(u64) -> Duration + Send + 'static,
    ) -> Played {
        let mut script = self.clone();
        for scene in &mut script.scenes {
            scene.transport.offline = true;
        }
        let (audio, worker) = link(1);
        let slow = answer_slowly(worker, pause);
        let bounced = script.play_over(audio, blocks, || ());
        slow.join().unwrap();
        bounced
    }

    pub(super) fn play_with(
        &self,
        audio: AudioEnd,
        keeper: &Keeper,
        blocks: &[u32],
        mut after: impl FnMut(),
    ) -> Played {
        let snapshot = Arc::new(Snapshot::default());
        let (memory, post) = keeper.open();
        let mut engine = AudioCore::new(audio, Arc::clone(&snapshot), memory, post);
        let mut host = Host {
            start: 0,
            end: 0,
            input: &self.input,
            output: Vec::new(),
            refuse: self.refuse,
            offered: 0,
        };
        let mut sizes = blocks.iter().cycle();
        while host.start < self.end {
            let scene = self.scenes.iter().rev().find(|s| s.tick <= host.start);
            let scene = scene.unwrap();
            let next = self.scenes.iter().map(|s| s.tick).find(|t| *t > host.start);
            let size = i64::from(*sizes.next().unwrap());
            host.end = (host.start + size)
                .min(next.unwrap_or(self.end))
                .min(self.end);
            let mut transport = scene.transport;
            transport.position = Some(scene.position(host.start));
            if let Some((start, number)) = self.bars.zip(transport.position).map(|(b, p)| b(p)) {
                transport.bar_start = Some(start);
                transport.bar_number = Some(number);
            }
            if self.loads.contains(&host.start) {
                keeper.reload();
            }
            let frames = (host.end - host.start) as u32;
            engine.process(frames, &transport, &scene.settings, &mut host);
            host.start = host.end;
            if self.looked_at {
                snapshot.read();
            }
            after();
        }
        let view = snapshot.read().unwrap();
        Played {
            output: host.output,
            requests: Vec::new(),
            view,
        }
    }
}

impl Scene {
    /// The song position at a tick of this scene, with loop.
    pub(super) fn position(&self, tick: i64) -> f64 {
        let transport = &self.transport;
        let start = transport.position.unwrap();
        if !transport.playing {
            return start;
        }
        let per_tick = transport.tempo / 60.0 / transport.sample_rate;
        let position = start + (tick - self.tick) as f64 * per_tick;
        match transport.loop_range {
            Some((from, to)) if start < to && position >= to - 1e-9 => {
                from + (position - to + 1e-9).rem_euclid(to - from) - 1e-9
            }
            _ => position,
        }
    }
}

/// The block from `start` to `end`.
struct Host<'a> {
    start: i64,
    end: i64,
    input: &'a [(i64, Body)],
    output: Vec<(i64, Body)>,
    refuse: usize,
    offered: usize,
}

impl Port for Host<'_> {
    fn next(&mut self) -> Option<BlockEvent> {
        let (first, rest) = self.input.split_first()?;
        if first.0 >= self.end {
            return None;
        }
        self.input = rest;
        let sample = u32::try_from(first.0 - self.start).unwrap();
        Some(BlockEvent {
            sample,
            body: first.1,
        })
    }

    fn send(&mut self, event: BlockEvent) -> bool {
        self.offered += 1;
        if self.refuse > 0 && !self.offered.is_multiple_of(self.refuse) {
            return false;
        }
        let tick = self.start + i64::from(event.sample);
        assert!(tick < self.end, "outside the block");
        if let Some(last) = self.output.last() {
            assert!(
                last.0 <= tick,
                "not in the order of time: {last:?} before {tick} {:?}",
                event.body
            );
        }
        self.output.push((tick, event.body));
        true
    }
}

/// Answers the pending requests.
pub(super) fn answer(worker: &WorkerEnd, network: Network, requests: &mut Vec<Request>) {
    while let Some(request) = worker.next().unwrap() {
        requests.push(request);
        let mut response = match network {
            Network::Silent => continue,
            Network::Failing => request.respond(Err(Failure::Network)),
            Network::Quick | Network::Stale => request.respond(Ok(edits(&request))),
        };
        if network == Network::Stale {
            response.generation = response.generation.wrapping_sub(1);
        }
        assert!(worker.respond(response).is_none());
    }
}

/// Answers on a thread of its own until the instance is gone; the n-th answer takes `pause(n)`.
pub(super) fn answer_slowly(
    worker: WorkerEnd,
    pause: impl Fn(u64) -> Duration + Send + 'static,
) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut number = 0;
        while let Ok(request) = worker.next() {
            let Some(request) = request else {
                std::thread::sleep(Duration::from_micros(50));
                continue;
            };
            number += 1;
            std::thread::sleep(pause(number));
            worker.respond(request.respond(Ok(edits(&request))));
        }
    })
}

/// The test network: deterministic cells near the sounding ones, different in each direction.
pub(super) fn probabilities(roll: &Roll, direction: Direction) -> Vec<f32> {
    let mut values = vec![0.0; CELLS];
    roll.write_values(&mut values);
    let seed = 0x9E37_79B9_u32 >> direction.index();
    let noise = |cell: usize| {
        let mixed = (cell as u32 ^ seed).wrapping_mul(0x85EB_CA6B);
        ((mixed ^ mixed >> 13).wrapping_mul(0xC2B2_AE35) >> 8) as f32 / (1 << 24) as f32
    };
    (0..CELLS)
        .map(|cell| {
            let own = values[cell];
            let near = [1, 84, 84 * 4 + 7]
                .map(|by| values.get(cell.wrapping_sub(by)).copied().unwrap_or(0.0));
            let near: f32 = near.iter().sum();
            (0.45 * own + 0.3 * near + 0.5 * (noise(cell) - 0.4)).clamp(0.0, 1.0)
        })
        .collect()
}

/// The test network's edits.
pub(super) fn edits(request: &Request) -> Edits {
    let probabilities = probabilities(request.roll.sounding(), request.direction);
    // Each pair's weights answer differently.
    let pair = Pair::ALL
        .iter()
        .position(|pair| *pair == request.weights.pair);
    let threshold = THRESHOLD + 0.05 * pair.unwrap_or(0) as f32;
    Edits::rank(&request.roll, &probabilities, threshold, request.wish.held)
}

/// A pitched note.
pub(super) fn note(channel: u8, key: u8, id: Option<i32>, velocity: f32) -> Note {
    Note::new(channel, key, id, velocity)
}

/// Notes and note-offs in order of time, from (onset, length, note) in ticks.
pub(super) fn events(notes: &[(i64, i64, Note)]) -> Vec<(i64, Body)> {
    let mut events = Vec::new();
    for (onset, length, note) in notes {
        events.push((*onset, Body::On(*note)));
        events.push((onset + length, Body::Off(*note)));
    }
    events.sort_by_key(|(tick, _)| *tick);
    events
}

/// Notes of all kinds within four and a half bars: overlaps, repeats, drums, outermost keys.
pub(super) fn any_notes() -> impl Strategy<Value = Vec<(i64, i64, Note)>> {
    let one = (
        0..432_000i64,
        1..60_000i64,
        0..4u8,
        50..64u8,
        1..=127u8,
        0..12u8,
    );
    proptest::collection::vec(one, 1..40).prop_map(|notes| {
        let one = |(id, (onset, length, channel, key, velocity, odd))| {
            let key = match odd {
                0 => 12,
                1 => 120,
                _ => key,
            };
            let channel = if odd == 2 { 9 } else { channel };
            let velocity = f32::from(velocity) / 127.0;
            (onset, length, note(channel, key, Some(id), velocity))
        };
        (0..).zip(notes).map(one).collect()
    })
}

/// Block sizes, used cyclically.
pub(super) fn any_blocks() -> impl Strategy<Value = Vec<u32>> {
    let size = prop_oneof![Just(4096), Just(512), Just(64), Just(441), 16..5000u32];
    proptest::collection::vec(size, 1..6)
}

/// The pitched notes of an output as (on, off, note); each note-on must have one note-off.
pub(super) fn pair(output: &[(i64, Body)]) -> Vec<(i64, i64, Note)> {
    let mut held: Vec<(i64, Note)> = Vec::new();
    let mut notes = Vec::new();
    for (tick, body) in output {
        match body {
            Body::On(note) => held.push((*tick, *note)),
            Body::Off(off) => {
                let own = |(_, on): &(i64, Note)| {
                    (on.id, on.channel, on.key) == (off.id, off.channel, off.key)
                };
                let place = held.iter().position(own);
                let (on, note) = held.remove(place.expect("a note-off without its note-on"));
                notes.push((on, *tick, note));
            }
            Body::Message(_) => {}
        }
    }
    assert_eq!(held, [], "hanging notes");
    notes.sort_by_key(|(on, _, note)| (*on, note.key));
    notes
}
