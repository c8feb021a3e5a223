//! The contract between the audio thread and the engine worker: two message types, in boxes that
//! go round through two bounded channels for each instance of the plugin.
//!
//! Live, for each group of bars the audio thread asks twice (one beat before the group's end and at its
//! end), each time for the direction in which the knob points; for the other as well where the
//! knob is near its middle or has been moved, and as soon as it moves while the group is still to
//! sound. So up to four requests and four responses belong to a group;
//! [`Request::answer`] and [`Request::direction`] tell them apart. In place it asks for both
//! directions of a phrase whenever the phrase has changed; a group is then one such request.
//!
//! The audio side only uses `try_send` and `try_recv`. These are free of locks as long as nobody
//! sleeps in a blocking call on the other side: the worker polls, too. The one place where the
//! audio side may wait is [`AudioEnd::wait_offline`].

mod boxes;
mod counts;
mod wanted;

use std::cell::Cell;
use std::marker::PhantomData;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crossbeam::channel::TryRecvError;
use third_stream_model::family::arranger::sampler::PASSES;
use third_stream_model::genre::{Direction, Pair};
use third_stream_model::roll::edits::Edits;
use third_stream_model::roll::notes::NoteRoll;
pub use third_stream_model::transfer::Wish;

pub(crate) use boxes::Sheet;
use boxes::{Reader, Writer, boxes};
pub(crate) use counts::{COUNTS, Counted, Counts};
pub use wanted::PLACES;
use wanted::Shared;
pub(crate) use wanted::Watch;

/// Messages that fit in each direction: four groups, or eight phrases, all asked for and none
/// answered.
const CAPACITY: usize = 16;
/// Responses of use that are taken in during a block, unless more of them are needed at once: each
/// takes some microseconds.
pub const IN_A_BLOCK: usize = 1;
/// How long a bounce waits for an answer, or for room for a request.
pub const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// Which of the two requests of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Answer {
    /// Asked one beat before the group's end; plays the first beat of the output.
    First,
    /// Asked at the group's end; plays the rest.
    Second,
}

impl Answer {
    /// 0 for the first, 1 for the second; for arrays of two.
    pub const fn index(self) -> usize {
        match self {
            Self::First => 0,
            Self::Second => 1,
        }
    }
}

/// Which networks answer: those that come with the plugin for a pair, or a file of the user's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WeightsId {
    /// The genres at the knob's ends.
    pub pair: Pair,
    /// The number that stands for the file of the user's own weights while the process lives;
    /// `None` stands for the plugin's.
    pub own: Option<NonZeroU32>,
    /// Styles of the user's own in place of the pair's genres, by the direction that leads to
    /// them ([`Direction::index`]); numbers as those of [`Self::own`].
    pub styles: [Option<NonZeroU32>; 2],
}

impl WeightsId {
    /// Those that come with the plugin.
    pub const fn shipped(pair: Pair) -> Self {
        Self {
            pair,
            own: None,
            styles: [None; 2],
        }
    }

    /// The style that a direction leads to, if it does not lead to a genre.
    pub fn style(self, direction: Direction) -> Option<NonZeroU32> {
        self.styles[direction.index()]
    }

    /// The same without the style at the other end, which makes no difference to a question.
    #[must_use]
    pub fn towards(self, direction: Direction) -> Self {
        self.without_style(direction.reverse())
    }

    /// The same with the pair's genre at that end.
    #[must_use]
    pub fn without_style(self, direction: Direction) -> Self {
        let mut styles = self.styles;
        styles[direction.index()] = None;
        Self { styles, ..self }
    }
}

/// What the user wants of every answer, whatever the phrase.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Taste {
    /// As [`Wish::variation`].
    pub variation: u8,
    /// As [`Wish::freedom`].
    pub freedom: f32,
    /// As [`Wish::pitch_classes`].
    pub pitch_classes: u8,
    /// As [`Wish::one_voice`].
    pub one_voice: bool,
}

impl Default for Taste {
    fn default() -> Self {
        let Wish {
            variation,
            freedom,
            pitch_classes,
            one_voice,
            ..
        } = Wish::default();
        Self {
            variation,
            freedom,
            pitch_classes,
            one_voice,
        }
    }
}

impl Taste {
    /// The same with all that is out of range replaced. A locked melody has no freedom.
    pub(crate) fn sane(self, melody_lock: bool) -> Self {
        let free = self.freedom.is_finite() && !melody_lock;
        Self {
            variation: self.variation.clamp(1, 16),
            freedom: if free {
                self.freedom.clamp(0.0, 1.0)
            } else {
                0.0
            },
            pitch_classes: self.pitch_classes.clamp(2, 4),
            one_voice: self.one_voice,
        }
    }

    /// The wish for a phrase of which nothing is decided but what is held over from before it in
    /// the rows of `held`.
    pub const fn wish(self, held: u128) -> Wish {
        Wish {
            passes: PASSES,
            variation: self.variation,
            freedom: self.freedom,
            pitch_classes: self.pitch_classes,
            one_voice: self.one_voice,
            held,
            decided: 0,
            played: NoteRoll::EMPTY,
        }
    }
}

