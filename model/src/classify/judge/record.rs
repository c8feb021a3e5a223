//! Judges as files: safetensors whose metadata say what the judge is, so that it is trained
//! again only when the music, the pair or the seed are others.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use candle_core::{Device, safetensors::load_buffer};
use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};

use super::{FitConfig, FitData, GenreClassifier, Progress};
use crate::data::{Data, Split};
use crate::files::write_among_others;
use crate::genre::{Genre, Pair};

/// The metadata key of the record.
const KEY: &str = "third-stream-judge";
/// Changes whenever the same training would give another judge; older ones are trained again.
pub(super) const VERSION: u32 = 2;

/// Metadata of a judge's file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JudgeRecord {
    /// Version of the judges' code.
    pub version: u32,
    /// Its genre pair.
    pub pair: String,
    /// Hash of the music that it was trained on.
    pub data: String,
    /// Seed of its weights and batches.
    pub seed: u64,
    /// Training phrases of both genres.
    pub phrases: [usize; 2],
    /// Share of each genre's validation phrases that it calls so.
    pub validation_recall: [f64; 2],
}

/// A judge that cannot be trained, read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JudgeError {
    /// The file cannot be read or written.
    #[error("{path}: the judge cannot be kept there: {source}; choose another --judges folder")]
    File {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file holds something else.
    #[error("{path}: not a judge as expected ({why}); delete it and it is trained again")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Description of the fault.
        why: String,
    },
    /// There is nothing to learn from.
    #[error(
        "no {split} phrases of {genre} for the judge: it needs both genres of {pair}, each with \
         pieces to learn from and pieces for validation"
    )]
    NoPhrases {
        /// The split.
        split: Split,
        /// The genre.
        genre: Genre,
        /// The pair.
        pair: Pair,
    },
    /// A computation failed.
    #[error("the judge's network failed: {0}")]
    Network(#[from] candle_core::Error),
}

impl GenreClassifier {
    /// The file of a judge in a folder. Judges of other music (all of a corpus or its clean part)
    /// have other names, so that they do not push each other out.
    pub fn path(dir: &Path, pair: &str, data: &str) -> PathBuf {
        dir.join(format!("judge-{pair}-patches-{data:.12}.safetensors"))
    }

    /// Writes the judge beside `path`, then renames it. Runs of several processes may share it.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), JudgeError> {
        let keep = |source| JudgeError::File {
            path: path.to_owned(),
            source,
        };
        let record = serde_json::to_string(&self.record).map_err(|e| keep(e.into()))?;
        let header = HashMap::from([(KEY.to_owned(), record)]);
        let bytes = safetensors::serialize(self.tensors(), Some(header))
            .map_err(|e| keep(std::io::Error::other(e)))?;
        if let Some(dir) = path.parent() {
            fs::create_dir_all(dir).map_err(keep)?;
        }
        write_among_others(path, &bytes).map_err(keep)
    }

    /// Reads a judge.
    ///
    /// # Errors
    /// The file cannot be read, or is no judge of this version.
    pub fn open(path: &Path) -> Result<Self, JudgeError> {
        let (record, bytes) = read(path)?;
        let foreign = |error: candle_core::Error| foreign(path, &error);
        let tensors = load_buffer(&bytes, &Device::Cpu).map_err(foreign)?;
        Self::from_tensors(record, tensors.into_iter().collect()).map_err(foreign)
    }

    /// The judge of `path` if it was trained for the same pair on the same music with the same
    /// seed; `None` if it was not, or if there is none. A file that is no judge is an error.
    ///
    /// # Errors
    /// The file is there and cannot be read.
    pub fn find(
        path: &Path,
        pair: &str,
        data: &str,
        seed: u64,
    ) -> Result<Option<Self>, JudgeError> {
        if !path.exists() {
            return Ok(None);
        }
        let (record, _) = read(path)?;
        let found = (record.version, &*record.pair, &*record.data, record.seed);
        if found == (VERSION, pair, data, seed) {
            Self::open(path).map(Some)
        } else {
            Ok(None)
        }
    }

    /// The judge kept in `dir` if it was trained on the same music with the same seed; a newly
    /// trained one, which is then kept there, otherwise, or if `again`.
    ///
    /// # Errors
    /// The folder cannot be read or written, or there is too little music to train on.
    pub fn kept(
        dir: &Path,
        pair: Pair,
        (data, seed): (&Data, u64),
        again: bool,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Self, JudgeError> {
        let name = pair.to_string();
        let path = Self::path(dir, &name, data.hash());
        if !again && let Some(judge) = Self::find(&path, &name, data.hash(), seed)? {
            return Ok(judge);
        }
        let lesson = FitData::new(data, pair)?;
        let judge = Self::train(&lesson, &FitConfig::USUAL, seed, progress)?;
        judge.save(&path)?;
        Ok(judge)
    }
}

/// The record of a judge's file, and the whole file.
fn read(path: &Path) -> Result<(JudgeRecord, Vec<u8>), JudgeError> {
    let bytes = fs::read(path).map_err(|source| JudgeError::File {
        path: path.to_owned(),
        source,
    })?;
    let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|error| foreign(path, &error))?;
    let record = header.metadata().as_ref().and_then(|map| map.get(KEY));
    let record = record.ok_or_else(|| foreign(path, &format!("no {KEY} in its header")))?;
    let record = serde_json::from_str(record).map_err(|error| foreign(path, &error))?;
    Ok((record, bytes))
}

fn foreign(path: &Path, why: &dyn std::fmt::Display) -> JudgeError {
    JudgeError::Foreign {
        path: path.to_owned(),
        why: why.to_string(),
    }
}
