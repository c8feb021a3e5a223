//! What is wanted of the answers, in a row above the guards: Tune, Harmony, Voices, Variation.

use egui::{Rect, Ui, pos2, vec2};

use super::{LABEL, Slider, button, choice, label};
use crate::editor::{Control, Gesture, View};
use crate::params::{Harmony, TAKES, Voices};

/// How free the tune is, how much of the harmony is kept, how many voices there are, and which
/// take sounds.
pub(crate) fn taste(ui: &Ui, rect: Rect, view: &View, gestures: &mut Vec<Gesture>) {
    let [tune_at, harmony_at, voices_at, variation_at] = parts(rect);
    tune(ui, tune_at, view, gestures);
    let chosen = Harmony::ALL.iter().position(|one| *one == view.harmony);
    let names = ["Kept", "Some", "Enriched"];
    let harmony = ("Harmony", Control::Harmony);
    choice(ui, harmony_at, harmony, &names, chosen, gestures);
    let chosen = Voices::ALL.iter().position(|one| *one == view.voices);
    let voices = ("Voices", Control::Voices);
    let names = ["As played", "Free"];
    choice(ui, voices_at, voices, &names, chosen, gestures);
    variation(ui, variation_at, view.variation, gestures);
}

/// The row's parts, each as wide as its words want.
fn parts(rect: Rect) -> [Rect; 4] {
    const GAP: f32 = 16.0;
    let room = rect.width() - 3.0 * GAP;
    let mut left = rect.left();
    [0.20, 0.36, 0.24, 0.20].map(|share| {
        let size = vec2(room * share, rect.height());
        let part = Rect::from_min_size(pos2(left, rect.top()), size);
        left += size.x + GAP;
        part
    })
}

/// How free the tune is; a locked melody has no say in it.
fn tune(ui: &Ui, rect: Rect, view: &View, gestures: &mut Vec<Gesture>) {
    let percent = (view.tune * 100.0).round();
    let words = match percent {
        _ if view.guard.melody_lock => "locked".to_owned(),
        0.0 => "as played".to_owned(),
        100.0 => "free".to_owned(),
        percent => format!("{percent:.0} % free"),
    };
    let slider = Slider {
        name: "Tune",
        texts: &[&words, &format!("{percent:.0} %")],
        control: Control::Tune,
        value: view.tune,
        usual: 0.5,
    };
    slider.show(ui, rect, gestures);
}

/// Which take sounds, with buttons to the one before and the next; after the last comes the first.
fn variation(ui: &Ui, rect: Rect, take: u8, gestures: &mut Vec<Gesture>) {
    let said = format!("take {take} of {TAKES}");
    label(ui, rect, "Variation", &[&said, &take.to_string()]);
    let row = Rect::from_min_max(pos2(rect.left(), rect.top() + LABEL), rect.max);
    let gap = 6.0;
    let mut left = row.left();
    for (text, to) in [("Prev", (take + TAKES - 2) % TAKES), ("Next", take % TAKES)] {
        let width = (row.width() - gap) / 2.0;
        let place = Rect::from_min_size(pos2(left, row.top()), vec2(width, row.height()));
        left += width + gap;
        if button(ui, place, text, true).clicked() {
            let normalised = f32::from(to) / f32::from(TAKES - 1);
            gestures.extend(Gesture::whole(Control::Variation, normalised));
        }
    }
}
