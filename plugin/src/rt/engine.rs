//! One instance's core: routes what enters to the way of playing that is chosen, or straight out.

use std::sync::Arc;

use third_stream_model::perform::Emission;

use super::display::{Display, News};
use super::exit::Exit;
use super::in_place::{Block, InPlace};
use super::live::Live;
use super::outbox::Outbox;
use super::snapshot::{Snapshot, State};
use super::straight::Straight;
use super::{Body, Event, Mode, Note, Port, Settings, Transport};
use crate::link::AudioEnd;
use crate::memory::{Memory, Post};

/// The real-time core of one instance of the plugin.
#[derive(Debug)]
pub struct Engine {
    link: AudioEnd,
    display: Display,
    live: Live,
    in_place: InPlace,
    straight: Straight,
    outbox: Outbox,
    /// Tick (sample since the core was made) at which the next block starts.
    now: i64,
    /// How the song is played, while it plays.
    playing: Option<Way>,
    /// Whose answers come over the link.
    mode: Mode,
    /// Whether it was asked to forget in the last block.
    forgets: Option<bool>,
    reset: bool,
    /// How the song goes on without anything to do, if it does.
    quiet: Option<Quiet>,
    dropped: u32,
}

/// A way of playing with what cannot change while the song plays.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    /// With so many bars of delay.
    Live(u8),
    InPlace,
}

/// Up to when nothing is due while the song runs on as it did.
#[derive(Clone, Copy, Debug)]
struct Quiet {
    /// As the host said it, but for the position.
    transport: Transport,
    settings: Settings,
    /// The tick at which something is due.
    until: i64,
}

impl Way {
    const fn of(settings: &Settings) -> Self {
        match settings.mode {
            Mode::Live => Self::Live(settings.delay_bars),
            Mode::InPlace => Self::InPlace,
        }
    }
}

impl Engine {
    /// A core that asks over `link`, shows itself in `snapshot`, plays in place from `memory` and
    /// exchanges memories over `post`. Allocates all that it will ever use: some MiB on the heap,
    /// and 150 KiB of its own, so better kept in a box.
    pub(crate) fn new(link: AudioEnd, snapshot: Arc<Snapshot>, memory: Memory, post: Post) -> Self {
        Self {
            link,
            display: Display::new(snapshot),
            live: Live::new(),
            in_place: InPlace::new(memory, post),
            straight: Straight::new(),
            outbox: Outbox::new(),
            now: 0,
            playing: None,
            mode: Mode::Live,
            forgets: None,
            reset: false,
            quiet: None,
            dropped: 0,
        }
    }

    /// From now on In place plays what it remembers and learns nothing.
    pub(crate) const fn deafen(&mut self) {
        self.in_place.deafen();
    }

    /// Forgets what was heard live. What sounds gets its note-offs at the start of the next
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

    /// A block with something to do, in which `first` enters first. Not in line, so that a block
    /// without makes no room for all this.
    #[inline(never)]
    fn work(
        &mut self,
        frames: u32,
        (transport, settings): (&Transport, &Settings),
        first: Option<Event>,
        port: &mut impl Port,
    ) {
        let (transport, settings) = (&transport.sane(), &settings.sane());
        self.outbox.resend(port);
        self.change(transport, settings, port);
        match settings.mode {
            Mode::Live => self.live.receive(&self.link),
            Mode::InPlace => self.in_place.attend(frames, settings, &self.link),
        }
        if self.playing.is_some() {
            self.play(frames, (transport, settings), first, port);
        } else {
            let mut next = first;
            while let Some(event) = next {
                self.pass(in_block(event, frames), port);
                next = port.next();
            }
        }
        self.in_place.file();
        self.pass_over(frames);
        self.show(transport, settings);
    }

    fn pass_over(&mut self, frames: u32) {
        self.now += i64::from(frames);
        self.display.pass(frames);
    }

    /// Whether a block of `frames` samples in which nothing enters has nothing to do: most have.
    fn is_quiet(&mut self, frames: u32, transport: &Transport, settings: &Settings) -> bool {
        let Some(quiet) = &self.quiet else {
            return false;
        };
        self.now + i64::from(frames) <= quiet.until
            && transport.is_as(&quiet.transport)
            && *settings == quiet.settings
            && !self.link.has_mail()
            && !self.in_place.is_handed_a_memory()
            && match settings.mode {
                Mode::Live => self.live.runs_on(self.now, transport.position),
                Mode::InPlace => self.in_place.runs_on(self.now, transport.position),
            }
    }

