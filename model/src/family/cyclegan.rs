//! The networks of Brunner et al. (2018), "Symbolic Music Genre Transfer with CycleGAN"
//! (arXiv 1809.07575): the generator and the discriminator, as in the authors' code.
//!
//! A roll is a tensor of shape (batch, 1, 64 steps, 84 pitches) with the values 0 and 1.
//! No device is chosen, nothing is read or printed here; weights come through a `VarBuilder`,
//! so that the same `new` serves training and inference.

pub mod discriminator;
pub mod generator;

pub use discriminator::{Discriminator, DiscriminatorConfig};
pub use generator::{Generator, GeneratorConfig};

use candle_core::{Device, Result, Tensor};

use crate::roll::{CELLS, PITCHES, Roll, STEPS};

/// The tensor of some rolls: (rolls, 1, 64, 84), 0.0 and 1.0.
///
/// # Errors
/// candle's: shapes that do not fit, no memory on the device.
pub fn tensor_of_rolls(rolls: &[Roll], device: &Device) -> Result<Tensor> {
    let shape = (rolls.len(), 1, STEPS, PITCHES);
    Tensor::from_vec(values_of_rolls(rolls), shape, device)
}

/// The rolls of a tensor (batch, 1, 64, 84): the cells above `threshold`.
///
/// # Errors
/// candle's: shapes that do not fit, no memory on the device.
pub fn rolls_of_tensor(tensor: &Tensor, threshold: f32) -> Result<Vec<Roll>> {
    let values = tensor.flatten_all()?.to_vec1::<f32>()?;
    Ok(rolls_of_values(&values, threshold))
}

/// The cells of some rolls, 0.0 and 1.0, [`CELLS`] values a roll, step-major.
pub fn values_of_rolls(rolls: &[Roll]) -> Vec<f32> {
    let mut values = vec![0.0; rolls.len() * CELLS];
    for (roll, values) in rolls.iter().zip(values.chunks_exact_mut(CELLS)) {
        roll.write_values(values);
    }
    values
}

/// The rolls of probabilities, [`CELLS`] a roll, step-major: the cells above `threshold`.
pub fn rolls_of_values(values: &[f32], threshold: f32) -> Vec<Roll> {
    let rolls = values.chunks_exact(CELLS);
    rolls
        .map(|values| Roll::from_values(values, threshold))
        .collect()
}
