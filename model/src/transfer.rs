//! A roll through a generator to its edits: what the plugin's engine and the command line share.
//!
//! Passes run on the current rayon pool. The plugin's engine makes that a pool of its own: the
//! process-wide pool would start threads that stay when a plugin is unloaded. Not for the audio
//! thread.
//!
//! Large amounts of memory are probed first ([`MemoryEstimate`]): an allocation that fails ends the
//! process, and with it the host.

mod arranger;
mod cyclegan;
mod memory;
mod song;
mod style;
mod wish;

use candle_core::Device;

use crate::genre::{Direction, Pair};
use crate::roll::edits::Edits;
use crate::roll::notes::NoteRoll;
use crate::weights::{
    FamilyHeader, Header, WeightsError, read_generators, read_network, read_style,
};

pub use arranger::ArrangerTransfer;
pub use cyclegan::CycleGanTransfer;
pub use memory::{MARGIN, MemoryEstimate};
pub use song::{SongTransfer, SongTransferError};
pub use style::LearnedStyle;
pub use wish::{Earlier, Wish};

pub use crate::nn::inference::undivided;

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
    /// The networks were not trained for these genres.
    #[error("the weights do not know {0}; choose another pair, or other weights")]
    Genres(Pair),
    /// The style was not learned on these weights.
    #[error(transparent)]
    Style(Box<WeightsError>),
    /// The network gave something that is no probability.
    #[error("the network gave a value that is not a number; the weights may be damaged")]
    NotANumber,
    /// Nobody waited for the answer any more, so it was left between two passes.
    #[error("nobody waits for the answer any more")]
    Unwanted,
    /// The system does not give the memory that a pass takes.
    #[error(
        "a pass needs {} MB of memory, more than the system gives; close other programs or raise its limit",
        bytes.div_ceil(1_000_000)
    )]
    Memory {
        /// Bytes asked for.
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
    /// True if this program was built for one (features `cuda` and `metal`).
    pub const IS_BUILT: bool = cfg!(any(feature = "cuda", feature = "metal"));

    /// The first one. Takes up to a second; may panic where a driver's library is missing.
    ///
    /// # Errors
    /// There is no such device, or its driver fails.
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
///
/// # Errors
/// If it cannot be used, or there is not enough memory.
pub fn check(bytes: &[u8]) -> Result<Header, WeightsError> {
    memory::to_load(bytes, &Device::Cpu)?;
    let header = Header::read(bytes)?;
    match header.family {
        FamilyHeader::Arranger(_) => read_network(bytes, &Device::Cpu).map(drop)?,
        FamilyHeader::CycleGan(_) => read_generators(bytes, &Device::Cpu).map(drop)?,
        FamilyHeader::Style(_) => read_style(bytes).map(drop)?,
    }
    Ok(header)
}

/// Target of a transfer.
#[derive(Clone, Copy, Debug)]
pub enum Towards<'a> {
    /// The target of a direction in a pair.
    Genre(Pair, Direction),
    /// A style of the user's own.
    Style(&'a LearnedStyle),
}

/// The networks of a weights file, of whichever family, ready to run. May be shared by threads.
#[derive(Debug)]
pub enum Transfer {
    /// One network for all genres.
    Arranger(ArrangerTransfer),
    /// Two generators for a pair.
    CycleGan(CycleGanTransfer),
}

impl Transfer {
    /// Loads a weights file (see [`crate::weights`]) for the CPU.
    ///
    /// ```
    /// use third_stream_model::genre::{Direction, Pair};
    /// use third_stream_model::roll::notes::{GridNote, NoteRoll};
    /// use third_stream_model::shipped;
    /// use third_stream_model::transfer::{Transfer, Wish};
    ///
    /// let transfer = Transfer::from_bytes(shipped::arranger())?;
    /// let beats = (0..16).map(|beat| GridNote { start: 4 * beat, row: 36 + beat % 5, length: 4 });
    /// let played: NoteRoll = beats.collect();
    /// let to_classical = (Pair::JAZZ_CLASSIC, Direction::AToB);
    /// let edits = transfer.edits(&played, to_classical, &Wish::default())?;
    /// assert_eq!(edits.apply(&played, 0.0), played);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If it cannot be used, or there is not enough memory.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WeightsError> {
        Self::on_device(bytes, Device::Cpu)
    }

    /// Loads a weights file for a GPU. Its sums are not the CPU's to the last bit, so notes that
    /// are near a threshold may differ.
    ///
    /// # Errors
    /// If it cannot be used.
    pub fn on_gpu(bytes: &[u8], gpu: &Gpu) -> Result<Self, WeightsError> {
        Self::on_device(bytes, gpu.0.clone())
    }

    fn on_device(bytes: &[u8], device: Device) -> Result<Self, WeightsError> {
        match Header::read(bytes)?.family {
            FamilyHeader::Arranger(_) => {
                ArrangerTransfer::on_device(bytes, device).map(Self::Arranger)
            }
            // A style alone plays nothing, which that says.
            FamilyHeader::CycleGan(_) | FamilyHeader::Style(_) => {
                CycleGanTransfer::on_device(bytes, device).map(Self::CycleGan)
            }
        }
    }

    /// Header of the weights file.
    pub const fn header(&self) -> &Header {
        match self {
            Self::Arranger(arranger) => arranger.header(),
            Self::CycleGan(cyclegan) => cyclegan.header(),
        }
    }

    /// The name of the device that the passes run on.
    pub const fn device(&self) -> &'static str {
        match self {
            Self::Arranger(arranger) => arranger.device(),
            Self::CycleGan(cyclegan) => cyclegan.device(),
        }
    }

    /// The edits that lead from `phrase` towards the target of the direction in a pair.
    ///
    /// # Errors
    /// If the networks do not know the pair, or a pass fails.
    pub fn edits(
        &self,
        phrase: &NoteRoll,
        (pair, direction): (Pair, Direction),
        wish: &Wish,
    ) -> Result<Edits, TransferError> {
        self.edits_while(phrase, Towards::Genre(pair, direction), wish, &|| true)
    }

    /// The edits that lead from `phrase` towards `target`, as long as `wanted` says so, which is
    /// asked before each pass.
    ///
    /// # Errors
    /// [`TransferError::Unwanted`] once it says no; else as [`Self::edits`] and
    /// [`Self::edits_in_style`].
    pub fn edits_while(
        &self,
        phrase: &NoteRoll,
        target: Towards<'_>,
        wish: &Wish,
        wanted: &dyn Fn() -> bool,
    ) -> Result<Edits, TransferError> {
        match (self, target) {
            (_, Towards::Style(style)) => {
                let arranger = self.arranger_for(style);
                let arranger = arranger.map_err(|error| TransferError::Style(Box::new(error)))?;
                arranger.edits_while(phrase, target, wish, wanted)
            }
            (Self::Arranger(arranger), _) => arranger.edits_while(phrase, target, wish, wanted),
            (Self::CycleGan(cyclegan), Towards::Genre(pair, direction))
                if cyclegan.pair() == pair =>
            {
                if !wanted() {
                    return Err(TransferError::Unwanted);
                }
                cyclegan.edits(phrase, direction, wish)
            }
            (Self::CycleGan(_), Towards::Genre(pair, _)) => Err(TransferError::Genres(pair)),
        }
    }

    /// Makes sure that a style was learned on these weights.
    ///
    /// # Errors
    /// If it was not, or they are of a family that has no styles.
    pub fn takes(&self, style: &LearnedStyle) -> Result<(), WeightsError> {
        self.arranger_for(style).map(drop)
    }

    fn arranger_for(&self, style: &LearnedStyle) -> Result<&ArrangerTransfer, WeightsError> {
        match self {
            Self::Arranger(arranger) => arranger.takes(style).map(|()| arranger),
            Self::CycleGan(cyclegan) => Err(WeightsError::Other {
                what: "the family of the weights beside the style",
                found: cyclegan.header().family.to_string(),
                expected: "arranger".into(),
            }),
        }
    }

    /// The edits that lead from `phrase` towards a style of the user's own.
    ///
    /// # Errors
    /// If the style was not learned on these weights, or a pass fails.
    pub fn edits_in_style(
        &self,
        phrase: &NoteRoll,
        style: &LearnedStyle,
        wish: &Wish,
    ) -> Result<Edits, TransferError> {
        self.edits_while(phrase, Towards::Style(style), wish, &|| true)
    }
}

/// Name of a device for users.
const fn device_name(device: &Device) -> &'static str {
    match device {
        Device::Cpu => "CPU",
        Device::Cuda(_) => "CUDA",
        Device::Metal(_) => "Metal",
    }
}

#[cfg(test)]
pub(crate) mod tests;
