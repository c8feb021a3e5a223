//! The editor: one large knob, both rolls with the playhead, small controls and the engine's state.
//!
//! [`draw`] turns a plain [`EditorView`] into a picture and the user's input into [`Gesture`]s. It
//! knows neither host nor plugin, so tests and the documentation can draw it. [`App`] joins it to
//! the host, and to the plugin by one trait, [`GuiSync`]. The editor may be opened and closed many
//! times and keeps no state between.

mod app;
mod controls;
mod heading;
mod knob;
mod layout;
mod options;
mod pair;
mod roll_heading;
mod roll_view;
mod status;
mod sync;
mod theme;

use std::sync::Arc;

use egui::Ui;
use third_stream_model::genre::{Direction, Genre};
use third_stream_model::roll::notes::NoteRoll;
use third_stream_model::user_weights::UserWeights;

pub use app::App;
pub(crate) use app::create;
pub use sync::GuiSync;

use crate::engine::Reading;
use crate::presets::{Preset, factory};
use crate::rt::Guard;
pub use crate::rt::snapshot::PlayState as Playing;
use crate::values::{self, Delay, GenrePair, HarmonyChoice, Mode, VoicesChoice, genre_label};
pub use crate::values::{Look, Side};

/// Everything that the editor shows, as plain values.
#[derive(Clone, Debug, PartialEq)]
pub struct EditorView {
    /// The genres at the knob's ends.
    pub pair: GenrePair,
    /// The user weights that can be chosen.
    pub own: Arc<[UserWeights]>,
    /// Name of the user weights in use, if any.
    pub weights: Option<String>,
    /// Names of the user styles that can be chosen.
    pub styles: Arc<[String]>,
    /// The user styles at the knob's ends in place of the genres, by direction
    /// ([`Direction::index`]).
    pub ends: [Option<String>; 2],
    /// The knob as the user set it, −1..=1.
    pub knob: f32,
    /// The knob with the host's modulation, −1..=1.
    pub moved: f32,
    /// Pull to the grid, 0..=1.
    pub quantise: f32,
    /// Freedom of the tune, 0..=1.
    pub tune: f32,
    /// Share of the harmony that is kept.
    pub harmony: HarmonyChoice,
    /// The take in use, from 1.
    pub variation: u8,
    /// Number of voices of an answer.
    pub voices: VoicesChoice,
    /// Limits on the network's edits: melody lock, scale guard, density.
    pub guard: Guard,
    /// The way of playing: Live or In place.
    pub mode: Mode,
    /// Live: bars in a group, and so the delay.
    pub delay: Delay,
    /// In place: number of remembered bars.
    pub learned: u32,
    /// In place: number of phrases that wait for an answer.
    pub waiting: u32,
    /// In place: number of forgotten bars that can be brought back.
    pub forgotten: usize,
    /// Bypass: notes pass unchanged.
    pub bypass: bool,
    /// State of play.
    pub state: Playing,
    /// Live, while the first group comes in: the number of its bar, from 1; 0 otherwise.
    pub listening: u8,
    /// Notes that came in and do not sound yet.
    pub incoming: Vec<IncomingNote>,
    /// The phrase that sounds, before the transfer.
    pub source: NoteRoll,
    /// The phrase that sounds, after the transfer.
    pub output: NoteRoll,
    /// First step of the bars that sound; the steps before are context for the network.
    pub first_step: usize,
    /// Position of the playhead, in steps.
    pub playhead: Option<f32>,
    /// Number of bars of this instance that played dry.
    pub late: u32,
    /// State of the engine.
    pub engine: Reading,
    /// The presets that can be chosen.
    pub presets: Arc<[Preset]>,
    /// The preset whose settings are in use, if any.
    pub chosen: Option<usize>,
    /// The side of the A/B comparison in use.
    pub side: Side,
    /// The knob is held at "as played" to compare.
    pub before: bool,
    /// The chosen theme; `None` follows the system.
    pub look: Option<Look>,
    /// Zoom of the editor, in percent.
    pub scale: u16,
    /// A message to the user.
    pub notice: Option<Notice>,
}

/// A note that came in, at the position in the roll at which it will sound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IncomingNote {
    /// Row of the roll.
    pub row: u8,
    /// Start, in steps.
    pub start: f32,
    /// End, in steps.
    pub end: f32,
}

/// Zoom levels, in percent.
pub const SCALES: [u16; 6] = [75, 100, 125, 150, 175, 200];

/// A message to the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A failure.
    Warning(String),
    /// A success.
    Done(String),
}

