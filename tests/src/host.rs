//! Loads a `.clap` file and owns instances of the plugin in it, as a host's main thread does.

mod blocks;
mod callbacks;
mod counters;
mod drive;
mod live;
mod room;
mod together;
pub(crate) mod walk;
mod window;

use std::ffi::CString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use clack_extensions::audio_ports::PluginAudioPorts;
use clack_extensions::latency::PluginLatency;
use clack_extensions::note_ports::PluginNotePorts;
use clack_extensions::params::{ParamInfoBuffer, ParamInfoFlags, PluginParams};
use clack_extensions::remote_controls::{PluginRemoteControls, RemoteControlsPageBuffer};
use clack_extensions::render::{PluginRender, RenderMode};
use clack_extensions::state::PluginState;
use clack_host::events::event_types::ParamValueEvent;
use clack_host::prelude::*;

pub use blocks::Blocks;
use callbacks::{Calls, Handlers, MainThread};
pub use counters::{Counters, Reader};
pub use live::{Audio, Played, Running, Way};
pub use together::{InstancePart, Together, perform_together};
pub use walk::wait_for_engine;

/// The environment variable that names the `.clap` under test.
pub const PLUGIN_VARIABLE: &str = "THIRD_STREAM_CLAP";

/// Where the plugin under test is, if the caller says.
pub fn plugin_under_test() -> Option<PathBuf> {
    std::env::var_os(PLUGIN_VARIABLE).map(PathBuf::from)
}

/// A loaded `.clap` file.
pub struct Library {
    entry: PluginEntry,
    info: HostInfo,
    id: CString,
    name: String,
}

/// How the audio thread runs.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Samples a second.
    pub sample_rate: f64,
    /// The sizes of the blocks.
    pub blocks: Blocks,
    /// Offline, or in real time.
    pub pace: Pace,
    /// How many events the host takes in one block.
    pub room: usize,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            sample_rate: 48_000.0,
            blocks: Blocks::Fixed(512),
            pace: Pace::Offline,
            room: usize::MAX,
        }
    }
}

impl Setup {
    /// The default set-up at another pace.
    pub fn paced(pace: Pace) -> Self {
        Self {
            pace,
            ..Self::default()
        }
    }

    /// The default set-up with other blocks.
    pub fn in_blocks(blocks: Blocks) -> Self {
        Self {
            blocks,
            ..Self::default()
        }
    }
}

/// Pacing of a script: the plugin waits for the engine, or the host does, or neither.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// As a bounce: the plugin is told that it may take its time.
    Offline,
    /// As playback, block after block without a pause: an export that does not say so. In its
    /// first second answers may come too late.
    Rushed,
    /// As playback, with time for the engine where a group of that many beats is asked for.
    RealTime {
        /// Beats in a group of bars.
        group: f64,
    },
    /// As playback by the clock: each block when it is due, as with a sound card.
    Clock,
    /// Like [`Self::RealTime`], but waits a fixed time for the engine: for machines, real or
    /// emulated, that do not show which thread is busy.
    Paused {
        /// Beats in a group of bars.
        group: f64,
        /// How long it waits.
        pause: Duration,
    },
}

impl Library {
    /// Loads the `.clap` file and picks its first plugin.
    pub fn load(path: &Path) -> Result<Self> {
        ensure!(path.exists(), "there is no plugin at {}", path.display());
        #[expect(unsafe_code, reason = "loading a library runs its code")]
        // SAFETY: the file is the project's own build of the plugin, a library that keeps to
        // the CLAP specification; nothing of it is used after the entry is dropped.
        let entry = unsafe { PluginEntry::load(path) }
            .with_context(|| format!("could not load {}", path.display()))?;
        let factory = entry
            .get_plugin_factory()
            .context("the library has no plugin factory")?;
        let descriptor = factory
            .plugin_descriptors()
            .next()
            .context("the library has no plugin")?;
        let id = descriptor.id().context("the plugin has no id")?.to_owned();
        let name = descriptor.name().unwrap_or_default();
        let name = name.to_string_lossy().into_owned();
        let info = HostInfo::new("Third Stream tests", "Third Stream", "", "1")?;
        Ok(Self {
            entry,
            info,
            id,
            name,
        })
    }

    /// The plugin's CLAP id.
    pub fn id(&self) -> String {
        self.id.to_string_lossy().into_owned()
    }

