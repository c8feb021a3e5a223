//! Checkpoints: everything that the next step needs, in one safetensors file.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};

use candle_core::safetensors::Load;
use candle_core::{Device, Tensor};
use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};

use super::record::RunRecord;
use crate::files::write_whole;

/// How many checkpoints stay in the run's folder.
const KEPT: usize = 2;
/// The header's name in the file's metadata.
const HEADER: &str = "third-stream-checkpoint";

/// Metadata of a checkpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckpointHeader {
    /// The next step, which is the number of steps done.
    pub next_step: u64,
    /// Score of the best weights so far, the greater the better.
    pub best: Option<f32>,
    /// The run.
    pub record: RunRecord,
}

/// A header and its tensors.
pub(super) type Saved = (CheckpointHeader, BTreeMap<String, Tensor>);

/// A checkpoint that cannot be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The file or its folder cannot be read or written.
    #[error(
        "{path}: cannot be read or written: {source}; expected a checkpoint or room for one: make \
         room or see to its permissions, then go on with --resume"
    )]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is there, but not as it was written.
    #[error("{path}: not a checkpoint: {why}; remove it to go on from the one before")]
    Broken {
        /// The file.
        path: PathBuf,
        /// Description of the fault.
        why: String,
    },
}

/// Writes a checkpoint into the run's folder and removes all but the last two.
pub(super) fn write(
    folder: &Path,
    header: &CheckpointHeader,
    tensors: &BTreeMap<String, Tensor>,
) -> Result<(), CheckpointError> {
    let path = folder.join(format!("checkpoint-{:08}.safetensors", header.next_step));
    let broken = |path: &Path, source| CheckpointError::Io {
        path: path.to_owned(),
        source,
    };
    let text = serde_json::to_string(header).map_err(|why| broken(&path, why.into()))?;
    let metadata = HashMap::from([(HEADER.to_owned(), text)]);
    let bytes = safetensors::serialize(tensors, Some(metadata))
        .map_err(|why| broken(&path, io::Error::other(why)))?;
    write_whole(&path, &bytes).map_err(|why| broken(&path, why))?;
    let mut all = list(folder)?;
    all.truncate(all.len().saturating_sub(KEPT));
    for old in all {
        std::fs::remove_file(&old).map_err(|why| broken(&old, why))?;
    }
    Ok(())
}

/// The last checkpoint of a run's folder, its tensors on `device`; `None` before the first.
pub(super) fn last(folder: &Path, device: &Device) -> Result<Option<Saved>, CheckpointError> {
    list(folder)?
        .last()
        .map(|path| read(path, device))
        .transpose()
}

/// Reads the metadata of a checkpoint file.
///
/// # Errors
/// The file cannot be read, or is no checkpoint.
pub fn header(path: &Path) -> Result<CheckpointHeader, CheckpointError> {
    header_of(&bytes(path)?).map_err(|why| broken(path, &why))
}

fn read(path: &Path, device: &Device) -> Result<Saved, CheckpointError> {
    let bytes = bytes(path)?;
    let header = header_of(&bytes).map_err(|why| broken(path, &why))?;
    let views = SafeTensors::deserialize(&bytes).map_err(|why| broken(path, &why))?;
    let tensors = views.iter().map(|(name, view)| {
        let tensor = view.load(device).map_err(|why| broken(path, &why))?;
        Ok((name.to_owned(), tensor))
    });
    Ok((header, tensors.collect::<Result<_, _>>()?))
}

fn header_of(bytes: &[u8]) -> Result<CheckpointHeader, String> {
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|why| why.to_string())?;
    let text = metadata.metadata().as_ref().and_then(|all| all.get(HEADER));
    let text = text.ok_or_else(|| format!("no {HEADER} in its metadata"))?;
    serde_json::from_str(text).map_err(|why| why.to_string())
}

fn bytes(path: &Path) -> Result<Vec<u8>, CheckpointError> {
    std::fs::read(path).map_err(|source| CheckpointError::Io {
        path: path.to_owned(),
        source,
    })
}

fn broken(path: &Path, why: &dyn std::fmt::Display) -> CheckpointError {
    CheckpointError::Broken {
        path: path.to_owned(),
        why: why.to_string(),
    }
}

/// The checkpoints of a folder, oldest first. The names have their numbers padded, so their
/// order is that of the steps.
fn list(folder: &Path) -> Result<Vec<PathBuf>, CheckpointError> {
    let broken = |source| CheckpointError::Io {
        path: folder.to_owned(),
        source,
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(broken)? {
        let path = entry.map_err(broken)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("checkpoint-") && name.ends_with(".safetensors") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::DType;

    fn header(next_step: u64) -> CheckpointHeader {
        CheckpointHeader {
            next_step,
            best: Some(0.7),
            record: RunRecord {
                pair: "jazz-pop".into(),
                columns: Vec::new(),
                recipe: serde_json::json!({"rate": 2e-4}),
                seed: u64::MAX,
                clean: true,
                extra: false,
                data: String::new(),
                places: BTreeMap::new(),
            },
        }
    }

    #[test]
    fn what_was_written_is_read_and_the_last_two_stay() {
        let dir = tempfile::tempdir().unwrap();
        assert!(last(dir.path(), &Device::Cpu).unwrap().is_none());
        for step in [9, 10, 11] {
            let weights = Tensor::new(
                &[[0.1f32, f32::MIN_POSITIVE], [step as f32, -0.0]],
                &Device::Cpu,
            );
            let pool = Tensor::zeros((0, 3), DType::U8, &Device::Cpu);
            let tensors = BTreeMap::from([
                ("g.weight".to_owned(), weights.unwrap()),
                ("pool".to_owned(), pool.unwrap()),
            ]);
            write(dir.path(), &header(step), &tensors).unwrap();
            let (read, again) = last(dir.path(), &Device::Cpu).unwrap().unwrap();
            assert_eq!(read, header(step));
            let bits = |all: &BTreeMap<String, Tensor>| -> Vec<u32> {
                let values = all["g.weight"].flatten_all().unwrap().to_vec1::<f32>();
                values.unwrap().into_iter().map(f32::to_bits).collect()
            };
            assert_eq!(bits(&again), bits(&tensors));
            assert_eq!(again["pool"].dims(), [0, 3]);
            assert_eq!(again["pool"].dtype(), DType::U8);
        }
        assert_eq!(list(dir.path()).unwrap().len(), KEPT);
    }

    #[test]
    fn a_cut_checkpoint_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let tensors = BTreeMap::from([(
            "w".to_owned(),
            Tensor::new(&[1f32, 2.0], &Device::Cpu).unwrap(),
        )]);
        write(dir.path(), &header(1), &tensors).unwrap();
        let path = &list(dir.path()).unwrap()[0];
        let bytes = std::fs::read(path).unwrap();
        for length in [0, 4, 20, bytes.len() - 1] {
            std::fs::write(path, &bytes[..length]).unwrap();
            let why = last(dir.path(), &Device::Cpu).unwrap_err();
            assert!(matches!(why, CheckpointError::Broken { .. }), "{why}");
        }
    }
}
