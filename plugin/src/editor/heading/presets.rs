//! The presets' button and menu; each preset has a line of explanation.

use egui::{Button, Id, Key, Popup, PopupCloseBehavior, Rect, RichText, ScrollArea, TextEdit, Ui};

use crate::editor::{EditorView, Gesture, controls, theme};
use crate::presets::LONGEST_NAME;

/// Draws the button into `rect`, and its menu while it is open.
pub(crate) fn show(ui: &Ui, rect: Rect, view: &EditorView, gestures: &mut Vec<Gesture>) {
    let chosen = view.chosen.and_then(|index| view.presets.get(index));
    let name = chosen.map_or("Presets", |preset| preset.name.as_str());
    let response = controls::menu_button(ui, rect, "Presets", name, chosen.is_some());
    theme::tip(
        &response,
        "Settings with a name: those that come with the plugin, and yours.",
    );
    let id = Popup::default_response_id(&response);
    if response.clicked() && !Popup::is_id_open(ui.ctx(), id) {
        gestures.push(Gesture::ListPresets);
        ui.data_mut(|data| data.remove::<Draft>(id));
    }
    Popup::menu(&response)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .frame(theme::menu_frame(ui))
        .width(rect.width() + 130.0)
        .show(|ui| {
            theme::dress(ui);
            menu(ui, id, view, gestures);
        });
}

/// State of the menu while it is open.
#[derive(Clone, Default)]
struct Draft {
    name: String,
    /// Delete was pressed once and waits for confirmation.
    deleting: bool,
}

fn menu(ui: &mut Ui, id: Id, view: &EditorView, gestures: &mut Vec<Gesture>) {
    let draft: Option<Draft> = ui.data_mut(|data| data.get_temp(id));
    // The menu takes the keyboard when it opens.
    let mut focus = draft.is_none().then(|| view.chosen.unwrap_or_default());
    let mut draft = draft.unwrap_or_default();
    let weak = theme::of(ui.ctx()).weak;
    let small = theme::font(ui.ctx(), 12.0).size;
    let heading = |ui: &mut Ui, text: &str| ui.label(RichText::new(text).size(small).color(weak));
    let height = (ui.ctx().content_rect().height() - 190.0).max(120.0);
    ScrollArea::vertical().max_height(height).show(ui, |ui| {
        let mut own = None;
        for (index, preset) in view.presets.iter().enumerate() {
            let is_own = preset.file.is_some();
            if own.replace(is_own) != Some(is_own) {
                heading(ui, if is_own { "Your own" } else { "Third Stream" });
            }
            let button = Button::selectable(view.chosen == Some(index), preset.name.as_str());
            let about = RichText::new(&preset.about).size(small).color(weak);
            let button = ui.add(button.right_text(about));
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
