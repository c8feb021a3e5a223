//! The link between the audio thread and the engine worker: requests one way, responses the other,
//! in boxes that circulate through bounded channels, a pair for each instance of the plugin.
//!
//! Live, each group of bars is asked about twice, one beat before its end and at its end: in the
//! direction of the knob, and in the other as well while the knob is near its middle, has just
//! moved, or moves before the group has sounded. So up to four requests and responses belong to a
//! group; [`Request::answer`] and [`Request::direction`] tell them apart. In place asks in both
//! directions about a phrase whenever it has changed; a group is then one such question.
//!
//! The audio side uses `try_send` and `try_recv` only. These take no lock as long as nobody blocks
//! on the other side, so the worker polls as well. The audio side waits in
//! [`AudioEnd::wait_offline`] alone.

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
use third_stream_model::family::arranger::sampler::{FEW_PASSES, PASSES};
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

/// Capacity of each direction, in messages: four groups, or eight phrases, all asked about and none
/// answered.
const CAPACITY: usize = 16;
/// Maximum number of responses used in a block, unless more are needed at once; each takes some
/// microseconds.
pub const IN_A_BLOCK: usize = 1;
/// Maximum time that a bounce waits for a response, or for room for a request.
pub const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// The two requests of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Answer {
    /// Asked one beat before the group's end; used for the first beat of the output.
    First,
    /// Asked at the group's end; used for the rest.
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

    /// Passes of the network, for the second those of the first included, on whose draw it goes on.
    /// A beat after it is asked for an answer is needed, in all instances at the same time.
    pub const fn passes(self) -> u8 {
        match self {
            Self::First => FEW_PASSES,
            Self::Second => PASSES,
        }
    }
}

/// The networks that answer: the plugin's for a pair, or a user's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WeightsId {
    /// The genres at the knob's ends.
    pub pair: Pair,
    /// Number of the user weights, valid while the process lives; `None` for the plugin's weights.
    pub own: Option<NonZeroU32>,
    /// User styles in place of the pair's genres, by direction ([`Direction::index`]); numbers as
    /// in [`Self::own`].
    pub styles: [Option<NonZeroU32>; 2],
}

impl WeightsId {
    /// The plugin's weights for a pair.
    pub const fn shipped(pair: Pair) -> Self {
        Self {
            pair,
            own: None,
            styles: [None; 2],
        }
    }

    /// The user style at the end of a direction, if any.
    pub fn style(self, direction: Direction) -> Option<NonZeroU32> {
        self.styles[direction.index()]
    }

    /// Without the style of the other direction, which does not affect an answer.
    #[must_use]
    pub fn towards(self, direction: Direction) -> Self {
        self.without_style(direction.reverse())
    }

    /// With the pair's genre at the end of a direction.
    #[must_use]
    pub fn without_style(self, direction: Direction) -> Self {
        let mut styles = self.styles;
        styles[direction.index()] = None;
        Self { styles, ..self }
    }
}

/// The user's wishes for all answers.
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
        let wish = Wish::default();
        Self {
            variation: wish.variation,
            freedom: wish.freedom,
            pitch_classes: wish.pitch_classes,
            one_voice: wish.one_voice,
        }
    }
}

impl Taste {
    /// Out of range values replaced. A locked melody has no freedom.
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

    /// The wish for a phrase of which nothing is fixed except notes held over in the rows of
    /// `held`.
    pub fn wish(self, held: u128) -> Wish {
        Wish {
            variation: self.variation,
            freedom: self.freedom,
            pitch_classes: self.pitch_classes,
            one_voice: self.one_voice,
            held,
            ..Wish::default()
        }
    }
}

/// A question of the audio thread.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// The plugin instance.
    pub instance: u64,
    /// Generation: increases when the transport jumps; responses of older generations are ignored.
    pub generation: u32,
    /// Index of its slot in the table of live requests, below [`PLACES`]: it is wanted until
    /// another group takes the slot, it is given up ([`AudioEnd::give_up`]) or its generation ends.
    pub place: usize,
    /// Number of the group (in place: of the question) within the generation.
    pub group: u32,
    /// First or second request of the group.
    pub answer: Answer,
    /// Time at which its answer is needed in real time; earliest first. Later it is still wanted,
    /// for the group's later bars and in offline rendering.
    pub deadline: Instant,
    /// The networks to be used.
    pub weights: WeightsId,
    /// The direction of the transfer.
    pub direction: Direction,
    /// The window: four bar slots, of which the last ends with the group; in place, the phrase.
    pub roll: NoteRoll,
    /// Wishes for the answer, and the part of the window that is fixed.
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

