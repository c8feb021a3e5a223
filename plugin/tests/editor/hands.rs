//! The editor's reactions to mouse, wheel and keys.

use std::sync::Arc;

use egui::{Context, Event, Key, Modifiers, PointerButton, Pos2, RawInput, Rect, Vec2, pos2, vec2};
use third_stream::editor::{ControlId, EditorView, Gesture, Look, draw};
use third_stream::params::{Delay, GenrePair, Mode};
use third_stream::presets::{Preset, factory};
use third_stream::values::ParamValues;
use third_stream_model::genre::Pair;
use third_stream_model::user_weights::UserWeights;

use crate::layout;

/// Middle of the knob, in a window of 960 × 560.
const KNOB: Pos2 = pos2(150.0, 190.0);
/// The bypass and options buttons, which have no text.
const BYPASS: Pos2 = pos2(929.0, 24.0);
const OPTIONS: Pos2 = pos2(889.0, 24.0);
/// Offset from a slider's label to its track.
const TRACK: Vec2 = vec2(40.0, 22.0);

/// Settings of the only user preset, which is the last.
pub(crate) fn with_own_preset() -> EditorView {
    let mut presets = factory();
    presets.push(Preset {
        name: "Mine".into(),
        about: "as played".into(),
        settings: ParamValues::default(),
        file: Some("Mine preset.json".into()),
    });
    EditorView {
        chosen: Some(presets.len() - 1),
        presets: presets.into(),
        ..EditorView::default()
    }
}

/// User weights, one of which are in use.
pub(crate) fn with_own_weights() -> EditorView {
    let own = |name: &str, pair| UserWeights {
        name: name.into(),
        pair,
    };
    EditorView {
        own: Arc::new([
            own("Band", Pair::JAZZ_CLASSIC),
            own("Radio", Pair::JAZZ_POP),
        ]),
        weights: Some("Band".into()),
        ..EditorView::default()
    }
}

/// A user at an editor.
struct Desk {
    context: Context,
    view: EditorView,
    time: f64,
    modifiers: Modifiers,
    /// Time until egui wants the next frame, in seconds.
    again: f64,
}

impl Desk {
    fn new(view: EditorView) -> Self {
        let mut desk = Self {
            context: Context::default(),
            view,
            time: 0.0,
            modifiers: Modifiers::NONE,
            again: 0.0,
        };
        desk.pass(vec![]);
        desk
    }

    /// One pass of the editor; parameters are set, as a host does.
    fn pass(&mut self, events: Vec<Event>) -> Vec<Gesture> {
        self.time += 0.05;
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, vec2(960.0, 560.0))),
            time: Some(self.time),
            events,
            ..RawInput::default()
        };
        let mut gestures = Vec::new();
        let mut output = self
            .context
            .run_ui(input, |ui| gestures = draw(ui, &self.view));
        output.textures_delta.clear();
        let root = &output.viewport_output[&egui::ViewportId::ROOT];
        self.again = root.repaint_delay.as_secs_f64();
        for gesture in &gestures {
            match *gesture {
                Gesture::Set(ControlId::Genre, value) => {
                    self.view.knob = value * 2.0 - 1.0;
                    self.view.moved = self.view.knob;
                }
                Gesture::Set(ControlId::Quantise, value) => self.view.quantise = value,
                Gesture::Set(ControlId::Tune, value) => self.view.tune = value,
                Gesture::Set(ControlId::Density, value) => {
                    self.view.guard.density = 2.0 * value - 1.0;
                }
                _ => {}
            }
        }
        gestures
    }

    fn button(&self, at: Pos2, pressed: bool) -> Event {
        Event::PointerButton {
            pos: at,
            button: PointerButton::Primary,
            pressed,
            modifiers: self.modifiers,
        }
    }

    /// Position of a text.
    fn at(&self, text: &str) -> Pos2 {
        layout::place(&self.view, vec2(960.0, 560.0), text)
    }

    /// Clicks a text.
    fn press(&mut self, text: &str) -> Vec<Gesture> {
        let at = self.at(text);
        self.click(at)
    }

    fn click(&mut self, at: Pos2) -> Vec<Gesture> {
        self.pass(vec![Event::PointerMoved(at)]);
        let mut gestures = self.pass(vec![self.button(at, true)]);
        gestures.extend(self.pass(vec![self.button(at, false)]));
        gestures
    }

    /// Drags in small steps; the first of them distinguish a drag from a click.
    fn drag(&mut self, from: Pos2, to: Pos2) -> Vec<Gesture> {
        self.pass(vec![Event::PointerMoved(from)]);
        let mut gestures = self.pass(vec![self.button(from, true)]);
        for step in 1..=20 {
            let at = from.lerp(to, step as f32 / 20.0);
            gestures.extend(self.pass(vec![Event::PointerMoved(at)]));
        }
        gestures.extend(self.pass(vec![self.button(to, false)]));
        gestures
    }

    fn key(&mut self, key: Key) -> Vec<Gesture> {
        let press = |pressed| Event::Key {
            key,
            physical_key: None,
            pressed,
            repeat: false,
            modifiers: self.modifiers,
        };
        let (down, up) = (press(true), press(false));
        let gestures = self.pass(vec![down]);
        self.pass(vec![up]);
        gestures
    }
}

