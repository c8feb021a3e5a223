//! Files of styles: what the user's own music adds to the norms of an arranger, and which one.

use std::collections::BTreeMap;

use candle_core::{Device, Tensor};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::header::{FamilyHeader, Header, check_network};
use super::{WeightsError, other, palettes, tensors, write_tensors};
use crate::family::arranger::{ArrangerConfig, NormColumn, Palette, palette};
use crate::genre::Genre;

/// The name of the tensor that holds all numbers, one layer's after another.
const TENSOR: &str = "columns";
/// The name of the tensor of the palette.
const PALETTE: &str = "palette";
/// Characters of a SHA-256 in hexadecimal.
const DIGITS: usize = 64;

/// Header of a style's file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Style {
    /// As the user named it.
    pub name: String,
    /// The weights file that it was learned on, and works with: its SHA-256 in hexadecimal.
    pub base: String,
    /// The shape of that file's network.
    pub network: ArrangerConfig,
    /// The genre whose numbers it began with.
    pub near: String,
    /// True if its music swings, so that a tune that swings goes on swinging.
    pub swings: bool,
    /// The files that it was learned from.
    pub files: Vec<String>,
    /// The files that were kept back for the scores.
    pub kept_back: Vec<String>,
    /// Phrases that it was learned from.
    pub phrases: usize,
}

impl Style {
    /// The genre that it began with.
    ///
    /// # Errors
    /// If the file names no genre that is known.
    pub fn near(&self) -> Result<Genre, WeightsError> {
        let expected = Genre::ALL.map(Genre::name).join(", ");
        let near = self.near.parse();
        near.map_err(|_| other("the genre that the style began with", &self.near, expected))
    }

    pub(super) fn check(&self) -> Result<(), WeightsError> {
        check_network(&self.network)?;
        self.near()?;
        let is_hash = self.base.len() == DIGITS && self.base.chars().all(|c| c.is_ascii_hexdigit());
        if !is_hash {
            return Err(other("the base of the style", &self.base, "a SHA-256"));
        }
        Ok(())
    }
}

/// SHA-256 of a weights file's bytes, in hexadecimal: what [`Style::base`] names.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
    ];
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| DIGITS[usize::from(digit)]).collect()
}

/// A style, its numbers and what its phrases are like, which a network without attributes does not
/// heed.
///
/// # Errors
/// If the file cannot be used, or holds networks.
pub fn read_style(bytes: &[u8]) -> Result<(Header, NormColumn, Palette), WeightsError> {
    let header = Header::read(bytes)?;
    let network = header.style()?.network;
    let wrong = |problem: String| WeightsError::Tensor {
        name: TENSOR.into(),
        problem,
    };
    let tensors = tensors(bytes, &Device::Cpu)?;
    let values = tensors
        .get(TENSOR)
        .ok_or_else(|| wrong("it is missing".into()))?;
    let values = values
        .flatten_all()
        .and_then(|values| values.to_vec1::<f32>());
    let values = values.map_err(|error| wrong(error.to_string()))?;
    let columns = NormColumn::of_values(&network, &values).ok_or_else(|| {
        let expected: usize = NormColumn::sizes(&network).iter().sum();
        wrong(format!("{} numbers, expected {expected}", values.len()))
    })?;
    let palette = match tensors.get(PALETTE) {
        Some(palette) => palettes::of_tensor(palette),
        None if !network.attributes => Some(Palette::default()),
        None => None,
    };
    let palette = palette.ok_or_else(|| WeightsError::Tensor {
        name: PALETTE.into(),
        problem: format!("expected rows of {} numbers", palette::ENTRY),
    })?;
    Ok((header, columns, palette))
}

