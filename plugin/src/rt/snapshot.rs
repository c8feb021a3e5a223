//! The audio thread's snapshot for the editor: written and read with atomics.

use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

use third_stream_model::roll::notes::NoteRoll;
use third_stream_model::roll::{Roll, STEPS};

/// State of the core.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlayState {
    /// The transport is stopped; notes pass straight through.
    #[default]
    Stopped,
    /// Bypassed; notes pass straight through.
    Bypassed,
    /// The first group of bars comes in and nothing sounds yet. In place: the bar is new and sounds
    /// as played.
    Listening,
    /// A group (in place: a remembered bar) sounds transferred.
    Playing,
    /// A group (in place: a remembered bar) sounds dry, because its answer is late, missing or
    /// failed.
    Dry,
}

/// A consistent view of the core.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CoreView {
    /// State of the core.
    pub state: PlayState,
    /// Input: the window of the group that sounds (in place: the phrase, as far as it is
    /// remembered).
    pub source: NoteRoll,
    /// Output: the same with the edits at the knob's present position.
    pub output: NoteRoll,
    /// First step of the group that sounds; the window's steps before it are context.
    pub first_step: u8,
    /// Position of the output in the window, in steps (0..64).
    pub playhead: f32,
    /// Number of bars that sounded dry because their answer was late, missing or failed.
    pub late: u32,
    /// Number of notes and messages lost because a table was full.
    pub dropped: u32,
    /// In place: number of bars that are remembered, at least in part.
    pub learned: u32,
    /// In place: number of phrases that wait for an answer.
    pub waiting: u32,
    /// In place: the remembered steps of the phrase, one bit each.
    pub known: u64,
}

/// Values whose changes are published at once, read or not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct News {
    pub(super) state: PlayState,
    pub(super) late: u32,
    pub(super) dropped: u32,
    pub(super) learned: u32,
    pub(super) waiting: u32,
}

impl News {
    /// The view without rolls.
    pub(super) fn view(&self) -> CoreView {
        CoreView {
            state: self.state,
            late: self.late,
            dropped: self.dropped,
            learned: self.learned,
            waiting: self.waiting,
            ..CoreView::default()
        }
    }
}

/// A [`CoreView`] behind a sequence lock. One writer, any number of readers: a reader that meets a
/// write retries, and gives up after some tries.
#[derive(Debug)]
pub struct Snapshot {
    /// Even: consistent. Odd: being written.
    version: AtomicU32,
    /// Number of reads.
    reads: AtomicU32,
    state: AtomicU32,
    playhead: AtomicU32,
    first_step: AtomicU32,
    late: AtomicU32,
    dropped: AtomicU32,
    learned: AtomicU32,
    waiting: AtomicU32,
    known: AtomicU64,
    source: Phrase,
    output: Phrase,
}

/// A roll as words: sounding cells and onsets, two words per step.
type Phrase = [[[AtomicU64; 2]; STEPS]; 2];

impl Default for Snapshot {
    fn default() -> Self {
        let roll = || std::array::from_fn(|_| [AtomicU64::new(0), AtomicU64::new(0)]);
        let empty = || [roll(), roll()];
        Self {
            version: AtomicU32::new(0),
            reads: AtomicU32::new(0),
            state: AtomicU32::new(0),
            playhead: AtomicU32::new(0),
            first_step: AtomicU32::new(0),
            late: AtomicU32::new(0),
            dropped: AtomicU32::new(0),
            learned: AtomicU32::new(0),
            waiting: AtomicU32::new(0),
            known: AtomicU64::new(0),
            source: empty(),
            output: empty(),
        }
    }
}

/// Tries before a reader gives up.
const TRIES: usize = 8;

impl Snapshot {
    /// Numbers of dry bars and of lost notes and messages; does not count as a read.
    #[cfg(feature = "rt-check")]
    pub(crate) fn lost(&self) -> (u32, u32) {
        let of = |count: &AtomicU32| count.load(Ordering::SeqCst);
        (of(&self.late), of(&self.dropped))
    }

