//! The core of one instance: routes input to the way of playing in use, or straight to the output.

use std::sync::Arc;

use third_stream_model::perform::Emission;

use super::display::Display;
use super::exit::Exit;
use super::in_place::InPlace;
use super::live::Live;
use super::mode::{Block, ModePlayer};
use super::outbox::Outbox;
use super::passthrough::Passthrough;
use super::snapshot::{News, PlayState, Snapshot};
use super::{BlockEvent, Body, Note, PlayMode, Port, Settings, Transport};
use crate::link::AudioEnd;
use crate::memory::{Memory, Post};

/// The real-time core of one plugin instance. A host may process on changing threads, but on one at
/// a time.
///
/// ```
/// fn moves<T: Send>() {}
/// moves::<third_stream::rt::AudioCore>();
/// ```
///
/// ```compile_fail,E0277
/// fn is_shared<T: Sync>() {}
/// is_shared::<third_stream::rt::AudioCore>();
/// ```
#[derive(Debug)]
pub struct AudioCore {
    link: AudioEnd,
    display: Display,
    modes: Modes,
    passthrough: Passthrough,
    outbox: Outbox,
    /// Tick (samples since the core was created) at which the next block starts.
    now: i64,
    /// How the song is played, while it plays.
    playing: Option<Way>,
    /// The way of playing that receives the answers on the link.
    mode: PlayMode,
    /// The forget parameter in the last block.
    forgets: Option<bool>,
    reset: bool,
    /// The fast path for the next blocks, if there is one.
    quiet: Option<Quiet>,
    dropped: u32,
}

/// Both ways of playing.
#[derive(Debug)]
struct Modes {
    live: Live,
    in_place: InPlace,
}

impl Modes {
    /// The way of playing in use.
    fn get(&self, mode: PlayMode) -> &dyn ModePlayer {
        match mode {
            PlayMode::Live => &self.live,
            PlayMode::InPlace => &self.in_place,
        }
    }

    /// The way of playing in use.
    fn get_mut(&mut self, mode: PlayMode) -> &mut dyn ModePlayer {
        match mode {
            PlayMode::Live => &mut self.live,
            PlayMode::InPlace => &mut self.in_place,
        }
    }

    /// Both, to inform them.
    fn both(&mut self) -> [&mut dyn ModePlayer; 2] {
        [&mut self.live, &mut self.in_place]
    }
}

/// A way of playing, with what is constant while the song plays.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    /// With its delay in bars.
    Live(u8),
    InPlace,
}

/// Fast path: blocks that end before `until` need no work if transport and settings are unchanged.
#[derive(Clone, Copy, Debug)]
struct Quiet {
    /// The transport; its position is not compared.
    transport: Transport,
    settings: Settings,
    /// Tick of the next event.
    until: i64,
}

impl Way {
    const fn of(settings: &Settings) -> Self {
        match settings.mode {
            PlayMode::Live => Self::Live(settings.delay_bars),
            PlayMode::InPlace => Self::InPlace,
        }
    }

    const fn mode(self) -> PlayMode {
        match self {
            Self::Live(_) => PlayMode::Live,
            Self::InPlace => PlayMode::InPlace,
        }
    }
}

impl AudioCore {
    /// A core that asks over `link`, publishes to `snapshot`, plays in place from `memory` and
    /// swaps memories over `post`. Allocates everything it will ever use: some MiB on the heap and
    /// 150 KiB of its own, so keep it in a box.
    pub(crate) fn new(link: AudioEnd, snapshot: Arc<Snapshot>, memory: Memory, post: Post) -> Self {
        Self {
            link,
            display: Display::new(snapshot),
            modes: Modes {
                live: Live::new(),
                in_place: InPlace::new(memory, post),
            },
            passthrough: Passthrough::new(),
            outbox: Outbox::new(),
            now: 0,
            playing: None,
            mode: PlayMode::Live,
            forgets: None,
            reset: false,
            quiet: None,
            dropped: 0,
        }
    }

    /// Makes In place play its memory and learn nothing.
    pub(crate) const fn stop_learning(&mut self) {
        self.modes.in_place.stop_learning();
    }

    /// Forgets what Live has heard. Sounding notes get their note-offs at the start of the next
    /// block. For the host's reset and (de)activation; audio thread, or main thread while not
    /// processing.
    pub const fn reset(&mut self) {
        self.reset = true;
        self.quiet = None;
    }

    /// Processes one block of `frames` samples. Audio thread.
    pub fn process(
        &mut self,
        frames: u32,
        transport: &Transport,
        settings: &Settings,
        port: &mut impl Port,
    ) {
        let first = port.next();
        if first.is_none() && self.is_quiet(frames, transport, settings) {
            self.pass_over(frames);
            if self.display.is_due(transport.sample_rate) {
                self.show(&transport.sane(), &settings.sane());
            }
            return;
        }
        self.work(frames, (transport, settings), first, port);
        self.quiet = self.quiet_from(transport, settings);
    }

