//! Implements the editor's trait for one instance: parameters, presets, files, the worker's state
//! and the audio thread's snapshot.

mod coming;
mod dragging;
mod gestures;
mod saving;
mod shelf;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use nice_plug::prelude::{Param, ParamSetter};
use third_stream_model::genre::Direction;
use third_stream_model::user_weights;

use crate::editor::{ControlId, EditorView, Gesture, GuiSync, Notice};
use crate::export::{self, ExportError, SavedSong};
use crate::params::ThirdStreamParams;
use crate::presets::{self, PresetError, PresetLibrary};
use crate::rt::snapshot::CoreView;
use crate::shared::Shared;
use crate::values::Look;
use coming::Coming;
use dragging::Dragging;
use gestures::{set, set_whole, turn};
use saving::Saving;
pub(crate) use shelf::Shelf;

/// The editor's access to one instance. Editor thread.
pub(crate) struct InstanceGui {
    params: Arc<ThirdStreamParams>,
    shared: Arc<Shared>,
    /// Last consistent view of the audio thread.
    shown: CoreView,
    library: PresetLibrary,
    shelf: Shelf,
    /// Export of the song, while it runs.
    saving: Option<Saving>,
    /// Drag of a saved phrase, while it lasts.
    dragging: Option<Dragging>,
    /// X11 id of the open window, if it has one.
    window: Option<u32>,
    /// Message about the user's last action.
    said: Option<Notice>,
}

impl InstanceGui {
    /// Uses the user's default folders for presets and weights. Reads no file.
    pub(crate) fn new(params: Arc<ThirdStreamParams>, shared: Arc<Shared>) -> Self {
        let library = PresetLibrary::new(presets::folder());
        Self::with(params, shared, library, Shelf::new(user_weights::folder()))
    }

    pub(crate) fn with(
        params: Arc<ThirdStreamParams>,
        shared: Arc<Shared>,
        library: PresetLibrary,
        shelf: Shelf,
    ) -> Self {
        Self {
            params,
            shared,
            shown: CoreView::default(),
            library,
            shelf,
            saving: None,
            dragging: None,
            window: None,
            said: None,
        }
    }

    fn notice(&self) -> Option<Notice> {
        if self.said.is_some() {
            return self.said.clone();
        }
        let weights = self.params.settings().weights;
        let mut refused = self.shared.engine().refused;
        if let Some(why) = weights.own.and_then(|own| refused.remove(&own)) {
            return Some(Notice::Warning(format!("{why}; notes pass as played")));
        }
        let mut styles = weights.styles.into_iter().flatten();
        if let Some(why) = styles.find_map(|style| refused.remove(&style)) {
            return Some(Notice::Warning(format!(
                "{why}; the pair's genre plays in its place"
            )));
        }
        let (earlier, newer) = {
            let state = self.params.state.lock();
            (state.earlier, state.newer.is_some())
        };
        let text = if newer {
            "This project's settings come from a newer version: kept, but not used here"
        } else if self.shown.dropped > 0 {
            "More notes at once than there is room for: some were left out"
        } else if earlier {
            "This project was made with earlier networks: what they added is other notes now"
        } else {
            return None;
        };
        Some(Notice::Warning(text.into()))
    }

    /// Holds the knob at "as played", or moves it back.
    fn compare(&self, before: bool, setter: &ParamSetter) {
        let now = self.params.genre.unmodulated_plain_value();
        // Unlocked before the host is called: it may save the project.
        let wanted = {
            let held = &mut self.params.state.lock().held;
            if before {
                *held = Some(now);
                Some(0.0)
            } else {
                held.take().map(|held| held.clamp(-100.0, 100.0))
            }
        };
        if let Some(wanted) = wanted.filter(|wanted| *wanted != now) {
            set_whole(setter, &self.params.genre, wanted);
        }
    }

    /// Saves the phrase that is shown.
    fn save_phrase(&self) -> Result<PathBuf, ExportError> {
        let folder = export::folder();
        export::save(folder.as_deref(), &self.shown.source, &self.shown.output)
    }

