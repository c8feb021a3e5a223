//! No two texts overlap, in any window and with any values.

use egui::epaint::ClippedShape;
use egui::{Context, Pos2, RawInput, Rect, Shape, Vec2, vec2};
use third_stream::editor::{EditorView, draw};
use third_stream::params::Mode;
use third_stream::rt::Guard;

use crate::playing;

/// The drawn texts with their rectangles.
fn texts(view: &EditorView, size: Vec2, zoom: f32) -> Vec<(String, Rect)> {
    let context = Context::default();
    context.set_zoom_factor(zoom);
    let mut texts = Vec::new();
    // The first pass lays out, the second draws the result.
    for pass in 0..2 {
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, size / zoom)),
            time: Some(f64::from(pass)),
            ..RawInput::default()
        };
        let mut output = context.run_ui(input, |ui| {
            draw(ui, view);
        });
        output.textures_delta.clear();
        texts.clear();
        for ClippedShape {
            clip_rect, shape, ..
        } in &output.shapes
        {
            collect(shape, *clip_rect, &mut texts);
        }
    }
    texts
}

/// Collects the texts of a pass.
pub(crate) fn collect(shape: &Shape, clip: Rect, texts: &mut Vec<(String, Rect)>) {
    match shape {
        Shape::Vec(shapes) => shapes.iter().for_each(|shape| collect(shape, clip, texts)),
        Shape::Text(text) => {
            let rect = text
                .galley
                .rect
                .translate(text.pos.to_vec2())
                .intersect(clip);
            if rect.is_positive() {
                texts.push((text.galley.text().to_owned(), rect));
            }
        }
        _ => {}
    }
}

/// Middle of the text that begins so, in a window of `points`.
pub(crate) fn place(view: &EditorView, points: Vec2, text: &str) -> Pos2 {
    let texts = texts(view, points, 1.0);
    let begins = text.trim_end_matches('…');
    let found = texts.iter().find(|(drawn, _)| drawn.starts_with(begins));
    found
        .unwrap_or_else(|| panic!("{text:?} in {texts:?}"))
        .1
        .center()
}

#[test]
fn no_text_lies_over_another() {
    let guard = |density| Guard {
        melody_lock: true,
        scale: 1.0,
        density,
    };
    let (small, usual) = (vec2(680.0, 420.0), vec2(960.0, 560.0));
    let windows = [
        (small, 1.0),
        (small, 0.75),
        (vec2(760.0, 460.0), 1.0),
        (vec2(720.0, 420.0), 0.75),
        (usual, 1.0),
        (usual, 1.25),
        (vec2(1360.0, 840.0), 2.0),
        (vec2(1600.0, 900.0), 1.0),
    ];
    for (size, zoom) in windows {
        for density in [0.0, -1.0, 1.0, -0.07] {
            for mode in [Mode::Live, Mode::InPlace] {
                let view = EditorView {
                    guard: guard(density),
                    mode,
                    learned: 1208,
                    waiting: 14,
                    forgotten: 3,
                    ..playing()
                };
                let texts = texts(&view, size, zoom);
                assert!(texts.len() > 20, "{}", texts.len());
                for (index, (text, rect)) in texts.iter().enumerate() {
                    for (other, place) in &texts[index + 1..] {
                        let both = rect.shrink(1.0).intersect(place.shrink(1.0));
                        assert!(
                            !both.is_positive(),
                            "{text:?} over {other:?} at {size:?}, {zoom}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn no_text_is_smaller_than_eleven_pixels() {
    for (size, zoom) in [
        (vec2(680.0, 420.0), 1.0),
        (vec2(680.0, 420.0), 0.75),
        (vec2(960.0, 560.0), 1.0),
    ] {
        let context = Context::default();
        context.set_zoom_factor(zoom);
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, size / zoom)),
            ..RawInput::default()
        };
        let mut output = context.run_ui(input, |ui| {
            draw(ui, &playing());
        });
        output.textures_delta.clear();
        let mut count = 0;
        for ClippedShape { shape, .. } in &output.shapes {
            let Shape::Text(text) = shape else { continue };
            for section in &text.galley.job.sections {
                let pixels = section.format.font_id.size * zoom;
                assert!(pixels > 10.99, "{:?}: {pixels}", text.galley.text());
                count += 1;
            }
        }
        assert!(count > 20, "{count} texts");
    }
}

#[test]
fn the_density_is_said_in_the_smallest_window_too() {
    let view = EditorView {
        guard: Guard {
            density: -0.3,
            ..Guard::default()
        },
        ..playing()
    };
    let says = |size, wanted: &str| {
        let texts = texts(&view, size, 1.0);
        assert!(
            texts.iter().any(|(text, _)| text == wanted),
            "{wanted} at {size:?}"
        );
    };
    says(vec2(680.0, 420.0), "-30 %");
    says(vec2(1600.0, 900.0), "30 % fewer added");
}
