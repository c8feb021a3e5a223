//! Colours and type sizes of the editor: a dark and a light theme, in which each genre has a colour
//! of its own.

use egui::{Color32, Context, FontId, Frame, Response, RichText, Stroke, Theme, Ui};
use third_stream_model::genre::Genre;

/// The colours of a theme.
#[derive(Debug)]
pub(crate) struct Colours {
    /// Window background.
    pub(crate) background: Color32,
    /// Panels on the background.
    pub(crate) panel: Color32,
    /// The roll's rows of black keys.
    pub(crate) black_key: Color32,
    /// Thin lines, tracks, empty parts of controls.
    pub(crate) line: Color32,
    /// Bar lines and the outlines of controls under the pointer.
    pub(crate) strong_line: Color32,
    /// Primary text.
    pub(crate) text: Color32,
    /// Secondary text: labels, units, explanations.
    pub(crate) weak: Color32,
    /// Cells that the transfer keeps.
    pub(crate) kept: Color32,
    /// Removed notes; always crossed out as well, for colour-blind users.
    pub(crate) removed: Color32,
    /// Errors and warnings.
    pub(crate) warning: Color32,
    /// Everything works.
    pub(crate) good: Color32,
    /// Playhead, handles and selection.
    pub(crate) playhead: Color32,
    jazz: Color32,
    classic: Color32,
    pop: Color32,
}

static DARK: Colours = Colours {
    background: Color32::from_rgb(0x14, 0x16, 0x1a),
    panel: Color32::from_rgb(0x1b, 0x1e, 0x24),
    black_key: Color32::from_rgb(0x17, 0x1a, 0x1f),
    line: Color32::from_rgb(0x2c, 0x31, 0x3a),
    strong_line: Color32::from_rgb(0x45, 0x4c, 0x58),
    text: Color32::from_rgb(0xdd, 0xe0, 0xe6),
    weak: Color32::from_rgb(0xa3, 0xaa, 0xb6),
    kept: Color32::from_rgb(0x8d, 0x95, 0xa2),
    removed: Color32::from_rgb(0xc8, 0x50, 0x3f),
    warning: Color32::from_rgb(0xf0, 0x80, 0x6f),
    good: Color32::from_rgb(0x6c, 0xc2, 0x8a),
    playhead: Color32::from_rgb(0xf4, 0xf5, 0xf7),
    jazz: Color32::from_rgb(0xf5, 0xae, 0x45),
    classic: Color32::from_rgb(0x6c, 0xb0, 0xff),
    pop: Color32::from_rgb(0xff, 0xd0, 0xf5),
};

static LIGHT: Colours = Colours {
    background: Color32::from_rgb(0xe9, 0xeb, 0xef),
    panel: Color32::from_rgb(0xf8, 0xf9, 0xfb),
    black_key: Color32::from_rgb(0xf0, 0xf2, 0xf5),
    line: Color32::from_rgb(0xd7, 0xdb, 0xe2),
    strong_line: Color32::from_rgb(0xa9, 0xb0, 0xbc),
    text: Color32::from_rgb(0x21, 0x25, 0x2c),
    weak: Color32::from_rgb(0x4c, 0x53, 0x5e),
    kept: Color32::from_rgb(0x85, 0x8d, 0x9a),
    removed: Color32::from_rgb(0xe0, 0x58, 0x4a),
    warning: Color32::from_rgb(0xa8, 0x2a, 0x1c),
    good: Color32::from_rgb(0x1d, 0x6f, 0x3c),
    playhead: Color32::from_rgb(0x16, 0x18, 0x1c),
    jazz: Color32::from_rgb(0x7a, 0x47, 0x00),
    classic: Color32::from_rgb(0x14, 0x57, 0xb8),
    pop: Color32::from_rgb(0x5a, 0x0f, 0x56),
};

/// The colours of egui's current theme.
pub(crate) fn of(context: &Context) -> &'static Colours {
    match context.theme() {
        Theme::Dark => &DARK,
        Theme::Light => &LIGHT,
    }
}

impl Colours {
    /// The colour of a genre.
    pub(crate) const fn genre(&self, genre: Genre) -> Color32 {
        match genre {
            Genre::Jazz => self.jazz,
            Genre::Classic => self.classic,
            Genre::Pop => self.pop,
        }
    }

    /// The outline of a control: stronger while hovered or focused.
    pub(crate) fn outline(&self, active: bool) -> Stroke {
        Stroke::new(1.0, if active { self.strong_line } else { self.line })
    }
}

/// Smallest text, in pixels of an unscaled screen.
pub(crate) const SMALLEST_TEXT: f32 = 11.0;

/// The editor's font at a size; never below [`SMALLEST_TEXT`], at any zoom.
pub(crate) fn font(context: &Context, size: f32) -> FontId {
    FontId::proportional(size.max(SMALLEST_TEXT / context.zoom_factor()))
}

/// Adds a tooltip.
pub(crate) fn tip(response: &Response, text: &str) {
    response.clone().on_hover_ui(|ui| {
        dress(ui);
        ui.set_max_width(280.0);
        ui.label(RichText::new(text).size(font(ui.ctx(), 12.5).size));
    });
}

/// The frame of menus.
pub(crate) fn menu_frame(ui: &Ui) -> Frame {
    let theme = of(ui.ctx());
    Frame::popup(ui.style())
        .fill(theme.panel)
        .stroke(theme.outline(true))
}

/// Applies the theme to egui's own widgets.
pub(crate) fn dress(ui: &mut Ui) {
    let theme = of(ui.ctx());
    let visuals = ui.visuals_mut();
    visuals.override_text_color = Some(theme.text);
    visuals.extreme_bg_color = theme.background;
    visuals.selection.bg_fill = theme.strong_line;
    visuals.selection.stroke.color = theme.playhead;
    visuals.window_fill = theme.panel;
    for widget in [
        &mut visuals.widgets.inactive,
        &mut visuals.widgets.hovered,
        &mut visuals.widgets.active,
    ] {
        widget.weak_bg_fill = theme.line;
        widget.bg_stroke = theme.outline(false);
    }
    for widget in [&mut visuals.widgets.hovered, &mut visuals.widgets.active] {
        widget.bg_stroke = theme.outline(true);
    }
}

#[cfg(test)]
mod tests;
