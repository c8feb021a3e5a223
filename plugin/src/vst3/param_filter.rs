//! Splits a block's parameter changes: the plugin's own go to its [`Automation`], the rest (MIDI
//! controllers, which are parameters in VST3) to the framework.

use std::cell::Cell;
use std::ptr;
use std::sync::Arc;

use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::{
    IParamValueQueue, IParamValueQueueTrait, IParameterChanges, IParameterChangesTrait, ParamID,
};
use nice_plug::wrapper::vst3::vst3::Steinberg::{int32, kResultOk};
use nice_plug::wrapper::vst3::vst3::{Class, ComRef, ComWrapper};

use crate::automation::{Automation, Point, ROOM};

/// Maximum number of queues taken out of one block. A host sends one queue per parameter; the rest
/// stays with the framework.
const QUEUES: usize = 32;
/// At least the number of parameters.
const PARAMETERS: usize = 64;

/// Takes the plugin's own values out of the host's changes. Audio thread.
pub(super) struct ParamFilter {
    automation: Arc<Automation>,
    /// The host's ids of the parameters, in order.
    ids: Vec<ParamID>,
    gathered: Cell<Gathered>,
    rest: ComWrapper<Rest>,
}

impl ParamFilter {
    pub(super) fn new(automation: Arc<Automation>, ids: Vec<ParamID>) -> Self {
        Self {
            gathered: Cell::new(Gathered::new(ids.len())),
            rest: ComWrapper::new(Rest::default()),
            automation,
            ids,
        }
    }

    /// Number of the plugin's own parameters.
    pub(super) fn parameters(&self) -> int32 {
        self.ids.len() as int32
    }

    /// Index of the plugin's own parameter with this id.
    pub(super) fn parameter(&self, id: ParamID) -> Option<usize> {
        self.ids.iter().position(|own| *own == id)
    }

    /// Queues the plugin's own values of a block of `frames` samples for its automation. Returns
    /// the changes for the framework, valid until [`Self::end`]; `None` for `changes` unchanged.
    pub(super) fn take(
        &self,
        changes: ComRef<'_, IParameterChanges>,
        frames: int32,
    ) -> Option<*mut IParameterChanges> {
        // SAFETY: the host's object, valid during its call.
        let count = unsafe { changes.getParameterCount() };
        if count <= 0 {
            return None;
        }
        let mut taken = Taken::default();
        let mut gathered = self.gathered.take();
        for index in 0..count {
            // SAFETY: as above; a queue lives as long as the changes.
            let queue = unsafe { ComRef::from_raw(changes.getParameterData(index)) };
            // SAFETY: as above.
            let own = queue.and_then(|queue| self.parameter(unsafe { queue.getParameterId() }));
            if let (Some(queue), Some(parameter)) = (queue, own)
                && taken.add(index)
            {
                gathered.read(queue, parameter, frames);
            }
        }
        gathered.hand_over(&self.automation);
        self.gathered.set(gathered);
        match taken.count {
            0 => None,
            own if own as int32 == count => Some(ptr::null_mut()),
            _ => {
                self.rest.of.set(changes.as_ptr());
                self.rest.taken.set(taken);
                let rest = self.rest.as_com_ref::<IParameterChanges>();
                Some(rest.map_or(ptr::null_mut(), |rest| rest.as_ptr()))
            }
        }
    }

    /// Ends the use of [`Self::take`]'s result. Values that `process` did not apply (there was no
    /// block, only changes) are applied now.
    pub(super) fn end(&self) {
        self.rest.of.set(ptr::null_mut());
        self.automation.set_all();
    }
}

/// The values of one block, in the host's order.
#[derive(Default)]
struct Gathered {
    /// With a capacity of [`ROOM`].
    points: Vec<(Point, usize)>,
    /// Index of each parameter's last point.
    last: Vec<Option<usize>>,
    /// Number of values so far.
    count: usize,
}

impl Gathered {
    fn new(parameters: usize) -> Self {
        Self {
            points: Vec::with_capacity(ROOM),
            last: vec![None; parameters],
            count: 0,
        }
    }

    /// Reads a parameter's values in a block of `frames` samples.
    fn read(&mut self, queue: ComRef<'_, IParamValueQueue>, parameter: usize, frames: int32) {
        let (mut sample, mut value) = (0, 0.0);
        // SAFETY: the host's object, valid during its call.
        for index in 0..unsafe { queue.getPointCount() } {
            // SAFETY: as above; the pointers are to local variables.
            let result = unsafe { queue.getPoint(index, &raw mut sample, &raw mut value) };
            if result == kResultOk && value.is_finite() {
                self.add(Point {
                    sample: sample.clamp(0, frames.max(1) - 1).cast_unsigned(),
                    parameter,
                    value: value as f32,
                });
            }
        }
    }

