//! Colours and type sizes of the editor: one dark theme, so that a musician knows at a glance
//! which genre is which, on every screen.

use egui::{Color32, FontId, Stroke};
use third_stream_model::genre::Genre;

/// Behind everything.
pub(crate) const BACKGROUND: Color32 = Color32::from_rgb(0x14, 0x16, 0x1a);
/// Panels that lie on the background.
pub(crate) const PANEL: Color32 = Color32::from_rgb(0x1b, 0x1e, 0x24);
/// The darker rows of the roll: the black keys.
pub(crate) const BLACK_KEY: Color32 = Color32::from_rgb(0x17, 0x1a, 0x1f);
/// Thin lines, tracks, empty parts of controls.
pub(crate) const LINE: Color32 = Color32::from_rgb(0x2c, 0x31, 0x3a);
/// Bar lines and the outlines of controls under the pointer.
pub(crate) const STRONG_LINE: Color32 = Color32::from_rgb(0x45, 0x4c, 0x58);
/// What is to be read.
pub(crate) const TEXT: Color32 = Color32::from_rgb(0xdd, 0xe0, 0xe6);
/// What need not be read.
pub(crate) const WEAK: Color32 = Color32::from_rgb(0x92, 0x99, 0xa6);
/// What is there for those who look for it.
pub(crate) const FAINT: Color32 = Color32::from_rgb(0x6a, 0x71, 0x7e);
/// Cells that stay as they were played.
pub(crate) const KEPT: Color32 = Color32::from_rgb(0xa9, 0xb0, 0xbc);
/// Cells that no longer sound; always drawn as an outline, so that colour is not all there is.
pub(crate) const REMOVED: Color32 = Color32::from_rgb(0xd0, 0x5f, 0x6a);
/// Something is wrong.
pub(crate) const WARNING: Color32 = Color32::from_rgb(0xe5, 0x6b, 0x5c);
/// All is well.
pub(crate) const GOOD: Color32 = Color32::from_rgb(0x6c, 0xc2, 0x8a);
/// The playhead.
pub(crate) const PLAYHEAD: Color32 = Color32::from_rgb(0xf4, 0xf5, 0xf7);

/// The colour of a genre, wherever it appears.
pub(crate) const fn genre(genre: Genre) -> Color32 {
    match genre {
        Genre::Jazz => Color32::from_rgb(0xef, 0xa6, 0x3c),
        Genre::Classic => Color32::from_rgb(0x6c, 0xa8, 0xf4),
        Genre::Pop => Color32::from_rgb(0xd7, 0x7b, 0xd0),
    }
}

/// The editor's type: one family, few sizes.
pub(crate) const fn font(size: f32) -> FontId {
    FontId::proportional(size)
}

/// The outline of a control: stronger under the pointer or with the keyboard on it.
pub(crate) fn outline(active: bool) -> Stroke {
    Stroke::new(1.0, if active { STRONG_LINE } else { LINE })
}