/// The values set between one begin and one end of `control`.
fn values(gestures: &[Gesture], control: ControlId) -> Vec<f32> {
    assert_eq!(gestures.first(), Some(&Gesture::Begin(control)));
    assert_eq!(gestures.last(), Some(&Gesture::End(control)));
    gestures[1..gestures.len() - 1]
        .iter()
        .map(|gesture| match gesture {
            Gesture::Set(same, value) if *same == control => *value,
            other => panic!("{other:?} inside a gesture"),
        })
        .collect()
}

#[test]
fn dragging_turns_the_knob_and_shift_turns_it_finely() {
    let mut desk = Desk::new(EditorView::default());
    let up = desk.drag(KNOB, KNOB - vec2(0.0, 60.0));
    let set = values(&up, ControlId::Genre);
    assert!(set.is_sorted(), "one way, no jumps back: {set:?}");
    let coarse = desk.view.knob;
    assert!((0.3..0.5).contains(&coarse), "{coarse}");

    let mut desk = Desk::new(EditorView::default());
    desk.modifiers = Modifiers::SHIFT;
    desk.pass(vec![Event::ModifiersChanged(Modifiers::SHIFT)]);
    desk.drag(KNOB, KNOB - vec2(0.0, 60.0));
    assert!(
        (desk.view.knob * 10.0 - coarse).abs() < 0.05,
        "{}",
        desk.view.knob
    );
}

#[test]
fn the_knob_stops_at_its_ends_and_rests_in_the_middle() {
    let mut desk = Desk::new(EditorView::default());
    desk.drag(KNOB, KNOB - vec2(0.0, 215.0));
    desk.drag(KNOB, KNOB - vec2(0.0, 215.0));
    assert_eq!(desk.view.knob, 1.0);
    desk.drag(KNOB, KNOB + vec2(0.0, 300.0));
    desk.drag(KNOB, KNOB + vec2(0.0, 300.0));
    assert_eq!(desk.view.knob, -1.0);

    let near = EditorView {
        knob: 0.05,
        moved: 0.05,
        ..EditorView::default()
    };
    let mut desk = Desk::new(near);
    // A drag that nearly reaches the middle; the first pixels only distinguish it from a click.
    desk.drag(KNOB, KNOB + vec2(0.0, 12.0));
    assert_eq!(desk.view.knob, 0.0);
}

#[test]
fn a_double_click_is_as_played() {
    let view = EditorView {
        knob: -0.8,
        moved: -0.8,
        ..EditorView::default()
    };
    let mut desk = Desk::new(view);
    desk.click(KNOB);
    let gestures = desk.click(KNOB);
    assert_eq!(values(&gestures, ControlId::Genre), [0.5]);
    assert_eq!(desk.view.knob, 0.0);
}

#[test]
fn wheel_and_arrows_turn_the_knob_under_the_hand() {
    let mut desk = Desk::new(EditorView::default());
    desk.pass(vec![Event::PointerMoved(KNOB)]);
    let wheel = Event::MouseWheel {
        unit: egui::MouseWheelUnit::Line,
        delta: vec2(0.0, 1.0),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Wheel,
        modifiers: Modifiers::NONE,
    };
    desk.pass(vec![wheel]);
    for _ in 0..20 {
        desk.pass(vec![]);
    }
    assert!((0.01..0.2).contains(&desk.view.knob), "{}", desk.view.knob);

    let mut desk = Desk::new(EditorView::default());
    // Keys go to the host until the knob was clicked.
    assert_eq!(desk.key(Key::ArrowUp), []);
    desk.click(KNOB);
    desk.pass(vec![]);
    for key in [Key::ArrowUp, Key::ArrowRight, Key::ArrowUp, Key::ArrowDown] {
        values(&desk.key(key), ControlId::Genre);
    }
    assert!((desk.view.knob - 0.02).abs() < 1e-6, "{}", desk.view.knob);
}

#[test]
fn the_small_controls_do_what_they_say() {
    let mut desk = Desk::new(EditorView::default());
    assert_eq!(values(&desk.press("2 bars"), ControlId::Delay), [0.5]);
    desk.view.delay = Delay::Two;
    assert_eq!(desk.press("2 bars"), [], "it is chosen already");

    assert_eq!(values(&desk.click(BYPASS), ControlId::Bypass), [1.0]);
    desk.view.bypass = true;
    assert_eq!(values(&desk.click(BYPASS), ControlId::Bypass), [0.0]);

    let track = desk.at("Quantise") + TRACK;
    let drag = desk.drag(track, track - vec2(20.0, 0.0));
    assert!(!values(&drag, ControlId::Quantise).is_empty());
    assert!(
        (0.0..0.6).contains(&desk.view.quantise),
        "{}",
        desk.view.quantise
    );
}

