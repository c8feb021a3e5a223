//! Boxes that go round: one end fills an empty one and sends it, the other reads it and sends it
//! back to be filled again. So a message is written once and read where it lies, and nobody
//! allocates or frees after the start.

use std::ops::{Deref, DerefMut};

use crossbeam::channel::{Receiver, Sender, TryRecvError, bounded};

/// A box to be filled.
#[derive(Debug)]
pub(crate) struct Sheet<T>(Box<T>);

/// The end that fills.
#[derive(Debug)]
pub(super) struct Writer<T> {
    empty: Receiver<Box<T>>,
    /// For a box that could not be sent.
    back: Sender<Box<T>>,
    full: Sender<Box<T>>,
}

/// The end that reads.
#[derive(Debug)]
pub(super) struct Reader<T> {
    full: Receiver<Box<T>>,
    empty: Sender<Box<T>>,
}

/// Both ends of so many boxes. Allocates all that they will ever use.
pub(super) fn boxes<T: Clone>(blank: &T, count: usize) -> (Writer<T>, Reader<T>) {
    let (back, empty) = bounded(count);
    let (full, filled) = bounded(count);
    for _ in 0..count {
        // There is room for all of them.
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

    /// How many empty boxes there are.
    pub(super) fn room(&self) -> usize {
        self.empty.len()
    }

    /// Sends a box. False: nobody reads any more.
    pub(super) fn send(&self, sheet: Sheet<T>) -> bool {
        // There is room for all boxes.
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
    /// Reads the next message where it lies.
    pub(super) fn next<R>(&self, read: impl FnOnce(&T) -> R) -> Result<R, TryRecvError> {
        let message = self.full.try_recv()?;
        let found = read(&message);
        give_back(&self.empty, message);
        Ok(found)
    }

    /// How many messages there are.
    pub(super) fn len(&self) -> usize {
        self.full.len()
    }
}

/// Where nobody is there any more to fill a box, it stays where it is: freeing is not for the
/// audio thread.
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
