//! What a plugin that was built with its real-time checks has counted.

use std::path::Path;

use super::Library;

/// Sums over all instances of the process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Counters {
    /// Bars that sounded dry because their answer was late, missing or failed.
    pub late: u64,
    /// Notes and messages that were lost because a table was full.
    pub dropped: u64,
    /// Instances whose engine has failed.
    pub failed: u64,
}

impl Library {
    /// The counters of the library, which was loaded from `path`; `None` for a build without.
    pub fn counters(&self, path: &Path) -> Option<Counters> {
        #[expect(unsafe_code, reason = "a function of a loaded library")]
        // SAFETY: the library is loaded already, so nothing of it runs but the function, whose
        // signature is that of `third_stream_counters` in the plugin's `counters`.
        unsafe {
            let library = libloading::Library::new(path).ok()?;
            let counters = library.get::<extern "C" fn() -> Counters>(b"third_stream_counters");
            counters.ok().map(|counters| counters())
        }
    }
}
