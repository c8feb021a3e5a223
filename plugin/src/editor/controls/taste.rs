//! The taste controls, a row above the guards: Tune, Harmony, Voices, Take.

use egui::{Rect, Ui, pos2, vec2};

use super::{Choice, LABEL, Slider, button, label, parts};
use crate::editor::{ControlId, EditorView, Gesture, theme};
use crate::values::{HarmonyChoice, TAKES, TUNE, VoicesChoice};

/// Draws Tune, Harmony, Voices and Take.
pub(crate) fn taste(ui: &Ui, rect: Rect, view: &EditorView, gestures: &mut Vec<Gesture>) {
    let [tune_at, harmony_at, voices_at, take_at] = parts(rect, [0.20, 0.37, 0.26, 0.17]);
    tune(ui, tune_at, view, gestures);
    let chosen = HarmonyChoice::ALL
        .iter()
        .position(|one| *one == view.harmony);
    let harmony = Choice {
        name: "Harmony",
        control: ControlId::Harmony,
        names: &["Kept", "Some", "Enriched"],
        tips: &[
            "The chords stay as they were played.",
            "Most of each chord stays.",
            "The chords may become much richer.",
        ],
    };
    harmony.show(ui, harmony_at, chosen, gestures);
    let chosen = VoicesChoice::ALL.iter().position(|one| *one == view.voices);
    let voices = Choice {
        name: "Voices",
        control: ControlId::Voices,
        names: &["As played", "Free"],
        tips: &[
            "A single line stays a single line.",
            "A single line may become chords.",
        ],
    };
    voices.show(ui, voices_at, chosen, gestures);
    take(ui, take_at, view.variation, gestures);
}

/// The Tune slider; a locked melody disables it.
fn tune(ui: &Ui, rect: Rect, view: &EditorView, gestures: &mut Vec<Gesture>) {
    let percent = (view.tune * 100.0).round();
    let words = match percent {
        _ if view.guard.melody_lock => "locked".to_owned(),
        0.0 => "as played".to_owned(),
        100.0 => "free".to_owned(),
        percent => format!("{percent:.0} % free"),
    };
    let slider = Slider {
        name: "Tune",
        tip: "How far the tune may move away from what was played.",
        texts: &[&words, &format!("{percent:.0} %")],
        control: ControlId::Tune,
        value: view.tune,
        usual: TUNE / 100.0,
    };
    slider.show(ui, rect, gestures);
}

/// The next take's normalised value; the last is followed by the first.
pub(crate) fn next_take(take: u8) -> f32 {
    f32::from(take % TAKES) / f32::from(TAKES - 1)
}

/// The take's number, with buttons to the previous and the next.
fn take(ui: &Ui, rect: Rect, take: u8, gestures: &mut Vec<Gesture>) {
    let said = format!("{take} of {TAKES}");
    label(ui, rect, "Take", &[&said, &take.to_string()]);
    let row = Rect::from_min_max(pos2(rect.left(), rect.top() + LABEL), rect.max);
    let gap = 4.0;
    let mut left = row.left();
    let before = f32::from((take + TAKES - 2) % TAKES) / f32::from(TAKES - 1);
    for (text, tip, to) in [
        (
            "\u{2212}",
            "The take before: another answer to the same notes.",
            before,
        ),
        (
            "+",
            "The next take: another answer to the same notes.",
            next_take(take),
        ),
    ] {
        let width = (row.width() - gap) / 2.0;
        let place = Rect::from_min_size(pos2(left, row.top()), vec2(width, row.height()));
        left += width + gap;
        let response = button(ui, place, text, true);
        theme::tip(&response, tip);
        if response.clicked() {
            gestures.extend(Gesture::whole(ControlId::Variation, to));
        }
    }
}
