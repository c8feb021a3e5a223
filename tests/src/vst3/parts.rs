//! COM objects that a host lends to a plugin: itself, streams, lists of events and of parameter
//! changes.

use std::cell::{Cell, RefCell};
use std::ffi::c_void;

use vst3::Steinberg::IBStream_::{IStreamSeekMode, IStreamSeekMode_};
use vst3::Steinberg::Vst::{
    Event, IComponentHandler, IComponentHandlerTrait, IEventList, IEventListTrait,
    IHostApplication, IHostApplicationTrait, IParamValueQueue, IParamValueQueueTrait,
    IParameterChanges, IParameterChangesTrait, ParamID, ParamValue, String128,
};
use vst3::Steinberg::{
    FUnknown, IBStream, IBStreamTrait, TUID, int32, int64, kInvalidArgument, kNotImplemented,
    kResultFalse, kResultOk, tresult,
};
use vst3::{Class, ComWrapper, Interface};

use crate::audio_call::in_host;

/// The interface of an object that surely has it, as the plugin takes it.
pub(super) fn pointer<C: Class, I: Interface>(object: &ComWrapper<C>) -> *mut I {
    let interface = object.as_com_ref::<I>();
    interface.map_or(std::ptr::null_mut(), |interface| interface.as_ptr())
}

/// The host itself.
pub(super) struct Host {
    object: ComWrapper<HostObject>,
}

impl Host {
    pub(super) fn new() -> Self {
        Self {
            object: ComWrapper::new(HostObject),
        }
    }

    /// For `initialize`.
    pub(super) fn context(&self) -> *mut FUnknown {
        pointer::<_, IHostApplication>(&self.object).cast()
    }

    /// For `setComponentHandler`.
    pub(super) fn handler(&self) -> *mut IComponentHandler {
        pointer(&self.object)
    }
}

struct HostObject;

impl Class for HostObject {
    type Interfaces = (IHostApplication, IComponentHandler);
}

impl IHostApplicationTrait for HostObject {
    unsafe fn getName(&self, name: *mut String128) -> tresult {
        let mut text = [0; 128];
        for (unit, to) in "Third Stream tests".encode_utf16().zip(&mut text) {
            *to = unit;
        }
        // SAFETY: the plugin passes its own string.
        unsafe { name.write(text) };
        kResultOk
    }

    unsafe fn createInstance(&self, _: *mut TUID, _: *mut TUID, _: *mut *mut c_void) -> tresult {
        kNotImplemented
    }
}

impl IComponentHandlerTrait for HostObject {
    unsafe fn beginEdit(&self, _: ParamID) -> tresult {
        kResultOk
    }
    unsafe fn performEdit(&self, _: ParamID, _: ParamValue) -> tresult {
        kResultOk
    }
    unsafe fn endEdit(&self, _: ParamID) -> tresult {
        kResultOk
    }
    unsafe fn restartComponent(&self, _: int32) -> tresult {
        kResultOk
    }
}

/// A stream in memory.
#[derive(Default)]
pub(super) struct Stream {
    bytes: RefCell<Vec<u8>>,
    position: Cell<usize>,
}

impl Stream {
    pub(super) fn new(bytes: &[u8]) -> ComWrapper<Self> {
        ComWrapper::new(Self {
            bytes: RefCell::new(bytes.to_vec()),
            position: Cell::new(0),
        })
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        self.bytes.borrow().clone()
    }
}

impl Class for Stream {
    type Interfaces = (IBStream,);
}

impl IBStreamTrait for Stream {
    unsafe fn read(&self, buffer: *mut c_void, count: int32, done: *mut int32) -> tresult {
        let bytes = self.bytes.borrow();
        let rest = &bytes[self.position.get().min(bytes.len())..];
        let length = rest.len().min(count.max(0) as usize);
        // SAFETY: the plugin's buffer has `count` bytes.
        unsafe { std::ptr::copy_nonoverlapping(rest.as_ptr(), buffer.cast(), length) };
        self.position.set(self.position.get() + length);
        if !done.is_null() {
            // SAFETY: the plugin passes its own number.
            unsafe { done.write(length as int32) };
        }
        kResultOk
    }

    unsafe fn write(&self, buffer: *mut c_void, count: int32, done: *mut int32) -> tresult {
        // SAFETY: the plugin's buffer has `count` bytes.
        let new = unsafe { std::slice::from_raw_parts(buffer.cast::<u8>(), count.max(0) as usize) };
        let mut bytes = self.bytes.borrow_mut();
        bytes.truncate(self.position.get());
        bytes.extend_from_slice(new);
        self.position.set(bytes.len());
        if !done.is_null() {
            // SAFETY: the plugin passes its own number.
            unsafe { done.write(count) };
        }
        kResultOk
    }

