//! The editor: one large knob, both rolls with the playhead, a few small controls and the
//! engine's state.
//!
//! [`draw`] turns a plain [`View`] into a picture and the user's doings into [`Gesture`]s; it
//! knows neither host nor plugin, so that tests and the documentation can draw it. [`App`] joins
//! it to both. It may be opened and closed many times and holds nothing that matters.

mod app;
mod controls;
mod heading;
mod knob;
mod pair;
mod roll_view;
mod saving;
mod shelf;
mod status;
mod theme;

use std::sync::Arc;

use egui::{Rect, Ui, pos2, vec2};
use third_stream_model::genre::{Direction, Genre};
use third_stream_model::own::Own;
use third_stream_model::roll::notes::NoteRoll;

pub use app::App;
pub(crate) use app::create;

use crate::engine::Reading;
use crate::params::{Delay, GenrePair, Harmony, Mode, Voices};
use crate::presets::{Preset, factory};
use crate::rt::Guard;
pub use crate::state::Side;

/// All that the editor shows, as plain values.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// The genres at the knob's ends.
    pub pair: GenrePair,
    /// The user's own weights that can be chosen.
    pub own: Arc<[Own]>,
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
    pub harmony: Harmony,
    /// Which take sounds, from 1.
    pub variation: u8,
    /// Whether a phrase of one voice stays one.
    pub voices: Voices,
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
    /// Whether the transport runs.
    pub playing: bool,
    /// The phrase that sounds, as it was played.
    pub source: NoteRoll,
    /// What sounds instead.
    pub output: NoteRoll,
    /// The first step of the bars that sound; what lies before is only heard by the network.
    pub first_step: usize,
    /// Whether these bars sound as played because their answer was late or failed.
    pub dry: bool,
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
    /// Something that the user should know.
    pub notice: Option<Notice>,
}

/// Something that the user should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Something went wrong.
    Warning(String),
    /// Something that was asked for is done.
    Done(String),
}

impl Default for View {
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
            harmony: Harmony::Some,
            variation: 1,
            voices: Voices::AsPlayed,
            guard: Guard::default(),
            mode: Mode::Live,
            delay: Delay::Four,
            learned: 0,
            waiting: 0,
            forgotten: 0,
            bypass: false,
            playing: false,
            source: NoteRoll::EMPTY,
            output: NoteRoll::EMPTY,
            first_step: 0,
            dry: false,
            playhead: None,
            late: 0,
            engine: Reading::default(),
            presets: factory().into(),
            chosen: None,
            side: Side::A,
            notice: None,
        }
    }
}

impl View {
    /// The genre that the knob leads to.
    pub fn target(&self) -> Genre {
        self.pair.of_core().target(Direction::of_knob(self.moved).0)
    }
}

/// A parameter that the editor can move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
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
    Begin(Control),
    /// The control is at this value (the host's 0..=1).
    Set(Control, f32),
    /// The user lets go.
    End(Control),
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
    /// From dark to light, or back.
    Theme,
}

impl Gesture {
    /// A click or a wheel's notch: taken, set and let go at once.
    const fn whole(control: Control, normalised: f32) -> [Self; 3] {
        [
            Self::Begin(control),
            Self::Set(control, normalised),
            Self::End(control),
        ]
    }
}

/// Draws the whole editor and returns what the user did with it.
pub fn draw(ui: &mut Ui, view: &View) -> Vec<Gesture> {
    let theme = theme::of(ui.ctx());
    let mut gestures = Vec::new();
    let all = ui.max_rect();
    ui.painter().rect_filled(all, 0.0, theme.background);
    let inner = all.shrink2(vec2(16.0, 12.0));

    let heading = Rect::from_min_size(inner.min, vec2(inner.width(), 32.0));
    heading::show(ui, heading, view, &mut gestures);

    let foot = Rect::from_min_max(pos2(inner.left(), inner.bottom() - 22.0), inner.max);
    status::show(ui, foot, view);

    let middle = Rect::from_min_max(
        pos2(inner.left(), heading.bottom() + 10.0),
        pos2(inner.right(), foot.top() - 10.0),
    );
    let column = (inner.width() * 0.29).clamp(220.0, 340.0);
    let left = Rect::from_min_size(middle.min, vec2(column, middle.height()));
    ui.painter().rect_filled(left, 8.0, theme.panel);
    let left = left.shrink(16.0);
    let quantise = Rect::from_min_size(
        pos2(left.left(), left.bottom() - controls::HEIGHT + 8.0),
        vec2(left.width(), controls::HEIGHT - 8.0),
    );
    let delay = Rect::from_min_size(
        pos2(left.left(), quantise.top() - 16.0 - controls::HEIGHT),
        vec2(left.width(), controls::HEIGHT),
    );
    let mode = delay.translate(vec2(0.0, -12.0 - controls::HEIGHT));
    let knob = Rect::from_min_max(left.min, pos2(left.right(), mode.top() - 14.0));
    let faded = if view.bypass { 0.45 } else { 1.0 };
    ui.scope(|ui| {
        ui.multiply_opacity(faded);
        let genres = view.pair.of_core();
        knob::show(ui, knob, genres, (view.knob, view.moved), &mut gestures);
        pair::show(ui, knob, view, &mut gestures);
        controls::mode(ui, mode, view.mode, &mut gestures);
        match view.mode {
            Mode::Live => controls::delay(ui, delay, view.delay, &mut gestures),
            Mode::InPlace => controls::memory(ui, delay, view, &mut gestures),
        }
        controls::quantise(ui, quantise, view.quantise, &mut gestures);
    });
    let right = Rect::from_min_max(pos2(left.right() + 16.0 + 12.0, middle.top()), middle.max);
    let strip = Rect::from_min_max(
        pos2(right.left() + 4.0, right.bottom() - controls::HEIGHT),
        pos2(right.right() - 4.0, right.bottom() - 4.0),
    );
    let taste = strip.translate(vec2(0.0, -8.0 - controls::HEIGHT));
    ui.scope(|ui| {
        ui.multiply_opacity(faded);
        controls::taste(ui, taste, view, &mut gestures);
        controls::guards(ui, strip, &view.guard, &mut gestures);
    });
    let roll = Rect::from_min_max(right.min, pos2(right.right(), taste.top() - 10.0));
    roll_view::show(ui, roll, view);
    gestures
}
