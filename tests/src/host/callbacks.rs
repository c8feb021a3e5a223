//! What a plugin may call in its host.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

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
}

impl Calls {
    /// Whether the plugin asked to be called on its main thread; asks only once.
    pub(super) fn take_callback(&self) -> bool {
        self.callback.swap(false, Ordering::AcqRel)
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

/// The editor keeps the size that it asked for when it was opened.
impl HostGuiImpl for Calls {
    fn resize_hints_changed(&self) {}
    fn request_resize(&self, _: GuiSize) -> Result<(), HostError> {
        Err(HostError::Message("this host's window does not change"))
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
