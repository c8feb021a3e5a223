//! The large knob: the pair's first genre at the left end, as played in the middle, the second
//! genre at the right.
//!
//! Drag up or right, mouse wheel or arrow keys; shift for fine steps; double click for the middle.

use std::f32::consts::PI;

use egui::{
    Align2, Color32, CursorIcon, EventFilter, Key, Pos2, Rect, Response, Sense, Shape, Stroke, Ui,
    Vec2, WidgetInfo, pos2, vec2,
};
use third_stream_model::genre::Direction;

use super::{ControlId, EditorView, Gesture, theme};
use crate::values::genre_text;

/// Angle of either end, from the top.
const END: f32 = 0.75 * PI;
/// Logical pixels of dragging from one end to the other.
const TRAVEL: f32 = 300.0;
/// Factor of fine steps, with shift.
const FINE: f32 = 0.1;
/// While dragging, values nearer to the middle than this snap to it.
const DETENT: f32 = 0.025;

/// Space for the text above the ring, in logical pixels.
const ABOVE: f32 = 24.0;
/// Space for the text below the ring's ends.
const WORDS: f32 = 18.0;

/// Thickness of the ring.
const fn ring(radius: f32) -> f32 {
    (radius * 0.11).max(5.0)
}

/// Distance from the ring's centre to the lower edge of the drawing.
const fn below(radius: f32) -> f32 {
    (0.72 * radius + 1.6 * ring(radius) + WORDS).max(radius + 4.0)
}

/// Radius of the ring in `rect`.
pub(crate) fn radius(rect: Rect) -> f32 {
    let fits = |radius: f32| ABOVE + radius + below(radius) <= rect.height();
    let widest = (rect.width() * 0.5 - 14.0).max(20.0);
    let steps = (0..).map(|step| widest - step as f32);
    steps
        .take_while(|radius| *radius > 20.0)
        .find(|radius| fits(*radius))
        .unwrap_or(20.0)
}

/// Draws the knob into `rect` and adds the user's actions to `gestures`.
pub(crate) fn show(ui: &mut Ui, rect: Rect, view: &EditorView, gestures: &mut Vec<Gesture>) {
    let (pair, value) = (view.pair.of_core(), view.knob);
    let id = ui.scope_id().with("genre knob");
    let response = ui
        .interact(rect, id, Sense::click_and_drag())
        .on_hover_cursor(CursorIcon::Grab);
    turn(ui, &response, value, gestures);
    response.widget_info(|| {
        let mut info = WidgetInfo::slider(ui.is_enabled(), f64::from(value * 100.0), "Genre");
        info.current_text_value = Some(genre_text(pair, value * 100.0));
        info
    });
    theme::tip(
        &response,
        "How far the music moves. Drag, turn the wheel or use the arrow keys; with Shift everything \
         is finer; a double click is as played.",
    );
    draw(ui, rect, view, &response);
}

/// Turns drags, the wheel, keys and double clicks into gestures.
fn turn(ui: &Ui, response: &Response, value: f32, gestures: &mut Vec<Gesture>) {
    let id = response.id;
    let fine = ui.input(|input| if input.modifiers.shift { FINE } else { 1.0 });
    if response.clicked() || response.drag_started() {
        response.request_focus();
    }
    if response.double_clicked() {
        gestures.extend(Gesture::whole(ControlId::Genre, normalised(0.0)));
        return;
    }
    if response.drag_started() {
        ui.data_mut(|data| data.insert_temp(id, value));
        gestures.push(Gesture::Begin(ControlId::Genre));
    }
    if response.dragged() {
        let by = response.drag_delta();
        let hand: f32 = ui.data(|data| data.get_temp(id)).unwrap_or(value);
        let hand = (hand + (by.x - by.y) * 2.0 / TRAVEL * fine).clamp(-1.0, 1.0);
        ui.data_mut(|data| data.insert_temp(id, hand));
        let held = fine == 1.0 && hand.abs() < DETENT;
        let wanted = if held { 0.0 } else { hand };
        if wanted != value {
            gestures.push(Gesture::Set(ControlId::Genre, normalised(wanted)));
        }
    }
    if response.drag_stopped() {
        gestures.push(Gesture::End(ControlId::Genre));
    }
    let mut by = 0.0;
    if response.hovered() && !response.dragged() {
        // Some systems turn the wheel sideways while shift is held.
        let wheel = ui.input(egui::InputState::smooth_scroll_delta);
        by += (wheel.x + wheel.y) / 1000.0 * fine;
    }
    if response.has_focus() {
        ui.memory_mut(|memory| {
            let arrows = EventFilter {
                horizontal_arrows: true,
                vertical_arrows: true,
                ..EventFilter::default()
            };
            memory.set_focus_lock_filter(id, arrows);
        });
        let presses = |key: Key| ui.input(|input| input.num_presses(key)) as f32;
        let up = presses(Key::ArrowUp) + presses(Key::ArrowRight);
        let down = presses(Key::ArrowDown) + presses(Key::ArrowLeft);
        by += (up - down) * 0.01 * fine;
    }
    if by != 0.0 {
        let wanted = (value + by).clamp(-1.0, 1.0);
        gestures.extend(Gesture::whole(ControlId::Genre, normalised(wanted)));
    }
}

