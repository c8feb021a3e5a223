//! The trait by which the editor sees the plugin.

use nice_plug::prelude::ParamSetter;

use super::{EditorView, Gesture};
use crate::values::Look;

/// One instance of the plugin, for its window. Editor thread: which one may change between two
/// openings, but only one has it at a time.
///
/// ```
/// fn moves<T: Send + ?Sized>() {}
/// moves::<dyn third_stream::editor::GuiSync>();
/// ```
///
/// ```compile_fail,E0277
/// fn is_shared<T: Sync + ?Sized>() {}
/// is_shared::<dyn third_stream::editor::GuiSync>();
/// ```
pub trait GuiSync: Send {
    /// A snapshot of everything that is shown.
    fn view(&mut self) -> EditorView;

    /// Applies a user action; parameters are set through `setter`, so that the host sees it.
    fn follow(&mut self, gesture: Gesture, setter: &ParamSetter);

    /// Drops the message about the last action.
    fn clear_notice(&mut self);

    /// True while a background task runs whose result will be shown.
    fn is_busy(&self) -> bool;

    /// The window opens: rereads the user's files. `window` is its X11 id, if it has one.
    fn opened(&mut self, window: Option<u32>);

    /// The window closes: cancels background tasks.
    fn closed(&mut self);

    /// The window's saved width and height, in logical pixels.
    fn window_size(&self) -> (f32, f32);

    /// Saves the window's new width and height, in logical pixels.
    fn resized(&mut self, size: (f32, f32));

    /// The chosen theme; `None` follows the system.
    fn look(&self) -> Option<Look>;

    /// Zoom of the editor, in percent.
    fn scale(&self) -> u16;
}
