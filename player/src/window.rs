//! The window: the plugin's own editor, and below it a strip with file, play, stop and position.
//!
//! The window's thread is the plugin's main thread: it creates the instance, opens the editor in
//! the window and serves its callbacks. The deck has the audio side.

mod chooser;
mod stage;
mod strip;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Error, Result, anyhow};
use egui::{Pos2, Rect, Ui, ViewportCommand, vec2};
use egui_baseview::baseview::WindowSize;
use egui_baseview::baseview::dpi::LogicalSize;
use egui_baseview::{App, EguiWindow, EguiWindowSettings, Frame};
use third_stream_tests::score::Score;
use third_stream_tests::song::HostSong;

use crate::deck::{Order, end};
use crate::settings::PlayerSettings;
use chooser::Chooser;
use strip::{Doing, View};

/// Size of the editor until it reports its own, and the minimum; in logical pixels.
const FIRST: (f32, f32) = (960.0, 560.0);
const SMALLEST: (f32, f32) = (680.0, 420.0);
/// Polling intervals of the deck, while it plays and while it stands.
const PLAYING: Duration = Duration::from_millis(40);
const STANDING: Duration = Duration::from_millis(100);

/// The reason why there is no window.
#[derive(Debug)]
pub struct NoWindow(String);

impl std::fmt::Display for NoWindow {
    fn fmt(&self, to: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(to, "no window can be opened ({})", self.0)
    }
}

impl std::error::Error for NoWindow {}

/// True if there is a display.
pub fn has_display() -> bool {
    if cfg!(any(target_os = "macos", target_os = "windows")) {
        return true;
    }
    std::env::var_os("DISPLAY").is_some_and(|display| !display.is_empty())
}

/// Reads a MIDI file for playback.
pub fn read(path: &Path) -> Result<Score> {
    let bytes =
        std::fs::read(path).with_context(|| format!("{}: cannot read the file", path.display()))?;
    Score::read(&bytes).with_context(|| format!("{}: cannot be played", path.display()))
}

/// Opens the window and returns after it is closed. An error that [is](Error::is) a [`NoWindow`]
/// has no side effects.
pub fn run(name: &str, song: HostSong, settings: PlayerSettings) -> Result<()> {
    let (width, height) = FIRST;
    let size = |width: f32, height: f32| LogicalSize::new(width, height + strip::HEIGHT);
    let window = EguiWindowSettings::new()
        .with_title("Third Stream")
        .with_size(size(width, height))
        .with_min_size(Some(size(SMALLEST.0, SMALLEST.1)));
    let player = Player {
        settings,
        song,
        said: name.to_owned(),
        trouble: None,
        path: String::new(),
        chooser: Chooser::default(),
        strip: 0,
        begun: false,
    };
    let window = EguiWindow::create(window, player);
    let window = window.map_err(|error| Error::new(NoWindow(error.to_string())))?;
    window
        .run_until_closed()
        .map_err(|error| anyhow!("the window failed: {error}"))
}

/// State of the window.
struct Player {
    settings: PlayerSettings,
    song: HostSong,
    /// The song's name.
    said: String,
    trouble: Option<String>,
    /// The path in the text field.
    path: String,
    chooser: Chooser,
    /// Height of the strip in the editor's units.
    strip: u32,
    begun: bool,
}

impl App for Player {
    fn ui(&mut self, ui: &mut Ui, frame: &mut Frame) {
        if !std::mem::replace(&mut self.begun, true) {
            self.begin(ui, frame);
        }
        stage::with(|stage| {
            stage.instance.idle();
            if let Some(size) = stage.instance.asked_size() {
                self.fit(ui, frame, size);
            }
        });
        if let Some(path) = self.chooser.chosen() {
            self.open(&path);
        }
        let area = ui.max_rect();
        ui.painter().rect_filled(area, 0.0, ui.visuals().panel_fill);
        let top = area.bottom() - strip::HEIGHT;
        let rect = Rect::from_min_max(Pos2::new(area.left(), top), area.max);
        let view = self.view();
        for doing in strip::show(ui, rect, &view, &mut self.path) {
            self.heed(doing, &view);
        }
        let next = if view.playing { PLAYING } else { STANDING };
        ui.ctx().request_repaint_after(next);
    }

