//! A slider: drag, shift for fine steps, mouse wheel, double click to reset.

use egui::{CursorIcon, Rect, Sense, Ui, WidgetInfo, pos2};

use super::{LABEL, label};
use crate::editor::{ControlId, Gesture, theme};

/// A slider over a normalised value, 0..=1.
pub(super) struct Slider<'a> {
    pub(super) name: &'a str,
    /// The tooltip.
    pub(super) tip: &'a str,
    /// The value as text, from long to short.
    pub(super) texts: &'a [&'a str],
    pub(super) control: ControlId,
    pub(super) value: f32,
    /// The reset value; the track is filled from here.
    pub(super) usual: f32,
}

impl Slider<'_> {
    pub(super) fn show(&self, ui: &Ui, rect: Rect, gestures: &mut Vec<Gesture>) {
        let theme = theme::of(ui.ctx());
        let Self { control, value, .. } = *self;
        label(ui, rect, self.name, self.texts);
        let row = Rect::from_min_max(pos2(rect.left(), rect.top() + LABEL), rect.max);
        let response = ui
            .interact(row, ui.scope_id().with(self.name), Sense::click_and_drag())
            .on_hover_cursor(CursorIcon::ResizeHorizontal);
        response.widget_info(|| WidgetInfo::slider(true, f64::from(value * 100.0), self.name));
        theme::tip(&response, self.tip);
        let (radius, y) = (7.0, row.center().y);
        let (from, to) = (row.left() + radius, row.right() - radius);
        let track = Rect::from_min_max(pos2(row.left(), y - 2.5), pos2(row.right(), y + 2.5));
        ui.painter().rect_filled(track, 2.5, theme.line);
        let x = from + (to - from) * value;
        // Two-sided controls fill from their middle.
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
