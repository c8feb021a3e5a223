//! The palettes in a weights file: of each genre one tensor, an entry a row.

use candle_core::{Device, Tensor};

use super::{Header, WeightsError, tensors_where};
use crate::family::arranger::Palette;
use crate::family::arranger::palette::ENTRY;
use crate::genre::Genre;

/// Begins the names of palettes among the tensors.
const PREFIX: &str = "palette.";

/// A genre's palette among the tensors.
fn name(genre: Genre) -> String {
    format!("{PREFIX}{genre}")
}

/// True if a tensor of this name is a palette.
pub(super) fn is_one(name: &str) -> bool {
    name.starts_with(PREFIX)
}

/// The palettes of an arranger's file by genre; none where its network has no attributes, or knows
/// a genre that it was not trained on in the end.
///
/// # Errors
/// If the file cannot be used, or holds networks of another family.
pub fn read_palettes(bytes: &[u8]) -> Result<Vec<(Genre, Palette)>, WeightsError> {
    let header = Header::read(bytes)?;
    let arranger = header.arranger()?;
    if !arranger.network.attributes {
        return Ok(Vec::new());
    }
    let tensors = tensors_where(bytes, &Device::Cpu, is_one)?;
    let known = |genre| arranger.column(genre).is_some();
    let mut palettes = palettes_among(|name| tensors.get(name))?;
    palettes.retain(|(genre, _)| known(*genre));
    Ok(palettes)
}

/// The palettes among the tensors that `find` finds by name, as [`palette_tensors`] names them.
///
/// # Errors
/// If one has not [`ENTRY`] numbers in each row.
pub(crate) fn palettes_among<'t>(
    find: impl Fn(&str) -> Option<&'t Tensor>,
) -> Result<Vec<(Genre, Palette)>, WeightsError> {
    let palette = |genre| {
        let name = name(genre);
        let palette = of_tensor(find(&name)?);
        Some(match palette {
            Some(palette) => Ok((genre, palette)),
            None => Err(WeightsError::Tensor {
                name,
                problem: format!("expected rows of {ENTRY} numbers"),
            }),
        })
    };
    Genre::ALL.into_iter().filter_map(palette).collect()
}

/// A tensor's palette: (entries, [`ENTRY`]).
pub(super) fn of_tensor(tensor: &Tensor) -> Option<Palette> {
    let (_, width) = tensor.dims2().ok()?;
    let values: Vec<f32> = tensor.flatten_all().ok()?.to_vec1().ok()?;
    Palette::of_values(&values).filter(|_| width == ENTRY)
}

/// A palette as a tensor.
pub(super) fn tensor(palette: &Palette) -> candle_core::Result<Tensor> {
    Tensor::from_vec(palette.values(), (palette.len(), ENTRY), &Device::Cpu)
}

/// The tensors of some genres' palettes, with their names.
pub(crate) fn palette_tensors(
    palettes: &[(Genre, Palette)],
) -> candle_core::Result<Vec<(String, Tensor)>> {
    let named = palettes.iter();
    let named = named.map(|(genre, palette)| Ok((name(*genre), tensor(palette)?)));
    named.collect()
}