    fn resized(&mut self, size: WindowSize) {
        let size = native(size);
        let strip = self.strip;
        stage::with(|stage| {
            let size = (size.0, size.1.saturating_sub(strip));
            // An editor that refuses keeps its size.
            let _ = stage.instance.resize_editor(size);
        });
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        stage::leave();
    }
}

/// A window's size in the editor's units: points on macOS, pixels elsewhere.
fn native(size: WindowSize) -> (u32, u32) {
    if cfg!(target_os = "macos") {
        (size.logical.width as u32, size.logical.height as u32)
    } else {
        (size.physical.width, size.physical.height)
    }
}

/// The editor's units per logical pixel.
fn units(frame: &Frame) -> f32 {
    if cfg!(target_os = "macos") {
        1.0
    } else {
        frame.baseview_window().size().scale_factor as f32
    }
}

impl Player {
    /// Creates the plugin and opens its editor in this window.
    fn begin(&mut self, ui: &Ui, frame: &Frame) {
        self.strip = (strip::HEIGHT * units(frame)).round() as u32;
        match stage::enter(frame.baseview_window(), &self.settings) {
            Ok(size) => {
                self.fit(ui, frame, size);
                stage::open(self.song.clone());
            }
            Err(error) => self.trouble = Some(format!("{error:#}")),
        }
    }

    /// Resizes the window to hold editor and strip.
    fn fit(&self, ui: &Ui, frame: &Frame, (width, height): (u32, u32)) {
        let (wanted, now) = (
            (width, height + self.strip),
            native(frame.baseview_window().size()),
        );
        if wanted != now {
            let size = vec2(wanted.0 as f32, wanted.1 as f32) / units(frame);
            ui.ctx().send_viewport_cmd(ViewportCommand::InnerSize(size));
        }
    }

    fn view(&self) -> View {
        let mut view = View {
            end: end(&self.song),
            said: self.said.clone(),
            trouble: self.trouble.clone(),
            ..View::default()
        };
        stage::with(|stage| {
            let shown = stage.deck.shown();
            (view.beat, view.playing) = (shown.beat(), shown.is_playing());
            if shown.is_opening() {
                view.said.push_str(": learning it …");
            }
            if stage.deck.has_ended() {
                view.trouble = Some("The plugin failed: close the window and start again".into());
            } else if view.trouble.is_none() && stage.sound.silent.is_some() {
                view.trouble.clone_from(&stage.sound.silent);
            }
        });
        let last = (view.end - 1e-6).max(0.0);
        let bar = |beat: f64| self.song.bar_at(beat).number + 1;
        view.bar = (bar(view.beat.min(last)), bar(last));
        view
    }

    fn heed(&mut self, doing: Doing, view: &View) {
        match doing {
            Doing::Choose => self.chooser.open(),
            Doing::Open(path) => self.open(Path::new(&path)),
            Doing::PlayOrStop if view.playing => stage::order(Order::Stop),
            Doing::PlayOrStop => {
                let tail = stage::tail();
                let from = view.beat;
                stage::order(Order::Play { from, tail });
            }
            Doing::Seek(to) => {
                let tail = stage::tail();
                stage::order(Order::Seek { to, tail });
            }
        }
    }

    fn open(&mut self, path: &Path) {
        self.trouble = None;
        let score = read(path).and_then(|score| {
            let empty = score.song.notes.is_empty();
            let empty = empty.then(|| anyhow!("{}: has no notes", path.display()));
            empty.map_or(Ok(score), Err)
        });
        match score {
            Ok(score) => {
                self.song = score.song;
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                self.said = match score.damage {
                    Some(what) => format!("{name} (damaged: {what})"),
                    None => name.into_owned(),
                };
                self.path = path.display().to_string();
                stage::open(self.song.clone());
            }
            Err(error) => self.trouble = Some(format!("{error:#}")),
        }
    }
}

/// A path from the system's dialog.
type Chosen = Option<PathBuf>;
