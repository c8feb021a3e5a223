//! The host's values for the parameters, each at its own sample: in VST3 they go past the
//! framework, which would queue every one for a worker that an opening editor can end
//! (docs/upstream.md).
//!
//! The component (`vst3`) leaves a block's values here just before the framework calls `process`,
//! on the same thread; `process` cuts the block where they count.

use std::sync::Arc;
use std::thread::{self, ThreadId};

use crossbeam::queue::ArrayQueue;
use nice_plug::prelude::{ParamPtr, Params};
use nice_plug_egui::RepaintNotifier;
use parking_lot::Mutex;

use crate::params::ThirdStreamParams;

/// So many values find room in one block.
pub(crate) const ROOM: usize = 4096;

/// For the component that a thread is making: what it will share with its instance.
static PROMISED: Mutex<Vec<(ThreadId, Arc<Automation>)>> = Mutex::new(Vec::new());

/// From a sample on a parameter has a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Point {
    /// Samples from the start of the block.
    pub(crate) sample: u32,
    /// The parameter's place in the list of parameters.
    pub(crate) parameter: usize,
    /// 0..=1.
    pub(crate) value: f32,
}

/// What a VST3 component and its instance of the plugin share.
pub(crate) struct Automation {
    pub(crate) params: Arc<ThirdStreamParams>,
    pub(crate) repaint: RepaintNotifier,
    /// Into `params`, in the framework's order.
    pointers: Vec<ParamPtr>,
    /// What is to come in this block, in order of time. Audio thread.
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
    /// What `make` made, and what the instance in it has taken by [`Self::promised`]. Threads that
    /// make at once each get their own.
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

    /// What the component shares that this thread is making.
    pub(crate) fn promised() -> Option<Arc<Self>> {
        let mut promised = PROMISED.lock();
        let maker = thread::current().id();
        let place = promised.iter().rposition(|(thread, _)| *thread == maker)?;
        Some(promised.remove(place).1)
    }

    /// How many parameters there are.
    pub(crate) fn parameters(&self) -> usize {
        self.pointers.len()
    }

    /// Sets a parameter to a (normalised) value. Any thread; it takes no lock.
    #[expect(unsafe_code, reason = "as the framework sets a parameter")]
    pub(crate) fn set(&self, parameter: usize, value: f32) {
        let Some(pointer) = self.pointers.get(parameter) else {
            return;
        };
        // SAFETY: it leads into `params`, which this holds.
        let moved = unsafe { pointer._internal_set_normalized_value(value) };
        // No parameter is smoothed, so there is no more to do.
        self.repaint.request_repaint_with(moved);
    }

    /// What a parameter shows once it was set to `value`.
    #[expect(unsafe_code, reason = "as the framework asks a parameter")]
    pub(crate) fn preview(&self, parameter: usize, value: f32) -> f32 {
        match self.pointers.get(parameter) {
            // Of these the framework says what it is told.
            Some(ParamPtr::BoolParam(_)) => f32::from(value > 0.5),
            // SAFETY: it leads into `params`, which this holds.
            Some(pointer) => unsafe { pointer.preview_normalized(pointer.preview_plain(value)) },
            None => value,
        }
    }

    /// Adds what is to come after all the others. Where there is no room the first goes. Audio
    /// thread.
    pub(crate) fn push(&self, point: Point) {
        self.points.force_push(point);
    }

    /// Whether nothing is to come. Audio thread.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// The next that is to come, which then comes no more. Audio thread.
    pub(crate) fn next(&self) -> Option<Point> {
        self.points.pop()
    }

    /// Sets what was to come: no block will. Audio thread.
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
                // What nobody took is promised no more.
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