    /// The newest consistent view, or `None` if the audio thread was writing at every try. Editor.
    ///
    /// After a second without reads, rolls and playhead are no longer updated; the first read
    /// brings them back within a ninetieth of a second of play.
    pub fn read(&self) -> Option<CoreView> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        for _ in 0..TRIES {
            let before = self.version.load(Ordering::Acquire);
            if before % 2 == 1 {
                std::hint::spin_loop();
                continue;
            }
            let view = CoreView {
                state: state_of(self.state.load(Ordering::Relaxed)),
                source: load(&self.source),
                output: load(&self.output),
                first_step: self.first_step.load(Ordering::Relaxed) as u8,
                playhead: f32::from_bits(self.playhead.load(Ordering::Relaxed)),
                late: self.late.load(Ordering::Relaxed),
                dropped: self.dropped.load(Ordering::Relaxed),
                learned: self.learned.load(Ordering::Relaxed),
                waiting: self.waiting.load(Ordering::Relaxed),
                known: self.known.load(Ordering::Relaxed),
            };
            // Who has seen a part of a change sees its version below.
            fence(Ordering::Acquire);
            if self.version.load(Ordering::Relaxed) == before {
                return Some(view);
            }
        }
        None
    }
}

/// The writing end of a snapshot, for the audio thread.
#[derive(Debug)]
pub(super) struct SnapshotWriter {
    snapshot: Arc<Snapshot>,
    /// Not `Sync`: one thread writes.
    one_thread: PhantomData<Cell<()>>,
}

impl SnapshotWriter {
    /// The writing end; there must be no other of this snapshot.
    pub(super) const fn new(snapshot: Arc<Snapshot>) -> Self {
        Self {
            snapshot,
            one_thread: PhantomData,
        }
    }

    /// Publishes a view. Audio thread.
    pub(super) fn publish(&self, view: &CoreView) {
        self.write(|snapshot| {
            snapshot
                .state
                .store(number_of(view.state), Ordering::Relaxed);
            snapshot
                .playhead
                .store(view.playhead.to_bits(), Ordering::Relaxed);
            snapshot
                .first_step
                .store(u32::from(view.first_step), Ordering::Relaxed);
            snapshot.late.store(view.late, Ordering::Relaxed);
            snapshot.dropped.store(view.dropped, Ordering::Relaxed);
            snapshot.learned.store(view.learned, Ordering::Relaxed);
            snapshot.waiting.store(view.waiting, Ordering::Relaxed);
            snapshot.known.store(view.known, Ordering::Relaxed);
            store(&snapshot.source, &view.source);
            store(&snapshot.output, &view.output);
        });
    }

    /// Publishes what has changed since a view without rolls. Audio thread.
    pub(super) fn publish_news(&self, news: &News) {
        self.write(|snapshot| {
            snapshot
                .state
                .store(number_of(news.state), Ordering::Relaxed);
            snapshot.late.store(news.late, Ordering::Relaxed);
            snapshot.dropped.store(news.dropped, Ordering::Relaxed);
            snapshot.learned.store(news.learned, Ordering::Relaxed);
            snapshot.waiting.store(news.waiting, Ordering::Relaxed);
        });
    }

    /// A change, between an odd version and the next even one.
    fn write(&self, change: impl FnOnce(&Snapshot)) {
        let snapshot = &*self.snapshot;
        let version = snapshot.version.load(Ordering::Relaxed);
        let (odd, even) = (version.wrapping_add(1), version.wrapping_add(2));
        snapshot.version.store(odd, Ordering::Relaxed);
        // Who sees a part of the change sees the odd version, too.
        fence(Ordering::Release);
        change(snapshot);
        snapshot.version.store(even, Ordering::Release);
    }

    /// Number of reads. Audio thread.
    pub(super) fn reads(&self) -> u32 {
        self.snapshot.reads.load(Ordering::Relaxed)
    }
}

fn store(phrase: &Phrase, notes: &NoteRoll) {
    for (words, roll) in phrase.iter().zip([notes.sounding(), notes.onsets()]) {
        for (pair, step) in words.iter().zip(roll.steps()) {
            pair[0].store(*step as u64, Ordering::Relaxed);
            pair[1].store((*step >> 64) as u64, Ordering::Relaxed);
        }
    }
}

fn load(phrase: &Phrase) -> NoteRoll {
    let [sounding, onsets] = phrase.each_ref().map(|words| {
        Roll::from_steps(std::array::from_fn(|step| {
            let low = words[step][0].load(Ordering::Relaxed);
            let high = words[step][1].load(Ordering::Relaxed);
            u128::from(low) | u128::from(high) << 64
        }))
    });
    NoteRoll::new(sounding, onsets)
}

const fn number_of(state: PlayState) -> u32 {
    match state {
        PlayState::Stopped => 0,
        PlayState::Bypassed => 1,
        PlayState::Listening => 2,
        PlayState::Playing => 3,
        PlayState::Dry => 4,
    }
}

const fn state_of(number: u32) -> PlayState {
    match number {
        1 => PlayState::Bypassed,
        2 => PlayState::Listening,
        3 => PlayState::Playing,
        4 => PlayState::Dry,
        _ => PlayState::Stopped,
    }
}
