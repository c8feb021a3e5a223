//! A canvas as the network reads it, and what conditions the network's norms.
//!
//! | plane | what it says of a cell |
//! |---|---|
//! | 0, 1 | a shown note sounds; begins |
//! | 2 | the cell is hidden |
//! | 3, 4 | the tune sounds; begins |
//! | 5 | its pitch class is in the half bar's harmony |
//! | 6, 7 | place in the bar: cos(2π step / 16); 1 on beats, -½ between eighths |
//! | 8 | height: -1 in the lowest row to 1 in the highest |

use candle_core::{Device, Result, Tensor};

use super::Canvas;
use super::attributes::Attributes;
use super::canvas::HALF_BARS;
use super::config::{ArrangerConfig, PLANES};
use crate::roll::{CELLS, PITCHES, Roll, STEPS};

/// Planes that a canvas decides: 0 to 5. Each of their cells is 0 or 1.
pub const DRAWN: usize = 6;
/// Values of a canvas.
pub const VALUES: usize = PLANES * CELLS;

/// The planes of some canvases: (canvases, 9, 64, 84).
///
/// # Errors
/// candle's: shapes that do not fit, no memory on the device.
pub fn planes(canvases: &[Canvas], device: &Device) -> Result<Tensor> {
    let mut values = vec![0.0; canvases.len() * VALUES];
    for (canvas, values) in canvases.iter().zip(values.chunks_exact_mut(VALUES)) {
        write_planes(canvas, values);
    }
    Tensor::from_vec(values, (canvases.len(), PLANES, STEPS, PITCHES), device)
}

/// Writes the planes of one canvas, one after another, each step by step.
///
/// # Panics
/// If `values` is not [`VALUES`] long.
pub fn write_planes(canvas: &Canvas, values: &mut [f32]) {
    assert_eq!(values.len(), VALUES, "values of a canvas");
    let (drawn, place) = values.split_at_mut(DRAWN * CELLS);
    for (roll, values) in drawn_planes(canvas)
        .iter()
        .zip(drawn.chunks_exact_mut(CELLS))
    {
        roll.write_values(values);
    }
    write_place(place);
}

/// The planes that a canvas decides, in their order.
pub fn drawn_planes(canvas: &Canvas) -> [Roll; DRAWN] {
    let harmony = std::array::from_fn(|step| {
        let classes = u128::from(canvas.harmony.0[step * HALF_BARS / STEPS]);
        (0..PITCHES / 12).fold(0, |rows, octave| rows | classes << (12 * octave))
    });
    [
        *canvas.shown.sounding(),
        *canvas.shown.onsets(),
        canvas.hidden,
        *canvas.tune.sounding(),
        *canvas.tune.onsets(),
        Roll::from_steps(harmony),
    ]
}

/// Writes the planes that are the same for every canvas, 6 to 8.
///
/// # Panics
/// If `values` is not as long as three planes.
pub fn write_place(values: &mut [f32]) {
    assert_eq!(values.len(), VALUES - DRAWN * CELLS, "values of place");
    let (bar, rest) = values.split_at_mut(CELLS);
    let (beat, height) = rest.split_at_mut(CELLS);
    let rows = bar.chunks_exact_mut(PITCHES);
    let rows = rows.zip(beat.chunks_exact_mut(PITCHES));
    let rows = rows.zip(height.chunks_exact_mut(PITCHES));
    for (step, ((bar, beat), height)) in rows.enumerate() {
        bar.fill((std::f64::consts::TAU * step as f64 / 16.0).cos() as f32);
        beat.fill(match step % 4 {
            0 => 1.0,
            2 => 0.0,
            _ => -0.5,
        });
        for (row, height) in height.iter_mut().enumerate() {
            *height = (2.0 * row as f64 / (PITCHES - 1) as f64 - 1.0) as f32;
        }
    }
}

/// The condition of a network's norms, [`ArrangerConfig::condition`] numbers: the shares of jazz,
/// classical music, pop and no genre in the style, the tune's freedom (0..1), 1, and the
/// attributes, if its norms depend on them.
pub fn condition(
    config: &ArrangerConfig,
    style: [f32; 4],
    freedom: f32,
    attributes: &Attributes,
) -> Vec<f32> {
    let mut values = style.to_vec();
    values.extend([freedom, 1.0]);
    if config.attributes {
        values.extend(attributes.0);
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::family::arranger::Harmony;
    use crate::roll::notes::{GridNote, NoteRoll};

    #[test]
    fn a_canvas_is_nine_planes() {
        let note = |start, row, length| NoteRoll::from_iter([GridNote { start, row, length }]);
        let mut canvas = Canvas {
            shown: note(3, 10, 2),
            tune: note(8, 20, 1),
            harmony: Harmony([0, 1 << 4, 0, 0, 0, 0, 0, 1 << 11]),
            ..Canvas::default()
        };
        canvas.hidden.set(63, 83, true);
        let planes = planes(&[Canvas::default(), canvas], &Device::Cpu).unwrap();
        assert_eq!(planes.dims(), [2, 9, 64, 84]);
        let values = planes.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let at = |plane: usize, step: usize, row: usize| {
            values[VALUES + plane * CELLS + step * PITCHES + row]
        };
        let sum = |plane: usize| {
            values[VALUES + plane * CELLS..][..CELLS]
                .iter()
                .sum::<f32>()
        };
        assert_eq!([at(0, 3, 10), at(0, 4, 10), sum(0)], [1.0, 1.0, 2.0]);
        assert_eq!([at(1, 3, 10), sum(1)], [1.0, 1.0]);
        assert_eq!([at(2, 63, 83), sum(2)], [1.0, 1.0]);
        assert_eq!([at(3, 8, 20), at(4, 8, 20)], [1.0, 1.0]);
        let harmony = [
            at(5, 8, 4),
            at(5, 15, 76),
            at(5, 56, 11),
            at(5, 7, 4),
            at(5, 16, 4),
        ];
        assert_eq!(harmony, [1.0, 1.0, 1.0, 0.0, 0.0]);
        assert_eq!(sum(5), 2.0 * 8.0 * 7.0);
        // By numpy: cos(2 pi 6 / 16), and the beats.
        assert!((at(6, 6, 0) + 0.707_106_77).abs() < 1e-7 && at(6, 16, 5) == 1.0);
        assert_eq!(
            [0, 1, 2, 3, 4].map(|t| at(7, t, 50)),
            [1.0, -0.5, 0.0, -0.5, 1.0]
        );
        assert_eq!([at(8, 9, 0), at(8, 9, 83)], [-1.0, 1.0]);
        assert_eq!(
            values[..VALUES].iter().take(DRAWN * CELLS).sum::<f32>(),
            0.0
        );
    }
}
