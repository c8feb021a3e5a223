//! The CycleGAN's two generators, ready to run.

use std::sync::{Mutex, PoisonError};

use candle_core::{Device, Tensor};

use super::{TransferError, Wish, device_name, memory};
use crate::family::cyclegan::{Generator, values_of_rolls};
use crate::genre::{Direction, Pair};
use crate::nn::inference::{Arena, Level, PreparedGenerator};
use crate::roll::edits::Edits;
use crate::roll::notes::NoteRoll;
use crate::roll::{CELLS, PITCHES, Roll, STEPS};
use crate::weights::{Header, WeightsError, read_generators};

/// Both generators of a genre pair, ready to run.
#[derive(Debug)]
pub struct CycleGanTransfer {
    header: Header,
    pair: Pair,
    threshold: [f32; 2],
    networks: Networks,
}

/// The generators as the device runs them fastest.
#[derive(Debug)]
enum Networks {
    Cpu {
        generators: Box<[PreparedGenerator; 2]>,
        /// Memory of passes that are over, for the next ones.
        arenas: Mutex<Vec<Arena>>,
    },
    Other {
        generators: Box<[Generator; 2]>,
        device: Device,
    },
}

impl CycleGanTransfer {
    /// Loads a weights file (see [`crate::weights`]) for the CPU.
    ///
    /// # Errors
    /// The bytes are no weights file of a CycleGAN, or the memory is not there.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WeightsError> {
        Self::on_device(bytes, Device::Cpu)
    }

    /// Loads a weights file for `device`.
    pub(super) fn on_device(bytes: &[u8], device: Device) -> Result<Self, WeightsError> {
        memory::to_load(bytes, &device)?;
        let (header, generators) = read_generators(bytes, &device)?;
        let networks = if device.is_cpu() {
            let [ab, ba] = generators.each_ref().map(|generator| {
                generator
                    .prepared(Level::best())
                    .map_err(|error| WeightsError::Unreadable(error.to_string()))
            });
            Networks::Cpu {
                generators: Box::new([ab?, ba?]),
                arenas: Mutex::default(),
            }
        } else {
            let generators = Box::new(generators);
            Networks::Other { generators, device }
        };
        let cyclegan = header.cyclegan()?;
        let (pair, threshold) = (cyclegan.pair()?, cyclegan.threshold);
        Ok(Self {
            header,
            pair,
            threshold,
            networks,
        })
    }

    /// The pair that these weights are for.
    pub const fn pair(&self) -> Pair {
        self.pair
    }

    /// Header of the weights file.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The name of the device that the passes run on.
    pub const fn device(&self) -> &'static str {
        match &self.networks {
            Networks::Cpu { .. } => device_name(&Device::Cpu),
            Networks::Other { device, .. } => device_name(device),
        }
    }

    /// The probability of each cell of each roll after the transfer, step-major,
    /// [`crate::roll::CELLS`] values a roll.
    ///
    /// # Errors
    /// The memory is not there, or the network gives a value that is not a number.
    pub fn probabilities(
        &self,
        rolls: &[Roll],
        direction: Direction,
    ) -> Result<Vec<f32>, TransferError> {
        self.forward(&values_of_rolls(rolls), direction)
    }

    /// The probabilities after one generator, as [`Self::probabilities`], and after the other
    /// too, which hears them as they are, not the notes that they stand for: the cycle of the
    /// paper's own code.
    ///
    /// # Errors
    /// The memory is not there, or the network gives a value that is not a number.
    pub fn there_and_back(
        &self,
        rolls: &[Roll],
        direction: Direction,
    ) -> Result<[Vec<f32>; 2], TransferError> {
        let there = self.forward(&values_of_rolls(rolls), direction)?;
        let back = self.forward(&there, direction.reverse())?;
        Ok([there, back])
    }

    /// The probabilities for the cells of some rolls.
    fn forward(&self, cells: &[f32], direction: Direction) -> Result<Vec<f32>, TransferError> {
        let mut values = vec![0.0; cells.len()];
        if cells.is_empty() {
            return Ok(values);
        }
        match &self.networks {
            Networks::Cpu { generators, arenas } => {
                let generator = &generators[direction.index()];
                let arenas = || arenas.lock().unwrap_or_else(PoisonError::into_inner);
                // Both generators are of one shape, so any arena fits.
                let kept = arenas().pop();
                let mut arena = kept.map_or_else(|| memory::arena(generator), Ok)?;
                let rolls = cells.chunks_exact(CELLS);
                for (x, y) in rolls.zip(values.chunks_exact_mut(CELLS)) {
                    generator.probabilities(&mut arena, x, y);
                }
                arenas().push(arena);
            }
            Networks::Other { generators, device } => {
                let pass = || {
                    let shape = (cells.len() / CELLS, 1, STEPS, PITCHES);
                    let x = Tensor::from_slice(cells, shape, device)?;
                    let y = generators[direction.index()].forward(&x)?;
                    y.flatten_all()?.to_vec1()
                };
                values = pass().map_err(|source| TransferError::Network {
                    device: self.device().to_owned(),
                    source: Box::new(source),
                })?;
            }
        }
        if values.iter().any(|value| value.is_nan()) {
            return Err(TransferError::NotANumber);
        }
        Ok(values)
    }

    /// The edits that lead from `phrase` towards the direction's target.
    ///
    /// # Errors
    /// The memory is not there, or the network gives a value that is not a number.
    pub fn edits(
        &self,
        phrase: &NoteRoll,
        direction: Direction,
        wish: &Wish,
    ) -> Result<Edits, TransferError> {
        let heard = std::slice::from_ref(phrase.sounding());
        let probabilities = self.probabilities(heard, direction)?;
        let threshold = self.threshold(direction);
        Ok(Edits::rank(phrase, &probabilities, threshold, wish.held))
    }

    /// The threshold above which a cell sounds.
    pub const fn threshold(&self, direction: Direction) -> f32 {
        self.threshold[direction.index()]
    }
}
