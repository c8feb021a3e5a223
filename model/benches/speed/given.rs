//! A file for the peers: weights, an input and what ours makes of it.

use std::collections::HashMap;
use std::path::PathBuf;

use candle_core::Tensor;
use safetensors::tensor::{Dtype, TensorView};

use super::turns::Error;

/// Writes the tensors as f32, with numbers about the network beside them, into a file of this name.
pub(crate) fn write(
    name: &str,
    tensors: &[(String, Tensor)],
    about: &[(&str, String)],
) -> Result<PathBuf, Error> {
    let bytes = tensors
        .iter()
        .map(|(_, tensor)| {
            let values = tensor.flatten_all()?.to_vec1::<f32>()?;
            Ok(values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect())
        })
        .collect::<Result<Vec<Vec<u8>>, candle_core::Error>>()?;
    let views = tensors
        .iter()
        .zip(&bytes)
        .map(|((name, tensor), bytes)| {
            let view = TensorView::new(Dtype::F32, tensor.dims().to_vec(), bytes)?;
            Ok((name.as_str(), view))
        })
        .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()?;
    let about = about
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()));
    let about: HashMap<String, String> = about.collect();
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, safetensors::serialize(views, Some(about))?)?;
    Ok(path)
}
