//! The genres at the knob's ends: a button beside the knob that opens the list of pairs, each
//! with the weights that there are for it.

use egui::{Button, Frame, Popup, Rect, ScrollArea, Ui, vec2};

use third_stream_model::genre::Direction;

use super::{Gesture, View, controls, theme};
use crate::params::GenrePair;

/// Width and height of the button, in logical pixels.
const SIZE: egui::Vec2 = vec2(48.0, 24.0);

/// Draws the button into the upper left corner of the knob's `rect`, and its menu while it is
/// open.
pub(crate) fn show(ui: &Ui, rect: Rect, view: &View, gestures: &mut Vec<Gesture>) {
    let at = Rect::from_min_size(rect.left_top(), SIZE);
    let response = controls::button(ui, at, "Pair", false);
    let opened =
        response.clicked() && !Popup::is_id_open(ui.ctx(), Popup::default_response_id(&response));
    if opened {
        gestures.push(Gesture::ListWeights);
    }
    let theme = theme::of(ui.ctx());
    Popup::menu(&response)
        .frame(
            Frame::popup(ui.style())
                .fill(theme.panel)
                .stroke(theme.outline(true)),
        )
        .show(|ui| {
            theme::dress(ui);
            let height = (ui.ctx().content_rect().height() - 120.0).max(120.0);
            ScrollArea::vertical().max_height(height).show(ui, |ui| {
                for pair in GenrePair::ALL {
                    let own = view.own.iter().filter(|own| own.pair == pair.of_core());
                    let own = own.map(|own| Some(own.name.as_str()));
                    for name in std::iter::once(None).chain(own) {
                        let chosen = pair == view.pair && name == view.weights.as_deref();
                        let button = ui.add(Button::selectable(chosen, text(pair, name)));
                        if opened && chosen {
                            button.request_focus();
                        }
                        if button.clicked() {
                            gestures.push(Gesture::Weights(pair, name.map(str::to_owned)));
                            ui.close();
                        }
                    }
                }
                styles(ui, view, gestures);
            });
        });
}

/// The user's own styles, each at either end of the knob; one that is chosen goes again by a
/// click.
fn styles(ui: &mut Ui, view: &View, gestures: &mut Vec<Gesture>) {
    let chosen = view.ends.iter().flatten();
    // One whose file is gone has to be there to be let go.
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

/// A pair for the plugin's own weights, below it the names of the user's.
fn text(pair: GenrePair, own: Option<&str>) -> String {
    let genres = pair.of_core();
    match own {
        None => format!("{} \u{2013} {}", genres.a, genres.b),
        Some(name) => format!("    {name}"),
    }
}
