//! XDND at the X server: target under the pointer, client messages, selection.
//!
//! The editor's connection holds the pointer's grab while the button is down, and baseview consumes
//! its events. So nothing is grabbed here: the pointer and its buttons are polled.

use std::error::Error;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use raw_window_handle::{HasWindowHandle, RawWindowHandle};
use x11rb::connection::Connection;
use x11rb::errors::ReplyError;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    AtomEnum, ClientMessageEvent, ConnectionExt as _, CreateWindowAux, EventMask, KeyButMask,
    MapState, PropMode, SELECTION_NOTIFY_EVENT, SelectionNotifyEvent, SelectionRequestEvent,
    WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use super::DragEnd;
use super::source::{Message, Pointer, Source, Target};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Interval at which the pointer is polled.
const POLL: Duration = Duration::from_millis(10);
/// The XDND version spoken, and the maximum for targets.
const VERSION: u32 = 5;
const OLDEST: u32 = 3;
/// Characters that a file URI does not escape.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

x11rb::atom_manager! {
    Atoms: AtomsCookie {
        XdndAware,
        XdndProxy,
        XdndSelection,
        XdndEnter,
        XdndPosition,
        XdndStatus,
        XdndLeave,
        XdndDrop,
        XdndFinished,
        XdndActionCopy,
        TARGETS,
        URI_LIST: b"text/uri-list",
    }
}

/// The X11 id of a window.
pub(crate) fn window_id(window: &impl HasWindowHandle) -> Option<u32> {
    match window.window_handle().ok()?.as_raw() {
        RawWindowHandle::Xcb(window) => Some(window.window.get()),
        RawWindowHandle::Xlib(window) => u32::try_from(window.window).ok(),
        _ => None,
    }
}

/// Drags `file` until it is dropped, `editor` closes or `stop` is set. `editor` accepts nothing.
pub(super) fn drag(file: &Path, editor: Option<u32>, stop: &AtomicBool) -> Result<DragEnd> {
    let server = Server::connect(uri_list(file), editor)?;
    let mut source = Source::new();
    let start = Instant::now();
    loop {
        let now = start.elapsed();
        while let Some(event) = server.connection.poll_for_event()? {
            server.hear(&event, &mut source, now)?;
        }
        if stop.load(Ordering::Relaxed) || !server.is_open()? {
            source.give_up();
        }
        source.point(server.pointer()?, now);
        source.tick(now);
        for message in source.take() {
            server.send(message)?;
        }
        if let Some(end) = source.end() {
            // Flushes the messages before the connection closes.
            server.connection.sync()?;
            return Ok(end);
        }
        server.connection.flush()?;
        std::thread::sleep(POLL);
    }
}

/// `text/uri-list` with one file.
fn uri_list(file: &Path) -> String {
    let path = percent_encode(file.as_os_str().as_bytes(), PLAIN);
    format!("file://{path}\r\n")
}

/// The connection, and the invisible window that owns the selection.
struct Server {
    connection: RustConnection,
    atoms: Atoms,
    root: u32,
    window: u32,
    editor: Option<u32>,
    /// Server time at which the drag began.
    time: u32,
    uris: String,
}

impl Server {
    fn connect(uris: String, editor: Option<u32>) -> Result<Self> {
        let (connection, screen) = x11rb::connect(None)?;
        let atoms = Atoms::new(&connection)?.reply()?;
        let root = connection.setup().roots[screen].root;
        let window = connection.generate_id()?;
        let aux = CreateWindowAux::new().event_mask(EventMask::PROPERTY_CHANGE);
        let (class, parent) = (WindowClass::INPUT_ONLY, x11rb::COPY_FROM_PARENT);
        connection.create_window(0, window, root, -1, -1, 1, 1, 0, class, parent, &aux)?;
        // Only events carry the server's time.
        let (name, of) = (AtomEnum::WM_NAME, AtomEnum::STRING);
        connection.change_property8(PropMode::REPLACE, window, name, of, b"Third Stream")?;
        connection.flush()?;
        let time = loop {
            if let Event::PropertyNotify(event) = connection.wait_for_event()? {
                break event.time;
            }
        };
        connection.set_selection_owner(window, atoms.XdndSelection, time)?;
        let owner = connection.get_selection_owner(atoms.XdndSelection)?;
        if owner.reply()?.owner != window {
            return Err("another drag is going on".into());
        }
        Ok(Self {
            connection,
            atoms,
            root,
            window,
            editor,
            time,
            uris,
        })
    }