    /// How the song goes on after a block of which the host said `transport` and `settings`.
    fn quiet_from(&self, transport: &Transport, settings: &Settings) -> Option<Quiet> {
        let clear = self.playing.is_some() && self.outbox.is_empty() && self.in_place.is_filed();
        let until = match settings.mode {
            _ if !clear => None,
            Mode::Live => self.live.quiet_until(settings),
            Mode::InPlace => self.in_place.quiet_until(settings),
        };
        until.map(|until| Quiet {
            transport: *transport,
            settings: *settings,
            until,
        })
    }

    /// Follows what has changed since the last block, apart from where the song is.
    fn change(&mut self, transport: &Transport, settings: &Settings, port: &mut impl Port) {
        let plays = (transport.playing && !settings.bypass).then_some(Way::of(settings));
        let forget = settings.forget && self.forgets == Some(false);
        self.forgets = Some(settings.forget);
        let other_memory = forget || self.in_place.is_handed_a_memory();
        let in_place = self.playing == Some(Way::InPlace);
        let other_way = self.playing.is_some() && self.playing != plays;
        if self.reset || other_way || in_place && other_memory {
            self.silence(port);
        }
        if forget {
            self.in_place.forget();
        }
        // What a project brings comes after what was to be forgotten.
        if other_memory {
            self.in_place.take_up();
        }
        let other_mode = std::mem::replace(&mut self.mode, settings.mode) != settings.mode;
        match settings.mode {
            Mode::Live if other_mode => self.live.renew(&self.link),
            Mode::InPlace if other_mode || other_memory => self.in_place.renew(&self.link),
            _ => {}
        }
        if self.playing.is_none() && plays.is_some() {
            self.live.count_anew();
            self.in_place.count_anew();
        }
        self.playing = plays;
    }

