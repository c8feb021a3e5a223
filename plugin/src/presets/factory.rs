//! The built-in presets.

use super::Preset;
use crate::values::{Delay, GenrePair, Mode, ParamValues};

/// The built-in presets, in the menu's order. Only those about the way of playing set it, so that
/// the others do not interrupt the music.
pub fn factory() -> Vec<Preset> {
    let preset = |name: &str, about: &str, settings| Preset {
        name: name.into(),
        about: about.into(),
        settings,
        file: None,
    };
    let sound = |pair, genre, quantise, melody, scale, density| ParamValues {
        pair,
        genre: Some(genre),
        quantise: Some(quantise),
        melody: Some(melody),
        scale: Some(scale),
        density: Some(density),
        ..ParamValues::default()
    };
    let classic = Some(GenrePair::JazzClassic);
    let pop = Some(GenrePair::JazzPop);
    let songbook = Some(GenrePair::ClassicPop);
    vec![
        preset(
            "As played",
            "What you play, unchanged",
            sound(None, 0.0, 100.0, false, 0.0, 0.0),
        ),
        preset(
            "Touch of jazz",
            "A little jazz, melody kept",
            sound(classic, -30.0, 60.0, true, 0.0, -20.0),
        ),
        preset(
            "Late set",
            "Jazz with loose timing",
            sound(classic, -65.0, 50.0, false, 0.0, 0.0),
        ),
        preset(
            "All the way to jazz",
            "As much jazz as there is",
            sound(classic, -100.0, 100.0, false, 0.0, 0.0),
        ),
        preset(
            "Touch of classical",
            "A little classical, melody kept",
            sound(classic, 30.0, 60.0, true, 50.0, -20.0),
        ),
        preset(
            "Recital",
            "Classical, melody and key kept",
            sound(classic, 65.0, 80.0, true, 70.0, 0.0),
        ),
        preset(
            "All the way to classical",
            "As much classical as there is",
            sound(classic, 100.0, 100.0, false, 0.0, 0.0),
        ),
        preset(
            "Jazz goes pop",
            "From jazz to pop",
            sound(pop, 65.0, 100.0, false, 0.0, 0.0),
        ),
        preset(
            "Classics go pop",
            "From classical to pop",
            sound(songbook, 65.0, 100.0, false, 0.0, 0.0),
        ),
        preset(
            "One bar later",
            "Live with the shortest delay",
            ParamValues {
                mode: Some(Mode::Live),
                delay: Some(Delay::One),
                ..ParamValues::default()
            },
        ),
        preset(
            "Follow the loop",
            "In place: learns the song",
            ParamValues {
                mode: Some(Mode::InPlace),
                ..ParamValues::default()
            },
        ),
    ]
}
