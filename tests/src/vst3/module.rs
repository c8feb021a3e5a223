//! The library in a bundle: loaded, entered, left.

use std::ffi::c_void;
use std::path::Path;
use std::rc::Rc;

use anyhow::{Context, Result, ensure};
use vst3::ComPtr;
use vst3::Steinberg::IPluginFactory;

/// Names of a library's entry and exit functions, on each system.
const ENTRY_AND_EXIT: (&str, &str) = if cfg!(target_os = "macos") {
    ("bundleEntry", "bundleExit")
} else if cfg!(target_os = "windows") {
    ("InitDll", "ExitDll")
} else {
    ("ModuleEntry", "ModuleExit")
};

type Entry = unsafe extern "system" fn(*mut c_void) -> bool;
type Exit = unsafe extern "system" fn() -> bool;
type GetFactory = unsafe extern "system" fn() -> *mut IPluginFactory;

/// A loaded library; unloaded with the last reference to it.
pub(super) struct Module {
    /// Only `None` while it is dropped.
    factory: Option<ComPtr<IPluginFactory>>,
    library: libloading::Library,
}

impl Module {
    pub(super) fn load(path: &Path) -> Result<Rc<Self>> {
        let failed = || format!("could not load {}", path.display());
        // SAFETY: the project's own build of the plugin; loading it runs no code of its own.
        let library = unsafe { libloading::Library::new(path) }.with_context(failed)?;
        // SAFETY: the function has this type in every VST3 library of the system.
        let entry = unsafe { library.get::<Entry>(ENTRY_AND_EXIT.0) }.with_context(failed)?;
        // SAFETY: called once, first; this plugin does not look at the handle.
        let entered = unsafe { entry(std::ptr::null_mut()) };
        ensure!(entered, "{} did not want to start", path.display());
        // SAFETY: as above.
        let factory = unsafe { library.get::<GetFactory>("GetPluginFactory") };
        // SAFETY: called after the entry; the reference that it returns is ours.
        let factory = unsafe { ComPtr::from_raw(factory.with_context(failed)?()) };
        ensure!(factory.is_some(), "{} has no factory", path.display());
        Ok(Rc::new(Self { factory, library }))
    }
}

impl Module {
    pub(super) fn factory(&self) -> &ComPtr<IPluginFactory> {
        let factory = self.factory.as_ref();
        factory.expect("the factory goes with the module only")
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        self.factory = None;
        // SAFETY: the function has this type in every VST3 library, and nothing of the library
        // is in use any more.
        unsafe {
            if let Ok(exit) = self.library.get::<Exit>(ENTRY_AND_EXIT.1) {
                exit();
            }
        }
    }
}
