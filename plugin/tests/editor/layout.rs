//! No two texts lie over each other, in any window and whatever the controls say.

use egui::epaint::ClippedShape;
use egui::{Context, Pos2, RawInput, Rect, Shape, Vec2, vec2};
use third_stream::editor::{View, draw};
use third_stream::params::Mode;
use third_stream::rt::Guard;

use crate::playing;

/// The texts that are drawn, and where.
fn texts(view: &View, size: Vec2) -> Vec<(String, Rect)> {
    let context = Context::default();
    let mut texts = Vec::new();
    // The first pass lays out, the second draws what it found.
    for pass in 0..2 {
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, size)),
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

fn collect(shape: &Shape, clip: Rect, texts: &mut Vec<(String, Rect)>) {
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

#[test]
fn no_text_lies_over_another() {
    let guard = |density| Guard {
        melody_lock: true,
        scale: 1.0,
        density,
    };
    let (small, usual) = (vec2(680.0, 420.0), vec2(960.0, 560.0));
    for size in [small, vec2(760.0, 460.0), usual, vec2(1600.0, 900.0)] {
        for density in [0.0, -1.0, 1.0, -0.07] {
            for mode in [Mode::Live, Mode::InPlace] {
                let view = View {
                    guard: guard(density),
                    mode,
                    learned: 1208,
                    waiting: 14,
                    forgotten: 3,
                    ..playing()
                };
                let texts = texts(&view, size);
                assert!(texts.len() > 20, "{}", texts.len());
                for (index, (text, rect)) in texts.iter().enumerate() {
                    for (other, place) in &texts[index + 1..] {
                        let both = rect.shrink(1.0).intersect(place.shrink(1.0));
                        assert!(!both.is_positive(), "{text:?} over {other:?} at {size:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn the_density_is_said_in_the_smallest_window_too() {
    let view = View {
        guard: Guard {
            density: -0.3,
            ..Guard::default()
        },
        ..playing()
    };
    let says = |size, wanted: &str| {
        let texts = texts(&view, size);
        assert!(
            texts.iter().any(|(text, _)| text == wanted),
            "{wanted} at {size:?}"
        );
    };
    says(vec2(680.0, 420.0), "-30 %");
    says(vec2(1600.0, 900.0), "30 % fewer added");
}
