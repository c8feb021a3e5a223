//! The small controls: Mode, Delay or Memory and Quantise beside the knob, taste and guards below
//! the rolls, Bypass.

mod taste;

use egui::text::{LayoutJob, TextWrapping};
use egui::{Align2, CursorIcon, Rect, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::{Control, Gesture, View, theme};
use crate::params::{Delay, Mode};
use crate::rt::Guard;
pub(crate) use taste::taste;

/// Height of a control with its label above it, in logical pixels.
pub(crate) const HEIGHT: f32 = 50.0;
/// Height of the label.
const LABEL: f32 = 20.0;

/// A label at the top left of `rect` and a value at its top right: the first way to say it that
/// leaves the label room.
fn label(ui: &Ui, rect: Rect, name: &str, values: &[&str]) {
    let theme = theme::of(ui.ctx());
    let painter = ui.painter();
    let (font, y) = (theme::font(13.0), rect.top() + LABEL * 0.5 - 2.0);
    let at = pos2(rect.left(), y);
    let name = painter.text(at, Align2::LEFT_CENTER, name, font.clone(), theme.weak);
    let room = rect.right() - name.right() - 8.0;
    for value in values {
        let value = (*value).to_owned();
        let value = painter.layout_no_wrap(value, font.clone(), theme.text);
        if value.size().x <= room {
            let at = pos2(rect.right() - value.size().x, y - value.size().y * 0.5);
            painter.galley(at, value, theme.text);
            return;
        }
    }
}

/// The way of playing: two buttons in a row.
pub(crate) fn mode(ui: &Ui, rect: Rect, chosen: Mode, gestures: &mut Vec<Gesture>) {
    let chosen = Mode::ALL.iter().position(|mode| *mode == chosen);
    let names = ["Live", "In place"];
    choice(ui, rect, ("Mode", Control::Mode), &names, chosen, gestures);
}

/// How many bars later the transfer sounds: three buttons in a row.
pub(crate) fn delay(ui: &Ui, rect: Rect, chosen: Delay, gestures: &mut Vec<Gesture>) {
    let chosen = Delay::ALL.iter().position(|delay| *delay == chosen);
    let names = ["4 bars", "2 bars", "1 bar"];
    choice(
        ui,
        rect,
        ("Delay", Control::Delay),
        &names,
        chosen,
        gestures,
    );
}

/// What In place remembers, and buttons to save it, to forget it and to bring it back.
pub(crate) fn memory(ui: &Ui, rect: Rect, view: &View, gestures: &mut Vec<Gesture>) {
    let bars = match view.learned {
        1 => "1 bar".to_owned(),
        bars => format!("{bars} bars"),
    };
    let waiting = match view.waiting {
        0 => String::new(),
        1 => ", 1 phrase is being made".to_owned(),
        phrases => format!(", {phrases} phrases are being made"),
    };
    label(ui, rect, "Memory", &[&format!("{bars}{waiting}"), &bars]);
    let row = Rect::from_min_max(pos2(rect.left(), rect.top() + LABEL), rect.max);
    let (gap, mut left) = (6.0, row.left());
    for (text, share, strong, gesture) in [
        ("Save song", 0.42, view.learned > 0, Gesture::SaveSong),
        ("Forget", 0.31, view.learned > 0, Gesture::Forget),
        ("Undo", 0.27, view.forgotten > 0, Gesture::BringBack),
    ] {
        let width = (row.width() - 2.0 * gap) * share;
        let place = Rect::from_min_size(pos2(left, row.top()), vec2(width, row.height()));
        left += width + gap;
        if button(ui, place, text, strong).clicked() {
            gestures.push(gesture);
        }
    }
}

/// A button with a text, which is weak where it would do nothing.
pub(crate) fn button(ui: &Ui, rect: Rect, text: &str, strong: bool) -> Response {
    let theme = theme::of(ui.ctx());
    // By its place, because the text of some changes.
    let id = ui
        .scope_id()
        .with(("button", rect.left() as i32, rect.top() as i32));
    let response = ui
        .interact(rect, id, Sense::click())
        .on_hover_cursor(CursorIcon::PointingHand);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, text));
    let painter = ui.painter();
    painter.rect_filled(rect, 6.0, theme.line);
    let active = response.hovered() || response.has_focus();
    let inside = egui::StrokeKind::Inside;
    painter.rect_stroke(rect, 6.0, theme.outline(active), inside);
    let colour = if strong { theme.text } else { theme.weak };
    let mut text = LayoutJob::simple_singleline(text.to_owned(), theme::font(13.0), colour);
    text.wrap = TextWrapping::truncate_at_width(rect.width() - 12.0);
    let text = painter.layout_job(text);
    painter.galley(rect.center() - text.size() * 0.5, text, colour);
    response
}