/// Why there are no edits. The bars play dry and count as late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The weights do not exist, cannot be used, or are not loaded yet.
    NoWeights,
    /// The network failed, by an error or a panic.
    Network,
    /// The request was stale: it was dropped, or abandoned between two passes.
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
    /// The edits of the phrase, about 4 KiB by value.
    pub outcome: Result<Edits, Failure>,
}

/// The audio thread's end: sends requests, receives responses. It moves between threads with its
/// core, but only one thread has it at a time.
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

/// The worker's end: receives requests, sends responses, by polling. It is moved to the worker
/// once; only one thread has it.
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

/// A link for one instance of the plugin. Allocates.
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
    /// The instance passed to [`link`].
    pub const fn instance(&self) -> u64 {
        self.instance
    }

    /// Starts a new generation and returns it; all earlier requests become stale.
    pub fn renew(&self) -> u32 {
        let generation = self.generation.get().wrapping_add(1);
        self.generation.set(generation);
        self.shared.renew(generation);
        generation
    }

    /// Makes the request at a place ([`Request::place`]) stale.
    pub fn give_up(&self, place: usize) {
        self.shared.give_up(place);
    }

    /// A sheet to write a request on, with the content of an older one; `None` if there is no room.
    pub(crate) fn sheet(&self) -> Option<Sheet<Request>> {
        self.requests.sheet()
    }

    /// Sends a request; false if there is no room or the worker is gone.
    pub fn ask(&self, request: Request) -> bool {
        self.sheet().is_some_and(|mut sheet| {
            *sheet = request;
            self.send(sheet)
        })
    }

    /// Sends the request on a sheet; false if the worker is gone. Another group's request at its
    /// place becomes stale.
    pub(crate) fn send(&self, sheet: Sheet<Request>) -> bool {
        self.shared.count(&sheet);
        let sent = self.requests.send(sheet);
        if sent {
            self.count(Counted::Asked);
        }
        sent
    }

    /// Number of requests for which there is room; 0 if the worker is gone.
    pub fn room(&self) -> usize {
        if Arc::strong_count(&self.shared) == 1 {
            return 0;
        }
        self.requests.room()
    }

    /// Counts an event of the core; does nothing in a release build.
    pub(crate) fn count(&self, counted: Counted) {
        self.counts.add(counted);
    }

    /// The counters of this instance.
    #[cfg(any(test, feature = "rt-check"))]
    pub(crate) const fn counts(&self) -> &Counts {
        &self.counts
    }

    /// A sheet to write a request on. Waits for room, at most [`LONGEST_WAIT`], while `take` gets
    /// the responses that come. **Only for offline rendering**: a bounce runs ahead of the networks
    /// and may jump many times during one answer.
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

    /// True if a response came since [`AudioEnd::answers`] was last called, or was left there.
    /// Cheap; most blocks ask only this.
    pub fn has_mail(&self) -> bool {
        self.shared.mail.load(Ordering::Acquire)
    }

    /// Passes the available responses to `take` until it has used `most` of them (returned true).
    pub fn answers(&self, most: usize, mut take: impl FnMut(&Response) -> bool) {
        // Reset first: a later response is either received below or sets the flag again.
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

    /// Waits for the next response, at most `longest`; `None` after that or if the worker is gone.
    /// **Only for offline rendering**, where the host waits for the plugin. It polls, so that the
    /// worker's `try_send` never meets a blocked thread.
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
    /// The instance passed to [`link`].
    pub const fn instance(&self) -> u64 {
        self.instance
    }

    /// A watch that tells whether a request's answer is still wanted.
    pub(crate) fn watch(&self, request: &Request) -> Watch {
        Watch::new(&self.shared, request)
    }

    /// The next request; `Err` if the instance is gone.
    pub fn next(&self) -> Result<Option<Request>, Gone> {
        match self.requests.next(|request| *request) {
            Ok(request) => Ok(Some(request)),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(Gone),
        }
    }

    /// Sends a response. Returns it if the channel is full, to be retried; drops it if the instance
    /// is gone.
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
