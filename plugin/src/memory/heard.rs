//! A remembered phrase as input of the networks.

use third_stream_model::roll::heard::Heard;
use third_stream_model::roll::quantise::note_steps;
use third_stream_model::roll::swing::Swing;
use third_stream_model::roll::{Roll, SLOTS, STEPS, STEPS_PER_SLOT, row_of_key};

use super::store::{Memory, SILENCE};

impl Memory {
    /// The networks' input for a phrase: its notes, the ends of the notes of the phrase before, and
    /// in place of bars never played the others in turn.
    pub(crate) fn heard(&self, phrase: usize) -> Heard {
        let mut sounding = [0; STEPS];
        let mut onsets = [0; STEPS];
        let Some(key) = self.key(phrase) else {
            return SILENCE;
        };
        if let Some(before) = key.before().and_then(|before| self.find(before)) {
            self.draw(before, -(SLOTS as isize), &mut sounding, &mut onsets);
        }
        self.draw(phrase, 0, &mut sounding, &mut onsets);
        let mut heard = [0; SLOTS];
        let mut count = 0;
        for index in (0..SLOTS).filter(|index| self.known(phrase, *index) != 0) {
            heard[count] = index;
            count += 1;
        }
        for index in (0..SLOTS).filter(|index| self.known(phrase, *index) == 0) {
            let to = index * STEPS_PER_SLOT;
            let length = key.steps(index);
            for steps in [&mut sounding, &mut onsets] {
                steps[to..to + STEPS_PER_SLOT].fill(0);
                if count > 0 {
                    let from = heard[index % count] * STEPS_PER_SLOT;
                    steps.copy_within(from..from + length, to);
                }
            }
        }
        let notes = (0..SLOTS).flat_map(|index| self.list(phrase, index));
        let pitched = notes.filter(|(_, note, _)| row_of_key(note.key).is_some());
        let swing = Swing::of(pitched.map(|(_, note, _)| note.onset()));
        let (sounding, onsets) = (Roll::from_steps(sounding), Roll::from_steps(onsets));
        Heard::new(sounding, onsets, swing)
    }

    /// Draws the notes and onsets of `phrase`, whose first slot is slot `first` of the roll.
    fn draw(
        &self,
        phrase: usize,
        first: isize,
        sounding: &mut [u128; STEPS],
        onsets: &mut [u128; STEPS],
    ) {
        let Some(key) = self.key(phrase) else {
            return;
        };
        let lengths: [usize; SLOTS] = std::array::from_fn(|index| key.steps(index));
        for (index, own) in lengths.iter().enumerate() {
            for (_, note, _) in self.list(phrase, index) {
                let Some(row) = row_of_key(note.key) else {
                    continue;
                };
                let onset = note.onset();
                let (start, end) = note_steps(onset, onset + note.ring());
                let begin = start.clamp(0, *own as i64 - 1) as usize;
                let (mut slot, mut step) = (first + index as isize, begin);
                if let Ok(slot) = usize::try_from(slot) {
                    onsets[slot * STEPS_PER_SLOT + step] |= 1 << row;
                }
                let mut left = (end - start).max(1);
                while left > 0 && slot < SLOTS as isize {
                    let length = lengths[slot.rem_euclid(SLOTS as isize) as usize];
                    while left > 0 && step < length {
                        if let Ok(slot) = usize::try_from(slot) {
                            sounding[slot * STEPS_PER_SLOT + step] |= 1 << row;
                        }
                        step += 1;
                        left -= 1;
                    }
                    (slot, step) = (slot + 1, 0);
                }
            }
        }
    }
}
