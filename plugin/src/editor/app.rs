//! The window of one instance: joins the drawing to plugin and host.

use std::sync::{Arc, Weak};
use std::time::Duration;

use egui::{Context, Ui, vec2};
use nice_plug::context::gui::GuiContext;
use nice_plug::prelude::{ParamSetter, ResizeHint};
use nice_plug_egui::{
    EguiEditor, EguiEditorState, EguiNiceSettings, Frame, Key, KeyCapture, NiceEguiApp,
    RepaintNotifier, baseview, create_egui_editor,
};
use parking_lot::Mutex;

use super::sync::GuiSync;
use super::{Gesture, SCALES, draw, layout};
use crate::drag::window_id;
use crate::engine::WorkerState;
use crate::values::Look;

/// Minimum size of the window, in logical pixels, at any zoom.
const SMALLEST: baseview::dpi::LogicalSize<f32> = baseview::dpi::LogicalSize {
    width: layout::SMALLEST.0,
    height: layout::SMALLEST.1,
};
/// Interval at which the engine's state is polled while it loads.
const LOADING_POLL: Duration = Duration::from_millis(250);
/// Interval at which a song is polled that is being saved.
const SAVING_POLL: Duration = Duration::from_millis(100);

/// Creates the editor of one instance. Main thread.
pub(crate) fn create(
    plugin: impl GuiSync + 'static,
    repaint: RepaintNotifier,
) -> Option<EguiEditor<App>> {
    let (width, height) = plugin.window_size();
    let size = baseview::dpi::LogicalSize::new(f64::from(width), f64::from(height));
    create_egui_editor(
        EguiEditorState::from_size(size, 1.0),
        repaint,
        EguiNiceSettings::new()
            .with_tile("Third Stream")
            .with_resize_hint(ResizeHint::RESIZABLE.with_min_logical_size(SMALLEST)),
        App::new(Box::new(plugin)),
    )
}

/// The window of one instance. Editor thread.
pub struct App {
    plugin: Arc<Mutex<Box<dyn GuiSync>>>,
    /// Another one for each opening of the window.
    opening: Arc<()>,
    /// There once the editor was opened.
    host: Option<GuiContext>,
    /// A size to be applied: the host loads the saved one after the editor is created.
    fit: Option<(f32, f32)>,
    /// Zoom of the last pass.
    zoom: f32,
    /// The presets' menu takes the keyboard.
    typing: bool,
}

impl App {
    fn new(plugin: Box<dyn GuiSync>) -> Self {
        Self {
            plugin: Arc::new(Mutex::new(plugin)),
            opening: Arc::default(),
            host: None,
            fit: None,
            zoom: 1.0,
            typing: false,
        }
    }

    /// The window opens, with a context of its own, which nobody else keeps.
    fn open(&mut self, context: &Context, host: GuiContext, window: Option<u32>) {
        let mut plugin = self.plugin.lock();
        plugin.opened(window);
        self.opening = Arc::default();
        let window = OpenWindow {
            plugin: Arc::downgrade(&self.plugin),
            opening: Arc::downgrade(&self.opening),
        };
        context.data_mut(|data| data.insert_temp(egui::Id::NULL, Arc::new(window)));
        self.host = Some(host);
        self.zoom = context.zoom_factor();
        self.fit = Some(plugin.window_size());
    }

    /// Draws at the chosen zoom, or at the largest below it that fits, and resizes the window.
    fn scale(&mut self, ui: &Ui) {
        let context = ui.ctx();
        let zoom = context.zoom_factor();
        let real = ui.max_rect().size() * zoom;
        let wanted = self.plugin.lock().scale();
        let fitting = f32::from(layout::fitting(&SCALES, wanted, real)) / 100.0;
        if fitting != zoom {
            context.set_zoom_factor(fitting);
        }
        let fit = self.fit.take().map(|(width, height)| vec2(width, height));
        let other = fit.filter(|size| (real - *size).length() > 1.0);
        // Another zoom changes the window's logical size; its real size is set by user and host
        // alone.
        let same = (std::mem::replace(&mut self.zoom, zoom) != zoom).then_some(real);
        if let Some(size) = other.or(same) {
            context.send_viewport_cmd(egui::ViewportCommand::InnerSize(size / zoom));
        }
    }

