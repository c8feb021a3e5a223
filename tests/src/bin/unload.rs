//! Loads the plugin, opens its editor, plays, goes away while work is pending, unloads, again and
//! again: no thread may be left, and no mapping more than after the first time (glibc keeps a
//! library mapped whose thread-local values have destructors, and maps it no second time).
//! `cargo xtask unload`.
#![expect(clippy::print_stdout, reason = "a command-line tool")]

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use third_stream_tests::host::{Instance, Pace, Setup, load_plugin_under_test, plugin_under_test};
use third_stream_tests::memory_use::{allocated_kib, mappings, resident_kib, slope};
use third_stream_tests::song::{ClipNote, HostSong, Passage, Script};
use third_stream_tests::threads;
#[cfg(target_os = "linux")]
use third_stream_tests::x11::Window;

/// How often.
#[derive(Parser)]
struct Args {
    /// Times that the library is loaded and unloaded.
    #[arg(long, default_value_t = 100)]
    cycles: u32,
    /// Opens the editor in every cycle whose number this divides; 0 stands for none. Needs an X
    /// server, such as `xvfb-run` starts.
    #[arg(long, default_value_t = 0)]
    editor_every: u32,
}

/// Ends with requests that are not answered yet.
fn cycle(number: u32, editor: bool) -> Result<()> {
    let library = load_plugin_under_test()?;
    let mut one = library.instance()?;
    let window = if editor {
        Some(open_editor(&mut one)?)
    } else {
        None
    };
    let mut two = library.instance()?;
    let notes = (0..32).map(|n| {
        let onset = f64::from(n) * 0.5;
        ClipNote::new(onset, onset + 0.4, 40 + ((n * 7 + number) % 40) as u8)
    });
    let script = Script::new(
        HostSong::new(180.0, notes).knob([(0.0, 1.0)]),
        [Passage::play(0.0, 16.5)],
    );
    let setup = Setup::paced(Pace::Rushed);
    one.perform(&script, &setup)?;
    if number.is_multiple_of(2) {
        two.perform(&script, &setup)?;
    }
    if window.is_some() {
        one.close_editor();
    }
    Ok(())
}

#[cfg(target_os = "linux")]
fn open_editor(instance: &mut Instance) -> Result<Window> {
    let window = Window::open()?;
    instance.open_editor(window.id)?;
    Ok(window)
}

#[cfg(not(target_os = "linux"))]
fn open_editor(_: &mut Instance) -> Result<()> {
    anyhow::bail!("this program opens windows of X11 only")
}

fn main() -> Result<()> {
    let args = Args::parse();
    let path =
        plugin_under_test().context("THIRD_STREAM_CLAP is not set: run `cargo xtask unload`")?;
    let path = path.to_string_lossy().into_owned();
    // The first cycle brings what the process keeps for ever: the allocator's arenas and the like.
    let editor = |number: u32| args.editor_every > 0 && number.is_multiple_of(args.editor_every);
    cycle(0, editor(0))?;
    let threads_before = threads::settle(1, Duration::from_secs(5)).unwrap_or(1);
    let before = mappings(&path);
    let (begin, mut shown) = (Instant::now(), Instant::now());
    let (mut resident, mut allocated) = (Vec::new(), Vec::new());
    for number in 1..=args.cycles {
        cycle(number, editor(number)).with_context(|| format!("cycle {number}"))?;
        let left = threads::settle(threads_before, Duration::from_secs(5)).unwrap_or(1);
        ensure!(
            left <= threads_before,
            "cycle {number}: {left} threads, {threads_before} before"
        );
        let of_plugin = mappings(&path).map(|(_, of_plugin)| of_plugin);
        let of_plugin_before = before.map(|(_, of_plugin)| of_plugin);
        ensure!(
            of_plugin <= of_plugin_before,
            "cycle {number}: {of_plugin:?} mappings of the plugin, {of_plugin_before:?} before"
        );
        let point = |kibibytes: u64| (f64::from(number), kibibytes as f64);
        resident.extend(resident_kib().map(point));
        allocated.extend(allocated_kib().map(point));
        if shown.elapsed() > Duration::from_secs(10) || number == args.cycles {
            shown = Instant::now();
            println!(
                "{number} cycles: {left} threads, mappings {:?} (before {before:?}), {} KiB",
                mappings(&path),
                resident_kib().unwrap_or(0)
            );
        }
    }
    println!(
        "{} cycles in {:.0} s: no thread left, no mapping of the plugin more than after the first; \
         memory over the second half, KiB a cycle: resident {:+.2}, allocated {:+.2}",
        args.cycles,
        begin.elapsed().as_secs_f64(),
        slope(&resident[resident.len() / 2..]),
        slope(&allocated[allocated.len() / 2..])
    );
    Ok(())
}
