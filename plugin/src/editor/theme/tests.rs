//! Contrast of texts, and of the states of a note for all kinds of colour vision.

use super::*;

const THEMES: [(&str, &Colours); 2] = [("dark", &DARK), ("light", &LIGHT)];

/// An sRGB channel as linear light.
fn linear(channel: u8) -> f64 {
    let value = f64::from(channel) / 255.0;
    if value <= 0.040_45 {
        value / 12.92
    } else {
        ((value + 0.055) / 1.055).powf(2.4)
    }
}

fn light(colour: Color32) -> [f64; 3] {
    let [r, g, b, _] = colour.to_array();
    [r, g, b].map(linear)
}

/// The contrast of WCAG 2, 1..=21.
fn contrast(one: Color32, other: Color32) -> f64 {
    let luminance = |colour| {
        let [r, g, b] = light(colour);
        0.2126 * r + 0.7152 * g + 0.0722 * b
    };
    let (one, other) = (luminance(one) + 0.05, luminance(other) + 0.05);
    one.max(other) / one.min(other)
}

#[test]
fn all_text_has_a_contrast_of_four_and_a_half() {
    for (name, theme) in THEMES {
        let everywhere = [theme.background, theme.panel, theme.line];
        for text in [theme.text, theme.weak, theme.warning, theme.playhead] {
            for ground in everywhere {
                let contrast = contrast(text, ground);
                assert!(
                    contrast >= 4.5,
                    "{name}: {text:?} on {ground:?}: {contrast:.2}"
                );
            }
        }
        for text in [theme.text, theme.playhead] {
            let contrast = contrast(text, theme.strong_line);
            assert!(contrast >= 4.5, "{name}: what is chosen: {contrast:.2}");
        }
        for genre in Genre::ALL {
            for ground in everywhere {
                let contrast = contrast(theme.genre(genre), ground);
                assert!(
                    contrast >= 4.5,
                    "{name}: {genre} on {ground:?}: {contrast:.2}"
                );
            }
        }
        // The lit bypass button.
        assert!(contrast(theme.background, theme.warning) >= 4.5, "{name}");
        // Shapes that carry meaning.
        for shape in [theme.kept, theme.removed, theme.good] {
            assert!(contrast(shape, theme.panel) >= 3.0, "{name}: {shape:?}");
        }
    }
}

/// Full colour vision and three kinds of colour blindness, as matrices on linear light: Machado,
/// Oliveira and Fernandes 2009, severity 1.
const EYES: [(&str, [[f64; 3]; 3]); 4] = [
    ("all", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
    (
        "protanopia",
        [
            [0.152_286, 1.052_583, -0.204_868],
            [0.114_503, 0.786_281, 0.099_216],
            [-0.003_882, -0.048_116, 1.051_998],
        ],
    ),
    (
        "deuteranopia",
        [
            [0.367_322, 0.860_646, -0.227_968],
            [0.280_085, 0.672_501, 0.047_413],
            [-0.011_820, 0.042_940, 0.968_881],
        ],
    ),
    (
        "tritanopia",
        [
            [1.255_528, -0.076_749, -0.178_779],
            [-0.078_411, 0.930_809, 0.147_602],
            [0.004_733, 0.691_367, 0.303_900],
        ],
    ),
];

fn times(matrix: &[[f64; 3]; 3], vector: [f64; 3]) -> [f64; 3] {
    matrix.map(|row| row.iter().zip(vector).map(|(one, other)| one * other).sum())
}

/// Oklab (Ottosson 2020), in which equal distances look alike.
fn seen(colour: Color32, eyes: &[[f64; 3]; 3]) -> [f64; 3] {
    let light = times(eyes, light(colour)).map(|value| value.clamp(0.0, 1.0));
    let cones = times(
        &[
            [0.412_221_470_8, 0.536_332_536_3, 0.051_445_992_9],
            [0.211_903_498_2, 0.680_699_545_1, 0.107_396_956_6],
            [0.088_302_461_9, 0.281_718_837_6, 0.629_978_700_5],
        ],
        light,
    );
    times(
        &[
            [0.210_454_255_3, 0.793_617_785_0, -0.004_072_046_8],
            [1.977_998_495_1, -2.428_592_205_0, 0.450_593_709_9],
            [0.025_904_037_1, 0.782_771_766_2, -0.808_675_766_0],
        ],
        cones.map(f64::cbrt),
    )
}

#[test]
fn colours_that_differ_in_meaning_differ_for_colour_blind_eyes() {
    for (name, theme) in THEMES {
        let genres = Genre::ALL.map(|genre| theme.genre(genre));
        let mut pairs = vec![(theme.kept, theme.removed)];
        for genre in genres {
            pairs.extend([(theme.kept, genre), (theme.removed, genre)]);
        }
        pairs.extend([
            (genres[0], genres[1]),
            (genres[0], genres[2]),
            (genres[1], genres[2]),
        ]);
        for (eye, matrix) in &EYES {
            for (one, other) in &pairs {
                let (a, b) = (seen(*one, matrix), seen(*other, matrix));
                let apart: f64 = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum();
                let apart = apart.sqrt();
                assert!(apart >= 0.1, "{name}, {eye}: {one:?} {other:?}: {apart:.3}");
            }
        }
    }
}

#[test]
fn text_stays_large_enough_when_the_window_is_scaled_down() {
    let context = Context::default();
    assert_eq!(font(&context, 10.0).size, 11.0);
    context.set_zoom_factor(0.75);
    let mut output = context.run_ui(egui::RawInput::default(), |_| {});
    output.textures_delta.clear();
    assert!((font(&context, 13.0).size * 0.75 - 11.0).abs() < 1e-3);
    assert_eq!(font(&context, 22.0).size, 22.0);
}
