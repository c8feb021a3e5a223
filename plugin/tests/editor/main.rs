//! The editor without a host: its pictures, and its reactions to mouse and keys.
//!
//! `THIRD_STREAM_PICTURES=folder cargo test -p third-stream-plugin --test editor` writes the
//! documentation's pictures.

#![expect(
    clippy::unwrap_used,
    reason = "what a test builds on is a test's own failure"
)]

mod hands;
mod layout;
mod raster;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use egui::{Color32, ColorImage, Theme, Vec2, vec2};
use raster::Scene;
use third_stream::editor::{EditorView, IncomingNote, Notice, Playing, Side, draw};
use third_stream::engine::{Reading, WorkerState};
use third_stream::params::Mode;
use third_stream::rt::Guard;
use third_stream_model::genre::{Direction, Pair};
use third_stream_model::roll::notes::{GridNote, NoteRoll};
use third_stream_model::roll::row_of_key;
use third_stream_model::shipped;
use third_stream_model::transfer::{Transfer, Wish};

/// A four-bar comping figure with a walking bass, as text would be longer than the notes.
fn source() -> NoteRoll {
    let mut roll = NoteRoll::EMPTY;
    let mut note = |key: u8, start: usize, length: usize| roll.add(note(key, start, length));
    for (bar, bass) in [
        [38, 41, 45, 47],
        [43, 47, 50, 52],
        [36, 40, 43, 45],
        [45, 44, 43, 40],
    ]
    .into_iter()
    .enumerate()
    {
        for (beat, key) in bass.into_iter().enumerate() {
            note(key, bar * 16 + beat * 4, 3);
        }
    }
    for (bar, chord) in [
        [53, 57, 60, 64],
        [53, 57, 59, 64],
        [52, 55, 59, 62],
        [55, 58, 61, 64],
    ]
    .into_iter()
    .enumerate()
    {
        for key in chord {
            note(key, bar * 16 + 2, 4);
            note(key, bar * 16 + 11, 2);
        }
    }
    for (key, start, length) in [
        (69, 0, 3),
        (72, 3, 1),
        (74, 4, 3),
        (76, 7, 1),
        (77, 8, 5),
        (76, 14, 2),
        (74, 16, 2),
        (71, 19, 1),
        (67, 20, 6),
        (69, 28, 2),
        (71, 30, 2),
        (72, 32, 5),
        (76, 38, 2),
        (79, 40, 3),
        (76, 43, 1),
        (74, 44, 4),
        (73, 48, 3),
        (76, 51, 1),
        (79, 52, 3),
        (82, 55, 1),
        (81, 56, 7),
    ] {
        note(key, start, length);
    }
    roll
}

fn note(key: u8, start: usize, length: usize) -> GridNote {
    GridNote::new(start as u8, row_of_key(key).unwrap() as u8, length as u8)
}

/// The source with typical edits of a network.
fn output() -> NoteRoll {
    let mut roll = source();
    let remove = |roll: &mut NoteRoll, key: u8, start: usize| {
        roll.remove(start, row_of_key(key).unwrap());
    };
    for bar in 0..4 {
        for key in 52..=64 {
            remove(&mut roll, key, bar * 16 + 11);
        }
    }
    for (key, start, length) in [
        (62, 0, 8),
        (65, 8, 8),
        (59, 16, 8),
        (62, 24, 8),
        (60, 32, 8),
        (64, 40, 8),
        (61, 48, 8),
        (57, 56, 8),
        (48, 32, 16),
        (55, 36, 4),
        (57, 44, 4),
        (33, 48, 16),
        (53, 6, 4),
        (57, 6, 4),
    ] {
        roll.add(note(key, start, length));
    }
    remove(&mut roll, 72, 3);
    remove(&mut roll, 76, 7);
    remove(&mut roll, 82, 55);
    roll
}

fn ready() -> Reading {
    Reading {
        state: WorkerState::Ready,
        passes: 24,
        last_pass: Some(Duration::from_millis(31)),
        device: "CPU".into(),
        ..Reading::default()
    }
}

fn playing() -> EditorView {
    EditorView {
        knob: 0.72,
        moved: 0.72,
        state: Playing::Playing,
        source: source(),
        output: output(),
        playhead: Some(37.4),
        engine: ready(),
        ..EditorView::default()
    }
}

