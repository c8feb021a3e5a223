//! Header of a weights file.

use std::collections::BTreeMap;
use std::fmt::Display;

use safetensors::tensor::SafeTensors;
use serde::{Deserialize, Serialize};

use crate::family::arranger::ArrangerConfig;
use crate::family::cyclegan::GeneratorConfig;
use crate::genre::{Genre, Pair};
use crate::roll::{LOWEST_KEY, PITCHES, STEPS};

use super::{MOST_BYTES, Style, WeightsError, other};

/// Where the header lies in the metadata.
pub const HEADER_KEY: &str = "third-stream";
/// The version of the format that is written here. Format 1, which had no families, is read too.
pub const FORMAT: u32 = 2;
/// The longest header that is read: far more than the names of the largest network's tensors
/// take. A million tensors are refused before they are listed.
const MOST_HEADER_BYTES: u64 = 1 << 20;

/// The header of a weights file: JSON in the safetensors metadata.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// The version of the format, [`FORMAT`].
    pub format: u32,
    /// Steps, pitches and lowest key of the roll that the networks were trained on.
    pub roll: (usize, usize, u8),
    /// Family and shape of the networks in the file.
    #[serde(flatten)]
    pub family: FamilyHeader,
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

/// A kind of networks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "family")]
pub enum FamilyHeader {
    /// One network for all genres, which fills in hidden notes.
    #[serde(rename = "arranger")]
    Arranger(ArrangerHeader),
    /// Two generators of a genre pair (Brunner et al. 2018).
    #[serde(rename = "cyclegan")]
    CycleGan(CycleGanHeader),
    /// A user's style: numbers that are added to an arranger; no network.
    #[serde(rename = "style")]
    Style(Style),
}

/// Header of an arranger: its network and genres.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArrangerHeader {
    /// The network's shape.
    pub network: ArrangerConfig,
    /// The genres that it knows, in the order of the columns of its norms.
    pub genres: Vec<String>,
}

/// Header of a CycleGAN: its generators and thresholds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CycleGanHeader {
    /// The genre pair, as `jazz-classic`.
    pub pair: String,
    /// The shape of both generators.
    pub generator: GeneratorConfig,
    /// The threshold above which a cell sounds, for each direction.
    pub threshold: [f32; 2],
}

impl Header {
    /// The header of a file that is made here, of this version's format and roll: all else but the
    /// family is empty.
    pub const fn new(family: FamilyHeader) -> Self {
        Self {
            format: FORMAT,
            roll: (STEPS, PITCHES, LOWEST_KEY),
            family,
            recipe: String::new(),
            steps: 0,
            seed: 0,
            data: String::new(),
            commit: String::new(),
            scores: BTreeMap::new(),
        }
    }

    /// Reads and checks the header alone.
    ///
    /// ```
    /// use third_stream_model::genre::Pair;
    /// use third_stream_model::shipped;
    /// use third_stream_model::weights::Header;
    ///
    /// let header = Header::read(shipped::cyclegan())?;
    /// assert_eq!(header.pairs(), [Pair::JAZZ_CLASSIC]);
    /// # Ok::<(), third_stream_model::weights::WeightsError>(())
    /// ```
    ///
    /// # Errors
    /// If the bytes are no whole safetensors file, have no header of ours, or one that this
    /// version cannot use.
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
        let header = parse(text).map_err(|e| WeightsError::Foreign(e.to_string()))?;
        header.check()?;
        Ok(header)
    }

    /// True if this version can use such a file.
    fn check(&self) -> Result<(), WeightsError> {
        if !(1..=FORMAT).contains(&self.format) {
            return Err(other(
                "the format version",
                self.format,
                format!("1 to {FORMAT}"),
            ));
        }
        let geometry = (STEPS, PITCHES, LOWEST_KEY);
        if self.roll != geometry {
            return Err(other(
                "the roll",
                format!("{:?}", self.roll),
                format!("{geometry:?}"),
            ));
        }
        match &self.family {
            FamilyHeader::Arranger(arranger) => arranger.check(),
            FamilyHeader::CycleGan(cyclegan) => cyclegan.check(),
            FamilyHeader::Style(style) => style.check(),
        }
    }

    /// The genre pairs that the networks can play between; none for a style.
    pub fn pairs(&self) -> Vec<Pair> {
        match &self.family {
            FamilyHeader::Arranger(arranger) => {
                let knows = |genre| arranger.column(genre).is_some();
                let pairs = Pair::ALL.into_iter();
                pairs
                    .filter(|pair| knows(pair.a) && knows(pair.b))
                    .collect()
            }
            FamilyHeader::CycleGan(cyclegan) => cyclegan.pair().into_iter().collect(),
            FamilyHeader::Style(_) => Vec::new(),
        }
    }

    /// The generators that the file holds.
    ///
    /// # Errors
    /// If it holds a network of another family.
    pub fn cyclegan(&self) -> Result<&CycleGanHeader, WeightsError> {
        match &self.family {
            FamilyHeader::CycleGan(cyclegan) => Ok(cyclegan),
            found => Err(other("the family", found, "CycleGAN")),
        }
    }

    /// The arranger that the file holds.
    ///
    /// # Errors
    /// If it holds networks of another family.
    pub fn arranger(&self) -> Result<&ArrangerHeader, WeightsError> {
        match &self.family {
            FamilyHeader::Arranger(arranger) => Ok(arranger),
            found => Err(other("the family", found, "arranger")),
        }
    }
}