    /// The plugin's name as users see it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A new instance of the plugin. It belongs to the calling thread, its main thread.
    pub fn instance(&self) -> Result<Instance> {
        let calls = Calls::default();
        let plugin = PluginInstance::<Handlers>::new(
            |()| calls.clone(),
            |_| MainThread,
            &self.entry,
            &self.id,
            &self.info,
        )
        .map_err(|error| anyhow!("the plugin refused to start: {error}"))?;
        Ok(Instance {
            plugin,
            calls,
            processor: None,
            largest_block: 0,
            offline: false,
        })
    }
}

/// A parameter as the host sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its stable id.
    pub id: ClapId,
    /// Its name.
    pub name: String,
    /// Its range.
    pub range: (f64, f64),
    /// Its value.
    pub value: f64,
    /// True if the host takes it for the bypass.
    pub is_bypass: bool,
}

impl Parameter {
    /// The value at a place (0..=1) in the range.
    pub fn at(&self, place: f64) -> f64 {
        self.range.0 + (self.range.1 - self.range.0) * place
    }

    /// The place (0..=1) of its value in its range.
    pub fn place(&self) -> f64 {
        (self.value - self.range.0) / (self.range.1 - self.range.0)
    }
}

/// How many ports a plugin has, in and out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    /// Note ports.
    pub notes: (u32, u32),
    /// Audio ports.
    pub audio: (u32, u32),
}

/// An instance of the plugin, with its audio processor once it was activated.
pub struct Instance {
    plugin: PluginInstance<Handlers>,
    calls: Calls,
    processor: Option<StoppedPluginAudioProcessor<Handlers>>,
    largest_block: u32,
    offline: bool,
}

impl Instance {
    /// The plugin's ports.
    pub fn ports(&mut self) -> Ports {
        let handle = self.plugin.plugin_handle();
        let notes = handle.get_extension::<PluginNotePorts>();
        let audio = handle.get_extension::<PluginAudioPorts>();
        let notes = |is_input| notes.map_or(0, |ports| ports.count(&handle, is_input));
        let audio = |is_input| audio.map_or(0, |ports| ports.count(&handle, is_input));
        Ports {
            notes: (notes(true), notes(false)),
            audio: (audio(true), audio(false)),
        }
    }

    /// The latency that the plugin reports, in samples.
    pub fn latency(&mut self) -> u32 {
        let handle = self.plugin.plugin_handle();
        let latency = handle.get_extension::<PluginLatency>();
        latency.map_or(0, |latency| latency.get(&handle))
    }

    /// The plugin's parameters, in its order.
    pub fn parameters(&mut self) -> Vec<Parameter> {
        let handle = self.plugin.plugin_handle();
        let Some(params) = handle.get_extension::<PluginParams>() else {
            return Vec::new();
        };
        let mut buffer = ParamInfoBuffer::new();
        (0..params.count(&handle))
            .filter_map(|index| {
                let info = params.get_info(&handle, index, &mut buffer)?;
                Some(Parameter {
                    id: info.id,
                    name: String::from_utf8_lossy(info.name).into_owned(),
                    range: (info.min_value, info.max_value),
                    value: params.get_value(&handle, info.id)?,
                    is_bypass: info.flags.contains(ParamInfoFlags::IS_BYPASS),
                })
            })
            .collect()
    }

    /// The pages of hardware knobs that the plugin offers: for each its name and the names of its
    /// parameters.
    pub fn pages(&mut self) -> Vec<(String, Vec<String>)> {
        let names: Vec<_> = self
            .parameters()
            .into_iter()
            .map(|p| (p.id, p.name))
            .collect();
        let handle = self.plugin.plugin_handle();
        let Some(controls) = handle.get_extension::<PluginRemoteControls>() else {
            return Vec::new();
        };
        let name = |id| {
            names
                .iter()
                .find(|(own, _)| *own == id)
                .map(|(_, name)| name.clone())
        };
        let mut buffer = RemoteControlsPageBuffer::new();
        (0..controls.count(&handle))
            .filter_map(|index| {
                let page = controls.get(&handle, index, &mut buffer)?;
                let title = String::from_utf8_lossy(page.page_name).into_owned();
                Some((
                    title,
                    page.param_ids
                        .into_iter()
                        .flatten()
                        .filter_map(name)
                        .collect(),
                ))
            })
            .collect()
    }

    /// The parameter of that name.
    pub fn parameter(&mut self, name: &str) -> Result<Parameter> {
        let all = self.parameters();
        let found = all.iter().find(|parameter| parameter.name == name);
        found.cloned().with_context(|| {
            let names: Vec<_> = all.iter().map(|p| p.name.as_str()).collect();
            format!("the plugin has no parameter {name:?}, it has {names:?}")
        })
    }