/// The bytes of a style's file; its numbers are f16.
///
/// # Errors
/// candle's: shapes that do not fit, no memory on the device.
pub fn write_style(
    header: &Header,
    columns: &NormColumn,
    palette: &Palette,
) -> candle_core::Result<Vec<u8>> {
    let values = Tensor::new(columns.values(), &Device::Cpu)?;
    let mut named = BTreeMap::from([(TENSOR.to_owned(), values)]);
    if !palette.is_empty() {
        named.insert(PALETTE.to_owned(), palettes::tensor(palette)?);
    }
    let named = named.iter().map(|(name, tensor)| (name.clone(), tensor));
    write_tensors(header, named)
}

impl Header {
    /// The style that the file holds.
    ///
    /// # Errors
    /// If it holds networks.
    pub fn style(&self) -> Result<&Style, WeightsError> {
        match &self.family {
            FamilyHeader::Style(style) => Ok(style),
            other_family => Err(other("the family", other_family, "style")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roll::notes::{GridNote, NoteRoll};
    use crate::roll::{LOWEST_KEY, PITCHES, STEPS};
    use crate::weights::FORMAT;

    /// The header of a style for weights with this hash.
    fn header(network: ArrangerConfig, base: String) -> Header {
        Header {
            format: FORMAT,
            roll: (STEPS, PITCHES, LOWEST_KEY),
            family: FamilyHeader::Style(Style {
                name: "My band".into(),
                base,
                network,
                near: "jazz".into(),
                swings: true,
                files: vec!["a.mid".into()],
                kept_back: vec!["b.mid".into()],
                phrases: 40,
            }),
            recipe: "learn-style".into(),
            steps: 10,
            seed: 1,
            data: "none".into(),
            commit: "none".into(),
            scores: BTreeMap::new(),
        }
    }

    fn network() -> ArrangerConfig {
        ArrangerConfig::new(2, 1)
    }

    #[test]
    fn a_style_comes_back_and_plays_between_no_genres() {
        let header = header(network(), sha256(b"base"));
        let count: usize = NormColumn::sizes(&network()).iter().sum();
        let values: Vec<f32> = (0..count).map(|place| place as f32 / 4.0).collect();
        let columns = NormColumn::of_values(&network(), &values).unwrap();
        let phrase: NoteRoll = [GridNote::new(3, 40, 5)].into_iter().collect();
        let mut values = Palette::of([&phrase]).values();
        for value in &mut values {
            *value = half::f16::from_f32(*value).to_f32();
        }
        let palette = Palette::of_values(&values).unwrap();
        let bytes = write_style(&header, &columns, &palette).unwrap();
        assert_eq!(
            read_style(&bytes).unwrap(),
            (header.clone(), columns.clone(), palette.clone())
        );
        assert_eq!(header.pairs(), []);
        assert!(header.arranger().is_err() && header.cyclegan().is_err());
        let cut = read_style(&bytes[..bytes.len() - 2]).unwrap_err();
        assert!(matches!(cut, WeightsError::Unreadable(_)), "{cut}");

        let larger = self::header(ArrangerConfig::default(), sha256(b"base"));
        let said = read_style(&write_style(&larger, &columns, &palette).unwrap()).unwrap_err();
        assert!(
            said.to_string()
                .contains(&format!("{count} numbers, expected 3712")),
            "{said}"
        );
    }

    #[test]
    fn a_header_that_cannot_be_used_is_refused() {
        let read = |header: &Header| {
            let none = write_tensors(header, std::iter::empty()).unwrap();
            Header::read(&none)
                .map(drop)
                .map_err(|error| error.to_string())
        };
        assert_eq!(read(&header(network(), sha256(b""))), Ok(()));
        let said = read(&header(network(), "abc".into())).unwrap_err();
        assert!(
            said.contains("the base of the style is abc, expected a SHA-256"),
            "{said}"
        );
        let mut polka = header(network(), sha256(b""));
        if let FamilyHeader::Style(style) = &mut polka.family {
            style.near = "polka".into();
        }
        assert!(read(&polka).unwrap_err().contains("is polka"));
    }

    #[test]
    fn the_hash_is_that_of_the_manifest() {
        // As `sha256sum` prints it for an empty file.
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(sha256(b""), empty);
    }
}
