//! The instances, and a round of them: each with a user of its own, all at the same moment.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use third_stream_tests::host::{
    Blocks, Counters, Instance, InstancePart, Library, Pace, Reader, Setup, Together,
    perform_together,
};
use third_stream_tests::recording::Recording;
use third_stream_tests::song::{HostSong, Passage, Script};

use crate::laws::{self, Hurry};
use crate::tally::Tally;
use crate::user::{Dice, fiddle, script};

/// So long the plugin waits for an answer in a bounce before it plays dry, and the host for the
/// engine before it gives up.
const LONGEST_WAIT: Duration = Duration::from_secs(20);
/// Largest number of answers that wait for an instance (`plugin::link`).
const ROOM: u64 = 16;
/// After so long without an answer the host looks who waits for what.
const LOOK: Duration = Duration::from_millis(20);
/// How often all stand still for a moment until nothing is on its way any more.
const SETTLES: usize = 50;
/// One round in so many is hurried, one session in so many a bounce, and one instance in so many is
/// replaced between two rounds.
const HURRIED: u64 = 4;
const BOUNCED: u64 = 4;
const REPLACED: u64 = 16;

/// All that play, and what they play on.
pub(crate) struct Band<'a> {
    library: &'a Library,
    reader: &'a Reader,
    threads: usize,
    tracks: Vec<Track>,
    /// Instances that were made.
    made: u64,
}

struct Track {
    instance: Instance,
    /// The plugin's number of it, from its first activation on.
    number: Option<u64>,
    /// Its counters before this round.
    before: Counters,
}

/// Actions of the simulated user in a round.
struct Session {
    script: Script,
    setup: Setup,
}

impl<'a> Band<'a> {
    /// Instances on audio threads.
    pub(crate) fn new(
        library: &'a Library,
        reader: &'a Reader,
        instances: usize,
        threads: usize,
    ) -> Result<Self> {
        let mut band = Self {
            library,
            reader,
            threads,
            tracks: Vec::new(),
            made: 0,
        };
        for _ in 0..instances {
            let track = band.track(None)?;
            band.tracks.push(track);
        }
        Ok(band)
    }

    /// A new instance, with the state that another has saved.
    fn track(&mut self, state: Option<&[u8]>) -> Result<Track> {
        let mut instance = self.library.instance()?;
        if let Some(state) = state {
            instance.restore(state)?;
        }
        Ok(Track {
            instance,
            number: None,
            before: Counters::default(),
        })
    }

    /// Some minutes of all.
    pub(crate) fn round(&mut self, dice: &mut Dice, tally: &mut Tally) -> Result<()> {
        for index in 0..self.tracks.len() {
            if dice.draw(REPLACED) == 0 {
                self.replace(index, dice)?;
                tally.replaced += 1;
            }
            fiddle(&mut self.tracks[index].instance, dice)?;
        }
        let hurries = dice.draw(HURRIED) == 0;
        let seconds = 20.0 + dice.draw(40) as f64;
        let sessions: Vec<_> = (0..self.tracks.len())
            .map(|_| session(dice, seconds))
            .collect();
        self.number();
        let played = self.play(&sessions, hurries)?;
        for (index, (session, recording)) in sessions.iter().zip(&played.recordings).enumerate() {
            look_at(session, recording, tally).with_context(|| format!("instance {index}"))?;
        }
        (tally.moments, tally.blocks) =
            (tally.moments + played.rounds, tally.blocks + played.blocks);
        drop(played);
        if hurries {
            tally.hurried += 1;
            self.leave(&sessions, dice, tally)?;
        }
        self.settle(&sessions)?;
        self.judge(&sessions, hurries, tally)?;
        tally.rounds += 1;
        Ok(())
    }

    /// All are gone; what the plugin has counted.
    pub(crate) fn end(mut self) -> Result<Counters> {
        self.tracks.clear();
        // Those that are gone are summed up once the engine has let go of them.
        let start = Instant::now();
        let mut sum = self.reader.sum();
        while sum.open() + sum.untaken() > 0 && start.elapsed() < LONGEST_WAIT {
            std::thread::sleep(Duration::from_millis(1));
            sum = self.reader.sum();
        }
        laws::of_all(&sum, self.made)?;
        Ok(sum)
    }

    /// One goes and another comes in its place: a new one, or a copy of what was there.
    fn replace(&mut self, index: usize, dice: &mut Dice) -> Result<()> {
        let copied = dice.draw(2) == 0;
        let state = self.tracks[index].instance.save()?;
        // The old one first: with a single instance the engine goes with it.
        drop(self.tracks.remove(index));
        let track = self.track(copied.then_some(&state))?;
        self.tracks.insert(index, track);
        Ok(())
    }

    /// Those that are to be activated for the first time get their numbers, in that order.
    fn number(&mut self) {
        for track in &mut self.tracks {
            if let Some(number) = track.number {
                track.before = self.reader.of(number);
            } else {
                track.number = Some(self.made);
                self.made += 1;
            }
        }
    }