impl ArrangerHeader {
    /// The column of a genre in the network's norms.
    pub fn column(&self, genre: Genre) -> Option<usize> {
        let mut known = self.genres.iter();
        known.position(|name| name.parse() == Ok(genre))
    }

    fn check(&self) -> Result<(), WeightsError> {
        check_network(&self.network)?;
        let known = self.genres.iter().all(|name| name.parse::<Genre>().is_ok());
        if !known || !(1..=Genre::ALL.len()).contains(&self.genres.len()) {
            let expected = Genre::ALL.map(Genre::name).join(", ");
            return Err(other("the genres", self.genres.join(", "), expected));
        }
        Ok(())
    }
}

impl CycleGanHeader {
    /// The genre pair.
    ///
    /// # Errors
    /// If the file names no pair that is known.
    pub fn pair(&self) -> Result<Pair, WeightsError> {
        let expected = Pair::ALL.map(|pair| pair.to_string()).join(", ");
        self.pair
            .parse()
            .map_err(|_| other("the genre pair", &self.pair, expected))
    }

    fn check(&self) -> Result<(), WeightsError> {
        self.pair()?;
        let GeneratorConfig {
            base_channels,
            residual_blocks,
            skip,
        } = self.generator;
        if !(1..=256).contains(&base_channels) || residual_blocks > 64 || !skip.is_finite() {
            let found = format!("{base_channels} channels × {residual_blocks} blocks");
            return Err(other(
                "the generator",
                found,
                "1 to 256 channels × 0 to 64 blocks",
            ));
        }
        if self.threshold.iter().any(|t| !(0.0..1.0).contains(t)) {
            return Err(other(
                "the threshold",
                format!("{:?}", self.threshold),
                "0 to 1",
            ));
        }
        Ok(())
    }
}

impl Display for FamilyHeader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Arranger(_) => "arranger",
            Self::CycleGan(_) => "CycleGAN",
            Self::Style(_) => "style",
        })
    }
}

/// True if a network of this shape can be made.
pub(super) fn check_network(network: &ArrangerConfig) -> Result<(), WeightsError> {
    let ArrangerConfig {
        base_channels,
        residual_blocks,
        harmony: _,
        attributes: _,
    } = *network;
    if !(1..=256).contains(&base_channels) || residual_blocks > 64 {
        let found = format!("{base_channels} channels × {residual_blocks} blocks");
        return Err(other(
            "the network",
            found,
            "1 to 256 channels × 0 to 64 blocks",
        ));
    }
    Ok(())
}

/// The header of this JSON text; one of format 1 is a CycleGAN's.
fn parse(text: &str) -> serde_json::Result<Header> {
    let mut value: serde_json::Value = serde_json::from_str(text)?;
    if value.get("format").and_then(serde_json::Value::as_u64) == Some(1)
        && let Some(fields) = value.as_object_mut()
    {
        fields.insert("family".into(), "cyclegan".into());
    }
    serde_json::from_value(value)
}