#[test]
fn the_pair_is_chosen_from_a_list_with_the_user_s_own_weights() {
    let mut desk = Desk::new(EditorView {
        weights: None,
        ..with_own_weights()
    });
    let opened = [Gesture::ListWeights];
    assert_eq!(desk.press("Jazz – "), opened, "the list is opened");
    desk.pass(vec![]);
    // The focus is on the chosen pair; after its user weights come jazz and pop.
    desk.key(Key::Tab);
    desk.key(Key::Tab);
    let chosen = [Gesture::Weights(GenrePair::JazzPop, None)];
    assert_eq!(desk.key(Key::Enter), chosen);
    desk.view.pair = GenrePair::JazzPop;
    desk.pass(vec![]);
    assert_eq!(desk.key(Key::Enter), [], "the list is shut");

    assert_eq!(desk.press("Jazz – "), opened);
    desk.pass(vec![]);
    desk.key(Key::Tab);
    let radio = Some("Radio".to_owned());
    let chosen = [Gesture::Weights(GenrePair::JazzPop, radio)];
    assert_eq!(desk.key(Key::Enter), chosen);
}

#[test]
fn the_guards_are_set_below_the_rolls() {
    let mut desk = Desk::new(EditorView::default());
    assert_eq!(values(&desk.press("Locked"), ControlId::Melody), [1.0]);
    let track = desk.at("Density") + TRACK;
    let drag = desk.drag(track, track - vec2(30.0, 0.0));
    let last = values(&drag, ControlId::Density).last().copied().unwrap();
    assert!(last < 0.45, "{last}");
}

#[test]
fn the_taste_is_set_above_the_guards() {
    let mut desk = Desk::new(EditorView::default());
    let track = desk.at("Tune") + TRACK;
    let drag = desk.drag(track, track + vec2(35.0, 0.0));
    let last = values(&drag, ControlId::Tune).last().copied().unwrap();
    assert!((0.6..0.9).contains(&last), "{last}");
    // The other "Free" belongs to the melody.
    let voices_free = desk.at("As played") + vec2(62.0, 0.0);
    assert_eq!(values(&desk.press("Enriched"), ControlId::Harmony), [1.0]);
    assert_eq!(values(&desk.click(voices_free), ControlId::Voices), [1.0]);
    assert_eq!(values(&desk.press("+"), ControlId::Variation), [1.0 / 15.0]);
    assert_eq!(values(&desk.press("\u{2212}"), ControlId::Variation), [1.0]);
    desk.view.variation = 16;
    assert_eq!(values(&desk.press("+"), ControlId::Variation), [0.0]);
}

#[test]
fn an_idle_editor_does_not_draw_again() {
    let mut desk = Desk::new(EditorView::default());
    for _ in 0..20 {
        desk.pass(vec![]);
    }
    assert!(desk.again > 60.0, "again in {} s", desk.again);
}

#[test]
fn the_mode_is_chosen_and_in_place_can_forget_and_bring_back() {
    let mut desk = Desk::new(EditorView::default());
    let chosen = desk.press("In place");
    assert_eq!(values(&chosen, ControlId::Mode), [1.0]);
    let mut desk = Desk::new(EditorView {
        mode: Mode::InPlace,
        learned: 12,
        ..EditorView::default()
    });
    assert!(desk.press("In place").is_empty(), "it is chosen already");
    assert_eq!(desk.press("Forget"), [Gesture::Forget]);
    assert_eq!(desk.press("Save song"), [Gesture::SaveSong]);
    assert_eq!(desk.press("Undo"), [Gesture::BringBack]);
}

#[test]
fn before_and_after_are_heard_and_the_next_take_comes() {
    let mut desk = Desk::new(EditorView::default());
    assert_eq!(desk.press("After"), [], "it is heard already");
    assert_eq!(desk.press("Before"), [Gesture::Before(true)]);
    desk.view.before = true;
    assert_eq!(desk.press("After"), [Gesture::Before(false)]);
    desk.view.variation = 2;
    let next = values(&desk.press("Next take"), ControlId::Variation);
    assert_eq!(next, [2.0 / 15.0]);
    desk.view.variation = 16;
    assert_eq!(
        values(&desk.press("Next take"), ControlId::Variation),
        [0.0]
    );
}

