//! Opens the built plugin's editor in a window, plays a few bars of the clip, and leaves the
//! window open for a while: to look at, or to take a picture of (`tests/window/picture.sh`).

fn main() -> anyhow::Result<()> {
    #[cfg(target_os = "linux")]
    return x11::main();
    #[cfg(not(target_os = "linux"))]
    anyhow::bail!("this program opens windows of X11 only");
}

#[cfg(target_os = "linux")]
mod x11 {
    use std::time::{Duration, Instant};

    use anyhow::{Context, Result};
    use third_stream_tests::clip;
    use third_stream_tests::host::{Setup, load_plugin_under_test};
    use third_stream_tests::song::{Passage, Script};
    use x11rb::connection::Connection;
    use x11rb::protocol::xproto::{ConnectionExt as _, CreateWindowAux, WindowClass};
    use x11rb::wrapper::ConnectionExt as _;

    /// How long the window stays open where nothing else is asked for.
    const SECONDS: u64 = 10;
    /// Beats that are played: into the third group, so that both rolls are there.
    const BEATS: f64 = 42.5;
    /// The size of the window until the editor says its own.
    const FIRST_SIZE: (u16, u16) = (640, 480);

    pub(crate) fn main() -> Result<()> {
        let seconds = match std::env::args().nth(1) {
            Some(text) => text.parse().context("usage: window [SECONDS]")?,
            None => SECONDS,
        };
        let library = load_plugin_under_test()?;
        let mut instance = library.instance()?;
        let (connection, screen) = x11rb::connect(None)
            .context("no X server: start one, such as `xvfb-run`, or set DISPLAY")?;
        let screen = &connection.setup().roots[screen];
        let window = connection.generate_id()?;
        let (width, height) = FIRST_SIZE;
        connection.create_window(
            x11rb::COPY_DEPTH_FROM_PARENT,
            window,
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
        connection.map_window(window)?;
        // The server must know the window before the plugin's own connection speaks of it.
        connection.sync()?;
        let size = instance.open_editor(window)?;
        let aux = x11rb::protocol::xproto::ConfigureWindowAux::new();
        let aux = aux.width(size.width).height(size.height);
        connection.configure_window(window, &aux)?;
        connection.sync()?;
        let setup = Setup::default();
        instance.wait_until_ready(&setup)?;
        // Some stay jazz: the knob counts when a bar sounds.
        let song = clip::song().knob([(0.0, 0.8)]);
        instance.perform(&Script::new(song, [Passage::play(0.0, BEATS)]), &setup)?;
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(seconds) {
            while connection.poll_for_event()?.is_some() {}
            instance.idle();
            std::thread::sleep(Duration::from_millis(10));
        }
        instance.close_editor();
        Ok(())
    }
}
