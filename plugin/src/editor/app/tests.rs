//! The editor with a host that records calls: clicks become parameters, memory and files.

use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::{Context, Event, PointerButton, Pos2, RawInput, Rect, pos2};
use nice_plug::context::gui::GuiContextInner;
use nice_plug::prelude::{Param, ParamPtr, Params, PluginApi, PluginState};
use parking_lot::Mutex;

use third_stream_model::genre::Pair;
use third_stream_model::shipped;
use third_stream_model::weights::relabelled;

use super::*;
use crate::editor::Notice;
use crate::gui_sync::{InstanceGui, Shelf};
use crate::link::WeightsId;
use crate::memory::tests::some_bars;
use crate::params::ThirdStreamParams;
use crate::presets::PresetLibrary;
use crate::values::{GenrePair, Mode, Side};
use nice_plug::params::persist::PersistentField;

/// In the middle of the controls, in a window of 960 × 560.
const IN_PLACE: Pos2 = pos2(205.0, 414.0);
const SAVE_SONG: Pos2 = pos2(77.0, 505.0);
const FORGET: Pos2 = pos2(168.0, 505.0);
const UNDO: Pos2 = pos2(238.0, 505.0);

/// A host that sets parameters and records all calls.
#[derive(Default)]
struct Host {
    said: Mutex<Vec<String>>,
}

impl Host {
    fn note(&self, what: &str, param: ParamPtr) {
        #[expect(unsafe_code, reason = "the interface of the framework")]
        // SAFETY: the test's parameters outlive the editor.
        let name = unsafe { param.name().to_owned() };
        self.said.lock().push(format!("{what} {name}"));
    }
}

#[expect(unsafe_code, reason = "the interface of the framework")]
impl GuiContextInner for Host {
    fn plugin_api(&self) -> PluginApi {
        PluginApi::Clap
    }

    unsafe fn raw_begin_set_parameter(&self, param: ParamPtr) {
        self.note("begin", param);
    }

    unsafe fn raw_set_parameter_normalized(&self, param: ParamPtr, normalized: f32) {
        self.note("set", param);
        // SAFETY: the test's parameters outlive the editor.
        unsafe { param._internal_set_normalized_value(normalized) };
    }

    unsafe fn raw_end_set_parameter(&self, param: ParamPtr) {
        self.note("end", param);
    }

    fn get_state(&self) -> PluginState {
        unreachable!("the editor asks for no state")
    }

    fn set_state(&self, _: PluginState) {
        unreachable!("the editor sets no state")
    }

    fn request_restart(&self) {
        unreachable!("the editor restarts nothing")
    }
}

fn gui_context(host: &Arc<Host>) -> GuiContext {
    GuiContext::new(Arc::clone(host) as Arc<dyn GuiContextInner>)
}

/// A user at one instance's window.
struct Desk {
    app: App,
    host: Arc<Host>,
    context: Context,
    time: f64,
    folder: tempfile::TempDir,
}

impl Desk {
    fn new(params: Arc<ThirdStreamParams>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let library = PresetLibrary::new(Some(folder.path().to_owned()));
        let weights = Ok(folder.path().join("Weights"));
        let plugin = InstanceGui::with(params, Arc::default(), library, Shelf::new(weights));
        let mut app = App::new(Box::new(plugin));
        let host = Arc::new(Host::default());
        let context = Context::default();
        app.open(&context, gui_context(&host), None);
        let mut desk = Self {
            app,
            host,
            context,
            time: 0.0,
            folder,
        };
        desk.pass(vec![]);
        desk
    }

    fn pass(&mut self, events: Vec<Event>) {
        self.time += 0.05;
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, vec2(960.0, 560.0))),
            time: Some(self.time),
            events,
            ..RawInput::default()
        };
        let app = &mut self.app;
        let mut output = self.context.run_ui(input, |ui| app.show(ui));
        output.textures_delta.clear();
    }

    /// Applies a user action.
    fn follow(&mut self, gesture: Gesture) {
        let host = self.app.host.clone().unwrap();
        self.app
            .follow(gesture, &self.context, &host.param_setter());
    }

    /// Applies a user action; returns the host's calls.
    fn do_and_hear(&mut self, gesture: Gesture) -> Vec<String> {
        self.host.said.lock().clear();
        self.follow(gesture);
        self.host.said.lock().clone()
    }

    /// Clicks; returns the host's calls.
    fn click(&mut self, at: Pos2) -> Vec<String> {
        self.host.said.lock().clear();
        self.pass(vec![Event::PointerMoved(at)]);
        for pressed in [true, false] {
            self.pass(vec![Event::PointerButton {
                pos: at,
                button: PointerButton::Primary,
                pressed,
                modifiers: egui::Modifiers::NONE,
            }]);
        }
        self.host.said.lock().clone()
    }
}

