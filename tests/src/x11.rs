//! A window of the X server's, as a host gives one to an editor.

mod drop_target;

use anyhow::{Context, Result};
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{ConnectionExt as _, CreateWindowAux, WindowClass};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

pub use drop_target::DropTarget;

/// The size until the editor says its own.
const FIRST_SIZE: (u16, u16) = (640, 480);

/// An empty window and the connection that it belongs to.
pub struct Window {
    /// The host's own connection.
    pub connection: RustConnection,
    /// The window's number.
    pub id: u32,
}

impl Window {
    /// Opens one on the display that `DISPLAY` names. The server knows it when this returns, so
    /// the plugin's own connection may speak of it.
    pub fn open() -> Result<Self> {
        let (connection, screen) = x11rb::connect(None)
            .context("no X server: start one, such as `xvfb-run`, or set DISPLAY")?;
        let id = connection.generate_id()?;
        let screen = &connection.setup().roots[screen];
        let (width, height) = FIRST_SIZE;
        connection.create_window(
            x11rb::COPY_DEPTH_FROM_PARENT,
            id,
            screen.root,
            0,
            0,
            width,
            height,
            0,
            WindowClass::INPUT_OUTPUT,
            x11rb::COPY_FROM_PARENT,
            &CreateWindowAux::new().background_pixel(screen.black_pixel),
        )?;
        connection.map_window(id)?;
        connection.sync()?;
        Ok(Self { connection, id })
    }
}
