//! End-to-end tests of the player with the built plugin: the deck in the window, and the terminal
//! without a display.
//!
//! `cargo xtask check` builds the plugin and passes its path. Without the path these tests do
//! nothing.

#![expect(
    clippy::unwrap_used,
    reason = "what a test builds on is a test's own failure"
)]

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use third_stream_player::deck::{Deck, LARGEST, Order, end};
use third_stream_tests::clip;
use third_stream_tests::host::{
    Blocks, Instance, Pace, Running, Setup, load_plugin_under_test, plugin_under_test,
    wait_for_engine,
};
use third_stream_tests::recording::Output;
use third_stream_tests::song::{ClipNote, HostSong, Passage, Script};

/// A key and the tick of its note-on, 48 ticks per beat.
type Struck = (u8, i64);

const TAIL: f64 = 2.0;

fn struck(key: u8, beat: f64) -> Struck {
    (key, (beat * 48.0).round() as i64)
}

/// Locks out other tests in this process that load the plugin; `None` without its path.
fn alone() -> Option<MutexGuard<'static, ()>> {
    static ALONE: Mutex<()> = Mutex::new(());
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    plugin_under_test().map(|_| alone)
}

/// An instance in mode In place with the knob at `knob`, −1..=1.
fn in_place(knob: f64) -> Instance {
    let mut instance = load_plugin_under_test().unwrap().instance().unwrap();
    instance.set("Mode", 1.0).unwrap();
    instance.set("Genre", f64::midpoint(knob, 1.0)).unwrap();
    instance
}

/// The clip without its drums, which the plugin leaves as they are.
fn song() -> HostSong {
    let mut song = clip::song();
    song.notes.retain(|note| note.channel != 9);
    song
}

/// Runs `work` on a deck on an audio thread, as in the player.
fn on_deck<T: Send>(
    instance: &mut Instance,
    work: impl FnOnce(&mut Deck, &mut Running) -> T + Send,
) -> T {
    let setup = Setup {
        blocks: Blocks::Fixed(LARGEST),
        pace: Pace::Clock,
        ..Setup::default()
    };
    let audio = instance.lend(&setup).unwrap();
    let (audio, done) = std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let rate = audio.sample_rate();
            audio.run(|running| Ok(work(&mut Deck::new(rate), running)))
        });
        while !thread.is_finished() {
            instance.idle();
            std::thread::sleep(Duration::from_millis(1));
        }
        thread.join().unwrap()
    });
    instance.take_back(audio);
    done.unwrap()
}

/// Opens a song and waits until all of it is answered.
fn open(deck: &mut Deck, running: &mut Running, song: &HostSong) {
    let song = Arc::new(song.clone());
    deck.heed(Order::Open(song), running).unwrap();
    for _ in 0..40 {
        let (_, left) = deck.step(running, 512).unwrap();
        assert!(left.is_empty(), "standing, the deck sounds: {left:?}");
        wait_for_engine(Duration::from_secs(10));
    }
}

/// The note-ons from a beat to the end.
fn play(deck: &mut Deck, running: &mut Running, from: f64) -> Vec<Struck> {
    let order = Order::Play { from, tail: TAIL };
    deck.heed(order, running).unwrap();
    let mut notes = Vec::new();
    let mut sounding = 0;
    while deck.is_playing() {
        let before = deck.beat();
        let (frames, left) = deck.step(running, 512).unwrap();
        let span = deck.beat() - before;
        for (at, output) in left {
            match output {
                Output::On { key, .. } => {
                    notes.push(struck(key, before + span * at as f64 / frames as f64));
                    sounding += 1;
                }
                Output::Off { .. } => sounding -= 1,
                _ => {}
            }
        }
    }
    assert_eq!(sounding, 0, "notes hang");
    notes.sort_unstable();
    notes
}

fn source(song: &HostSong, from: f64) -> Vec<Struck> {
    let notes = song.notes.iter().filter(|note| note.onset >= from - 1e-9);
    let mut notes: Vec<Struck> = notes.map(|note| struck(note.key, note.onset)).collect();
    notes.sort_unstable();
    notes
}

#[test]
fn a_deck_in_the_middle_plays_the_song_from_anywhere() {
    let Some(_alone) = alone() else { return };
    let song = song();
    let (whole, late) = on_deck(&mut in_place(0.0), |deck, running| {
        open(deck, running, &song);
        (play(deck, running, 0.0), play(deck, running, 32.0))
    });
    assert_eq!(whole, source(&song, 0.0));
    assert_eq!(late, source(&song, 32.0));
}

#[test]
fn the_first_play_is_transferred_as_the_second_pass_of_a_bounce() {
    let Some(_alone) = alone() else { return };
    let song = song();
    let length = end(&song) + TAIL;
    let pass = [Passage::play(0.0, length), Passage::Stop { seconds: 0.2 }];
    let script = Script::new(song.clone(), [pass, pass].concat());
    let bounce = in_place(1.0).perform(&script, &Setup::default()).unwrap();
    let beat = |sample| bounce.timeline.beats_played(sample) - length;
    let notes = bounce.notes().into_iter();
    let notes = notes.map(|note| (note.key, beat(note.on)));
    let mut wanted: Vec<Struck> = notes
        .filter(|(_, beat)| *beat > -1e-3)
        .map(|(key, beat)| struck(key, beat))
        .collect();
    wanted.sort_unstable();
    assert_ne!(wanted, source(&song, 0.0));
    let first = on_deck(&mut in_place(1.0), |deck, running| {
        open(deck, running, &song);
        play(deck, running, 0.0)
    });
    assert_eq!(first, wanted);
}

#[test]
fn another_song_leaves_nothing_of_the_first() {
    let Some(_alone) = alone() else { return };
    let (long, short) = (song(), HostSong::new(120.0, [ClipNote::new(0.0, 1.0, 60)]));
    let played = on_deck(&mut in_place(0.0), |deck, running| {
        open(deck, running, &long);
        let order = Order::Play {
            from: 0.0,
            tail: TAIL,
        };
        deck.heed(order, running).unwrap();
        for _ in 0..20 {
            deck.step(running, 512).unwrap();
        }
        open(deck, running, &short);
        assert!(!deck.is_playing());
        play(deck, running, 0.0)
    });
    assert_eq!(played, [struck(60, 0.0)]);
}

#[cfg(target_os = "linux")]
#[test]
fn without_a_display_the_terminal_plays() {
    use std::process::Command;

    let Some(_alone) = alone() else { return };
    let folder = tempfile::tempdir().unwrap();
    let wav = folder.path().join("clip.wav");
    let play = |display: Option<&str>, arguments: &[&std::ffi::OsStr]| {
        let mut play = Command::new(env!("CARGO_BIN_EXE_play"));
        play.args(arguments).env_remove("DISPLAY");
        if let Some(display) = display {
            play.env("DISPLAY", display);
        }
        let output = play.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (text(output.stdout), text(output.stderr))
    };
    let (said, _) = play(None, &[]);
    assert!(said.contains("plays 16 beats later"), "{said}");
    // A display that does not exist is reported.
    let (said, problem) = play(Some(":9999"), &[]);
    assert!(said.contains("plays 16 beats later"), "{said}");
    assert!(problem.contains("no window can be opened"), "{problem}");
    let (said, _) = play(None, &["--out".as_ref(), wav.as_os_str()]);
    assert!(said.contains("wrote "), "{said}");
    assert_eq!(&std::fs::read(&wav).unwrap()[..4], b"RIFF");
}