    unsafe fn seek(&self, offset: int64, mode: int32, result: *mut int64) -> tresult {
        let length = self.bytes.borrow().len() as i64;
        let from = match mode as IStreamSeekMode {
            IStreamSeekMode_::kIBSeekSet => 0,
            IStreamSeekMode_::kIBSeekCur => self.position.get() as i64,
            IStreamSeekMode_::kIBSeekEnd => length,
            _ => return kInvalidArgument,
        };
        self.position.set((from + offset).clamp(0, length) as usize);
        if result.is_null() {
            kResultOk
        } else {
            // SAFETY: the plugin passes its own number.
            unsafe { self.tell(result) }
        }
    }

    unsafe fn tell(&self, position: *mut int64) -> tresult {
        // SAFETY: the plugin passes its own number.
        unsafe { position.write(self.position.get() as i64) };
        kResultOk
    }
}

/// Events of one block, with a limited capacity.
pub(super) struct Events {
    pub(super) list: RefCell<Vec<Event>>,
    room: usize,
}

impl Events {
    pub(super) fn new(room: usize) -> ComWrapper<Self> {
        ComWrapper::new(Self {
            list: RefCell::default(),
            room,
        })
    }
}

impl Class for Events {
    type Interfaces = (IEventList,);
}

impl IEventListTrait for Events {
    unsafe fn getEventCount(&self) -> int32 {
        self.list.borrow().len() as int32
    }

    unsafe fn getEvent(&self, index: int32, event: *mut Event) -> tresult {
        let Some(found) = self.list.borrow().get(index as usize).copied() else {
            return kInvalidArgument;
        };
        // SAFETY: the plugin passes its own event.
        unsafe { event.write(found) };
        kResultOk
    }

    unsafe fn addEvent(&self, event: *mut Event) -> tresult {
        if self.list.borrow().len() >= self.room {
            return kResultFalse;
        }
        // SAFETY: the plugin passes its own event.
        let event = unsafe { event.read() };
        in_host(|| self.list.borrow_mut().push(event));
        kResultOk
    }
}

/// The parameter changes of one block, in the order in which the parameters changed first.
#[derive(Default)]
pub(super) struct Changes {
    queues: RefCell<Vec<ComWrapper<Queue>>>,
}

impl Changes {
    /// A parameter has this (normalised) value from a sample on.
    pub(super) fn add(&self, id: ParamID, sample: int32, value: ParamValue) {
        let mut queues = self.queues.borrow_mut();
        let queue = if let Some(queue) = queues.iter().find(|queue| queue.id == id) {
            queue
        } else {
            let points = RefCell::default();
            queues.push(ComWrapper::new(Queue { id, points }));
            &queues[queues.len() - 1]
        };
        queue.points.borrow_mut().push((sample, value));
    }
}

impl Class for Changes {
    type Interfaces = (IParameterChanges,);
}

impl IParameterChangesTrait for Changes {
    unsafe fn getParameterCount(&self) -> int32 {
        self.queues.borrow().len() as int32
    }

    unsafe fn getParameterData(&self, index: int32) -> *mut IParamValueQueue {
        let queues = self.queues.borrow();
        queues
            .get(index as usize)
            .map_or(std::ptr::null_mut(), pointer)
    }

    unsafe fn addParameterData(&self, _: *const ParamID, _: *mut int32) -> *mut IParamValueQueue {
        std::ptr::null_mut()
    }
}

/// The values that one parameter takes in a block.
struct Queue {
    id: ParamID,
    points: RefCell<Vec<(int32, ParamValue)>>,
}

impl Class for Queue {
    type Interfaces = (IParamValueQueue,);
}

impl IParamValueQueueTrait for Queue {
    unsafe fn getParameterId(&self) -> ParamID {
        self.id
    }

    unsafe fn getPointCount(&self) -> int32 {
        self.points.borrow().len() as int32
    }

    unsafe fn getPoint(&self, index: int32, sample: *mut int32, value: *mut ParamValue) -> tresult {
        let Some(point) = self.points.borrow().get(index as usize).copied() else {
            return kInvalidArgument;
        };
        // SAFETY: the plugin passes its own numbers.
        unsafe {
            sample.write(point.0);
            value.write(point.1);
        }
        kResultOk
    }

    unsafe fn addPoint(&self, _: int32, _: ParamValue, _: *mut int32) -> tresult {
        kNotImplemented
    }
}
