//! Joins the drawing to the plugin and the host: one instance's window.

mod coming;
mod host;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use egui::{Context, Ui, vec2};
use nice_plug::context::gui::GuiContext;
use nice_plug::prelude::{Param, ParamSetter, ResizeHint};
use nice_plug_egui::{
    EguiEditor, EguiEditorState, EguiNiceSettings, Frame, Key, KeyCapture, NiceEguiApp,
    RepaintNotifier, baseview, create_egui_editor,
};
use third_stream_model::genre::Direction;
use third_stream_model::own;

use self::coming::Coming;
use self::host::{set, set_whole, turn};
use super::saving::Saving;
use super::shelf::Shelf;
use super::{ControlId, EditorView, Gesture, Notice, SCALES, draw, layout};
use crate::engine::WorkerState;
use crate::export::{self, SavedSong};
use crate::params::ThirdStreamParams;
use crate::presets::{self, PresetError, PresetLibrary};
use crate::rt::snapshot;
use crate::shared::Shared;
use crate::state::Look;

/// The smallest window, in logical pixels, whatever the scale.
const SMALLEST: baseview::dpi::LogicalSize<f32> = baseview::dpi::LogicalSize {
    width: layout::SMALLEST.0,
    height: layout::SMALLEST.1,
};
/// How often the engine's state is looked at while it loads.
const LOADING_POLL: Duration = Duration::from_millis(250);
/// How often a song that is being saved is looked at.
const SAVING_POLL: Duration = Duration::from_millis(100);

/// Makes the editor of one instance of the plugin. Main thread.
pub(crate) fn create(
    params: Arc<ThirdStreamParams>,
    shared: Arc<Shared>,
    repaint: RepaintNotifier,
) -> Option<EguiEditor<App>> {
    let (width, height) = params.state.lock().window;
    let size = baseview::dpi::LogicalSize::new(f64::from(width), f64::from(height));
    create_egui_editor(
        EguiEditorState::from_size(size, 1.0),
        repaint,
        EguiNiceSettings::new()
            .with_tile("Third Stream")
            .with_resize_hint(ResizeHint::RESIZABLE.with_min_logical_size(SMALLEST)),
        App::new(
            params,
            shared,
            PresetLibrary::new(presets::folder()),
            Shelf::new(own::folder()),
        ),
    )
}

/// Joins the drawing to the plugin and the host. Editor thread.
pub struct App {
    params: Arc<ThirdStreamParams>,
    shared: Arc<Shared>,
    /// There while the editor is open.
    host: Option<GuiContext>,
    /// The last whole view of the audio thread.
    shown: snapshot::CoreView,
    /// The size that the window should take: the saved one, which the host loads after the editor
    /// was made.
    fit: Option<(f32, f32)>,
    /// There while the editor is open.
    context: Option<Context>,
    /// The scale of the last pass.
    zoom: f32,
    library: PresetLibrary,
    shelf: Shelf,
    /// The song that is being saved.
    saving: Option<Saving>,
    /// What came of the user's last doing.
    said: Option<Notice>,
    /// Whether the keys go to the presets' menu.
    typing: bool,
}

impl App {
    fn new(
        params: Arc<ThirdStreamParams>,
        shared: Arc<Shared>,
        library: PresetLibrary,
        shelf: Shelf,
    ) -> Self {
        Self {
            params,
            shared,
            host: None,
            shown: snapshot::CoreView::default(),
            fit: None,
            context: None,
            zoom: 1.0,
            library,
            shelf,
            saving: None,
            said: None,
            typing: false,
        }
    }

    /// Draws at the scale that was chosen, or at the largest below it that the window holds, and
    /// gives the window the size that it should have.
    fn scale(&mut self, ui: &Ui) {
        let context = ui.ctx();
        let zoom = context.zoom_factor();
        let real = ui.max_rect().size() * zoom;
        let wanted = self.params.state.lock().scale;
        let fitting = f32::from(layout::fitting(&SCALES, wanted, real)) / 100.0;
        if fitting != zoom {
            context.set_zoom_factor(fitting);
        }
        let fit = self.fit.take().map(|(width, height)| vec2(width, height));
        let other = fit.filter(|size| (real - *size).length() > 1.0);
        // The window grows and shrinks with another scale by itself; how large it is, is the
        // user's and the host's to say.
        let same = (std::mem::replace(&mut self.zoom, zoom) != zoom).then_some(real);
        if let Some(size) = other.or(same) {
            context.send_viewport_cmd(egui::ViewportCommand::InnerSize(size / zoom));
        }
    }

