//! The deck: plays a song through the plugin in real time, on a thread of its own that takes orders
//! and reports its position.
//!
//! A song that is opened is first played silently at full speed, so that the plugin learns it in
//! place and transfers it from the first bar on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use third_stream_tests::host::{Audio, Played, Running, Way};
use third_stream_tests::song::HostSong;
use third_stream_tests::song::timeline::Input;

use crate::sound::Feed;
use crate::synth::Synth;

/// Block size in samples.
pub const BLOCK: usize = 512;
/// Maximum block size, used while the plugin learns a song: ten minutes. In small blocks the plugin
/// would detect an export and wait for the networks at each bar.
pub const LARGEST: u32 = 48_000 * 600;
/// Sleep of the thread while enough sound is queued.
const NAP: Duration = Duration::from_millis(2);
/// Samples of a pause with the transport stopped.
const STAND: u64 = 48_000;
/// Samples for which a parameter keeps a value, so that the plugin sees it.
const MOMENT: u64 = 64;

/// An order to the deck.
#[derive(Clone, Debug)]
pub enum Order {
    /// Open a song: forget the last one, learn this one.
    Open(Arc<HostSong>),
    /// Play from a beat to `tail` beats after the song's last note.
    Play {
        /// Start in beats.
        from: f64,
        /// Beats after the end.
        tail: f64,
    },
    /// Jump to a beat; a playing song plays on.
    Seek {
        /// Target in beats.
        to: f64,
        /// Beats after the end.
        tail: f64,
    },
    /// Stop at the present position.
    Stop,
}

/// State of the deck for other threads.
#[derive(Debug, Default)]
pub struct Shown {
    /// Position in beats, as the bits of an f64.
    beat: AtomicU64,
    playing: AtomicBool,
    /// Number of songs to be opened that are not learned yet.
    opening: AtomicUsize,
}

impl Shown {
    /// The position in beats.
    pub fn beat(&self) -> f64 {
        f64::from_bits(self.beat.load(Ordering::Relaxed))
    }

    /// True while it plays.
    pub fn is_playing(&self) -> bool {
        self.playing.load(Ordering::Relaxed)
    }

    /// True while it learns a song.
    pub fn is_opening(&self) -> bool {
        self.opening.load(Ordering::Relaxed) > 0
    }

    fn set(&self, beat: f64, playing: bool) {
        self.beat.store(beat.to_bits(), Ordering::Relaxed);
        self.playing.store(playing, Ordering::Relaxed);
    }
}

/// The song and its playback.
pub struct Deck {
    song: Arc<HostSong>,
    way: Way,
    playing: bool,
    synth: Synth,
    rate: f64,
}

impl Deck {
    /// An empty deck at this sample rate.
    pub fn new(rate: f64) -> Self {
        let song = Arc::new(HostSong::new(120.0, []));
        Self {
            way: Way::stand(&song, 0.0, STAND, Vec::new(), rate),
            song,
            playing: false,
            synth: Synth::new(rate as f32),
            rate,
        }
    }

    /// Executes an order.
    pub fn heed(&mut self, order: Order, running: &mut Running) -> Result<()> {
        let played = self.playing;
        self.end_notes(running)?;
        match order {
            Order::Open(song) => {
                self.song = song;
                // The plugin forgets when the switch goes from off to on.
                self.turn(running, "Forget", &[0.0, 1.0, 0.0])?;
                self.learn(running)?;
                self.stand(0.0);
            }
            Order::Play { from, tail } => self.play(from, tail),
            Order::Seek { to, tail } if played => self.play(to, tail),
            Order::Seek { to, .. } => self.stand(to),
            Order::Stop => {}
        }
        Ok(())
    }

    /// Fills a buffer with sound (left and right, −1..=1).
    pub fn fill(&mut self, running: &mut Running, sound: &mut [[f32; 2]]) -> Result<()> {
        let mut from = 0;
        while from < sound.len() {
            let most = (sound.len() - from) as u32;
            let (frames, left) = self.step(running, most)?;
            self.synth.fill(&mut sound[from..from + frames], &left);
            from += frames;
        }
        Ok(())
    }

    /// Plays the next block of at most `most` samples.
    pub fn step(&mut self, running: &mut Running, most: u32) -> Result<Played> {
        loop {
            if let Some(played) = running.step(&mut self.way, &self.song, most)? {
                return Ok(played);
            }
            let beat = if self.playing {
                // End of the song: back to its start.
                self.synth.damp();
                0.0
            } else {
                self.way.beat()
            };
            self.stand(beat);
        }
    }

    /// The position in beats.
    pub const fn beat(&self) -> f64 {
        self.way.beat()
    }

    /// True while the song plays.
    pub const fn is_playing(&self) -> bool {
        self.playing
    }

