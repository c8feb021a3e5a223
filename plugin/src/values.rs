//! The values of the parameters: the choices from a list, the words for the knob, and a set of
//! values as a preset or the other side of a comparison keeps it. No host and no parameter here.

mod choices;
mod words;

use serde::{Deserialize, Serialize};

pub use choices::{Delay, GenrePair, HarmonyChoice, Look, Mode, Side, VoicesChoice};
pub use words::{genre_label, genre_text, read_genre};
pub(crate) use words::{knob_of_percent, number};

/// Takes that can be chosen.
pub const TAKES: u8 = 16;

/// Values that are nearer than this (in percent) are the same: hosts keep them as 0..=1.
const SAME: f32 = 0.05;

/// Values of parameters, as a preset sets them; what it does not name stays as it is.
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
    /// How free the tune is, 0..=100 %.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tune: Option<f32>,
    /// How much of the harmony is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub harmony: Option<HarmonyChoice>,
    /// Which take, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variation: Option<i32>,
    /// Whether a phrase of one voice stays one.
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
    /// Live, or in place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// The group's length, live.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay: Option<Delay>,
}

impl ParamValues {
    /// Whether all that it names is so in `now`.
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

    /// The settings that are heard most, in a few words.
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

    /// The first value that no control has: its name, itself, the lowest and the highest that there
    /// are.
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
