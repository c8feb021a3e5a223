//! The seed of a draw: the same phrase, target and variation give the same answer, always.

use super::dice::mixed;
use crate::roll::Roll;
use crate::roll::notes::NoteRoll;

/// The seed for a phrase that goes to the genre in column `target` of the norms, in its take
/// number `variation`.
pub fn seed(phrase: &NoteRoll, target: usize, variation: u8) -> u64 {
    let rolls = [phrase.sounding(), phrase.onsets()];
    let steps = rolls.into_iter().flat_map(Roll::steps);
    let halves = steps.flat_map(|step| [*step as u64, (step >> 64) as u64]);
    let first = mixed(u64::from(variation) << 8 | target as u64);
    halves.fold(first, |seed, half| mixed(seed ^ half))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roll::notes::GridNote;

    #[test]
    fn each_phrase_target_and_variation_has_its_own() {
        let note = |start| NoteRoll::from_iter([GridNote::new(start, 80, 9)]);
        let phrases = [NoteRoll::EMPTY, note(3), note(4)];
        let mut seeds: Vec<u64> = Vec::new();
        for phrase in &phrases {
            for target in 0..3 {
                seeds.extend((1..=16).map(|variation| seed(phrase, target, variation)));
            }
        }
        seeds.sort_unstable();
        seeds.dedup();
        assert_eq!(seeds.len(), 3 * 3 * 16);
        assert_eq!(seed(&phrases[1], 0, 1), seed(&note(3), 0, 1));
    }
}
