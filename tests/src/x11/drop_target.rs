//! A window on which files can be dropped, as a host's track: the target's side of XDND.

use anyhow::{Context, Result};
use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    AtomEnum, ClientMessageEvent, ConfigureWindowAux, ConnectionExt as _, EventMask, PropMode,
};
use x11rb::wrapper::ConnectionExt as _;

use super::Window;

/// Where the window is, beside an editor of the usual size.
const PLACE: (i32, i32) = (1000, 100);
const SIZE: u32 = 160;
/// The version of XDND that it speaks.
const VERSION: u32 = 5;

x11rb::atom_manager! {
    Atoms: AtomsCookie {
        XdndAware,
        XdndSelection,
        XdndEnter,
        XdndPosition,
        XdndStatus,
        XdndLeave,
        XdndDrop,
        XdndFinished,
        XdndActionCopy,
        URI_LIST: b"text/uri-list",
        DROPPED: b"DROPPED",
    }
}

/// The window, and who drags over it.
pub struct DropTarget {
    window: Window,
    atoms: Atoms,
    source: u32,
}

impl DropTarget {
    /// Opens one, where a mouse reaches it beside the editor.
    pub fn open() -> Result<Self> {
        let window = Window::open()?;
        let (connection, id) = (&window.connection, window.id);
        let atoms = Atoms::new(connection)?.reply()?;
        let (name, of) = (atoms.XdndAware, AtomEnum::ATOM);
        connection.change_property32(PropMode::REPLACE, id, name, of, &[VERSION])?;
        let aux = ConfigureWindowAux::new().x(PLACE.0).y(PLACE.1);
        connection.configure_window(id, &aux.width(SIZE).height(SIZE))?;
        connection.sync()?;
        Ok(Self {
            window,
            atoms,
            source: x11rb::NONE,
        })
    }

    /// Answers what has come in, up to the next thing that is worth a line: a drag that enters or
    /// leaves, or the list of what was dropped.
    pub fn hear(&mut self) -> Result<Option<String>> {
        while let Some(event) = self.window.connection.poll_for_event()? {
            let said = match event {
                Event::ClientMessage(event) => self.told(&event)?,
                Event::SelectionNotify(_) => Some(self.dropped()?),
                _ => None,
            };
            self.window.connection.flush()?;
            if said.is_some() {
                return Ok(said);
            }
        }
        Ok(None)
    }

    fn told(&mut self, event: &ClientMessageEvent) -> Result<Option<String>> {
        let atoms = &self.atoms;
        let data = event.data.as_data32();
        if event.type_ == atoms.XdndEnter {
            self.source = data[0];
            let takes = data[2..].contains(&atoms.URI_LIST);
            return Ok(takes.then(|| format!("entered, version {}", data[1] >> 24)));
        }
        if event.type_ == atoms.XdndPosition {
            self.tell(atoms.XdndStatus, [1, 0, 0, atoms.XdndActionCopy])?;
        } else if event.type_ == atoms.XdndLeave {
            return Ok(Some("left".into()));
        } else if event.type_ == atoms.XdndDrop {
            self.window.connection.convert_selection(
                self.window.id,
                atoms.XdndSelection,
                atoms.URI_LIST,
                atoms.DROPPED,
                data[2],
            )?;
        }
        Ok(None)
    }

    /// Fetches what was dropped, and tells the source that it was taken.
    fn dropped(&self) -> Result<String> {
        let (connection, atoms) = (&self.window.connection, &self.atoms);
        let (id, kind) = (self.window.id, atoms.URI_LIST);
        let cookie = connection.get_property(true, id, atoms.DROPPED, kind, 0, 1 << 16)?;
        let uris = String::from_utf8(cookie.reply()?.value).context("no text was dropped")?;
        self.tell(atoms.XdndFinished, [1, atoms.XdndActionCopy, 0, 0])?;
        Ok(format!("dropped {}", uris.trim_end()))
    }

    fn tell(&self, kind: u32, [a, b, c, d]: [u32; 4]) -> Result<()> {
        let data = [self.window.id, a, b, c, d];
        let event = ClientMessageEvent::new(32, self.source, kind, data);
        let connection = &self.window.connection;
        connection.send_event(false, self.source, EventMask::NO_EVENT, event)?;
        Ok(())
    }
}
