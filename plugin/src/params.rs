//! The parameters: ids, ranges, and their values as text in hosts and the editor.
//!
//! Ids never change: projects and automation refer to them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use nice_plug::prelude::*;
use parking_lot::Mutex;

use crate::changes::Changes;
use crate::link::Taste;
use crate::memory::Keeper;
use crate::rt::{Guard, Settings};
use crate::state::SavedState;
use crate::user_weights::ChosenWeights;
use crate::values::{self, ParamValues, knob_of_percent, number};
pub use crate::values::{
    Delay, GenrePair, HarmonyChoice, Mode, TAKES, VoicesChoice, genre_label, genre_text, read_genre,
};

/// All parameters, and the state saved beside them.
#[derive(Params)]
pub struct ThirdStreamParams {
    /// From the pair's first genre (−100 %) through "as played" (0) to its second (100 %).
    #[id = "genre"]
    pub genre: FloatParam,
    /// The genres at the knob's ends. Bars asked about before a change keep their answers.
    #[id = "pair"]
    pub pair: EnumParam<GenrePair>,
    /// Strength of the pull of kept notes to the 16-step grid, in percent.
    #[id = "quantise"]
    pub quantise: FloatParam,
    /// Freedom of the tune, in percent; 0 keeps it as played.
    #[id = "tune"]
    pub tune: FloatParam,
    /// Share of the harmony that is kept.
    #[id = "harmony"]
    pub harmony: EnumParam<HarmonyChoice>,
    /// The take in use, from 1.
    #[id = "variation"]
    pub variation: IntParam,
    /// Number of voices of an answer.
    #[id = "voices"]
    pub voices: EnumParam<VoicesChoice>,
    /// Melody lock: keeps the top line.
    #[id = "melody"]
    pub melody: BoolParam,
    /// Strictness with which added notes keep to the key, in percent.
    #[id = "scale"]
    pub scale: FloatParam,
    /// Below 0 the network adds less, above 0 it removes less, in percent.
    #[id = "density"]
    pub density: FloatParam,
    /// The way of playing: Live or In place.
    #[id = "mode"]
    pub mode: EnumParam<Mode>,
    /// Live: bars in a group, and so the delay.
    #[id = "delay"]
    pub delay: EnumParam<Delay>,
    /// Going from off to on forgets everything that In place remembers.
    #[id = "forget"]
    pub forget: BoolParam,
    /// The host's bypass: notes pass unchanged and at once.
    #[id = "bypass"]
    pub bypass: BoolParam,
    /// Saved state beside the parameters. Locked by the editor and the main thread only.
    #[persist = "state"]
    pub state: Arc<Mutex<SavedState>>,
    /// In place's memory. Never locked by the audio thread.
    #[persist = "memory"]
    pub(crate) memory: Arc<Keeper>,
    /// The user weights in use.
    #[persist = "weights"]
    pub(crate) own: ChosenWeights,
    changes: Changes,
}