    /// The song plays: events go through the way of playing, note-offs of straight notes do not.
    fn play(
        &mut self,
        frames: u32,
        (transport, settings): (&Transport, &Settings),
        first: Option<Event>,
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
            let straight = match event.body {
                Body::Off(off) => self.straight.release(off),
                _ => None,
            };
            match (straight, event.body, settings.mode) {
                (Some(on), Body::Off(off), _) => self.off(event.sample, on, off, port),
                (_, body, Mode::Live) => {
                    let kept = self.live.hear(until, body);
                    self.dropped = self.dropped.saturating_add(u32::from(!kept));
                }
                (_, body, Mode::InPlace) => self.hear_in_place(until, event.sample, body, port),
            }
            next = port.next();
        }
    }

    /// The way of playing follows the song to this block.
    fn begin(&mut self, transport: &Transport, settings: &Settings, port: &mut impl Port) {
        match settings.mode {
            Mode::Live => {
                let jumped = self.live.begin(self.now, transport, settings, &self.link);
                if jumped {
                    self.flush_live(port);
                    self.live.start(self.now, transport, settings);
                }
            }
            Mode::InPlace => {
                let mut exit = exit(&mut self.outbox, &mut self.dropped, self.now, 0, port);
                let block = Block {
                    transport,
                    settings,
                    link: &self.link,
                };
                self.in_place
                    .begin(self.now, block, &mut |emission| exit.emit(&emission));
            }
        }
    }

    /// Lets the way of playing play up to tick `until`, before which the block ends or at which an
    /// event enters.
    fn advance(
        &mut self,
        until: i64,
        enters: bool,
        frames: u32,
        (transport, settings): (&Transport, &Settings),
        port: &mut impl Port,
    ) {
        let last = frames.saturating_sub(1);
        let straight = &self.straight;
        let mut exit = exit(&mut self.outbox, &mut self.dropped, self.now, last, port);
        let mut emit = |emission: Emission| {
            let added = emission.added_near.is_some();
            let clashes = matches!(emission.body, Body::On(note) if straight.sounds(note));
            !(added && clashes) && exit.emit(&emission)
        };
        match settings.mode {
            Mode::Live => {
                self.live
                    .advance((until, enters), transport, settings, &self.link, &mut emit);
            }
            Mode::InPlace => {
                let block = Block {
                    transport,
                    settings,
                    link: &self.link,
                };
                self.in_place.advance(until, enters, block, &mut emit);
            }
        }
    }

    /// In place: what is remembered is played from memory, all else passes at once.
    fn hear_in_place(&mut self, at: i64, sample: u32, body: Body, port: &mut impl Port) {
        match body {
            Body::On(note) => {
                if self.in_place.note_on(at, note) {
                    return;
                }
                let held = self.in_place.pass(note);
                let left = held && self.outbox.send(port, Event { sample, body });
                if held && !left {
                    self.in_place.unpass(note);
                }
                self.dropped = self.dropped.saturating_add(u32::from(!left));
            }
            Body::Off(off) => {
                if let Some(on) = self.in_place.note_off(at, off) {
                    self.off(sample, on, off, port);
                }
            }
            Body::Message(message) => {
                let body = Body::Message(self.in_place.message(at, message));
                let left = self.outbox.send(port, Event { sample, body });
                self.dropped = self.dropped.saturating_add(u32::from(!left));
            }
        }
    }

    /// Both ways of playing know which channels are drums, whichever plays.
    fn choose(&mut self, body: Body) {
        if let Body::Message(message) = body {
            self.live.choose(message);
            self.in_place.choose(message);
        }
    }

    /// Passes an event straight through.
    fn pass(&mut self, event: Event, port: &mut impl Port) {
        self.choose(event.body);
        let kept = match event.body {
            Body::On(note) => {
                let held = self.straight.hold(note);
                let left = held && self.outbox.send(port, event);
                if held && !left {
                    self.straight.release(note);
                }
                left
            }
            Body::Off(off) => {
                if let Some(on) = self.straight.release(off) {
                    self.off(event.sample, on, off, port);
                }
                true // or its note has been ended already
            }
            Body::Message(_) => self.outbox.send(port, event),
        };
        self.dropped = self.dropped.saturating_add(u32::from(!kept));
    }

    /// The note-off `off` of the note `on` that passed straight through.
    fn off(&mut self, sample: u32, on: Note, off: Note, port: &mut impl Port) {
        let body = Body::Off(Note {
            velocity: off.velocity,
            ..on
        });
        self.outbox.send(port, Event { sample, body });
    }

    /// Ends what sounds, at the start of a block.
    fn silence(&mut self, port: &mut impl Port) {
        match self.playing {
            Some(Way::Live(_)) => {
                self.flush_live(port);
                self.live.stop();
            }
            Some(Way::InPlace) => {
                let mut exit = exit(&mut self.outbox, &mut self.dropped, self.now, 0, port);
                self.in_place
                    .stop(self.now, &self.link, &mut |emission| exit.emit(&emission));
            }
            None => {}
        }
        if std::mem::take(&mut self.reset) {
            while let Some(on) = self.straight.take() {
                let off = Note {
                    velocity: 0.0,
                    ..on
                };
                self.off(0, on, off, port);
            }
        }
    }

    fn flush_live(&mut self, port: &mut impl Port) {
        let mut exit = exit(&mut self.outbox, &mut self.dropped, self.now, 0, port);
        self.live
            .flush(self.now, &self.link, &mut |emission| exit.emit(&emission));
    }

    /// Shows where the song is now.
    #[inline(never)]
    fn show(&mut self, transport: &Transport, settings: &Settings) {
        let news = News {
            state: match self.playing {
                None if settings.bypass => State::Bypassed,
                None => State::Stopped,
                Some(_) => State::Playing,
            },
            late: self.live.late().saturating_add(self.in_place.late()),
            dropped: self.dropped,
            learned: self.in_place.learned(),
            waiting: self.in_place.waiting(),
        };
        let playing = self.playing.is_some();
        let Some(drawn) = self.display.wants(news, playing, transport.sample_rate) else {
            return;
        };
        let mut view = news.view();
        match self.playing.filter(|_| drawn) {
            Some(Way::Live(_)) => self.live.view(self.now, settings, &mut view),
            Some(Way::InPlace) => self.in_place.view(self.now, settings, &mut view),
            None => {}
        }
        self.display.publish(&view);
    }
}

/// The way out of a block that starts at tick `now` and has `last` as its last sample.
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

/// The event with its sample inside the block.
fn in_block(event: Event, frames: u32) -> Event {
    let sample = event.sample.min(frames.saturating_sub(1));
    Event { sample, ..event }
}