#[test]
fn theme_and_size_are_in_a_menu() {
    let mut desk = Desk::new(EditorView::default());
    assert_eq!(desk.click(OPTIONS), []);
    desk.pass(vec![]);
    let light = OPTIONS + vec2(-150.0, 94.0);
    assert_eq!(desk.click(light), [Gesture::Look(Some(Look::Light))]);
    desk.pass(vec![]);
    desk.click(OPTIONS);
    desk.pass(vec![]);
    let smallest = OPTIONS + vec2(-141.0, 139.0);
    assert_eq!(desk.click(smallest), [Gesture::Scale(75)]);
}

#[test]
fn the_heading_s_buttons_do_what_they_say() {
    let mut desk = Desk::new(EditorView::default());
    assert_eq!(desk.press("Save MIDI"), [Gesture::SaveMidi]);
    assert_eq!(desk.press("Show in folder"), [Gesture::ShowFolder]);
    assert_eq!(desk.press("B"), [Gesture::Swap]);
}

#[test]
#[cfg(target_os = "linux")]
fn a_drag_away_from_save_midi_takes_the_file_along() {
    let save = pos2(704.0, 24.0);
    let mut desk = Desk::new(EditorView::default());
    assert_eq!(desk.click(save), [Gesture::SaveMidi]);

    desk.pass(vec![Event::PointerMoved(save)]);
    desk.pass(vec![desk.button(save, true)]);
    let mut to = |x: f32| desk.pass(vec![Event::PointerMoved(save + vec2(x, 0.0))]);
    assert_eq!(to(20.0), [], "still on the button");
    assert_eq!(to(60.0), [Gesture::DragMidi]);
    assert_eq!(to(900.0), [], "one drag");
    let end = save + vec2(900.0, 0.0);
    desk.pass(vec![Event::PointerGone]);
    desk.pass(vec![Event::PointerMoved(end)]);
    assert_eq!(desk.pass(vec![desk.button(end, false)]), []);
    assert_eq!(
        desk.click(save),
        [Gesture::SaveMidi],
        "a click is one again"
    );
}

impl Desk {
    /// Moves the focus by `tabs` controls and presses the one there.
    fn tab_and_press(&mut self, tabs: usize) -> Vec<Gesture> {
        for _ in 0..tabs {
            self.key(Key::Tab);
        }
        self.key(Key::Enter)
    }

    fn open_presets(&mut self) {
        let shown = self
            .view
            .chosen
            .map(|index| self.view.presets[index].name.clone());
        let name = shown.unwrap_or_else(|| "Presets".into());
        assert_eq!(self.press(&name), [Gesture::ListPresets]);
        for _ in 0..4 {
            self.pass(vec![]);
        }
    }
}

#[test]
fn a_preset_is_chosen_with_mouse_or_keys() {
    let mut desk = Desk::new(with_own_preset());
    let second = desk.at("Mine") + vec2(0.0, 70.0);
    desk.open_presets();
    assert_eq!(desk.click(second), [Gesture::Preset(1)]);
    assert_eq!(desk.click(second), [], "the menu is shut");

    // The focus starts at the chosen preset, here the last, or else at the first.
    let last = desk.view.presets.len() - 1;
    desk.open_presets();
    assert_eq!(desk.tab_and_press(0), [Gesture::Preset(last)]);
    desk.view.chosen = None;
    desk.open_presets();
    assert_eq!(desk.tab_and_press(2), [Gesture::Preset(2)]);
    desk.open_presets();
    desk.key(Key::Escape);
    assert_eq!(desk.click(second), [], "escape shuts it");
}

#[test]
fn a_name_is_typed_and_saved_with_enter() {
    let mut desk = Desk::new(with_own_preset());
    desk.open_presets();
    desk.key(Key::Tab);
    desk.pass(vec![Event::Text("  Night".into())]);
    let saved = desk.key(Key::Enter);
    assert_eq!(saved, [Gesture::SavePreset("Night".into())]);
    // The next time the field is empty, and an empty name is refused.
    desk.open_presets();
    assert_eq!(desk.tab_and_press(1), []);
}

#[test]
fn only_the_user_s_own_preset_is_deleted_and_only_when_asked_twice() {
    let mut desk = Desk::new(with_own_preset());
    let presets = desk.view.presets.len();
    desk.open_presets();
    // From the last preset over the field; the save button is disabled without a name.
    assert_eq!(desk.tab_and_press(2), []);
    assert_eq!(desk.key(Key::Enter), [Gesture::DeletePreset(presets - 1)]);

    // A built-in preset: no delete button after the field.
    desk.view.chosen = Some(presets - 2);
    desk.open_presets();
    let mut gestures = desk.tab_and_press(3);
    gestures.extend(desk.key(Key::Enter));
    let deletes = |gesture: &Gesture| matches!(gesture, Gesture::DeletePreset(_));
    assert!(!gestures.iter().any(deletes), "{gestures:?}");
}