impl Default for ThirdStreamParams {
    fn default() -> Self {
        // The knob's text depends on the pair, which a parameter's formatter cannot ask for.
        let pair = Arc::new(AtomicUsize::new(0));
        let (said, read) = (Arc::clone(&pair), Arc::clone(&pair));
        let changes = Changes::default();
        let changed = changes.clone();
        let now = |pair: &AtomicUsize| GenrePair::ALL[pair.load(Ordering::Relaxed)].of_core();
        Self {
            genre: FloatParam::new(
                "Genre",
                0.0,
                FloatRange::Linear {
                    min: -100.0,
                    max: 100.0,
                },
            )
            .with_value_to_string(Arc::new(move |percent| genre_text(now(&said), percent)))
            .with_string_to_value(Arc::new(move |text| read_genre(now(&read), text)))
            .with_callback(changes.count()),
            pair: EnumParam::new("Pair", GenrePair::JazzClassic).with_callback(Arc::new(
                move |chosen: GenrePair| {
                    pair.store(chosen as usize, Ordering::Relaxed);
                    changed.add();
                },
            )),
            quantise: share("Quantise", 100.0).with_callback(changes.count()),
            tune: share("Tune", values::TUNE).with_callback(changes.count()),
            harmony: EnumParam::new("Harmony", HarmonyChoice::Some).with_callback(changes.count()),
            voices: EnumParam::new("Voices", VoicesChoice::AsPlayed).with_callback(changes.count()),
            variation: IntParam::new(
                "Variation",
                1,
                IntRange::Linear {
                    min: 1,
                    max: i32::from(TAKES),
                },
            )
            .with_callback(changes.count()),
            melody: BoolParam::new("Melody lock", false).with_callback(changes.count()),
            scale: share("Scale guard", 0.0).with_callback(changes.count()),
            density: FloatParam::new(
                "Density",
                0.0,
                FloatRange::Linear {
                    min: -100.0,
                    max: 100.0,
                },
            )
            .with_unit(" %")
            .with_value_to_string(Arc::new(|percent| format!("{percent:+.0}")))
            .with_string_to_value(Arc::new(number))
            .with_callback(changes.count()),
            mode: EnumParam::new("Mode", Mode::Live).with_callback(changes.count()),
            delay: EnumParam::new("Delay", Delay::Four).with_callback(changes.count()),
            forget: BoolParam::new("Forget", false).with_callback(changes.count()),
            bypass: BoolParam::new("Bypass", false)
                .make_bypass()
                .with_callback(changes.count()),
            state: Arc::default(),
            memory: Arc::default(),
            own: ChosenWeights::new(changes.clone()),
            changes,
        }
    }
}

/// A parameter from 0 to 100 %.
fn share(name: &str, usual: f32) -> FloatParam {
    FloatParam::new(
        name,
        usual,
        FloatRange::Linear {
            min: 0.0,
            max: 100.0,
        },
    )
    .with_unit(" %")
    .with_value_to_string(Arc::new(|percent| format!("{percent:.0}")))
    .with_string_to_value(Arc::new(number))
}

impl ThirdStreamParams {
    /// The settings for the core. Audio thread.
    pub fn settings(&self) -> Settings {
        Settings {
            knob: self.knob(),
            quantise: self.quantise.value() / 100.0,
            guard: self.guard(),
            mode: self.mode.value().of_core(),
            forget: self.forget.value(),
            delay_bars: self.delay.value().bars(),
            bypass: self.bypass.value(),
            weights: self.own.weights(self.pair.value().of_core()),
            taste: Taste {
                variation: self.take(),
                // Rounded to percent, so that slow automation causes fewer requests.
                freedom: self.tune.value().round() / 100.0,
                pitch_classes: self.harmony.value().pitch_classes(),
                one_voice: self.voices.value() == VoicesChoice::AsPlayed,
            },
        }
    }

    /// The values without the host's modulation.
    pub fn values(&self) -> ParamValues {
        ParamValues {
            genre: Some(self.genre.unmodulated_plain_value()),
            pair: Some(self.pair.unmodulated_plain_value()),
            quantise: Some(self.quantise.unmodulated_plain_value()),
            tune: Some(self.tune.unmodulated_plain_value()),
            harmony: Some(self.harmony.unmodulated_plain_value()),
            variation: Some(self.variation.unmodulated_plain_value()),
            voices: Some(self.voices.unmodulated_plain_value()),
            melody: Some(self.melody.unmodulated_plain_value()),
            scale: Some(self.scale.unmodulated_plain_value()),
            density: Some(self.density.unmodulated_plain_value()),
            mode: Some(self.mode.unmodulated_plain_value()),
            delay: Some(self.delay.unmodulated_plain_value()),
        }
    }

    /// The take in use, from 1. Audio thread.
    pub fn take(&self) -> u8 {
        self.variation.value().clamp(1, i32::from(TAKES)) as u8
    }

    /// A change counter: while it stays, so do [`Self::settings`]. Audio thread.
    pub fn changes(&self) -> u32 {
        self.changes.count_now()
    }

