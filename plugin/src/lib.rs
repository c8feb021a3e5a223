//! Third Stream, the plugin: a MIDI effect that moves a part between jazz and classical.
//!
//! | module | what it is | thread |
//! |---|---|---|
//! | [`rt`] | the real-time core: notes in, notes out, no host's types | audio |
//! | `host` | the framework's events and transport for the core | audio |
//! | [`incoming`] | incoming notes, for display before they sound | audio, editor |
//! | [`link`] | requests and answers between core and engine | both ends |
//! | [`engine`] | the worker that runs the networks, one in the process | its own |
//! | [`params`], [`values`], [`state`] | the parameters and the saved state | host |
//! | `changes` | a counter of changes to the settings | host, audio |
//! | [`process`] | state of the process: worker, instance numbers | host |
//! | `memory` | In place's memory of the song | audio, host |
//! | `user_weights` | the user's own weights: names and numbers | host, editor, its numbers: audio |
//! | [`editor`] | the window | editor |
//! | `gui_sync` | implements the editor's trait | editor |
//! | [`presets`], [`export`] | the user's files: presets, saved phrases | editor |
//! | `automation` | VST3: sample-accurate automation | audio |
//! | `clap`, `vst3` | the exports | host, audio |
//! | `headless` | the core without a host, for the fuzzer | its caller's |
//! | `counters` | diagnostic counters, for the soak | host |
//!
//! This file joins them, in the order of a plugin's life.

#[cfg_attr(
    feature = "fuzz",
    expect(dead_code, reason = "only the VST3 export fills it")
)]
mod automation;
mod cancellable;
mod changes;
// Excluded as `vst3` below.
#[cfg(not(feature = "fuzz"))]
mod clap;
#[cfg(feature = "rt-check")]
pub mod counters;
mod drag;
pub mod editor;
pub mod engine;
pub mod export;
mod gui_sync;
#[cfg(feature = "fuzz")]
pub mod headless;
mod host;
pub mod incoming;
pub mod link;
mod memory;
#[cfg(test)]
mod messages;
pub mod params;
pub mod presets;
pub mod process;
pub mod rt;
mod shared;
pub mod state;
mod user_weights;
pub mod values;
// The fuzz targets are no plugin and need no editor.
#[cfg(not(feature = "fuzz"))]
mod vst3;
mod weights;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use nice_plug::prelude::*;
use nice_plug_egui::{EguiEditor, RepaintNotifier};

use automation::Automation;
use engine::InferenceWorker;
use gui_sync::InstanceGui;
use host::{Held, HostPort, Piece, pace::Pace, timeline::Timeline};
use incoming::{Ear, Incoming};
use params::ThirdStreamParams;
use rt::Settings;
use shared::Shared;

/// A stereo bus that only passes through: Live and others refuse a VST3 without audio.
const PASS_THROUGH: &[AudioIOLayout] = &[AudioIOLayout {
    main_input_channels: NonZeroU32::new(2),
    main_output_channels: NonZeroU32::new(2),
    ..AudioIOLayout::const_default()
}];

/// Maximum time that deactivation waits for the framework's worker.
const LONGEST_DRAIN: Duration = Duration::from_secs(5);

/// One instance of the plugin; `STEREO` gives it the pass-through bus.
pub struct ThirdStream<const STEREO: bool> {
    /// Shared with the host's wrapper and the editor.
    params: Arc<ThirdStreamParams>,
    /// Shared with the editor.
    shared: Arc<Shared>,
    /// Asks the editor to redraw; an atomic flag, so the audio thread may.
    repaint: RepaintNotifier,
    /// Shared with the VST3 component, which queues the host's parameter values there.
    automation: Option<Arc<Automation>>,
    /// The real-time core and its adapters; `Some` from the first activation on.
    live: Option<Live>,
    /// The process's engine, held from the first activation to the end. Declared after `live`, so
    /// that the channels' audio end is dropped first.
    engine: Option<Arc<InferenceWorker>>,
    /// The host renders offline.
    offline: bool,
    /// Appends to the framework's task queue of this instance.
    queue: Option<AsyncExecutor<Self>>,
    /// Number of tasks of ours that the framework has run.
    turns: Arc<AtomicU64>,
}

/// State of `process`.
struct Live {
    core: Box<rt::AudioCore>,
    timeline: Timeline,
    pace: Pace,
    held: Box<Held>,
    ear: Ear,
    /// Settings as of `changes`.
    settings: Settings,
    changes: Option<u32>,
    /// The transport ran in the last block; the editor redraws once more when it stops.
    was_playing: bool,
}

