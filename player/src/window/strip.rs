//! The strip below the editor: file, play, stop, position and messages.

use egui::{
    Align, Button, Color32, Key, Label, Layout, Rect, RichText, Slider, TextEdit, Ui, UiBuilder,
    pos2, vec2,
};

/// Height in logical pixels.
pub(super) const HEIGHT: f32 = 84.0;
/// Margin.
const EDGE: f32 = 12.0;
/// Height of a row.
const ROW: f32 = 28.0;

/// Content of the strip.
#[derive(Clone, Debug, Default)]
pub(super) struct View {
    /// The song plays.
    pub(super) playing: bool,
    /// Position in beats.
    pub(super) beat: f64,
    /// End of the song in beats.
    pub(super) end: f64,
    /// The present bar, from 1, and the last one.
    pub(super) bar: (i32, i32),
    /// An error message.
    pub(super) trouble: Option<String>,
    /// Other messages.
    pub(super) said: String,
}

/// A user action.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Doing {
    /// Choose a file in the dialog.
    Choose,
    /// Open this file.
    Open(String),
    /// Play or stop.
    PlayOrStop,
    /// Jump to a beat.
    Seek(f64),
}

/// Draws the strip into `rect`; `path` is the text field's content.
pub(super) fn show(ui: &mut Ui, rect: Rect, view: &View, path: &mut String) -> Vec<Doing> {
    let mut doings = Vec::new();
    ui.painter().rect_filled(rect, 0.0, ui.visuals().panel_fill);
    let row = |top: f32| {
        let from = pos2(rect.left() + EDGE, rect.top() + top);
        let area = Rect::from_min_max(from, pos2(rect.right() - EDGE, rect.top() + top + ROW));
        let layout = Layout::left_to_right(Align::Center);
        UiBuilder::new().max_rect(area).layout(layout)
    };
    ui.scope_builder(row(EDGE), |ui| transport(ui, view, &mut doings));
    ui.scope_builder(row(EDGE + ROW + 6.0), |ui| {
        file(ui, view, path, &mut doings);
    });
    // The space bar plays, except in the text field.
    let typing = ui.memory(|memory| memory.focused().is_some());
    if !typing && ui.input(|input| input.key_pressed(Key::Space)) {
        doings.push(Doing::PlayOrStop);
    }
    doings
}

fn transport(ui: &mut Ui, view: &View, doings: &mut Vec<Doing>) {
    let words = if view.playing { "Stop" } else { "Play" };
    let size = vec2(88.0, ROW);
    let play = ui.add_sized(size, Button::new(words));
    if play.on_hover_text("Play or stop (space bar)").clicked() {
        // The space bar must not type here.
        ui.memory_mut(egui::Memory::stop_text_input);
        doings.push(Doing::PlayOrStop);
    }
    let start = ui.add_sized(vec2(56.0, ROW), Button::new("Start"));
    if start.on_hover_text("Go to the beginning").clicked() {
        doings.push(Doing::Seek(0.0));
    }
    let (bar, last) = view.bar;
    let label = format!("Bar {bar} of {last}");
    let room = ui.available_width() - 110.0;
    ui.spacing_mut().slider_width = room.max(40.0);
    let mut beat = view.beat;
    let slider = Slider::new(&mut beat, 0.0..=view.end.max(1.0)).show_value(false);
    if ui.add(slider).changed() {
        doings.push(Doing::Seek(beat));
    }
    ui.label(label);
}

fn file(ui: &mut Ui, view: &View, path: &mut String, doings: &mut Vec<Doing>) {
    let open = ui.add_sized(vec2(88.0, ROW), Button::new("Open…"));
    if open.on_hover_text("Choose a MIDI file").clicked() {
        doings.push(Doing::Choose);
    }
    let field = TextEdit::singleline(path).hint_text("A MIDI file's path, and Enter");
    let typed = ui.add_sized(vec2(ui.available_width() * 0.4, ROW - 4.0), field);
    if typed.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter)) {
        doings.push(Doing::Open(path.trim().to_owned()));
    }
    ui.label(&view.said);
    if let Some(trouble) = &view.trouble {
        let text = RichText::new(trouble).color(warning(ui));
        ui.add(Label::new(text).truncate()).on_hover_text(trouble);
    }
}

/// A colour with contrast to the panel's.
fn warning(ui: &Ui) -> Color32 {
    if ui.visuals().dark_mode {
        Color32::from_rgb(255, 190, 90)
    } else {
        Color32::from_rgb(150, 70, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::{Context, Event, Modifiers, PointerButton, RawInput};

    /// Draws one pass for each list of events; returns all user actions.
    fn draw(view: &View, passes: &[Vec<Event>]) -> Vec<Doing> {
        let context = Context::default();
        let rect = Rect::from_min_size(pos2(0.0, 0.0), vec2(960.0, HEIGHT));
        let (mut doings, mut path) = (Vec::new(), "song.mid".to_owned());
        for events in passes {
            let input = RawInput {
                screen_rect: Some(rect),
                events: events.clone(),
                ..RawInput::default()
            };
            let mut output = context.run_ui(input, |ui| {
                doings.extend(show(ui, rect, view, &mut path));
            });
            // Nothing is painted here.
            output.textures_delta.clear();
        }
        doings
    }

    fn click(x: f32, y: f32) -> Vec<Vec<Event>> {
        let button = |pressed| Event::PointerButton {
            pos: pos2(x, y),
            button: PointerButton::Primary,
            pressed,
            modifiers: Modifiers::NONE,
        };
        vec![
            vec![Event::PointerMoved(pos2(x, y))],
            vec![button(true)],
            vec![button(false)],
            Vec::new(),
        ]
    }

    fn key(key: Key) -> Vec<Event> {
        [true, false]
            .map(|pressed| Event::Key {
                key,
                physical_key: None,
                pressed,
                repeat: false,
                modifiers: Modifiers::NONE,
            })
            .to_vec()
    }

    fn view() -> View {
        View {
            end: 64.0,
            bar: (1, 16),
            ..View::default()
        }
    }

    #[test]
    fn the_buttons_do_what_they_say() {
        let (first, second) = (EDGE + ROW / 2.0, EDGE + ROW * 1.5 + 6.0);
        assert_eq!(draw(&view(), &click(50.0, first)), [Doing::PlayOrStop]);
        assert_eq!(draw(&view(), &click(130.0, first)), [Doing::Seek(0.0)]);
        assert_eq!(draw(&view(), &click(50.0, second)), [Doing::Choose]);
        assert!(draw(&view(), &click(900.0, second)).is_empty());
    }

    #[test]
    fn the_position_is_taken_with_the_mouse() {
        let doings = draw(&view(), &click(500.0, EDGE + ROW / 2.0));
        let [Doing::Seek(beat), ..] = doings[..] else {
            panic!("{doings:?}");
        };
        assert!((20.0..44.0).contains(&beat), "{beat}");
    }

    #[test]
    fn the_space_bar_plays_and_a_path_is_typed() {
        assert_eq!(draw(&view(), &[key(Key::Space)]), [Doing::PlayOrStop]);
        let mut passes = click(200.0, EDGE + ROW * 1.5 + 6.0);
        passes.extend([key(Key::Space), key(Key::Enter), Vec::new()]);
        let opened = Doing::Open("song.mid".to_owned());
        assert_eq!(draw(&view(), &passes), [opened]);
    }
}
