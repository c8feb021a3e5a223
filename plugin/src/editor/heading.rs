//! The heading: the name, the presets' menu, and the buttons that are about files and looks.

use egui::{
    Align2, Button, Frame, Id, Key, Popup, PopupCloseBehavior, Rect, RichText, ScrollArea,
    TextEdit, Theme, Ui, pos2, vec2,
};

use super::{Gesture, Side, View, controls, theme};
use crate::presets::LONGEST_NAME;

/// Height of the buttons, in logical pixels.
const BUTTON: f32 = 28.0;
/// Between two buttons.
const GAP: f32 = 8.0;

/// Draws the heading into `rect` and adds what the user did with it.
pub(crate) fn show(ui: &Ui, rect: Rect, view: &View, gestures: &mut Vec<Gesture>) {
    let mut right = rect.right();
    let mut place = |width: f32| {
        let at = pos2(right - width, rect.top() + 2.0);
        right -= width + GAP;
        Rect::from_min_size(at, vec2(width, BUTTON))
    };
    controls::bypass(ui, place(92.0), view.bypass, gestures);
    let other = match ui.ctx().theme() {
        Theme::Dark => "Light",
        Theme::Light => "Dark",
    };
    if controls::button(ui, place(54.0), other, true).clicked() {
        gestures.push(Gesture::Theme);
    }
    if controls::button(ui, place(84.0), "Save MIDI", true).clicked() {
        gestures.push(Gesture::SaveMidi);
    }
    sides(ui, place(56.0), view.side, gestures);
    presets(ui, place(168.0), view, gestures);
    title(ui, rect.with_max_x(right), view);
}

/// The plugin's name, and what it does where there is room.
fn title(ui: &Ui, rect: Rect, view: &View) {
    let theme = theme::of(ui.ctx());
    let at = pos2(rect.left() + 2.0, rect.center().y);
    let painter = ui.painter();
    let font = theme::font(22.0);
    let name = painter.text(at, Align2::LEFT_CENTER, "Third Stream", font, theme.text);
    let pair = view.pair.of_core();
    let own = view.weights.as_ref().map(|name| format!("   by {name}"));
    let own = own.unwrap_or_default();
    let what = format!("{} · as played · {}{own}", pair.a, pair.b);
    let what = painter.layout_no_wrap(what, theme::font(12.5), theme.weak);
    let at = pos2(name.right() + 12.0, name.bottom() - 5.0 - what.size().y);
    if at.x + what.size().x < rect.right() {
        painter.galley(at, what, theme.weak);
    }
}

/// Two settings to compare: the one that is heard is lit, a click changes to the other.
fn sides(ui: &Ui, rect: Rect, side: Side, gestures: &mut Vec<Gesture>) {
    let theme = theme::of(ui.ctx());
    let response = controls::button(ui, rect, "", true);
    response.widget_info(|| {
        let text = format!("Compare: {side:?} is heard");
        egui::WidgetInfo::labeled(egui::Role::Button, true, text)
    });
    for (of, name, x) in [(Side::A, "A", 0.28), (Side::B, "B", 0.72)] {
        let on = of == side;
        let colour = if on { theme.playhead } else { theme.faint };
        let at = pos2(rect.left() + rect.width() * x, rect.center().y);
        if on {
            let lit = Rect::from_center_size(at, vec2(rect.width() * 0.5, rect.height()));
            let lit = lit.intersect(rect).shrink(2.0);
            ui.painter().rect_filled(lit, 5.0, theme.strong_line);
        }
        let font = theme::font(13.0);
        ui.painter()
            .text(at, Align2::CENTER_CENTER, name, font, colour);
    }
    if response.clicked() {
        gestures.push(Gesture::Swap);
    }
}

/// The presets' button and its menu.
fn presets(ui: &Ui, rect: Rect, view: &View, gestures: &mut Vec<Gesture>) {
    let chosen = view.chosen.and_then(|index| view.presets.get(index));
    let name = chosen.map_or("Presets", |preset| preset.name.as_str());
    let response = controls::button(ui, rect, name, chosen.is_some());
    let id = Popup::default_response_id(&response);
    if response.clicked() && !Popup::is_id_open(ui.ctx(), id) {
        gestures.push(Gesture::ListPresets);
        ui.data_mut(|data| data.remove::<Draft>(id));
    }
    let theme = theme::of(ui.ctx());
    Popup::menu(&response)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .frame(
            Frame::popup(ui.style())
                .fill(theme.panel)
                .stroke(theme.outline(true)),
        )
        .width(rect.width() + 60.0)
        .show(|ui| {
            theme::dress(ui);
            menu(ui, id, view, gestures);
        });
}

/// What the menu remembers while it is open.
#[derive(Clone, Default)]
struct Draft {
    name: String,
    /// The delete button was pressed once.
    deleting: bool,
}

fn menu(ui: &mut Ui, id: Id, view: &View, gestures: &mut Vec<Gesture>) {
    let draft: Option<Draft> = ui.data_mut(|data| data.get_temp(id));
    // The keys are with the menu from the start.
    let mut focus = draft.is_none().then(|| view.chosen.unwrap_or_default());
    let mut draft = draft.unwrap_or_default();
    let heading = |ui: &mut Ui, text: &str| ui.label(RichText::new(text).small().weak());
    let height = (ui.ctx().content_rect().height() - 190.0).max(120.0);
    ScrollArea::vertical().max_height(height).show(ui, |ui| {
        let mut own = None;
        for (index, preset) in view.presets.iter().enumerate() {
            let is_own = preset.file.is_some();
            if own.replace(is_own) != Some(is_own) {
                heading(ui, if is_own { "Your own" } else { "Third Stream" });
            }
            let button = Button::selectable(view.chosen == Some(index), preset.name.as_str());
            let button = ui.add(button);
            if focus.take_if(|focus| *focus == index).is_some() {
                button.request_focus();
            }
            if button.clicked() {
                gestures.push(Gesture::Preset(index));
                ui.close();
            }
        }
    });
    ui.separator();
    heading(ui, "Save these settings as");
    let field = TextEdit::singleline(&mut draft.name)
        .hint_text("Name")
        .char_limit(LONGEST_NAME);
    let field = ui.add(field);
    let entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    let name = draft.name.trim();
    let mut same = view.presets.iter().filter(|preset| preset.name == name);
    let replaces = same.any(|preset| preset.file.is_some());
    let save = Button::new(if replaces { "Replace" } else { "Save" });
    let save = ui.add_enabled(!name.is_empty(), save).clicked();
    if (save || entered) && !name.is_empty() {
        gestures.push(Gesture::SavePreset(name.to_owned()));
        ui.close();
    }
    let chosen = view
        .chosen
        .and_then(|index| Some((index, view.presets.get(index)?)));
    if let Some((index, preset)) = chosen.filter(|(_, preset)| preset.file.is_some()) {
        let text = if draft.deleting {
            format!("Really delete \"{}\"?", preset.name)
        } else {
            format!("Delete \"{}\"", preset.name)
        };
        if ui.button(text).clicked() {
            if draft.deleting {
                gestures.push(Gesture::DeletePreset(index));
                ui.close();
            }
            draft.deleting = !draft.deleting;
        }
    }
    ui.data_mut(|data| data.insert_temp(id, draft));
}
