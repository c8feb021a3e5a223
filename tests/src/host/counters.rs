//! What a plugin that was built with its real-time checks has counted.

use std::path::Path;

use super::Library;

/// Counts of one instance, or sums over all that there were in this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Counters {
    /// Instances that were activated. They are numbered from 0 in that order.
    pub instances: u64,
    /// Questions that were sent to the engine.
    pub asked: u64,
    /// Questions that were to be sent and found no room.
    pub no_room: u64,
    /// Answers that the engine sent, whatever they say.
    pub answered: u64,
    /// Of these, those that say only that nobody waits for them any more.
    pub stale: u64,
    /// Of these, those that say only that the networks gave none.
    pub refused: u64,
    /// Answers that were taken in.
    pub taken: u64,
    /// Questions whose instance went before they were answered.
    pub abandoned: u64,
    /// Answers whose instance went before it took them in.
    pub unread: u64,
    /// Bars that sounded dry although they were asked about in time.
    pub late: u64,
    /// Bars that sounded dry because they could not be asked about in time.
    pub unasked: u64,
    /// Bars that sounded dry, as the editor counts them.
    pub dry: u64,
    /// Notes and messages that were lost because a table was full.
    pub dropped: u64,
    /// Instances that are there and whose engine has failed.
    pub failed: u64,
}

impl Counters {
    /// Questions that the engine has still to answer.
    pub const fn open(&self) -> u64 {
        (self.asked - self.abandoned).saturating_sub(self.answered)
    }

    /// Answers that are still to be taken in.
    pub const fn untaken(&self) -> u64 {
        (self.answered - self.unread).saturating_sub(self.taken)
    }
}

/// Reads the counters of a library, and keeps that loaded. Any thread but one that processes.
#[derive(Debug)]
pub struct Reader {
    sum: extern "C" fn() -> Counters,
    of: extern "C" fn(u64) -> Counters,
    _library: libloading::Library,
}

impl Reader {
    /// Sums over all instances that there were.
    pub fn sum(&self) -> Counters {
        (self.sum)()
    }

    /// Those of one instance that is there, by its number.
    pub fn of(&self, number: u64) -> Counters {
        (self.of)(number)
    }
}

impl Library {
    /// Reads the counters of the library, which was loaded from `path`; `None` for a build without.
    pub fn counters(&self, path: &Path) -> Option<Reader> {
        #[expect(unsafe_code, reason = "functions of a loaded library")]
        // SAFETY: the library is loaded already, so nothing of it runs here. The functions'
        // signatures are those in the plugin's `counters`, and the reader keeps the library.
        unsafe {
            let library = libloading::Library::new(path).ok()?;
            let sum = library.get::<extern "C" fn() -> Counters>(b"third_stream_counters");
            let sum = *sum.ok()?;
            let of = library.get::<extern "C" fn(u64) -> Counters>(b"third_stream_counters_of");
            let of = *of.ok()?;
            Some(Reader {
                sum,
                of,
                _library: library,
            })
        }
    }
}