    fn play(&mut self, from: f64, tail: f64) {
        let beats = (end(&self.song) - from + tail).max(0.0);
        self.way = Way::play(&self.song, from, beats, self.rate);
        self.playing = true;
    }

    /// Stops at a beat.
    fn stand(&mut self, beat: f64) {
        self.playing = false;
        self.way = Way::stand(&self.song, beat, STAND, Vec::new(), self.rate);
    }

    /// Ends held notes, as a host does when the transport stops or jumps.
    fn end_notes(&mut self, running: &mut Running) -> Result<()> {
        let (beat, ends) = (self.way.beat(), self.way.ends());
        self.unheard(running, beat, ends)?;
        self.synth.damp();
        self.stand(beat);
        Ok(())
    }

    /// Sets a parameter to these values, each for [`MOMENT`] samples.
    fn turn(&self, running: &mut Running, name: &'static str, places: &[f64]) -> Result<()> {
        for place in places {
            self.unheard(running, 0.0, vec![(0, Input::Parameter(name, *place))])?;
        }
        Ok(())
    }

    /// Plays the song once, silently.
    fn learn(&mut self, running: &mut Running) -> Result<()> {
        let bar = self.song.bar_at(0.0).meter;
        let bar = f64::from(bar.0) * 4.0 / f64::from(bar.1);
        let mut way = Way::play(&self.song, 0.0, end(&self.song) + bar, self.rate);
        while running.step(&mut way, &self.song, LARGEST)?.is_some() {}
        let (beat, ends) = (way.beat(), way.ends());
        self.unheard(running, beat, ends)
    }

    /// Processes [`STAND`] samples with the transport stopped, silently.
    fn unheard(&self, running: &mut Running, beat: f64, inputs: Vec<(u64, Input)>) -> Result<()> {
        let mut way = Way::stand(&self.song, beat, MOMENT, inputs, self.rate);
        while running.step(&mut way, &self.song, LARGEST)?.is_some() {}
        Ok(())
    }
}

/// End of the song's last note, in beats.
pub fn end(song: &HostSong) -> f64 {
    let releases = song.notes.iter().map(|note| note.release);
    releases.fold(0.0, f64::max)
}

/// A deck on a thread of its own.
pub struct Working {
    orders: Sender<Order>,
    shown: Arc<Shown>,
    thread: JoinHandle<(Audio, Result<()>)>,
}

impl Working {
    /// Starts the thread and moves the plugin's audio side to it.
    pub fn start(audio: Audio, mut feed: Box<dyn Feed>) -> Result<Self> {
        let (orders, heard) = channel();
        let shown = Arc::new(Shown::default());
        let showing = Arc::clone(&shown);
        let thread = std::thread::Builder::new().name("player audio".into());
        let work = move || {
            let rate = audio.sample_rate();
            audio.run(|running| {
                let mut deck = Deck::new(rate);
                work(&mut deck, running, &heard, feed.as_mut(), &showing)
            })
        };
        Ok(Self {
            orders,
            shown,
            thread: thread.spawn(work).context("no audio thread")?,
        })
    }

    /// Sends an order; ignored if the thread has ended.
    pub fn order(&self, order: Order) {
        if matches!(order, Order::Open(_)) {
            self.shown.opening.fetch_add(1, Ordering::Relaxed);
        }
        // `end` reports that the thread has ended.
        let _ = self.orders.send(order);
    }

    /// State of the deck.
    pub fn shown(&self) -> &Shown {
        &self.shown
    }

    /// True if the thread has ended, which without [`Self::end`] means an error.
    pub fn has_ended(&self) -> bool {
        self.thread.is_finished()
    }

    /// Ends the thread; returns the plugin's audio side and the thread's result.
    pub fn end(self) -> Result<(Audio, Result<()>)> {
        drop(self.orders);
        let ended = self.thread.join();
        ended.map_err(|_| anyhow!("the audio thread panicked"))
    }
}

/// The thread's loop, until the channel of orders is closed.
fn work(
    deck: &mut Deck,
    running: &mut Running,
    orders: &Receiver<Order>,
    feed: &mut dyn Feed,
    shown: &Shown,
) -> Result<()> {
    let mut sound = [[0.0; 2]; BLOCK];
    loop {
        match orders.try_recv() {
            Ok(order) => {
                let opens = matches!(order, Order::Open(_));
                deck.heed(order, running)?;
                shown
                    .opening
                    .fetch_sub(usize::from(opens), Ordering::Relaxed);
            }
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => return Ok(()),
        }
        if feed.room() >= BLOCK {
            deck.fill(running, &mut sound)?;
            feed.push(&sound);
        } else {
            std::thread::sleep(NAP);
        }
        shown.set(deck.beat(), deck.is_playing());
    }
}
