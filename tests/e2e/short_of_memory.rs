//! Memory that is short while networks load: a host whose address space is limited just before.
#![cfg(target_os = "linux")]

use std::process::Command;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use third_stream_model::roll::notes::NoteRoll;
use third_stream_tests::host::{Instance, Pace, Setup};
use third_stream_tests::memory_use::virtual_kib;
use third_stream_tests::song::{HostSong, Script};

use crate::expected::roll_between;
use crate::music::{phrase, roll_of};
use crate::stage::{knob, plugin};

/// Names the process that is started again for the limits: they hold for all of a process.
const LIMITED: &str = "THIRD_STREAM_LIMITED";
const NAME: &str = "short_of_memory::a_host_that_has_no_memory_left_plays_dry_and_goes_on";
/// Enough for the threads of an instance, too little for any networks.
const SHORT: u64 = 24;

/// A limit on this process's address space, until it is dropped.
struct Limit(Rlimit);

impl Limit {
    /// Limits the address space to this many MiB more than is in use.
    fn more_than_now(mebibytes: u64) -> Self {
        let before = getrlimit(Resource::As);
        let most = (virtual_kib().unwrap() << 10) + (mebibytes << 20);
        let limit = Rlimit {
            current: Some(most),
            ..before
        };
        setrlimit(Resource::As, limit).unwrap();
        Self(before)
    }
}

impl Drop for Limit {
    fn drop(&mut self) {
        setrlimit(Resource::As, self.0).unwrap();
    }
}

/// The outcome for the phrase. That no note hangs and each block ends is checked, too.
fn played(instance: &mut Instance, pace: Pace) -> NoteRoll {
    let song = HostSong::new(240.0, phrase());
    let script = Script::once(song, 32.0);
    let recording = instance.perform(&script, &Setup::paced(pace)).unwrap();
    // A bounce would wait 20 s for an answer that does not come.
    assert!(recording.longest_call < Duration::from_secs(15));
    roll_between(&recording, 16.0)
}

fn limited() {
    let plugin = plugin().unwrap();
    let new = |place| plugin.instance(&[("Pair", place), knob(1.0)]);
    let plenty = [0.0, 0.5].map(|place| played(&mut new(place), Pace::Offline));
    let dry = roll_of(&phrase());
    assert!(!plenty.contains(&dry));
    let found = |mebibytes| {
        let _limit = Limit::more_than_now(mebibytes);
        played(&mut new(0.0), Pace::Offline)
    };
    assert_eq!(found(SHORT), dry);
    // Whatever is left: the first instance after each other one loads the networks anew.
    for mebibytes in (SHORT..SHORT + 120).step_by(12) {
        let found = found(mebibytes);
        assert!(found == dry || found == plenty[0], "{mebibytes}: {found:?}");
    }
    assert_eq!(found(SHORT + 200), plenty[0]);

    // One network serves all pairs, so another pair takes no memory when the engine is at work.
    let mut instance = new(0.0);
    assert_eq!(played(&mut instance, Pace::Offline), plenty[0]);
    let _limit = Limit::more_than_now(SHORT);
    for (place, expected) in [(0.5, &plenty[1]), (0.0, &plenty[0])] {
        instance.set("Pair", place).unwrap();
        assert_eq!(played(&mut instance, Pace::Offline), *expected);
    }
}

#[test]
fn a_host_that_has_no_memory_left_plays_dry_and_goes_on() {
    if std::env::var_os(LIMITED).is_some() {
        limited();
        return;
    }
    if plugin().is_none() {
        return;
    }
    let again = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", NAME, "--nocapture"])
        .env(LIMITED, "1")
        // Else glibc reserves 64 MiB for each new thread, as long as there are so many.
        .env("MALLOC_ARENA_MAX", "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&again.stderr);
    assert!(again.status.success(), "{}: {said}", again.status);
}
