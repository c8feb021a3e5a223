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

use super::{Control, Gesture, View, draw};
use crate::engine::State;
use crate::params::{PAIR, ThirdStreamParams};
use crate::rt::snapshot;
use crate::shared::Shared;

/// The smallest window, in logical pixels.
const SMALLEST: baseview::dpi::LogicalSize<f32> = baseview::dpi::LogicalSize {
    width: 680.0,
    height: 420.0,
};
/// How often the engine's state is looked at while it loads.
const LOADING_POLL: Duration = Duration::from_millis(250);

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
        App {
            params,
            shared,
            host: None,
            shown: snapshot::View::default(),
            fit: None,
        },
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
}

impl App {
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
        let sounds = matches!(shown.state, snapshot::State::Playing | snapshot::State::Dry);
        View {
            pair: PAIR,
            knob: params.genre.unmodulated_plain_value() / 100.0,
            moved: params.knob(),
            quantise: params.quantise.unmodulated_plain_value() / 100.0,
            guard: params.guard(),
            mode: params.mode.value(),
            delay: params.delay.value(),
            learned: shown.learned,
            waiting: shown.waiting,
            bypass: params.bypass.value(),
            playing,
            source: shown.source,
            output: shown.output,
            first_step: usize::from(shown.first_step),
            dry: shown.state == snapshot::State::Dry,
            playhead: sounds.then_some(shown.playhead),
            late: shown.late,
            engine: self.shared.engine(),
            notice: self.notice(),
        }
    }

    fn notice(&self) -> Option<&'static str> {
        if self.params.state.lock().newer.is_some() {
            Some("This project's settings come from a newer version: kept, but not used here")
        } else if self.shown.dropped > 0 {
            Some("More notes at once than there is room for: some were left out")
        } else {
            None
        }
    }
}

impl NiceEguiApp for App {
    fn build(
        &mut self,
        context: egui::Context,
        host: GuiContext,
        frame: &mut Frame,
    ) -> Result<(), baseview::HandlerError> {
        context.set_theme(egui::Theme::Dark);
        // The space bar and the rest belong to the host; the knob needs the arrows.
        frame.set_key_capture(KeyCapture::CaptureKeys(
            ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"]
                .iter()
                .flat_map(|name| name.parse::<Key>())
                .collect(),
        ));
        self.host = Some(host);
        self.fit = Some(self.params.state.lock().window);
        Ok(())
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut Frame) {
        if let Some((width, height)) = self.fit.take()
            && (ui.max_rect().size() - vec2(width, height)).length() > 1.0
        {
            let size = egui::ViewportCommand::InnerSize(vec2(width, height));
            ui.ctx().send_viewport_cmd(size);
        }
        let view = self.view();
        let gestures = draw(ui, &view);
        if let Some(host) = &self.host {
            let setter = host.param_setter();
            for gesture in gestures {
                apply(&self.params, &setter, gesture);
            }
        }
        // While the transport runs the audio thread asks for repaints; loading has nobody to ask.
        if view.engine.state == State::Loading {
            ui.ctx().request_repaint_after(LOADING_POLL);
        }
    }

    fn resized(&mut self, size: baseview::WindowSize) {
        let (width, height) = (size.logical.width as f32, size.logical.height as f32);
        self.params.state.lock().window = (width, height);
    }

    fn editor_closed(&mut self) {
        self.host = None;
    }
}

/// Passes a gesture on to the host.
fn apply(params: &ThirdStreamParams, setter: &ParamSetter, gesture: Gesture) {
    fn to<P: Param>(setter: &ParamSetter, param: &P, gesture: Gesture) {
        match gesture {
            Gesture::Begin(_) => setter.begin_set_parameter(param),
            Gesture::Set(_, value) => setter.set_parameter_normalized(param, value),
            Gesture::End(_) => setter.end_set_parameter(param),
            Gesture::Forget => {}
        }
    }
    let control = match gesture {
        Gesture::Begin(control) | Gesture::Set(control, _) | Gesture::End(control) => control,
        Gesture::Forget => {
            params.memory.forget();
            return;
        }
    };
    match control {
        Control::Genre => to(setter, &params.genre, gesture),
        Control::Quantise => to(setter, &params.quantise, gesture),
        Control::Melody => to(setter, &params.melody, gesture),
        Control::Scale => to(setter, &params.scale, gesture),
        Control::Density => to(setter, &params.density, gesture),
        Control::Mode => to(setter, &params.mode, gesture),
        Control::Delay => to(setter, &params.delay, gesture),
        Control::Bypass => to(setter, &params.bypass, gesture),
    }
}
