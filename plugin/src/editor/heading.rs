//! The heading: name, genres, presets, A/B, files, options and bypass.

mod presets;

use egui::{Align2, CursorIcon, PointerButton, Rect, Sense, Stroke, Ui, pos2, vec2};

use super::{ControlId, EditorView, Gesture, Side, controls, options, pair, theme};
use crate::drag;

/// Height of the buttons, in logical pixels.
const BUTTON: f32 = 28.0;
/// Gap between two buttons.
const GAP: f32 = 6.0;
/// Narrowest heading in which every button has its text.
const WIDE: f32 = 860.0;

/// Draws the heading into `rect` and adds the user's actions.
pub(crate) fn show(ui: &Ui, rect: Rect, view: &EditorView, gestures: &mut Vec<Gesture>) {
    let mut right = rect.right();
    let mut place = |width: f32| {
        let at = pos2(right - width, rect.top() + 2.0);
        right -= width + GAP;
        Rect::from_min_size(at, vec2(width, BUTTON))
    };
    let wide = rect.width() >= WIDE;
    bypass(ui, place(34.0), view.bypass, gestures);
    options::show(ui, place(34.0), view, gestures);
    files(ui, place(if wide { 112.0 } else { 34.0 }), wide, gestures);
    save(ui, place(88.0), gestures);
    sides(ui, place(56.0), view.side, gestures);
    presets::show(ui, place(if wide { 170.0 } else { 150.0 }), view, gestures);
    pair::show(ui, place(if wide { 190.0 } else { 168.0 }), view, gestures);
    title(ui, rect.with_max_x(right));
}

/// The plugin's name, where there is room.
fn title(ui: &Ui, rect: Rect) {
    let theme = theme::of(ui.ctx());
    let font = theme::font(ui.ctx(), 20.0);
    let name = "Third Stream".to_owned();
    let name = ui.painter().layout_no_wrap(name, font, theme.text);
    if name.size().x < rect.width() {
        let at = pos2(rect.left() + 2.0, rect.center().y - name.size().y * 0.5);
        ui.painter().galley(at, name, theme.text);
    }
}

/// The save button: a click saves the phrase; a drag away from it drags the file, where that is
/// possible.
fn save(ui: &Ui, rect: Rect, gestures: &mut Vec<Gesture>) {
    let button = controls::button(ui, rect, "Save MIDI", true);
    let tip = "Save the phrase that is shown, as played and transferred, as a MIDI file with two \
               tracks.";
    if button.clicked() {
        gestures.push(Gesture::SaveMidi);
    }
    if !drag::AVAILABLE {
        theme::tip(&button, tip);
        return;
    }
    let button = button.interact(Sense::drag());
    theme::tip(
        &button,
        &format!("{tip} Or drag it from here onto a track."),
    );
    let outside = |at| !rect.contains(at);
    let out = button.dragged_by(PointerButton::Primary)
        && button.interact_pointer_pos().is_some_and(outside);
    let was = ui.data_mut(|data| {
        let was = data.get_temp_mut_or_default::<bool>(button.id);
        std::mem::replace(was, out)
    });
    if out {
        ui.ctx().set_cursor_icon(CursorIcon::Grabbing);
    }
    if out && !was {
        gestures.push(Gesture::DragMidi);
    }
}

/// A button that opens the folder of saved files: a text, or an icon where there is little room.
fn files(ui: &Ui, rect: Rect, words: bool, gestures: &mut Vec<Gesture>) {
    let text = if words { "Show in folder" } else { "" };
    let response = controls::named_button(ui, rect, "Show in folder", text, true);
    if !words {
        let colour = theme::of(ui.ctx()).text;
        let stroke = Stroke::new(1.5, colour);
        let body = Rect::from_center_size(rect.center() + vec2(0.0, 1.5), vec2(16.0, 11.0));
        let tab = [(0.0, 0.0), (0.0, -3.0), (6.0, -3.0), (8.0, 0.0)];
        let tab = tab.map(|(x, y)| body.left_top() + vec2(x, y));
        ui.painter().add(egui::Shape::line(tab.to_vec(), stroke));
        ui.painter()
            .rect_stroke(body, 1.5, stroke, egui::StrokeKind::Middle);
    }
    theme::tip(&response, "Show the folder with the files that were saved.");
    if response.clicked() {
        gestures.push(Gesture::ShowFolder);
    }
}

/// The A/B switch: the side in use is lit, a click swaps.
fn sides(ui: &Ui, rect: Rect, side: Side, gestures: &mut Vec<Gesture>) {
    let theme = theme::of(ui.ctx());
    let name = format!("Compare: {side:?} is heard");
    let response = controls::named_button(ui, rect, &name, "", true);
    for (of, name, x) in [(Side::A, "A", 0.28), (Side::B, "B", 0.72)] {
        let on = of == side;
        let colour = if on { theme.playhead } else { theme.weak };
        let at = pos2(rect.left() + rect.width() * x, rect.center().y);
        if on {
            let lit = Rect::from_center_size(at, vec2(rect.width() * 0.5, rect.height()));
            let lit = lit.intersect(rect).shrink(2.0);
            ui.painter().rect_filled(lit, 5.0, theme.strong_line);
        }
        let font = theme::font(ui.ctx(), 13.0);
        ui.painter()
            .text(at, Align2::CENTER_CENTER, name, font, colour);
    }
    theme::tip(
        &response,
        "Two settings of all controls to compare; both are saved with the project.",
    );
    if response.clicked() {
        gestures.push(Gesture::Swap);
    }
}

/// The bypass switch: lit in the warning colour while bypassed.
fn bypass(ui: &Ui, rect: Rect, on: bool, gestures: &mut Vec<Gesture>) {
    let theme = theme::of(ui.ctx());
    let response = controls::named_button(ui, rect, "Bypass", "", true);
    let colour = if on {
        ui.painter().rect_filled(rect, 6.0, theme.warning);
        theme.background
    } else {
        theme.text
    };
    let (centre, radius) = (rect.center() + vec2(0.0, 1.0), 7.0);
    let open = 0.7_f32;
    let turn = std::f32::consts::TAU - 2.0 * open;
    let ring = (0..=32).map(|step| {
        let angle = open + turn * step as f32 / 32.0;
        centre + radius * vec2(angle.sin(), -angle.cos())
    });
    let stroke = Stroke::new(1.8, colour);
    let painter = ui.painter();
    painter.add(egui::Shape::line(ring.collect(), stroke));
    painter.vline(centre.x, centre.y - radius - 2.0..=centre.y, stroke);
    theme::tip(
        &response,
        if on {
            "Bypassed: notes pass untouched and at once. Click to switch the transfer on."
        } else {
            "Bypass: notes pass untouched and at once. To compare in time use Before and After."
        },
    );
    if response.clicked() {
        gestures.extend(Gesture::whole(
            ControlId::Bypass,
            if on { 0.0 } else { 1.0 },
        ));
    }
}
