//! How far the arranger's logits are from the notes that are hidden.

use candle_core::{Device, Result, Tensor};
use candle_nn::ops::log_softmax;

use crate::family::arranger::{LENGTHS, length_class};
use crate::roll::notes::NoteRoll;
use crate::roll::{CELLS, PITCHES, Roll, STEPS};

/// The weight of the onsets' cross-entropy: notes begin in few of the cells.
const ONSET: f64 = 40.0;
/// The weight of the lengths' cross-entropy.
const LENGTH: f64 = 0.5;

/// The hidden cells of some phrases, and their targets.
#[derive(Clone, Debug)]
pub struct Targets {
    /// (phrases, 64, 84): 1 where a note begins.
    onsets: Tensor,
    /// (phrases, 64, 84): 1 where a cell is hidden.
    hidden: Tensor,
    /// (notes): the cells of all phrases in which a hidden note begins.
    cells: Vec<u32>,
    /// (notes): of each of them the class of its length.
    classes: Vec<u32>,
}

impl Targets {
    /// The targets for whole `phrases` of which the cells `hidden` are hidden.
    ///
    /// # Errors
    /// If the device has no memory for them.
    pub fn new(phrases: &[NoteRoll], hidden: &[Roll], device: &Device) -> Result<Self> {
        let tensor = |rolls: &mut dyn Iterator<Item = &Roll>| {
            let mut values = vec![0.0; phrases.len() * CELLS];
            for (roll, values) in rolls.zip(values.chunks_exact_mut(CELLS)) {
                roll.write_values(values);
            }
            Tensor::from_vec(values, (phrases.len(), STEPS, PITCHES), device)
        };
        let (mut cells, mut classes) = (Vec::new(), Vec::new());
        for (index, (phrase, hidden)) in phrases.iter().zip(hidden).enumerate() {
            for note in phrase.notes() {
                let (step, row) = (usize::from(note.start), usize::from(note.row));
                if hidden.get(step, row) {
                    cells.push((index * CELLS + step * PITCHES + row) as u32);
                    classes.push(length_class(usize::from(note.length)) as u32);
                }
            }
        }
        Ok(Self {
            onsets: tensor(&mut phrases.iter().map(NoteRoll::onsets))?,
            hidden: tensor(&mut hidden.iter())?,
            cells,
            classes,
        })
    }
}

/// The parts of the loss, each with its weight; they are scalars.
#[derive(Clone, Debug)]
pub struct LossTerms {
    /// Binary cross-entropy of the onsets: the mean over the hidden cells of each phrase, and over
    /// the phrases.
    pub onset: Tensor,
    /// Cross-entropy of the lengths of hidden notes, over one more than there are.
    pub length: Tensor,
}

impl LossTerms {
    /// The weighted sum that training minimises, a scalar.
    ///
    /// # Errors
    /// candle's: shapes that do not fit, no memory on the device.
    pub fn total(&self) -> Result<Tensor> {
        &self.onset + &self.length
    }
}

/// The loss of `logits` (phrases, 11, 64, 84) against what is hidden of the same phrases.
///
/// # Errors
/// If the shapes do not fit.
pub fn arranger_loss(logits: &Tensor, targets: &Targets) -> Result<LossTerms> {
    let onset = onset(&logits.narrow(1, 0, 1)?.squeeze(1)?, targets)?;
    let length = length(logits, targets)?;
    Ok(LossTerms { onset, length })
}

fn onset(logits: &Tensor, targets: &Targets) -> Result<Tensor> {
    // max(z, 0) − z·x + ln(1 + e^−|z|), which no logit makes overflow.
    let small = (logits.abs()?.neg()?.exp()? + 1.0)?.log()?;
    let cells = ((logits.relu()? - (logits * &targets.onsets)?)? + small)?;
    let sum = |x: &Tensor| x.flatten_from(1)?.sum(1);
    let hidden = sum(&targets.hidden)?.clamp(1.0, CELLS as f64)?;
    let phrases = (sum(&(cells * &targets.hidden)?)? / hidden)?;
    phrases.mean_all()? * ONSET
}

fn length(logits: &Tensor, targets: &Targets) -> Result<Tensor> {
    let count = targets.cells.len();
    let device = logits.device();
    if count == 0 {
        return Tensor::zeros((), logits.dtype(), device);
    }
    // The logits of all lengths at each note's cell; they lie in separate planes.
    let planes = LENGTHS.len() as u32 + 1;
    let places = targets.cells.iter().flat_map(|cell| {
        let (phrase, cell) = (cell / CELLS as u32, cell % CELLS as u32);
        (1..planes).map(move |plane| (phrase * planes + plane) * CELLS as u32 + cell)
    });
    let places = Tensor::new(places.collect::<Vec<u32>>(), device)?;
    let classes = Tensor::new(targets.classes.as_slice(), device)?.unsqueeze(1)?;
    let of_notes = logits.flatten_all()?.index_select(&places, 0)?;
    let of_notes = log_softmax(&of_notes.reshape((count, LENGTHS.len()))?, 1)?;
    of_notes.gather(&classes, 1)?.sum_all()? * (-LENGTH / (count + 1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roll::notes::GridNote;

    fn terms(logit: f32, phrase: &NoteRoll, hidden: &Roll) -> [f32; 2] {
        let mut values = vec![0.0f32; 11 * CELLS];
        values[..CELLS].fill(logit);
        let logits = Tensor::from_vec(values, (1, 11, STEPS, PITCHES), &Device::Cpu).unwrap();
        let targets = Targets::new(&[*phrase], &[*hidden], &Device::Cpu).unwrap();
        let LossTerms { onset, length } = arranger_loss(&logits, &targets).unwrap();
        [onset, length].map(|term| term.to_scalar().unwrap())
    }

    #[test]
    fn only_hidden_cells_cost() {
        let note = |start| GridNote::new(start, 40, 3);
        let phrase = NoteRoll::from_iter([note(2), note(9)]);
        let mut hidden = Roll::EMPTY;
        assert_eq!(terms(1.0, &phrase, &hidden), [0.0, 0.0]);
        hidden.set(9, 40, true);
        hidden.set(10, 40, true);
        let [onset, length] = terms(1.0, &phrase, &hidden);
        // A note that is likely, and none that is as likely: ln(1 + e^-1) and 1 + ln(1 + e^-1).
        let expected = 40.0 * (0.5 + (1.0 + (-1f32).exp()).ln());
        assert!((onset - expected).abs() < 1e-4, "{onset} {expected}");
        let expected = 0.5 * 10f32.ln() / 2.0;
        assert!((length - expected).abs() < 1e-5, "{length} {expected}");
    }
}
