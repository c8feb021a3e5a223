//! Opens the built plugin's editor in a window, plays a few bars of the clip, and leaves the
//! window open for a while: to look at, or to take a picture of (`tests/window/picture.sh`). With
//! `--measure` it says how often the window is drawn and what that costs while nothing happens,
//! and while the song plays by the clock (`tests/window/measure.sh`). With `--drop` it opens a second
//! window, on which files can be dropped, and says which were (`tests/window/drag.sh`).

#![expect(clippy::print_stdout, reason = "a command-line tool")]

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
    use third_stream_tests::host::{Instance, Pace, Setup, load_plugin_under_test};
    use third_stream_tests::song::{Passage, Script};
    use third_stream_tests::x11::{DropTarget, Window};
    use x11rb::connection::Connection;
    use x11rb::protocol::Event;
    use x11rb::protocol::damage::{ConnectionExt as _, ReportLevel};
    use x11rb::protocol::xproto::ConnectionExt as _;
    use x11rb::wrapper::ConnectionExt as _;

    /// How long the window stays open where nothing else is asked for.
    const SECONDS: u64 = 10;
    /// Beats that are played: into the third group, so that both rolls are there.
    const BEATS: f64 = 42.5;

    pub(crate) fn main() -> Result<()> {
        let mut seconds = SECONDS;
        let mut measures = false;
        let mut drops = None;
        for argument in std::env::args().skip(1) {
            if argument == "--measure" {
                measures = true;
            } else if argument == "--drop" {
                drops = Some(DropTarget::open()?);
            } else {
                seconds = argument
                    .parse()
                    .context("usage: window [SECONDS] [--measure | --drop]")?;
            }
        }
        let library = load_plugin_under_test()?;
        let mut instance = library.instance()?;
        let Window {
            connection,
            id: window,
        } = Window::open()?;
        let size = instance.open_editor(window)?;
        let aux = x11rb::protocol::xproto::ConfigureWindowAux::new();
        let aux = aux.width(size.width).height(size.height);
        connection.configure_window(window, &aux)?;
        connection.sync()?;
        let setup = Setup::default();
        instance.wait_until_ready(&setup)?;
        // Some stay jazz: the knob counts when a bar sounds.
        let song = clip::song().knob([(0.0, 0.8)]);
        let still = Passage::REST;
        let passages = [Passage::play(0.0, BEATS), still];
        let passages = if measures {
            &passages[..]
        } else {
            &passages[..1]
        };
        instance.perform(&Script::new(song.clone(), passages.to_vec()), &setup)?;
        if measures {
            idle(&connection, &mut instance, Duration::from_secs(2))?; // animations come to rest
            let (frames, cpu) = watch(&connection, window, || {
                idle(&connection, &mut instance, Duration::from_secs(seconds))
            })?;
            println!("standing {seconds} s: {frames} frames, {cpu:.2} s of CPU");
            let beats = seconds as f64 * song.tempo_at(0.0) / 60.0;
            let script = Script::new(song, [Passage::play(0.0, beats), still]);
            let setup = Setup {
                pace: Pace::Clock,
                ..setup
            };
            let (frames, cpu) = watch(&connection, window, || {
                instance.perform(&script, &setup).map(drop)
            })?;
            println!("playing {seconds} s: {frames} frames, {cpu:.2} s of CPU");
        } else {
            let end = Instant::now() + Duration::from_secs(seconds);
            while Instant::now() < end {
                idle(&connection, &mut instance, Duration::from_millis(50))?;
                say(drops.as_mut())?;
            }
        }
        instance.close_editor();
        if drops.is_some() {
            // A drag that goes on ends with the window, before the plugin goes.
            idle(&connection, &mut instance, Duration::from_secs(1))?;
            say(drops.as_mut())?;
        }
        Ok(())
    }

    /// Says what came of drags over the target.
    fn say(mut drops: Option<&mut DropTarget>) -> Result<()> {
        while let Some(said) = drops
            .as_mut()
            .map(|drops| drops.hear())
            .transpose()?
            .flatten()
        {
            println!("{said}");
        }
        Ok(())
    }

    /// Does what a host does while nothing happens.
    fn idle(connection: &impl Connection, instance: &mut Instance, time: Duration) -> Result<()> {
        let start = Instant::now();
        while start.elapsed() < time {
            // Keeps the window open for someone who watches.
            connection.flush()?;
            instance.idle();
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// How often the window was drawn while `work` went on, and the seconds of CPU that the whole
    /// process took for it, the software OpenGL included.
    fn watch(
        connection: &impl Connection,
        window: u32,
        work: impl FnOnce() -> Result<()>,
    ) -> Result<(usize, f64)> {
        connection.damage_query_version(1, 1)?.reply()?;
        let damage = connection.generate_id()?;
        connection.damage_create(damage, window, ReportLevel::RAW_RECTANGLES)?;
        connection.sync()?;
        while connection.poll_for_event()?.is_some() {}
        let before = cpu_seconds()?;
        work()?;
        let cpu = cpu_seconds()? - before;
        connection.damage_destroy(damage)?;
        connection.sync()?;
        let mut frames = 0;
        while let Some(event) = connection.poll_for_event()? {
            frames += usize::from(matches!(event, Event::DamageNotify(_)));
        }
        Ok((frames, cpu))
    }

    /// User and system time of this process so far.
    fn cpu_seconds() -> Result<f64> {
        let stat = std::fs::read_to_string("/proc/self/stat")?;
        let (_, rest) = stat
            .rsplit_once(')')
            .context("/proc/self/stat has no name")?;
        let times = rest.split_whitespace().skip(11).take(2);
        let ticks: u64 = times.map(str::parse::<u64>).sum::<Result<_, _>>()?;
        // USER_HZ is 100 on every Linux that there is.
        Ok(ticks as f64 / 100.0)
    }
}
