//! A roll through a generator to its edits: what the plugin's engine and the command line share.
//!
//! Passes run on the current rayon pool. The plugin's engine makes that a pool of its own: the
//! process-wide pool would start threads that stay when a plugin is unloaded. Not for the audio
//! thread.
//!
//! What takes much memory is asked for first ([`Room`]): an allocation that fails ends the process,
//! and with it the host.

mod room;
mod wish;

use std::sync::{Mutex, PoisonError};

use candle_core::{Device, Tensor};

use crate::genre::{Direction, Pair};
use crate::net::Generator;
use crate::net::inference::{Arena, Level, Prepared};
use crate::roll::edits::Edits;
use crate::roll::notes::NoteRoll;
use crate::roll::{CELLS, PITCHES, Roll, STEPS};
use crate::weights::{Header, WeightsError, read_generators};

pub use room::{MARGIN, Room};
pub use wish::Wish;

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
    /// The system does not give the memory that a pass takes.
    #[error(
        "a pass needs {} MB of memory, more than the system gives; close other programs or raise its limit",
        bytes.div_ceil(1_000_000)
    )]
    Memory {
        /// What was asked for.
        bytes: usize,
    },
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

/// A graphics processor that passes run on.
#[derive(Clone, Debug)]
pub struct Gpu(Device);

impl Gpu {
    /// Whether this program was built for one (features `cuda` and `metal`).
    pub const IS_BUILT: bool = cfg!(any(feature = "cuda", feature = "metal"));

    /// The first one. Takes up to a second; may panic where a driver's library is missing.
    pub fn open() -> Result<Self, TransferError> {
        let (name, device) = if cfg!(feature = "metal") {
            ("Metal", Device::new_metal(0))
        } else {
            ("CUDA", Device::new_cuda(0))
        };
        device.map(Self).map_err(|source| TransferError::Network {
            device: name.to_owned(),
            source: Box::new(source),
        })
    }
}

/// Makes sure that a weights file can be used here, and gives its header: reads all of it, and
/// keeps nothing.
pub fn check(bytes: &[u8]) -> Result<Header, WeightsError> {
    room::to_load(bytes, &Device::Cpu)?;
    let (header, _) = read_generators(bytes, &Device::Cpu)?;
    Ok(header)
}

/// Both generators of a genre pair, ready to run.
pub struct Transfer {
    header: Header,
    pair: Pair,
    threshold: [f32; 2],
    networks: Networks,
}

/// The generators as the device runs them fastest.
enum Networks {
    Cpu {
        generators: Box<[Prepared; 2]>,
        /// Memory of passes that are over, for the next ones.
        arenas: Mutex<Vec<Arena>>,
    },
    Other {
        generators: Box<[Generator; 2]>,
        device: Device,
    },
}

impl Transfer {
    /// Loads a weights file (see [`crate::weights`]) for the CPU.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WeightsError> {
        Self::on_device(bytes, Device::Cpu)
    }

    /// Loads a weights file for a GPU. Its probabilities are not the CPU's to the last bit (sums in
    /// another order), so a cell that is near the threshold may fall on the other side.
    pub fn on_gpu(bytes: &[u8], gpu: &Gpu) -> Result<Self, WeightsError> {
        Self::on_device(bytes, gpu.0.clone())
    }

    /// Loads a weights file for `device`.
    pub fn on_device(bytes: &[u8], device: Device) -> Result<Self, WeightsError> {
        room::to_load(bytes, &device)?;
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

    /// What the weights file says of itself.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The name of the device that the passes run on.
    pub const fn device(&self) -> &'static str {
        match self.networks {
            Networks::Cpu { .. } => "CPU",
            Networks::Other {
                device: Device::Cuda(_),
                ..
            } => "CUDA",
            Networks::Other { .. } => "Metal",
        }
    }

    /// The probability of each cell of each roll after the transfer, step-major,
    /// [`crate::roll::CELLS`] values a roll.
    pub fn probabilities(
        &self,
        rolls: &[Roll],
        direction: Direction,
    ) -> Result<Vec<f32>, TransferError> {
        self.forward(&values(rolls), direction)
    }

    /// The probabilities after one generator, as [`Self::probabilities`], and after the other
    /// too, which hears them as they are, not the notes that they stand for: the cycle of the
    /// paper's own code.
    pub fn there_and_back(
        &self,
        rolls: &[Roll],
        direction: Direction,
    ) -> Result<[Vec<f32>; 2], TransferError> {
        let there = self.forward(&values(rolls), direction)?;
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
                let mut arena = kept.map_or_else(|| room::arena(generator), Ok)?;
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

/// The cells of some rolls, 0.0 and 1.0.
fn values(rolls: &[Roll]) -> Vec<f32> {
    let mut values = vec![0.0; rolls.len() * CELLS];
    for (roll, values) in rolls.iter().zip(values.chunks_exact_mut(CELLS)) {
        roll.write_values(values);
    }
    values
}
