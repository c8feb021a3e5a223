//! The editor: one large knob, both rolls with the playhead, three small controls and the
//! engine's state.
//!
//! [`draw`] turns a plain [`View`] into a picture and the user's doings into [`Gesture`]s; it
//! knows neither host nor plugin, so that tests and the documentation can draw it. [`App`] joins
//! it to both. It may be opened and closed many times and holds nothing that matters.

mod controls;
mod knob;
mod roll_view;
mod status;
mod theme;

use std::sync::Arc;
use std::time::Duration;

use egui::{Align2, Rect, Ui, pos2, vec2};
use nice_plug::context::gui::GuiContext;
use nice_plug::prelude::{Param, ParamSetter, ResizeHint};
use nice_plug_egui::{
    EguiEditor, EguiEditorState, EguiNiceSettings, Frame, Key, KeyCapture, NiceEguiApp,
    RepaintNotifier, baseview, create_egui_editor,
};
use third_stream_model::genre::{Direction, Genre, Pair};
use third_stream_model::roll::Roll;

use crate::engine::{Reading, State};
use crate::params::{Delay, PAIR, ThirdStreamParams};
use crate::rt::snapshot;
use crate::shared::Shared;

/// The smallest window, in logical pixels.
const SMALLEST: baseview::dpi::LogicalSize<f32> = baseview::dpi::LogicalSize {
    width: 680.0,
    height: 420.0,
};
/// How often the engine's state is looked at while it loads.
const LOADING_POLL: Duration = Duration::from_millis(250);

/// All that the editor shows, as plain values.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// The genres at the knob's ends.
    pub pair: Pair,
    /// The knob as the user set it, −1..=1.
    pub knob: f32,
    /// The knob with the host's modulation.
    pub moved: f32,
    /// 0..=1.
    pub quantise: f32,
    /// Bars heard together, and the delay.
    pub delay: Delay,
    /// Whether notes pass untouched.
    pub bypass: bool,
    /// Whether the transport runs.
    pub playing: bool,
    /// The phrase that sounds, as it was played.
    pub source: Roll,
    /// What sounds instead.
    pub output: Roll,
    /// Where it sounds, in steps.
    pub playhead: Option<f32>,
    /// Bars of this instance that played dry.
    pub late: u32,
    /// The engine's state.
    pub engine: Reading,
    /// Something that the user should know.
    pub notice: Option<&'static str>,
}

impl Default for View {
    fn default() -> Self {
        Self {
            pair: PAIR,
            knob: 0.0,
            moved: 0.0,
            quantise: 1.0,
            delay: Delay::Four,
            bypass: false,
            playing: false,
            source: Roll::EMPTY,
            output: Roll::EMPTY,
            playhead: None,
            late: 0,
            engine: Reading::default(),
            notice: None,
        }
    }
}

impl View {
    /// The genre that the knob leads to.
    pub fn target(&self) -> Genre {
        self.pair.target(Direction::of_knob(self.moved).0)
    }
}

/// A parameter that the editor can move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// The large knob.
    Genre,
    /// The pull to the grid.
    Quantise,
    /// The group's length.
    Delay,
    /// The host's bypass.
    Bypass,
}

/// What the user did, in the host's terms: a parameter's gesture begins, sets values, ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Gesture {
    /// The user takes hold of the control.
    Begin(Control),
    /// The control is at this value (the host's 0..=1).
    Set(Control, f32),
    /// The user lets go.
    End(Control),
}

impl Gesture {
    /// A click or a wheel's notch: taken, set and let go at once.
    const fn whole(control: Control, normalised: f32) -> [Self; 3] {
        [
            Self::Begin(control),
            Self::Set(control, normalised),
            Self::End(control),
        ]
    }
}

/// Draws the whole editor and returns what the user did with it.
pub fn draw(ui: &mut Ui, view: &View) -> Vec<Gesture> {
    let mut gestures = Vec::new();
    let all = ui.max_rect();
    ui.painter().rect_filled(all, 0.0, theme::BACKGROUND);
    let inner = all.shrink2(vec2(16.0, 12.0));

    let heading = Rect::from_min_size(inner.min, vec2(inner.width(), 32.0));
    title(ui, heading);
    let switch = Rect::from_min_size(
        pos2(heading.right() - 92.0, heading.top() + 2.0),
        vec2(92.0, 28.0),
    );
    controls::bypass(ui, switch, view.bypass, &mut gestures);

    let foot = Rect::from_min_max(pos2(inner.left(), inner.bottom() - 22.0), inner.max);
    status::show(ui, foot, view);

    let middle = Rect::from_min_max(
        pos2(inner.left(), heading.bottom() + 10.0),
        pos2(inner.right(), foot.top() - 10.0),
    );
    let column = (inner.width() * 0.29).clamp(220.0, 340.0);
    let left = Rect::from_min_size(middle.min, vec2(column, middle.height()));
    ui.painter().rect_filled(left, 8.0, theme::PANEL);
    let left = left.shrink(16.0);
    let quantise = Rect::from_min_size(
        pos2(left.left(), left.bottom() - controls::HEIGHT + 8.0),
        vec2(left.width(), controls::HEIGHT - 8.0),
    );
    let delay = Rect::from_min_size(
        pos2(left.left(), quantise.top() - 16.0 - controls::HEIGHT),
        vec2(left.width(), controls::HEIGHT),
    );
    let knob = Rect::from_min_max(left.min, pos2(left.right(), delay.top() - 14.0));
    let faded = if view.bypass { 0.45 } else { 1.0 };
    ui.scope(|ui| {
        ui.multiply_opacity(faded);
        knob::show(ui, knob, view.pair, (view.knob, view.moved), &mut gestures);
        controls::delay(ui, delay, view.delay, &mut gestures);
        controls::quantise(ui, quantise, view.quantise, &mut gestures);
    });
    let roll = Rect::from_min_max(pos2(left.right() + 16.0 + 12.0, middle.top()), middle.max);
    roll_view::show(ui, roll, view);
    gestures
}

/// The plugin's name.
fn title(ui: &Ui, rect: Rect) {
    let at = pos2(rect.left() + 2.0, rect.center().y);
    let painter = ui.painter();
    let name = painter.text(
        at,
        Align2::LEFT_CENTER,
        "Third Stream",
        theme::font(22.0),
        theme::TEXT,
    );
    let at = pos2(name.right() + 12.0, name.bottom() - 5.0);
    let what = format!("{} · as played · {}", PAIR.a, PAIR.b);
    painter.text(
        at,
        Align2::LEFT_BOTTOM,
        what,
        theme::font(12.5),
        theme::WEAK,
    );
}

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
            delay: params.delay.value(),
            bypass: params.bypass.value(),
            playing,
            source: shown.source,
            output: shown.output,
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
        }
    }
    let (Gesture::Begin(control) | Gesture::Set(control, _) | Gesture::End(control)) = gesture;
    match control {
        Control::Genre => to(setter, &params.genre, gesture),
        Control::Quantise => to(setter, &params.quantise, gesture),
        Control::Delay => to(setter, &params.delay, gesture),
        Control::Bypass => to(setter, &params.bypass, gesture),
    }
}