/// One answer, asked for by the audio thread.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// The instance of the plugin that asks.
    pub instance: u64,
    /// Grows when the transport jumps and the like; answers of an older generation are ignored.
    pub generation: u32,
    /// Its place among those that count, below [`PLACES`]: it counts until another group is asked
    /// about there, it is given up ([`AudioEnd::give_up`]) or its generation is over.
    pub place: usize,
    /// Number of the group of bars (in place: of the question), within the generation.
    pub group: u32,
    /// Which request of the group.
    pub answer: Answer,
    /// When its answer is first needed in real time. Earliest first; the answer is still wanted
    /// when this has passed (for the later bars of the group, and in offline rendering).
    pub deadline: Instant,
    /// Which networks.
    pub weights: WeightsId,
    /// Towards which end of the knob.
    pub direction: Direction,
    /// The window: the last four bar slots ending with the group; in place, the phrase.
    pub roll: NoteRoll,
    /// What is wanted of the answer, and what of the window is decided.
    pub wish: Wish,
}

impl Request {
    /// The response to this request.
    pub const fn respond(&self, outcome: Result<Edits, Failure>) -> Response {
        Response {
            generation: self.generation,
            group: self.group,
            answer: self.answer,
            direction: self.direction,
            outcome,
        }
    }
}

/// Why there are no edits. The bars play dry and are counted as late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// There are no such weights, they cannot be used, or they are not loaded yet.
    NoWeights,
    /// The network failed (an error or a panic).
    Network,
    /// Nobody waited for the answer any more: the request was dropped, or left between two passes.
    Stale,
}

/// The answer to one [`Request`].
#[derive(Clone, Copy, Debug)]
pub struct Response {
    /// As in the request.
    pub generation: u32,
    /// As in the request.
    pub group: u32,
    /// As in the request.
    pub answer: Answer,
    /// As in the request.
    pub direction: Direction,
    /// The edits of the request's phrase, about 4 KiB by value.
    pub outcome: Result<Edits, Failure>,
}

/// The audio thread's end: sends requests, receives responses. It may go to another thread with
/// the core that has it; no two threads have it.
///
/// ```
/// fn moves<T: Send>() {}
/// moves::<third_stream::link::AudioEnd>();
/// ```
///
/// ```compile_fail,E0277
/// fn is_shared<T: Sync>() {}
/// is_shared::<third_stream::link::AudioEnd>();
/// ```
#[derive(Debug)]
pub struct AudioEnd {
    instance: u64,
    generation: Cell<u32>,
    requests: Writer<Request>,
    responses: Reader<Response>,
    shared: Arc<Shared>,
    counts: Counts,
}

/// The worker's end: receives requests, sends responses. Both by polling. It is handed to the worker
/// and stays there; no two threads have it.
///
/// ```
/// fn moves<T: Send>() {}
/// moves::<third_stream::link::WorkerEnd>();
/// ```
///
/// ```compile_fail,E0277
/// fn is_shared<T: Sync>() {}
/// is_shared::<third_stream::link::WorkerEnd>();
/// ```
#[derive(Debug)]
pub struct WorkerEnd {
    instance: u64,
    requests: Reader<Request>,
    responses: Writer<Response>,
    shared: Arc<Shared>,
    counts: Counts,
    /// Not `Sync`.
    one_thread: PhantomData<Cell<()>>,
}

/// The two ends for one instance of the plugin. Allocates.
pub fn link(instance: u64) -> (AudioEnd, WorkerEnd) {
    let nothing = Request {
        instance,
        generation: 0,
        place: 0,
        group: 0,
        answer: Answer::First,
        deadline: Instant::now(),
        weights: WeightsId::shipped(Pair::JAZZ_CLASSIC),
        direction: Direction::AToB,
        roll: NoteRoll::EMPTY,
        wish: Taste::default().wish(0),
    };
    let (request_in, request_out) = boxes(&nothing, CAPACITY);
    let (response_in, response_out) = boxes(&nothing.respond(Err(Failure::Stale)), CAPACITY);
    let shared = Arc::new(Shared::default());
    let counts = Counts::default();
    (
        AudioEnd {
            instance,
            generation: Cell::new(0),
            requests: request_in,
            responses: response_out,
            shared: Arc::clone(&shared),
            counts: counts.clone(),
        },
        WorkerEnd {
            instance,
            requests: request_out,
            responses: response_in,
            shared,
            counts,
            one_thread: PhantomData,
        },
    )
}

impl AudioEnd {
    /// The instance that was given to [`link`].
    pub const fn instance(&self) -> u64 {
        self.instance
    }

    /// Begins a new generation and returns it: what was asked for before is not wanted any more.
    pub fn renew(&self) -> u32 {
        let generation = self.generation.get().wrapping_add(1);
        self.generation.set(generation);
        self.shared.renew(generation);
        generation
    }

    /// What was asked at a place ([`Request::place`]) is not wanted any more.
    pub fn give_up(&self, place: usize) {
        self.shared.give_up(place);
    }

