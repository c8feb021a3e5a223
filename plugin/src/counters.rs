//! Diagnostic counters of all instances in the process, exported to test hosts, which open no
//! editor. Feature `rt-check` only.

mod record;

use std::sync::{Arc, Weak};

use parking_lot::Mutex;

pub use record::Counters;

use crate::engine::WorkerState;
use crate::link::{AudioEnd, Counted, Counts};
use crate::rt::snapshot::Snapshot;
use crate::shared::Shared;

/// All instances that were activated. Not for audio threads.
static BOOK: Mutex<Book> = Mutex::new(Book {
    instances: Vec::new(),
    gone: Counters::NONE,
});

struct Book {
    instances: Vec<Watched>,
    /// Sums of the instances that are gone.
    gone: Counters,
}

/// The counters of one instance.
struct Watched {
    number: u64,
    counts: Counts,
    snapshot: Arc<Snapshot>,
    shared: Weak<Shared>,
}

/// Registers an instance. It is numbered by how many were activated before.
pub(crate) fn watch(link: &AudioEnd, shared: &Arc<Shared>) {
    let mut book = BOOK.lock();
    let number = book.gone.instances + book.instances.len() as u64;
    book.instances.push(Watched {
        number,
        counts: link.counts().clone(),
        snapshot: Arc::clone(&shared.snapshot),
        shared: Arc::downgrade(shared),
    });
}

/// The present sums. Any thread but an audio thread.
#[expect(unsafe_code, reason = "found by its name in the library")]
// SAFETY: no other library has a function of that name.
#[unsafe(no_mangle)]
pub extern "C" fn third_stream_counters() -> Counters {
    BOOK.lock().sum()
}

/// The counts of the instance `number`; zeros if it is gone.
#[expect(unsafe_code, reason = "found by its name in the library")]
// SAFETY: no other library has a function of that name.
#[unsafe(no_mangle)]
pub extern "C" fn third_stream_counters_of(number: u64) -> Counters {
    let book = BOOK.lock();
    let found = book.instances.iter().find(|one| one.number == number);
    found.map_or(Counters::NONE, Watched::read)
}

impl Book {
    /// Sums all instances, and merges those that count no more into [`Self::gone`].
    fn sum(&mut self) -> Counters {
        let instances = std::mem::take(&mut self.instances).into_iter();
        let (gone, there): (Vec<_>, Vec<_>) = instances.partition(|one| one.counts.are_final());
        self.instances = there;
        for one in &gone {
            let mut counters = one.read();
            counters.abandoned = counters.asked - counters.answered;
            counters.unread = counters.answered - counters.taken;
            self.gone.add(&counters);
        }
        let mut sum = self.gone;
        for one in &self.instances {
            sum.add(&one.read());
        }
        sum
    }
}

impl Watched {
    fn read(&self) -> Counters {
        let of = |counted| self.counts.of(counted);
        let (dry, dropped) = self.snapshot.lost();
        let shared = self.shared.upgrade();
        let failed = shared.is_some_and(|shared| shared.engine().state == WorkerState::Failed);
        // Read in reverse order of counting, so that none is ahead of the one it follows.
        let (taken, answered) = (of(Counted::Taken), of(Counted::Answered));
        Counters {
            instances: 1,
            asked: of(Counted::Asked),
            no_room: of(Counted::NoRoom),
            answered,
            stale: of(Counted::Stale),
            refused: of(Counted::Refused),
            taken,
            late: of(Counted::Late),
            unasked: of(Counted::Unasked),
            dry: u64::from(dry),
            dropped: u64::from(dropped),
            failed: u64::from(failed),
            ..Counters::NONE
        }
    }
}

impl Counters {
    /// All zeros.
    const NONE: Self = Self {
        instances: 0,
        asked: 0,
        no_room: 0,
        answered: 0,
        stale: 0,
        refused: 0,
        taken: 0,
        abandoned: 0,
        unread: 0,
        late: 0,
        unasked: 0,
        dry: 0,
        dropped: 0,
        failed: 0,
    };

    fn add(&mut self, other: &Self) {
        self.instances += other.instances;
        self.asked += other.asked;
        self.no_room += other.no_room;
        self.answered += other.answered;
        self.stale += other.stale;
        self.refused += other.refused;
        self.taken += other.taken;
        self.abandoned += other.abandoned;
        self.unread += other.unread;
        self.late += other.late;
        self.unasked += other.unasked;
        self.dry += other.dry;
        self.dropped += other.dropped;
        self.failed += other.failed;
    }
}
