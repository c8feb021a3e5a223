//! Values of the parameters, without host or parameter types: choices, texts for the knob, and sets
//! of values for presets and the A/B comparison.

mod choices;
mod words;

use serde::{Deserialize, Serialize};

pub use choices::{Delay, GenrePair, HarmonyChoice, Look, Mode, Side, VoicesChoice};
pub use words::{genre_label, genre_text, read_genre};
pub(crate) use words::{knob_of_percent, number};

/// Number of takes.
pub const TAKES: u8 = 16;

/// The default of *Tune*, in percent.
pub(crate) const TUNE: f32 = 15.0;

/// Tolerance of equal values, in percent: hosts store them as 0..=1.
const SAME: f32 = 0.05;

/// Values of some parameters; the others stay as they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ParamValues {
    /// −100..=100 %.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub genre: Option<f32>,
    /// The genres at the knob's ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pair: Option<GenrePair>,
    /// 0..=100 %.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantise: Option<f32>,
    /// Freedom of the tune, 0..=100 %.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tune: Option<f32>,
    /// Share of the harmony that is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub harmony: Option<HarmonyChoice>,
    /// The take, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variation: Option<i32>,
    /// Number of voices of an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voices: Option<VoicesChoice>,
    /// The melody lock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub melody: Option<bool>,
    /// The scale guard, 0..=100 %.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale: Option<f32>,
    /// −100..=100 %.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub density: Option<f32>,
    /// The way of playing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// Live: bars in a group, and so the delay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay: Option<Delay>,
}

impl ParamValues {
    /// True if `now` has all of these values.
    pub fn are_in(&self, now: &Self) -> bool {
        let near = |wanted: Option<f32>, is: Option<f32>| {
            wanted.is_none_or(|wanted| is.is_some_and(|is| (is - wanted).abs() < SAME))
        };
        near(self.genre, now.genre)
            && near(self.quantise, now.quantise)
            && near(self.tune, now.tune)
            && near(self.scale, now.scale)
            && near(self.density, now.density)
            && (self.pair.is_none() || self.pair == now.pair)
            && (self.harmony.is_none() || self.harmony == now.harmony)
            && (self.variation.is_none() || self.variation == now.variation)
            && (self.voices.is_none() || self.voices == now.voices)
            && (self.melody.is_none() || self.melody == now.melody)
            && (self.mode.is_none() || self.mode == now.mode)
            && (self.delay.is_none() || self.delay == now.delay)
    }

    /// A short summary of the most audible values.
    pub fn about(&self) -> String {
        let pair = self.pair.unwrap_or(GenrePair::JazzClassic);
        let knob = self.genre.map(|genre| genre_text(pair.of_core(), genre));
        let mode = self.mode.map(|mode| match mode {
            Mode::Live => "Live".to_owned(),
            Mode::InPlace => "In place".to_owned(),
        });
        let parts: Vec<String> = knob.into_iter().chain(mode).collect();
        parts.join(", ")
    }

    /// The first value out of range: its name, itself, minimum and maximum.
    pub(crate) fn outside(&self) -> Option<(&'static str, f32, f32, f32)> {
        let take = self.variation.map(|take| take as f32);
        [
            ("genre", self.genre, -100.0, 100.0),
            ("quantise", self.quantise, 0.0, 100.0),
            ("tune", self.tune, 0.0, 100.0),
            ("variation", take, 1.0, f32::from(TAKES)),
            ("scale", self.scale, 0.0, 100.0),
            ("density", self.density, -100.0, 100.0),
        ]
        .into_iter()
        .filter_map(|(name, value, lowest, highest)| Some((name, value?, lowest, highest)))
        .find(|(_, value, lowest, highest)| !(*lowest..=*highest).contains(value))
    }
}
