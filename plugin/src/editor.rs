//! The editor: one large knob, both rolls with the playhead, a few small controls and the
//! engine's state.
//!
//! [`draw`] turns a plain [`EditorView`] into a picture and the user's doings into [`Gesture`]s; it
//! knows neither host nor plugin, so that tests and the documentation can draw it. [`App`] joins
//! it to the host, and to the plugin by one trait, [`GuiSync`]. It may be opened and closed many times and holds nothing that matters.

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
use crate::values::{Delay, GenrePair, HarmonyChoice, Mode, VoicesChoice, genre_label};
pub use crate::values::{Look, Side};

/// All that the editor shows, as plain values.
#[derive(Clone, Debug, PartialEq)]
pub struct EditorView {
    /// The genres at the knob's ends.
    pub pair: GenrePair,
    /// The user's own weights that can be chosen.
    pub own: Arc<[UserWeights]>,
    /// The name of those that play, where they are the user's own.
    pub weights: Option<String>,
    /// The names of the user's own styles that can be chosen.
    pub styles: Arc<[String]>,
    /// The styles that play at the knob's ends in place of the genres, by the direction that leads
    /// to them ([`Direction::index`]).
    pub ends: [Option<String>; 2],
    /// The knob as the user set it, −1..=1.
    pub knob: f32,
    /// The knob with the host's modulation.
    pub moved: f32,
    /// 0..=1.
    pub quantise: f32,
    /// How free the tune is, 0..=1.
    pub tune: f32,
    /// How much of the harmony is kept.
    pub harmony: HarmonyChoice,
    /// Which take sounds, from 1.
    pub variation: u8,
    /// Whether a phrase of one voice stays one.
    pub voices: VoicesChoice,
    /// What the network is kept from.
    pub guard: Guard,
    /// Live, or in place.
    pub mode: Mode,
    /// Bars heard together, and the delay.
    pub delay: Delay,
    /// In place: bars that are remembered.
    pub learned: u32,
    /// In place: phrases that wait for the networks.
    pub waiting: u32,
    /// In place: bars that were forgotten and can be brought back.
    pub forgotten: usize,
    /// Whether notes pass untouched.
    pub bypass: bool,
    /// What is being done with the notes.
    pub state: Playing,
    /// While the first bars are heard, live: which of them it is, from 1.
    pub listening: u8,
    /// The notes that came in and do not sound yet.
    pub incoming: Vec<IncomingNote>,
    /// The phrase that sounds, as it was played.
    pub source: NoteRoll,
    /// What sounds instead.
    pub output: NoteRoll,
    /// The first step of the bars that sound; what lies before is only heard by the network.
    pub first_step: usize,
    /// Where it sounds, in steps.
    pub playhead: Option<f32>,
    /// Bars of this instance that played dry.
    pub late: u32,
    /// The engine's state.
    pub engine: Reading,
    /// The presets that can be chosen.
    pub presets: Arc<[Preset]>,
    /// The preset whose settings these are.
    pub chosen: Option<usize>,
    /// Which of two settings is heard.
    pub side: Side,
    /// Whether the knob is held at "as played" to compare.
    pub before: bool,
    /// The theme that was chosen.
    pub look: Option<Look>,
    /// How large everything is drawn, in percent.
    pub scale: u16,
    /// Something that the user should know.
    pub notice: Option<Notice>,
}

/// A note that came in, at the place in the roll at which it will sound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IncomingNote {
    /// The row of the roll.
    pub row: u8,
    /// Where it begins, in steps.
    pub start: f32,
    /// Where it ends, in steps.
    pub end: f32,
}

/// The sizes that can be chosen, in percent.
pub const SCALES: [u16; 6] = [75, 100, 125, 150, 175, 200];

/// Something that the user should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Something went wrong.
    Warning(String),
    /// Something that was asked for is done.
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
            tune: 0.5,
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
    /// What lies at the knob's end in this direction: the user's style, or the pair's genre.
    pub fn end(&self, direction: Direction) -> &str {
        let style = self.ends[direction.index()].as_deref();
        style.unwrap_or_else(|| genre_label(self.pair.of_core().target(direction)))
    }

    /// The genre that the knob leads to.
    pub fn target(&self) -> Genre {
        self.pair.of_core().target(Direction::of_knob(self.moved).0)
    }
}

/// A parameter that the editor can move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlId {
    /// The large knob.
    Genre,
    /// The genres at its ends.
    Pair,
    /// The pull to the grid.
    Quantise,
    /// How free the tune is.
    Tune,
    /// How much of the harmony is kept.
    Harmony,
    /// Which take sounds.
    Variation,
    /// Whether a phrase of one voice stays one.
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

/// What the user did, in the host's terms: a parameter's gesture begins, sets values, ends. The
/// rest is about no parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Gesture {
    /// The user takes hold of the control.
    Begin(ControlId),
    /// The control is at this value (the host's 0..=1).
    Set(ControlId, f32),
    /// The user lets go.
    End(ControlId),
    /// Everything that was heard in place is to be forgotten.
    Forget,
    /// What was forgotten last is to come back.
    BringBack,
    /// The whole learned song is to be saved as a MIDI file.
    SaveSong,
    /// The list of pairs is opened: there may be other weights of the user's own.
    ListWeights,
    /// The pair is to be played by the user's own weights of that name, or by the plugin's.
    Weights(GenrePair, Option<String>),
    /// A direction is to lead to the user's own style of that name, or to the pair's genre.
    Style(Direction, Option<String>),
    /// The presets' menu is opened: other instances may have saved some.
    ListPresets,
    /// A preset is chosen, by its place in the list.
    Preset(usize),
    /// The settings are to be kept under this name.
    SavePreset(String),
    /// A preset of the user's is to be removed, by its place in the list.
    DeletePreset(usize),
    /// The other of two settings is to be heard.
    Swap,
    /// The phrase that is shown is to be saved as a MIDI file.
    SaveMidi,
    /// The same, and its file is being dragged out of the window with the first button.
    DragMidi,
    /// The folder with what was saved is to be shown.
    ShowFolder,
    /// What was played is to be heard (true), or the transfer again.
    Before(bool),
    /// The theme is to be this, or the system's.
    Look(Option<Look>),
    /// Everything is to be drawn at so many percent.
    Scale(u16),
}

impl Gesture {
    /// A click or a wheel's notch: taken, set and let go at once.
    const fn whole(control: ControlId, normalised: f32) -> [Self; 3] {
        [
            Self::Begin(control),
            Self::Set(control, normalised),
            Self::End(control),
        ]
    }
}

/// Draws the whole editor and returns what the user did with it.
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
