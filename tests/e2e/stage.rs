//! The plugin on stage: loaded once for a test, one test at a time.

use std::sync::{Mutex, MutexGuard, PoisonError};

use third_stream_tests::host::{self, Instance, Library, Setup};
use third_stream_tests::recording::Recording;
use third_stream_tests::song::Script;

/// The library under test, for one test at a time: some count the threads of the process.
pub(crate) struct Stage {
    pub(crate) library: Library,
    _alone: MutexGuard<'static, ()>,
}

/// The plugin under test; `None` if no variable names it, then the test has nothing to do.
pub(crate) fn plugin() -> Option<Stage> {
    let alone = alone();
    host::plugin_under_test()?;
    Some(Stage {
        library: host::load_plugin_under_test().unwrap(),
        _alone: alone,
    })
}

/// Keeps other tests of this process waiting.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static STAGE: Mutex<()> = Mutex::new(());
    STAGE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Stage {
    /// A new instance with these parameters at these places (0..=1) of their ranges.
    pub(crate) fn instance(&self, parameters: &[(&str, f64)]) -> Instance {
        let mut instance = self.library.instance().unwrap();
        for (name, place) in parameters {
            instance.set(name, *place).unwrap();
        }
        instance
    }

    /// Plays a script through a new instance, offline.
    pub(crate) fn bounce(&self, parameters: &[(&str, f64)], script: &Script) -> Recording {
        self.perform(parameters, script, &Setup::default())
    }

    /// Plays a script through a new instance.
    pub(crate) fn perform(
        &self,
        parameters: &[(&str, f64)],
        script: &Script,
        setup: &Setup,
    ) -> Recording {
        let mut instance = self.instance(parameters);
        instance.perform(script, setup).unwrap()
    }
}

/// The place of a knob position (−1..=1) in the genre parameter's range.
pub(crate) fn knob(position: f64) -> (&'static str, f64) {
    ("Genre", f64::midpoint(position, 1.0))
}
