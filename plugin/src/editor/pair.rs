//! The button of the genre pair and its menu: pairs, user weights, user styles, and how to learn a
//! style.

use egui::{Button, Popup, PopupCloseBehavior, Rect, RichText, ScrollArea, Ui};

use third_stream_model::genre::Direction;

use super::{EditorView, Gesture, controls, theme};
use crate::values::GenrePair;

/// The command that learns a user style.
const LEARN: &str = "third-stream learn-style FOLDER --name NAME";

/// Draws the button into `rect`, and its menu while it is open.
pub(crate) fn show(ui: &Ui, rect: Rect, view: &EditorView, gestures: &mut Vec<Gesture>) {
    let label = match &view.weights {
        None => {
            let [left, right] = [Direction::BToA, Direction::AToB].map(|way| title(view.end(way)));
            format!("{left} – {right}")
        }
        Some(name) => format!("{} · {name}", view.pair.label()),
    };
    let response = controls::menu_button(ui, rect, "Genres", &label, true);
    theme::tip(
        &response,
        "The two genres at the knob's ends, and whose weights play them.",
    );
    let id = Popup::default_response_id(&response);
    let opened = response.clicked() && !Popup::is_id_open(ui.ctx(), id);
    if opened {
        gestures.push(Gesture::ListWeights);
        ui.data_mut(|data| data.remove::<bool>(id));
    }
    Popup::menu(&response)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .frame(theme::menu_frame(ui))
        .width(rect.width() + 60.0)
        .show(|ui| {
            theme::dress(ui);
            let height = (ui.ctx().content_rect().height() - 160.0).max(120.0);
            ScrollArea::vertical().max_height(height).show(ui, |ui| {
                pairs(ui, view, opened, gestures);
                styles(ui, view, gestures);
            });
            ui.separator();
            learn(ui, id);
        });
}

/// A name with a capital letter.
fn title(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    let first: String = first.collect();
    first + letters.as_str()
}

/// The user styles, each selectable at either end of the knob; a click on a chosen one removes it.
fn styles(ui: &mut Ui, view: &EditorView, gestures: &mut Vec<Gesture>) {
    let chosen = view.ends.iter().flatten();
    // A chosen style whose file is gone is listed, so that it can be removed.
    let missing = chosen.filter(|name| !view.styles.contains(name));
    for name in view.styles.iter().chain(missing) {
        for direction in [Direction::BToA, Direction::AToB] {
            let here = view.ends[direction.index()].as_ref() == Some(name);
            let end = match direction {
                Direction::BToA => "\u{2212}100 %",
                Direction::AToB => "+100 %",
            };
            let text = format!("{name} at {end}");
            if ui.add(Button::selectable(here, text)).clicked() {
                let wanted = (!here).then(|| name.clone());
                gestures.push(Gesture::Style(direction, wanted));
                ui.close();
            }
        }
    }
}

/// Each pair with the plugin's weights, followed by the user weights for it.
fn pairs(ui: &mut Ui, view: &EditorView, opened: bool, gestures: &mut Vec<Gesture>) {
    for pair in GenrePair::ALL {
        let own = view.own.iter().filter(|own| own.pair == pair.of_core());
        let own = own.map(|own| Some(own.name.as_str()));
        for name in std::iter::once(None).chain(own) {
            let chosen = pair == view.pair && name == view.weights.as_deref();
            let text = match name {
                None => pair.label().to_owned(),
                Some(name) => format!("    {name}"),
            };
            let button = ui.add(Button::selectable(chosen, text));
            if opened && chosen {
                button.request_focus();
            }
            if button.clicked() {
                gestures.push(Gesture::Weights(pair, name.map(str::to_owned)));
                ui.close();
            }
        }
    }
}

/// The command that learns a style, shown on a click.
fn learn(ui: &mut Ui, id: egui::Id) {
    let mut told: bool = ui.data(|data| data.get_temp(id)).unwrap_or_default();
    if ui.add(Button::selectable(told, "Learn a style…")).clicked() {
        told = !told;
        ui.data_mut(|data| data.insert_temp(id, told));
    }
    if told {
        let size = theme::font(ui.ctx(), 12.0).size;
        ui.label(RichText::new("From a folder of your MIDI files, in a terminal:").size(size));
        ui.label(RichText::new(LEARN).size(size).monospace());
        ui.label(RichText::new("When it is done, open this menu again.").size(size));
    }
}
