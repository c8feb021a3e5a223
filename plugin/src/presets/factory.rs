//! The presets that come with the plugin.

use super::{Preset, Settings};
use crate::params::{Delay, Mode};

/// The presets that come with the plugin, in the menu's order. None but those that are about it
/// touches the way of playing, so that choosing one does not stop the music.
pub fn factory() -> Vec<Preset> {
    let preset = |name: &str, settings| Preset {
        name: name.into(),
        settings,
        file: None,
    };
    let sound = |genre, quantise, melody, scale, density| Settings {
        genre: Some(genre),
        quantise: Some(quantise),
        melody: Some(melody),
        scale: Some(scale),
        density: Some(density),
        ..Settings::default()
    };
    vec![
        preset("As played", sound(0.0, 100.0, false, 0.0, 0.0)),
        preset("Touch of jazz", sound(-30.0, 60.0, true, 0.0, -20.0)),
        preset("Late set", sound(-65.0, 50.0, false, 0.0, 0.0)),
        preset("All the way to jazz", sound(-100.0, 100.0, false, 0.0, 0.0)),
        preset("Touch of classical", sound(30.0, 60.0, true, 50.0, -20.0)),
        preset("Recital", sound(65.0, 80.0, true, 70.0, 0.0)),
        preset(
            "All the way to classical",
            sound(100.0, 100.0, false, 0.0, 0.0),
        ),
        preset(
            "One bar later",
            Settings {
                mode: Some(Mode::Live),
                delay: Some(Delay::One),
                ..Settings::default()
            },
        ),
        preset(
            "Follow the loop",
            Settings {
                mode: Some(Mode::InPlace),
                ..Settings::default()
            },
        ),
    ]
}
