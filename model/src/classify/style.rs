//! The paper's measure of style, S: how far the transfer moves a judge from the source genre to
//! the target (Brunner et al. 2018; the tables hold shares of phrases, not mean probabilities).

use serde::{Deserialize, Serialize};

/// The shares of phrases (0..=1) that a judge calls the source genre, for one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SourceShares {
    /// Share for the sources x: the judge's recall on the source genre.
    pub source: f64,
    /// Share for the outputs x̂.
    pub output: f64,
    /// Share for x̃, the sources through both generators with a binary roll between.
    pub back: f64,
}

impl SourceShares {
    /// From the judge's predictions: `true` where it says the source genre.
    pub fn of(source: &[bool], output: &[bool], back: &[bool]) -> Self {
        Self {
            source: share(source),
            output: share(output),
            back: share(back),
        }
    }

    /// S of the direction, −1..=1: ½[(P(x) − P(x̂)) + (P(x̃) − P(x̂))]. The identity gives 0.
    pub fn strength(&self) -> f64 {
        f64::midpoint(self.source - self.output, self.back - self.output)
    }
}

/// The share of `true`; 0 of none.
pub fn share(predictions: &[bool]) -> f64 {
    let yes = predictions.iter().filter(|yes| **yes).count();
    yes as f64 / predictions.len().max(1) as f64
}

/// S in total: the mean of both directions.
pub fn total(directions: &[SourceShares; 2]) -> f64 {
    f64::midpoint(directions[0].strength(), directions[1].strength())
}

/// The S of transfers that the judge takes for real music of the target genre: the sum of its
/// two recalls less 1. A generator that exceeds it draws a caricature.
pub fn ceiling(directions: &[SourceShares; 2]) -> f64 {
    directions[0].source + directions[1].source - 1.0
}

/// [`total`] as a share of [`ceiling`]; 0 for a judge that knows no more than chance.
pub fn of_ceiling(directions: &[SourceShares; 2]) -> f64 {
    let ceiling = ceiling(directions);
    if ceiling > 0.0 {
        total(directions) / ceiling
    } else {
        0.0
    }
}

/// The harmonic mean of style and content, both 0..=1; 0 as soon as one is 0 or less.
pub fn harmonic(style: f64, content: f64) -> f64 {
    if style <= 0.0 || content <= 0.0 {
        return 0.0;
    }
    2.0 * style * content / (style + content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_paper_s_best_base_model() {
        // Table VI, σ_D = 1.
        let jazz = SourceShares {
            source: 0.8809,
            output: 0.2062,
            back: 0.8818,
        };
        let classic = SourceShares {
            source: 0.9253,
            output: 0.2071,
            back: 0.9253,
        };
        let both = [jazz, classic];
        assert!((total(&both) - 0.697).abs() < 5e-4);
        assert!((ceiling(&both) - 0.8062).abs() < 1e-9);
        assert!((of_ceiling(&both) - 0.86).abs() < 5e-3);
    }

    proptest! {
        #[test]
        fn the_identity_moves_nothing(a in 0.0..=1.0f64, b in 0.0..=1.0f64) {
            let same = |p| SourceShares { source: p, output: p, back: p };
            prop_assert_eq!(total(&[same(a), same(b)]), 0.0);
        }

        #[test]
        fn real_target_music_reaches_the_ceiling(a in 0.5..=1.0f64, b in 0.51..=1.0f64) {
            let a_to_b = SourceShares { source: a, output: 1.0 - b, back: a };
            let b_to_a = SourceShares { source: b, output: 1.0 - a, back: b };
            prop_assert!((of_ceiling(&[a_to_b, b_to_a]) - 1.0).abs() < 1e-9);
        }

        #[test]
        fn the_harmonic_mean_lies_between(x in 0.01..=1.0f64, y in 0.01..=1.0f64) {
            let mean = harmonic(x, y);
            prop_assert!(mean >= x.min(y) - 1e-12 && mean <= x.max(y) + 1e-12);
            prop_assert_eq!(harmonic(-x, y), 0.0);
        }
    }
}
