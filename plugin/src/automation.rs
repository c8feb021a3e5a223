//! Sample-accurate automation in VST3. The component (`vst3`) queues the host's parameter values
//! here just before the framework calls `process`, on the same thread; `process` splits the block
//! at their samples.
//!
//! The framework itself would hand every value to a worker that an opening editor can end
//! (docs/upstream.md).

use std::sync::Arc;
use std::thread::{self, ThreadId};

use crossbeam::queue::ArrayQueue;
use nice_plug::prelude::{ParamPtr, Params};
use nice_plug_egui::RepaintNotifier;
use parking_lot::Mutex;

use crate::params::ThirdStreamParams;

/// Capacity of the queue, in values per block.
pub(crate) const ROOM: usize = 4096;

/// Made by [`Automation::shared_with`] for the component under construction on each thread, until
/// its plugin instance takes it.
static PROMISED: Mutex<Vec<(ThreadId, Arc<Automation>)>> = Mutex::new(Vec::new());

/// A parameter value and its position in the block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Point {
    /// Samples from the start of the block.
    pub(crate) sample: u32,
    /// Index into the list of parameters.
    pub(crate) parameter: usize,
    /// 0..=1.
    pub(crate) value: f32,
}

/// Parameters and automation queue, shared by a VST3 component and its plugin instance.
pub(crate) struct Automation {
    pub(crate) params: Arc<ThirdStreamParams>,
    pub(crate) repaint: RepaintNotifier,
    /// Pointers into `params`, in the framework's order.
    pointers: Vec<ParamPtr>,
    /// Values not applied yet in this block, in order of time. Audio thread.
    points: ArrayQueue<Point>,
}

impl Default for Automation {
    fn default() -> Self {
        let params = Arc::<ThirdStreamParams>::default();
        let pointers = params
            .param_map()
            .into_iter()
            .map(|(_, pointer, _)| pointer);
        Self {
            pointers: pointers.collect(),
            params,
            repaint: RepaintNotifier::new(),
            points: ArrayQueue::new(ROOM),
        }
    }
}

impl Automation {
    /// Calls `make` and returns its result with what the plugin instance inside took by
    /// [`Self::promised`]. Several threads may call this at once.
    pub(crate) fn shared_with<T>(make: impl FnOnce() -> T) -> (Arc<Self>, T) {
        let shared = Arc::<Self>::default();
        let promise = (thread::current().id(), Arc::clone(&shared));
        PROMISED.lock().push(promise);
        let made = make();
        PROMISED
            .lock()
            .retain(|(_, other)| !Arc::ptr_eq(other, &shared));
        (shared, made)
    }

    /// Takes the automation of the component that this thread is constructing, if any.
    pub(crate) fn promised() -> Option<Arc<Self>> {
        let mut promised = PROMISED.lock();
        let maker = thread::current().id();
        let place = promised.iter().rposition(|(thread, _)| *thread == maker)?;
        Some(promised.remove(place).1)
    }

    /// Number of parameters.
    pub(crate) fn parameters(&self) -> usize {
        self.pointers.len()
    }

    /// Sets a parameter to a normalised value (0..=1). Any thread; takes no lock.
    #[expect(unsafe_code, reason = "as the framework sets a parameter")]
    pub(crate) fn set(&self, parameter: usize, value: f32) {
        let Some(pointer) = self.pointers.get(parameter) else {
            return;
        };
        // SAFETY: the pointer leads into `params`, which `self` holds.
        let moved = unsafe { pointer._internal_set_normalized_value(value) };
        // No parameter is smoothed, so nothing else is to be done.
        self.repaint.request_repaint_with(moved);
    }

    /// The normalised value that a parameter shows after it is set to `value`.
    #[expect(unsafe_code, reason = "as the framework asks a parameter")]
    pub(crate) fn preview(&self, parameter: usize, value: f32) -> f32 {
        match self.pointers.get(parameter) {
            // The framework does not quantise booleans.
            Some(ParamPtr::BoolParam(_)) => f32::from(value > 0.5),
            // SAFETY: the pointer leads into `params`, which `self` holds.
            Some(pointer) => unsafe { pointer.preview_normalized(pointer.preview_plain(value)) },
            None => value,
        }
    }

    /// Appends a value; a full queue drops its oldest. Audio thread.
    pub(crate) fn push(&self, point: Point) {
        self.points.force_push(point);
    }

    /// True if the queue is empty. Audio thread.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// Takes the next value off the queue. Audio thread.
    pub(crate) fn next(&self) -> Option<Point> {
        self.points.pop()
    }

    /// Applies the rest of the queue when no block follows. Audio thread.
    pub(crate) fn set_all(&self) {
        while let Some(point) = self.next() {
            self.set(point.parameter, point.value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_that_make_at_once_get_each_their_own() {
        let rounds = if cfg!(miri) { 5 } else { 200 };
        let make = || {
            for _ in 0..rounds {
                let (shared, taken) = Automation::shared_with(|| {
                    thread::yield_now();
                    Automation::promised()
                });
                assert!(Arc::ptr_eq(&shared, &taken.unwrap()));
                let (other, ()) = Automation::shared_with(|| ());
                assert!(!Arc::ptr_eq(&shared, &other));
                // An automation that nobody took is dropped.
                assert!(Automation::promised().is_none());
            }
        };
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(make);
            }
        });
    }

    #[test]
    #[cfg_attr(miri, ignore = "takes long there")]
    fn the_last_value_stays() {
        let automation = Automation::default();
        for sample in 0..2 * ROOM {
            automation.push(Point {
                sample: sample as u32,
                parameter: 0,
                value: sample as f32 / (2 * ROOM - 1) as f32,
            });
        }
        assert_eq!(automation.next().unwrap().sample, ROOM as u32);
        automation.set_all();
        assert!(automation.is_empty());
        assert_eq!(automation.params.knob(), 1.0);
    }

    #[test]
    fn a_preview_is_what_the_parameter_then_has() {
        let automation = Automation::default();
        for parameter in 0..automation.parameters() {
            for value in [0.0, 0.2, 0.55, 1.0] {
                let preview = automation.preview(parameter, value);
                automation.set(parameter, value);
                let (_, pointer, _) = &automation.params.param_map()[parameter];
                #[expect(unsafe_code, reason = "as the framework asks a parameter")]
                // SAFETY: the parameters live to the end of the test.
                let found = unsafe { pointer.unmodulated_normalized_value() };
                assert_eq!(preview, found, "{parameter} at {value}");
            }
        }
    }
}
