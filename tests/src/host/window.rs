//! The plugin's editor, embedded in a window of the host's.

use anyhow::{Context, Result};
use clack_extensions::gui::{GuiApiType, GuiConfiguration, GuiSize, PluginGui, Window};

use super::Instance;

impl Instance {
    /// Opens the editor in an X11 window, which must be there until [`Self::close_editor`]; the
    /// size that the editor wants.
    pub fn open_editor(&mut self, window: u32) -> Result<GuiSize> {
        let handle = self.plugin.plugin_handle();
        let gui = handle.get_extension::<PluginGui>();
        let gui = gui.context("the plugin has no editor")?;
        let embedded = GuiConfiguration {
            api_type: GuiApiType::X11,
            is_floating: false,
        };
        gui.create(&handle, embedded)?;
        let size = gui.get_size(&handle);
        let size = size.context("the editor has no size")?;
        #[expect(unsafe_code, reason = "the window's lifetime is not the compiler's")]
        // SAFETY: the caller keeps the window.
        unsafe {
            gui.set_parent(&handle, Window::from_x11_handle(window.into()))?;
        }
        gui.show(&handle)?;
        Ok(size)
    }

    /// Closes the editor.
    pub fn close_editor(&mut self) {
        let handle = self.plugin.plugin_handle();
        if let Some(gui) = handle.get_extension::<PluginGui>() {
            gui.destroy(&handle);
        }
    }

    /// Does what the plugin asked for, as a host does all the time while a window is open.
    pub fn idle(&mut self) {
        self.serve();
    }
}
