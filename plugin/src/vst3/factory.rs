//! The library's VST3 entry points and its factory of one class.

use std::ffi::c_void;

use nice_plug::wrapper::setup_logger;
use nice_plug::wrapper::vst3::PluginInfo;
use nice_plug::wrapper::vst3::vst3::Steinberg::{
    FIDString, FUnknown, IPluginFactory, IPluginFactory2, IPluginFactory2Trait, IPluginFactory3,
    IPluginFactory3Trait, IPluginFactoryTrait, PClassInfo, PClassInfo2, PClassInfoW, PFactoryInfo,
    TUID, int32, kInvalidArgument, kResultOk, tresult,
};
use nice_plug::wrapper::vst3::vst3::{Class, ComWrapper};

use super::{Component, Plugin};

struct Factory {
    plugin: PluginInfo,
}

impl Class for Factory {
    type Interfaces = (IPluginFactory, IPluginFactory2, IPluginFactory3);
}

/// Writes a result through the host's pointer, unless it is null.
///
/// # Safety
/// `to` is null or points to room for a `T`.
unsafe fn give<T>(to: *mut T, value: T) -> tresult {
    if to.is_null() {
        return kInvalidArgument;
    }
    // SAFETY: not null, and promised by the caller.
    unsafe { to.write(value) };
    kResultOk
}

impl IPluginFactoryTrait for Factory {
    unsafe fn getFactoryInfo(&self, info: *mut PFactoryInfo) -> tresult {
        // SAFETY: the host's own structure.
        unsafe { give(info, self.plugin.create_factory_info()) }
    }

    unsafe fn countClasses(&self) -> int32 {
        1
    }

    unsafe fn getClassInfo(&self, index: int32, info: *mut PClassInfo) -> tresult {
        if index != 0 {
            return kInvalidArgument;
        }
        // SAFETY: the host's own structure.
        unsafe { give(info, self.plugin.create_class_info()) }
    }

    unsafe fn createInstance(
        &self,
        class: FIDString,
        interface: FIDString,
        object: *mut *mut c_void,
    ) -> tresult {
        if class.is_null() || interface.is_null() || object.is_null() {
            return kInvalidArgument;
        }
        // SAFETY: both ids have sixteen bytes.
        let asked = unsafe { &*class.cast::<[u8; 16]>() };
        if asked != self.plugin.cid {
            return kInvalidArgument;
        }
        let component = ComWrapper::new(Component::default());
        let Some(unknown) = component.as_com_ref::<FUnknown>() else {
            return kInvalidArgument;
        };
        let unknown = unknown.as_ptr();
        // SAFETY: the object lives; its new reference belongs to the host.
        unsafe { ((*(*unknown).vtbl).queryInterface)(unknown, interface.cast::<TUID>(), object) }
    }
}

impl IPluginFactory2Trait for Factory {
    unsafe fn getClassInfo2(&self, index: int32, info: *mut PClassInfo2) -> tresult {
        if index != 0 {
            return kInvalidArgument;
        }
        // SAFETY: the host's own structure.
        unsafe { give(info, self.plugin.create_class_info_2()) }
    }
}

impl IPluginFactory3Trait for Factory {
    unsafe fn getClassInfoUnicode(&self, index: int32, info: *mut PClassInfoW) -> tresult {
        if index != 0 {
            return kInvalidArgument;
        }
        // SAFETY: the host's own structure.
        unsafe { give(info, self.plugin.create_class_info_unicode()) }
    }

    unsafe fn setHostContext(&self, _: *mut FUnknown) -> tresult {
        kResultOk
    }
}

/// Returns the factory; the reference belongs to the host.
#[unsafe(no_mangle)]
extern "system" fn GetPluginFactory() -> *mut c_void {
    let plugin = PluginInfo::for_plugin::<Plugin>();
    let factory = ComWrapper::new(Factory { plugin });
    let factory = factory.to_com_ptr::<IPluginFactory>();
    factory.map_or(std::ptr::null_mut(), |factory| factory.into_raw().cast())
}

/// The library's entry and exit functions, under each system's names.
macro_rules! entry_and_exit {
    ($system:meta, $entry:ident($($handle:ident: $type:ty)?), $exit:ident) => {
        /// Called after the library is loaded.
        #[cfg($system)]
        #[unsafe(no_mangle)]
        extern "system" fn $entry($($handle: $type)?) -> bool {
            setup_logger::<Plugin>();
            true
        }

        /// Called before the library is unloaded.
        #[cfg($system)]
        #[unsafe(no_mangle)]
        extern "system" fn $exit() -> bool {
            true
        }
    };
}

entry_and_exit!(all(unix, not(target_os = "macos")), ModuleEntry(_handle: *mut c_void), ModuleExit);
entry_and_exit!(target_os = "macos", bundleEntry(_bundle: *mut c_void), bundleExit);
entry_and_exit!(windows, InitDll(), ExitDll);