impl<const STEREO: bool> Default for ThirdStream<STEREO> {
    fn default() -> Self {
        let automation = if STEREO {
            Automation::promised()
        } else {
            None // The framework sets CLAP's parameters without a worker.
        };
        let shared =
            |shared: &Arc<Automation>| (Arc::clone(&shared.params), shared.repaint.clone());
        let (params, repaint) = automation.as_ref().map(shared).unwrap_or_default();
        Self {
            params,
            shared: Arc::default(),
            repaint,
            automation,
            live: None,
            engine: None,
            offline: false,
            queue: None,
            turns: Arc::default(),
        }
    }
}

impl<const STEREO: bool> Plugin for ThirdStream<STEREO> {
    const NAME: &'static str = "Third Stream";
    const VENDOR: &'static str = "Third Stream contributors";
    const URL: &'static str = "";
    const EMAIL: &'static str = "";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const AUDIO_IO_LAYOUTS: &'static [AudioIOLayout] = if STEREO { PASS_THROUGH } else { &[] };
    const MIDI_INPUT: MidiConfig = MidiConfig::MidiCCs;
    const MIDI_OUTPUT: MidiConfig = MidiConfig::MidiCCs;
    /// Sample-accurate automation, so that the output does not depend on the block size.
    const SAMPLE_ACCURATE_AUTOMATION: bool = true;
    /// Dense controllers and per-note expressions in a large block.
    const INPUT_EVENT_CAPACITY: usize = 8192;
    type Editor = EguiEditor<editor::App>;
    type SysExMessage = ();
    /// A marker in the framework's queue (see `drain`); its worker does no work for us.
    type BackgroundTask = ();

    fn params(&self) -> Arc<dyn Params> {
        Arc::clone(&self.params) as Arc<dyn Params>
    }

    fn task_executor(&mut self) -> TaskExecutor<Self> {
        let turns = Arc::clone(&self.turns);
        Box::new(move |()| {
            turns.fetch_add(1, Ordering::Release);
        })
    }

    fn editor(&mut self, executor: AsyncExecutor<Self>) -> Option<Self::Editor> {
        self.queue = Some(executor);
        let (params, shared) = (Arc::clone(&self.params), Arc::clone(&self.shared));
        editor::create(InstanceGui::new(params, shared), self.repaint.clone())
    }

    fn filter_state(state: &mut PluginState) {
        state::read(state);
    }

    fn activate(
        &mut self,
        _layout: &AudioIOLayout,
        config: &BufferConfig,
        _context: &mut impl ActivateContext<Self>,
    ) -> bool {
        self.offline = config.process_mode == ProcessMode::Offline;
        if self.live.is_none() {
            let engine = process::worker();
            let (audio, worker) = link::link(process::next_instance());
            engine.attach(worker);
            engine.keep(&self.params.memory);
            self.shared.follow(engine.status());
            #[cfg(feature = "rt-check")]
            counters::watch(&audio, &self.shared);
            let (memory, post) = self.params.memory.open();
            let snapshot = Arc::clone(&self.shared.snapshot);
            self.live = Some(Live {
                core: Box::new(rt::AudioCore::new(audio, snapshot, memory, post)),
                timeline: Timeline::default(),
                pace: Pace::default(),
                held: Box::default(),
                ear: Ear::default(),
                settings: Settings::default(),
                changes: None,
                was_playing: false,
            });
            self.engine = Some(engine);
        }
        true
    }

    fn deactivate(&mut self) {
        self.drain();
    }

    fn reset(&mut self) {
        // The framework compares thread ids whenever a parameter is automated, which allocates on a
        // thread's first call: done here rather than while processing.
        util::permit_alloc(|| drop(std::thread::current()));
        if let Some(live) = &mut self.live {
            live.core.reset();
            live.timeline.reset();
            live.pace = Pace::default();
        }
    }

    fn process(
        &mut self,
        buffer: &mut Buffer,
        _aux: &mut AuxiliaryBuffers,
        context: &mut impl ProcessContext<Self>,
    ) -> ProcessStatus {
        let Some(live) = &mut self.live else {
            return ProcessStatus::KeepAlive;
        };
        let frames = buffer.samples() as u32;
        let host = context.transport();
        let seconds = f64::from(frames) / f64::from(host.sample_rate.max(1.0));
        let offline = live.pace.begin(Instant::now(), seconds, host.playing) || self.offline;
        if STEREO
            && let Some(automation) = &self.automation
            && !automation.is_empty()
        {
            let incoming = &self.shared.incoming;
            live.process_in_pieces((automation, incoming), frames, offline, context);
            live.pace.end(Instant::now);
            return ProcessStatus::KeepAlive;
        }
        let transport = live.timeline.block(context.transport(), frames, offline);
        let changes = self.params.changes();
        if live.changes != Some(changes) {
            live.changes = Some(changes);
            live.settings = self.params.settings();
        }
        let incoming = &self.shared.incoming;
        live.ear
            .block(transport, frames, live.settings.bypass, incoming);
        let mut port = HostPort::new(context, &mut live.held);
        let mut port = live.ear.hear(&mut port, frames, incoming);
        live.core
            .process(frames, transport, &live.settings, &mut port);
        self.repaint
            .request_repaint_with(transport.playing || live.was_playing);
        live.was_playing = transport.playing;
        live.pace.end(Instant::now);
        ProcessStatus::KeepAlive
    }
}

