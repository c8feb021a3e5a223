//! The plugin's editor, embedded in a window of the host's.

use anyhow::{Context, Result};
use clack_extensions::gui::{GuiApiType, GuiConfiguration, GuiSize, PluginGui, Window};
use raw_window_handle::HasWindowHandle;

use super::Instance;

impl Instance {
    /// Opens the editor in an X11 window, which must be there until [`Self::close_editor`]; the
    /// size that the editor wants.
    pub fn open_editor(&mut self, window: u32) -> Result<GuiSize> {
        self.open(GuiApiType::X11, Window::from_x11_handle(window.into()))
    }

    /// Opens the editor in a window of any system; returns width and height, in points on macOS and
    /// in pixels elsewhere.
    pub fn open_editor_in(&mut self, window: &impl HasWindowHandle) -> Result<(u32, u32)> {
        let window = Window::from_window(window);
        let window = window.context("this window is of a kind that no plugin knows")?;
        let size = self.open(window.api_type(), window)?;
        Ok((size.width, size.height))
    }

    fn open(&mut self, api_type: GuiApiType, window: Window) -> Result<GuiSize> {
        let handle = self.plugin.plugin_handle();
        let gui = handle.get_extension::<PluginGui>();
        let gui = gui.context("the plugin has no editor")?;
        let embedded = GuiConfiguration {
            api_type,
            is_floating: false,
        };
        gui.create(&handle, embedded)?;
        let size = gui.get_size(&handle);
        let size = size.context("the editor has no size")?;
        #[expect(unsafe_code, reason = "the window's lifetime is not the compiler's")]
        // SAFETY: the caller keeps the window.
        unsafe {
            gui.set_parent(&handle, window)?;
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

    /// From now on the editor may ask for other sizes, which the caller gives to its window:
    /// [`Self::asked_size`].
    pub fn let_resize(&self) {
        self.calls.let_resize();
    }

    /// Width and height that the editor asked for since this was called last.
    pub fn asked_size(&self) -> Option<(u32, u32)> {
        let size = self.calls.take_size()?;
        Some((size.width, size.height))
    }

    /// Gives the editor a width and a height, as a user does at the window's edge.
    pub fn resize_editor(&mut self, (width, height): (u32, u32)) -> Result<()> {
        let handle = self.plugin.plugin_handle();
        let gui = handle.get_extension::<PluginGui>();
        let gui = gui.context("the plugin has no editor")?;
        Ok(gui.set_size(&handle, GuiSize { width, height })?)
    }

    /// Does what the plugin asked for, as a host does all the time while a window is open.
    pub fn idle(&mut self) {
        self.serve();
    }
}
