//! The genres at the knob's ends: a button beside the knob that opens the list of pairs.

use egui::{Button, Frame, Popup, Rect, Ui, vec2};

use super::{Control, Gesture, controls, theme};
use crate::params::GenrePair;

/// Width and height of the button, in logical pixels.
const SIZE: egui::Vec2 = vec2(48.0, 24.0);

/// Draws the button into the upper left corner of the knob's `rect`, and its menu while it is
/// open.
pub(crate) fn show(ui: &Ui, rect: Rect, chosen: GenrePair, gestures: &mut Vec<Gesture>) {
    let at = Rect::from_min_size(rect.left_top(), SIZE);
    let response = controls::button(ui, at, "Pair", false);
    let opened =
        response.clicked() && !Popup::is_id_open(ui.ctx(), Popup::default_response_id(&response));
    let theme = theme::of(ui.ctx());
    Popup::menu(&response)
        .frame(
            Frame::popup(ui.style())
                .fill(theme.panel)
                .stroke(theme.outline(true)),
        )
        .show(|ui| {
            theme::dress(ui);
            for (index, pair) in GenrePair::ALL.into_iter().enumerate() {
                let genres = pair.of_core();
                let name = format!("{} \u{2013} {}", genres.a, genres.b);
                let button = ui.add(Button::selectable(pair == chosen, name));
                if opened && pair == chosen {
                    button.request_focus();
                }
                if button.clicked() {
                    let last = GenrePair::ALL.len() - 1;
                    let normalised = index as f32 / last as f32;
                    gestures.extend(Gesture::whole(Control::Pair, normalised));
                    ui.close();
                }
            }
        });
}
