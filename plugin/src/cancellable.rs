//! Work on a thread of its own that ends before its owner does.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

/// Work in progress. Dropping this asks the work to end and joins the thread.
#[derive(Debug)]
pub(crate) struct Cancellable<T> {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<T>>,
}

impl<T: Send + 'static> Cancellable<T> {
    /// Starts `work` on a thread of this name; it ends soon after the flag is set.
    ///
    /// # Errors
    /// The system refuses a thread.
    pub(crate) fn start(
        name: &str,
        work: impl FnOnce(&AtomicBool) -> T + Send + 'static,
    ) -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::Builder::new().name(name.to_owned());
        let thread = Some(thread.spawn(move || work(&stopped))?);
        Ok(Self { stop, thread })
    }

    /// The result, once, after the work is over; an error if it panicked.
    pub(crate) fn done(&mut self) -> Option<thread::Result<T>> {
        let thread = self.thread.take_if(|thread| thread.is_finished())?;
        Some(thread.join())
    }
}

impl<T> Drop for Cancellable<T> {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_over_once_and_what_is_dropped_is_joined() {
        let ended = Arc::new(AtomicBool::new(false));
        let end = Arc::clone(&ended);
        let endless = Cancellable::start("endless", move |stop| {
            while !stop.load(Ordering::Relaxed) {
                thread::yield_now();
            }
            end.store(true, Ordering::Relaxed);
        });
        drop(endless.unwrap());
        assert!(ended.load(Ordering::Relaxed));

        let mut short = Cancellable::start("short", |_| 7).unwrap();
        let result = loop {
            if let Some(result) = short.done() {
                break result;
            }
            thread::yield_now();
        };
        assert_eq!(result.unwrap(), 7);
        assert!(short.done().is_none());
    }
}
