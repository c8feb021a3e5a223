//! The status line at the bottom: the engine's state as text.

use egui::text::{LayoutJob, TextWrapping};
use egui::{Align2, Rect, Ui, pos2};

use super::theme::Colours;
use super::{EditorView, Notice, theme};
use crate::engine::{Reading, WorkerState};

/// Draws the engine's state into `rect`, and a message at its right.
pub(crate) fn show(ui: &Ui, rect: Rect, view: &EditorView) {
    let theme = theme::of(ui.ctx());
    let painter = ui.painter();
    let y = rect.center().y;
    let (colour, text) = words(theme, &view.engine, view.late);
    painter.circle_filled(pos2(rect.left() + 5.0, y), 4.0, colour);
    let at = pos2(rect.left() + 16.0, y);
    let left = painter.text(
        at,
        Align2::LEFT_CENTER,
        text,
        theme::font(ui.ctx(), 12.5),
        theme.weak,
    );

    let response = ui.interact(left, ui.scope_id().with("engine"), egui::Sense::hover());
    theme::tip(&response, &figures(&view.engine));
    let (text, colour) = match &view.notice {
        Some(Notice::Warning(text)) => (text.as_str(), theme.warning),
        Some(Notice::Done(text)) => (text.as_str(), theme.text),
        None => ("Double click: as played   ·   Shift: finer", theme.weak),
    };
    let mut text =
        LayoutJob::simple_singleline(text.to_owned(), theme::font(ui.ctx(), 12.0), colour);
    text.wrap = TextWrapping::truncate_at_width(rect.width());
    let galley = painter.layout_job(text);
    let at = pos2(rect.right() - galley.size().x, y - galley.size().y * 0.5);
    if at.x > left.right() + 16.0 {
        painter.galley(at, galley, colour);
    } else if view.notice.is_some() {
        // In a narrow window the message covers the engine's state, except its lamp.
        let cover = Rect::from_min_max(pos2(rect.left() + 14.0, rect.top() - 2.0), rect.max);
        painter.rect_filled(cover, 0.0, theme.background);
        painter.galley(at, galley, colour);
    }
}

/// Tooltip with the engine's figures.
fn figures(engine: &Reading) -> String {
    let took = engine.last_pass.map_or_else(
        || "No answer was asked for yet.".to_owned(),
        |pass| {
            format!(
                "The last answer took {:.0} ms.",
                pass.as_secs_f64() * 1000.0
            )
        },
    );
    format!(
        "{took} Answers since the plugin was loaded: {}.",
        engine.passes
    )
}

/// The engine's state as text, with its colour.
fn words(theme: &Colours, engine: &Reading, late: u32) -> (egui::Color32, String) {
    let mut parts = Vec::new();
    let colour = match engine.state {
        WorkerState::Asleep => {
            parts.push("Engine not started".to_owned());
            theme.strong_line
        }
        WorkerState::Loading => {
            parts.push("Loading the network …".to_owned());
            theme.weak
        }
        WorkerState::Ready => {
            parts.push(format!("Ready on {}", engine.device));
            theme.good
        }
        WorkerState::Failed => {
            parts.push("Engine failed: notes pass as played".to_owned());
            theme.warning
        }
    };
    let lamp = if late > 0 && engine.state == WorkerState::Ready {
        theme.warning
    } else {
        colour
    };
    match late {
        0 => {}
        1 => parts.push("1 bar was late and sounded as played".to_owned()),
        bars => parts.push(format!("{bars} bars were late and sounded as played")),
    }
    if let (WorkerState::Failed, Some(error)) = (engine.state, &engine.error) {
        parts.push(error.clone());
    }
    (lamp, parts.join("   ·   "))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_engine_s_state_is_said_in_words() {
        let theme = theme::of(&egui::Context::default());
        let words = |engine: &Reading, late| words(theme, engine, late);
        let mut engine = Reading::default();
        assert_eq!(words(&engine, 0).1, "Engine not started");
        engine.state = WorkerState::Ready;
        engine.device = "CPU".into();
        engine.last_pass = Some(Duration::from_millis(31));
        engine.passes = 4;
        assert_eq!(words(&engine, 0).1, "Ready on CPU");
        assert!(figures(&engine).starts_with("The last answer took 31 ms."));
        assert!(
            words(&engine, 2)
                .1
                .ends_with("2 bars were late and sounded as played")
        );
        assert_eq!(words(&engine, 2).0, theme.warning);
        engine.state = WorkerState::Failed;
        engine.error = Some("weights are cut".into());
        assert!(words(&engine, 0).1.ends_with("weights are cut"));
    }
}