/// Buttons in a row, of which one is chosen, for a parameter with as many steps.
fn choice(
    ui: &Ui,
    rect: Rect,
    (name, control): (&str, Control),
    names: &[&str],
    chosen: Option<usize>,
    gestures: &mut Vec<Gesture>,
) {
    let theme = theme::of(ui.ctx());
    label(ui, rect, name, &[]);
    let row = Rect::from_min_max(pos2(rect.left(), rect.top() + LABEL), rect.max);
    ui.painter().rect_filled(row, 6.0, theme.line);
    let width = row.width() / names.len() as f32;
    for (index, text) in names.iter().enumerate() {
        let left = row.left() + index as f32 * width;
        let button = Rect::from_min_size(pos2(left, row.top()), vec2(width, row.height()));
        let response = ui
            .interact(button, ui.scope_id().with((name, index)), Sense::click())
            .on_hover_cursor(CursorIcon::PointingHand);
        let on = Some(index) == chosen;
        response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, on, *text));
        if on {
            ui.painter()
                .rect_filled(button.shrink(2.0), 5.0, theme.strong_line);
        }
        if response.hovered() || response.has_focus() {
            let stroke = egui::Stroke::new(1.0, theme.weak);
            let inside = egui::StrokeKind::Inside;
            ui.painter()
                .rect_stroke(button.shrink(2.0), 5.0, stroke, inside);
        }
        let colour = if on { theme.playhead } else { theme.weak };
        ui.painter().text(
            button.center(),
            Align2::CENTER_CENTER,
            text,
            theme::font(13.0),
            colour,
        );
        if response.clicked() && !on {
            let normalised = index as f32 / (names.len() - 1) as f32;
            gestures.extend(Gesture::whole(control, normalised));
        }
    }
}

/// How strongly kept notes are pulled to the grid.
pub(crate) fn quantise(ui: &Ui, rect: Rect, value: f32, gestures: &mut Vec<Gesture>) {
    let text = format!("{:.0} %", value * 100.0);
    let slider = Slider {
        name: "Quantise",
        texts: &[&text],
        control: Control::Quantise,
        value,
        usual: 1.0,
    };
    slider.show(ui, rect, gestures);
}

/// What the network is kept from: the melody lock, the scale guard and the density in a row.
pub(crate) fn guards(ui: &Ui, rect: Rect, guard: &Guard, gestures: &mut Vec<Gesture>) {
    let gap = 24.0;
    let width = (rect.width() - 2.0 * gap) / 3.0;
    let part = |index: f32| {
        let left = rect.left() + index * (width + gap);
        Rect::from_min_size(pos2(left, rect.top()), vec2(width, rect.height()))
    };
    let lock = usize::from(guard.melody_lock);
    let names = ["Free", "Locked"];
    let melody = ("Melody", Control::Melody);
    choice(ui, part(0.0), melody, &names, Some(lock), gestures);
    let text = format!("{:.0} %", guard.scale * 100.0);
    let scale = Slider {
        name: "Scale guard",
        texts: &[&text],
        control: Control::Scale,
        value: guard.scale,
        usual: 0.0,
    };
    scale.show(ui, part(1.0), gestures);
    let text = match (guard.density * 100.0).round() {
        0.0 => "as the network wants".to_owned(),
        percent if percent < 0.0 => format!("{:.0} % fewer added", -percent),
        percent => format!("{percent:.0} % fewer removed"),
    };
    let density = Slider {
        name: "Density",
        texts: &[&text, &format!("{:+.0} %", guard.density * 100.0)],
        control: Control::Density,
        value: f32::midpoint(guard.density, 1.0),
        usual: 0.5,
    };
    density.show(ui, part(2.0), gestures);
}