    /// Adds a value. If there is no room, it replaces its parameter's last value.
    fn add(&mut self, point: Point) {
        let Some(last) = self.last.get_mut(point.parameter) else {
            return;
        };
        let later = last.is_none_or(|last| self.points[last].0.sample <= point.sample);
        // Reserves room for the first value of each parameter.
        let full = self.points.len() + PARAMETERS >= ROOM;
        match *last {
            Some(last) if full && later => self.points[last] = (point, self.count),
            Some(_) if full => {}
            _ => {
                if later {
                    *last = Some(self.points.len());
                }
                self.points.push((point, self.count));
            }
        }
        self.count += 1;
    }

    /// Queues all values for the automation in order of time; stable.
    fn hand_over(&mut self, automation: &Automation) {
        self.points
            .sort_unstable_by_key(|(point, came)| (point.sample, *came));
        for (point, _) in self.points.drain(..) {
            automation.push(point);
        }
        self.last.fill(None);
        self.count = 0;
    }
}

/// Indices of the queues that are taken out, in order.
#[derive(Clone, Copy, Default)]
struct Taken {
    places: [int32; QUEUES],
    count: usize,
}

impl Taken {
    /// Adds an index; false if there is no room.
    fn add(&mut self, place: int32) -> bool {
        let free = self.places.get_mut(self.count);
        let Some(free) = free else { return false };
        *free = place;
        self.count += 1;
        true
    }

    /// Index of the `index`th of the other queues.
    fn other(&self, index: int32) -> int32 {
        let before = |place: int32, taken: &int32| place + int32::from(*taken <= place);
        self.places[..self.count].iter().fold(index, before)
    }
}

/// The host's changes without the queues that are taken out.
struct Rest {
    /// The host's changes; null between blocks.
    of: Cell<*mut IParameterChanges>,
    taken: Cell<Taken>,
}

impl Default for Rest {
    fn default() -> Self {
        Self {
            of: Cell::new(ptr::null_mut()),
            taken: Cell::default(),
        }
    }
}

impl Rest {
    fn host(&self) -> Option<ComRef<'_, IParameterChanges>> {
        // SAFETY: null, or the host's object while it waits for `process`.
        unsafe { ComRef::from_raw(self.of.get()) }
    }
}

impl Class for Rest {
    type Interfaces = (IParameterChanges,);
}

impl IParameterChangesTrait for Rest {
    unsafe fn getParameterCount(&self) -> int32 {
        // SAFETY: see `host`.
        let count = self.host().map(|host| unsafe { host.getParameterCount() });
        count.map_or(0, |count| count - self.taken.get().count as int32)
    }

    unsafe fn getParameterData(&self, index: int32) -> *mut IParamValueQueue {
        let place = self.taken.get().other(index);
        // SAFETY: see `host`.
        let queue = self
            .host()
            .map(|host| unsafe { host.getParameterData(place) });
        queue.unwrap_or(ptr::null_mut())
    }

    unsafe fn addParameterData(&self, _: *const ParamID, _: *mut int32) -> *mut IParamValueQueue {
        ptr::null_mut() // These are changes to read.
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_keeps_its_order() {
        let mut taken = Taken::default();
        for place in [0, 2, 3, 7] {
            assert!(taken.add(place));
        }
        let others: Vec<_> = (0..5).map(|index| taken.other(index)).collect();
        assert_eq!(others, [1, 4, 5, 6, 8]);
        assert!((4..QUEUES).all(|place| taken.add(place as int32 + 5)));
        assert!(!taken.add(99));
    }

    fn gather(points: impl IntoIterator<Item = (u32, usize, f32)>) -> Vec<(u32, usize, f32)> {
        let automation = Automation::default();
        let mut gathered = Gathered::new(automation.parameters());
        for (sample, parameter, value) in points {
            gathered.add(Point {
                sample,
                parameter,
                value,
            });
        }
        assert!(gathered.points.len() <= ROOM);
        gathered.hand_over(&automation);
        let next = || automation.next();
        std::iter::from_fn(next)
            .map(|point| (point.sample, point.parameter, point.value))
            .collect()
    }

    #[test]
    fn values_come_in_order_of_time_then_as_they_came() {
        let found = gather([
            (5, 0, 0.1),
            (9, 0, 0.2),
            (9, 0, 0.3),
            (0, 1, 0.4),
            (9, 1, 0.5),
        ]);
        let wanted = [
            (0, 1, 0.4),
            (5, 0, 0.1),
            (9, 0, 0.2),
            (9, 0, 0.3),
            (9, 1, 0.5),
        ];
        assert_eq!(found, wanted);
    }

    #[test]
    #[cfg_attr(miri, ignore = "takes long there")]
    fn each_parameter_s_last_value_finds_room() {
        let parameters = Automation::default().parameters();
        assert!(parameters <= PARAMETERS);
        // One parameter after another, each while there could be room for all.
        let all = (0..parameters).flat_map(|parameter| {
            (0..ROOM).map(move |sample| (sample as u32, parameter, sample as f32))
        });
        let found = gather(all);
        for parameter in 0..parameters {
            let last = found.iter().rfind(|(_, of, _)| *of == parameter).unwrap();
            assert_eq!(last.0, ROOM as u32 - 1);
        }
    }
}
