//! The CLAP export: the framework's plugin, with a `process` of our own in front of it.
//!
//! The framework writes every note as CLAP's own event. A host that speaks MIDI alone, or whose
//! notes come as MIDI, gets them as MIDI messages: [`dialect`] puts the one into the other on the
//! way out. docs/upstream.md says which hosts need that.
#![expect(
    unsafe_code,
    reason = "CLAP's interfaces are C: each of their functions takes pointers"
)]

mod dialect;

use std::ffi::{CStr, c_char, c_void};
use std::ptr;
use std::sync::{Arc, LazyLock};

use clap_sys::entry::clap_plugin_entry;
use clap_sys::factory::plugin_factory::{CLAP_PLUGIN_FACTORY_ID, clap_plugin_factory};
use clap_sys::host::clap_host;
use clap_sys::plugin::{clap_plugin, clap_plugin_descriptor};
use clap_sys::process::{CLAP_PROCESS_ERROR, clap_process, clap_process_status};
use clap_sys::version::CLAP_VERSION;
use nice_plug::wrapper::clap::{PluginDescriptor, Wrapper};
use nice_plug::wrapper::setup_logger;

use dialect::{Answers, Dialect};

/// The plugin as CLAP has it: without audio.
type Plugin = crate::ThirdStream<false>;

/// An instance as the host gets it. The host's pointer is to the first field.
#[repr(C)]
struct Instance {
    /// The framework's plugin and data, with the functions below in place of its own.
    plugin: clap_plugin,
    framework: clap_plugin,
    host: *const clap_host,
    dialect: Dialect,
}

/// The instance behind a host's pointer.
///
/// # Safety
/// `plugin` comes from [`create_plugin`] and is not destroyed.
unsafe fn instance<'a>(plugin: *const clap_plugin) -> &'a Instance {
    // SAFETY: `plugin` points to the first field of a `repr(C)` instance.
    unsafe { &*plugin.cast::<Instance>() }
}

unsafe extern "C" fn init(plugin: *const clap_plugin) -> bool {
    // SAFETY: promised by the host, here and below.
    let own = unsafe { instance(plugin) };
    // SAFETY: the host outlives its instances, and extensions may be asked for from now on.
    own.dialect.ask(unsafe { dialect::spoken_by(own.host) });
    let init = own.framework.init;
    // SAFETY: the framework reads only its own data.
    init.is_some_and(|init| unsafe { init(plugin) })
}

unsafe extern "C" fn destroy(plugin: *const clap_plugin) {
    // SAFETY: the pointer comes from a box and is destroyed once.
    let own = unsafe { Box::from_raw(plugin.cast_mut().cast::<Instance>()) };
    if let Some(destroy) = own.framework.destroy {
        // SAFETY: as above.
        unsafe { destroy(&raw const own.plugin) };
    }
}

unsafe extern "C" fn process(
    plugin: *const clap_plugin,
    block: *const clap_process,
) -> clap_process_status {
    // SAFETY: the host's promise.
    let own = unsafe { instance(plugin) };
    // SAFETY: null, or the host's structure, valid during its call.
    let (Some(process), Some(host)) = (own.framework.process, unsafe { block.as_ref() }) else {
        return CLAP_PROCESS_ERROR;
    };
    // SAFETY: null, or the host's list, valid during its call.
    own.dialect.hear(unsafe { host.in_events.as_ref() });
    if !own.dialect.is_midi() || host.out_events.is_null() {
        // SAFETY: promised by the host.
        return unsafe { process(plugin, block) };
    }
    let answers = Answers::in_front_of(host.out_events);
    let list = answers.list();
    let block = clap_process {
        out_events: &raw const list,
        ..*host
    };
    // SAFETY: the host's data, with an output list that forwards to the host's.
    unsafe { process(plugin, &raw const block) }
}

/// The one plugin of this library.
static DESCRIPTOR: LazyLock<PluginDescriptor> =
    LazyLock::new(PluginDescriptor::for_plugin::<Plugin>);

unsafe extern "C" fn plugin_count(_: *const clap_plugin_factory) -> u32 {
    1
}

unsafe extern "C" fn plugin_descriptor(
    _: *const clap_plugin_factory,
    index: u32,
) -> *const clap_plugin_descriptor {
    if index == 0 {
        DESCRIPTOR.clap_plugin_descriptor()
    } else {
        ptr::null()
    }
}

unsafe extern "C" fn create_plugin(
    _: *const clap_plugin_factory,
    host: *const clap_host,
    id: *const c_char,
) -> *const clap_plugin {
    // SAFETY: null, or a string of the host's.
    if host.is_null() || id.is_null() || unsafe { CStr::from_ptr(id) } != DESCRIPTOR.clap_id() {
        return ptr::null();
    }
    // SAFETY: the host outlives its instances, as it promises.
    let wrapper = unsafe { Wrapper::<Plugin>::new(host) };
    // The framework releases this reference in `destroy`.
    let wrapper = Arc::into_raw(wrapper);
    // SAFETY: created in the line before.
    let framework = *unsafe { &*wrapper }.clap_plugin.borrow();
    let plugin = clap_plugin {
        init: Some(init),
        destroy: Some(destroy),
        process: Some(process),
        ..framework
    };
    let instance = Box::new(Instance {
        plugin,
        framework,
        host,
        dialect: Dialect::default(),
    });
    Box::into_raw(instance).cast_const().cast()
}

static FACTORY: clap_plugin_factory = clap_plugin_factory {
    get_plugin_count: Some(plugin_count),
    get_plugin_descriptor: Some(plugin_descriptor),
    create_plugin: Some(create_plugin),
};

unsafe extern "C" fn entry_init(_path: *const c_char) -> bool {
    setup_logger::<Plugin>();
    true
}

unsafe extern "C" fn entry_exit() {}

unsafe extern "C" fn factory(id: *const c_char) -> *const c_void {
    // SAFETY: null, or a string of the host's.
    if id.is_null() || unsafe { CStr::from_ptr(id) } != CLAP_PLUGIN_FACTORY_ID {
        return ptr::null();
    }
    (&raw const FACTORY).cast()
}

/// The library's CLAP entry point.
#[unsafe(no_mangle)]
#[used]
static clap_entry: clap_plugin_entry = clap_plugin_entry {
    clap_version: CLAP_VERSION,
    init: Some(entry_init),
    deinit: Some(entry_exit),
    get_factory: Some(factory),
};