    /// All play at the same moment. Unless the host hurries, it waits between two blocks until the
    /// engine has answered all that was asked.
    fn play(&mut self, sessions: &[Session], hurries: bool) -> Result<Together> {
        let reader = self.reader;
        let numbers: Vec<u64> = self
            .tracks
            .iter()
            .filter_map(|track| track.number)
            .collect();
        let parts = self.tracks.iter_mut().zip(sessions);
        let mut parts: Vec<_> = parts
            .map(|(track, session)| InstancePart {
                instance: &mut track.instance,
                script: &session.script,
                setup: &session.setup,
            })
            .collect();
        perform_together(&mut parts, self.threads, || {
            if hurries {
                Ok(())
            } else {
                wait(reader, &numbers)
            }
        })
    }

    /// One goes while it waits for answers, as after a hurry most do; another comes.
    fn leave(&mut self, sessions: &[Session], dice: &mut Dice, tally: &mut Tally) -> Result<()> {
        let index = dice.draw(self.tracks.len() as u64) as usize;
        let track = &self.tracks[index];
        let now = self.reader.of(track.number.unwrap_or(u64::MAX));
        let hurried = sessions[index].setup.pace != Pace::Offline;
        tally.late[usize::from(!hurried)] += now.late - track.before.late;
        tally.with_work_pending += u64::from(now.open() + now.untaken() > 0);
        tally.replaced += 1;
        self.replace(index, dice)?;
        self.tracks[index].number = Some(self.made);
        self.made += 1;
        Ok(())
    }

    /// All stand still until every question is answered and every answer taken in.
    fn settle(&mut self, sessions: &[Session]) -> Result<()> {
        let still: Vec<_> = sessions
            .iter()
            .map(|session| Session {
                script: Script::new(HostSong::new(120.0, []), [Passage::Stop { seconds: 0.05 }]),
                setup: Setup {
                    blocks: Blocks::Fixed(256),
                    ..session.setup.clone()
                },
            })
            .collect();
        for _ in 0..SETTLES {
            let played = self.play(&still, false)?;
            for recording in &played.recordings {
                recording.pair_up().map_err(|broken| anyhow!(broken))?;
            }
            let sum = self.reader.sum();
            if sum.open() == 0 && sum.untaken() == 0 {
                return Ok(());
            }
        }
        let sum = self.reader.sum();
        Err(anyhow!(
            "standing still, {} questions have no answer and {} answers are not taken in",
            sum.open(),
            sum.untaken()
        ))
    }

    /// The laws of the counters.
    fn judge(&mut self, sessions: &[Session], hurries: bool, tally: &mut Tally) -> Result<()> {
        for (index, (track, session)) in self.tracks.iter().zip(sessions).enumerate() {
            let now = self.reader.of(track.number.unwrap_or(u64::MAX));
            let hurried = hurries && session.setup.pace != Pace::Offline;
            let hurry = if hurried {
                Hurry::Injected
            } else {
                Hurry::None
            };
            tally.late[usize::from(!hurried)] += now.late - track.before.late;
            laws::of_instance(&track.before, &now, hurry).with_context(|| {
                format!(
                    "instance {index}, {:?}, {}",
                    session.setup.pace,
                    if hurries { "hurried" } else { "not hurried" }
                )
            })?;
        }
        let sum = self.reader.sum();
        laws::of_all(&sum, self.made)?;
        let [injected, otherwise] = tally.late;
        ensure!(
            otherwise == 0 && sum.late == injected,
            "{} bars were late in all, {injected} where the host hurried and {otherwise} elsewhere",
            sum.late
        );
        Ok(())
    }
}

/// The simulated user's script, at least this many seconds long.
fn session(dice: &mut Dice, seconds: f64) -> Session {
    let setup = Setup {
        blocks: Blocks::random(dice.draw(1 << 30), 2048),
        pace: if dice.draw(BOUNCED) == 0 {
            Pace::Offline
        } else {
            Pace::Rushed
        },
        ..Setup::default()
    };
    Session {
        script: script(dice, seconds),
        setup,
    }
}

/// The output of an instance in a round.
fn look_at(session: &Session, recording: &Recording, tally: &mut Tally) -> Result<()> {
    let notes = recording.pair_up().map_err(|broken| anyhow!(broken))?;
    ensure!(
        recording.longest_call < LONGEST_WAIT,
        "the plugin waited {:?} for an answer: it was late",
        recording.longest_call
    );
    tally.notes += notes.len() as u64;
    tally.song += recording.timeline.frames() as f64 / session.setup.sample_rate;
    tally.sessions += 1;
    tally.bounces += u64::from(session.setup.pace == Pace::Offline);
    Ok(())
}

/// Waits until the engine has answered all that was asked. It cannot answer an instance that has
/// as many answers to take in as there is room for: that one has to play on.
fn wait(reader: &Reader, numbers: &[u64]) -> Result<()> {
    let start = Instant::now();
    while reader.sum().open() > 0 {
        if start.elapsed() > LOOK {
            let all = numbers.iter().map(|number| (number, reader.of(*number)));
            let mut waiting = all.filter(|(_, of)| of.open() > 0 && of.untaken() < ROOM);
            let Some((number, of)) = waiting.next() else {
                return Ok(());
            };
            ensure!(
                start.elapsed() < LONGEST_WAIT,
                "the engine has not answered instance number {number} for {LONGEST_WAIT:?}: {of:?}"
            );
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    Ok(())
}
