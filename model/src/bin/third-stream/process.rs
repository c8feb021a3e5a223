//! Process settings of long computations, made before anything else runs, and the signals that stop
//! them.

use std::process::Child;

use anyhow::{Context, Result};

/// Sets the process up for training: memory stays with the process between steps, and candle
/// starts no threads of its own.
#[expect(
    unsafe_code,
    reason = "the environment and the C library's allocator have no safe interface"
)]
pub(crate) fn set_up() {
    // candle runs large sums on a pool of its own, whose threads spin while they wait; the
    // networks' own operations run on rayon's.
    const THREADS: &str = "CANDLE_NUM_THREADS";
    if std::env::var_os(THREADS).is_none() {
        // SAFETY: the first line of `main`; no other thread runs yet.
        unsafe { std::env::set_var(THREADS, "1") };
    }
    keep_memory();
    end_with_the_pipe();
}

/// Ends this program quietly once nobody reads what it prints any more (`| head`), as other
/// programs do; Rust's default is an error of every print, and that a panic.
fn end_with_the_pipe() {
    #[cfg(unix)]
    unix::signal(unix::SIGPIPE, unix::DEFAULT);
}

/// Calls `stop` whenever this process is asked to end: by Ctrl-C, or by the signal with which batch
/// systems and containers ask. What a terminal that is closed does stays as it was, so that
/// `nohup` keeps its meaning.
pub(crate) fn on_interrupt(stop: impl FnMut() + Send + 'static) -> Result<()> {
    #[cfg(unix)]
    let hang_up = unix::signal(unix::SIGHUP, unix::DEFAULT);
    let set = ctrlc::set_handler(stop).context("cannot watch for Ctrl-C");
    #[cfg(unix)]
    unix::signal(unix::SIGHUP, hang_up);
    set
}

/// Asks a process to end. Where there are no signals a terminal has told it already.
pub(crate) fn ask_to_end(child: &Child) {
    #[cfg(unix)]
    if let Ok(id) = i32::try_from(child.id()) {
        // It may have ended meanwhile.
        let _ = unix::kill(id, unix::SIGTERM);
    }
    #[cfg(not(unix))]
    let _ = child;
}

/// The C library's.
#[cfg(unix)]
#[expect(unsafe_code, reason = "functions of the C library")]
mod unix {
    unsafe extern "C" {
        /// Sets what a signal does, and gives back what it did.
        pub(super) safe fn signal(signal: i32, handler: usize) -> usize;
        /// Sends a signal to a process; 0 on success.
        pub(super) safe fn kill(process: i32, signal: i32) -> i32;
    }
    pub(super) const SIGHUP: i32 = 1;
    pub(super) const SIGPIPE: i32 = 13;
    pub(super) const SIGTERM: i32 = 15;
    /// The system's own way.
    pub(super) const DEFAULT: usize = 0;
}

/// Keeps freed memory for the next step: otherwise each large tensor is given back to the system
/// and its pages are cleared again when it is made the next time, a tenth of the time of a step.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "a function of the C library")]
fn keep_memory() {
    unsafe extern "C" {
        /// glibc: sets a parameter of malloc; 1 on success.
        safe fn mallopt(parameter: i32, value: i32) -> i32;
    }
    const TRIM_THRESHOLD: i32 = -1;
    const TOP_PAD: i32 = -2;
    const MMAP_THRESHOLD: i32 = -3;
    // Where one of these fails, training is slower and nothing else.
    mallopt(MMAP_THRESHOLD, 1 << 30);
    mallopt(TRIM_THRESHOLD, i32::MAX);
    mallopt(TOP_PAD, 64 << 20);
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn keep_memory() {}
