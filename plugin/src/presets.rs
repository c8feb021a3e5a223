//! Presets: named settings, built in or the user's.
//!
//! A user preset is a small JSON file in the user's data folder, written to a temporary file and
//! renamed, so that a crash leaves the old one. A file that cannot be read is reported, never
//! overwritten and never removed. Editor thread only; never the audio thread.

mod factory;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use third_stream_model::files::write_whole;

pub use factory::factory;

use crate::values::ParamValues;

/// Version of the file format that is written.
pub const VERSION: u32 = 1;

/// Maximum length of a name, in characters.
pub const LONGEST_NAME: usize = 60;

/// Named settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Preset {
    /// As the menu shows it.
    pub name: String,
    /// A line of explanation.
    pub about: String,
    /// Its settings; the others stay as they are.
    pub settings: ParamValues,
    /// File of a user preset; `None` if it is built in.
    pub file: Option<PathBuf>,
}

/// Why a preset cannot be read, saved or deleted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PresetError {
    /// The file is not a preset.
    #[error("{0} is no preset ({1}): it is left as it is; repair or remove it")]
    Json(PathBuf, serde_json::Error),
    /// A newer plugin wrote the file.
    #[error(
        "{0} is of a newer Third Stream (preset version {1}, this one reads up to {VERSION}): it \
         is kept, but not listed"
    )]
    Newer(PathBuf, u32),
    /// A value out of range.
    #[error("{0}: {1} is {2}, but lies within {3}..={4}: the file is left as it is; repair it")]
    Range(PathBuf, &'static str, f32, f32, f32),
    /// The name is empty.
    #[error("A preset needs a name")]
    NoName,
    /// The name belongs to a built-in preset.
    #[error("\"{0}\" comes with the plugin and cannot be replaced: choose another name")]
    Factory(String),
    /// The user has no known data folder.
    #[error("There is no folder for presets: the system names none for the user's data")]
    NoFolder,
    /// The file system failed.
    #[error("{0}: {1}: see to its permissions and to room on the disk")]
    Io(PathBuf, io::Error),
}

/// Layout of a preset's file.
#[derive(Serialize, Deserialize)]
struct Written {
    version: u32,
    name: String,
    #[serde(flatten)]
    settings: ParamValues,
}

/// The part of the layout that all versions share.
#[derive(Deserialize)]
struct Version {
    version: u32,
}

/// The built-in presets and the user's.
#[derive(Debug)]
pub struct PresetLibrary {
    folder: Option<PathBuf>,
    presets: Arc<[Preset]>,
}

impl PresetLibrary {
    /// The built-in presets; [`read`](Self::read) adds those of `folder`. Reads no file.
    pub fn new(folder: Option<PathBuf>) -> Self {
        let presets = factory().into();
        Self { folder, presets }
    }

    /// All presets: built in first, then the user's by name.
    pub fn presets(&self) -> Arc<[Preset]> {
        Arc::clone(&self.presets)
    }

    /// Rereads the folder and returns the files that cannot be read.
    pub fn read(&mut self) -> Vec<PresetError> {
        let (mut own, mut errors) = (Vec::new(), Vec::new());
        for file in self.folder.as_deref().map(files).unwrap_or_default() {
            match read(&file) {
                Ok(preset) => own.push(preset),
                Err(error) => errors.push(error),
            }
        }
        own.sort_by_cached_key(|preset| preset.name.to_lowercase());
        self.presets = factory().into_iter().chain(own).collect();
        errors
    }

    /// Saves `settings` as a user preset, replacing one of the same name.
    pub fn save(&mut self, name: &str, settings: ParamValues) -> Result<(), PresetError> {
        let name: String = name.trim().chars().take(LONGEST_NAME).collect();
        if name.is_empty() {
            return Err(PresetError::NoName);
        }
        let folder = self.folder.clone().ok_or(PresetError::NoFolder)?;
        self.read();
        let same = self.presets.iter().find(|preset| preset.name == name);
        let file = match same {
            Some(Preset { file: None, .. }) => return Err(PresetError::Factory(name)),
            Some(Preset { file, .. }) => file.clone(),
            None => None,
        };
        let stem = stem(&name);
        let written = Written {
            version: VERSION,
            name,
            settings,
        };
        let refused = |error| PresetError::Io(folder.clone(), error);
        let bytes = serde_json::to_vec_pretty(&written).map_err(|error| refused(error.into()))?;
        match file {
            Some(file) => write_whole(&file, &bytes),
            None => write_new(&folder, &stem, "json", &bytes).map(drop),
        }
        .map_err(refused)?;
        self.read();
        Ok(())
    }

    /// Deletes the user preset at `index` with its file; a built-in one stays.
    pub fn delete(&mut self, index: usize) -> Result<(), PresetError> {
        let Some(preset) = self.presets.get(index) else {
            return Ok(());
        };
        let Some(file) = &preset.file else {
            return Err(PresetError::Factory(preset.name.clone()));
        };
        fs::remove_file(file).map_err(|error| PresetError::Io(file.clone(), error))?;
        self.read();
        Ok(())
    }
}

/// The folder of user presets; `None` if the user has no known data folder.
pub fn folder() -> Option<PathBuf> {
    Some(dirs::data_dir()?.join("Third Stream").join("Presets"))
}

/// The preset files in a folder; none if it does not exist.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|file| {
        file.extension()
            .is_some_and(|extension| extension == "json")
    });
    files.sort();
    files
}

fn read(file: &Path) -> Result<Preset, PresetError> {
    let text = fs::read(file).map_err(|error| PresetError::Io(file.to_owned(), error))?;
    let json = |error| PresetError::Json(file.to_owned(), error);
    let Version { version } = serde_json::from_slice(&text).map_err(json)?;
    if version > VERSION {
        return Err(PresetError::Newer(file.to_owned(), version));
    }
    let Written { name, settings, .. } = serde_json::from_slice(&text).map_err(json)?;
    if let Some((name, value, lowest, highest)) = settings.outside() {
        let file = file.to_owned();
        return Err(PresetError::Range(file, name, value, lowest, highest));
    }
    Ok(Preset {
        name,
        about: settings.about(),
        settings,
        file: Some(file.to_owned()),
    })
}

/// A file name from a preset's name, valid on every file system.
fn stem(name: &str) -> String {
    let plain = |c: char| {
        if c.is_alphanumeric() || " -".contains(c) {
            c
        } else {
            '_'
        }
    };
    // With a suffix, because Windows reserves names like "con.json".
    format!("{} preset", name.chars().map(plain).collect::<String>())
}

/// Writes a new file and creates its folder: `stem.extension`, or with the first free number.
pub(crate) fn write_new(
    folder: &Path,
    stem: &str,
    extension: &str,
    bytes: &[u8],
) -> io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let mut number = 1;
    let file = loop {
        let name = match number {
            1 => format!("{stem}.{extension}"),
            number => format!("{stem} {number}.{extension}"),
        };
        let file = folder.join(name);
        match File::create_new(&file) {
            Ok(_) => break file,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(error),
        }
    };
    if let Err(error) = write_whole(&file, bytes) {
        // Removes the empty file that reserved the name; the first error is the one to report.
        let _ = fs::remove_file(&file);
        return Err(error);
    }
    Ok(file)
}

#[cfg(test)]
mod tests;
