//! Joins the drawing to the plugin and the host: one instance's window.

use std::sync::Arc;
use std::time::Duration;

use egui::{Ui, vec2};
use nice_plug::context::gui::GuiContext;
use nice_plug::prelude::{Param, ParamSetter, ResizeHint};
use nice_plug_egui::{
    EguiEditor, EguiEditorState, EguiNiceSettings, Frame, Key, KeyCapture, NiceEguiApp,
    RepaintNotifier, baseview, create_egui_editor,
};
use third_stream_model::genre::Direction;
use third_stream_model::own;

use super::saving::Saving;
use super::shelf::Shelf;
use super::{Control, Gesture, Notice, View, draw};
use crate::engine::State;
use crate::export::{self, SavedSong};
use crate::params::ThirdStreamParams;
use crate::presets::{self, Library, PresetError, Settings};
use crate::rt::snapshot;
use crate::shared::Shared;
use crate::state::Look;

/// The smallest window, in logical pixels.
const SMALLEST: baseview::dpi::LogicalSize<f32> = baseview::dpi::LogicalSize {
    width: 680.0,
    height: 420.0,
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
            Library::new(presets::folder()),
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
    shown: snapshot::View,
    /// The size that the window should take: the saved one, which the host loads after the editor
    /// was made.
    fit: Option<(f32, f32)>,
    library: Library,
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
        library: Library,
        shelf: Shelf,
    ) -> Self {
        Self {
            params,
            shared,
            host: None,
            shown: snapshot::View::default(),
            fit: None,
            library,
            shelf,
            saving: None,
            said: None,
            typing: false,
        }
    }

    /// Reads parameters, snapshot and engine.
    fn view(&mut self) -> View {
        if let Some(shown) = self.shared.snapshot.read() {
            self.shown = shown;
        }
        let shown = &self.shown;
        let params = &self.params;
        let playing = !matches!(
            shown.state,
            snapshot::State::Stopped | snapshot::State::Bypassed
        );
        let now = Settings::of(params);
        let presets = self.library.presets();
        // Let go before anything else looks at the state.
        let side = params.state.lock().compare.side;
        let sounds = matches!(shown.state, snapshot::State::Playing | snapshot::State::Dry);
        View {
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
            playing,
            source: shown.source,
            output: shown.output,
            first_step: usize::from(shown.first_step),
            dry: shown.state == snapshot::State::Dry,
            playhead: sounds.then_some(shown.playhead),
            late: shown.late,
            engine: self.shared.engine(),
            chosen: presets
                .iter()
                .position(|preset| preset.settings.are_in(&now)),
            presets,
            side,
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
        if view.engine.state == State::Loading {
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
    fn follow(&mut self, gesture: Gesture, context: &egui::Context, setter: &ParamSetter) {
        match gesture {
            Gesture::Begin(control) | Gesture::Set(control, _) | Gesture::End(control) => {
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
                let saved = self.library.save(&name, Settings::of(&self.params));
                self.say(saved, &format!("Saved the preset \"{name}\""));
            }
            Gesture::DeletePreset(index) => {
                let deleted = self.library.delete(index);
                self.say(deleted, "Deleted the preset");
            }
            Gesture::Swap => {
                let now = Settings::of(&self.params);
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
            Gesture::Theme => {
                let look = match context.theme() {
                    egui::Theme::Dark => Look::Light,
                    egui::Theme::Light => Look::Dark,
                };
                self.params.state.lock().look = Some(look);
                context.set_theme(theme_of(Some(look)));
            }
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
    fn look_after_saving(&mut self, context: &egui::Context) {
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
        context: egui::Context,
        host: GuiContext,
        frame: &mut Frame,
    ) -> Result<(), baseview::HandlerError> {
        context.set_theme(theme_of(self.params.state.lock().look));
        frame.set_key_capture(keys(false));
        self.library.read();
        self.host = Some(host);
        self.fit = Some(self.params.state.lock().window);
        Ok(())
    }

    fn ui(&mut self, ui: &mut Ui, frame: &mut Frame) {
        if let Some((width, height)) = self.fit.take()
            && (ui.max_rect().size() - vec2(width, height)).length() > 1.0
        {
            let size = egui::ViewportCommand::InnerSize(vec2(width, height));
            ui.ctx().send_viewport_cmd(size);
        }
        self.show(ui);
        let typing = egui::Popup::is_any_open(ui.ctx());
        if typing != self.typing {
            self.typing = typing;
            frame.set_key_capture(keys(typing));
        }
    }

    fn resized(&mut self, size: baseview::WindowSize) {
        let (width, height) = (size.logical.width as f32, size.logical.height as f32);
        self.params.state.lock().window = (width, height);
    }

    fn editor_closed(&mut self) {
        self.host = None;
        self.saving = None;
    }
}

/// Passes a control's gesture on to the host.
fn turn(params: &ThirdStreamParams, setter: &ParamSetter, control: Control, gesture: &Gesture) {
    fn to<P: Param>(setter: &ParamSetter, param: &P, gesture: &Gesture) {
        match gesture {
            Gesture::Begin(_) => setter.begin_set_parameter(param),
            Gesture::Set(_, value) => setter.set_parameter_normalized(param, *value),
            _ => setter.end_set_parameter(param),
        }
    }
    match control {
        Control::Genre => to(setter, &params.genre, gesture),
        Control::Pair => to(setter, &params.pair, gesture),
        Control::Quantise => to(setter, &params.quantise, gesture),
        Control::Tune => to(setter, &params.tune, gesture),
        Control::Harmony => to(setter, &params.harmony, gesture),
        Control::Variation => to(setter, &params.variation, gesture),
        Control::Voices => to(setter, &params.voices, gesture),
        Control::Melody => to(setter, &params.melody, gesture),
        Control::Scale => to(setter, &params.scale, gesture),
        Control::Density => to(setter, &params.density, gesture),
        Control::Mode => to(setter, &params.mode, gesture),
        Control::Delay => to(setter, &params.delay, gesture),
        Control::Bypass => to(setter, &params.bypass, gesture),
    }
}

/// Sets a parameter through the host, as a whole gesture.
fn set_whole<P: Param>(setter: &ParamSetter, param: &P, wanted: P::Plain) {
    setter.begin_set_parameter(param);
    setter.set_parameter(param, wanted);
    setter.end_set_parameter(param);
}

/// Sets what `settings` name through the host, a whole gesture for each parameter that changes.
fn set(params: &ThirdStreamParams, setter: &ParamSetter, settings: &Settings) {
    fn to<P: Param<Plain: PartialEq>>(setter: &ParamSetter, param: &P, wanted: Option<P::Plain>) {
        if let Some(wanted) = wanted
            && wanted != param.unmodulated_plain_value()
        {
            set_whole(setter, param, wanted);
        }
    }
    to(setter, &params.genre, settings.genre);
    to(setter, &params.pair, settings.pair);
    to(setter, &params.quantise, settings.quantise);
    to(setter, &params.tune, settings.tune);
    to(setter, &params.harmony, settings.harmony);
    to(setter, &params.variation, settings.variation);
    to(setter, &params.voices, settings.voices);
    to(setter, &params.melody, settings.melody);
    to(setter, &params.scale, settings.scale);
    to(setter, &params.density, settings.density);
    to(setter, &params.mode, settings.mode);
    to(setter, &params.delay, settings.delay);
}

#[cfg(test)]
mod tests;
