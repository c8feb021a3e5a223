//! Weights files: safetensors with the networks of one family and a header that says what they
//! are. Bytes in, bytes out; nothing here opens a file.
//!
//! Tensors are f16: those of an arranger under their own names and a `palette.…` of each genre,
//! those of a CycleGAN's generators as `ab.…` and `ba.…` after their direction, those of a style as
//! `columns` and `palette`. The header lies in the safetensors metadata under [`HEADER_KEY`] as
//! JSON.

mod header;
mod palettes;
mod style;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Display;

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use half::f16;
use safetensors::tensor::{Dtype, SafeTensors, View};

use crate::family::arranger::{Network, Palette};
use crate::family::cyclegan::Generator;
use crate::genre::{Direction, Genre, Pair};

pub use header::{ArrangerHeader, CycleGanHeader, FORMAT, FamilyHeader, HEADER_KEY, Header};
pub use palettes::read_palettes;
#[cfg(feature = "train")]
pub(crate) use palettes::{palette_tensors, palettes_among};
#[cfg(feature = "train")]
pub(crate) use style::hex;
pub use style::{Style, read_style, sha256, write_style};

/// The largest file that is read: far more than the largest network of the paper takes.
pub(crate) const MOST_BYTES: usize = 256 << 20;

/// A weights file that is refused, and why.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// Not a safetensors file, or a cut one.
    #[error("not a whole safetensors file ({0}); expected a file written by `cargo xtask train`")]
    Unreadable(String),
    /// A safetensors file without our header.
    #[error("no Third Stream header: expected the metadata key {HEADER_KEY:?} ({0})")]
    Foreign(String),
    /// Another format, geometry or pair.
    #[error("{what} is {found}, expected {expected}; use weights made for this version")]
    Other {
        /// The field that differs.
        what: &'static str,
        /// The file's value.
        found: String,
        /// The value that this version can use.
        expected: String,
    },
    /// A tensor is missing or has another shape or type.
    #[error("tensor {name}: {problem}; the file does not hold the networks its header names")]
    Tensor {
        /// Its name.
        name: String,
        /// Description of the fault.
        problem: String,
    },
    /// A style that was learned on other weights.
    #[error(
        "the style {name:?} was learned on the weights {found}\u{2026} (SHA-256) and works with \
         those alone, expected {expected}\u{2026}: it is a few numbers beside theirs; learn it \
         again with `cargo xtask learn-style`, or use it with those weights"
    )]
    Base {
        /// The style's name.
        name: String,
        /// The beginning of the hash of the weights that it was learned on.
        found: String,
        /// Hash of the weights in use.
        expected: String,
    },
    /// The system does not give the memory that loading takes.
    #[error(
        "the networks need at least {} MB of memory to load, more than the system gives; close other programs or raise its limit, and load them again",
        bytes.div_ceil(1_000_000)
    )]
    Memory {
        /// Bytes asked for.
        bytes: usize,
    },
}

fn other(what: &'static str, found: impl Display, expected: impl Display) -> WeightsError {
    WeightsError::Other {
        what,
        found: found.to_string(),
        expected: expected.to_string(),
    }
}

/// The prefix of a direction's tensors.
const fn prefix(direction: Direction) -> &'static str {
    match direction {
        Direction::AToB => "ab.",
        Direction::BToA => "ba.",
    }
}

/// The two generators of a file, A→B first, as f32 on `device`.
///
/// # Errors
/// If the file cannot be used, or holds networks of another family.
pub fn read_generators(
    bytes: &[u8],
    device: &Device,
) -> Result<(Header, [Generator; 2]), WeightsError> {
    let header = Header::read(bytes)?;
    let config = header.cyclegan()?.generator;
    let vb = VarBuilder::from_tensors(tensors(bytes, device)?, DType::F32, device);
    let generator = |direction| {
        let prefix = prefix(direction);
        Generator::new(&config, &vb.pp(prefix.trim_end_matches('.'))).map_err(|e| {
            WeightsError::Tensor {
                name: format!("{prefix}*"),
                problem: e.to_string(),
            }
        })
    };
    let generators = [generator(Direction::AToB)?, generator(Direction::BToA)?];
    Ok((header, generators))
}

/// The network of an arranger's file, as f32 on `device`. [`read_palettes`] has what belongs to it.
///
/// # Errors
/// If the file cannot be used, or holds networks of another family.
pub fn read_network(bytes: &[u8], device: &Device) -> Result<(Header, Network), WeightsError> {
    let header = Header::read(bytes)?;
    let config = header.arranger()?.network;
    let of_network = |name: &str| !palettes::is_one(name);
    let tensors = tensors_where(bytes, device, of_network)?;
    let vb = VarBuilder::from_tensors(tensors, DType::F32, device);
    let network = Network::new(&config, &vb).map_err(|e| WeightsError::Tensor {
        name: "*".into(),
        problem: e.to_string(),
    })?;
    Ok((header, network))
}

