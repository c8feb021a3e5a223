//! The small controls: Mode, Delay or Memory below the knob, taste and guards below the rolls; and
//! the widgets that they share.

mod slider;
mod taste;

use egui::text::{LayoutJob, TextWrapping};
use egui::{Align2, CursorIcon, Rect, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::{ControlId, EditorView, Gesture, theme};
use crate::values::{Delay, Mode};
use slider::Slider;
pub(crate) use taste::{next_take, taste};

/// Height of a control with its label above it, in logical pixels.
pub(crate) const HEIGHT: f32 = 46.0;
/// Height of the label.
const LABEL: f32 = 18.0;

/// A label at the top left of `rect` and a value at its top right: the longest of `values` that
/// leaves room for the label.
fn label(ui: &Ui, rect: Rect, name: &str, values: &[&str]) {
    let theme = theme::of(ui.ctx());
    let painter = ui.painter();
    let (font, y) = (theme::font(ui.ctx(), 12.0), rect.top() + LABEL * 0.5 - 1.0);
    let at = pos2(rect.left(), y);
    let name = painter.text(at, Align2::LEFT_CENTER, name, font.clone(), theme.weak);
    let room = rect.right() - name.right() - 6.0;
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

/// The Mode control: two buttons in a row.
pub(crate) fn mode(ui: &Ui, rect: Rect, chosen: Mode, gestures: &mut Vec<Gesture>) {
    let chosen = Mode::ALL.iter().position(|mode| *mode == chosen);
    let row = Choice {
        name: "Mode",
        control: ControlId::Mode,
        names: &["Live", "In place"],
        tips: &[
            "What you play sounds some bars later, transferred: for playing along.",
            "The song's bars are remembered and sound transferred where they stand, from the next \
             pass on: for tracks.",
        ],
    };
    row.show(ui, rect, chosen, gestures);
}

/// One or two lines that explain the chosen mode.
pub(crate) fn about(ui: &Ui, rect: Rect, view: &EditorView) {
    let colours = theme::of(ui.ctx());
    let text = match (view.mode, view.delay) {
        (Mode::Live, Delay::One) => "What you play sounds one bar later, transferred.".to_owned(),
        (Mode::Live, delay) => {
            let bars = delay.bars();
            format!("What you play sounds {bars} bars later, transferred.")
        }
        (Mode::InPlace, _) => {
            "Learns the song; from the next pass on it sounds transferred in place.".to_owned()
        }
    };
    let font = theme::font(ui.ctx(), 11.5);
    let mut job = LayoutJob::simple(text, font, colours.weak, rect.width());
    job.wrap.max_rows = 2;
    let text = ui.painter().layout_job(job);
    ui.painter().galley(rect.min, text, colours.weak);
}

/// The Delay control (Live): three buttons in a row.
pub(crate) fn delay(ui: &Ui, rect: Rect, chosen: Delay, gestures: &mut Vec<Gesture>) {
    let chosen = Delay::ALL.iter().position(|delay| *delay == chosen);
    let tip = "How many bars are heard before they sound, transferred: more bars know more of the \
               phrase, fewer answer sooner.";
    let row = Choice {
        name: "Delay",
        control: ControlId::Delay,
        names: &["4 bars", "2 bars", "1 bar"],
        tips: &[tip],
    };
    row.show(ui, rect, chosen, gestures);
}

/// The Memory control (In place): remembered bars, and buttons to save, forget and bring them back.
pub(crate) fn memory(ui: &Ui, rect: Rect, view: &EditorView, gestures: &mut Vec<Gesture>) {
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
    for (text, tip, share, strong, gesture) in [
        (
            "Save song",
            "Save all that was learned as a MIDI file, as heard and as it sounds.",
            0.42,
            view.learned > 0,
            Gesture::SaveSong,
        ),
        (
            "Forget",
            "Forget the learned song: its bars sound as played until they are learned again.",
            0.31,
            view.learned > 0,
            Gesture::Forget,
        ),
        (
            "Undo",
            "Bring back what was forgotten last.",
            0.27,
            view.forgotten > 0,
            Gesture::BringBack,
        ),
    ] {
        let width = (row.width() - 2.0 * gap) * share;
        let place = Rect::from_min_size(pos2(left, row.top()), vec2(width, row.height()));
        left += width + gap;
        let response = button(ui, place, text, strong);
        theme::tip(&response, tip);
        if response.clicked() {
            gestures.push(gesture);
        }
    }
}

/// A text button, dimmed unless `strong`.
pub(crate) fn button(ui: &Ui, rect: Rect, text: &str, strong: bool) -> Response {
    named_button(ui, rect, text, text, strong)
}

/// A button with an accessible name, and a text or a drawing of the caller's.
pub(crate) fn named_button(ui: &Ui, rect: Rect, name: &str, text: &str, strong: bool) -> Response {
    let (response, colour) = body(ui, rect, name, strong);
    let text = cut(ui, text, colour, rect.width() - 12.0);
    let at = rect.center() - text.size() * 0.5;
    ui.painter().galley(at, text, colour);
    response
}

/// A button that opens a menu: text at the left, arrow at the right.
pub(crate) fn menu_button(ui: &Ui, rect: Rect, name: &str, text: &str, strong: bool) -> Response {
    let (response, colour) = body(ui, rect, name, strong);
    let text = cut(ui, text, colour, rect.width() - 34.0);
    let at = pos2(rect.left() + 10.0, rect.center().y - text.size().y * 0.5);
    ui.painter().galley(at, text, colour);
    let tip = pos2(rect.right() - 14.0, rect.center().y + 2.5);
    let arrow = vec![tip + vec2(-4.5, -5.0), tip + vec2(4.5, -5.0), tip];
    let none = egui::Stroke::NONE;
    ui.painter()
        .add(egui::Shape::convex_polygon(arrow, colour, none));
    response
}

/// A button without its text, and the text's colour.
fn body(ui: &Ui, rect: Rect, name: &str, strong: bool) -> (Response, egui::Color32) {
    let theme = theme::of(ui.ctx());
    // Identified by its position, because some texts change.
    let id = ui
        .scope_id()
        .with(("button", rect.left() as i32, rect.top() as i32));
    let response = ui
        .interact(rect, id, Sense::click())
        .on_hover_cursor(CursorIcon::PointingHand);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
    let painter = ui.painter();
    painter.rect_filled(rect, 6.0, theme.line);
    let active = response.hovered() || response.has_focus();
    let inside = egui::StrokeKind::Inside;
    painter.rect_stroke(rect, 6.0, theme.outline(active), inside);
    let colour = if strong { theme.text } else { theme.weak };
    (response, colour)
}

/// One line of text, cut with an ellipsis at `width`.
fn cut(ui: &Ui, text: &str, colour: egui::Color32, width: f32) -> std::sync::Arc<egui::Galley> {
    let font = theme::font(ui.ctx(), 13.0);
    let mut text = LayoutJob::simple_singleline(text.to_owned(), font, colour);
    text.wrap = TextWrapping::truncate_at_width(width.max(0.0));
    ui.painter().layout_job(text)
}

/// A row of buttons for a parameter with as many steps.
struct Choice<'a> {
    name: &'a str,
    control: ControlId,
    names: &'a [&'a str],
    /// Tooltips: one for each button, or one for all.
    tips: &'a [&'a str],
}

