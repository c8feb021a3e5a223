//! What long computations ask of their process: set before anything else runs.

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
#[cfg(unix)]
#[expect(unsafe_code, reason = "a function of the C library")]
fn end_with_the_pipe() {
    unsafe extern "C" {
        /// Sets what a signal does; 0 is the system's default.
        safe fn signal(signal: i32, handler: usize) -> usize;
    }
    const SIGPIPE: i32 = 13;
    const DEFAULT: usize = 0;
    signal(SIGPIPE, DEFAULT);
}

#[cfg(not(unix))]
fn end_with_the_pipe() {}

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
