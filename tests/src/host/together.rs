//! Many instances at the same moment. As in a host some audio threads call them all in turn, one
//! block of each, and begin the next when all have played theirs.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex, PoisonError};
use std::thread::ScopedJoinHandle;
use std::time::Duration;

use anyhow::{Context, Error, Result, anyhow};
use clack_host::prelude::*;

use super::callbacks::Handlers;
use super::drive::{Player, recording};
use super::walk::Walk;
use super::{Instance, Parameter, Setup};
use crate::recording::Recording;
use crate::song::timeline::Timeline;
use crate::song::{HostSong, Script};

/// An instance and its script. Only whether its pace is that of a bounce counts: whoever plays
/// many together waits for the engine between their blocks, or does not.
pub struct InstancePart<'a> {
    /// Who plays.
    pub instance: &'a mut Instance,
    /// Its contents.
    pub script: &'a Script,
    /// In which blocks.
    pub setup: &'a Setup,
}

/// The result.
#[derive(Debug)]
pub struct Together {
    /// The output of each instance.
    pub recordings: Vec<Recording>,
    /// How often those that still had a block played one.
    pub rounds: u64,
    /// Blocks that were played in all.
    pub blocks: u64,
}

/// Plays all parts at the same moment on `threads` audio threads. `between` is called on one of
/// them whenever all have played a block and nothing is processed; its error ends the playing.
pub fn perform_together(
    parts: &mut [InstancePart],
    threads: usize,
    between: impl Fn() -> Result<()> + Sync,
) -> Result<Together> {
    let mut prepared: Vec<(Timeline, Vec<Parameter>)> = Vec::new();
    for part in &mut *parts {
        part.instance.activate(part.setup)?;
        let timeline = Timeline::new(part.script, part.setup.sample_rate);
        prepared.push((timeline, part.instance.parameters()));
    }
    let threads = threads.clamp(1, parts.len().max(1));
    let mut hands: Vec<Vec<Seat>> = Vec::new();
    hands.resize_with(threads, Vec::new);
    for (number, (part, (timeline, parameters))) in parts.iter_mut().zip(&prepared).enumerate() {
        let processor = part.instance.processor.take();
        hands[number % threads].push(Seat {
            number,
            processor: processor.context("the plugin is not active")?.into(),
            player: Player::new(parameters, part.setup),
            song: &part.script.song,
            walk: Walk::new(timeline, &part.setup.blocks),
            over: false,
        });
    }
    let stage = Stage::new(threads, parts.len());
    let mut left = std::thread::scope(|scope| {
        let (stage, between) = (&stage, &between);
        let mut playing = Vec::new();
        for (index, hand) in hands.into_iter().enumerate() {
            let thread = std::thread::Builder::new().name("host audio".into());
            let work = move || stage.play(hand, (index == 0).then_some(between));
            let thread = thread.spawn_scoped(scope, work);
            playing.push(thread.context("no audio thread")?);
        }
        // Meanwhile the main thread serves the plugins.
        while !playing.iter().all(ScopedJoinHandle::is_finished) {
            for part in &mut *parts {
                part.instance.serve();
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        let mut left = Vec::new();
        for thread in playing {
            let seats = thread.join();
            left.extend(seats.map_err(|_| anyhow!("an audio thread panicked"))?);
        }
        anyhow::Ok(left)
    })?;
    left.sort_by_key(|seat| seat.number);
    let mut recorded = Vec::new();
    for (part, seat) in parts.iter_mut().zip(left) {
        recorded.push(seat.player.recorded);
        part.instance.processor = Some(seat.processor.into_stopped());
        part.instance.serve();
    }
    let all = prepared.into_iter().zip(recorded);
    let recordings = all.map(|((timeline, _), recorded)| recording(timeline, recorded));
    match stage.error.into_inner() {
        Ok(None) => Ok(Together {
            recordings: recordings.collect(),
            rounds: stage.rounds.into_inner(),
            blocks: stage.blocks.into_inner(),
        }),
        Ok(Some(error)) => Err(error),
        Err(_) => Err(anyhow!("an audio thread panicked")),
    }
}

/// One part on its audio thread.
struct Seat<'a> {
    number: usize,
    processor: PluginAudioProcessor<Handlers>,
    player: Player<'a>,
    song: &'a HostSong,
    walk: Walk<'a>,
    over: bool,
}

impl Seat<'_> {
    /// Plays the next block; false where there is none.
    fn step(&mut self) -> Result<bool> {
        let Some(block) = self.walk.next() else {
            return Ok(false);
        };
        let processor = self.processor.ensure_processing_started();
        let processor = processor.map_err(|_| anyhow!("the plugin did not start to process"))?;
        self.player.play(processor, &block, self.song)?;
        Ok(true)
    }
}

/// State shared by the audio threads.
struct Stage {
    /// Where they wait for each other, before and after what is done between two blocks.
    barrier: Barrier,
    /// Parts that are not over.
    playing: AtomicUsize,
    over: AtomicBool,
    failed: AtomicBool,
    error: Mutex<Option<Error>>,
    rounds: AtomicU64,
    blocks: AtomicU64,
}

impl Stage {
    fn new(threads: usize, parts: usize) -> Self {
        Self {
            barrier: Barrier::new(threads),
            playing: AtomicUsize::new(parts),
            over: AtomicBool::new(false),
            failed: AtomicBool::new(false),
            error: Mutex::default(),
            rounds: AtomicU64::new(0),
            blocks: AtomicU64::new(0),
        }
    }

    /// One audio thread's whole work. The one that has `between` says when it is over.
    fn play<'a>(
        &self,
        mut hand: Vec<Seat<'a>>,
        between: Option<&impl Fn() -> Result<()>>,
    ) -> Vec<Seat<'a>> {
        while !self.over.load(Ordering::Acquire) {
            for seat in hand.iter_mut().filter(|seat| !seat.over) {
                let played = seat.step().unwrap_or_else(|error| {
                    self.fail(error.context(format!("part {}", seat.number)));
                    false
                });
                seat.over = !played;
                self.blocks.fetch_add(u64::from(played), Ordering::Relaxed);
                self.playing
                    .fetch_sub(usize::from(!played), Ordering::AcqRel);
            }
            self.barrier.wait();
            if let Some(between) = between {
                between().unwrap_or_else(|error| self.fail(error));
                let going = self.playing.load(Ordering::Acquire) > 0;
                self.rounds.fetch_add(u64::from(going), Ordering::Relaxed);
                let over = !going || self.failed.load(Ordering::Acquire);
                self.over.store(over, Ordering::Release);
            }
            self.barrier.wait();
        }
        for seat in &mut hand {
            seat.processor.ensure_processing_stopped();
        }
        hand
    }

    /// Ends the playing for all, at the next moment at which all look.
    fn fail(&self, error: Error) {
        let mut first = self.error.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert(error);
        self.failed.store(true, Ordering::Release);
    }
}