impl Choice<'_> {
    fn show(&self, ui: &Ui, rect: Rect, chosen: Option<usize>, gestures: &mut Vec<Gesture>) {
        label(ui, rect, self.name, &[]);
        let row = Rect::from_min_max(pos2(rect.left(), rect.top() + LABEL), rect.max);
        if let Some(index) = segments(ui, row, self.name, (self.names, self.tips), chosen) {
            let normalised = index as f32 / (self.names.len() - 1) as f32;
            gestures.extend(Gesture::whole(self.control, normalised));
        }
    }
}

/// A row of buttons, each as wide as its text. Returns the one that was clicked, unless it was
/// chosen before.
pub(crate) fn segments(
    ui: &Ui,
    row: Rect,
    name: &str,
    (names, tips): (&[&str], &[&str]),
    chosen: Option<usize>,
) -> Option<usize> {
    let theme = theme::of(ui.ctx());
    ui.painter().rect_filled(row, 6.0, theme.line);
    let font = theme::font(ui.ctx(), 12.5);
    let texts: Vec<_> = names
        .iter()
        .map(|text| {
            let text = (*text).to_owned();
            ui.painter().layout_no_wrap(text, font.clone(), theme.weak)
        })
        .collect();
    let wanted: f32 = texts.iter().map(|text| text.size().x).sum();
    let spare = (row.width() - wanted) / names.len() as f32;
    let (mut left, mut clicked) = (row.left(), None);
    for (index, text) in texts.into_iter().enumerate() {
        let size = vec2(text.size().x + spare, row.height());
        let button = Rect::from_min_size(pos2(left, row.top()), size);
        left = button.right();
        let response = ui
            .interact(button, ui.scope_id().with((name, index)), Sense::click())
            .on_hover_cursor(CursorIcon::PointingHand);
        let on = Some(index) == chosen;
        response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, on, names[index]));
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
        let at = button.center() - text.size() * 0.5;
        ui.painter()
            .galley_with_override_text_color(at, text, colour);
        if let Some(tip) = tips.get(index).or(tips.first()) {
            theme::tip(&response, tip);
        }
        if response.clicked() && !on {
            clicked = Some(index);
        }
    }
    clicked
}

