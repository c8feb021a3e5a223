//! A tune that is not quite the phrase's, and a harmony that is not quite right.
//!
//! The network is told how far the tune has been disturbed. So it learns what that freedom allows,
//! and may be given some when it arranges: 0 keeps the tune, 1 lets it swing or straighten.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::family::arranger::Harmony;
use crate::roll::notes::{GridNote, NoteRoll};
use crate::roll::{PITCHES, STEPS};

/// The chance at full strength that a note is dropped.
const DROPPED: f64 = 0.2;
/// … that it begins a step earlier or later.
const MOVED: f64 = 0.5;
/// … that it is one or two semitones higher or lower.
const CHANGED: f64 = 0.15;
/// … that it is a step longer or shorter.
const STRETCHED: f64 = 0.4;

/// The tune with each note dropped, moved, changed or stretched by chance; the chances grow with
/// `strength` (0 to 1). At 0 it is the tune.
pub fn tune(tune: &NoteRoll, strength: f32, rng: &mut ChaCha8Rng) -> NoteRoll {
    let strength = f64::from(strength);
    let notes = tune.notes().filter_map(|note| {
        let mut happens = |chance: f64| rng.random::<f64>() < chance * strength;
        let [dropped, moved, changed, stretched] =
            [DROPPED, MOVED, CHANGED, STRETCHED].map(&mut happens);
        let mut step = |largest: i32| {
            let by = rng.random_range(1..=largest);
            if rng.random() { by } else { -by }
        };
        let by = if moved { step(1) } else { 0 };
        let row = if changed { step(2) } else { 0 };
        let longer = if stretched { step(1) } else { 0 };
        (!dropped).then(|| disturbed(note, by, row, longer))
    });
    notes.collect()
}

/// A note moved by steps, rows, and made longer, within the phrase.
fn disturbed(note: GridNote, by: i32, rows: i32, longer: i32) -> GridNote {
    let last = STEPS as i32 - 1;
    let wanted = i32::from(note.start) + by;
    let start = wanted.clamp(0, last);
    // What is moved over the phrase's start loses what would lie before it.
    let end = (wanted + (i32::from(note.length) + longer).max(1)).max(start + 1);
    GridNote {
        start: start as u8,
        row: (i32::from(note.row) + rows).clamp(0, PITCHES as i32 - 1) as u8,
        length: (end - start).min(STEPS as i32) as u8,
    }
}

/// The harmony with each pitch class left out with the chance `drop`, and each that is not there
/// put in with the chance `invent`.
pub fn harmony(harmony: &Harmony, drop: f64, invent: f64, rng: &mut ChaCha8Rng) -> Harmony {
    let mut disturbed = *harmony;
    for classes in &mut disturbed.0 {
        for class in 0..12 {
            let there = *classes >> class & 1 == 1;
            if rng.random::<f64>() < if there { drop } else { invent } {
                *classes ^= 1 << class;
            }
        }
    }
    disturbed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::weighted::random;
    use crate::roll::notes::tests::any_notes;
    use proptest::prelude::*;

    /// A line of quarter notes.
    fn line() -> NoteRoll {
        (0..16u8)
            .map(|beat| GridNote {
                start: 4 * beat,
                row: 40 + beat,
                length: 3,
            })
            .collect()
    }

    #[test]
    fn at_full_strength_notes_are_dropped_moved_changed_and_stretched_as_often_as_said() {
        let (mut kept, mut onset, mut long) = (0.0, 0.0, 0.0);
        for step in 0..500 {
            let after = tune(&line(), 1.0, &mut random(1, step, b"test"));
            kept += f64::from(after.count());
            for note in after.notes().filter(|note| note.start % 4 == 0) {
                onset += 1.0;
                long += f64::from(u8::from(note.length == 3));
            }
        }
        assert!((kept / 8000.0 - 0.8).abs() < 0.02, "{kept}");
        // One that was moved over the start begins there.
        assert!((onset / kept - 0.5 - 0.25 / 16.0).abs() < 0.02, "{onset}");
        assert!((long / onset - 0.6).abs() < 0.04, "{long}");
    }

    #[test]
    fn a_harmony_loses_and_gains_as_often_as_said() {
        let full = Harmony([0b0000_1001_0001; 8]);
        let (mut lost, mut gained) = (0, 0);
        for step in 0..1000 {
            let after = harmony(&full, 0.12, 0.02, &mut random(2, step, b"test"));
            for (before, after) in full.0.iter().zip(after.0) {
                lost += (before & !after).count_ones();
                gained += (after & !before).count_ones();
            }
        }
        let (lost, gained) = (f64::from(lost) / 24e3, f64::from(gained) / 72e3);
        assert!((lost - 0.12).abs() < 0.01, "{lost}");
        assert!((gained - 0.02).abs() < 0.004, "{gained}");
    }

    proptest! {
        #[test]
        fn at_strength_0_the_tune_stays(phrase in any_notes(), seed: u64) {
            prop_assert_eq!(tune(&phrase, 0.0, &mut random(seed, 0, b"test")), phrase);
        }

        #[test]
        fn disturbed_notes_stay_in_the_phrase(phrase in any_notes(), strength in 0f32..1.0, seed: u64) {
            let after = tune(&phrase, strength, &mut random(seed, 0, b"test"));
            prop_assert!(after.count() <= phrase.count());
            prop_assert!(after.notes().all(|note| note.length >= 1 && note.end() <= STEPS));
        }
    }
}
