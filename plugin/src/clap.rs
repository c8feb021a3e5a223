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

/// What a host gets as an instance. The first field is what it has a pointer to.
#[repr(C)]
struct Instance {
    /// As the framework's, and with its data; only the functions below are our own.
    plugin: clap_plugin,
    framework: clap_plugin,
    host: *const clap_host,
    dialect: Dialect,
}

/// The instance that a host's pointer leads to.
///
/// # Safety
/// `plugin` was given out by [`create_plugin`] and is not destroyed.
unsafe fn instance<'a>(plugin: *const clap_plugin) -> &'a Instance {
    // SAFETY: it is the first field of an instance, which is laid out as in C.
    unsafe { &*plugin.cast::<Instance>() }
}

unsafe extern "C" fn init(plugin: *const clap_plugin) -> bool {
    // SAFETY: the host's promise, here and below.
    let own = unsafe { instance(plugin) };
    // SAFETY: the host lives as long as its instances, and may be asked from now on.
    own.dialect.ask(unsafe { dialect::spoken_by(own.host) });
    let init = own.framework.init;
    // SAFETY: the framework only looks at the data, which is its own.
    init.is_some_and(|init| unsafe { init(plugin) })
}

unsafe extern "C" fn destroy(plugin: *const clap_plugin) {
    // SAFETY: the host's promise; it was made by a box and is given up once.
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
    // SAFETY: null, or the host's own structure, during its call.
    let (Some(process), Some(host)) = (own.framework.process, unsafe { block.as_ref() }) else {
        return CLAP_PROCESS_ERROR;
    };
    // SAFETY: null, or the host's own list, during its call.
    own.dialect.hear(unsafe { host.in_events.as_ref() });
    if !own.dialect.is_midi() || host.out_events.is_null() {
        // SAFETY: as the host promises.
        return unsafe { process(plugin, block) };
    }
    let answers = Answers::in_front_of(host.out_events);
    let list = answers.list();
    let block = clap_process {
        out_events: &raw const list,
        ..*host
    };
    // SAFETY: all as the host's, but for a list that hands on to the host's.
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
    // SAFETY: a string of the host's, where it is not null.
    if host.is_null() || id.is_null() || unsafe { CStr::from_ptr(id) } != DESCRIPTOR.clap_id() {
        return ptr::null();
    }
    // SAFETY: the host's promise: it lives as long as its instances.
    let wrapper = unsafe { Wrapper::<Plugin>::new(host) };
    // The framework takes this reference back when it is destroyed.
    let wrapper = Arc::into_raw(wrapper);
    // SAFETY: made in the line before.
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
    // SAFETY: a string of the host's, where it is not null.
    if id.is_null() || unsafe { CStr::from_ptr(id) } != CLAP_PLUGIN_FACTORY_ID {
        return ptr::null();
    }
    (&raw const FACTORY).cast()
}

/// Where a host enters.
#[unsafe(no_mangle)]
#[used]
static clap_entry: clap_plugin_entry = clap_plugin_entry {
    clap_version: CLAP_VERSION,
    init: Some(entry_init),
    deinit: Some(entry_exit),
    get_factory: Some(factory),
};