    /// Draws a frame and applies the user's actions.
    fn show(&mut self, ui: &mut Ui) {
        let view = self.plugin.lock().view();
        let gestures = draw(ui, &view);
        if !gestures.is_empty() {
            self.plugin.lock().clear_notice();
        }
        if let Some(host) = self.host.clone() {
            let setter = host.param_setter();
            for gesture in gestures {
                self.follow(gesture, ui.ctx(), &setter);
            }
        }
        // While the transport runs, the audio thread asks for repaints; while the engine loads,
        // nobody does.
        if view.engine.state == WorkerState::Loading {
            ui.ctx().request_repaint_after(LOADING_POLL);
        }
        if self.plugin.lock().is_busy() {
            ui.ctx().request_repaint_after(SAVING_POLL);
        }
    }

    /// Applies a user action.
    fn follow(&mut self, gesture: Gesture, context: &Context, setter: &ParamSetter) {
        match gesture {
            Gesture::Look(look) => context.set_theme(theme_of(look)),
            Gesture::Scale(scale) => {
                let (width, height) = self.plugin.lock().window_size();
                let by = f32::from(scale) / f32::from(self.plugin.lock().scale().max(1));
                self.fit = Some((width * by, height * by));
            }
            _ => {}
        }
        self.plugin.lock().follow(gesture, setter);
    }
}

/// The chosen theme in egui's terms.
fn theme_of(look: Option<Look>) -> egui::ThemePreference {
    match look {
        None => egui::ThemePreference::System,
        Some(Look::Dark) => egui::ThemePreference::Dark,
        Some(Look::Light) => egui::ThemePreference::Light,
    }
}

/// Keys kept from the host: all while a name is typed, otherwise those of the knob. Space bar and
/// the rest go to the host.
fn keys(typing: bool) -> KeyCapture {
    if typing {
        return KeyCapture::CaptureAll;
    }
    let arrows = ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"];
    KeyCapture::CaptureKeys(arrows.iter().flat_map(|name| name.parse::<Key>()).collect())
}

/// Tells the plugin that its window closes. egui's context keeps it and goes with the window,
/// whereas the framework never calls `editor_closed`.
struct OpenWindow {
    plugin: Weak<Mutex<Box<dyn GuiSync>>>,
    opening: Weak<()>,
}

impl Drop for OpenWindow {
    fn drop(&mut self) {
        if let Some(plugin) = self.plugin.upgrade() {
            let mut plugin = plugin.lock();
            // A window may go so slowly that the next one is already open.
            if self.opening.strong_count() > 0 {
                plugin.closed();
            }
        }
    }
}

/// On X11 a window may go on its own thread after the host was told that it is closed: the instance
/// waits until it has given up what it was doing.
impl Drop for App {
    fn drop(&mut self) {
        self.plugin.lock().closed();
    }
}

impl NiceEguiApp for App {
    fn build(
        &mut self,
        context: Context,
        host: GuiContext,
        frame: &mut Frame,
    ) -> Result<(), baseview::HandlerError> {
        context.set_theme(theme_of(self.plugin.lock().look()));
        frame.set_key_capture(keys(false));
        self.open(&context, host, window_id(frame.baseview_window()));
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
        let zoom = self.zoom;
        let (width, height) = (size.logical.width as f32, size.logical.height as f32);
        self.plugin.lock().resized((width * zoom, height * zoom));
    }

    fn editor_closed(&mut self) {
        self.host = None;
        self.plugin.lock().closed();
    }
}

#[cfg(test)]
mod tests;
