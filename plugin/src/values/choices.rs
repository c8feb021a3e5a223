//! Values of the parameters with a few steps.

use nice_plug::prelude::*;
use serde::{Deserialize, Serialize};
use third_stream_model::genre::Pair;

use crate::rt;

/// The genre pairs, in the host's order.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum GenrePair {
    /// Jazz at the left end, classic at the right.
    #[id = "jazz-classic"]
    #[serde(rename = "jazz-classic")]
    #[name = "Jazz – Classical"]
    JazzClassic,
    /// Jazz at the left end, pop at the right.
    #[id = "jazz-pop"]
    #[serde(rename = "jazz-pop")]
    #[name = "Jazz – Pop"]
    JazzPop,
    /// Classic at the left end, pop at the right.
    #[id = "classic-pop"]
    #[serde(rename = "classic-pop")]
    #[name = "Classical – Pop"]
    ClassicPop,
}

impl GenrePair {
    /// All values, in the parameter's order.
    pub const ALL: [Self; 3] = [Self::JazzClassic, Self::JazzPop, Self::ClassicPop];

    /// The pair's name in menus and hosts.
    pub const fn label(self) -> &'static str {
        match self {
            Self::JazzClassic => "Jazz – Classical",
            Self::JazzPop => "Jazz – Pop",
            Self::ClassicPop => "Classical – Pop",
        }
    }

    /// The pair in the core's terms.
    pub const fn of_core(self) -> Pair {
        match self {
            Self::JazzClassic => Pair::JAZZ_CLASSIC,
            Self::JazzPop => Pair::JAZZ_POP,
            Self::ClassicPop => Pair::CLASSIC_POP,
        }
    }
}

/// Share of each half bar's harmony that is kept.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HarmonyChoice {
    /// Its triad and the strongest other pitch class.
    #[id = "kept"]
    #[serde(rename = "kept")]
    #[name = "Kept"]
    Kept,
    /// Its triad.
    #[id = "three"]
    #[serde(rename = "three")]
    #[name = "Some"]
    Some,
    /// Two notes of its triad; the network chooses the rest.
    #[id = "enriched"]
    #[serde(rename = "enriched")]
    #[name = "Enriched"]
    Enriched,
}

impl HarmonyChoice {
    /// All values, in the parameter's order.
    pub const ALL: [Self; 3] = [Self::Kept, Self::Some, Self::Enriched];

    /// Maximum number of pitch classes of each half bar that the network is told.
    pub const fn pitch_classes(self) -> u8 {
        match self {
            Self::Kept => 4,
            Self::Some => 3,
            Self::Enriched => 2,
        }
    }
}

/// Number of voices of an answer.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum VoicesChoice {
    /// A phrase of one voice stays one, near its own register.
    #[id = "as-played"]
    #[serde(rename = "as-played")]
    #[name = "As played"]
    AsPlayed,
    /// As many as the network writes.
    #[id = "free"]
    #[serde(rename = "free")]
    #[name = "Free"]
    Free,
}

impl VoicesChoice {
    /// All values, in the parameter's order.
    pub const ALL: [Self; 2] = [Self::AsPlayed, Self::Free];
}

/// The two ways of playing.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// Notes sound some bars later.
    #[id = "live"]
    #[serde(rename = "live")]
    #[name = "Live"]
    Live,
    /// Notes learned at a bar of the song sound there from the next pass on.
    #[id = "in-place"]
    #[serde(rename = "in-place")]
    #[name = "In place"]
    InPlace,
}

impl Mode {
    /// All values, in the parameter's order.
    pub const ALL: [Self; 2] = [Self::Live, Self::InPlace];

    /// The mode in the core's terms.
    pub const fn of_core(self) -> rt::PlayMode {
        match self {
            Self::Live => rt::PlayMode::Live,
            Self::InPlace => rt::PlayMode::InPlace,
        }
    }
}

/// Length of a group of bars, which is also the delay.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Delay {
    /// Four bars, a whole phrase.
    #[id = "4"]
    #[serde(rename = "4")]
    #[name = "4 bars"]
    Four,
    /// Two bars.
    #[id = "2"]
    #[serde(rename = "2")]
    #[name = "2 bars"]
    Two,
    /// One bar.
    #[id = "1"]
    #[serde(rename = "1")]
    #[name = "1 bar"]
    One,
}

impl Delay {
    /// All values, in the parameter's order.
    pub const ALL: [Self; 3] = [Self::Four, Self::Two, Self::One];

    /// Length in bars.
    pub const fn bars(self) -> u8 {
        match self {
            Self::Four => 4,
            Self::Two => 2,
            Self::One => 1,
        }
    }
}

/// The sides of the A/B comparison.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Side {
    /// The first.
    #[default]
    A,
    /// The second.
    B,
}

/// The editor's theme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Look {
    /// Light on dark.
    Dark,
    /// Dark on light.
    Light,
}