    /// Processes a block that needs work, with `first` as its first input. Not inlined, so that
    /// other blocks reserve no stack for it.
    #[inline(never)]
    fn work(
        &mut self,
        frames: u32,
        (transport, settings): (&Transport, &Settings),
        first: Option<BlockEvent>,
        port: &mut impl Port,
    ) {
        let (transport, settings) = (&transport.sane(), &settings.sane());
        self.outbox.resend(port);
        self.change(transport, settings, port);
        let mode = self.modes.get_mut(settings.mode);
        mode.attend(frames, settings, &self.link);
        if self.playing.is_some() {
            self.play(frames, (transport, settings), first, port);
        } else {
            let mut next = first;
            while let Some(event) = next {
                self.pass(in_block(event, frames), port);
                next = port.next();
            }
        }
        self.modes.in_place.file();
        self.pass_over(frames);
        self.show(transport, settings);
    }

    fn pass_over(&mut self, frames: u32) {
        self.now += i64::from(frames);
        self.display.pass(frames);
    }

    /// True if a block of `frames` samples without input needs no work, as most.
    fn is_quiet(&mut self, frames: u32, transport: &Transport, settings: &Settings) -> bool {
        let Some(quiet) = &self.quiet else {
            return false;
        };
        self.now + i64::from(frames) <= quiet.until
            && transport.is_as(&quiet.transport)
            && *settings == quiet.settings
            && !self.link.has_mail()
            && !self.modes.in_place.is_handed_a_memory()
            && self
                .modes
                .get_mut(settings.mode)
                .runs_on(self.now, transport.position)
    }

    /// The fast path after a block with this transport and settings.
    fn quiet_from(&self, transport: &Transport, settings: &Settings) -> Option<Quiet> {
        let clear =
            self.playing.is_some() && self.outbox.is_empty() && self.modes.in_place.is_filed();
        let mode = clear.then(|| self.modes.get(settings.mode))?;
        Some(Quiet {
            transport: *transport,
            settings: *settings,
            until: mode.quiet_until(settings)?,
        })
    }

    /// Applies changes since the last block, except of the song's position.
    fn change(&mut self, transport: &Transport, settings: &Settings, port: &mut impl Port) {
        let plays = (transport.playing && !settings.bypass).then_some(Way::of(settings));
        let forget = settings.forget && self.forgets == Some(false);
        self.forgets = Some(settings.forget);
        let other_memory = forget || self.modes.in_place.is_handed_a_memory();
        let in_place = self.playing == Some(Way::InPlace);
        let other_way = self.playing.is_some() && self.playing != plays;
        if self.reset || other_way || in_place && other_memory {
            self.silence(port);
        }
        if forget {
            self.modes.in_place.forget();
        }
        // A loaded memory is taken up after a pending forget.
        if other_memory {
            self.modes.in_place.take_up();
        }
        let other_mode = std::mem::replace(&mut self.mode, settings.mode) != settings.mode;
        if other_mode || settings.mode == PlayMode::InPlace && other_memory {
            self.modes.get_mut(settings.mode).renew(&self.link);
        }
        if self.playing.is_none() && plays.is_some() {
            for mode in self.modes.both() {
                mode.count_anew();
            }
        }
        self.playing = plays;
    }

    /// While the song plays: events go to the way of playing, except note-offs of notes passed
    /// through.
    fn play(
        &mut self,
        frames: u32,
        (transport, settings): (&Transport, &Settings),
        first: Option<BlockEvent>,
        port: &mut impl Port,
    ) {
        let end = self.now + i64::from(frames);
        self.begin(transport, settings, port);
        let mut next = first;
        loop {
            let event = next.map(|event| in_block(event, frames));
            let until = event.map_or(end, |event| self.now + i64::from(event.sample));
            self.advance(until, event.is_some(), frames, (transport, settings), port);
            let Some(event) = event else {
                return;
            };
            self.choose(event.body);
            let passed = match event.body {
                Body::Off(off) => self.passthrough.release(off).map(|on| (on, off)),
                _ => None,
            };
            if let Some((on, off)) = passed {
                self.off(event.sample, on, off, port);
            } else {
                let outbox = &mut self.outbox;
                let mut leave = |body| {
                    let sample = event.sample;
                    outbox.send(port, BlockEvent { sample, body })
                };
                let mode = self.modes.get_mut(settings.mode);
                let kept = mode.hear(until, event.body, &mut leave);
                self.dropped = self.dropped.saturating_add(u32::from(!kept));
            }
            next = port.next();
        }
    }

