//! Chroma similarity (Lu & Su 2018, with the settings of Groove2Groove): do source and output
//! move through the same harmony?
//!
//! The settings are 12 frames a beat, a moving average over 24 frames and a stride of 12. A step
//! is 3 frames in which nothing changes, so the same windows are 8 steps long and 4 steps apart.

use crate::roll::{LOWEST_KEY, PITCHES, Roll, STEPS};

/// Steps in the moving average: 24 frames.
const WINDOW: usize = 8;
/// Steps between two windows: 12 frames.
const STRIDE: usize = 4;

/// How long each pitch class (C first) sounds in a window, in pitch-steps.
type Chroma = [f64; 12];

fn windows(roll: &Roll) -> impl Iterator<Item = Chroma> {
    (0..=STEPS - WINDOW).step_by(STRIDE).map(|start| {
        let mut chroma = [0.0; 12];
        for sounding in &roll.steps()[start..start + WINDOW] {
            for row in (0..PITCHES).filter(|row| sounding >> row & 1 == 1) {
                chroma[(row + usize::from(LOWEST_KEY)) % 12] += 1.0;
            }
        }
        chroma
    })
}

/// The cosine of the chroma of two rolls, averaged over the windows in which either sounds
/// (0..=1, symmetric). The identity gives 1, and so do two empty rolls; two independent phrases
/// of the corpus give about a third.
pub fn cosine(x: &Roll, y: &Roll) -> f64 {
    let dot = |x: &Chroma, y: &Chroma| -> f64 { x.iter().zip(y).map(|(x, y)| x * y).sum() };
    let (mut total, mut count) = (0.0, 0_u32);
    for (x, y) in windows(x).zip(windows(y)) {
        let squares = dot(&x, &x) * dot(&y, &y);
        if squares > 0.0 {
            total += (dot(&x, &y) / squares.sqrt()).min(1.0);
            count += 1;
        } else if x != y {
            count += 1; // one of them is silent: nothing in common
        }
    }
    if count == 0 {
        1.0
    } else {
        total / f64::from(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roll::picture;
    use crate::roll::tests::any_roll;
    use proptest::prelude::*;

    #[test]
    fn octaves_are_the_same_harmony_and_a_tritone_is_another() {
        let bar = "|################|................|................|................|";
        let c = picture::read(&format!("60 {bar}")).unwrap();
        let low_c = picture::read(&format!("48 {bar}")).unwrap();
        let tritone = picture::read(&format!("66 {bar}")).unwrap();
        assert_eq!(cosine(&c, &low_c), 1.0);
        assert_eq!(cosine(&c, &tritone), 0.0);
        let both = picture::read(&format!("60 {bar}\n66 {bar}")).unwrap();
        assert!((cosine(&c, &both) - 0.5_f64.sqrt()).abs() < 1e-12);
        assert_eq!(cosine(&c, &Roll::EMPTY), 0.0);
    }

    #[test]
    fn a_phrase_has_fifteen_windows() {
        assert_eq!(windows(&Roll::EMPTY).count(), 15);
    }

    proptest! {
        #[test]
        fn identity_symmetry_range(x in any_roll(), y in any_roll()) {
            prop_assert!((cosine(&x, &x) - 1.0).abs() < 1e-12);
            prop_assert!((cosine(&x, &y) - cosine(&y, &x)).abs() < 1e-12);
            prop_assert!((0.0..=1.0).contains(&cosine(&x, &y)));
        }

        #[test]
        fn moving_both_changes_nothing(x in any_roll(), y in any_roll(), by in -5..=6i32) {
            let (u, v) = (x.transpose(by), y.transpose(by));
            prop_assume!(u.count() == x.count() && v.count() == y.count());
            prop_assert!((cosine(&u, &v) - cosine(&x, &y)).abs() < 1e-12);
        }
    }
}
