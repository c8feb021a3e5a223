//! The threshold above which a cell sounds, matched to the density of the music.
//!
//! A network is trained at [`THRESHOLD`]; where its outputs are thinner or denser than their
//! sources all the same, another threshold takes the cells that it is least sure of.

use crate::roll::Roll;
use crate::roll::edits::THRESHOLD;

/// Sounding cells of the outputs to those of the sources that are aimed at.
pub const AIM: [f64; 2] = [0.9, 1.1];
/// Hundredths from [`THRESHOLD`], at most.
const FARTHEST: u8 = 40;

/// The threshold nearest to [`THRESHOLD`] whose density ratio over all phrases lies within
/// [`AIM`]; `None` where no threshold from 0.1 to 0.9 does, or nothing sounds in the sources.
///
/// `probabilities` are those of the outputs, step-major, phrase after phrase.
pub fn matched(probabilities: &[f32], sources: &[Roll]) -> Option<f32> {
    let cells: u32 = sources.iter().map(Roll::count).sum();
    let ratio = |threshold: f32| {
        let sounding = probabilities.iter().filter(|p| **p > threshold).count();
        sounding as f64 / f64::from(cells)
    };
    let nearest_first = (0..=FARTHEST).flat_map(|hundredths| {
        let far = f32::from(hundredths) / 100.0;
        [THRESHOLD + far, THRESHOLD - far]
    });
    let mut within = nearest_first.filter(|threshold| {
        let [least, most] = AIM;
        cells > 0 && (least..=most).contains(&ratio(*threshold))
    });
    within.next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roll::CELLS;

    #[test]
    fn the_least_sure_cells_go_until_the_density_fits() {
        let mut source = Roll::EMPTY;
        source.fill(20, 0, 10);
        // Thirteen cells above one half, two of them hardly.
        let mut probabilities = vec![0.1; CELLS];
        probabilities[..11].fill(0.9);
        probabilities[11..13].fill(0.55);
        let threshold = matched(&probabilities, &[source]).unwrap();
        assert!((threshold - 0.55).abs() < 0.011, "{threshold}");
        probabilities[11..13].fill(0.2);
        assert_eq!(matched(&probabilities, &[source]), Some(THRESHOLD));
        assert_eq!(matched(&vec![0.0; CELLS], &[source]), None);
        assert_eq!(matched(&probabilities, &[Roll::EMPTY]), None);
    }
}
