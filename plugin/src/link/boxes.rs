//! A bounded channel of circulating boxes: the writer fills an empty box and sends it; the reader
//! reads it in place and sends it back. A message is written once, and nothing is allocated or
//! freed after the start.

use std::ops::{Deref, DerefMut};

use crossbeam::channel::{Receiver, Sender, TryRecvError, bounded};

/// An empty box, to be filled.
#[derive(Debug)]
pub(crate) struct Sheet<T>(Box<T>);

/// The writing end.
#[derive(Debug)]
pub(super) struct Writer<T> {
    empty: Receiver<Box<T>>,
    /// Returns a box that could not be sent.
    back: Sender<Box<T>>,
    full: Sender<Box<T>>,
}

/// The reading end.
#[derive(Debug)]
pub(super) struct Reader<T> {
    full: Receiver<Box<T>>,
    empty: Sender<Box<T>>,
}

/// Both ends of a channel of `count` boxes. Allocates all of them.
pub(super) fn boxes<T: Clone>(blank: &T, count: usize) -> (Writer<T>, Reader<T>) {
    let (back, empty) = bounded(count);
    let (full, filled) = bounded(count);
    for _ in 0..count {
        // Each channel has room for all boxes.
        let _ = back.try_send(Box::new(blank.clone()));
    }
    let reader = Reader {
        full: filled,
        empty: back.clone(),
    };
    (Writer { empty, back, full }, reader)
}

impl<T> Writer<T> {
    /// An empty box, if there is one.
    pub(super) fn sheet(&self) -> Option<Sheet<T>> {
        self.empty.try_recv().ok().map(Sheet)
    }

    /// Number of empty boxes.
    pub(super) fn room(&self) -> usize {
        self.empty.len()
    }

    /// Sends a box; false if the reader is gone.
    pub(super) fn send(&self, sheet: Sheet<T>) -> bool {
        // The channel has room for all boxes.
        match self.full.try_send(sheet.0) {
            Ok(()) => true,
            Err(unsent) => {
                give_back(&self.back, unsent.into_inner());
                false
            }
        }
    }
}

impl<T> Reader<T> {
    /// Reads the next message in place.
    pub(super) fn next<R>(&self, read: impl FnOnce(&T) -> R) -> Result<R, TryRecvError> {
        let message = self.full.try_recv()?;
        let found = read(&message);
        give_back(&self.empty, message);
        Ok(found)
    }

    /// Number of messages.
    pub(super) fn len(&self) -> usize {
        self.full.len()
    }
}

/// If the writer is gone the box is leaked: the audio thread must not free.
fn give_back<T>(empty: &Sender<Box<T>>, used: Box<T>) {
    if let Err(unsent) = empty.try_send(used) {
        std::mem::forget(unsent);
    }
}

impl<T> Deref for Sheet<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Sheet<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}
