//! A small VST3 host: loads a `.vst3` bundle and plays the same scripts as the CLAP [`host`].
//!
//! [`host`]: crate::host
#![expect(
    unsafe_code,
    reason = "VST3's interfaces are C++: each of their functions is unsafe to call"
)]
#![expect(
    clippy::unnecessary_cast,
    reason = "C++'s enumerations are signed on Windows and unsigned elsewhere"
)]

/// Calls a VST3 interface.
macro_rules! com {
    ($call:expr) => {{
        // SAFETY: the interface is a counted reference to an object of the project's own build of
        // the plugin, which is loaded as long as there are references into it; what is passed
        // lives longer than the call.
        unsafe { $call }
    }};
}

mod drive;
mod instance;
mod module;
mod parts;

use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::{Context, Result, bail, ensure};
use vst3::Steinberg::Vst::{IComponent, IComponentTrait, IEditController};
use vst3::Steinberg::{IPluginBaseTrait, IPluginFactoryTrait, PClassInfo, TUID, kResultOk};
use vst3::{ComPtr, Interface};

pub use instance::{Bus, Buses, Listed, Vst3Instance};
use module::Module;
use parts::Host;

/// The environment variable that names the `.vst3` under test.
pub const PLUGIN_VARIABLE: &str = "THIRD_STREAM_VST3";

/// A loaded `.vst3` bundle.
pub struct Vst3Library {
    module: Rc<Module>,
    class: TUID,
    name: String,
}

impl Vst3Library {
    /// Loads the bundle and picks its first effect.
    pub fn load(bundle: &Path) -> Result<Self> {
        let module = Module::load(&binary(bundle)?)?;
        let factory = module.factory();
        let count = com!(factory.countClasses());
        for index in 0..count {
            // SAFETY: numbers and arrays of characters, for which zeros are values.
            let mut info: PClassInfo = unsafe { std::mem::zeroed() };
            let result = com!(factory.getClassInfo(index, &raw mut info));
            if result == kResultOk && text(&info.category) == "Audio Module Class" {
                return Ok(Self {
                    module,
                    class: info.cid,
                    name: text(&info.name),
                });
            }
        }
        bail!(
            "{} has no effect among its {count} classes",
            bundle.display()
        )
    }

    /// The plugin under test; `None` if no variable names it.
    pub fn under_test() -> Option<Result<Self>> {
        let bundle = std::env::var_os(PLUGIN_VARIABLE)?;
        Some(Self::load(Path::new(&bundle)))
    }

    /// The plugin's name as users see it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A new instance of the plugin. It belongs to the calling thread.
    pub fn instance(&self) -> Result<Vst3Instance> {
        let mut object = std::ptr::null_mut();
        let (class, interface) = (self.class.as_ptr(), IComponent::IID.as_ptr().cast());
        let result = com!(
            self.module
                .factory()
                .createInstance(class, interface, &raw mut object)
        );
        ensure!(
            result == kResultOk,
            "the plugin made no instance ({result})"
        );
        let component = com!(ComPtr::<IComponent>::from_raw(object.cast()));
        let component = component.context("the plugin made no instance")?;
        let host = Host::new();
        let result = com!(component.initialize(host.context()));
        ensure!(
            result == kResultOk,
            "the plugin did not initialise ({result})"
        );
        let mut class = [0; 16];
        ensure!(
            com!(component.getControllerClassId(&raw mut class)) != kResultOk,
            "this host knows plugins in one piece only, and this one has a controller of its own"
        );
        let controller = component.cast::<IEditController>();
        let controller = controller.context("the plugin has no controller")?;
        Vst3Instance::new(Rc::clone(&self.module), component, controller, host)
    }
}

/// The library in a bundle, for this system.
fn binary(bundle: &Path) -> Result<PathBuf> {
    let name = bundle.file_stem().context("a bundle without a name")?;
    let arch = std::env::consts::ARCH;
    let (folder, extension) = match std::env::consts::OS {
        "macos" => ("MacOS".to_owned(), ""),
        "windows" => (format!("{arch}-win"), "vst3"),
        system => (format!("{arch}-{system}"), "so"),
    };
    let path = bundle.join("Contents").join(folder).join(name);
    let path = path.with_extension(extension);
    ensure!(path.exists(), "there is no plugin at {}", path.display());
    Ok(path)
}

/// A C string in an array.
fn text(array: &[std::ffi::c_char]) -> String {
    let bytes = array.iter().map(|&c| c as u8).take_while(|&byte| byte != 0);
    String::from_utf8_lossy(&bytes.collect::<Vec<_>>()).into_owned()
}

/// A UTF-16 string in an array.
fn wide_text(array: &[u16]) -> String {
    let end = array.iter().position(|&unit| unit == 0);
    String::from_utf16_lossy(&array[..end.unwrap_or(array.len())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_that_is_not_there_is_named() {
        let error = binary(Path::new("no/such/Third Stream.vst3")).unwrap_err();
        let error = error.to_string();
        assert!(error.contains("Third Stream"), "{error}");
    }

    #[test]
    fn strings_end_at_their_zero() {
        assert_eq!(wide_text(&[0x4D, 0x65, 0, 0x7A]), "Me");
        assert_eq!(text(&[0x4D, 0x65]), "Me");
    }
}
