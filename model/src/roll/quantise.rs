//! Time in beats to the grid of steps. A beat is a quarter note, a step a quarter of it.

/// Steps in a quarter note.
pub const STEPS_PER_BEAT: f64 = 4.0;

/// The step nearest to `beats`; a half goes up, as the corpus rounds (`floor(4·beat + ½)`).
pub fn nearest_step(beats: f64) -> i64 {
    (beats * STEPS_PER_BEAT + 0.5).floor() as i64
}

/// The steps `start..end` that a note from `onset` to `release` (in beats) covers:
/// both ends at their nearest step, at least one step long.
pub fn note_steps(onset: f64, release: f64) -> (i64, i64) {
    let start = nearest_step(onset);
    (start, nearest_step(release).max(start + 1))
}

/// The time of a step in beats.
pub fn beats_of_step(step: i64) -> f64 {
    step as f64 / STEPS_PER_BEAT
}

/// `exact` moved to `grid` by `strength` (0 keeps the feel, 1 lies on the grid).
pub fn pull(exact: f64, grid: f64, strength: f64) -> f64 {
    if strength >= 1.0 {
        grid
    } else {
        exact + (grid - exact) * strength.max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn early_and_late_onsets_go_to_the_nearest_step() {
        assert_eq!(nearest_step(0.99), 4);
        assert_eq!(nearest_step(0.125), 1);
        assert_eq!(nearest_step(0.124), 0);
        assert_eq!(nearest_step(-0.1), 0);
        assert_eq!(note_steps(1.0, 1.01), (4, 5));
    }

    proptest! {
        #[test]
        fn quantising_is_idempotent(beats in -100.0..1000.0f64) {
            let step = nearest_step(beats);
            prop_assert_eq!(nearest_step(beats_of_step(step)), step);
            prop_assert!((beats_of_step(step) - beats).abs() <= 0.125 + 1e-9);
        }

        #[test]
        fn no_note_is_shorter_than_a_step(onset in 0.0..100.0f64, length in -1.0..4.0f64) {
            let (start, end) = note_steps(onset, onset + length);
            prop_assert!(end > start);
        }
    }
}
