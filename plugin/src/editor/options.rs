//! The options' menu: theme and zoom.

use egui::{Button, Popup, Rect, RichText, Stroke, Ui, pos2, vec2};

use super::{EditorView, Gesture, Look, SCALES, controls, theme};

/// Draws the button into `rect`, and its menu while it is open.
pub(crate) fn show(ui: &Ui, rect: Rect, view: &EditorView, gestures: &mut Vec<Gesture>) {
    let response = controls::named_button(ui, rect, "Options", "", true);
    let colours = theme::of(ui.ctx());
    for line in [-5.0, 0.0, 5.0] {
        let y = rect.center().y + line;
        let stroke = Stroke::new(1.5, colours.text);
        ui.painter()
            .hline(rect.center().x - 7.0..=rect.center().x + 7.0, y, stroke);
        let at = pos2(rect.center().x + if line == 0.0 { -3.0 } else { 3.0 }, y);
        ui.painter().circle_filled(at, 2.5, colours.text);
    }
    theme::tip(&response, "How the window looks: theme and size.");
    Popup::menu(&response)
        .frame(theme::menu_frame(ui))
        .width(150.0)
        .show(|ui| {
            theme::dress(ui);
            let heading = |ui: &mut Ui, text: &str| {
                let size = theme::font(ui.ctx(), 12.0).size;
                ui.label(RichText::new(text).size(size).color(colours.weak))
            };
            heading(ui, "Theme");
            for (look, name) in [
                (None, "As the system"),
                (Some(Look::Dark), "Dark"),
                (Some(Look::Light), "Light"),
            ] {
                if ui
                    .add(Button::selectable(view.look == look, name))
                    .clicked()
                {
                    gestures.push(Gesture::Look(look));
                    ui.close();
                }
            }
            ui.add_space(4.0);
            heading(ui, "Size");
            ui.horizontal_wrapped(|ui| {
                ui.set_max_width(190.0);
                for scale in SCALES {
                    let name = format!("{scale} %");
                    let button = Button::selectable(view.scale == scale, name);
                    if ui.add_sized(vec2(54.0, 22.0), button).clicked() {
                        gestures.push(Gesture::Scale(scale));
                        ui.close();
                    }
                }
            });
        });
}