/// The guards: melody lock, scale guard, density, and the pull to the grid.
pub(crate) fn guards(ui: &Ui, rect: Rect, view: &EditorView, gestures: &mut Vec<Gesture>) {
    let guard = &view.guard;
    let [melody, scale_at, density_at, grid] = parts(rect, [0.29, 0.21, 0.24, 0.26]);
    let row = Choice {
        name: "Melody",
        control: ControlId::Melody,
        names: &["Free", "Locked"],
        tips: &[
            "The top line may change with the rest.",
            "The top line stays as it was played; a line below its notes shows that.",
        ],
    };
    row.show(ui, melody, Some(usize::from(guard.melody_lock)), gestures);
    let text = format!("{:.0} %", guard.scale * 100.0);
    let scale = Slider {
        name: "Scale",
        tip: "How strictly added notes keep to the scale that was played.",
        texts: &[&text],
        control: ControlId::Scale,
        value: guard.scale,
        usual: 0.0,
    };
    scale.show(ui, scale_at, gestures);
    let text = match (guard.density * 100.0).round() {
        0.0 => "unchanged".to_owned(),
        percent if percent < 0.0 => format!("{:.0} % fewer added", -percent),
        percent => format!("{percent:.0} % fewer removed"),
    };
    let density = Slider {
        name: "Density",
        tip: "To the left fewer notes are added, to the right fewer are removed.",
        texts: &[&text, &format!("{:+.0} %", guard.density * 100.0)],
        control: ControlId::Density,
        value: f32::midpoint(guard.density, 1.0),
        usual: 0.5,
    };
    density.show(ui, density_at, gestures);
    let text = format!("{:.0} %", view.quantise * 100.0);
    let quantise = Slider {
        name: "Quantise",
        tip: "How far the notes that stay are pulled to the grid; at 0 % they keep your timing.",
        texts: &[&text],
        control: ControlId::Quantise,
        value: view.quantise,
        usual: 1.0,
    };
    quantise.show(ui, grid, gestures);
}

/// Splits a row in proportion to `shares`.
fn parts(rect: Rect, shares: [f32; 4]) -> [Rect; 4] {
    const GAP: f32 = 14.0;
    let room = rect.width() - 3.0 * GAP;
    let mut left = rect.left();
    shares.map(|share| {
        let size = vec2(room * share, rect.height());
        let part = Rect::from_min_size(pos2(left, rect.top()), size);
        left += size.x + GAP;
        part
    })
}