impl Live {
    /// Splits a block where the host sets parameters. Not inlined: most blocks are whole.
    #[inline(never)]
    fn process_in_pieces<P: Plugin>(
        &mut self,
        (automation, incoming): (&Automation, &Incoming),
        frames: u32,
        offline: bool,
        context: &mut impl ProcessContext<P>,
    ) {
        let (mut start, mut ahead) = (0, None);
        let mut point = automation.next();
        while start < frames {
            while let Some(due) = point.filter(|point| point.sample <= start) {
                automation.set(due.parameter, due.value);
                point = automation.next();
            }
            let cut = point.map(|point| point.sample).filter(|at| *at < frames);
            let length = cut.unwrap_or(frames) - start;
            let transport = if start == 0 {
                self.timeline.block(context.transport(), length, offline)
            } else {
                self.timeline.piece(length)
            };
            self.changes = Some(automation.params.changes());
            self.settings = automation.params.settings();
            self.was_playing = transport.playing;
            let mut block = HostPort::new(context, &mut self.held);
            // The last part takes all remaining events.
            let mut port = Piece::new(&mut block, &mut ahead, (start, cut.unwrap_or(u32::MAX)));
            self.ear
                .block(transport, length, self.settings.bypass, incoming);
            let mut port = self.ear.hear(&mut port, length, incoming);
            self.core
                .process(length, transport, &self.settings, &mut port);
            start += length;
        }
        if let Some(point) = point {
            automation.set(point.parameter, point.value);
        }
        automation.repaint.request_repaint();
    }
}

impl<const STEREO: bool> ThirdStream<STEREO> {
    /// Waits (bounded) until the framework's queue holds nothing of this instance. Main thread.
    ///
    /// In VST3 on Linux the framework has one worker for all instances. It ends when it meets a
    /// task of an instance that is gone, and the last instance then crashes the host
    /// (docs/upstream.md). Parameters bypass that worker; a state loaded on another thread and
    /// requests of the window do not.
    fn drain(&self) {
        let Some(queue) = self
            .queue
            .as_ref()
            .filter(|_| STEREO && cfg!(target_os = "linux"))
        else {
            return;
        };
        let (before, start) = (self.turns.load(Ordering::Acquire), Instant::now());
        queue.execute_background(());
        while self.turns.load(Ordering::Acquire) == before && start.elapsed() < LONGEST_DRAIN {
            std::thread::sleep(Duration::from_micros(200));
        }
    }
}

impl<const STEREO: bool> ClapPlugin for ThirdStream<STEREO> {
    const CLAP_ID: &'static str = "org.third-stream.third-stream";
    const CLAP_DESCRIPTION: Option<&'static str> =
        Some("Moves a part between jazz, classical and pop, in time with the song");
    const CLAP_MANUAL_URL: Option<&'static str> = None;
    const CLAP_SUPPORT_URL: Option<&'static str> = None;
    const CLAP_FEATURES: &'static [ClapFeature] = &[ClapFeature::NoteEffect, ClapFeature::Utility];

    /// Two pages of at most eight controls, the most used first.
    fn remote_controls(&self, context: &mut impl RemoteControlsContext) {
        let params = &self.params;
        context.add_section("Third Stream", |section| {
            section.add_page("Third Stream", |page| {
                page.add_param(&params.genre);
                page.add_param(&params.quantise);
                page.add_param(&params.scale);
                page.add_param(&params.density);
                page.add_param(&params.melody);
                page.add_param(&params.mode);
                page.add_param(&params.delay);
                page.add_param(&params.bypass);
            });
            section.add_page("Taste", |page| {
                page.add_param(&params.tune);
                page.add_param(&params.harmony);
                page.add_param(&params.variation);
                page.add_param(&params.voices);
            });
        });
    }
}

impl<const STEREO: bool> Vst3Plugin for ThirdStream<STEREO> {
    const VST3_CLASS_ID: [u8; 16] = *b"ThirdStreamMidi1";
    const VST3_SUBCATEGORIES: &'static [Vst3SubCategory] =
        &[Vst3SubCategory::Fx, Vst3SubCategory::Tools];
}
