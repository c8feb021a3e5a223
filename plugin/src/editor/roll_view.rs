//! The two rolls over each other: the phrase as played and its transfer.

use egui::{Align2, Color32, Painter, Pos2, Rect, Stroke, StrokeKind, Ui, pos2, vec2};
use third_stream_model::roll::guard::Facts;
use third_stream_model::roll::notes::{GridNote, NoteRoll};
use third_stream_model::roll::{PITCHES, SLOTS, STEPS, STEPS_PER_SLOT, key_of_row};

use super::{EditorView, Gesture, IncomingNote, Playing, roll_heading, theme};
use crate::values::Mode;

/// Width of the keyboard at the left, in logical pixels.
const KEYS: f32 = 34.0;
/// Height of the heading.
const HEADING: f32 = 38.0;
/// Height of the legend below the roll.
const LEGEND: f32 = 20.0;
/// Minimum number of rows, which limits the height of a note.
const FEWEST_ROWS: usize = 30;

/// State of a cell.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cell {
    Kept,
    Removed,
    Added,
    /// Came in and does not sound yet.
    Incoming,
}

/// Draws heading, keys, grid, notes, playhead and legend into `rect`.
pub(crate) fn show(ui: &Ui, rect: Rect, view: &EditorView, gestures: &mut Vec<Gesture>) {
    let theme = theme::of(ui.ctx());
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, 8.0, theme.panel);
    let added = theme.genre(view.target());
    let heading = Rect::from_min_size(rect.min, vec2(rect.width(), HEADING));
    roll_heading::show(ui, heading, view, gestures);
    let field = Rect::from_min_max(
        rect.min + vec2(KEYS, HEADING),
        rect.max - vec2(10.0, LEGEND),
    );
    let foot = Rect::from_min_max(pos2(field.left(), field.bottom()), rect.max);
    legend(&painter, foot, view, added);
    let rows = shown_rows(ui, view);
    grid(&painter, field, rows);
    let inside = painter.with_clip_rect(field);
    notes(&inside, field, rows, view, added);
    incoming(&inside, field, rows, &view.incoming);
    if view.guard.melody_lock {
        locked(&inside, field, rows, &view.source);
    }
    if view.first_step > 0 {
        let right = field.left() + field.width() * view.first_step as f32 / STEPS as f32;
        let heard = Rect::from_min_max(field.min, pos2(right, field.bottom()));
        painter.rect_filled(heard, 0.0, theme.panel.gamma_multiply(0.6));
    }
    if view.source.is_empty() && view.output.is_empty() && view.incoming.is_empty() {
        hint(&painter, field, view);
    }
    if let Some(playhead) = view.playhead {
        let x = field.left() + field.width() * (playhead / STEPS as f32).clamp(0.0, 1.0);
        let faint = Stroke::new(7.0, theme.playhead.gamma_multiply(0.08));
        painter.vline(x, field.y_range(), faint);
        painter.vline(x, field.y_range(), Stroke::new(1.5, theme.playhead));
    }
}

/// The delay of the notes that come in, as text.
pub(crate) fn when(view: &EditorView) -> String {
    match (view.mode, view.delay.bars()) {
        (Mode::InPlace, _) => "sounds next time".to_owned(),
        (Mode::Live, 1) => "sounds in 1 bar".to_owned(),
        (Mode::Live, bars) => format!("sounds in {bars} bars"),
    }
}

/// The legend: the meaning of the shapes.
fn legend(painter: &Painter, rect: Rect, view: &EditorView, added: Color32) {
    let theme = theme::of(painter.ctx());
    let (mut x, y) = (rect.left() + 2.0, rect.center().y);
    let playing = when(view);
    for (cell, name) in [
        (Cell::Kept, "kept"),
        (Cell::Removed, "removed"),
        (Cell::Added, "added"),
        (Cell::Incoming, playing.as_str()),
    ] {
        let swatch = Rect::from_center_size(pos2(x + 8.0, y), vec2(16.0, 8.0));
        note(painter, swatch, cell, added, 1.0);
        let at = pos2(swatch.right() + 6.0, y);
        let font = theme::font(painter.ctx(), 11.5);
        let text = painter.text(at, Align2::LEFT_CENTER, name, font, theme.weak);
        x = text.right() + 14.0;
    }
}