/// −1..=1 normalised to 0..=1.
fn normalised(knob: f32) -> f32 {
    f32::midpoint(knob, 1.0)
}

fn draw(ui: &Ui, rect: Rect, view: &EditorView, response: &Response) {
    // The parameter's value, −1..=1, and the value with the host's modulation.
    let (pair, value, moved) = (view.pair.of_core(), view.knob, view.moved);
    let theme = theme::of(ui.ctx());
    let painter = ui.painter();
    let radius = radius(rect);
    let room = rect.height() - ABOVE - radius - below(radius);
    let centre = pos2(
        rect.center().x,
        rect.top() + ABOVE + radius + room.max(0.0) * 0.5,
    );
    let width = ring(radius);
    let active = response.hovered() || response.dragged() || response.has_focus();

    let (direction, amount) = Direction::of_knob(value);
    let colour = if amount == 0.0 {
        theme.text
    } else {
        theme.genre(pair.target(direction))
    };
    arc(
        painter,
        centre,
        radius,
        (-1.0, 1.0),
        Stroke::new(width, theme.line),
    );
    arc(
        painter,
        centre,
        radius,
        (value.min(0.0), value.max(0.0)),
        Stroke::new(width, colour),
    );
    if (moved - value).abs() > 0.002 {
        let span = (value.min(moved), value.max(moved));
        let stroke = Stroke::new(width * 0.4, theme.text.gamma_multiply(0.7));
        arc(painter, centre, radius - width, span, stroke);
    }
    for (tick, length) in [(-1.0, 1.0), (-0.5, 0.6), (0.0, 1.0), (0.5, 0.6), (1.0, 1.0)] {
        let inner = on_circle(centre, radius + width * 0.9, tick);
        let outer = on_circle(centre, radius + width * (0.9 + 0.5 * length), tick);
        painter.line_segment([inner, outer], Stroke::new(1.5, theme.strong_line));
    }
    let hand = on_circle(centre, radius, value);
    let size = width * if active { 0.95 } else { 0.82 };
    painter.circle(
        hand,
        size,
        theme.playhead,
        Stroke::new(2.0, theme.background),
    );
    if response.has_focus() {
        painter.circle_stroke(
            hand,
            size + 2.5,
            Stroke::new(1.0, colour.gamma_multiply(0.7)),
        );
    }

    // The value, in two lines in the middle.
    let text = |at: Pos2, align: Align2, text: &str, size: f32, colour: Color32| {
        painter.text(at, align, text, theme::font(ui.ctx(), size), colour);
    };
    let words = genre_text(pair, value * 100.0);
    let big = radius * 0.36;
    if let Some((number, _)) = words.split_once(" % ") {
        let genre = view.end(direction);
        let line = vec2(0.0, radius * 0.05);
        text(
            centre + line,
            Align2::CENTER_BOTTOM,
            &format!("{number} %"),
            big,
            theme.text,
        );
        text(centre + line, Align2::CENTER_TOP, genre, big * 0.62, colour);
    } else {
        text(
            centre,
            Align2::CENTER_CENTER,
            &words,
            big * 0.68,
            theme.text,
        );
    }
    // The ends' names are below them, the middle's above.
    let end = |side: f32| {
        let at = on_circle(centre, radius, side);
        pos2(at.x, at.y + width * 1.6)
    };
    text(
        end(-1.0),
        Align2::CENTER_TOP,
        view.end(Direction::BToA),
        15.0,
        theme.genre(pair.a),
    );
    text(
        end(1.0),
        Align2::CENTER_TOP,
        view.end(Direction::AToB),
        15.0,
        theme.genre(pair.b),
    );
    let above = on_circle(centre, radius + width * 1.7, 0.0);
    text(above, Align2::CENTER_BOTTOM, "as played", 12.0, theme.weak);
}

/// The point of the knob's circle at `value` (−1..=1).
fn on_circle(centre: Pos2, radius: f32, value: f32) -> Pos2 {
    let angle = value * END;
    centre + radius * Vec2::new(angle.sin(), -angle.cos())
}

/// An arc of the knob's circle; draws nothing if it is empty.
fn arc(painter: &egui::Painter, centre: Pos2, radius: f32, (from, to): (f32, f32), stroke: Stroke) {
    if to - from < 0.002 {
        return;
    }
    let pieces = ((to - from) * 48.0).ceil().max(2.0);
    let points = (0..=pieces as usize)
        .map(|i| on_circle(centre, radius, from + (to - from) * i as f32 / pieces))
        .collect();
    painter.add(Shape::line(points, stroke));
}