    /// True if the editor's window is visible. The framework does not report that it closes.
    fn is_open(&self) -> Result<bool> {
        let Some(editor) = self.editor else {
            return Ok(true);
        };
        match self.connection.get_window_attributes(editor)?.reply() {
            Ok(reply) => Ok(reply.map_state == MapState::VIEWABLE),
            Err(ReplyError::X11Error(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Polls the pointer, and finds the topmost window under it that supports XDND.
    fn pointer(&self) -> Result<Pointer> {
        let (mut over, mut editor) = (self.target(self.root)?, false);
        let mut seen = self.connection.query_pointer(self.root)?.reply()?;
        let at = (seen.root_x, seen.root_y);
        let held = seen.mask.contains(KeyButMask::BUTTON1);
        while seen.child != x11rb::NONE {
            let window = seen.child;
            editor |= Some(window) == self.editor;
            if over.is_none() {
                over = self.target(window)?;
            }
            seen = match self.connection.query_pointer(window)?.reply() {
                Ok(seen) => seen,
                // The window was destroyed meanwhile.
                Err(ReplyError::X11Error(_)) => break,
                Err(error) => return Err(error.into()),
            };
        }
        let over = over.filter(|_| !editor);
        Ok(Pointer { at, over, held })
    }

    /// The window as a target, if it supports XDND.
    fn target(&self, window: u32) -> Result<Option<Target>> {
        let proxy = self.number(window, self.atoms.XdndProxy)?;
        let to = match proxy {
            // A stale proxy does not name itself.
            Some(proxy) if self.number(proxy, self.atoms.XdndProxy)? == Some(proxy) => proxy,
            _ => window,
        };
        let version = self.number(to, self.atoms.XdndAware)?;
        let version = version.filter(|version| *version >= OLDEST);
        Ok(version.map(|version| Target {
            window,
            to,
            version: version.min(VERSION),
        }))
    }

    /// A window property of one number, if window and property exist.
    fn number(&self, window: u32, name: u32) -> Result<Option<u32>> {
        let cookie = self
            .connection
            .get_property(false, window, name, AtomEnum::ANY, 0, 1)?;
        match cookie.reply() {
            Ok(reply) => Ok(reply.value32().and_then(|mut numbers| numbers.next())),
            Err(ReplyError::X11Error(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn send(&self, message: Message) -> Result<()> {
        let atoms = &self.atoms;
        let (target, kind, rest) = match message {
            Message::Enter(target) => {
                let types = [target.version << 24, atoms.URI_LIST, 0, 0];
                (target, atoms.XdndEnter, types)
            }
            Message::Position(target, (x, y)) => {
                let place = (u32::from(x as u16) << 16) | u32::from(y as u16);
                let position = [0, place, self.time, atoms.XdndActionCopy];
                (target, atoms.XdndPosition, position)
            }
            Message::Leave(target) => (target, atoms.XdndLeave, [0; 4]),
            Message::Drop(target) => (target, atoms.XdndDrop, [0, self.time, 0, 0]),
        };
        let [a, b, c, d] = rest;
        let event = ClientMessageEvent::new(32, target.window, kind, [self.window, a, b, c, d]);
        self.connection
            .send_event(false, target.to, EventMask::NO_EVENT, event)?;
        Ok(())
    }

    /// Handles an event from a target. Errors about destroyed windows are ignored.
    fn hear(&self, event: &Event, source: &mut Source, now: Duration) -> Result<()> {
        match event {
            Event::ClientMessage(event) if event.format == 32 => {
                let [window, flags, ..] = event.data.as_data32();
                let yes = flags & 1 == 1;
                if event.type_ == self.atoms.XdndStatus {
                    source.status(window, yes, now);
                } else if event.type_ == self.atoms.XdndFinished {
                    source.finished(window, yes);
                }
            }
            Event::SelectionRequest(request) if self.answer(request)? => source.fetched(),
            Event::SelectionClear(_) => source.give_up(),
            _ => {}
        }
        Ok(())
    }

    /// Answers a selection request; true if it was for the file's URI.
    fn answer(&self, request: &SelectionRequestEvent) -> Result<bool> {
        let atoms = &self.atoms;
        let (to, kind) = (request.requestor, request.target);
        // Obsolete clients name no property.
        let property = if request.property == x11rb::NONE {
            kind
        } else {
            request.property
        };
        let is_uris = kind == atoms.URI_LIST;
        if is_uris {
            let uris = self.uris.as_bytes();
            self.connection
                .change_property8(PropMode::REPLACE, to, property, kind, uris)?;
        } else if kind == atoms.TARGETS {
            let kinds = [atoms.TARGETS, atoms.URI_LIST];
            self.connection.change_property32(
                PropMode::REPLACE,
                to,
                property,
                AtomEnum::ATOM,
                &kinds,
            )?;
        }
        let given = is_uris || kind == atoms.TARGETS;
        let event = SelectionNotifyEvent {
            response_type: SELECTION_NOTIFY_EVENT,
            sequence: 0,
            time: request.time,
            requestor: to,
            selection: request.selection,
            target: kind,
            property: if given { property } else { x11rb::NONE },
        };
        self.connection
            .send_event(false, to, EventMask::NO_EVENT, event)?;
        Ok(is_uris)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_uri_whatever_is_in_it() {
        let of = |path: &str| uri_list(Path::new(path));
        assert_eq!(
            of("/a/Music/Third Stream/Phrase 2.mid"),
            "file:///a/Music/Third%20Stream/Phrase%202.mid\r\n"
        );
        assert_eq!(of("/ü/50%#?.mid"), "file:///%C3%BC/50%25%23%3F.mid\r\n");
        let odd = std::ffi::OsStr::from_bytes(b"/\xff~_-\r\n");
        assert_eq!(uri_list(Path::new(odd)), "file:///%FF~_-%0D%0A\r\n");
    }
}