    /// Saves the phrase that is shown and starts to drag its file, unless a drag runs.
    fn drag_phrase(&mut self) {
        if self.dragging.is_some() {
            return;
        }
        self.said = Some(match self.save_phrase() {
            Ok(file) => match Dragging::start(file, self.window) {
                Ok((dragging, notice)) => {
                    self.dragging = Some(dragging);
                    notice
                }
                Err(error) => warning(&error),
            },
            Err(error) => warning(&error),
        });
    }

    /// Reports the end of the drag.
    fn look_after_dragging(&mut self) {
        if let Some(notice) = self.dragging.as_mut().and_then(Dragging::done) {
            self.dragging = None;
            self.said = Some(notice);
        }
    }

    /// Starts to save the learned song, unless that runs already.
    fn save_song(&mut self) {
        if self.saving.is_some() {
            return;
        }
        match Saving::start(&self.params) {
            Ok(saving) => {
                self.saving = Some(saving);
                self.said = Some(Notice::Done("Saving the learned song …".into()));
            }
            Err(error) => self.said = Some(warning(&error)),
        }
    }

    /// Reports the end of the export.
    fn look_after_saving(&mut self) {
        let Some(saving) = &mut self.saving else {
            return;
        };
        let Some(saved) = saving.done() else {
            return;
        };
        self.saving = None;
        self.said = Some(match saved {
            Ok(SavedSong { file, dry: 0 }) => Notice::Done(format!("Saved {}", file.display())),
            Ok(SavedSong { file, dry }) => {
                let file = file.display();
                Notice::Warning(format!("Saved {file}, but {dry} bars of it as played"))
            }
            Err(error) => warning(&error),
        });
    }

    fn say(&mut self, result: Result<(), PresetError>, done: &str) {
        self.said = Some(match result {
            Ok(()) => Notice::Done(done.into()),
            Err(error) => warning(&error),
        });
    }
}

impl GuiSync for InstanceGui {
    fn view(&mut self) -> EditorView {
        self.look_after_saving();
        self.look_after_dragging();
        if let Some(shown) = self.shared.snapshot.read() {
            self.shown = shown;
        }
        let shown = &self.shown;
        let params = &self.params;
        let heard = self.shared.incoming.read();
        let now = params.values();
        let presets = self.library.presets();
        // Unlocked before anything else reads the state.
        let (side, held, look, scale) = {
            let state = params.state.lock();
            (state.compare.side, state.held, state.look, state.scale)
        };
        let coming = Coming::of(&heard, shown, params.mode.value(), params.delay.value());
        EditorView {
            pair: params.pair.value(),
            own: self.shelf.list(),
            weights: params.own.name(params.pair.value().of_core()),
            styles: self.shelf.styles(),
            ends: Direction::BOTH.map(|direction| params.own.style(direction)),
            knob: params.genre.unmodulated_plain_value() / 100.0,
            moved: params.knob(),
            quantise: params.quantise.unmodulated_plain_value() / 100.0,
            tune: params.tune.unmodulated_plain_value() / 100.0,
            harmony: params.harmony.value(),
            variation: params.take(),
            voices: params.voices.value(),
            guard: params.guard(),
            mode: params.mode.value(),
            delay: params.delay.value(),
            learned: shown.learned,
            waiting: shown.waiting,
            forgotten: params.memory.forgotten(),
            bypass: params.bypass.value(),
            state: shown.state,
            listening: coming.bar,
            incoming: coming.notes,
            source: shown.source,
            output: shown.output,
            first_step: usize::from(shown.first_step),
            playhead: coming.playhead,
            late: shown.late,
            engine: self.shared.engine(),
            chosen: presets
                .iter()
                .position(|preset| preset.settings.are_in(&now)),
            presets,
            side,
            before: held.is_some() && params.genre.unmodulated_plain_value() == 0.0,
            look,
            scale,
            notice: self.notice(),
        }
    }