/// Notes that came in, at the position at which they will sound; thin, so that sounding notes stay
/// visible.
fn incoming(painter: &Painter, field: Rect, (low, rows): (f32, f32), notes: &[IncomingNote]) {
    let size = vec2(field.width() / STEPS as f32, field.height() / rows);
    for of in notes {
        let left = field.left() + of.start * size.x;
        let right = (field.left() + of.end * size.x).max(left + 2.0);
        let bottom = field.bottom() - (f32::from(of.row) - low) * size.y;
        let run = Rect::from_min_max(pos2(left, bottom - size.y), pos2(right, bottom));
        note(painter, run, Cell::Incoming, Color32::PLACEHOLDER, 1.0);
    }
}

/// The lowest row shown and the number of rows, animated when the music's range moves.
fn shown_rows(ui: &Ui, view: &EditorView) -> (f32, f32) {
    let sounding = |row: &usize| {
        if view
            .incoming
            .iter()
            .any(|note| usize::from(note.row) == *row)
        {
            return true;
        }
        let rolls = [view.source.sounding(), view.output.sounding()];
        rolls
            .iter()
            .any(|roll| (0..STEPS).any(|step| roll.get(step, *row)))
    };
    let (mut low, mut high) = match ((0..PITCHES).find(sounding), (0..PITCHES).rfind(sounding)) {
        (Some(low), Some(high)) => (low.saturating_sub(2), (high + 3).min(PITCHES)),
        _ => (24, 60),
    };
    while high - low < FEWEST_ROWS {
        low = low.saturating_sub(1);
        high = (high + 1).min(PITCHES);
    }
    let glide = |name: &str, to: usize| {
        let id = ui.scope_id().with(name);
        ui.ctx().animate_value_with_time(id, to as f32, 0.3)
    };
    let low = glide("lowest row", low);
    (low, glide("highest row", high) - low)
}

/// Background: rows of black keys, beats, bars, names of the Cs.
fn grid(painter: &Painter, field: Rect, (low, rows): (f32, f32)) {
    let theme = theme::of(painter.ctx());
    let height = field.height() / rows;
    let clipped = painter.with_clip_rect(Rect::from_x_y_ranges(
        painter.clip_rect().x_range(),
        field.y_range(),
    ));
    for row in 0..PITCHES {
        let top = field.bottom() - (row as f32 + 1.0 - low) * height;
        let key = key_of_row(row);
        let lane = Rect::from_min_size(pos2(field.left(), top), vec2(field.width(), height));
        if matches!(key % 12, 1 | 3 | 6 | 8 | 10) {
            clipped.rect_filled(lane, 0.0, theme.black_key);
        }
        if key.is_multiple_of(12) {
            clipped.hline(field.x_range(), lane.bottom(), Stroke::new(1.0, theme.line));
            let name = format!("C{}", i32::from(key) / 12 - 1);
            let at = pos2(field.left() - 6.0, lane.center().y);
            clipped.text(
                at,
                Align2::RIGHT_CENTER,
                name,
                theme::font(painter.ctx(), 10.5),
                theme.weak,
            );
        }
    }
    for beat in 0..=STEPS / 4 {
        let x = field.left() + field.width() * beat as f32 / (STEPS / 4) as f32;
        let bar = beat % (STEPS_PER_SLOT / 4) == 0;
        let colour = if bar { theme.strong_line } else { theme.line };
        clipped.vline(x, field.y_range(), Stroke::new(1.0, colour));
    }
    for slot in 0..SLOTS {
        let x = field.left() + field.width() * slot as f32 / SLOTS as f32;
        let at = pos2(x + 4.0, field.top() + 3.0);
        let name = format!("{}", slot + 1);
        clipped.text(
            at,
            Align2::LEFT_TOP,
            name,
            theme::font(painter.ctx(), 10.5),
            theme.weak,
        );
    }
}