/// A slider over the host's 0..=1.
struct Slider<'a> {
    name: &'a str,
    /// The value in words, from many to few.
    texts: &'a [&'a str],
    control: Control,
    value: f32,
    /// Where a double click leads, and from where the track is filled.
    usual: f32,
}

impl Slider<'_> {
    fn show(&self, ui: &Ui, rect: Rect, gestures: &mut Vec<Gesture>) {
        let theme = theme::of(ui.ctx());
        let Self { control, value, .. } = *self;
        label(ui, rect, self.name, self.texts);
        let row = Rect::from_min_max(pos2(rect.left(), rect.top() + LABEL), rect.max);
        let response = ui
            .interact(row, ui.scope_id().with(self.name), Sense::click_and_drag())
            .on_hover_cursor(CursorIcon::ResizeHorizontal);
        response.widget_info(|| WidgetInfo::slider(true, f64::from(value * 100.0), self.name));
        let (radius, y) = (7.0, row.center().y);
        let (from, to) = (row.left() + radius, row.right() - radius);
        let track = Rect::from_min_max(pos2(row.left(), y - 2.5), pos2(row.right(), y + 2.5));
        ui.painter().rect_filled(track, 2.5, theme.line);
        let x = from + (to - from) * value;
        // Two-sided controls are filled from their middle.
        let start = if self.usual == 0.5 {
            track.center().x
        } else {
            track.left()
        };
        let filled = egui::Rangef::new(start.min(x), start.max(x));
        let filled = Rect::from_x_y_ranges(filled, track.y_range());
        ui.painter().rect_filled(filled, 2.5, theme.weak);
        let active = response.hovered() || response.dragged() || response.has_focus();
        let radius = if active { radius + 1.0 } else { radius };
        ui.painter()
            .circle_filled(pos2(x, y), radius, theme.playhead);

        if response.double_clicked() {
            gestures.extend(Gesture::whole(control, self.usual));
            return;
        }
        if response.drag_started() {
            gestures.push(Gesture::Begin(control));
        }
        if response.dragged()
            && let Some(pointer) = response.interact_pointer_pos()
        {
            let fine = ui.input(|input| input.modifiers.shift);
            let wanted = if fine {
                value + response.drag_delta().x / (to - from) * 0.1
            } else {
                (pointer.x - from) / (to - from)
            }
            .clamp(0.0, 1.0);
            if wanted != value {
                gestures.push(Gesture::Set(control, wanted));
            }
        }
        if response.drag_stopped() {
            gestures.push(Gesture::End(control));
        }
        if response.hovered() && !response.dragged() {
            let wheel = ui.input(egui::InputState::smooth_scroll_delta);
            let wanted = (value + (wheel.x + wheel.y) / 500.0).clamp(0.0, 1.0);
            if wanted != value {
                gestures.extend(Gesture::whole(control, wanted));
            }
        }
    }
}

/// The switch at the right of the heading; lit while the transfer is at work.
pub(crate) fn bypass(ui: &Ui, rect: Rect, on: bool, gestures: &mut Vec<Gesture>) {
    let theme = theme::of(ui.ctx());
    let response = ui
        .interact(rect, ui.scope_id().with("bypass"), Sense::click())
        .on_hover_cursor(CursorIcon::PointingHand);
    response.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, on, "Bypass"));
    let fill = if on { theme.warning } else { theme.line };
    ui.painter().rect_filled(rect, 6.0, fill);
    let active = response.hovered() || response.has_focus();
    let inside = egui::StrokeKind::Inside;
    ui.painter()
        .rect_stroke(rect, 6.0, theme.outline(active), inside);
    let colour = if on { theme.background } else { theme.text };
    let text = if on { "Bypassed" } else { "Bypass" };
    ui.painter().text(
        rect.center(),
        Align2::CENTER_CENTER,
        text,
        theme::font(13.0),
        colour,
    );
    if response.clicked() {
        gestures.extend(Gesture::whole(Control::Bypass, if on { 0.0 } else { 1.0 }));
    }
}
