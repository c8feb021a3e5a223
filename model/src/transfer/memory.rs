//! Room for the networks and their passes, asked for before they are made.
//!
//! Asking takes the room in a few blocks and gives it back untouched; that costs no memory. The
//! answer is about that moment: another thread may take the room before it is used, for which
//! there is [`MARGIN`], and a system that promises more than it has (Linux does, as it is usually
//! set) may still end a process when the promised memory is used.

use std::collections::TryReserveError;
use std::hint::black_box;

use candle_core::Device;

use super::TransferError;
use crate::family::arranger::ArrangerConfig;
use crate::family::arranger::inference as arranger;
use crate::family::cyclegan::GeneratorConfig;
use crate::nn::inference::{
    Arena, Level, PreparedGenerator, arena_bytes, kernels_bytes, weights_bytes,
};
use crate::weights::{ArrangerHeader, CycleGanHeader, FamilyHeader, Header, WeightsError};

/// Bytes that must be free beyond those that are needed: for what the rest of the host takes in
/// between, and for small allocations that are not probed, a header being read or a list of edits.
///
/// No block that is asked for is smaller, and all are larger than any that glibc keeps or learns
/// from when it is freed (32 MiB), so that asking leaves the host's heap as it was.
pub const MARGIN: usize = 33 << 20;

/// For each tensor of a file: its name, its place and shape, in the file's header, read twice,
/// and in the network.
const SMALL_THINGS: usize = 2 << 10;

/// The memory that a weights file takes on the CPU, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryEstimate {
    /// The tensors of both networks as f32, before they are laid out.
    pub tensors: usize,
    /// The most at one time, from its loading to the end of the first pass.
    pub most: usize,
    /// Bytes kept after loading: both networks, laid out, and the memory of one pass at a time.
    /// Passes beside it ask for theirs when they come.
    pub stays: usize,
}

impl MemoryEstimate {
    /// For a file of `file` bytes with networks of this shape, a pass of which `threads` threads
    /// share.
    pub fn new(file: usize, config: &GeneratorConfig, level: Level, threads: usize) -> Self {
        let small = small_things(config);
        let tensors = file / size_of::<half::f16>() * size_of::<f32>() + small;
        let both = 2 * config.weights();
        if both * size_of::<half::f16>() > file {
            // The file does not hold what its header names, so nothing will be laid out.
            return Self {
                tensors,
                most: tensors,
                stays: 0,
            };
        }
        // While the second network is laid out, both are there as tensors, and it once more.
        let copy = config.weights() * size_of::<f32>();
        let networks = 2 * weights_bytes(level, config.base_channels, config.residual_blocks);
        let pass = arena_bytes(level, config.base_channels, threads);
        let stays = networks + pass + small;
        Self {
            tensors,
            most: (tensors + copy + networks).max(stays),
            stays,
        }
    }
}

impl MemoryEstimate {
    /// For a file of `file` bytes with an arranger of this shape, a pass of which `threads` threads
    /// share. Its inner layers are those of a generator of the same size; the room of its own
    /// weights covers the outer ones.
    pub fn of_arranger(file: usize, config: &ArrangerConfig, level: Level, threads: usize) -> Self {
        let inner = GeneratorConfig::new(config.base_channels, config.residual_blocks, 0.0);
        let small = small_things(&inner);
        let tensors = file / size_of::<half::f16>() * size_of::<f32>() + small;
        if config.weights() * size_of::<half::f16>() > file {
            return Self {
                tensors,
                most: tensors,
                stays: 0,
            };
        }
        let own = config.weights() * size_of::<f32>();
        let pass = arranger::arena_bytes(level, config.base_channels, threads);
        let stays =
            kernels_bytes(level, inner.base_channels, inner.residual_blocks) + own + pass + small;
        Self {
            tensors,
            most: (tensors + own + stays).max(stays),
            stays,
        }
    }
}

/// Bytes of what is made beside both networks' values.
const fn small_things(config: &GeneratorConfig) -> usize {
    2 * (3 * config.layers() + 1) * SMALL_THINGS
}

/// Asks for the room that loading a weights file for `device` takes.
pub(super) fn to_load(bytes: &[u8], device: &Device) -> Result<(), WeightsError> {
    let ask = |bytes| ask(bytes).map_err(|bytes| WeightsError::Memory { bytes });
    // The header itself takes some.
    ask(0)?;
    let threads = rayon::current_num_threads();
    let room = match Header::read(bytes)?.family {
        FamilyHeader::CycleGan(CycleGanHeader { generator, .. }) => {
            MemoryEstimate::new(bytes.len(), &generator, Level::best(), threads)
        }
        FamilyHeader::Arranger(ArrangerHeader { network, .. }) => {
            MemoryEstimate::of_arranger(bytes.len(), &network, Level::best(), threads)
        }
        // It is a few numbers.
        FamilyHeader::Style(_) => return Ok(()),
    };
    // On another device nothing is laid out; its own memory is for its driver to refuse.
    ask(if device.is_cpu() {
        room.most
    } else {
        room.tensors
    })
}

/// The memory of a pass, where there is room for it.
pub(super) fn arena(generator: &PreparedGenerator) -> Result<Arena, TransferError> {
    ask(generator.arena_bytes(rayon::current_num_threads()))
        .map_err(|bytes| TransferError::Memory { bytes })?;
    Ok(generator.arena())
}

/// Probes for `bytes` and the [`MARGIN`]. The error has their sum.
fn ask(bytes: usize) -> Result<(), usize> {
    let bytes = bytes.saturating_add(MARGIN);
    take(bytes / MARGIN, bytes).map_err(|_| bytes)
}

/// Allocates `blocks` blocks of `bytes` together, and frees them.
fn take(blocks: usize, bytes: usize) -> Result<(), TryReserveError> {
    let mut taken: Vec<Vec<u8>> = Vec::new();
    taken.try_reserve_exact(blocks)?;
    for _ in 0..blocks {
        let mut block = Vec::new();
        block.try_reserve_exact(bytes.div_ceil(blocks))?;
        taken.push(block);
    }
    // A compiler may leave out blocks that are never read.
    black_box(&taken);
    Ok(())
}