/// Every note as one rectangle; removed notes lie below the others.
fn notes(
    painter: &Painter,
    field: Rect,
    (low, rows): (f32, f32),
    view: &EditorView,
    added: Color32,
) {
    let size = vec2(field.width() / STEPS as f32, field.height() / rows);
    let opacity = if view.bypass { 0.35 } else { 1.0 };
    let now = view.playhead.map(|playhead| playhead as usize);
    let show = |kind: Cell, of: GridNote| {
        let (start, row) = (usize::from(of.start), f32::from(of.row));
        let left = field.left() + start as f32 * size.x;
        let top = field.bottom() - (row + 1.0 - low) * size.y;
        let length = (of.end() - start) as f32 * size.x;
        let run = Rect::from_min_size(pos2(left, top), vec2(length, size.y));
        let sounds = now.is_some_and(|now| (start..of.end()).contains(&now));
        let run = run.shrink2(vec2(0.75, (size.y * 0.1).min(1.0)));
        let opacity = if sounds { opacity } else { opacity * 0.85 };
        note(painter, run, kind, added, opacity);
    };
    let is_in = |roll: &NoteRoll, note: GridNote| {
        roll.note_at(usize::from(note.start), usize::from(note.row)) == Some(note)
    };
    let gone = view
        .source
        .notes()
        .filter(|note| !is_in(&view.output, *note));
    gone.for_each(|note| show(Cell::Removed, note));
    for note in view.output.notes() {
        let kept = is_in(&view.source, note);
        show(if kept { Cell::Kept } else { Cell::Added }, note);
    }
}

/// A line below each note that the melody lock holds.
fn locked(painter: &Painter, field: Rect, (low, rows): (f32, f32), source: &NoteRoll) {
    let theme = theme::of(painter.ctx());
    let size = vec2(field.width() / STEPS as f32, field.height() / rows);
    let facts = Facts::of(source);
    for (step, cells) in facts.melody().steps().iter().enumerate() {
        for row in (0..PITCHES).filter(|row| cells >> row & 1 == 1) {
            let left = field.left() + step as f32 * size.x;
            let bottom = field.bottom() - (row as f32 - low) * size.y;
            let line = egui::Rangef::new(left, left + size.x);
            painter.hline(line, bottom, Stroke::new(1.5, theme.playhead));
        }
    }
}

/// One note: kept and added filled, removed crossed out, incoming as a thin bar.
fn note(painter: &Painter, run: Rect, kind: Cell, added: Color32, opacity: f32) {
    let theme = theme::of(painter.ctx());
    let corner = (run.height() * 0.3).min(2.5);
    match kind {
        Cell::Kept => painter.rect_filled(run, corner, theme.kept.gamma_multiply(opacity)),
        Cell::Added => painter.rect_filled(run, corner, added.gamma_multiply(opacity)),
        Cell::Removed => {
            let colour = theme.removed.gamma_multiply(opacity);
            painter.rect_filled(run, corner, colour.gamma_multiply(0.18));
            painter.rect_stroke(run, corner, Stroke::new(1.0, colour), StrokeKind::Inside);
            let across = run.x_range().shrink(-1.0);
            painter.hline(across, run.center().y, Stroke::new(1.2, colour))
        }
        Cell::Incoming => {
            let bar = Rect::from_center_size(run.center(), vec2(run.width(), run.height() * 0.4));
            painter.rect_filled(bar, 1.0, theme.weak)
        }
    };
}

/// Instructions while the roll is empty.
fn hint(painter: &Painter, field: Rect, view: &EditorView) {
    let theme = theme::of(painter.ctx());
    let bars = match view.delay.bars() {
        1 => "one bar".to_owned(),
        bars => format!("{bars} bars"),
    };
    let playing = !matches!(view.state, Playing::Stopped | Playing::Bypassed);
    let (first, second) = match (view.bypass, playing) {
        (true, _) => (
            "Bypassed".to_owned(),
            "Notes pass untouched and at once.".to_owned(),
        ),
        (false, true) => (
            "Listening …".to_owned(),
            match view.mode {
                Mode::Live => format!("What is played now sounds {bars} later."),
                Mode::InPlace => "Bars heard here sound transferred from the next pass on.".into(),
            },
        ),
        (false, false) => (
            "Press play".to_owned(),
            match view.mode {
                Mode::Live => {
                    format!("What is played sounds {bars} later, moved as far as the knob says.")
                }
                Mode::InPlace => "The song is learned in its first pass.".into(),
            },
        ),
    };
    let centre: Pos2 = field.center();
    painter.text(
        centre - vec2(0.0, 4.0),
        Align2::CENTER_BOTTOM,
        first,
        theme::font(painter.ctx(), 18.0),
        theme.text,
    );
    painter.text(
        centre + vec2(0.0, 4.0),
        Align2::CENTER_TOP,
        second,
        theme::font(painter.ctx(), 13.0),
        theme.weak,
    );
}
