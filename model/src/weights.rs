//! Weights files: safetensors with both generators of a genre pair and a header that says what
//! they are. Bytes in, bytes out; nothing here opens a file.
//!
//! Tensors are f16, named `ab.…` and `ba.…` after their direction. The header lies in the
//! safetensors metadata under [`HEADER_KEY`] as JSON.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Display;

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use half::f16;
use safetensors::tensor::{Dtype, SafeTensors, View};
use serde::{Deserialize, Serialize};

use crate::genre::{Direction, Pair};
use crate::net::{Generator, GeneratorConfig};
use crate::roll::{LOWEST_KEY, PITCHES, STEPS};

/// Where the header lies in the metadata.
pub const HEADER_KEY: &str = "third-stream";
/// The version of the format that is written and read here.
pub const FORMAT: u32 = 1;
/// The largest file that is read: far more than the largest network of the paper takes.
pub(crate) const MOST_BYTES: usize = 256 << 20;
/// The longest header that is read: far more than the names of that network's tensors take. A
/// million tensors are refused before they are listed.
const MOST_HEADER_BYTES: u64 = 1 << 20;

/// What a weights file says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// The version of the format, [`FORMAT`].
    pub format: u32,
    /// Steps, pitches and lowest key of the roll that the networks were trained on.
    pub roll: (usize, usize, u8),
    /// The genre pair, as `jazz-classic`.
    pub pair: String,
    /// The shape of both generators.
    pub generator: GeneratorConfig,
    /// The threshold above which a cell sounds, for each direction.
    pub threshold: [f32; 2],
    /// The name of the recipe.
    pub recipe: String,
    /// Training steps taken.
    pub steps: u64,
    /// The seed of the run.
    pub seed: u64,
    /// SHA-256 of the training data's list, in hexadecimal.
    pub data: String,
    /// The commit of the code that trained them.
    pub commit: String,
    /// Scores on the validation split, by name.
    pub scores: BTreeMap<String, f64>,
}

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
        /// What differs.
        what: &'static str,
        /// What the file has.
        found: String,
        /// What this version can use.
        expected: String,
    },
    /// A tensor is missing or has another shape or type.
    #[error("tensor {name}: {problem}; the file does not hold the networks its header names")]
    Tensor {
        /// Its name.
        name: String,
        /// What is wrong.
        problem: String,
    },
    /// The system does not give the memory that loading takes.
    #[error(
        "the networks need at least {} MB of memory to load, more than the system gives; close other programs or raise its limit, and load them again",
        bytes.div_ceil(1_000_000)
    )]
    Memory {
        /// What was asked for.
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

impl Header {
    /// Reads and checks the header alone.
    pub fn read(bytes: &[u8]) -> Result<Self, WeightsError> {
        if bytes.len() > MOST_BYTES {
            return Err(other(
                "the file's size",
                bytes.len(),
                format!("at most {MOST_BYTES}"),
            ));
        }
        let length = bytes
            .first_chunk()
            .map_or(0, |first| u64::from_le_bytes(*first));
        // One that is longer than the file is a cut or a foreign file, which is said below.
        if length > MOST_HEADER_BYTES && length <= bytes.len() as u64 {
            return Err(other(
                "the header's length",
                length,
                format!("at most {MOST_HEADER_BYTES}"),
            ));
        }
        let unreadable = |e: safetensors::SafeTensorError| WeightsError::Unreadable(e.to_string());
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(unreadable)?;
        let text = metadata
            .metadata()
            .as_ref()
            .and_then(|metadata| metadata.get(HEADER_KEY))
            .ok_or_else(|| WeightsError::Foreign("it is missing".into()))?;
        let header: Self =
            serde_json::from_str(text).map_err(|e| WeightsError::Foreign(e.to_string()))?;
        let geometry = (STEPS, PITCHES, LOWEST_KEY);
        if header.format != FORMAT {
            return Err(other("the format version", header.format, FORMAT));
        }
        if header.roll != geometry {
            return Err(other(
                "the roll",
                format!("{:?}", header.roll),
                format!("{geometry:?}"),
            ));
        }
        header.pair()?;
        let GeneratorConfig {
            base_channels,
            residual_blocks,
            skip,
        } = header.generator;
        if !(1..=256).contains(&base_channels) || residual_blocks > 64 || !skip.is_finite() {
            let found = format!("{base_channels} channels × {residual_blocks} blocks");
            return Err(other(
                "the generator",
                found,
                "1 to 256 channels × 0 to 64 blocks",
            ));
        }
        if header.threshold.iter().any(|t| !(0.0..1.0).contains(t)) {
            return Err(other(
                "the threshold",
                format!("{:?}", header.threshold),
                "0 to 1",
            ));
        }
        Ok(header)
    }

    /// The genre pair.
    pub fn pair(&self) -> Result<Pair, WeightsError> {
        let expected = Pair::ALL.map(|pair| pair.to_string()).join(", ");
        self.pair
            .parse()
            .map_err(|_| other("the genre pair", &self.pair, expected))
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
pub fn read_generators(
    bytes: &[u8],
    device: &Device,
) -> Result<(Header, [Generator; 2]), WeightsError> {
    let header = Header::read(bytes)?;
    let file =
        SafeTensors::deserialize(bytes).map_err(|e| WeightsError::Unreadable(e.to_string()))?;
    let mut tensors = HashMap::new();
    for (name, view) in file.tensors() {
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
    let vb = VarBuilder::from_tensors(tensors, DType::F32, device);
    let generator = |direction| {
        let prefix = prefix(direction);
        Generator::new(&header.generator, &vb.pp(prefix.trim_end_matches('.'))).map_err(|e| {
            WeightsError::Tensor {
                name: format!("{prefix}*"),
                problem: e.to_string(),
            }
        })
    };
    let generators = [generator(Direction::AToB)?, generator(Direction::BToA)?];
    Ok((header, generators))
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
pub fn with_header(bytes: &[u8], header: &Header) -> Result<Vec<u8>, WeightsError> {
    let unreadable = |text: String| WeightsError::Unreadable(text);
    let file = SafeTensors::deserialize(bytes).map_err(|e| unreadable(e.to_string()))?;
    let text = serde_json::to_string(header).map_err(|e| unreadable(e.to_string()))?;
    let metadata = HashMap::from([(HEADER_KEY.to_owned(), text)]);
    safetensors::serialize(file.tensors(), Some(metadata)).map_err(|e| unreadable(e.to_string()))
}

/// The bytes of a weights file from the variables of both generators, A→B first.
pub fn write(
    header: &Header,
    generators: [&BTreeMap<String, Tensor>; 2],
) -> candle_core::Result<Vec<u8>> {
    let mut views = Vec::new();
    for (direction, tensors) in Direction::BOTH.into_iter().zip(generators) {
        for (name, tensor) in tensors {
            let values = tensor
                .flatten_all()?
                .to_dtype(DType::F32)?
                .to_vec1::<f32>()?;
            let bytes = values
                .iter()
                .flat_map(|v| f16::from_f32(*v).to_le_bytes())
                .collect();
            let half = Half {
                shape: tensor.dims().to_vec(),
                bytes,
            };
            views.push((format!("{}{name}", prefix(direction)), half));
        }
    }
    let text = serde_json::to_string(header).map_err(candle_core::Error::wrap)?;
    let metadata = HashMap::from([(HEADER_KEY.to_owned(), text)]);
    safetensors::serialize(views, Some(metadata)).map_err(candle_core::Error::wrap)
}

#[cfg(test)]
mod tests;
