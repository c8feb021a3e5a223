//! Layout of the editor's parts, for any window from 680 × 420.

use egui::{Rect, pos2, vec2};

use super::controls::HEIGHT;

/// Smallest window, in logical pixels at 100 %.
pub(crate) const SMALLEST: (f32, f32) = (680.0, 420.0);
/// Height of the explanation below the mode.
const ABOUT: f32 = 34.0;
/// Gap between two parts.
const GAP: f32 = 8.0;

/// Rectangles of the editor's parts.
pub(crate) struct Layout {
    pub(crate) heading: Rect,
    pub(crate) foot: Rect,
    /// Background of the knob and the controls below it.
    pub(crate) panel: Rect,
    pub(crate) knob: Rect,
    pub(crate) mode: Rect,
    pub(crate) about: Rect,
    pub(crate) delay: Rect,
    pub(crate) roll: Rect,
    pub(crate) taste: Rect,
    pub(crate) guards: Rect,
}

/// The layout of the whole window.
pub(crate) fn of(all: Rect) -> Layout {
    let inner = all.shrink2(vec2(14.0, 8.0));
    let heading = Rect::from_min_size(inner.min, vec2(inner.width(), 32.0));
    let foot = Rect::from_min_max(pos2(inner.left(), inner.bottom() - 20.0), inner.max);
    let middle = Rect::from_min_max(
        pos2(inner.left(), heading.bottom() + GAP),
        pos2(inner.right(), foot.top() - 6.0),
    );
    let column = (inner.width() * 0.29).clamp(232.0, 340.0);
    let panel = Rect::from_min_size(middle.min, vec2(column, middle.height()));
    let left = panel.shrink2(vec2(14.0, 10.0));
    let row = |bottom: f32, height: f32| {
        Rect::from_min_max(
            pos2(left.left(), bottom - height),
            pos2(left.right(), bottom),
        )
    };
    let delay = row(left.bottom(), HEIGHT);
    let about = row(delay.top() - 4.0, ABOUT);
    let mode = row(about.top() - 4.0, HEIGHT);
    let knob = Rect::from_min_max(left.min, pos2(left.right(), mode.top() - 4.0));
    let right = Rect::from_min_max(pos2(panel.right() + 12.0, middle.top()), middle.max);
    let guards = Rect::from_min_max(
        pos2(right.left() + 4.0, right.bottom() - HEIGHT),
        pos2(right.right() - 4.0, right.bottom()),
    );
    let taste = guards.translate(vec2(0.0, -GAP - HEIGHT));
    let roll = Rect::from_min_max(right.min, pos2(right.right(), taste.top() - GAP));
    Layout {
        heading,
        foot,
        panel,
        knob,
        mode,
        about,
        delay,
        roll,
        taste,
        guards,
    }
}

/// The largest zoom of `scales` (percent), up to `wanted`, at which the layout fits a window of
/// `real` logical pixels.
pub(crate) fn fitting(scales: &[u16], wanted: u16, real: egui::Vec2) -> u16 {
    let fits = |scale: &&u16| {
        let scale = f32::from(**scale) / 100.0;
        real.x + 1.0 >= SMALLEST.0 * scale && real.y + 1.0 >= SMALLEST.1 * scale
    };
    let smaller = scales.iter().filter(|scale| **scale <= wanted);
    smaller.filter(fits).max().copied().unwrap_or(scales[0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::editor::{SCALES, knob};
    use egui::Pos2;

    #[test]
    fn the_knob_is_never_smaller_than_120_pixels_and_nothing_overlaps() {
        for scale in SCALES {
            for real in [SMALLEST, (960.0, 560.0), (680.0, 900.0), (1920.0, 1120.0)] {
                let fits = fitting(&SCALES, scale, vec2(real.0, real.1));
                let zoom = f32::from(fits) / 100.0;
                let size = vec2(real.0, real.1) / zoom;
                let at = of(Rect::from_min_size(Pos2::ZERO, size));
                let pixels = 2.0 * knob::radius(at.knob) * zoom;
                assert!(pixels >= 120.0, "{pixels} at {real:?}, {scale} %");
                let parts = [
                    at.heading, at.foot, at.knob, at.mode, at.about, at.delay, at.roll, at.taste,
                    at.guards,
                ];
                for (index, part) in parts.iter().enumerate() {
                    assert!(part.is_positive(), "{index} at {size:?}");
                    for other in &parts[index + 1..] {
                        assert!(!part.intersect(*other).is_positive(), "{index} at {size:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_window_that_is_too_small_is_drawn_smaller() {
        assert_eq!(fitting(&SCALES, 200, vec2(1920.0, 1120.0)), 200);
        assert_eq!(fitting(&SCALES, 200, vec2(1100.0, 700.0)), 150);
        assert_eq!(fitting(&SCALES, 75, vec2(1920.0, 1120.0)), 75);
        assert_eq!(fitting(&SCALES, 150, vec2(300.0, 200.0)), 75);
    }
}