impl Default for EditorView {
    fn default() -> Self {
        Self {
            pair: GenrePair::JazzClassic,
            own: Arc::default(),
            weights: None,
            styles: Arc::default(),
            ends: [None, None],
            knob: 0.0,
            moved: 0.0,
            quantise: 1.0,
            tune: values::TUNE / 100.0,
            harmony: HarmonyChoice::Some,
            variation: 1,
            voices: VoicesChoice::AsPlayed,
            guard: Guard::default(),
            mode: Mode::Live,
            delay: Delay::Four,
            learned: 0,
            waiting: 0,
            forgotten: 0,
            bypass: false,
            state: Playing::Stopped,
            listening: 0,
            incoming: Vec::new(),
            source: NoteRoll::EMPTY,
            output: NoteRoll::EMPTY,
            first_step: 0,
            playhead: None,
            late: 0,
            engine: Reading::default(),
            presets: factory().into(),
            chosen: None,
            side: Side::A,
            before: false,
            look: None,
            scale: 100,
            notice: None,
        }
    }
}

impl EditorView {
    /// Name of the knob's end in this direction: the user style, or the pair's genre.
    pub fn end(&self, direction: Direction) -> &str {
        let style = self.ends[direction.index()].as_deref();
        style.unwrap_or_else(|| genre_label(self.pair.of_core().target(direction)))
    }

    /// The genre that the knob leads to.
    pub fn target(&self) -> Genre {
        self.pair.of_core().target(Direction::of_knob(self.moved).0)
    }
}

/// A parameter that the editor can set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlId {
    /// The large knob.
    Genre,
    /// The genres at its ends.
    Pair,
    /// The pull to the grid.
    Quantise,
    /// Freedom of the tune.
    Tune,
    /// Share of the harmony that is kept.
    Harmony,
    /// The take.
    Variation,
    /// Number of voices.
    Voices,
    /// The melody lock.
    Melody,
    /// The scale guard.
    Scale,
    /// The density.
    Density,
    /// The way of playing.
    Mode,
    /// The group's length.
    Delay,
    /// The host's bypass.
    Bypass,
}

/// A user action. Parameters are set as hosts expect: begin, values, end. The other actions set no
/// parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Gesture {
    /// The user takes hold of the control.
    Begin(ControlId),
    /// The control's value, normalised to 0..=1.
    Set(ControlId, f32),
    /// The user lets go.
    End(ControlId),
    /// Forget everything that In place remembers.
    Forget,
    /// Bring back what was forgotten last.
    BringBack,
    /// Save the whole learned song as a MIDI file.
    SaveSong,
    /// The list of pairs opens: reread the user weights.
    ListWeights,
    /// Play the pair with these user weights, or with the plugin's.
    Weights(GenrePair, Option<String>),
    /// Lead a direction to this user style, or to the pair's genre.
    Style(Direction, Option<String>),
    /// The presets' menu opens: reread the presets.
    ListPresets,
    /// Choose a preset, by index.
    Preset(usize),
    /// Save the settings as a preset of this name.
    SavePreset(String),
    /// Delete a user preset, by index.
    DeletePreset(usize),
    /// Swap the sides of the A/B comparison.
    Swap,
    /// Save the phrase that is shown as a MIDI file.
    SaveMidi,
    /// Save the phrase and drag its file; the first mouse button is down.
    DragMidi,
    /// Show the folder of the saved files.
    ShowFolder,
    /// Hold the knob at "as played" (true), or let it go.
    Before(bool),
    /// Choose a theme, or follow the system.
    Look(Option<Look>),
    /// Choose a zoom, in percent.
    Scale(u16),
}

impl Gesture {
    /// A whole gesture: begin, set, end.
    const fn whole(control: ControlId, normalised: f32) -> [Self; 3] {
        [
            Self::Begin(control),
            Self::Set(control, normalised),
            Self::End(control),
        ]
    }
}

/// Draws the whole editor and returns the user's actions.
pub fn draw(ui: &mut Ui, view: &EditorView) -> Vec<Gesture> {
    let theme = theme::of(ui.ctx());
    let mut gestures = Vec::new();
    ui.painter()
        .rect_filled(ui.max_rect(), 0.0, theme.background);
    let at = layout::of(ui.max_rect());
    heading::show(ui, at.heading, view, &mut gestures);
    status::show(ui, at.foot, view);
    ui.painter().rect_filled(at.panel, 8.0, theme.panel);
    knob::show(ui, at.knob, view, &mut gestures);
    controls::mode(ui, at.mode, view.mode, &mut gestures);
    controls::about(ui, at.about, view);
    match view.mode {
        Mode::Live => controls::delay(ui, at.delay, view.delay, &mut gestures),
        Mode::InPlace => controls::memory(ui, at.delay, view, &mut gestures),
    }
    controls::taste(ui, at.taste, view, &mut gestures);
    controls::guards(ui, at.guards, view, &mut gestures);
    roll_view::show(ui, at.roll, view, &mut gestures);
    gestures
}