    /// The limits on the network's edits. Audio thread.
    pub fn guard(&self) -> Guard {
        Guard {
            melody_lock: self.melody.value(),
            scale: self.scale.value() / 100.0,
            density: self.density.value() / 100.0,
        }
    }

    /// The knob in −1..=1, exactly 0 at the centre. Audio thread.
    pub fn knob(&self) -> f32 {
        knob_of_percent(self.genre.value())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_defaults_stay() {
        let params = ThirdStreamParams::default();
        let ids: Vec<String> = params.param_map().into_iter().map(|(id, ..)| id).collect();
        assert_eq!(
            ids,
            [
                "genre",
                "pair",
                "quantise",
                "tune",
                "harmony",
                "variation",
                "voices",
                "melody",
                "scale",
                "density",
                "mode",
                "delay",
                "forget",
                "bypass"
            ]
        );
        assert_eq!(params.guard(), Guard::default());
        assert_eq!(params.settings().taste, Taste::default());
        assert_eq!(
            HarmonyChoice::ids(),
            Some(&["kept", "three", "enriched"][..])
        );
        assert_eq!(params.knob(), 0.0);
        assert_eq!(params.quantise.value(), 100.0);
        assert_eq!(params.delay.value().bars(), 4);
        assert!(params.bypass.flags().contains(ParamFlags::BYPASS));
        assert_eq!(Delay::ids(), Some(&["4", "2", "1"][..]));
        assert_eq!(Mode::ids(), Some(&["live", "in-place"][..]));
    }

    #[test]
    #[expect(unsafe_code, reason = "as the framework sets a parameter")]
    fn the_knob_s_words_follow_the_pair() {
        let params = ThirdStreamParams::default();
        let say = |percent| params.genre.normalized_value_to_string(percent, true);
        assert_eq!(say(1.0), "100 % classical");
        for (index, pair) in GenrePair::ALL.into_iter().enumerate() {
            let normalised = index as f32 / 2.0;
            // SAFETY: the parameters live to the end of the test.
            unsafe {
                params
                    .pair
                    .as_ptr()
                    ._internal_set_normalized_value(normalised)
            };
            assert_eq!(params.pair.value() as usize, index);
            assert_eq!(say(0.0), format!("100 % {}", genre_label(pair.of_core().a)));
            assert_eq!(say(1.0), format!("100 % {}", genre_label(pair.of_core().b)));
        }
        assert_eq!(params.genre.string_to_normalized_value("pop"), Some(1.0));
        assert_eq!(params.genre.string_to_normalized_value("jazz"), None);
        assert_eq!(
            GenrePair::ids(),
            Some(&["jazz-classic", "jazz-pop", "classic-pop"][..])
        );
    }

    #[test]
    #[expect(unsafe_code, reason = "as the framework sets a parameter")]
    fn every_change_of_a_parameter_is_counted() {
        let params = ThirdStreamParams::default();
        for (id, pointer, _) in params.param_map() {
            let before = params.changes();
            for to in [0.9, 0.1] {
                let (changes, settings) = (params.changes(), params.settings());
                // SAFETY: the parameters live to the end of the test.
                let moved = unsafe { pointer._internal_set_normalized_value(to) };
                assert_eq!(params.settings() != settings, moved, "{id} to {to}");
                assert_eq!(params.changes() != changes, moved, "{id} to {to}");
            }
            assert_ne!(params.changes(), before, "{id} cannot be moved");
        }
    }

    #[test]
    fn the_host_s_centre_is_as_played() {
        let params = ThirdStreamParams::default();
        assert_eq!(knob_of_percent(params.genre.preview_plain(0.5)), 0.0);
        assert_eq!(
            knob_of_percent(params.genre.preview_plain(0.500_000_1)),
            0.0
        );
        assert_eq!(knob_of_percent(params.genre.preview_plain(1.0)), 1.0);
        assert_eq!(knob_of_percent(params.genre.preview_plain(0.0)), -1.0);
    }
}