    /// Lets the way of playing follow the song to this block.
    fn begin(&mut self, transport: &Transport, settings: &Settings, port: &mut impl Port) {
        let mut exit = exit(&mut self.outbox, &mut self.dropped, self.now, 0, port);
        let block = Block {
            transport,
            settings,
            link: &self.link,
        };
        let mode = self.modes.get_mut(settings.mode);
        mode.begin(self.now, block, &mut |emission| exit.emit(&emission));
    }

    /// Lets the way of playing play up to tick `until`: the block's end, or an input event.
    fn advance(
        &mut self,
        until: i64,
        enters: bool,
        frames: u32,
        (transport, settings): (&Transport, &Settings),
        port: &mut impl Port,
    ) {
        let last = frames.saturating_sub(1);
        let passthrough = &self.passthrough;
        let mut exit = exit(&mut self.outbox, &mut self.dropped, self.now, last, port);
        let mut emit = |emission: Emission| {
            let added = emission.added_near.is_some();
            let clashes = matches!(emission.body, Body::On(note) if passthrough.sounds(note));
            !(added && clashes) && exit.emit(&emission)
        };
        let block = Block {
            transport,
            settings,
            link: &self.link,
        };
        let mode = self.modes.get_mut(settings.mode);
        mode.advance(until, enters, block, &mut emit);
    }

    /// Informs both ways of playing, in use or not, of a channel's drums.
    fn choose(&mut self, body: Body) {
        if let Body::Message(message) = body {
            for mode in self.modes.both() {
                mode.choose(message);
            }
        }
    }

    /// Passes an event through.
    fn pass(&mut self, event: BlockEvent, port: &mut impl Port) {
        self.choose(event.body);
        let kept = match event.body {
            Body::On(note) => {
                let held = self.passthrough.hold(note);
                let left = held && self.outbox.send(port, event);
                if held && !left {
                    self.passthrough.release(note);
                }
                left
            }
            Body::Off(off) => {
                if let Some(on) = self.passthrough.release(off) {
                    self.off(event.sample, on, off, port);
                }
                true // or its note has been ended already
            }
            Body::Message(_) => self.outbox.send(port, event),
        };
        self.dropped = self.dropped.saturating_add(u32::from(!kept));
    }

    /// Sends the note-off `off` of the note `on` that was passed through.
    fn off(&mut self, sample: u32, on: Note, off: Note, port: &mut impl Port) {
        let body = Body::Off(Note {
            velocity: off.velocity,
            ..on
        });
        self.outbox.send(port, BlockEvent { sample, body });
    }

    /// Ends all sounding notes, at the start of a block.
    fn silence(&mut self, port: &mut impl Port) {
        if let Some(way) = self.playing {
            let mut exit = exit(&mut self.outbox, &mut self.dropped, self.now, 0, port);
            let mode = self.modes.get_mut(way.mode());
            mode.stop(self.now, &self.link, &mut |emission| exit.emit(&emission));
        }
        if std::mem::take(&mut self.reset) {
            while let Some(on) = self.passthrough.take() {
                let off = Note {
                    velocity: 0.0,
                    ..on
                };
                self.off(0, on, off, port);
            }
        }
    }

    /// Publishes the snapshot.
    #[inline(never)]
    fn show(&mut self, transport: &Transport, settings: &Settings) {
        let news = News {
            state: match self.playing {
                None if settings.bypass => PlayState::Bypassed,
                None => PlayState::Stopped,
                Some(_) => PlayState::Playing,
            },
            late: self
                .modes
                .get(PlayMode::Live)
                .late()
                .saturating_add(self.modes.get(PlayMode::InPlace).late()),
            dropped: self.dropped,
            learned: self.modes.in_place.learned(),
            waiting: self.modes.in_place.waiting(),
        };
        let playing = self.playing.is_some();
        let Some(drawn) = self.display.wants(news, playing, transport.sample_rate) else {
            return;
        };
        match self.playing.filter(|_| drawn) {
            Some(way) => self.draw(way, &news, settings),
            None => self.display.publish_news(&news),
        }
    }

    /// Publishes the snapshot with its rolls. Not inlined: few blocks need their stack.
    #[inline(never)]
    fn draw(&mut self, way: Way, news: &News, settings: &Settings) {
        let mut view = news.view();
        let mode = self.modes.get(way.mode());
        mode.view(self.now, settings, &mut view);
        self.display.publish(&view);
    }
}

/// The output of a block that starts at tick `now` and ends with sample `last`.
const fn exit<'a, P: Port>(
    outbox: &'a mut Outbox,
    dropped: &'a mut u32,
    now: i64,
    last: u32,
    port: &'a mut P,
) -> Exit<'a, P> {
    Exit {
        port,
        outbox,
        dropped,
        now,
        last,
    }
}

/// The event, with its sample clamped to the block.
fn in_block(event: BlockEvent, frames: u32) -> BlockEvent {
    let sample = event.sample.min(frames.saturating_sub(1));
    BlockEvent { sample, ..event }
}
