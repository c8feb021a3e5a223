//! Counters of a plugin that was built with its real-time checks.

use std::path::Path;

use super::Library;

#[path = "../../../plugin/src/counters/record.rs"]
mod record;

pub use record::Counters;

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