/// The tensors of a file as f32 on `device`, by name.
///
/// # Errors
/// If the file is no safetensors file, or a tensor is not f16 or not finite.
pub fn tensors(bytes: &[u8], device: &Device) -> Result<HashMap<String, Tensor>, WeightsError> {
    tensors_where(bytes, device, |_| true)
}

/// Those whose names are `wanted`.
fn tensors_where(
    bytes: &[u8],
    device: &Device,
    wanted: impl Fn(&str) -> bool,
) -> Result<HashMap<String, Tensor>, WeightsError> {
    let file =
        SafeTensors::deserialize(bytes).map_err(|e| WeightsError::Unreadable(e.to_string()))?;
    let mut tensors = HashMap::new();
    let views = file.tensors().into_iter();
    for (name, view) in views.filter(|(name, _)| wanted(name)) {
        let wrong = |problem: String| WeightsError::Tensor {
            name: name.clone(),
            problem,
        };
        if view.dtype() != Dtype::F16 {
            return Err(wrong(format!("type {:?}, expected F16", view.dtype())));
        }
        let (pairs, _) = view.data().as_chunks::<2>();
        let values: Vec<f32> = pairs
            .iter()
            .map(|b| f16::from_le_bytes(*b).to_f32())
            .collect();
        if values.iter().any(|value| !value.is_finite()) {
            return Err(wrong("a value is not finite".into()));
        }
        let tensor = Tensor::from_vec(values, view.shape(), device);
        tensors.insert(name.clone(), tensor.map_err(|e| wrong(e.to_string()))?);
    }
    Ok(tensors)
}

struct Half {
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl View for Half {
    fn dtype(&self) -> Dtype {
        Dtype::F16
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes)
    }
    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

/// The weights file `bytes` with another header; the networks stay as they are.
///
/// # Errors
/// The bytes are no weights file.
pub fn with_header(bytes: &[u8], header: &Header) -> Result<Vec<u8>, WeightsError> {
    let unreadable = |text: String| WeightsError::Unreadable(text);
    let file = SafeTensors::deserialize(bytes).map_err(|e| unreadable(e.to_string()))?;
    let text = serde_json::to_string(header).map_err(|e| unreadable(e.to_string()))?;
    let metadata = HashMap::from([(HEADER_KEY.to_owned(), text)]);
    safetensors::serialize(file.tensors(), Some(metadata)).map_err(|e| unreadable(e.to_string()))
}

/// The CycleGAN `bytes` as one for `pair`; the networks stay as they are. For tests, which want one
/// of each pair where only one is trained.
///
/// # Errors
/// The bytes are no weights file of a CycleGAN.
pub fn relabelled(bytes: &[u8], pair: Pair) -> Result<Vec<u8>, WeightsError> {
    let mut header = Header::read(bytes)?;
    let mut cyclegan = header.cyclegan()?.clone();
    cyclegan.pair = pair.to_string();
    header.family = FamilyHeader::CycleGan(cyclegan);
    with_header(bytes, &header)
}

/// The bytes of a weights file from the variables of both generators by name, A→B first.
///
/// # Errors
/// If a tensor cannot be read from its device.
pub fn write(
    header: &Header,
    generators: [&BTreeMap<String, Tensor>; 2],
) -> candle_core::Result<Vec<u8>> {
    let both = Direction::BOTH.into_iter().zip(generators);
    let named = both.flat_map(|(direction, tensors)| {
        let tensors = tensors.iter();
        tensors.map(move |(name, tensor)| (format!("{}{name}", prefix(direction)), tensor))
    });
    write_tensors(header, named)
}

/// The bytes of a weights file from the variables of an arranger's network by name, and the palettes
/// of its genres.
///
/// # Errors
/// If a tensor cannot be read from its device.
pub fn write_arranger(
    header: &Header,
    network: &BTreeMap<String, Tensor>,
    palettes: &[(Genre, Palette)],
) -> candle_core::Result<Vec<u8>> {
    let named = network.iter().map(|(name, tensor)| (name.clone(), tensor));
    let palettes = palettes::palette_tensors(palettes)?;
    let palettes = palettes.iter().map(|(name, tensor)| (name.clone(), tensor));
    write_tensors(header, named.chain(palettes))
}

fn write_tensors<'a>(
    header: &Header,
    tensors: impl Iterator<Item = (String, &'a Tensor)>,
) -> candle_core::Result<Vec<u8>> {
    let mut views = Vec::new();
    for (name, tensor) in tensors {
        let values = tensor
            .flatten_all()?
            .to_dtype(DType::F32)?
            .to_vec1::<f32>()?;
        let bytes = values
            .iter()
            .flat_map(|v| f16::from_f32(*v).to_le_bytes())
            .collect();
        let shape = tensor.dims().to_vec();
        views.push((name, Half { shape, bytes }));
    }
    let text = serde_json::to_string(header).map_err(candle_core::Error::wrap)?;
    let metadata = HashMap::from([(HEADER_KEY.to_owned(), text)]);
    safetensors::serialize(views, Some(metadata)).map_err(candle_core::Error::wrap)
}

#[cfg(test)]
mod tests;
