//! Marks the calls of the plugin on the audio thread, for the interposer of `tests/interposer`,
//! which `cargo xtask realtime` preloads. Without it nothing happens here.

use std::ffi::c_int;
use std::sync::OnceLock;

use crate::host::Pace;

type Mark = unsafe extern "C" fn(c_int) -> c_int;

const OUTSIDE: c_int = 0;
const STRICT: c_int = 1;
const MAY_SLEEP: c_int = 2;

/// The interposer's function, where it is preloaded.
#[cfg(target_os = "linux")]
fn mark() -> Option<Mark> {
    static MARK: OnceLock<Option<Mark>> = OnceLock::new();
    *MARK.get_or_init(|| {
        let process = libloading::os::unix::Library::this();
        #[expect(unsafe_code, reason = "a symbol has the type that we say it has")]
        // SAFETY: only the interposer exports that name, and its function has this type.
        let found = unsafe { process.get::<Mark>(b"third_stream_audio_call\0") };
        found.ok().map(|symbol| *symbol)
    })
}

#[cfg(not(target_os = "linux"))]
fn mark() -> Option<Mark> {
    static NEVER: OnceLock<Option<Mark>> = OnceLock::new();
    *NEVER.get_or_init(|| None)
}

/// True if the interposer looks on.
pub fn is_watched() -> bool {
    mark().is_some()
}

fn within<T>(place: c_int, work: impl FnOnce() -> T) -> T {
    let Some(mark) = mark() else { return work() };
    #[expect(unsafe_code, reason = "the interposer is C")]
    // SAFETY: it sets a number of this thread.
    let before = unsafe { mark(place) };
    let done = work();
    #[expect(unsafe_code, reason = "the interposer is C")]
    // SAFETY: as above.
    unsafe {
        mark(before)
    };
    done
}

const fn place(pace: Pace) -> c_int {
    match pace {
        // Who rushes is taken for an export, sooner or later.
        Pace::Offline | Pace::Rushed => MAY_SLEEP,
        Pace::RealTime { .. } | Pace::Clock | Pace::Paused { .. } => STRICT,
    }
}

/// A call of the plugin as an audio thread makes it: it may not allocate, wait or do IO. In a
/// bounce, and in a host that plays as fast as it can, it may wait for its answers.
pub fn watched<T>(pace: Pace, call: impl FnOnce() -> T) -> T {
    within(place(pace), call)
}

/// Time spent in the host's callbacks: not the plugin's.
pub(crate) fn in_host<T>(work: impl FnOnce() -> T) -> T {
    within(OUTSIDE, work)
}
