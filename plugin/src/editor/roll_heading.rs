//! The row above the rolls: a chip with the state of play, before/after, and the next take.

use egui::text::{LayoutJob, TextWrapping};
use egui::{Color32, Rect, Ui, pos2, vec2};

use super::{ControlId, EditorView, Gesture, Playing, controls, roll_view, theme};
use crate::engine::WorkerState;
use crate::values::Mode;

/// Draws the row into `rect` and adds the user's actions.
pub(crate) fn show(ui: &Ui, rect: Rect, view: &EditorView, gestures: &mut Vec<Gesture>) {
    let row = rect.shrink2(vec2(10.0, 6.0));
    let mut right = row.right();
    let mut place = |width: f32| {
        let at = pos2(right - width, row.top());
        right -= width + 8.0;
        Rect::from_min_size(at, vec2(width, row.height()))
    };
    let take = controls::button(ui, place(82.0), "Next take", true);
    theme::tip(
        &take,
        "Another answer to the same notes, from the next phrase on.",
    );
    if take.clicked() {
        let next = controls::next_take(view.variation);
        gestures.extend(Gesture::whole(ControlId::Variation, next));
    }
    let names = ["Before", "After"];
    let tips = [
        "Hear what was played, in the same bars: the knob is held at \"as played\".",
        "Hear the transfer: the knob goes back to where it was.",
    ];
    let chosen = Some(usize::from(!view.before));
    let clicked = controls::segments(ui, place(116.0), "heard", (&names, &tips), chosen);
    if let Some(index) = clicked {
        gestures.push(Gesture::Before(index == 0));
    }
    chip(ui, row.with_max_x(right), view);
}

/// The chip: the state of play in a word or two.
fn chip(ui: &Ui, rect: Rect, view: &EditorView) {
    let theme = theme::of(ui.ctx());
    let (text, lamp) = words(view, theme);
    let font = theme::font(ui.ctx(), 12.5);
    let mut job = LayoutJob::simple_singleline(text, font, theme.text);
    job.wrap = TextWrapping::truncate_at_width(rect.width() - 30.0);
    let text = ui.painter().layout_job(job);
    let size = vec2(text.size().x + 32.0, rect.height());
    let chip = Rect::from_min_size(rect.min, size);
    let painter = ui.painter();
    painter.rect_filled(chip, chip.height() * 0.5, theme.line);
    painter.circle_filled(pos2(chip.left() + 13.0, chip.center().y), 4.5, lamp);
    let at = pos2(chip.left() + 22.0, chip.center().y - text.size().y * 0.5);
    painter.galley(at, text, theme.text);
    let response = ui.interact(chip, ui.scope_id().with("state"), egui::Sense::hover());
    theme::tip(&response, &why(view));
}

/// The state of play as text, with its colour.
fn words(view: &EditorView, theme: &theme::Colours) -> (String, Color32) {
    let failed = view.engine.state == WorkerState::Failed;
    match view.state {
        _ if view.bypass => ("Bypassed".into(), theme.warning),
        Playing::Bypassed => ("Bypassed".into(), theme.warning),
        Playing::Stopped => ("Stopped".into(), theme.strong_line),
        Playing::Listening => match (view.mode, view.listening) {
            (Mode::Live, bar) if bar > 0 => {
                let bars = view.delay.bars();
                (format!("Listening {bar}/{bars}"), theme.weak)
            }
            _ => ("Listening".into(), theme.weak),
        },
        Playing::Playing if view.before || view.moved == 0.0 => ("As played".into(), theme.kept),
        Playing::Playing => ("Transferred".into(), theme.genre(view.target())),
        Playing::Dry if failed => ("As played: no engine".into(), theme.warning),
        Playing::Dry if view.engine.state == WorkerState::Loading => {
            ("As played: loading".into(), theme.weak)
        }
        Playing::Dry if view.mode == Mode::InPlace && view.waiting > 0 => {
            ("As played: not made yet".into(), theme.weak)
        }
        Playing::Dry => ("As played: late".into(), theme.warning),
    }
}

/// The chip's tooltip, which explains the state.
fn why(view: &EditorView) -> String {
    let when = roll_view::when(view);
    match view.state {
        _ if view.bypass => "Notes pass untouched and at once.".into(),
        Playing::Bypassed => "Notes pass untouched and at once.".into(),
        Playing::Stopped => "The host's transport stands still; notes pass untouched.".into(),
        Playing::Listening => format!("The first bars are heard; what is played now {when}."),
        Playing::Playing if view.before || view.moved == 0.0 => {
            "The bars sound as they were played, because the knob says so.".into()
        }
        Playing::Playing => "The bars sound transferred, as far as the knob says.".into(),
        Playing::Dry if view.engine.state == WorkerState::Failed => {
            "The networks do not run; the line below says why.".into()
        }
        Playing::Dry => "No answer was there in time, so these bars sound as played.".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Reading;
    use crate::values::Delay;

    #[test]
    fn the_chip_says_each_state() {
        let theme = theme::of(&egui::Context::default());
        let say = |view: &EditorView| words(view, theme).0;
        let mut view = EditorView::default();
        assert_eq!(say(&view), "Stopped");
        view.state = Playing::Listening;
        view.listening = 3;
        assert_eq!(say(&view), "Listening 3/4");
        view.delay = Delay::One;
        view.listening = 1;
        assert_eq!(say(&view), "Listening 1/1");
        view.mode = Mode::InPlace;
        assert_eq!(say(&view), "Listening");
        view.state = Playing::Playing;
        assert_eq!(say(&view), "As played");
        view.moved = -0.4;
        assert_eq!(say(&view), "Transferred");
        view.before = true;
        assert_eq!(say(&view), "As played");
        view.state = Playing::Dry;
        assert_eq!(say(&view), "As played: late");
        view.waiting = 2;
        assert_eq!(say(&view), "As played: not made yet");
        view.engine = Reading {
            state: WorkerState::Failed,
            ..Reading::default()
        };
        assert_eq!(say(&view), "As played: no engine");
        view.bypass = true;
        assert_eq!(say(&view), "Bypassed");
    }
}