fn set(params: &ThirdStreamParams, percent: f32) {
    let normalised = params.genre.preview_normalized(percent);
    #[expect(unsafe_code, reason = "the interface of the framework")]
    // SAFETY: the parameters outlive the call.
    unsafe {
        params
            .genre
            .as_ptr()
            ._internal_set_normalized_value(normalised);
    }
}

#[test]
fn a_click_is_one_whole_gesture_for_the_host() {
    let params = Arc::new(ThirdStreamParams::default());
    let mut desk = Desk::new(Arc::clone(&params));
    assert_eq!(desk.click(IN_PLACE), ["begin Mode", "set Mode", "end Mode"]);
    assert_eq!(params.mode.value(), Mode::InPlace);
    assert_eq!(desk.app.plugin.lock().view().mode, Mode::InPlace);
}

#[test]
fn two_settings_are_compared_and_saved_with_the_project() {
    let params = Arc::new(ThirdStreamParams::default());
    set(&params, 72.0);
    let mut desk = Desk::new(Arc::clone(&params));
    // The first time, both sides are equal.
    assert!(desk.do_and_hear(Gesture::Swap).is_empty());
    assert_eq!(desk.app.plugin.lock().view().side, Side::B);
    set(&params, -30.0);
    assert_eq!(
        desk.do_and_hear(Gesture::Swap),
        ["begin Genre", "set Genre", "end Genre"]
    );
    assert!((params.genre.value() - 72.0).abs() < 0.01);
    assert_eq!(desk.app.plugin.lock().view().side, Side::A);

    let again = Arc::new(ThirdStreamParams::default());
    again.deserialize_fields(&params.serialize_fields());
    set(&again, 72.0);
    let mut desk = Desk::new(Arc::clone(&again));
    desk.do_and_hear(Gesture::Swap);
    assert_eq!(desk.app.plugin.lock().view().side, Side::B);
    assert!((again.genre.value() + 30.0).abs() < 0.01);
}

#[test]
fn before_is_the_knob_at_as_played_and_after_where_it_was() {
    let params = Arc::new(ThirdStreamParams::default());
    set(&params, 72.0);
    let mut desk = Desk::new(Arc::clone(&params));
    let turned = ["begin Genre", "set Genre", "end Genre"];
    assert_eq!(desk.do_and_hear(Gesture::Before(true)), turned);
    assert_eq!(params.genre.value(), 0.0);
    assert!(desk.app.plugin.lock().view().before);
    assert_eq!(desk.do_and_hear(Gesture::Before(false)), turned);
    assert!((params.genre.value() - 72.0).abs() < 0.01);
    assert!(!desk.app.plugin.lock().view().before);

    // A knob that was turned meanwhile stays, and the project saves the held position.
    desk.follow(Gesture::Before(true));
    let saved = params.serialize_fields();
    set(&params, -30.0);
    assert!(!desk.app.plugin.lock().view().before);
    let again = Arc::new(ThirdStreamParams::default());
    again.deserialize_fields(&saved);
    let mut desk = Desk::new(Arc::clone(&again));
    assert!(desk.app.plugin.lock().view().before);
    desk.follow(Gesture::Before(false));
    assert!((again.genre.value() - 72.0).abs() < 0.01);
}

#[test]
fn another_scale_asks_for_another_size_of_the_window() {
    let params = Arc::new(ThirdStreamParams::default());
    let mut desk = Desk::new(Arc::clone(&params));
    params.state.lock().window = (960.0, 560.0);
    desk.follow(Gesture::Scale(150));
    assert_eq!(params.state.lock().scale, 150);
    assert_eq!(desk.app.fit, Some((1440.0, 840.0)));
    assert_eq!(desk.app.plugin.lock().view().scale, 150);
}

#[test]
fn what_was_forgotten_is_brought_back() {
    let params = Arc::new(ThirdStreamParams::default());
    params.memory.set(some_bars());
    let mut desk = Desk::new(Arc::clone(&params));
    desk.click(IN_PLACE);
    desk.click(FORGET);
    assert_eq!(params.memory.song().notes.len(), 0);
    assert_eq!(desk.app.plugin.lock().view().forgotten, 2);
    desk.click(UNDO);
    assert_eq!(params.memory.song().notes.len(), 2);
    assert_eq!(desk.app.plugin.lock().view().forgotten, 0);
}

#[test]
fn what_cannot_be_saved_is_said() {
    let mut desk = Desk::new(Arc::default());
    desk.follow(Gesture::SaveMidi);
    let said = |desk: &mut Desk| match desk.app.plugin.lock().view().notice {
        Some(Notice::Warning(text)) => text,
        other => format!("no warning: {other:?}"),
    };
    assert!(said(&mut desk).contains("until a phrase is shown"));
    desk.click(IN_PLACE);
    assert_eq!(
        desk.app.plugin.lock().view().notice,
        None,
        "what was said is over"
    );
    desk.click(SAVE_SONG);
    let start = Instant::now();
    while desk.app.plugin.lock().is_busy() && start.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(5));
        desk.pass(vec![]);
    }
    assert!(said(&mut desk).contains("until bars are learned"));
}

