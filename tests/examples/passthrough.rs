//! An empty plugin of the same framework that passes its notes through: what `process` of ours is
//! measured against. A CLAP library; `cargo xtask bench` builds and loads it.

use std::sync::Arc;

use nice_plug::prelude::*;

/// No parameter at all.
#[derive(Default, Params)]
struct NoParams {}

/// Passes events through.
#[derive(Default)]
struct PassThrough {
    params: Arc<NoParams>,
}

impl Plugin for PassThrough {
    const NAME: &'static str = "Pass-through";
    const VENDOR: &'static str = "Third Stream";
    const URL: &'static str = "";
    const EMAIL: &'static str = "";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const AUDIO_IO_LAYOUTS: &'static [AudioIOLayout] = &[];
    const MIDI_INPUT: MidiConfig = MidiConfig::MidiCCs;
    const MIDI_OUTPUT: MidiConfig = MidiConfig::MidiCCs;
    const SAMPLE_ACCURATE_AUTOMATION: bool = true;
    const INPUT_EVENT_CAPACITY: usize = 8192;
    type Editor = ();
    type SysExMessage = ();
    type BackgroundTask = ();

    fn params(&self) -> Arc<dyn Params> {
        Arc::clone(&self.params) as Arc<dyn Params>
    }

    fn process(
        &mut self,
        _buffer: &mut Buffer,
        _aux: &mut AuxiliaryBuffers,
        context: &mut impl ProcessContext<Self>,
    ) -> ProcessStatus {
        while let Some(event) = context.next_event() {
            // A host that has no room for it loses it; nothing here may wait.
            let _ = context.try_send_event(event);
        }
        ProcessStatus::KeepAlive
    }
}

impl ClapPlugin for PassThrough {
    const CLAP_ID: &'static str = "org.third-stream.pass-through";
    const CLAP_DESCRIPTION: Option<&'static str> = None;
    const CLAP_MANUAL_URL: Option<&'static str> = None;
    const CLAP_SUPPORT_URL: Option<&'static str> = None;
    const CLAP_FEATURES: &'static [ClapFeature] = &[ClapFeature::NoteEffect];
}

nice_export_clap!(PassThrough);