/// In the third of the first four bars; nothing sounds yet.
fn listening() -> EditorView {
    let notes = source();
    let incoming = notes.notes().filter_map(|note| {
        let (start, end) = (f32::from(note.start), note.end() as f32);
        (end < 38.0).then_some(IncomingNote {
            row: note.row,
            start,
            end,
        })
    });
    EditorView {
        state: Playing::Listening,
        listening: 3,
        incoming: incoming.collect(),
        playhead: Some(38.0),
        source: NoteRoll::EMPTY,
        output: NoteRoll::EMPTY,
        ..playing()
    }
}

fn picture(view: &EditorView, size: Vec2, scale: f32) -> ColorImage {
    let scene = Scene {
        size,
        pixels_per_point: scale,
        theme: Theme::Dark,
        zoom: 1.0,
        click: None,
    };
    shot(view, scene)
}

fn shot(view: &EditorView, scene: Scene) -> ColorImage {
    raster::render(scene, |ui| {
        draw(ui, view);
    })
}

/// Folder for the documentation's pictures, if requested.
fn folder() -> Option<PathBuf> {
    std::env::var_os("THIRD_STREAM_PICTURES").map(PathBuf::from)
}

fn save(picture: &ColorImage, name: &str) {
    let Some(folder) = folder() else {
        return;
    };
    let path = folder.join(name);
    let file = std::fs::File::create(&path).unwrap();
    let [width, height] = picture.size.map(|side| side as u32);
    let mut encoder = png::Encoder::new(file, width, height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    let bytes: Vec<u8> = picture.pixels.iter().flat_map(Color32::to_array).collect();
    encoder
        .write_header()
        .unwrap()
        .write_image_data(&bytes)
        .unwrap();
}

/// Number of pixels close to this colour.
fn pixels(picture: &ColorImage, colour: [u8; 3]) -> usize {
    let near = |pixel: &&Color32| {
        let [r, g, b, _] = pixel.to_array();
        let off = |a: u8, b: u8| a.abs_diff(b) < 24;
        off(r, colour[0]) && off(g, colour[1]) && off(b, colour[2])
    };
    picture.pixels.iter().filter(near).count()
}

const CLASSIC: [u8; 3] = [0x6c, 0xb0, 0xff];
const JAZZ: [u8; 3] = [0xf5, 0xae, 0x45];

#[test]
fn added_notes_have_the_colour_of_the_genre_they_come_from() {
    let view = playing();
    let classic = picture(&view, vec2(960.0, 560.0), 1.0);
    let jazz = EditorView {
        knob: -0.4,
        moved: -0.4,
        ..view
    };
    let jazz = picture(&jazz, vec2(960.0, 560.0), 1.0);
    assert!(pixels(&classic, CLASSIC) > 4 * pixels(&jazz, CLASSIC));
    assert!(pixels(&jazz, JAZZ) > 4 * pixels(&classic, JAZZ));
}

/// The documentation shows the shipped networks' answer to the phrase, and their time.
#[test]
fn the_documentation_s_pictures() {
    if folder().is_none() {
        return;
    }
    let transfer = Transfer::from_bytes(shipped::arranger()).unwrap();
    for (name, knob) in [("editor.png", 0.72), ("editor-jazz.png", -0.4)] {
        let (direction, amount) = Direction::of_knob(knob);
        let ends = (Pair::JAZZ_CLASSIC, direction);
        let answer = || transfer.edits(&source(), ends, &Wish::default()).unwrap();
        answer();
        let start = Instant::now();
        let edits = answer();
        let took = start.elapsed();
        let view = EditorView {
            knob,
            moved: knob,
            output: edits.apply(&source(), amount),
            engine: Reading {
                last_pass: Some(took),
                device: transfer.device().into(),
                ..ready()
            },
            ..playing()
        };
        save(&picture(&view, vec2(960.0, 560.0), 2.0), name);
    }
}

#[test]
fn every_state_fits_into_the_smallest_and_a_large_window() {
    let idle = EditorView {
        engine: ready(),
        ..EditorView::default()
    };
    let failed = EditorView {
        bypass: true,
        state: Playing::Bypassed,
        engine: Reading {
            state: WorkerState::Failed,
            error: Some("the weights cannot be used: the file is cut after 12 bytes".into()),
            ..Reading::default()
        },
        ..playing()
    };
    let late = EditorView {
        late: 3,
        state: Playing::Dry,
        first_step: 32,
        moved: 0.9,
        notice: Some(Notice::Warning(
            "This project's settings come from a newer version: kept, but not used here".into(),
        )),
        ..playing()
    };
    let in_place = EditorView {
        mode: Mode::InPlace,
        learned: 12,
        waiting: 2,
        ..playing()
    };
    let guarded = EditorView {
        guard: Guard {
            melody_lock: true,
            scale: 0.5,
            density: -0.3,
        },
        ..playing()
    };
    let saved = EditorView {
        notice: Some(Notice::Done(
            "Saved /music/Third Stream/Phrase 12.mid".into(),
        )),
        chosen: Some(5),
        side: Side::B,
        ..playing()
    };
    let before = EditorView {
        before: true,
        knob: 0.0,
        moved: 0.0,
        output: source(),
        ..playing()
    };
    let (usual, small) = (vec2(960.0, 560.0), vec2(680.0, 420.0));
    for (name, view, size, zoom) in [
        ("guarded", &guarded, usual, 1.0),
        ("in-place", &in_place, usual, 1.0),
        ("in-place-small", &in_place, small, 1.0),
        ("idle", &idle, usual, 1.0),
        ("listening", &listening(), usual, 1.0),
        ("listening-75", &listening(), usual * 0.75, 0.75),
        ("failed", &failed, small, 1.0),
        ("late", &late, small, 1.0),
        ("late-75", &late, small, 0.75),
        ("before", &before, usual, 1.0),
        ("saved", &saved, usual, 1.0),
        ("saved-small", &saved, small, 1.0),
        ("playing-75", &playing(), usual * 0.75, 0.75),
        ("playing", &playing(), usual, 1.0),
        ("playing-200", &playing(), usual * 2.0, 2.0),
        ("large", &playing(), vec2(1600.0, 900.0), 1.0),
    ] {
        for (suffix, theme, text, background) in [
            ("", Theme::Dark, [0xdd, 0xe0, 0xe6], [0x14, 0x16, 0x1a]),
            (
                "-light",
                Theme::Light,
                [0x21, 0x25, 0x2c],
                [0xe9, 0xeb, 0xef],
            ),
        ] {
            let scene = Scene {
                size,
                pixels_per_point: 1.0,
                theme,
                zoom,
                click: None,
            };
            let picture = shot(view, scene);
            save(&picture, &format!("{name}{suffix}.png"));
            assert_eq!(picture.size, [size.x as usize, size.y as usize]);
            assert!(pixels(&picture, text) > 50, "{name}{suffix} has text");
            let whole = picture.pixels.len();
            let behind = pixels(&picture, background);
            assert!(behind > whole / 2, "{name}{suffix} is of one theme");
        }
    }
}

#[test]
fn the_menus_open_in_both_themes_and_sizes() {
    let (usual, small) = (vec2(960.0, 560.0), vec2(680.0, 420.0));
    let (own_preset, own_weights) = (hands::with_own_preset(), hands::with_own_weights());
    for (name, view, text, size, zoom, least) in [
        ("menu", &own_preset, "Mine", usual, 1.0, 20_000),
        ("menu-small", &own_preset, "Mine", small, 1.0, 20_000),
        (
            "pairs",
            &own_weights,
            "Jazz – Classical · Band",
            usual,
            1.0,
            3_000,
        ),
        (
            "pairs-small",
            &own_weights,
            "Jazz – Clas…",
            small,
            1.0,
            3_000,
        ),
        ("options", &own_weights, "", usual, 1.0, 3_000),
        ("options-75", &own_weights, "", usual * 0.75, 0.75, 2_000),
    ] {
        for (suffix, theme) in [("", Theme::Dark), ("-light", Theme::Light)] {
            let points = size / zoom;
            // The options button has no text: the last but one.
            let at = match text {
                "" => egui::pos2(points.x - 71.0, 24.0),
                text => layout::place(view, points, text),
            };
            let shut = Scene {
                size,
                pixels_per_point: 1.0,
                theme,
                zoom,
                click: None,
            };
            let open = Scene {
                click: Some(at),
                ..shut
            };
            let (shut, open) = (shot(view, shut), shot(view, open));
            save(&open, &format!("{name}{suffix}.png"));
            let pairs = shut.pixels.iter().zip(&open.pixels);
            let changed = pairs.filter(|(before, after)| before != after).count();
            assert!(changed > least, "{name}: {changed} pixels changed");
        }
    }
}
