//! What the editor sees of the plugin: one trait.

use nice_plug::prelude::ParamSetter;

use super::{EditorView, Gesture};
use crate::values::Look;

/// One instance of the plugin as its window sees it. Editor thread: it may go from thread to
/// thread between two openings, but only one has it at a time.
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
    /// All that is shown, as it is now.
    fn view(&mut self) -> EditorView;

    /// Does what the user wants; the host hears through `setter` what it can automate.
    fn follow(&mut self, gesture: Gesture, setter: &ParamSetter);

    /// The notice of what was done last is no longer of interest.
    fn clear_notice(&mut self);

    /// Whether something is being done whose end is to be shown.
    fn is_busy(&self) -> bool;

    /// The window opens: there may be other files than when it was last open. `window` is its
    /// number in X11, where it has one.
    fn opened(&mut self, window: Option<u32>);

    /// The window closes: what is still being done is given up.
    fn closed(&mut self);

    /// The window's saved width and height, in logical pixels.
    fn window_size(&self) -> (f32, f32);

    /// The window has another width and height, in logical pixels.
    fn resized(&mut self, size: (f32, f32));

    /// The theme that was chosen, if one was.
    fn look(&self) -> Option<Look>;

    /// How large the editor is drawn, in percent.
    fn scale(&self) -> u16;
}
