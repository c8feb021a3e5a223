//! Host callbacks that a plugin may call.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use clack_extensions::gui::{GuiSize, HostGui, HostGuiImpl};
use clack_extensions::latency::{HostLatency, HostLatencyImpl};
use clack_extensions::params::{
    HostParams, HostParamsImplMainThread, HostParamsImplShared, ParamClearFlags, ParamRescanFlags,
};
use clack_extensions::state::{HostState, HostStateImpl};
use clack_host::prelude::*;

/// The host's side of an instance. It only notes what was asked; the main thread does it.
#[derive(Clone, Default)]
pub(super) struct Calls {
    callback: Arc<AtomicBool>,
    /// True if the host's window can take another size.
    resizes: Arc<AtomicBool>,
    /// The size that the editor asked for, packed; 0 for none.
    size: Arc<AtomicU64>,
}

impl Calls {
    /// True if the plugin asked to be called on its main thread; asks only once.
    pub(super) fn take_callback(&self) -> bool {
        self.callback.swap(false, Ordering::AcqRel)
    }

    pub(super) fn let_resize(&self) {
        self.resizes.store(true, Ordering::Release);
    }

    /// The size that the editor asked for; tells it only once.
    pub(super) fn take_size(&self) -> Option<GuiSize> {
        match self.size.swap(0, Ordering::AcqRel) {
            0 => None,
            packed => Some(GuiSize::unpack_from_u64(packed)),
        }
    }
}

impl SharedHandler<'_> for Calls {
    fn request_restart(&self) {}
    fn request_process(&self) {}
    fn request_callback(&self) {
        self.callback.store(true, Ordering::Release);
    }
}

impl HostParamsImplShared for Calls {
    fn request_flush(&self) {}
}

/// The editor keeps the size that it asked for when it was opened, unless the host lets it resize.
impl HostGuiImpl for Calls {
    fn resize_hints_changed(&self) {}
    fn request_resize(&self, size: GuiSize) -> Result<(), HostError> {
        if !self.resizes.load(Ordering::Acquire) {
            return Err(HostError::Message("this host's window does not change"));
        }
        self.size.store(size.pack_to_u64(), Ordering::Release);
        Ok(())
    }
    fn request_show(&self) -> Result<(), HostError> {
        Ok(())
    }
    fn request_hide(&self) -> Result<(), HostError> {
        Ok(())
    }
    fn closed(&self, _: bool) {}
}

/// The main thread's side; this host keeps no list of parameters that could go stale.
pub(super) struct MainThread;

impl MainThreadHandler<'_> for MainThread {}

impl HostParamsImplMainThread for MainThread {
    fn rescan(&self, _: ParamRescanFlags) {}
    fn clear(&self, _: ClapId, _: ParamClearFlags) {}
}

impl HostLatencyImpl for MainThread {
    fn changed(&self) {}
}

impl HostStateImpl for MainThread {
    fn mark_dirty(&self) {}
}

/// Ties the two together.
pub(super) struct Handlers;

impl HostHandlers for Handlers {
    type Shared<'a> = Calls;
    type MainThread<'a> = MainThread;
    type AudioProcessor<'a> = ();

    fn declare_extensions(builder: &mut HostExtensions<Self>, _: &Self::Shared<'_>) {
        builder
            .register::<HostParams>()
            .register::<HostLatency>()
            .register::<HostGui>()
            .register::<HostState>();
    }
}