#[test]
fn a_window_that_closes_gives_up_what_is_being_saved() {
    let mut desk = Desk::new(Arc::default());
    desk.follow(Gesture::SaveSong);
    assert!(desk.app.plugin.lock().is_busy());
    // The window's own is dropped with it.
    let closing = std::mem::take(&mut desk.context);
    drop(closing);
    assert!(!desk.app.plugin.lock().is_busy());

    desk.app.open(&desk.context, gui_context(&desk.host), None);
    let slow = std::mem::take(&mut desk.context);
    desk.app.open(&desk.context, gui_context(&desk.host), None);
    desk.follow(Gesture::SaveSong);
    drop(slow);
    assert!(desk.app.plugin.lock().is_busy(), "the next window is open");
}

#[test]
fn an_instance_waits_for_a_window_that_is_closing() {
    let desk = Desk::new(Arc::default());
    let plugin = Arc::clone(&desk.app.plugin);
    let (closing, is_closing) = std::sync::mpsc::channel();
    let window = std::thread::spawn(move || {
        let _gives_up = plugin.lock();
        closing.send(()).unwrap();
        std::thread::sleep(Duration::from_millis(100));
        Instant::now()
    });
    is_closing.recv().unwrap();
    drop(desk);
    let gone = Instant::now();
    assert!(window.join().unwrap() <= gone);
}

#[test]
fn the_theme_is_kept() {
    let params = Arc::new(ThirdStreamParams::default());
    let mut desk = Desk::new(Arc::clone(&params));
    desk.follow(Gesture::Look(Some(Look::Dark)));
    desk.pass(vec![]);
    let before = desk.context.theme();
    desk.follow(Gesture::Look(Some(Look::Light)));
    desk.pass(vec![]);
    assert_ne!(desk.context.theme(), before);
    assert_eq!(params.state.lock().look, Some(Look::Light));
    desk.follow(Gesture::Look(None));
    assert_eq!(params.state.lock().look, None);
}

#[test]
fn weights_of_the_user_s_own_are_listed_chosen_and_refused() {
    let params = Arc::new(ThirdStreamParams::default());
    let mut desk = Desk::new(Arc::clone(&params));
    let weights = desk.folder.path().join("Weights");
    std::fs::create_dir(&weights).unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(weights.join(name), bytes).unwrap();
    let bytes = relabelled(shipped::cyclegan(), Pair::JAZZ_POP).unwrap();
    write("Radio.safetensors", &bytes);
    desk.follow(Gesture::ListWeights);
    let view = desk.app.plugin.lock().view();
    let names: Vec<_> = view.own.iter().map(|own| own.name.as_str()).collect();
    assert_eq!(names, [shipped::CYCLEGAN, "Radio"]);
    let radio = || Gesture::Weights(GenrePair::JazzPop, Some("Radio".into()));
    desk.follow(radio());
    assert_eq!(
        *desk.host.said.lock(),
        ["begin Pair", "set Pair", "end Pair"]
    );
    let view = desk.app.plugin.lock().view();
    assert_eq!(
        (view.pair, view.weights.as_deref()),
        (GenrePair::JazzPop, Some("Radio"))
    );
    let playing = params.settings().weights;
    assert!(playing.own.is_some());

    // The host learns of other weights for the same pair as well: the project has changed.
    for name in [None, Some("Radio".to_owned())] {
        desk.host.said.lock().clear();
        desk.follow(Gesture::Weights(GenrePair::JazzPop, name));
        assert_eq!(
            *desk.host.said.lock(),
            ["begin Pair", "set Pair", "end Pair"]
        );
    }
    let first = playing;
    let playing = params.settings().weights;
    assert!(
        playing.own.is_some() && playing != first,
        "the file is read again: it may have changed"
    );

    // Its header is valid, its networks are not; detected when it is chosen.
    let mut nan = bytes.clone();
    let end = nan.len();
    nan[end - 2..].copy_from_slice(&[0xff, 0xff]);
    write("Broken.safetensors", &nan);
    write("Cut.safetensors", &bytes[..1000]);
    desk.follow(Gesture::ListWeights);
    let said = |desk: &mut Desk| match desk.app.plugin.lock().view().notice {
        Some(Notice::Warning(text)) => text,
        other => format!("no warning: {other:?}"),
    };
    assert!(said(&mut desk).contains("Cut.safetensors: not a whole safetensors file"));
    assert_eq!(desk.app.plugin.lock().view().own.len(), 3);
    desk.follow(Gesture::Weights(GenrePair::JazzPop, Some("Broken".into())));
    assert!(
        said(&mut desk).contains("a value is not finite"),
        "{}",
        said(&mut desk)
    );
    assert_eq!(params.settings().weights, playing, "those before stay");

    desk.follow(Gesture::Weights(GenrePair::JazzPop, None));
    assert_eq!(
        params.settings().weights,
        WeightsId::shipped(Pair::JAZZ_POP)
    );
}