    /// A sheet to write a request on, with another one on it; `None` where there is no room.
    pub(crate) fn sheet(&self) -> Option<Sheet<Request>> {
        self.requests.sheet()
    }

    /// Sends a request, or returns false where there is no room or the worker is gone.
    pub fn ask(&self, request: Request) -> bool {
        self.sheet().is_some_and(|mut sheet| {
            *sheet = request;
            self.send(sheet)
        })
    }

    /// Sends the request on a sheet, or returns false where the worker is gone. What was asked of
    /// another group at its place is not wanted any more.
    pub(crate) fn send(&self, sheet: Sheet<Request>) -> bool {
        self.shared.count(&sheet);
        let sent = self.requests.send(sheet);
        if sent {
            self.count(Counted::Asked);
        }
        sent
    }

    /// For how many more requests there is room; none where the worker is gone.
    pub fn room(&self) -> usize {
        if Arc::strong_count(&self.shared) == 1 {
            return 0;
        }
        self.requests.room()
    }

    /// Counts what the core has done or missed; nothing in a release.
    pub(crate) fn count(&self, counted: Counted) {
        self.counts.add(counted);
    }

    /// What is counted of this instance.
    #[cfg(any(test, feature = "rt-check"))]
    pub(crate) const fn counts(&self) -> &Counts {
        &self.counts
    }

    /// A sheet to write a request on. Waits where there is no room, at most [`LONGEST_WAIT`]; what
    /// is answered meanwhile is given to `take`. **Only for offline rendering**: a bounce runs
    /// ahead of the networks and may jump many times while they work for one answer.
    pub(crate) fn sheet_offline(&self, mut take: impl FnMut(&Response)) -> Option<Sheet<Request>> {
        let start = Instant::now();
        loop {
            if let Some(sheet) = self.sheet() {
                return Some(sheet);
            }
            let left = LONGEST_WAIT.saturating_sub(start.elapsed());
            self.wait_offline(left, &mut take)?;
        }
    }

    /// Whether a response has come since [`AudioEnd::answers`] was last called, or was left: the
    /// cheaper question, which most blocks ask.
    pub fn has_mail(&self) -> bool {
        self.shared.mail.load(Ordering::Acquire)
    }

    /// Gives `take` the responses that are there until it has said of so many that it used them.
    pub fn answers(&self, most: usize, mut take: impl FnMut(&Response) -> bool) {
        // First: what comes from here on is either found or announces itself again.
        self.shared.mail.swap(false, Ordering::AcqRel);
        let mut left = most;
        while left > 0 {
            let Ok(used) = self.responses.next(&mut take) else {
                return;
            };
            self.count(Counted::Taken);
            left -= usize::from(used);
        }
        if self.responses.len() > 0 {
            self.shared.mail.store(true, Ordering::Release);
        }
    }

    /// Waits for the next response, at most `longest`; `None` when that has passed or the worker
    /// is gone. **Only for offline rendering**, where the host itself waits for the plugin: the
    /// one place in which the audio thread may wait. It polls, so that the worker's `try_send`
    /// never meets a sleeper.
    pub fn wait_offline<R>(
        &self,
        longest: Duration,
        take: impl FnOnce(&Response) -> R,
    ) -> Option<R> {
        let start = Instant::now();
        let mut take = Some(take);
        loop {
            let read = |response: &Response| take.take().map(|take| take(response));
            match self.responses.next(read) {
                Ok(found) => {
                    self.count(Counted::Taken);
                    return found;
                }
                Err(TryRecvError::Disconnected) => return None,
                Err(TryRecvError::Empty) if start.elapsed() >= longest => return None,
                Err(TryRecvError::Empty) => std::thread::sleep(Duration::from_micros(200)),
            }
        }
    }
}

impl Drop for AudioEnd {
    fn drop(&mut self) {
        self.shared.leave();
    }
}

impl WorkerEnd {
    /// The instance that was given to [`link`].
    pub const fn instance(&self) -> u64 {
        self.instance
    }

    /// Says whether the answer to a request of this instance may still be used.
    pub(crate) fn watch(&self, request: &Request) -> Watch {
        Watch::new(&self.shared, request)
    }

    /// The next request that is there; `Err` when the instance is gone.
    pub fn next(&self) -> Result<Option<Request>, Gone> {
        match self.requests.next(|request| *request) {
            Ok(request) => Ok(Some(request)),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(Gone),
        }
    }

    /// Sends a response; gives it back where the channel is full, to be sent again. One to an
    /// instance that is gone is thrown away.
    pub fn respond(&self, response: Response) -> Option<Response> {
        let refused = match response.outcome {
            Ok(_) => None,
            Err(Failure::Stale) => Some(Counted::Stale),
            Err(Failure::NoWeights | Failure::Network) => Some(Counted::Refused),
        };
        let Some(mut sheet) = self.responses.sheet() else {
            return Some(response);
        };
        *sheet = response;
        if self.responses.send(sheet) {
            self.shared.mail.store(true, Ordering::Release);
            if let Some(kind) = refused {
                self.counts.add(kind);
            }
            self.counts.add(Counted::Answered);
        }
        None
    }
}

/// The instance at the other end is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone;