    /// Sets a parameter to a place (0..=1) in its range, as a host does while nothing plays.
    pub fn set(&mut self, name: &str, place: f64) -> Result<()> {
        self.deactivate();
        let parameter = self.parameter(name)?;
        let event = ParamValueEvent::new(0, parameter.id, Pckn::match_all(), parameter.at(place));
        let mut inactive = self
            .plugin
            .inactive_plugin_handle()
            .context("the plugin is still active")?;
        let params = inactive
            .get_extension::<PluginParams>()
            .context("the plugin has no parameters")?;
        let mut out = EventBuffer::with_capacity(8);
        let events = [event];
        params.flush(
            &mut inactive,
            &InputEvents::from_buffer(&events),
            &mut out.as_output(),
        );
        Ok(())
    }

    /// The value of a parameter as the plugin writes it, at a place (0..=1) in its range.
    pub fn text_of(&mut self, name: &str, place: f64) -> Result<String> {
        let parameter = self.parameter(name)?;
        let handle = self.plugin.plugin_handle();
        let params = handle.get_extension::<PluginParams>();
        let params = params.context("the plugin has no parameters")?;
        let mut buffer = [0; 128];
        let text = params
            .value_to_text(&handle, parameter.id, parameter.at(place), &mut buffer)
            .map_err(|error| anyhow!("the plugin does not write {name}: {error}"))?;
        Ok(String::from_utf8_lossy(text).into_owned())
    }

    /// The plugin's saved state.
    pub fn save(&mut self) -> Result<Vec<u8>> {
        let handle = self.plugin.plugin_handle();
        let state = handle.get_extension::<PluginState>();
        let mut bytes = Vec::new();
        state
            .context("the plugin saves no state")?
            .save(&handle, &mut bytes)?;
        Ok(bytes)
    }

    /// Gives the plugin what it saved.
    pub fn restore(&mut self, mut bytes: &[u8]) -> Result<()> {
        let handle = self.plugin.plugin_handle();
        let state = handle.get_extension::<PluginState>();
        state
            .context("the plugin reads no state")?
            .load(&handle, &mut bytes)?;
        Ok(())
    }

    /// Activates the plugin for these blocks; again only where something has changed.
    pub fn activate(&mut self, setup: &Setup) -> Result<()> {
        let (largest, offline) = (setup.blocks.largest(), setup.pace == Pace::Offline);
        let same = self.largest_block >= largest && self.offline == offline;
        if self.processor.is_some() && same {
            return Ok(());
        }
        self.deactivate();
        self.set_offline(offline);
        let configuration = PluginAudioConfiguration {
            sample_rate: setup.sample_rate,
            min_frames_count: 1,
            max_frames_count: largest,
        };
        let processor = self.plugin.activate(|_, _| (), configuration);
        self.processor =
            Some(processor.map_err(|error| anyhow!("the plugin was not activated: {error}"))?);
        (self.largest_block, self.offline) = (largest, offline);
        Ok(())
    }

    fn set_offline(&mut self, offline: bool) {
        let mode = if offline {
            RenderMode::Offline
        } else {
            RenderMode::Realtime
        };
        let handle = self.plugin.plugin_handle();
        if let Some(render) = handle.get_extension::<PluginRender>() {
            // A plugin that does not care refuses; it is then the same in both.
            let _ = render.set(&handle, mode);
        }
    }

    /// Ends processing, as a host does before it changes settings or unloads.
    pub fn deactivate(&mut self) {
        if let Some(processor) = self.processor.take() {
            self.plugin.deactivate(processor);
        }
    }

    /// Does what the plugin asked to have done on its main thread.
    fn serve(&mut self) {
        if self.calls.take_callback() {
            self.plugin.call_on_main_thread_callback();
        }
    }

    /// Gives the engine time to load its weights, as a user does between opening and playing.
    pub fn wait_until_ready(&mut self, setup: &Setup) -> Result<()> {
        self.activate(setup)?;
        walk::wait_for_engine(Duration::from_secs(20));
        self.serve();
        Ok(())
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.deactivate();
    }
}

/// The plugin under test, or an error that says how to get it.
pub fn load_plugin_under_test() -> Result<Library> {
    let Some(path) = plugin_under_test() else {
        bail!("{PLUGIN_VARIABLE} is not set: run `cargo xtask check` or `cargo xtask demo`");
    };
    Library::load(&path)
}