    /// Reads parameters, snapshot and engine.
    fn view(&mut self) -> EditorView {
        if let Some(shown) = self.shared.snapshot.read() {
            self.shown = shown;
        }
        let shown = &self.shown;
        let params = &self.params;
        let heard = self.shared.incoming.read();
        let now = params.values();
        let presets = self.library.presets();
        // Let go before anything else looks at the state.
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

    /// Draws, and does what the user wants.
    fn show(&mut self, ui: &mut Ui) {
        self.look_after_saving(ui.ctx());
        let view = self.view();
        let gestures = draw(ui, &view);
        if !gestures.is_empty() {
            self.said = None;
        }
        if let Some(host) = self.host.clone() {
            let setter = host.param_setter();
            for gesture in gestures {
                self.follow(gesture, ui.ctx(), &setter);
            }
        }
        // While the transport runs the audio thread asks for repaints; loading has nobody to ask.
        if view.engine.state == WorkerState::Loading {
            ui.ctx().request_repaint_after(LOADING_POLL);
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
        let text = if self.params.state.lock().newer.is_some() {
            "This project's settings come from a newer version: kept, but not used here"
        } else if self.shown.dropped > 0 {
            "More notes at once than there is room for: some were left out"
        } else {
            return None;
        };
        Some(Notice::Warning(text.into()))
    }

    /// Does what the user wants.
    fn follow(&mut self, gesture: Gesture, context: &Context, setter: &ParamSetter) {
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
                    // Where the pair stays, too: only by a gesture a host learns that the project
                    // has something to save.
                    set_whole(setter, &self.params.pair, pair);
                }
            }
            Gesture::Style(direction, name) => {
                let (own, wanted) = (&self.params.own, name.as_deref());
                self.said = self.shelf.choose_style(own, direction, wanted).err();
                if self.said.is_none() {
                    // As above: so that the host learns of something to save.
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
                // Not locked while the host is called, which may save the project.
                let other = self.params.state.lock().compare.swap(now);
                if let Some(other) = other {
                    set(&self.params, setter, &other);
                }
            }
            Gesture::SaveMidi => {
                let folder = export::folder();
                let saved = export::save(folder.as_deref(), &self.shown.source, &self.shown.output);
                self.said = Some(match saved {
                    Ok(file) => Notice::Done(format!("Saved {}", file.display())),
                    Err(error) => warning(&error),
                });
            }
            Gesture::ShowFolder => self.said = Some(show_folder(export::folder().as_deref())),
            Gesture::Before(before) => self.compare(before, setter),
            Gesture::Look(look) => {
                self.params.state.lock().look = look;
                context.set_theme(theme_of(look));
            }
            Gesture::Scale(scale) => {
                let before = std::mem::replace(&mut self.params.state.lock().scale, scale);
                let (width, height) = self.params.state.lock().window;
                let by = f32::from(scale) / f32::from(before.max(1));
                self.fit = Some((width * by, height * by));
            }
        }
    }

    /// Holds the knob at "as played", or lets it go back to where it was.
    fn compare(&self, before: bool, setter: &ParamSetter) {
        let now = self.params.genre.unmodulated_plain_value();
        // Not locked while the host is called, which may save the project.
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

    /// Begins to save the learned song, unless that is being done.
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

    /// Says what came of the song that was being saved, once it is done.
    fn look_after_saving(&mut self, context: &Context) {
        let Some(saving) = &mut self.saving else {
            return;
        };
        let Some(saved) = saving.done() else {
            context.request_repaint_after(SAVING_POLL);
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

/// Shows the folder in the system's file manager, a process of its own that nobody waits for.
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

/// egui's theme for the one that was chosen.
fn theme_of(look: Option<Look>) -> egui::ThemePreference {
    match look {
        None => egui::ThemePreference::System,
        Some(Look::Dark) => egui::ThemePreference::Dark,
        Some(Look::Light) => egui::ThemePreference::Light,
    }
}

/// Which keys are kept from the host: all while a name is typed, otherwise those that the knob
/// needs; the space bar and the rest are the host's.
fn keys(typing: bool) -> KeyCapture {
    if typing {
        return KeyCapture::CaptureAll;
    }
    let arrows = ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"];
    KeyCapture::CaptureKeys(arrows.iter().flat_map(|name| name.parse::<Key>()).collect())
}

impl NiceEguiApp for App {
    fn build(
        &mut self,
        context: Context,
        host: GuiContext,
        frame: &mut Frame,
    ) -> Result<(), baseview::HandlerError> {
        context.set_theme(theme_of(self.params.state.lock().look));
        frame.set_key_capture(keys(false));
        self.library.read();
        self.host = Some(host);
        self.zoom = context.zoom_factor();
        self.fit = Some(self.params.state.lock().window);
        self.context = Some(context);
        Ok(())
    }

    fn ui(&mut self, ui: &mut Ui, frame: &mut Frame) {
        self.scale(ui);
        self.show(ui);
        let typing = egui::Popup::is_any_open(ui.ctx());
        if typing != self.typing {
            self.typing = typing;
            frame.set_key_capture(keys(typing));
        }
    }

    fn resized(&mut self, size: baseview::WindowSize) {
        let zoom = self.context.as_ref().map_or(1.0, Context::zoom_factor);
        let (width, height) = (size.logical.width as f32, size.logical.height as f32);
        self.params.state.lock().window = (width * zoom, height * zoom);
    }

    fn editor_closed(&mut self) {
        self.host = None;
        self.context = None;
        self.saving = None;
    }
}

#[cfg(test)]
mod tests;
