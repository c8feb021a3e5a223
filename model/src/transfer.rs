//! A roll through a generator to its edits: what the plugin's engine and the command line share.
//!
//! Passes run on the current rayon pool. The plugin's engine makes that a pool of its own thread
//! alone ([`on_this_thread`]): the process-wide pool would start threads that stay when a plugin
//! is unloaded. Not for the audio thread.

use candle_core::Device;

use crate::genre::{Direction, Pair};
use crate::net::{self, Generator};
use crate::roll::Roll;
use crate::roll::edits::Edits;
use crate::weights::{Header, WeightsError, read_generators};

/// A forward pass that failed.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// candle refused an operation.
    #[error("the forward pass failed on {device}: {source}")]
    Network {
        /// Where it ran.
        device: String,
        /// candle's own message.
        source: Box<candle_core::Error>,
    },
    /// The network gave something that is no probability.
    #[error("the network gave a value that is not a number; the weights may be damaged")]
    NotANumber,
}

/// Runs `f` on this thread, and every pass inside it on this thread alone: no other thread is
/// started or used. On a thread that belongs to a rayon pool already, that pool does the work.
pub fn on_this_thread<R: Send>(f: impl FnOnce() -> R + Send) -> R {
    let alone = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .use_current_thread();
    match alone.build() {
        Ok(pool) => pool.install(f),
        Err(_) => f(),
    }
}

/// Both generators of a genre pair, ready to run.
pub struct Transfer {
    header: Header,
    pair: Pair,
    generators: [Generator; 2],
    device: Device,
}

impl Transfer {
    /// Loads a weights file (see [`crate::weights`]) for the CPU.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WeightsError> {
        Self::on_device(bytes, Device::Cpu)
    }

    /// Loads a weights file for `device`.
    pub fn on_device(bytes: &[u8], device: Device) -> Result<Self, WeightsError> {
        let (header, generators) = read_generators(bytes, &device)?;
        let pair = header.pair()?;
        Ok(Self {
            header,
            pair,
            generators,
            device,
        })
    }

    /// The pair that these weights are for.
    pub const fn pair(&self) -> Pair {
        self.pair
    }

    /// What the weights file says of itself.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The name of the device that the passes run on.
    pub const fn device(&self) -> &'static str {
        match self.device {
            Device::Cpu => "CPU",
            Device::Cuda(_) => "CUDA",
            Device::Metal(_) => "Metal",
        }
    }

    /// The probability of each cell of each roll after the transfer, step-major,
    /// [`crate::roll::CELLS`] values a roll. One batch.
    pub fn probabilities(
        &self,
        rolls: &[Roll],
        direction: Direction,
    ) -> Result<Vec<f32>, TransferError> {
        if rolls.is_empty() {
            return Ok(Vec::new());
        }
        self.checked(|| {
            let x = net::tensor_of_rolls(rolls, &self.device)?;
            let y = self.generators[direction.index()].forward(&x)?;
            y.flatten_all()?.to_vec1()
        })
    }

    /// The probabilities after one generator, as [`Self::probabilities`], and after the other
    /// too, which hears them as they are, not the notes that they stand for: the cycle of the
    /// paper's own code. One batch.
    pub fn there_and_back(
        &self,
        rolls: &[Roll],
        direction: Direction,
    ) -> Result<[Vec<f32>; 2], TransferError> {
        if rolls.is_empty() {
            return Ok([Vec::new(), Vec::new()]);
        }
        let mut there = Vec::new();
        let back = self.checked(|| {
            let x = net::tensor_of_rolls(rolls, &self.device)?;
            let y = self.generators[direction.index()].forward(&x)?;
            there = y.flatten_all()?.to_vec1()?;
            let back = self.generators[direction.reverse().index()].forward(&y)?;
            back.flatten_all()?.to_vec1()
        })?;
        Ok([there, back])
    }

    /// The values of a pass, if they are numbers.
    fn checked(
        &self,
        pass: impl FnOnce() -> candle_core::Result<Vec<f32>>,
    ) -> Result<Vec<f32>, TransferError> {
        let values = pass().map_err(|source| TransferError::Network {
            device: self.device().to_owned(),
            source: Box::new(source),
        })?;
        if values.iter().any(|value| value.is_nan()) {
            return Err(TransferError::NotANumber);
        }
        Ok(values)
    }

    /// The edits that lead from `roll` towards the direction's target.
    pub fn edits(&self, roll: &Roll, direction: Direction) -> Result<Edits, TransferError> {
        let probabilities = self.probabilities(std::slice::from_ref(roll), direction)?;
        Ok(Edits::rank(roll, &probabilities, self.threshold(direction)))
    }

    /// The threshold above which a cell sounds.
    pub const fn threshold(&self, direction: Direction) -> f32 {
        self.header.threshold[direction.index()]
    }
}