    fn follow(&mut self, gesture: Gesture, setter: &ParamSetter) {
        match gesture {
            Gesture::Begin(control) | Gesture::Set(control, _) | Gesture::End(control) => {
                if gesture == Gesture::Begin(ControlId::Genre) {
                    // A hand on the knob ends the comparison.
                    self.params.state.lock().held = None;
                }
                turn(&self.params, setter, control, &gesture);
            }
            Gesture::Forget => self.params.memory.forget(),
            Gesture::BringBack => self.params.memory.bring_back(),
            Gesture::SaveSong => self.save_song(),
            Gesture::ListWeights => self.said = self.shelf.read(),
            Gesture::Weights(pair, name) => {
                let (own, wanted) = (&self.params.own, name.as_deref());
                self.said = self.shelf.choose(own, pair.of_core(), wanted).err();
                if self.said.is_none() {
                    // Also if the pair stays: only a gesture tells the host that the project has
                    // changed.
                    set_whole(setter, &self.params.pair, pair);
                }
            }
            Gesture::Style(direction, name) => {
                let (own, wanted) = (&self.params.own, name.as_deref());
                self.said = self.shelf.choose_style(own, direction, wanted).err();
                if self.said.is_none() {
                    // As above: a gesture tells the host that the project has changed.
                    set_whole(setter, &self.params.pair, self.params.pair.value());
                }
            }
            Gesture::ListPresets => {
                let problems = self.library.read();
                self.said = problems.first().map(warning);
            }
            Gesture::Preset(index) => {
                if let Some(preset) = self.library.presets().get(index) {
                    set(&self.params, setter, &preset.settings);
                }
            }
            Gesture::SavePreset(name) => {
                let saved = self.library.save(&name, self.params.values());
                self.say(saved, &format!("Saved the preset \"{name}\""));
            }
            Gesture::DeletePreset(index) => {
                let deleted = self.library.delete(index);
                self.say(deleted, "Deleted the preset");
            }
            Gesture::Swap => {
                let now = self.params.values();
                // Unlocked before the host is called: it may save the project.
                let other = self.params.state.lock().compare.swap(now);
                if let Some(other) = other {
                    set(&self.params, setter, &other);
                }
            }
            Gesture::SaveMidi => {
                self.said = Some(match self.save_phrase() {
                    Ok(file) => Notice::Done(format!("Saved {}", file.display())),
                    Err(error) => warning(&error),
                });
            }
            Gesture::DragMidi => self.drag_phrase(),
            Gesture::ShowFolder => self.said = Some(show_folder(export::folder().as_deref())),
            Gesture::Before(before) => self.compare(before, setter),
            Gesture::Look(look) => self.params.state.lock().look = look,
            Gesture::Scale(scale) => self.params.state.lock().scale = scale,
        }
    }

    fn clear_notice(&mut self) {
        self.said = None;
    }

    fn is_busy(&self) -> bool {
        self.saving.is_some() || self.dragging.is_some()
    }

    fn opened(&mut self, window: Option<u32>) {
        self.window = window;
        self.library.read();
    }

    fn closed(&mut self) {
        self.saving = None;
        self.dragging = None;
        self.window = None;
    }

    fn window_size(&self) -> (f32, f32) {
        self.params.state.lock().window
    }

    fn resized(&mut self, size: (f32, f32)) {
        self.params.state.lock().window = size;
    }

    fn look(&self) -> Option<Look> {
        self.params.state.lock().look
    }

    fn scale(&self) -> u16 {
        self.params.state.lock().scale
    }
}

/// Shows the folder in the system's file manager, as a process that is not waited for.
fn show_folder(folder: Option<&Path>) -> Notice {
    let Some(folder) = folder.filter(|folder| folder.is_dir()) else {
        return Notice::Warning("Nothing is saved yet: press Save MIDI first".into());
    };
    let shown = folder.display();
    match open::that_detached(folder) {
        Ok(()) => Notice::Done(format!("Opened {shown}")),
        Err(error) => Notice::Warning(format!(
            "{shown} cannot be shown here ({error}): open it by hand"
        )),
    }
}

fn warning(error: &impl std::fmt::Display) -> Notice {
    Notice::Warning(error.to_string())
}
